//! Clients that prove themselves with a signed assertion, `private_key_jwt` (RFC 7523 §3, OpenID Connect Core §9).

use std::time::Duration;

use serde_json::{Map, Value};

use super::Refused;
use super::clients::Caller;
use crate::crypto::hashing;
use crate::crypto::signing::{PublicKey, Unverified};
use crate::db;
use crate::domain::client_key::ClientKey;
use crate::domain::protocol::assertion::{self, LONGEST, SKEW};
use crate::domain::protocol::fault::{Fault, Refusal};
use crate::domain::protocol::registered::Registered;
use crate::operations::Operations;

/// How often the last use of a key is noted, like that of a secret.
const NOTED_EVERY: Duration = Duration::from_secs(60);

impl Operations {
    pub(super) fn client_by_assertion(&self, client_id: Option<&str>, assertion: &str) -> Result<Caller, Refused> {
        let unverified = Unverified::read(assertion).ok_or(Fault::AssertionInvalid)?;
        let subject = unverified.claim("sub").unwrap_or_default().to_owned();
        if client_id.is_some_and(|client_id| client_id != subject) {
            return Err(
                Refusal::comparing(Fault::AssertionInvalid, "sub = client_id", "another client's assertion").into()
            );
        }
        let registered = self.registered(&subject)?;
        let fault = |refusal: Refusal| Refused::of(&registered, refusal);
        if !registered.client.has_secrets() {
            return Err(fault(Fault::SecretNotForPublic.into()));
        }
        let (key, claims) = self.signed_by(&registered, &unverified).map_err(fault)?;
        self.check_assertion(&registered, &key, &claims).map_err(fault)?;
        let environment = registered.service.environment;
        Ok(Caller { registered, environment, is_confidential: true })
    }

    /// The claims, with the key of the client's that has signed them.
    fn signed_by(
        &self,
        registered: &Registered,
        unverified: &Unverified<'_>,
    ) -> Result<(ClientKey, Map<String, Value>), Refusal> {
        let uid = registered.client.uid;
        let keys = self.db.read(|reader| db::client_keys::of_client(reader, uid))?;
        let fits = |kid: &str| kid.is_empty() || unverified.kid().is_empty() || kid == unverified.kid();
        let signed = keys.iter().filter(|key| fits(&key.key.kid)).find_map(|key| {
            let jwk = serde_json::from_str(&key.key.jwk).ok()?;
            let verified = unverified.verify(&PublicKey::from_jwk(&jwk).ok()?)?;
            Some((key.clone(), verified.claims))
        });
        let known: Vec<&str> = keys.iter().map(|key| key.key.kid.as_str()).collect();
        let unknown = || Refusal::comparing(Fault::AssertionKeyUnknown, known.join("\n"), unverified.kid());
        signed.ok_or_else(unknown)
    }

    fn check_assertion(
        &self,
        registered: &Registered,
        key: &ClientKey,
        claims: &Map<String, Value>,
    ) -> Result<(), Refusal> {
        let now = self.now();
        let jti = assertion::check(claims, registered.client.client_id.as_str(), &self.rules().public_url, now)?;
        let id = hashing::sha256(&format!("{} {jti}", registered.client.uid));
        let kept_until = now.plus(LONGEST).plus(2 * SKEW);
        let noted_lately = key.last_used_at.is_some_and(|at| now.since(at) < NOTED_EVERY);
        let is_new = self.db.write(|writer| {
            let is_new = db::used_assertions::claim(writer, &id, kept_until)?;
            if is_new && !noted_lately {
                db::client_keys::note_use(writer, key.id, now)?;
            }
            Ok::<_, db::Error>(is_new)
        })?;
        if is_new { Ok(()) } else { Err(Fault::AssertionRepeated.into()) }
    }
}
