//! Access tokens after they were issued: whether one is alive, whose it is, what it says, and ending it early
//! (RFC 6750, RFC 7662, RFC 7009).

use serde_json::{Map, Value};

use super::Refused;
use super::claims::{self, Place};
use super::clients::Caller;
use super::requests::still_granted;
use super::tokens::ACCESS_TOKEN;
use crate::clock::Timestamp;
use crate::crypto::hashing;
use crate::db::{self, Reader};
use crate::domain::protocol::fault::{ErrorCode, Fault, Refusal};
use crate::domain::protocol::grant::Grant;
use crate::domain::protocol::params::words;
use crate::domain::protocol::registered::Registered;
use crate::domain::service::Environment;
use crate::operations::Operations;

/// An access token that counts now.
pub struct LiveToken {
    pub registered: Registered,
    /// What a user let the client do; `None` where the client acts on its own.
    pub grant: Option<Grant>,
    pub claims: Map<String, Value>,
}

impl LiveToken {
    /// The scopes granted that the client still has.
    fn scopes(&self) -> Vec<&str> {
        let own = &self.registered.client.settings.scopes;
        words(text(&self.claims, "scope")).into_iter().filter(|scope| own.iter().any(|own| own == scope)).collect()
    }
}

fn text<'c>(claims: &'c Map<String, Value>, name: &str) -> &'c str {
    claims.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn ends_at(claims: &Map<String, Value>) -> Timestamp {
    let seconds = claims.get("exp").and_then(Value::as_i64).unwrap_or(0);
    Timestamp::from_micros(seconds.saturating_mul(1_000_000))
}

impl Operations {
    /// Asks everything that an access token depends on: its signature, its end, and what the database says now of the
    /// client, the service, the grant and the user.
    ///
    /// # Errors
    /// `Fault::TokenExpired`; for everything else `Fault::TokenInvalid`, whose comparison says what is wrong.
    pub fn live_token(&self, token: &str) -> Result<LiveToken, Refused> {
        let own = self.own_token(token).map_err(Refusal::from)?.ok_or(Fault::TokenInvalid)?;
        if own.typ != ACCESS_TOKEN {
            return Err(Refusal::comparing(Fault::TokenInvalid, "an access token", "another kind of token").into());
        }
        let claims = own.claims;
        let now = self.now();
        self.db.read(|reader| {
            let registered = db::registered::by_client_id(reader, text(&claims, "client_id")).map_err(Refusal::from)?;
            let registered = registered.ok_or(Fault::TokenInvalid)?;
            match check(reader, &registered, &claims, now) {
                Ok(grant) => Ok(LiveToken { registered, grant, claims }),
                Err(refusal) => Err(Refused::of(&registered, refusal)),
            }
        })
    }

    /// What the userinfo endpoint tells (OpenID Connect Core §5.3).
    pub fn userinfo(&self, live: &LiveToken) -> Result<Map<String, Value>, Refused> {
        let scopes = live.scopes();
        let grant = live.grant.as_ref().filter(|_| scopes.contains(&"openid"));
        let grant = grant.ok_or_else(|| Refused::of(&live.registered, Fault::TokenWithoutOpenid))?;
        let wanted = claims::wanted(&live.registered, &scopes, grant, Place::Userinfo);
        let told = self
            .db
            .read(|reader| claims::claims_of(reader, grant.account, live.registered.tenant.id, &wanted))
            .map_err(|error| Refused::of(&live.registered, error))?;
        let subject = self.subject(&live.registered.client, &grant.redirect_url, grant.account);
        Ok([("sub".to_owned(), subject.into())].into_iter().chain(told).collect())
    }

    /// What an authenticated client learns of a token of its own; `None` for every other token, and for one that has
    /// ended (RFC 7662 §2.2).
    pub fn introspect(&self, caller: &Caller, token: &str) -> Result<Option<Map<String, Value>>, Refused> {
        if !caller.is_confidential {
            return Err(Refused::of(&caller.registered, Fault::CredentialsMissing));
        }
        let told = match self.live_token(token) {
            Ok(live) if live.registered.client.uid == caller.registered.client.uid => {
                self.told_of_access(live).map(Some)
            }
            Ok(_) => Ok(None),
            Err(refused) if refused.refusal.fault.error() == ErrorCode::InvalidToken => {
                self.told_of_refresh(caller, token)
            }
            Err(refused) => Err(refused.refusal),
        };
        told.map_err(|refusal| Refused::of(&caller.registered, refusal))
    }

    /// What the token says, without the scopes and roles that were taken away since.
    fn told_of_access(&self, live: LiveToken) -> Result<Map<String, Value>, Refusal> {
        let scope = live.scopes().join(" ");
        let held = match (&live.grant, live.claims.contains_key("roles")) {
            (_, false) => Vec::new(),
            (Some(grant), true) => {
                self.db.read(|reader| claims::roles_of_person(reader, grant.account, live.registered.tenant.id))?
            }
            (None, true) => self.db.read(|reader| claims::roles_of_client(reader, live.registered.client.uid))?,
        };
        let mut told = live.claims;
        if let Some(Value::Array(roles)) = told.get_mut("roles") {
            roles.retain(|role| held.iter().any(|held| role == held));
        }
        told.insert("active".into(), true.into());
        told.insert("token_type".into(), "Bearer".into());
        told.insert("scope".into(), scope.into());
        Ok(told)
    }

    fn told_of_refresh(&self, caller: &Caller, token: &str) -> Result<Option<Map<String, Value>>, Refusal> {
        let registered = &caller.registered;
        let found = self.db.read(|reader| {
            let found = db::grants::refresh_token(reader, &hashing::sha256(token))?;
            let Some((grant, true)) = found.filter(|(grant, _)| grant.client == registered.client.uid) else {
                return Ok::<_, Refusal>(None);
            };
            let lives = grant.expires_at > self.now()
                && registered.client.settings.allows_refresh()
                && counts(still_granted(reader, registered, &grant, caller.environment))?;
            Ok(lives.then_some(grant))
        })?;
        Ok(found.map(|grant| {
            let own = &registered.client.settings.scopes;
            let scopes: Vec<&str> =
                grant.scopes.iter().filter(|scope| own.contains(scope)).map(String::as_str).collect();
            let subject = self.subject(&registered.client, &grant.redirect_url, grant.account);
            let told: [(&str, Value); 8] = [
                ("active", true.into()),
                ("iss", self.rules().public_url.clone().into()),
                ("sub", subject.into()),
                ("client_id", registered.client.client_id.as_str().into()),
                ("scope", scopes.join(" ").into()),
                ("exp", grant.expires_at.seconds().into()),
                ("environment", grant.environment.as_str().into()),
                ("tenant", registered.tenant.id.to_string().into()),
            ];
            told.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
        }))
    }

    /// Ends a token of the caller's before its time (RFC 7009): an access token alone, or with a refresh token all that
    /// was granted with it. A token that nobody knows, or that has ended, needs no ending.
    pub fn revoke(&self, caller: &Caller, token: &str) -> Result<(), Refused> {
        let revoked = match self.own_token(token).map_err(Refusal::from)? {
            Some(own) if own.typ == ACCESS_TOKEN => self.revoke_access(caller, &own.claims),
            Some(_) => Err(Fault::TokenTypeUnsupported.into()),
            None => self.revoke_refresh(caller, token),
        };
        revoked.map_err(|refusal| Refused::of(&caller.registered, refusal))
    }

    fn revoke_access(&self, caller: &Caller, claims: &Map<String, Value>) -> Result<(), Refusal> {
        if text(claims, "client_id") != caller.registered.client.client_id.as_str() {
            return Err(Fault::TokenOfAnother.into());
        }
        let ends_at = ends_at(claims);
        if ends_at > self.now() {
            self.db.write(|writer| db::grants::revoke_token(writer, text(claims, "jti"), ends_at))?;
        }
        Ok(())
    }

    fn revoke_refresh(&self, caller: &Caller, token: &str) -> Result<(), Refusal> {
        let now = self.now();
        self.db.write(|writer| match db::grants::refresh_token(writer, &hashing::sha256(token))? {
            Some((grant, _)) if grant.client == caller.registered.client.uid => {
                Ok(db::grants::end(writer, grant.id, now)?)
            }
            Some(_) => Err(Fault::TokenOfAnother.into()),
            None => Ok(()),
        })
    }
}

/// The grant of a token that counts, if a user gave one.
fn check(
    reader: &mut Reader<'_>,
    registered: &Registered,
    claims: &Map<String, Value>,
    now: Timestamp,
) -> Result<Option<Grant>, Refusal> {
    let invalid = |why: String| Refusal::comparing(Fault::TokenInvalid, "", why);
    let ends_at = ends_at(claims);
    if ends_at <= now {
        let ended = format!("It expired at {}", ends_at.readable());
        return Err(Refusal::comparing(Fault::TokenExpired, "", ended));
    }
    registered.check_status().map_err(|refusal| invalid(refusal.received))?;
    let environment = Environment::parse(text(claims, "environment")).ok_or(Fault::TokenInvalid)?;
    if environment == Environment::Live && registered.service.environment == Environment::Sandbox {
        return Err(invalid("It is live, and the service is in sandbox".into()));
    }
    if db::grants::is_revoked(reader, text(claims, "jti"))? {
        return Err(invalid("It was revoked".into()));
    }
    let Some(id) = claims.get("grant_id").and_then(Value::as_str) else { return Ok(None) };
    let id = id.parse().map_err(|_| Fault::TokenInvalid)?;
    let grant = db::grants::find(reader, id)?.filter(|grant| grant.client == registered.client.uid);
    let grant = grant.ok_or_else(|| invalid(Fault::GrantEnded.sentence().into()))?;
    match still_granted(reader, registered, &grant, environment) {
        Ok(()) => Ok(Some(grant)),
        Err(refusal) if refusal.fault.error() == ErrorCode::InvalidGrant => {
            Err(invalid(refusal.fault.sentence().into()))
        }
        Err(refusal) => Err(refusal),
    }
}

/// Whether a check held; faults of the server's own go on as they are.
fn counts(checked: Result<(), Refusal>) -> Result<bool, Refusal> {
    match checked {
        Ok(()) => Ok(true),
        Err(refusal) if refusal.fault.error() == ErrorCode::InvalidGrant => Ok(false),
        Err(refusal) => Err(refusal),
    }
}
