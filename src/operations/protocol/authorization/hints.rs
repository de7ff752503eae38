//! Whom a request means: by an ID token that the client got before (`id_token_hint`), or by its claims.

use super::Asked;
use crate::crypto::signing::Unverified;
use crate::domain::client::Client;
use crate::domain::id::AccountId;
use crate::domain::protocol::fault::{Fault, Refusal};
use crate::operations::Operations;
use crate::operations::protocol::tokens::ID_TOKEN;

/// What an ID token of ours says, however long it has been over.
pub struct Hint {
    pub client_id: String,
    /// `None` where the key that signed it is published no more: then it vouches for nobody.
    pub subject: Option<String>,
}

/// Whom a request means.
pub(super) struct Meant {
    /// Whoever signs in has to be all of them.
    pub subjects: Vec<String>,
    /// Somebody whom only the application knows by now: they are to sign in, and it sees who they are.
    pub somebody: bool,
}

impl Operations {
    /// An ID token is a hint however old it is, and the key that signed it may be published no more by then. What it says
    /// without that key names the application, as a `client_id` would, and nobody.
    ///
    /// # Errors
    /// `Fault::IdTokenHintInvalid` where it is no ID token of this issuer.
    pub fn read_id_token_hint(&self, token: &str) -> Result<Hint, Refusal> {
        let own = self.own_token(token)?.filter(|token| token.typ == ID_TOKEN);
        let text = |name: &str| own.as_ref()?.claims.get(name)?.as_str().map(ToOwned::to_owned);
        if let (Some(client_id), subject @ Some(_)) = (text("aud"), text("sub")) {
            return Ok(Hint { client_id, subject });
        }
        let published = self.published_keys()?;
        let unverified = Unverified::read(token).filter(|read| {
            let ours = read.claim("iss") == Some(self.rules().public_url.as_str());
            ours && read.typ() == ID_TOKEN && !published.iter().any(|key| key["kid"] == read.kid())
        });
        let client_id = unverified.and_then(|read| read.claim("aud").map(ToOwned::to_owned));
        Ok(Hint { client_id: client_id.ok_or(Fault::IdTokenHintInvalid)?, subject: None })
    }

    /// Whether a client knows an account by this subject, at whichever of its redirect URLs.
    pub fn is_known_as(&self, client: &Client, account: AccountId, subject: &str) -> bool {
        client.settings.redirect_urls.iter().any(|url| self.subject(client, url.as_str(), account) == subject)
    }

    pub(super) fn subjects_meant(&self, asked: &Asked) -> Result<Meant, Refusal> {
        let mut meant = Meant { subjects: asked.request.subject.iter().cloned().collect(), somebody: false };
        if let Some(token) = &asked.request.id_token_hint {
            let hint = self.read_id_token_hint(token)?;
            if hint.client_id != asked.registered.client.client_id.as_str() {
                return Err(Fault::IdTokenHintInvalid.into());
            }
            meant.somebody = hint.subject.is_none();
            meant.subjects.extend(hint.subject);
        }
        Ok(meant)
    }
}
