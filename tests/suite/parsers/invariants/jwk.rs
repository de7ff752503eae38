use keywright::crypto::signing;
use keywright::domain::client::Signing;
use keywright::domain::client_key::{MAX_KEYS, PublicKey};
use serde_json::Value;

use super::{harms_a_sentence, text};

/// Members that no public key has (RFC 7518 §6).
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// What is kept of a key is public, stays what it is when it is read again, and is the key that signatures are checked
/// with.
pub fn jwk(data: &[u8]) {
    let Some(typed) = text(data) else { return };
    let keys = match PublicKey::parse(typed) {
        Err(fault) => return assert!(!fault.to_string().contains(harms_a_sentence), "{fault}"),
        Ok(keys) => keys,
    };
    assert!((1..=MAX_KEYS).contains(&keys.len()));
    for (at, key) in keys.iter().enumerate() {
        assert!(!keys[..at].iter().any(|other| other.collides_with(key)));
        assert_eq!(PublicKey::parse(&key.jwk).as_deref(), Ok(std::slice::from_ref(key)));
        let kept: Value = serde_json::from_str(&key.jwk).expect("JSON");
        assert!(PRIVATE.iter().all(|member| kept.get(member).is_none()));
        assert!(!key.kid.contains(char::is_control));
        match signing::PublicKey::from_jwk(&kept) {
            Ok(usable) => {
                assert_eq!(usable.algorithm(), key.algorithm);
                assert_eq!(usable.thumbprint(), key.thumbprint);
            }
            // Whether a point lies on the curve is asked when the key is added.
            Err(_) => assert!(key.algorithm == Signing::Rs256 || key.point().is_some()),
        }
    }
}
