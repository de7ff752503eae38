//! Bearer tokens in the header of a request (RFC 6750 §2.1): access tokens, and those of registration.

use zeroize::Zeroizing;

/// The token of an `Authorization` header; `None` for another scheme, and for what is no text.
pub fn token(header: &[u8]) -> Option<Zeroizing<String>> {
    let (scheme, token) = std::str::from_utf8(header).ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| Zeroizing::new(token.trim().to_owned()))
}
