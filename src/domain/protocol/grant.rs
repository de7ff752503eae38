//! What a user let a client do, once: the code, the access tokens and the refresh tokens of one sign-in belong together.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::domain::client::MAX_TOKEN_LIFETIME;
use crate::domain::id::{AccountId, ClientUid, GrantId};
use crate::domain::redirect_url::RedirectUrl;
use crate::domain::service::Environment;

/// How long a code can be redeemed (RFC 6749 §4.1.2 asks for ten minutes at most).
pub const CODE_LASTS: Duration = Duration::from_secs(60);

/// How long refresh tokens can follow each other, however often they are used; then the user signs in again.
pub const REFRESHING_LASTS: Duration = Duration::from_secs(30 * 86_400);

/// How long a grant lasts that brings no refresh token: until its code has ended, and the longest access token after.
pub const UNREFRESHED_LASTS: Duration =
    Duration::from_secs(CODE_LASTS.as_secs() + MAX_TOKEN_LIFETIME.unsigned_abs() as u64);

/// How many grants of one account to one client live at once. Each browser and device needs one, and nobody has more.
pub const LIVE_AT_MOST: usize = 100;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    pub id: GrantId,
    pub client: ClientUid,
    pub account: AccountId,
    pub scopes: Vec<String>,
    /// That of the service when the user signed in.
    pub environment: Environment,
    /// Where the answer went. Its host is the sector of a pairwise subject.
    pub redirect_url: String,
    /// When the user last proved who they are.
    pub authenticated_at: Timestamp,
    /// They gave their password, and not the word of another provider.
    pub by_password: bool,
    pub second_factor: bool,
    /// Empty where the request had none.
    pub nonce: String,
    /// The request's `claims` (OpenID Connect Core §5.5) as JSON; empty where it had none.
    pub claims: String,
    pub created_at: Timestamp,
    /// The end of refreshing, see [`REFRESHING_LASTS`], or of all that it brings without, see [`UNREFRESHED_LASTS`]; of
    /// one that has ended, when it did.
    pub expires_at: Timestamp,
    pub ended_at: Option<Timestamp>,
}

/// What a pairwise subject is the same for (OpenID Connect Core §8.1): the host of the redirect URL, or the scheme of an
/// app's own.
pub fn sector(redirect_url: &str) -> String {
    let scheme = || redirect_url.split(':').next().unwrap_or_default().to_owned();
    RedirectUrl::stored(redirect_url.to_owned()).host().unwrap_or_else(scheme)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sector_is_a_host_or_a_scheme() {
        assert_eq!(sector("https://app.example.com/a?b=c"), "app.example.com");
        assert_eq!(sector("http://127.0.0.1:5001/cb"), "127.0.0.1");
        assert_eq!(sector("http://[::1]:5001/cb"), "[::1]");
        assert_eq!(sector("com.example.app:/cb"), "com.example.app");
    }
}
