//! Requests for tokens, grant by grant (RFC 6749 §4.1.3, §4.4 and §6). A code and a refresh token are used up by the
//! conditional UPDATE that finds them unused, so of several requests at once one gets tokens. A second use ends the whole
//! grant (RFC 6749 §4.1.2, RFC 9700 §4.14.2): whoever came first may have been a thief.

use super::Refused;
use super::clients::Caller;
use super::tokens::{AccessToken, Beside};
use crate::crypto::{hashing, random};
use crate::db::{self, Writer};
use crate::domain::client::GrantType;
use crate::domain::protocol::fault::{Fault, Refusal};
use crate::domain::protocol::grant::Grant;
use crate::domain::protocol::params::{Params, words};
use crate::domain::protocol::registered::Registered;
use crate::domain::service::Environment;
use crate::operations::Operations;

/// How a transaction ends: an inner refusal keeps what was written, the end of a grant above all; an outer one undoes it.
type Kept<T> = Result<Result<T, Refusal>, Refusal>;

/// What a token request is answered with.
#[derive(Clone, Debug)]
pub struct Tokens {
    pub access: AccessToken,
    pub refresh_token: Option<String>,
    pub id_token: Option<String>,
}

impl Operations {
    /// Answers a request of an authenticated client.
    pub fn request_tokens(&self, caller: &Caller, params: &Params) -> Result<Tokens, Refused> {
        let answered = self.by_grant_type(caller, params);
        answered.map_err(|refusal| Refused::of(&caller.registered, refusal))
    }

    fn by_grant_type(&self, caller: &Caller, params: &Params) -> Result<Tokens, Refusal> {
        let wanted = params.need("grant_type")?;
        let grant_type = match GrantType::parse(wanted) {
            None | Some(GrantType::Implicit) => {
                let offered = "authorization_code\nclient_credentials\nrefresh_token";
                return Err(Refusal::comparing(Fault::GrantTypeUnknown, offered, wanted));
            }
            Some(known) => known,
        };
        let allowed = &caller.registered.client.settings.grants;
        if !allowed.contains(&grant_type) {
            let allowed: Vec<&str> = allowed.iter().map(|grant| grant.as_str()).collect();
            return Err(Refusal::comparing(Fault::GrantTypeNotAllowed, allowed.join("\n"), wanted));
        }
        match grant_type {
            GrantType::ClientCredentials => self.client_credentials(caller, params.get("scope")),
            GrantType::AuthorizationCode => self.redeem_code(caller, params),
            _ => self.refresh(caller, params),
        }
    }

    /// RFC 6749 §4.4: the client acts on its own.
    fn client_credentials(&self, caller: &Caller, scope: Option<&str>) -> Result<Tokens, Refusal> {
        if !caller.is_confidential {
            return Err(Fault::CredentialsMissing.into());
        }
        // Nobody signs in, so nobody is identified, and nothing is refreshed.
        let registered = &caller.registered;
        let own = registered
            .client
            .settings
            .scopes
            .iter()
            .filter(|scope| !matches!(scope.as_str(), "openid" | "offline_access"));
        let own: Vec<String> = own.cloned().collect();
        let scopes = narrowed(&own, scope, Fault::ScopeNotAllowed)?;
        let access = self.mint_for_client(registered, &scopes, caller.environment)?;
        Ok(Tokens { access, refresh_token: None, id_token: None })
    }

    /// RFC 6749 §4.1.3 with RFC 7636.
    fn redeem_code(&self, caller: &Caller, params: &Params) -> Result<Tokens, Refusal> {
        let hash = hashing::sha256(params.need("code")?);
        let registered = &caller.registered;
        let (redirect_url, verifier) = (params.get("redirect_uri"), params.get("code_verifier"));
        let now = self.now();
        let redeemed = self.db.write(|writer| -> Kept<(Grant, Option<String>)> {
            let found = db::grants::code(writer, &hash)?.filter(|code| code.grant.client == registered.client.uid);
            let Some(code) = found else { return Err(Fault::CodeUnknown.into()) };
            // Asked before anything else, so that a thief learns nothing from a code that was used.
            if code.redeemed_at.is_some() || !db::grants::redeem(writer, &hash, now)? {
                db::grants::end(writer, code.grant.id, now)?;
                return Ok(Err(Fault::CodeReused.into()));
            }
            // From here on the code is used up, whatever is wrong with the rest of the request.
            let rest = if code.expires_at <= now {
                Err(Fault::CodeExpired.into())
            } else {
                check_redirect_url(registered, &code.grant, code.redirect_url_given, redirect_url)
                    .and_then(|()| check_verifier(&code.code_challenge, verifier))
                    .and_then(|()| still_granted(writer, registered, &code.grant, caller.environment))
            };
            if let Err(refusal) = rest {
                db::grants::end(writer, code.grant.id, now)?;
                return Ok(Err(refusal));
            }
            let refresh_token = self.next_refresh_token(writer, registered, &code.grant)?;
            Ok(Ok((code.grant, refresh_token)))
        })?;
        let (grant, refresh_token) = redeemed?;
        self.tokens_for_user(caller, &grant, &grant.scopes, &grant.nonce, refresh_token)
    }

    /// RFC 6749 §6, with rotation.
    fn refresh(&self, caller: &Caller, params: &Params) -> Result<Tokens, Refusal> {
        let hash = hashing::sha256(params.need("refresh_token")?);
        let registered = &caller.registered;
        let scope = params.get("scope");
        let now = self.now();
        let refreshed = self.db.write(|writer| -> Kept<(Grant, Vec<String>, String)> {
            let found = db::grants::refresh_token(writer, &hash)?;
            let Some((grant, lives)) = found.filter(|(grant, _)| grant.client == registered.client.uid) else {
                return Err(Fault::RefreshUnknown.into());
            };
            if grant.ended_at.is_some() {
                return Err(if lives { Fault::GrantEnded } else { Fault::RefreshReused }.into());
            }
            if grant.expires_at <= now {
                return Err(Fault::RefreshExpired.into());
            }
            // Before anything else, so that nothing in the rest of the request hides it.
            if !lives {
                db::grants::end(writer, grant.id, now)?;
                return Ok(Err(Fault::RefreshReused.into()));
            }
            if let Err(refusal) = still_granted(writer, registered, &grant, caller.environment) {
                return Ok(Err(refusal));
            }
            let granted: Vec<String> = still_allowed(registered, &grant.scopes);
            // A scope that is too much uses nothing up: the client can ask again.
            let scopes = narrowed(&granted, scope, Fault::ScopeExceedsGrant)?;
            if !db::grants::use_refresh_token(writer, &hash)? {
                db::grants::end(writer, grant.id, now)?;
                return Ok(Err(Fault::RefreshReused.into()));
            }
            let next = random::token();
            db::grants::insert_refresh_token(writer, &hashing::sha256(&next), grant.id, now)?;
            Ok(Ok((grant, scopes, next)))
        })?;
        let (grant, scopes, next) = refreshed?;
        // The nonce was the sign-in's (OpenID Connect Core §12.2).
        self.tokens_for_user(caller, &grant, &scopes, "", Some(next))
    }

    /// The first refresh token of a grant, if the client may have one.
    fn next_refresh_token(
        &self,
        writer: &mut Writer<'_>,
        registered: &Registered,
        grant: &Grant,
    ) -> db::Result<Option<String>> {
        if !registered.client.settings.allows_refresh() {
            return Ok(None);
        }
        let token = random::token();
        db::grants::insert_refresh_token(writer, &hashing::sha256(&token), grant.id, self.now())?;
        Ok(Some(token))
    }

    fn tokens_for_user(
        &self,
        caller: &Caller,
        grant: &Grant,
        scopes: &[String],
        nonce: &str,
        refresh_token: Option<String>,
    ) -> Result<Tokens, Refusal> {
        let registered = &caller.registered;
        let scopes = still_allowed(registered, scopes);
        let access = self.mint_access_token(registered, grant, &scopes, caller.environment)?;
        let id_token = match scopes.iter().any(|scope| scope == "openid") {
            true => {
                let beside = Beside { access_token: Some(&access.token), nonce, code: None };
                Some(self.mint_id_token(registered, grant, caller.environment, beside)?)
            }
            false => None,
        };
        Ok(Tokens { access, refresh_token, id_token })
    }
}

/// Those of the scopes granted that the client may still ask for.
fn still_allowed(registered: &Registered, granted: &[String]) -> Vec<String> {
    granted.iter().filter(|scope| registered.client.settings.scopes.contains(scope)).cloned().collect()
}

/// The scopes asked for, or all; never more than there are.
fn narrowed(all: &[String], asked: Option<&str>, fault: Fault) -> Result<Vec<String>, Refusal> {
    let Some(asked) = asked else { return Ok(all.to_vec()) };
    let asked = words(asked);
    if asked.iter().any(|scope| !all.iter().any(|allowed| allowed == scope)) {
        return Err(Refusal::comparing(fault, all.join("\n"), asked.join("\n")));
    }
    Ok(asked.into_iter().map(ToOwned::to_owned).collect())
}

/// RFC 6749 §4.1.3: the same redirect URL as in the authorization request, if one stood there; and one that the client
/// still has.
fn check_redirect_url(
    registered: &Registered,
    grant: &Grant,
    was_given: bool,
    given: Option<&str>,
) -> Result<(), Refusal> {
    if !registered.accepts(&grant.redirect_url) {
        return Err(Refusal::comparing(Fault::CodeRedirectUrl, registered.redirect_urls(), &grant.redirect_url));
    }
    match given {
        Some(given) if given != grant.redirect_url => {
            Err(Refusal::comparing(Fault::CodeRedirectUrl, &grant.redirect_url, given))
        }
        None if was_given => Err(Refusal::comparing(Fault::CodeRedirectUrl, &grant.redirect_url, "")),
        _ => Ok(()),
    }
}

/// RFC 7636 §4.6. A verifier without a challenge is refused too: somebody may have taken the challenge out of the
/// request (RFC 9700 §4.8.2).
fn check_verifier(challenge: &str, verifier: Option<&str>) -> Result<(), Refusal> {
    match verifier {
        None if challenge.is_empty() => Ok(()),
        None => Err(Fault::VerifierMissing.into()),
        Some(_) if challenge.is_empty() => Err(Fault::VerifierUnexpected.into()),
        Some(verifier) if hashing::same(&hashing::sha256_base64url(verifier), challenge) => Ok(()),
        Some(_) => Err(Fault::VerifierWrong.into()),
    }
}

/// Whether what the user let the client do still stands, now that the client asks with a credential of `environment`.
///
/// # Errors
/// `Fault::GrantEnded`, and `Fault::NoLongerATestUser` where the user may only sign in to a live service.
pub fn still_granted(
    reader: &mut db::Reader<'_>,
    registered: &Registered,
    grant: &Grant,
    environment: Environment,
) -> Result<(), Refusal> {
    // What was granted at a live service ends when the service is taken back; and a test is not consent to the real thing.
    let taken_back = grant.environment == Environment::Live && registered.service.environment == Environment::Sandbox;
    let was_a_test = grant.environment == Environment::Sandbox && environment == Environment::Live;
    let (account, _) = db::accounts::find(reader, grant.account)?;
    // Whoever knew the password before may have let an application in.
    let before_the_password = grant.authenticated_at < account.password_changed_at;
    if grant.ended_at.is_some() || taken_back || was_a_test || before_the_password {
        return Err(Fault::GrantEnded.into());
    }
    // What was granted before the company required a second factor came without one. Asked only where it matters.
    let tenant = &registered.tenant;
    if tenant.policy.second_factor_required
        && !grant.second_factor
        && db::tenants::membership(reader, grant.account, Some(tenant.id))?.is_some()
    {
        return Err(Fault::GrantEnded.into());
    }
    match environment {
        Environment::Live => Ok(()),
        Environment::Sandbox => match db::test_users::includes(reader, registered.service.id, &account.email.key())? {
            true => Ok(()),
            false => Err(Fault::NoLongerATestUser.into()),
        },
    }
}
