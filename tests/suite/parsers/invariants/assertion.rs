use std::sync::LazyLock;

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use keywright::crypto::signing::{PublicKey, SigningKey, Unverified};
use keywright::domain::client::Signing;
use keywright::domain::protocol::assertion;
use serde_json::{Map, Value};

use super::registered::{ISSUER, NOW};
use super::text;

const CLIENT: &str = "a3.app";

/// Keys that sign nothing of what comes in.
static KEYS: LazyLock<Vec<(SigningKey, PublicKey)>> = LazyLock::new(|| {
    let pair = |algorithm: &Signing| {
        let key = SigningKey::generate(*algorithm);
        let public = PublicKey::from_jwk(&key.public_jwk()).expect("its public half");
        (key, public)
    };
    Signing::ALL.iter().map(pair).collect()
});

/// Nobody is believed who lacks the key, and an assertion that is believed says all that it must. The bytes are a token,
/// and beside that the claims of one that the right key has signed.
pub fn assertion(data: &[u8]) {
    let Some(typed) = text(data) else { return };
    if let Some(read) = Unverified::read(typed) {
        assert_eq!(typed.split('.').count(), 3);
        let part = |at: usize| -> Map<String, Value> {
            let part = typed.split('.').nth(at).expect("three parts");
            serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).expect("Base64url")).expect("an object")
        };
        let (header, claims) = (part(0), part(1));
        assert_eq!(read.kid(), header.get("kid").and_then(Value::as_str).unwrap_or_default());
        assert_eq!(read.claim("sub"), claims.get("sub").and_then(Value::as_str));
        assert!(KEYS.iter().all(|(_, public)| read.verify(public).is_none()), "believed without a signature");
    }
    if let Ok(claims) = serde_json::from_str::<Map<String, Value>>(typed) {
        check(&claims);
        signed(&claims);
    }
}

/// What our key has signed is believed, by our key, as long as no character of it changes.
fn signed(claims: &Map<String, Value>) {
    let (key, public) = &KEYS[Signing::ALL.iter().position(|algorithm| *algorithm == Signing::Es256).expect("ES256")];
    let token = key.sign("JWT", claims);
    let read = Unverified::read(&token).expect("what was signed can be read");
    // A number may lose its last digit when it is written.
    let written = serde_json::from_str(&Value::from(claims.clone()).to_string()).expect("what was written");
    assert_eq!(read.verify(public).map(|verified| verified.claims), Some(written));
    let (content, signature) = token.rsplit_once('.').expect("a signature");
    for end in [content.len() - 1, content.len() / 2] {
        let cut = format!("{}.{signature}", &content[..end]);
        assert!(Unverified::read(&cut).and_then(|read| read.verify(public)).is_none());
    }
}

fn check(claims: &Map<String, Value>) {
    let Ok(jti) = assertion::check(claims, CLIENT, ISSUER, NOW) else { return };
    let text = |name: &str| claims[name].as_str();
    assert!(text("iss") == Some(CLIENT) && text("sub") == Some(CLIENT));
    assert!(!jti.is_empty() && text("jti") == Some(jti));
    let for_us = |audience: &Value| {
        let audience = audience.as_str().unwrap_or_default();
        audience == ISSUER || audience.starts_with("https://id.example/oauth2/")
    };
    assert!(claims["aud"].as_array().map_or_else(|| for_us(&claims["aud"]), |list| list.iter().any(for_us)));
    let now = NOW.seconds() as f64;
    let ends = claims["exp"].as_f64().expect("an end");
    assert!(ends > now && ends < now + 3_661.0, "it ends at {ends}");
    for name in ["nbf", "iat"] {
        assert!(claims.get(name).and_then(Value::as_f64).is_none_or(|at| at < now + 61.0), "{name} is ahead");
    }
}
