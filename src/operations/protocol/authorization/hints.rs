//! Whom a request means: by an ID token that the client got before (`id_token_hint`), or by its claims.

use super::Asked;
use crate::domain::client::Client;
use crate::domain::id::AccountId;
use crate::domain::protocol::fault::{Fault, Refusal};
use crate::operations::Operations;
use crate::operations::protocol::tokens::ID_TOKEN;

/// What an ID token of ours says, however long it has been over.
pub struct Hint {
    pub client_id: String,
    pub subject: String,
}

impl Operations {
    /// # Errors
    /// `Fault::IdTokenHintInvalid` where it is no ID token of this issuer.
    pub fn read_id_token_hint(&self, token: &str) -> Result<Hint, Refusal> {
        let own = self.own_token(token)?.filter(|token| token.typ == ID_TOKEN);
        let text = |name: &str| own.as_ref()?.claims.get(name)?.as_str().map(ToOwned::to_owned);
        match (text("aud"), text("sub")) {
            (Some(client_id), Some(subject)) => Ok(Hint { client_id, subject }),
            _ => Err(Fault::IdTokenHintInvalid.into()),
        }
    }

    /// Whether a client knows an account by this subject, at whichever of its redirect URLs.
    pub fn is_known_as(&self, client: &Client, account: AccountId, subject: &str) -> bool {
        client.settings.redirect_urls.iter().any(|url| self.subject(client, url.as_str(), account) == subject)
    }

    /// The subjects that a request names; whoever signs in has to be all of them.
    pub(super) fn subjects_meant(&self, asked: &Asked) -> Result<Vec<String>, Refusal> {
        let mut meant: Vec<String> = asked.request.subject.iter().cloned().collect();
        if let Some(token) = &asked.request.id_token_hint {
            let hint = self.read_id_token_hint(token)?;
            if hint.client_id != asked.registered.client.client_id.as_str() {
                return Err(Fault::IdTokenHintInvalid.into());
            }
            meant.push(hint.subject);
        }
        Ok(meant)
    }
}
