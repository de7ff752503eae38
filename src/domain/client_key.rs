//! The public keys of a client, with which it signs its assertions (RFC 7523): what may be pasted as a JWK (RFC 7517)
//! or a set of them, and what is kept of it. A private key is never taken.

use std::fmt;

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::client::Signing;
use super::id::{ClientKeyId, ClientUid};
use super::text;
use crate::clock::Timestamp;

/// At most so many per client: room to change over, and none to hoard.
pub const MAX_KEYS: usize = 10;

/// The shortest and the longest RSA modulus, in bits.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;
/// The longest key or set of keys that is read, in bytes.
const MAX_BYTES: usize = 64 * 1024;
const MAX_KID: usize = 200;

/// Members that only a private or symmetric key has (RFC 7518 §6.2.2, §6.3.2 and §6.4).
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// A key as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientKey {
    pub id: ClientKeyId,
    pub client_uid: ClientUid,
    pub key: PublicKey,
    pub added_by: String,
    pub created_at: Timestamp,
    pub last_used_at: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    /// Empty where the JWK has none: the key then counts for an assertion with any.
    pub kid: String,
    /// The one algorithm that its signatures are checked with.
    pub algorithm: Signing,
    /// The JWK with its public members alone.
    pub jwk: String,
    /// RFC 7638, with SHA-256.
    pub thumbprint: String,
}

/// Why something is no key that can be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyFault {
    /// It is private or symmetric: whoever has seen it can sign with it.
    Private,
    Other(String),
}

impl fmt::Display for KeyFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Private => f.write_str(
                "This is a private key. It was not kept, but it has left your machine: consider it leaked, make a new \
                 pair, and paste the public half alone.",
            ),
            Self::Other(text) => f.write_str(text),
        }
    }
}

fn fault(text: impl Into<String>) -> KeyFault {
    KeyFault::Other(text.into())
}

impl PublicKey {
    /// Reads what was pasted: a JWK, or a set of them.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn parse(typed: &str) -> Result<Vec<Self>, KeyFault> {
        let typed = typed.trim();
        if typed.is_empty() {
            return Err(fault("Paste a public key as a JWK, like {\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":…,\"y\":…}."));
        }
        if typed.contains("PRIVATE KEY-----") {
            return Err(KeyFault::Private);
        }
        if typed.len() > MAX_BYTES {
            return Err(fault(format!("Paste at most {} KiB.", MAX_BYTES / 1024)));
        }
        let value: Value = serde_json::from_str(typed).map_err(|_| match typed.starts_with("-----BEGIN") {
            true => fault("This is a key in PEM form. Paste it as a JWK, which is JSON."),
            false => fault("This is not JSON. Paste the key as a JWK, or several as {\"keys\": [ … ]}."),
        })?;
        Self::of_json(&value)
    }

    /// The same of JSON that was read already.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn of_json(value: &Value) -> Result<Vec<Self>, KeyFault> {
        let several = match value.get("keys") {
            Some(Value::Array(keys)) => keys.as_slice(),
            Some(_) => return Err(fault("“keys” must be a list of JWKs.")),
            None => std::slice::from_ref(value),
        };
        // The worst first: of a set with a private key in it nothing else matters.
        let private = |key: &Value| PRIVATE.iter().any(|member| key.get(member).is_some());
        if several.iter().any(private) {
            return Err(KeyFault::Private);
        }
        if several.is_empty() {
            return Err(fault("The set holds no key."));
        }
        if several.len() > MAX_KEYS {
            return Err(fault(format!("A client has at most {MAX_KEYS} keys; these are {}.", several.len())));
        }
        let mut keys: Vec<Self> = Vec::new();
        for one in several {
            let key = Self::of_jwk(one.as_object().ok_or_else(|| fault("A JWK is a JSON object in braces."))?)?;
            if keys.iter().any(|other| other.collides_with(&key)) {
                return Err(fault("The set holds a key twice, or two keys with the same “kid”."));
            }
            keys.push(key);
        }
        Ok(keys)
    }

    fn of_jwk(jwk: &Map<String, Value>) -> Result<Self, KeyFault> {
        let (algorithm, members) = match text_of(jwk, "kty")? {
            Some("RSA") => (Signing::Rs256, rsa(jwk)?),
            Some("EC") => (Signing::Es256, p256(jwk)?),
            Some(other) => {
                let shown: String = other.chars().filter(char::is_ascii_graphic).take(20).collect();
                return Err(fault(format!("Keys of the type “{shown}” are not supported: use EC on P-256, or RSA.")));
            }
            None => return Err(fault("This is not a JWK: it has no “kty”.")),
        };
        match text_of(jwk, "alg")? {
            Some(alg) if alg != algorithm.as_str() => {
                let word = algorithm.as_str();
                return Err(fault(format!("The key's “alg” must be {word}: assertions are accepted with that alone.")));
            }
            _ => {}
        }
        if text_of(jwk, "use")?.is_some_and(|purpose| purpose != "sig") {
            return Err(fault("The key's “use” must be “sig”: it is for checking signatures."));
        }
        let kid = text_of(jwk, "kid")?.unwrap_or_default();
        let kid = text::line(kid, MAX_KID).map_err(|why| fault(format!("The “kid” can't be kept. {why}")))?;
        // The members in this order, without spaces, are what RFC 7638 §3 hashes; serde_json sorts them.
        let thumbprint = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(Value::from(members.clone()).to_string()));
        let mut kept = members;
        kept.insert("alg".into(), algorithm.as_str().into());
        kept.insert("use".into(), "sig".into());
        if !kid.is_empty() {
            kept.insert("kid".into(), kid.clone().into());
        }
        Ok(Self { kid, algorithm, jwk: Value::from(kept).to_string(), thumbprint })
    }

    /// Both can't be one client's.
    pub fn collides_with(&self, other: &Self) -> bool {
        self.thumbprint == other.thumbprint || (!self.kid.is_empty() && self.kid == other.kid)
    }

    /// What people know it by.
    pub fn name(&self) -> &str {
        if self.kid.is_empty() { &self.thumbprint } else { &self.kid }
    }

    /// As an approver and the audit trail know it.
    pub fn in_words(&self) -> String {
        let kid = if self.kid.is_empty() { String::new() } else { format!("{}, ", self.kid) };
        format!("{kid}{}, thumbprint {}", self.algorithm.as_str(), self.thumbprint)
    }

    /// An elliptic key's point, uncompressed (SEC 1 §2.3.3): whether it lies on the curve is for `crypto` to say.
    pub fn point(&self) -> Option<Vec<u8>> {
        let jwk: Value = serde_json::from_str(&self.jwk).ok()?;
        let coordinate = |name: &str| BASE64_URL_SAFE_NO_PAD.decode(jwk.get(name)?.as_str()?).ok();
        Some([vec![4], coordinate("x")?, coordinate("y")?].concat())
    }
}

fn rsa(jwk: &Map<String, Value>) -> Result<Map<String, Value>, KeyFault> {
    let (n, e) = (number(jwk, "n")?, number(jwk, "e")?);
    let bits = n.len() * 8 - n.first().map_or(0, |first| first.leading_zeros() as usize);
    if !RSA_BITS.contains(&bits) {
        let (least, most) = (RSA_BITS.start(), RSA_BITS.end());
        return Err(fault(format!("The RSA key has {bits} bits; it must have {least} to {most}.")));
    }
    let odd = |number: &[u8]| number.last().is_some_and(|last| last % 2 == 1);
    if !odd(&n) || !odd(&e) || e.len() > 4 || e == [1] {
        return Err(fault("The RSA key's “n” or “e” is not that of a key."));
    }
    Ok(object([("kty", "RSA".into()), ("n", encoded(&n)), ("e", encoded(&e))]))
}

fn p256(jwk: &Map<String, Value>) -> Result<Map<String, Value>, KeyFault> {
    match text_of(jwk, "crv")? {
        Some("P-256") => {}
        _ => return Err(fault("The key's curve must be P-256 (“crv”).")),
    }
    let (x, y) = (bytes(jwk, "x")?, bytes(jwk, "y")?);
    if x.len() != 32 || y.len() != 32 {
        return Err(fault("The key's “x” and “y” must have 32 bytes each."));
    }
    Ok(object([("kty", "EC".into()), ("crv", "P-256".into()), ("x", encoded(&x)), ("y", encoded(&y))]))
}

fn object<const N: usize>(members: [(&str, Value); N]) -> Map<String, Value> {
    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn encoded(bytes: &[u8]) -> Value {
    json!(BASE64_URL_SAFE_NO_PAD.encode(bytes))
}

fn text_of<'j>(jwk: &'j Map<String, Value>, name: &str) -> Result<Option<&'j str>, KeyFault> {
    match jwk.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(fault(format!("The key's “{name}” must be text."))),
    }
}

fn bytes(jwk: &Map<String, Value>, name: &str) -> Result<Vec<u8>, KeyFault> {
    let text = text_of(jwk, name)?.ok_or_else(|| fault(format!("The key has no “{name}”.")))?;
    BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| fault(format!("The key's “{name}” is not Base64url.")))
}

/// Without zeros in front, which some programs write and RFC 7518 §6.3.1 forbids: one key has one thumbprint.
fn number(jwk: &Map<String, Value>, name: &str) -> Result<Vec<u8>, KeyFault> {
    let bytes = bytes(jwk, name)?;
    Ok(bytes.into_iter().skip_while(|byte| *byte == 0).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The key of RFC 7638 §3.1.
    const RSA: &str = r#"{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"}"#;
    /// The key of RFC 7517, appendix A.1.
    const EC: &str = r#"{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}"#;

    fn one(typed: &str) -> PublicKey {
        PublicKey::parse(typed).unwrap().remove(0)
    }

    #[test]
    fn a_thumbprint_is_that_of_the_rfc() {
        let key = one(RSA);
        assert_eq!(key.thumbprint, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
        assert_eq!((key.kid.as_str(), key.algorithm), ("2011-04-29", Signing::Rs256));
        let zero = RSA.replace("\"e\":\"AQAB\"", "\"e\":\"AAEAAQ\"");
        assert_eq!(one(&zero).thumbprint, key.thumbprint);
        let key = one(EC);
        assert_eq!((key.kid.as_str(), key.algorithm), ("", Signing::Es256));
        assert_eq!(key.name(), key.thumbprint);
        assert_eq!(key.point().unwrap().len(), 65);
        assert_eq!(one(RSA).point(), None);
    }

    #[test]
    fn a_set_holds_each_key_once() {
        assert_eq!(PublicKey::parse(&format!("{{\"keys\":[{EC},{RSA}]}}")).unwrap().len(), 2);
        for bad in [format!("{{\"keys\":[{EC},{EC}]}}"), "{\"keys\":[]}".into(), "{\"keys\":1}".into()] {
            assert!(matches!(PublicKey::parse(&bad), Err(KeyFault::Other(_))), "{bad}");
        }
        let eleven = [EC; 11].join(",");
        let fault = PublicKey::parse(&format!("{{\"keys\":[{eleven}]}}")).unwrap_err().to_string();
        assert!(fault.contains("at most 10"), "{fault}");
    }

    #[test]
    fn a_private_key_is_called_leaked() {
        let with = |member: &str| EC.replace("\"kty\"", &format!("\"{member}\":\"AQAB\",\"kty\""));
        for member in PRIVATE {
            assert_eq!(PublicKey::parse(&with(member)), Err(KeyFault::Private), "{member}");
        }
        let in_a_set = format!("{{\"keys\":[{EC},{}]}}", with("d"));
        assert_eq!(PublicKey::parse(&in_a_set), Err(KeyFault::Private));
        assert_eq!(PublicKey::parse("-----BEGIN PRIVATE KEY-----\nMIG…"), Err(KeyFault::Private));
        assert_eq!(PublicKey::parse("-----BEGIN RSA PRIVATE KEY-----\nMIG…"), Err(KeyFault::Private));
    }

    #[test]
    fn what_is_no_key_is_refused_with_the_reason() {
        let change = |from: &str, to: &str| EC.replace(from, to);
        for (bad, reason) in [
            (String::new(), "Paste a public key"),
            ("[]".into(), "JSON object"),
            ("key".into(), "not JSON"),
            ("-----BEGIN PUBLIC KEY-----".into(), "PEM"),
            ("{}".into(), "no “kty”"),
            (change("\"EC\"", "\"OKP\""), "“OKP”"),
            (change("\"EC\"", "\"a\u{202E}b\\u0007\""), "“ab”"),
            (change("\"EC\"", "5"), "must be text"),
            (change("P-256", "P-384"), "P-256"),
            (change("MKBC", ""), "32 bytes"),
            (change("MKBC", "=="), "Base64url"),
            (change("\"y\"", "\"z\""), "no “y”"),
            (change("\"kty\"", "\"use\":\"enc\",\"kty\""), "“sig”"),
            (change("\"kty\"", "\"alg\":\"none\",\"kty\""), "ES256"),
            (RSA.replace("RS256", "PS256"), "RS256"),
            (RSA.replace("\"e\":\"AQAB\"", "\"e\":\"AQAA\""), "“e”"),
            (RSA.replace("0vx7agoebGcQSuu", ""), "2048"),
            (change("\"kty\"", "\"kid\":\"a\\u0000\",\"kty\""), "“kid”"),
            (change("\"kty\"", &format!("\"kid\":\"{}\",\"kty\"", "x".repeat(201))), "“kid”"),
        ] {
            let fault = PublicKey::parse(&bad).unwrap_err().to_string();
            assert!(fault.contains(reason), "{bad}: {fault}");
        }
    }
}
