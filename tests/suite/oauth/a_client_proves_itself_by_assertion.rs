//! `private_key_jwt`: a client signs with a key whose public half is registered.

use std::time::Duration;

use keywright::crypto::signing::SigningKey;
use keywright::domain::client::{ClientType, Signing};
use keywright::operations::fill::Company;
use serde_json::{Map, Value, json};

use crate::support::{Answered, App, HOUR, MINUTE, SECOND, TestPortal, answered};

const KIND: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

fn claims(portal: &TestPortal, app: &App) -> Map<String, Value> {
    let ends = portal.clock.now().plus(MINUTE).seconds();
    let jti = keywright::crypto::random::token();
    let claims = json!({"iss": app.client_id, "sub": app.client_id, "aud": portal.url, "exp": ends, "jti": jti});
    claims.as_object().expect("an object").clone()
}

fn send(portal: &TestPortal, assertion: &str) -> Answered {
    let form = [("grant_type", "client_credentials"), ("client_assertion_type", KIND), ("client_assertion", assertion)];
    answered(portal.http().post(format!("{}/oauth2/token", portal.url)).form(&form))
}

fn with_key(portal: &TestPortal, company: &Company, algorithm: Signing) -> (App, SigningKey) {
    let app = portal.app(company, ClientType::ClientCredentials, |_| {});
    let key = SigningKey::generate(algorithm);
    portal.this_client_key(company, app.uid, &key.public_jwk());
    (app, key)
}

#[test]
fn an_assertion_is_as_good_as_a_secret_and_good_once() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    for algorithm in [Signing::Es256, Signing::Rs256] {
        let (app, key) = with_key(&portal, &company, algorithm);
        let assertion = key.sign("JWT", &claims(&portal, &app));
        let answer = send(&portal, &assertion);
        assert_eq!(answer.status, 200, "{answer:?}");
        let again = send(&portal, &assertion);
        assert_eq!((again.status, again.error()), (401, "invalid_client"), "it was used");
    }
}

/// Who wants to delete a key must see that it is in use.
#[test]
fn the_use_of_a_key_is_noted_once_a_minute() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let (app, key) = with_key(&portal, &company, Signing::Es256);
    let noted = || portal.number("SELECT coalesce(max(last_used_at), 0) AS n FROM client_keys");
    assert_eq!(noted(), 0);
    let use_it = || assert_eq!(send(&portal, &key.sign("JWT", &claims(&portal, &app))).status, 200);
    use_it();
    let first = portal.clock.now().micros();
    portal.clock.advance(MINUTE - SECOND);
    use_it();
    assert_eq!(noted(), first);
    portal.clock.advance(SECOND);
    use_it();
    assert_eq!(noted(), portal.clock.now().micros());
}

#[test]
fn an_assertion_says_who_for_whom_and_until_when() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let (app, key) = with_key(&portal, &company, Signing::Es256);
    let (other, _) = with_key(&portal, &company, Signing::Es256);
    let now = portal.clock.now();
    for (name, value, good) in [
        ("aud", json!(format!("{}/oauth2/token", portal.url)), true),
        ("aud", json!([format!("{}/oauth2/token", portal.url), portal.url]), true),
        ("aud", json!(["https://elsewhere.example", portal.url]), false),
        ("aud", json!(format!("{}/oauth2/authorize", portal.url)), false),
        ("aud", json!([]), false),
        ("aud", json!("https://elsewhere.example"), false),
        ("aud", json!(format!("{}.evil.example", portal.url)), false),
        ("aud", Value::Null, false),
        ("iss", json!(other.client_id), false),
        ("sub", json!(other.client_id), false),
        ("sub", Value::Null, false),
        ("jti", Value::Null, false),
        ("exp", Value::Null, false),
        ("exp", json!("soon"), false),
        ("exp", json!(now.seconds()), false),
        ("exp", json!(now.plus(SECOND).seconds()), true),
        ("exp", json!(now.plus(HOUR + MINUTE).seconds()), true),
        ("exp", json!(now.plus(HOUR + MINUTE + SECOND).seconds()), false),
        ("nbf", json!(now.plus(Duration::from_secs(60)).seconds()), true),
        ("nbf", json!(now.plus(Duration::from_secs(61)).seconds()), false),
    ] {
        let mut said = claims(&portal, &app);
        said.insert(name.into(), value.clone());
        let answer = send(&portal, &key.sign("JWT", &said));
        assert_eq!(answer.status == 200, good, "{name} {value} {answer:?}");
    }
}

#[test]
fn only_a_registered_key_counts() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let (app, key) = with_key(&portal, &company, Signing::Es256);
    let stranger = SigningKey::generate(Signing::Es256);
    assert_eq!(send(&portal, &stranger.sign("JWT", &claims(&portal, &app))).error(), "invalid_client");
    let good = key.sign("JWT", &claims(&portal, &app));
    let (head, rest) = good.split_once('.').expect("a JWT");
    // None, and a signature by the public key taken for a shared one.
    for alg in ["none", "HS256", "RS256"] {
        use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
        let header = BASE64_URL_SAFE_NO_PAD.encode(json!({"alg": alg, "typ": "JWT", "kid": key.kid()}).to_string());
        let body = rest.split('.').next().expect("claims");
        for signature in ["", rest.split('.').nth(1).expect("a signature")] {
            assert_eq!(send(&portal, &format!("{header}.{body}.{signature}")).error(), "invalid_client", "{alg}");
        }
    }
    for mangled in [head.to_owned(), format!("{head}."), "x".repeat(8_000), format!("{good}.x")] {
        assert_eq!(send(&portal, &mangled).error(), "invalid_client", "{mangled}");
    }
    // A key that is taken away counts no more.
    portal.sql("DELETE FROM client_keys");
    assert_eq!(send(&portal, &good).error(), "invalid_client");
}
