//! What a client proves itself with, secrets and keys: one rule for both says whether it may have more of them.

use super::client::Client;
use super::client_key::MAX_KEYS;
use super::lifecycle::{Status, WrongState, effective};
use super::secret::MAX_SECRETS;
use super::service::Service;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credential {
    Secret,
    Key,
}

impl Credential {
    pub const fn max(self) -> usize {
        match self {
            Self::Secret => MAX_SECRETS,
            Self::Key => MAX_KEYS,
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::Key => "key",
        }
    }

    /// Whether the client may have `more` beside those that are `there`.
    ///
    /// # Errors
    /// Why not, as a sentence.
    pub fn check_more(self, service: &Service, client: &Client, there: usize, more: usize) -> Result<(), WrongState> {
        let (word, max) = (self.word(), self.max());
        if effective(&service.state, &client.state).status == Status::Deleted {
            Err(WrongState::because("This client is deleted. Reactivate it first."))
        } else if !client.has_secrets() {
            Err(WrongState::because(format!("This client can't keep a {word}, so it has none: PKCE protects it.")))
        } else if there + more > max {
            Err(WrongState::because(format!("A client has at most {max} {word}s. Delete one that is no longer used.")))
        } else {
            Ok(())
        }
    }
}
