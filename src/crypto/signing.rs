//! Keys that sign tokens, and signed tokens: JWK (RFC 7517) and compact JWS (RFC 7515) with ES256 and RS256. A key has
//! one algorithm, its own; what the header of a token says has to agree with it, and chooses nothing.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, ParsedPublicKey,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, RsaPublicKeyComponents,
};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use super::hashing::sha256_base64url;
use crate::domain::client::Signing;

/// A private key, parsed once. It can't be printed.
pub struct SigningKey {
    pair: Pair,
    kid: String,
}

enum Pair {
    Es256(EcdsaKeyPair),
    Rs256(RsaKeyPair),
}

impl SigningKey {
    /// A new key, P-256 or RSA with 2048 bits; the latter takes a while.
    ///
    /// # Panics
    /// When the library can't make one, which is for want of memory or randomness: nothing safe can be done then.
    pub fn generate(algorithm: Signing) -> Self {
        Self::with(match algorithm {
            Signing::Es256 => {
                Pair::Es256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("P-256 keys can be made"))
            }
            Signing::Rs256 => Pair::Rs256(RsaKeyPair::generate(KeySize::Rsa2048).expect("RSA keys can be made")),
        })
    }

    /// `None` for what is no private key for this algorithm.
    pub fn from_pkcs8(algorithm: Signing, bytes: &[u8]) -> Option<Self> {
        let pair = match algorithm {
            Signing::Es256 => Pair::Es256(EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, bytes).ok()?),
            Signing::Rs256 => Pair::Rs256(RsaKeyPair::from_pkcs8(bytes).ok()?),
        };
        Some(Self::with(pair))
    }

    fn with(pair: Pair) -> Self {
        let kid = thumbprint(&public_members(&pair));
        Self { pair, kid }
    }

    /// The private key, to be sealed.
    ///
    /// # Panics
    /// Never: a key that was parsed can be written.
    pub fn to_pkcs8(&self) -> Zeroizing<Vec<u8>> {
        let written = match &self.pair {
            Pair::Es256(pair) => pair.to_pkcs8v1().map(|document| document.as_ref().to_vec()),
            Pair::Rs256(pair) => AsDer::<Pkcs8V1Der<'_>>::as_der(pair).map(|der| der.as_ref().to_vec()),
        };
        Zeroizing::new(written.expect("a parsed key can be written"))
    }

    pub fn algorithm(&self) -> Signing {
        match &self.pair {
            Pair::Es256(_) => Signing::Es256,
            Pair::Rs256(_) => Signing::Rs256,
        }
    }

    /// The key's thumbprint (RFC 7638), by which tokens name it.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The public half as it is published.
    pub fn public_jwk(&self) -> Value {
        let mut jwk = public_members(&self.pair);
        jwk["kid"] = self.kid.clone().into();
        jwk["use"] = "sig".into();
        jwk["alg"] = self.algorithm().as_str().into();
        jwk
    }

    /// A compact JWS of these claims. `typ` says what kind of token it is (RFC 8725 §3.11).
    ///
    /// # Panics
    /// When the library can't sign, which is for want of memory or randomness.
    pub fn sign(&self, typ: &str, claims: &Map<String, Value>) -> String {
        let header = json!({ "alg": self.algorithm().as_str(), "typ": typ, "kid": self.kid });
        let mut token = BASE64_URL_SAFE_NO_PAD.encode(header.to_string());
        token.push('.');
        BASE64_URL_SAFE_NO_PAD.encode_string(Value::Object(claims.clone()).to_string(), &mut token);
        let random = SystemRandom::new();
        let signature = match &self.pair {
            Pair::Es256(pair) => pair.sign(&random, token.as_bytes()).map(|signature| signature.as_ref().to_vec()),
            Pair::Rs256(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, token.as_bytes(), &mut signature).map(|()| signature)
            }
        };
        token.push('.');
        BASE64_URL_SAFE_NO_PAD.encode_string(signature.expect("a parsed key signs"), &mut token);
        token
    }
}

/// The members of the public key that its thumbprint is made of (RFC 7638 §3.2).
fn public_members(pair: &Pair) -> Value {
    let text = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
    match pair {
        Pair::Es256(pair) => {
            // A byte that says "uncompressed", then the coordinates, of 32 bytes each.
            let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
            json!({ "crv": "P-256", "kty": "EC", "x": text(x), "y": text(y) })
        }
        Pair::Rs256(pair) => {
            let public = RsaPublicKeyComponents::<Vec<u8>>::from(pair.public_key());
            json!({ "e": text(&public.e), "kty": "RSA", "n": text(&public.n) })
        }
    }
}

/// The members in the order of their names, without spaces, which is how `serde_json` writes them; hashed.
fn thumbprint(members: &Value) -> String {
    sha256_base64url(&members.to_string())
}

/// A public key that verifies, parsed once.
pub struct PublicKey {
    algorithm: Signing,
    parsed: ParsedPublicKey,
    thumbprint: String,
}

/// Why a JWK is no key that tokens can be verified with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAKey {
    #[error("a member that a public key must have is missing or unreadable")]
    Unreadable,
    #[error("the key holds private members")]
    Private,
    #[error("the kind of key is neither EC with the curve P-256 nor RSA")]
    Kind,
    #[error("the key is for another algorithm or another use")]
    Use,
    #[error("the key has a size or a value that is not allowed")]
    Weak,
}

impl PublicKey {
    /// Reads a public JWK: EC on P-256 is for ES256, RSA with 2048 to 8192 bits is for RS256.
    pub fn from_jwk(jwk: &Value) -> Result<Self, NotAKey> {
        let member = |name: &str| jwk.get(name).and_then(Value::as_str);
        let bytes = |name: &str| {
            member(name).and_then(|text| BASE64_URL_SAFE_NO_PAD.decode(text).ok()).ok_or(NotAKey::Unreadable)
        };
        if ["d", "p", "q", "dp", "dq", "qi", "oth", "k"].iter().any(|private| jwk.get(private).is_some()) {
            return Err(NotAKey::Private);
        }
        let (algorithm, members, parsed) = match (member("kty"), member("crv")) {
            (Some("EC"), Some("P-256")) => {
                let (x, y) = (bytes("x")?, bytes("y")?);
                if x.len() != 32 || y.len() != 32 {
                    return Err(NotAKey::Unreadable);
                }
                let point = [&[4], x.as_slice(), y.as_slice()].concat();
                let parsed = ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point);
                (Signing::Es256, json!({ "crv": "P-256", "kty": "EC", "x": jwk["x"], "y": jwk["y"] }), parsed)
            }
            (Some("RSA"), None) => {
                let public = RsaPublicKeyComponents { n: bytes("n")?, e: bytes("e")? };
                let bits = public.n.len() * 8;
                if !(2_048..=8_192).contains(&bits) {
                    return Err(NotAKey::Weak);
                }
                let parsed = public.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256);
                (Signing::Rs256, json!({ "e": jwk["e"], "kty": "RSA", "n": jwk["n"] }), parsed)
            }
            _ => return Err(NotAKey::Kind),
        };
        let fits = |name: &str, wanted: &str| jwk.get(name).is_none_or(|said| said == wanted);
        if !fits("alg", algorithm.as_str()) || !fits("use", "sig") {
            return Err(NotAKey::Use);
        }
        let parsed = parsed.map_err(|_| NotAKey::Weak)?;
        Ok(Self { algorithm, parsed, thumbprint: thumbprint(&members) })
    }

    pub fn algorithm(&self) -> Signing {
        self.algorithm
    }

    /// RFC 7638, with SHA-256.
    pub fn thumbprint(&self) -> &str {
        &self.thumbprint
    }
}

/// A compact JWS that was read and not verified: it says which key it wants to be verified with, and is worth nothing
/// before that.
pub struct Unverified<'t> {
    header: Map<String, Value>,
    claims: Map<String, Value>,
    signed: &'t str,
    signature: Vec<u8>,
}

/// What a key has signed.
#[derive(Clone, Debug, PartialEq)]
pub struct Verified {
    /// Empty where the header has none.
    pub typ: String,
    pub claims: Map<String, Value>,
}

impl<'t> Unverified<'t> {
    /// `None` for what is no compact JWS of a JSON object.
    pub fn read(token: &'t str) -> Option<Self> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let decode = |part: &str| BASE64_URL_SAFE_NO_PAD.decode(part).ok();
        Some(Self {
            header: serde_json::from_slice(&decode(header)?).ok()?,
            claims: serde_json::from_slice(&decode(claims)?).ok()?,
            signed,
            signature: decode(signature)?,
        })
    }

    fn header(&self, name: &str) -> &str {
        self.header.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// The key that it names; empty where it names none.
    pub fn kid(&self) -> &str {
        self.header("kid")
    }

    /// The kind of token that it says it is; empty where it says nothing.
    pub fn typ(&self) -> &str {
        self.header("typ")
    }

    /// What it says, with nobody's word for it: for finding who may vouch for it.
    pub fn claim(&self, name: &str) -> Option<&str> {
        self.claims.get(name)?.as_str()
    }

    /// What it says, if this key has signed it. The algorithm is the key's: a header with another one, or with demands
    /// that nobody here understands (RFC 7515 §4.1.11), is refused.
    pub fn verify(&self, key: &PublicKey) -> Option<Verified> {
        if self.header("alg") != key.algorithm.as_str() || self.header.contains_key("crit") {
            return None;
        }
        key.parsed.verify_sig(self.signed.as_bytes(), &self.signature).ok()?;
        let typ = self.header("typ").to_owned();
        Some(Verified { typ, claims: self.claims.clone() })
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::hmac;

    use super::*;

    fn claims() -> Map<String, Value> {
        Map::from_iter([("sub".to_owned(), "ada".into())])
    }

    fn public(key: &SigningKey) -> PublicKey {
        PublicKey::from_jwk(&key.public_jwk()).unwrap()
    }

    fn verified(token: &str, key: &PublicKey) -> Option<Verified> {
        Unverified::read(token)?.verify(key)
    }

    fn encode(part: &str) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(part)
    }

    #[test]
    fn a_token_is_verified_by_its_own_key_alone() {
        for algorithm in Signing::ALL {
            let (key, other) = (SigningKey::generate(*algorithm), SigningKey::generate(*algorithm));
            let token = key.sign("at+jwt", &claims());
            let read = Unverified::read(&token).unwrap();
            assert_eq!((read.kid(), read.claim("sub")), (key.kid(), Some("ada")));
            assert_eq!(verified(&token, &public(&key)), Some(Verified { typ: "at+jwt".into(), claims: claims() }));
            assert_eq!(verified(&token, &public(&other)), None);
            let (signed, signature) = token.rsplit_once('.').unwrap();
            let (header, _) = signed.split_once('.').unwrap();
            for bad in [
                format!("{header}.{}.{signature}", encode("{\"sub\":\"bob\"}")),
                format!("{signed}."),
                format!("{signed}.{}", encode("x")),
                format!("{token}="),
                format!("{token}.{signature}"),
                signed.to_owned(),
            ] {
                assert_eq!(verified(&bad, &public(&key)), None, "{bad}");
            }
        }
    }

    #[test]
    fn the_header_does_not_choose_the_algorithm() {
        for algorithm in Signing::ALL {
            let key = SigningKey::generate(*algorithm);
            let payload = encode("{\"sub\":\"eve\"}");
            for alg in ["none", "None", "", "HS256", "ES256", "RS256", "PS256", "ES384"] {
                let header = encode(&json!({ "alg": alg, "kid": key.kid() }).to_string());
                let signed = format!("{header}.{payload}");
                assert_eq!(verified(&format!("{signed}."), &public(&key)), None, "{alg} without a signature");
                // With everything public as the secret of an HMAC.
                for secret in [key.public_jwk().to_string(), key.kid().to_owned()] {
                    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), signed.as_bytes());
                    let forged = format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(tag.as_ref()));
                    assert_eq!(verified(&forged, &public(&key)), None, "{alg} with the public key");
                }
            }
        }
    }

    #[test]
    fn a_right_signature_under_a_wrong_header_counts_for_nothing() {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let public = PublicKey::from_jwk(&public_members(&Pair::Es256(
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pair.to_pkcs8v1().unwrap().as_ref()).unwrap(),
        )))
        .unwrap();
        let token = |header: Value| {
            let signed = format!("{}.{}", encode(&header.to_string()), encode("{}"));
            let signature = pair.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
            format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature.as_ref()))
        };
        assert!(verified(&token(json!({ "alg": "ES256" })), &public).is_some());
        for header in [json!({}), json!({ "alg": "RS256" }), json!({ "alg": "none" }), json!({ "alg": ["ES256"] })] {
            assert!(verified(&token(header.clone()), &public).is_none(), "{header}");
        }
        assert!(verified(&token(json!({ "alg": "ES256", "crit": ["exp"], "exp": 1 })), &public).is_none());
        assert!(verified(&token(json!({ "alg": "ES256", "crit": ["b64"], "b64": false })), &public).is_none());
    }

    #[test]
    fn a_key_is_written_and_read_back() {
        for algorithm in Signing::ALL {
            let key = SigningKey::generate(*algorithm);
            let read = SigningKey::from_pkcs8(*algorithm, &key.to_pkcs8()).unwrap();
            assert_eq!((read.kid(), read.public_jwk()), (key.kid(), key.public_jwk()));
            assert!(verified(&read.sign("JWT", &claims()), &public(&key)).is_some());
            assert_eq!(public(&key).thumbprint(), key.kid());
            for other in Signing::ALL.iter().filter(|other| *other != algorithm) {
                assert!(SigningKey::from_pkcs8(*other, &key.to_pkcs8()).is_none());
            }
            assert!(SigningKey::from_pkcs8(*algorithm, b"short").is_none());
        }
    }

    /// The example of RFC 7638 §3.1.
    #[test]
    fn a_thumbprint_is_that_of_the_rfc() {
        let n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiF\
                 V4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9\
                 c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1\
                 jF44-csFCur-kEgU8awapJzKnqDKgw";
        let jwk = json!({ "kty": "RSA", "n": n, "e": "AQAB", "alg": "RS256", "kid": "2011-04-29" });
        let key = PublicKey::from_jwk(&jwk).unwrap();
        assert_eq!(key.thumbprint(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    }

    #[test]
    fn a_weak_or_foreign_key_is_refused() {
        let with = |algorithm: Signing, name: &str, value: Value| {
            let mut jwk = SigningKey::generate(algorithm).public_jwk();
            jwk[name] = value;
            PublicKey::from_jwk(&jwk).err()
        };
        let long = |bytes: usize| Value::from(BASE64_URL_SAFE_NO_PAD.encode(vec![0xFF; bytes]));
        assert_eq!(with(Signing::Rs256, "n", long(128)), Some(NotAKey::Weak));
        assert_eq!(with(Signing::Rs256, "n", long(1_025)), Some(NotAKey::Weak));
        assert_eq!(with(Signing::Rs256, "e", "".into()), Some(NotAKey::Weak));
        assert_eq!(with(Signing::Rs256, "alg", "PS256".into()), Some(NotAKey::Use));
        assert_eq!(with(Signing::Es256, "alg", "RS256".into()), Some(NotAKey::Use));
        assert_eq!(with(Signing::Es256, "use", "enc".into()), Some(NotAKey::Use));
        assert_eq!(with(Signing::Es256, "x", long(32)), Some(NotAKey::Weak));
        assert_eq!(with(Signing::Es256, "x", long(31)), Some(NotAKey::Unreadable));
        assert_eq!(with(Signing::Es256, "crv", "P-384".into()), Some(NotAKey::Kind));
        assert_eq!(with(Signing::Es256, "kty", "oct".into()), Some(NotAKey::Kind));
        assert_eq!(with(Signing::Es256, "d", long(32)), Some(NotAKey::Private));
        assert_eq!(PublicKey::from_jwk(&json!([])).err(), Some(NotAKey::Kind));
    }
}
