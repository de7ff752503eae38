//! Who somebody is at another OpenID provider.

use serde::{Deserialize, Serialize};

/// What a provider says of a person, checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExternalPerson {
    pub issuer: String,
    /// Never given to anybody else by this issuer; an e-mail address may be.
    pub subject: String,
    /// Empty where the provider doesn't tell.
    pub email: String,
    pub email_verified: bool,
}
