//! Which client a request says it is from, and how it proves it (RFC 6749 §2.3, RFC 7617, RFC 7523).

use actix_web::HttpRequest;
use actix_web::http::header;
use base64::prelude::{BASE64_STANDARD, Engine};
use zeroize::Zeroizing;

use crate::domain::protocol::fault::{Fault, Refusal};
use crate::domain::protocol::params::Params;
use crate::operations::protocol::clients::Credentials;

/// RFC 7523 §2.2.
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Whether the client tried HTTP Basic.
pub fn is_basic(request: &HttpRequest) -> bool {
    request.headers().contains_key(header::AUTHORIZATION)
}

/// # Errors
/// More than one way at once, none at all, or one that can't be read.
pub fn credentials(request: &HttpRequest, params: &Params) -> Result<Credentials, Refusal> {
    let given = params.get("client_id").map(ToOwned::to_owned);
    let secret = params.get("client_secret").map(|secret| Zeroizing::new(secret.to_owned()));
    let assertion = assertion(params)?;
    let mut headers = request.headers().get_all(header::AUTHORIZATION);
    let basic = headers.next().map(|value| basic(value.as_bytes())).transpose()?;
    if headers.next().is_some()
        || [basic.is_some(), secret.is_some(), assertion.is_some()].iter().filter(|is| **is).count() > 1
    {
        return Err(Fault::CredentialsTwice.into());
    }
    if let Some((client_id, secret)) = basic {
        // RFC 6749 §2.3.1 doesn't forbid to name the client in the body too; naming another is two clients at once.
        return match given {
            Some(other) if other != client_id => Err(Fault::CredentialsTwice.into()),
            _ => Ok(Credentials::Secret { client_id, secret }),
        };
    }
    match (given, secret, assertion) {
        (client_id, None, Some(assertion)) => Ok(Credentials::Assertion { client_id, assertion }),
        (Some(client_id), Some(secret), None) => Ok(Credentials::Secret { client_id, secret }),
        (Some(client_id), None, None) => Ok(Credentials::None { client_id }),
        _ => Err(Refusal::comparing(Fault::ParameterMissing, "client_id", "")),
    }
}

fn assertion(params: &Params) -> Result<Option<Zeroizing<String>>, Refusal> {
    match (params.get("client_assertion_type"), params.get("client_assertion")) {
        (None, None) => Ok(None),
        (Some(JWT_BEARER), Some(assertion)) => Ok(Some(Zeroizing::new(assertion.to_owned()))),
        (Some(JWT_BEARER), None) => Err(Refusal::comparing(Fault::ParameterMissing, "client_assertion", "")),
        (kind, _) => Err(Refusal::comparing(Fault::AssertionInvalid, JWT_BEARER, kind.unwrap_or_default())),
    }
}

/// The two halves of HTTP Basic, each encoded as in a form (RFC 6749 §2.3.1). Who tries the header and can't be read has
/// failed to authenticate (RFC 6749 §5.2).
fn basic(header: &[u8]) -> Result<(String, Zeroizing<String>), Refusal> {
    let text = std::str::from_utf8(header).map_err(|_| unreadable())?;
    let (scheme, encoded) = text.split_once(' ').ok_or_else(unreadable)?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(unreadable());
    }
    let bytes = Zeroizing::new(BASE64_STANDARD.decode(encoded.trim()).map_err(|_| unreadable())?);
    let text = std::str::from_utf8(&bytes).map_err(|_| unreadable())?;
    let (client_id, secret) = text.split_once(':').ok_or_else(unreadable)?;
    Ok((decoded(client_id)?.to_string(), decoded(secret)?))
}

fn unreadable() -> Refusal {
    Refusal::comparing(Fault::CredentialsMissing, "Authorization: Basic …", "another Authorization header")
}

/// Undoes the encoding of forms in a single value.
fn decoded(value: &str) -> Result<Zeroizing<String>, Refusal> {
    let spaces = value.replace('+', " ");
    let bytes: Zeroizing<Vec<u8>> = Zeroizing::new(percent_encoding::percent_decode_str(&spaces).collect());
    let text = std::str::from_utf8(&bytes).map_err(|_| unreadable())?;
    if text.chars().any(char::is_control) {
        return Err(unreadable());
    }
    Ok(Zeroizing::new(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn read(authorization: Option<&str>, body: &str) -> Result<Credentials, Fault> {
        let mut request = TestRequest::post();
        if let Some(value) = authorization {
            request = request.insert_header((header::AUTHORIZATION, value));
        }
        let params = Params::parse(body.as_bytes()).unwrap();
        credentials(&request.to_http_request(), &params).map_err(|refusal| refusal.fault)
    }

    fn basic_of(text: &str) -> String {
        format!("Basic {}", BASE64_STANDARD.encode(text))
    }

    #[test]
    fn halves_of_basic_are_encoded_as_in_a_form() {
        let header = basic_of("a%3Ab%2Bc:s+e%25");
        let Ok(Credentials::Secret { client_id, secret }) = read(Some(&header), "") else { panic!("readable") };
        assert_eq!((client_id.as_str(), secret.as_str()), ("a:b+c", "s e%"));
    }

    #[test]
    fn a_client_authenticates_in_one_way() {
        let header = basic_of("a:b");
        assert!(read(Some(&header), "client_id=a").is_ok());
        for body in ["client_id=other", "client_secret=b", "client_id=a&client_secret=b"] {
            assert_eq!(read(Some(&header), body).err(), Some(Fault::CredentialsTwice), "{body}");
        }
        assert!(matches!(read(None, "client_id=a"), Ok(Credentials::None { .. })));
        assert_eq!(read(None, "client_secret=b").err(), Some(Fault::ParameterMissing));
        assert_eq!(read(None, "").err(), Some(Fault::ParameterMissing));
    }

    #[test]
    fn what_is_not_basic_is_refused() {
        for header in ["Bearer abc", "Basic", "Basic !!!", &basic_of("no colon"), &basic_of("a\0:b"), "Basic /w=="] {
            assert_eq!(read(Some(header), "client_id=a").err(), Some(Fault::CredentialsMissing), "{header}");
        }
    }
}
