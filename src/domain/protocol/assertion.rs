//! What a client must say in an assertion that stands in for a secret (RFC 7523 §3, OpenID Connect Core §9). That the
//! client has signed it, and says it once, is found out elsewhere.

use std::time::Duration;

use serde_json::{Map, Value};

use super::fault::{Fault, Refusal};
use crate::clock::Timestamp;

/// How far ahead an assertion may end: its `jti` is kept as long.
pub const LONGEST: Duration = Duration::from_secs(3_600);
/// How far the client's clock may be ahead of ours.
pub const SKEW: Duration = Duration::from_secs(60);

/// What an assertion may be for: the issuer, or an endpoint at which clients authenticate.
const OURS: [&str; 5] = ["", "/oauth2/token", "/oauth2/par", "/oauth2/introspect", "/oauth2/revoke"];

/// Checks the claims of an assertion of the client's for this issuer, and answers with its `jti`.
///
/// # Errors
/// `Fault::AssertionInvalid`, with what was expected.
pub fn check<'c>(
    claims: &'c Map<String, Value>,
    client_id: &str,
    issuer: &str,
    now: Timestamp,
) -> Result<&'c str, Refusal> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default();
    let seconds = |name: &str| claims.get(name).and_then(Value::as_f64).map(|at| at as i64);
    let wrong =
        |expected: String, received: String| Err(Refusal::comparing(Fault::AssertionInvalid, expected, received));
    if text("iss") != client_id || text("sub") != client_id {
        return wrong(format!("iss = sub = {client_id}"), format!("iss = {}, sub = {}", text("iss"), text("sub")));
    }
    let audiences: Vec<&str> = match claims.get("aud") {
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).collect(),
        Some(Value::String(one)) => vec![one],
        _ => Vec::new(),
    };
    let is_ours = |audience: &str| audience.strip_prefix(issuer).is_some_and(|path| OURS.contains(&path));
    // One that another server would take too could have come from there (RFC 9700 §4.5).
    if audiences.is_empty() || !audiences.iter().all(|audience| is_ours(audience)) {
        return wrong(format!("aud = {issuer}"), format!("aud = {}", audiences.join(", ")));
    }
    let ends = seconds("exp").unwrap_or(0);
    let latest = now.plus(LONGEST).plus(SKEW).seconds();
    if ends <= now.seconds() || ends > latest {
        return wrong(format!("exp after {} and at most {latest}", now.seconds()), format!("exp = {ends}"));
    }
    let begins = seconds("nbf").into_iter().chain(seconds("iat")).max().unwrap_or(0);
    if begins > now.plus(SKEW).seconds() {
        return wrong(format!("nbf and iat at most {}", now.plus(SKEW).seconds()), begins.to_string());
    }
    match text("jti") {
        "" => wrong("a jti".into(), String::new()),
        jti => Ok(jti),
    }
}
