//! Access tokens (RFC 9068) and ID tokens (OpenID Connect Core §2): what stands in them, and for whom.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::claims::{self, Place};
use crate::crypto::{hashing, random};
use crate::domain::client::{Client, Signing, SubjectType};
use crate::domain::id::AccountId;
use crate::domain::protocol::fault::Refusal;
use crate::domain::protocol::grant::{self, Grant};
use crate::domain::protocol::registered::Registered;
use crate::domain::service::Environment;
use crate::operations::Operations;

/// The `typ` of access tokens (RFC 9068 §2.1), so that no ID token is taken for one.
pub const ACCESS_TOKEN: &str = "at+jwt";
/// The `typ` of ID tokens.
pub const ID_TOKEN: &str = "JWT";

/// An access token, as it is answered.
#[derive(Clone, Debug)]
pub struct AccessToken {
    pub token: String,
    /// Seconds.
    pub expires_in: i32,
    pub scopes: Vec<String>,
}

/// What an ID token is issued beside.
#[derive(Clone, Copy, Default)]
pub struct Beside<'a> {
    pub access_token: Option<&'a str>,
    pub code: Option<&'a str>,
    /// Empty: none.
    pub nonce: &'a str,
}

impl Operations {
    /// Who a user is to a client (OpenID Connect Core §8). Pairwise: the HMAC of tenant, sector and account under a key
    /// of the key file, so it stays the same as long as key file and account do, on whatever database. Public: the
    /// account's id.
    pub fn subject(&self, client: &Client, redirect_url: &str, account: AccountId) -> String {
        match client.settings.subject_type {
            SubjectType::Public => account.to_string(),
            SubjectType::Pairwise => {
                let key = self.keys().derive::<32>("pairwise subjects");
                let sector = grant::sector(redirect_url);
                hashing::hmac_base64url(&key, &format!("{}\n{sector}\n{account}", client.tenant_id))
            }
        }
    }

    /// The access token of a client that acts on its own, with its roles.
    pub fn mint_for_client(
        &self,
        registered: &Registered,
        scopes: &[String],
        environment: Environment,
    ) -> Result<AccessToken, Refusal> {
        let uid = registered.client.uid;
        let roles = self.db.read(|reader| claims::roles_of_client(reader, uid))?;
        let mut claims = self.common(registered);
        claims.insert("sub".into(), registered.client.client_id.as_str().into());
        claims.insert("roles".into(), roles.into());
        self.mint(registered, claims, scopes, environment)
    }

    /// The access token for a user.
    pub fn mint_access_token(
        &self,
        registered: &Registered,
        grant: &Grant,
        scopes: &[String],
        environment: Environment,
    ) -> Result<AccessToken, Refusal> {
        let mut claims = self.common(registered);
        claims.insert("sub".into(), self.subject(&registered.client, &grant.redirect_url, grant.account).into());
        claims.insert("grant_id".into(), grant.id.to_string().into());
        about_sign_in(&mut claims, grant);
        if scopes.iter().any(|scope| scope == "roles") {
            let roles = self.db.read(|reader| claims::roles_of_person(reader, grant.account, registered.tenant.id))?;
            claims.insert("roles".into(), roles.into());
        }
        self.mint(registered, claims, scopes, environment)
    }

    fn mint(
        &self,
        registered: &Registered,
        mut claims: Map<String, Value>,
        scopes: &[String],
        environment: Environment,
    ) -> Result<AccessToken, Refusal> {
        claims.insert("aud".into(), self.rules().public_url.clone().into());
        claims.insert("client_id".into(), registered.client.client_id.as_str().into());
        claims.insert("jti".into(), random::token()[..32].into());
        claims.insert("scope".into(), scopes.join(" ").into());
        claims.insert("environment".into(), environment.as_str().into());
        let token = self.sign(Signing::Es256, ACCESS_TOKEN, &claims)?;
        Ok(AccessToken { token, expires_in: registered.client.settings.token_lifetime, scopes: scopes.to_vec() })
    }

    /// The ID token for a user, signed as the client has chosen.
    pub fn mint_id_token(
        &self,
        registered: &Registered,
        grant: &Grant,
        environment: Environment,
        beside: Beside<'_>,
    ) -> Result<String, Refusal> {
        let settings = &registered.client.settings;
        let mut claims = self.common(registered);
        claims.insert("sub".into(), self.subject(&registered.client, &grant.redirect_url, grant.account).into());
        claims.insert("aud".into(), registered.client.client_id.as_str().into());
        claims.insert("environment".into(), environment.as_str().into());
        about_sign_in(&mut claims, grant);
        claims.extend(self.told_in_id_token(registered, grant, beside)?);
        if !beside.nonce.is_empty() {
            claims.insert("nonce".into(), beside.nonce.into());
        }
        if let Some(token) = beside.access_token {
            claims.insert("at_hash".into(), hashing::left_half_base64url(token).into());
        }
        if let Some(code) = beside.code {
            claims.insert("c_hash".into(), hashing::left_half_base64url(code).into());
        }
        Ok(self.sign(settings.id_token_signing, ID_TOKEN, &claims)?)
    }

    /// What the request names for the ID token; and what the scopes stand for, where the client gets nothing that opens
    /// the userinfo endpoint (OpenID Connect Core §5.4).
    fn told_in_id_token(
        &self,
        registered: &Registered,
        grant: &Grant,
        beside: Beside<'_>,
    ) -> Result<Map<String, Value>, Refusal> {
        let alone = beside.access_token.is_none() && beside.code.is_none();
        let scopes: Vec<&str> = grant.scopes.iter().filter(|_| alone).map(String::as_str).collect();
        let wanted = claims::wanted(registered, &scopes, grant, Place::IdToken);
        Ok(self.db.read(|reader| claims::claims_of(reader, grant.account, registered.tenant.id, &wanted))?)
    }

    /// What every token says.
    fn common(&self, registered: &Registered) -> Map<String, Value> {
        let now = self.now();
        let lifetime = u64::try_from(registered.client.settings.token_lifetime).unwrap_or(0);
        let mut claims = Map::new();
        claims.insert("iss".into(), self.rules().public_url.clone().into());
        claims.insert("iat".into(), now.seconds().into());
        claims.insert("exp".into(), now.plus(Duration::from_secs(lifetime)).seconds().into());
        claims.insert("tenant".into(), registered.tenant.id.to_string().into());
        claims
    }
}

/// How the user signed in: `acr` 2 with a second factor, 1 without; `amr` by RFC 8176, which names what was seen here and
/// has no word for what another provider may have asked for.
fn about_sign_in(claims: &mut Map<String, Value>, grant: &Grant) {
    let (acr, amr) = match (grant.by_password, grant.second_factor) {
        (true, true) => ("2", Some(json!(["pwd", "otp", "mfa"]))),
        (true, false) => ("1", Some(json!(["pwd"]))),
        (false, true) => ("2", Some(json!(["otp"]))),
        (false, false) => ("1", None),
    };
    claims.insert("auth_time".into(), grant.authenticated_at.seconds().into());
    claims.insert("acr".into(), acr.into());
    claims.extend(amr.map(|amr| ("amr".to_owned(), amr)));
}
