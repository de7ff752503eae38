//! Which client asks, and whether it is the one that it says it is (RFC 6749 §2.3, OpenID Connect Core §9).

use zeroize::Zeroizing;

use super::{Refused, Whose};
use crate::clock::Timestamp;
use crate::crypto::hashing;
use crate::db::{self, Reader};
use crate::domain::id::SecretId;
use crate::domain::protocol::fault::{Fault, Refusal};
use crate::domain::protocol::registered::Registered;
use crate::domain::secret::{PlainSecret, Secret};
use crate::domain::service::Environment;
use crate::operations::Operations;

/// What a request says of its client.
pub enum Credentials {
    /// A `client_id` alone: a public client's.
    None { client_id: String },
    /// `client_secret_basic` or `client_secret_post`.
    Secret { client_id: String, secret: Zeroizing<String> },
    /// `private_key_jwt` (RFC 7523).
    Assertion { client_id: Option<String>, assertion: Zeroizing<String> },
}

/// A client that is the one that it says it is, and active.
pub struct Caller {
    pub registered: Registered,
    /// Of the tokens that it gets.
    pub environment: Environment,
    /// It has proved it, and not just said so as public clients do.
    pub is_confidential: bool,
}

impl Operations {
    /// # Errors
    /// The faults of clients. `network` is noted with the secret that was accepted.
    pub fn authenticate_client(&self, credentials: Credentials, network: &str) -> Result<Caller, Refused> {
        let caller = match credentials {
            Credentials::None { client_id } => self.public_client(&client_id)?,
            Credentials::Secret { client_id, secret } => self.client_by_secret(&client_id, &secret, network)?,
            Credentials::Assertion { client_id, assertion } => {
                self.client_by_assertion(client_id.as_deref(), &assertion)?
            }
        };
        caller.registered.check_status().map_err(|refusal| Refused::of(&caller.registered, refusal))?;
        Ok(caller)
    }

    /// The client that has this `client_id`, whatever its status.
    pub fn registered(&self, client_id: &str) -> Result<Registered, Refused> {
        self.registered_with(client_id, |_, _| Ok(())).map(|(registered, ())| registered)
    }

    /// The same with what else is read of it.
    fn registered_with<T>(
        &self,
        client_id: &str,
        more: impl FnOnce(&mut Reader<'_>, &Registered) -> db::Result<T>,
    ) -> Result<(Registered, T), Refused> {
        let found = self.db.read_together(|reader| {
            let Some(registered) = db::registered::by_client_id(reader, client_id)? else {
                return Ok::<_, db::Error>(Err(db::registered::tenant_of_prefix(reader, client_id)?));
            };
            let more = more(reader, &registered)?;
            Ok(Ok((registered, more)))
        });
        found.map_err(Refusal::from)?.map_err(|tenant| {
            let refusal = Refusal::comparing(Fault::ClientUnknown, "", client_id.chars().take(200).collect::<String>());
            Refused { refusal, whose: tenant.map(|tenant| Whose { tenant, client: None }) }
        })
    }

    fn public_client(&self, client_id: &str) -> Result<Caller, Refused> {
        let registered = self.registered(client_id)?;
        if registered.client.has_secrets() {
            return Err(Refused::of(&registered, Fault::CredentialsMissing));
        }
        let environment = registered.service.environment;
        Ok(Caller { registered, environment, is_confidential: false })
    }

    fn client_by_secret(&self, client_id: &str, claimed: &str, network: &str) -> Result<Caller, Refused> {
        let parsed = PlainSecret::parse(claimed);
        let found = self.registered_with(client_id, |reader, registered| match &parsed {
            Some((_, secret)) if registered.client.has_secrets() => {
                db::secrets::candidates(reader, registered.client.uid, secret.last_four())
            }
            _ => Ok(Vec::new()),
        });
        let (registered, candidates) = match found {
            Ok(found) => found,
            Err(refused) => {
                // As much work as for a client that there is.
                hashing::secret_matches_nothing(claimed);
                return Err(refused);
            }
        };
        let fault = |refusal: Refusal| Refused::of(&registered, refusal);
        if !registered.client.has_secrets() {
            return Err(fault(Fault::SecretNotForPublic.into()));
        }
        let Some((environment, secret)) = parsed else {
            return Err(fault(Fault::SecretMistyped.into()));
        };
        let id = self.matching(&candidates, &secret).map_err(fault)?;
        self.protocol_log().note_secret(id, network.to_owned(), self.now());
        let environment = registered.environment(environment);
        Ok(Caller { registered, environment, is_confidential: true })
    }

    /// The one of a client's secrets that is the same as the one claimed, and has not expired.
    fn matching(&self, candidates: &[(Secret, String)], claimed: &PlainSecret) -> Result<SecretId, Refusal> {
        let now = self.now();
        if candidates.is_empty() {
            hashing::secret_matches_nothing(claimed.expose());
        }
        let is_over = |expires_at: Option<Timestamp>| expires_at.is_some_and(|at| at <= now);
        match candidates.iter().find(|(_, hash)| hashing::secret_matches(claimed, hash)) {
            None => Err(Fault::SecretWrong.into()),
            Some((secret, _)) if is_over(secret.expires_at) => {
                let ended = secret.expires_at.map_or(String::new(), |at| format!("It expired at {}", at.readable()));
                Err(Refusal::comparing(Fault::SecretExpired, "", ended))
            }
            Some((secret, _)) => Ok(secret.id),
        }
    }
}
