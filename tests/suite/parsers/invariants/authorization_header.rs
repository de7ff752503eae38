use actix_web::HttpRequest;
use actix_web::http::header::{AUTHORIZATION, HeaderValue};
use actix_web::test::TestRequest;
use base64::prelude::{BASE64_STANDARD, Engine};
use keywright::domain::protocol::params::Params;
use keywright::oauth::{bearer, client_auth};
use keywright::operations::protocol::clients::Credentials;

/// A client that is understood has said once who it is, in one way. The first line is the header, the rest the body.
pub fn authorization_header(data: &[u8]) {
    let end = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    let (header, body) = (&data[..end], data.get(end + 1..).unwrap_or_default());
    is_bearer(header);
    let (Ok(header), Ok(params)) = (HeaderValue::from_bytes(header), Params::parse(body)) else { return };

    let without = client_auth::credentials(&request(&[]), &params);
    assert!(!matches!(&without, Ok(Credentials::Secret { .. })) || params.get("client_secret").is_some());
    let twice = request(&[&header, &header]);
    assert!(client_auth::credentials(&twice, &params).is_err(), "two headers");
    let Ok(credentials) = client_auth::credentials(&request(&[&header]), &params) else { return };

    let Credentials::Secret { client_id, secret } = credentials else { panic!("a header is no assertion") };
    assert!(header.as_bytes()[..6].eq_ignore_ascii_case(b"basic "));
    assert!(["client_secret", "client_assertion"].iter().all(|name| params.get(name).is_none()), "in two ways");
    assert!(params.get("client_id").is_none_or(|named| named == client_id), "two clients");
    assert!(!client_id.contains(char::is_control) && !secret.contains(char::is_control));
    // What was understood, written as RFC 6749 §2.3.1 says, is understood the same.
    let written = format!("Basic {}", BASE64_STANDARD.encode(format!("{}:{}", encoded(&client_id), encoded(&secret))));
    let written = HeaderValue::from_str(&written).expect("ASCII");
    match client_auth::credentials(&request(&[&written]), &Params::default()) {
        Ok(Credentials::Secret { client_id: again, secret: secret_again }) => {
            assert!(again == client_id && *secret_again == *secret);
        }
        _ => panic!("not understood again"),
    }
}

fn is_bearer(header: &[u8]) {
    let Some(token) = bearer::token(header) else { return };
    assert!(header[..7].eq_ignore_ascii_case(b"bearer "));
    assert_eq!(token.trim(), token.as_str());
    assert!(bearer::token(format!("Bearer {}", *token).as_bytes()).is_some_and(|again| *again == *token));
}

fn request(headers: &[&HeaderValue]) -> HttpRequest {
    let with = |request: TestRequest, header: &&HeaderValue| request.append_header((AUTHORIZATION, (*header).clone()));
    headers.iter().fold(TestRequest::post(), with).to_http_request()
}

fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
