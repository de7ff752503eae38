//! What must be computed to know that a public key is one.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ParsedPublicKey};

/// Whether an uncompressed point (SEC 1 §2.3.3) lies on the curve P-256.
pub fn is_point_on_p256(point: &[u8]) -> bool {
    ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};

    #[test]
    fn a_point_beside_the_curve_is_none() {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let mut point = pair.public_key().as_ref().to_vec();
        assert!(is_point_on_p256(&point));
        point[64] ^= 1;
        assert!(!is_point_on_p256(&point));
        assert!(!is_point_on_p256(&[4; 65]));
    }
}
