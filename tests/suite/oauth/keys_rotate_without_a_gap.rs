//! At every moment each token that has not ended can be verified with the keys that are published, on every instance.

use std::collections::BTreeSet;
use std::thread;
use std::time::Duration;

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use keywright::app::Application;
use keywright::crypto::hex;
use keywright::crypto::keys::Keys;
use keywright::db;
use keywright::domain::client::{ClientType, Signing};
use keywright::domain::protocol::rotation::{PUBLISHED_AFTER, PUBLISHED_AHEAD};
use keywright::operations::protocol::signing::Rotation;
use serde_json::{Map, Value, json};

use crate::support::{TestPortal, answered};

const MICROSECOND: Duration = Duration::from_micros(1);

fn published(portal: &TestPortal) -> Vec<Value> {
    let answer = reqwest::blocking::get(format!("{}/oauth2/jwks", portal.url)).unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["access-control-allow-origin"], "*");
    assert_eq!(answer.headers()["cache-control"], "public, max-age=300");
    let body: Value = serde_json::from_slice(&answer.bytes().unwrap()).unwrap();
    body["keys"].as_array().unwrap().clone()
}

fn kids(keys: &[Value]) -> BTreeSet<String> {
    keys.iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

fn token(application: &Application, signing: Signing) -> String {
    let issuer = application.operations.rules().public_url.clone();
    let claims = Map::from_iter([("iss".to_owned(), Value::from(issuer)), ("sub".to_owned(), "ada".into())]);
    application.operations.sign(signing, "JWT", &claims).unwrap()
}

fn kid(token: &str) -> String {
    let header = BASE64_URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap();
    let header: Value = serde_json::from_slice(&header).unwrap();
    header["kid"].as_str().unwrap().to_owned()
}

fn is_own(application: &Application, token: &str) -> bool {
    application.operations.own_token(token).unwrap().is_some()
}

/// An application that shares the database, the key file and the clock with the portal's, and nothing else.
fn second(portal: &TestPortal) -> Application {
    let keys = portal.application.operations.keys().clone();
    Application::open_with(&portal.config, portal.clock.clone(), keys).unwrap()
}

#[test]
fn there_is_one_key_of_each_kind_from_the_first_question_on() {
    let portal = TestPortal::spawn();
    let keys = published(&portal);
    let algorithms: BTreeSet<&str> = keys.iter().map(|key| key["alg"].as_str().unwrap()).collect();
    assert_eq!(algorithms, BTreeSet::from(["ES256", "RS256"]));
    for key in &keys {
        let members: BTreeSet<&str> = key.as_object().unwrap().keys().map(String::as_str).collect();
        let own = if key["alg"] == "ES256" { vec!["crv", "x", "y"] } else { vec!["n", "e"] };
        assert_eq!(members, own.into_iter().chain(["alg", "kid", "kty", "use"]).collect());
        assert_eq!(key["use"], "sig");
    }
    assert_eq!(published(&portal), keys);
    let other = second(&portal);
    assert_eq!(kids(&other.operations.published_keys().unwrap()), kids(&keys));
    for signing in Signing::ALL {
        let token = token(&portal.application, *signing);
        assert!(kids(&keys).contains(&kid(&token)));
        assert!(is_own(&portal.application, &token) && is_own(&other, &token));
    }
}

#[test]
fn a_new_key_is_published_an_hour_before_it_signs() {
    let portal = TestPortal::spawn();
    let other = second(&portal);
    let old: Vec<String> = Signing::ALL.iter().map(|signing| kid(&token(&portal.application, *signing))).collect();
    portal.application.operations.rotate_signing_keys(Rotation::Ahead).unwrap();
    assert_eq!(published(&portal).len(), 4);
    let signs = |application: &Application| -> Vec<String> {
        Signing::ALL.iter().map(|signing| kid(&token(application, *signing))).collect()
    };
    portal.clock.advance(PUBLISHED_AHEAD - MICROSECOND);
    assert_eq!((signs(&portal.application), signs(&other)), (old.clone(), old.clone()));
    portal.clock.advance(MICROSECOND);
    let new = signs(&portal.application);
    assert_eq!(signs(&other), new);
    assert!(new.iter().all(|kid| !old.contains(kid)));
    assert_eq!(kids(&published(&portal)), old.into_iter().chain(new).collect());
}

#[test]
fn an_old_key_goes_after_its_last_token() {
    let portal = TestPortal::spawn();
    let first = token(&portal.application, Signing::Es256);
    let operations = &portal.application.operations;
    operations.rotate_signing_keys(Rotation::Ahead).unwrap();
    portal.clock.advance(PUBLISHED_AHEAD - MICROSECOND);
    let last = token(&portal.application, Signing::Es256);
    assert_eq!(kid(&first), kid(&last));
    portal.clock.advance(PUBLISHED_AFTER);
    let rows = || portal.number("SELECT count(*) AS n FROM signing_keys");
    operations.tidy_up(|| true).unwrap();
    assert!(kids(&published(&portal)).contains(&kid(&last)));
    assert!(is_own(&portal.application, &last));
    assert_eq!(rows(), 4);
    portal.clock.advance(MICROSECOND);
    assert!(!kids(&published(&portal)).contains(&kid(&last)));
    assert!(!is_own(&portal.application, &last));
    operations.tidy_up(|| true).unwrap();
    assert_eq!(rows(), 2);
    assert!(is_own(&portal.application, &token(&portal.application, Signing::Es256)));
}

#[test]
fn a_rotation_at_once_is_felt_on_every_instance() {
    let portal = TestPortal::spawn();
    let other = second(&portal);
    let old = token(&other, Signing::Rs256);
    portal.clock.advance(MICROSECOND);
    portal.application.operations.rotate_signing_keys(Rotation::AtOnce).unwrap();
    let new = token(&portal.application, Signing::Rs256);
    assert_ne!(kid(&new), kid(&old));
    portal.clock.advance(Duration::from_secs(1));
    assert!(is_own(&other, &new), "a key that it doesn't know is looked for");
    assert!(is_own(&portal.application, &old));
    portal.clock.advance(Duration::from_secs(60));
    assert_eq!(kid(&token(&other, Signing::Rs256)), kid(&new));
    let events = portal.events("signing_keys.");
    assert_eq!(events.len(), 1);
    assert!(events[0].1.contains(&kid(&old)) && events[0].1.contains(&kid(&new)));
}

#[test]
fn instances_that_begin_at_once_believe_each_other() {
    let portal = TestPortal::spawn();
    let applications: Vec<Application> = (0..4).map(|_| second(&portal)).collect();
    let tokens: Vec<String> = thread::scope(|scope| {
        let signing: Vec<_> =
            applications.iter().map(|application| scope.spawn(|| token(application, Signing::Es256))).collect();
        signing.into_iter().map(|token| token.join().unwrap()).collect()
    });
    portal.clock.advance(Duration::from_secs(1));
    for application in &applications {
        assert!(tokens.iter().all(|token| is_own(application, token)));
    }
}

#[test]
fn keys_that_nobody_knows_are_looked_for_once_a_second() {
    let portal = TestPortal::spawn();
    let token = token(&portal.application, Signing::Es256);
    let (_, rest) = token.split_once('.').unwrap();
    portal.clock.advance(Duration::from_secs(5));
    let before = portal.application.db.queries();
    for number in 0..100 {
        let header = json!({ "alg": "ES256", "kid": format!("nobody's {number}") });
        let forged = format!("{}.{rest}", BASE64_URL_SAFE_NO_PAD.encode(header.to_string()));
        assert!(!is_own(&portal.application, &forged));
    }
    // On PostgreSQL the pool asks first whether the connection lives.
    let asked = portal.application.db.queries() - before;
    assert!((1..=2).contains(&asked), "{asked}");
}

#[test]
fn another_issuers_tokens_are_not_ours() {
    let portal = TestPortal::spawn();
    let claims = Map::from_iter([("iss".to_owned(), Value::from("https://elsewhere.example"))]);
    let token = portal.application.operations.sign(Signing::Es256, "JWT", &claims).unwrap();
    assert!(!is_own(&portal.application, &token));
}

#[test]
fn the_private_halves_are_sealed() {
    let portal = TestPortal::spawn();
    token(&portal.application, Signing::Es256);
    let stored = portal.application.db.read(db::signing_keys::all).unwrap();
    let kept = portal.everything_kept();
    let holds = |bytes: &[u8]| {
        [bytes.to_vec(), hex(bytes).into_bytes(), BASE64_URL_SAFE_NO_PAD.encode(bytes).into_bytes()]
            .iter()
            .any(|form| kept.windows(form.len()).any(|window| window == form))
    };
    assert_eq!(stored.len(), 2);
    for key in &stored {
        let open = |keys: &Keys| keys.open("signing keys", &key.sealed_private);
        let private = open(portal.application.operations.keys()).unwrap();
        assert!(open(&Keys::ephemeral()).is_none());
        assert!(holds(&key.sealed_private[..48]), "the search finds what is there");
        // The middle of PKCS#8 is of the private key alone, in whatever pieces pages split it.
        assert!(private.chunks_exact(24).skip(2).all(|piece| !is_private(key, piece) || !holds(piece)));
    }
}

/// The public half stands in PKCS#8 too.
fn is_private(key: &db::signing_keys::StoredKey, piece: &[u8]) -> bool {
    let jwk: Value = serde_json::from_str(&key.public_jwk).unwrap();
    let public = ["x", "y", "n"].iter().filter_map(|name| jwk[name].as_str());
    !public
        .filter_map(|text| BASE64_URL_SAFE_NO_PAD.decode(text).ok())
        .any(|bytes| bytes.windows(4).any(|window| piece.windows(4).any(|other| other == window)))
}

#[test]
fn with_another_key_file_nothing_is_signed_until_there_are_new_keys() {
    let portal = TestPortal::spawn();
    let old = token(&portal.application, Signing::Es256);
    let stranger = Application::open_with(&portal.config, portal.clock.clone(), Keys::ephemeral()).unwrap();
    assert!(stranger.operations.sign(Signing::Es256, "JWT", &Map::new()).is_err());
    assert!(is_own(&stranger, &old));
    stranger.operations.rotate_signing_keys(Rotation::AtOnce).unwrap();
    assert!(is_own(&stranger, &token(&stranger, Signing::Es256)));
}

#[test]
fn a_leaked_key_counts_no_more() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let app = portal.app(&company, ClientType::AuthorizationCode, |_| {});
    let tokens = portal.redeem(&app, &portal.code(&company, &app, &["openid"]));
    let info =
        |token: &str| answered(portal.http().get(format!("{}/oauth2/userinfo", portal.url)).bearer_auth(token)).status;
    assert_eq!(info(tokens.text("access_token")), 200);
    portal.application.operations.rotate_signing_keys(Rotation::Leaked).unwrap();
    assert_eq!(info(tokens.text("access_token")), 401);
    let refreshed = portal.refresh(&app, tokens.text("refresh_token"));
    assert_eq!(info(refreshed.text("access_token")), 200);
}
