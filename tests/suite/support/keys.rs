//! Key pairs as clients make them.

use aws_lc_rs::encoding::{AsBigEndian, EcPrivateKeyBin};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use serde_json::{Value, json};

/// The public half of a new key on P-256.
pub fn public_jwk() -> Value {
    jwk_of(&EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key"))
}

fn jwk_of(pair: &EcdsaKeyPair) -> Value {
    let point = pair.public_key().as_ref();
    let coordinate = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
    json!({ "kty": "EC", "crv": "P-256", "x": coordinate(&point[1..33]), "y": coordinate(&point[33..]) })
}

/// Both halves of a key pair, as JWKs with a `kid`.
pub struct Pair {
    pub public: Value,
    pub private: Value,
}

/// A new key pair on P-256.
pub fn key_pair() -> Pair {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key");
    let scalar: EcPrivateKeyBin = pair.private_key().as_be_bytes().expect("the private half");
    let mut public = jwk_of(&pair);
    public["kid"] = "stock".into();
    let mut private = public.clone();
    private["d"] = BASE64_URL_SAFE_NO_PAD.encode(scalar.as_ref()).into();
    Pair { public, private }
}
