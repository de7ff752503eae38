//! One hash function for what people and machines must prove, Argon2id in PHC form, at two named costs;
//! and SHA-256 for tokens that are random enough to need no more.

use std::cell::RefCell;
use std::sync::{Condvar, LazyLock, Mutex, PoisonError};

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Block, Params, PasswordHasher, PasswordVerifier, Version};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::hex;
use crate::domain::account::PlainPassword;
use crate::domain::secret::PlainSecret;

/// Passwords: the OWASP minimum for Argon2id, 19 MiB, two passes, one lane.
const PASSWORD_COST: (u32, u32, u32) = (19 * 1024, 2, 1);

/// Generated secrets hold 256 random bits: there is nothing to guess, so the cost only has to be Argon2id, and must be
/// small enough to pay on every token request.
const SECRET_COST: (u32, u32, u32) = (64, 1, 1);

fn argon2(cost: (u32, u32, u32)) -> Argon2<'static> {
    let params = Params::new(cost.0, cost.1, cost.2, Some(32)).unwrap_or_default();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

fn hash(text: &str, cost: (u32, u32, u32)) -> String {
    // Fails only for parameters or lengths out of range, and both are fixed above.
    argon2(cost).hash_password(text.as_bytes()).expect("fixed parameters are valid").to_string()
}

fn matches(text: &str, hash: &str, cost: (u32, u32, u32)) -> bool {
    PasswordHash::new(hash).is_ok_and(|hash| argon2(cost).verify_password(text.as_bytes(), &hash).is_ok())
}

/// Hashes passwords, a few at a time: each takes 19 MiB, and a crowd at the door must not take all memory.
pub struct Passwords {
    free: Mutex<usize>,
    freed: Condvar,
    /// A hash of nobody's password, so that an unknown account takes as long as a known one.
    decoy: String,
}

impl Passwords {
    pub fn new(at_once: usize) -> Self {
        let decoy = hash(&super::random::token(), PASSWORD_COST);
        Self { free: Mutex::new(at_once.max(1)), freed: Condvar::new(), decoy }
    }

    pub fn hash(&self, password: &PlainPassword) -> String {
        self.in_turn(|| hash(password.expose(), PASSWORD_COST))
    }

    /// `stored` is `None` where there is no such account; the answer is then `false`, after the same work.
    pub fn matches(&self, password: &PlainPassword, stored: Option<&str>) -> bool {
        let verdict = self.in_turn(|| matches(password.expose(), stored.unwrap_or(&self.decoy), PASSWORD_COST));
        verdict && stored.is_some()
    }

    fn in_turn<T>(&self, work: impl FnOnce() -> T) -> T {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        while *free == 0 {
            free = self.freed.wait(free).unwrap_or_else(PoisonError::into_inner);
        }
        *free -= 1;
        drop(free);
        let done = work();
        *self.free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.freed.notify_one();
        done
    }
}

/// SHA-256 as RFC 7636 wants a code challenge: in Base64 for addresses, without padding.
pub fn sha256_base64url(text: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(text.as_bytes()))
}

/// The left half of the SHA-256, in the same form: `at_hash` and `c_hash` of ID tokens that are signed with RS256 or ES256
/// (OpenID Connect Core §3.1.3.6).
pub fn left_half_base64url(text: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(&Sha256::digest(text.as_bytes())[..16])
}

/// HMAC-SHA-256 (RFC 2104) in the same form.
pub fn hmac_base64url(key: &[u8; 32], text: &str) -> String {
    let tag = aws_lc_rs::hmac::sign(&aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, key), text.as_bytes());
    BASE64_URL_SAFE_NO_PAD.encode(tag.as_ref())
}

/// Whether two texts are the same, in a time that doesn't tell where they differ.
pub fn same(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}

pub fn hash_secret(secret: &PlainSecret) -> String {
    hash(secret.expose(), SECRET_COST)
}

pub fn secret_matches(secret: &PlainSecret, stored: &str) -> bool {
    matches_in_kept_memory(secret.expose(), stored)
}

thread_local! {
    /// What comparing a secret works in, kept by each thread that does: 64 KiB taken and given back with every token leave
    /// holes between what lives longer, and the process grew to several times its size.
    static MEMORY: RefCell<Vec<Block>> = RefCell::new(vec![Block::default(); SECRET_COST.0 as usize]);
}

fn matches_in_kept_memory(text: &str, stored: &str) -> bool {
    let Ok(stored_hash) = PasswordHash::new(stored) else { return false };
    let (Some(salt), Some(expected)) = (&stored_hash.salt, &stored_hash.hash) else { return false };
    let params = Params::try_from(&stored_hash).ok();
    let is_usual = stored_hash.algorithm == Algorithm::Argon2id.ident()
        && stored_hash.version == Some(Version::V0x13.into())
        && params.is_some_and(|params| (params.m_cost(), params.t_cost(), params.p_cost()) == SECRET_COST);
    if !is_usual {
        return matches(text, stored, SECRET_COST);
    }
    let mut found = [0; 32];
    let hashed = MEMORY.with_borrow_mut(|memory| {
        argon2(SECRET_COST).hash_password_into_with_memory(text.as_bytes(), salt, &mut found, memory)
    });
    hashed.is_ok() && expected.as_bytes().ct_eq(&found).into()
}

/// The work of comparing a claimed secret with one that isn't there, so that the time of an answer tells nothing.
pub fn secret_matches_nothing(claimed: &str) {
    static DECOY: LazyLock<String> = LazyLock::new(|| hash(&super::random::token(), SECRET_COST));
    std::hint::black_box(matches_in_kept_memory(claimed, &DECOY));
}

/// SHA-256 in hexadecimal, for random tokens of 128 bits and more.
pub fn sha256(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))
}

pub fn sha256_of(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::service::Environment;
    use zeroize::Zeroizing;

    #[test]
    fn a_password_matches_its_own_hash_alone() {
        let passwords = Passwords::new(1);
        let right = PlainPassword::choose(Zeroizing::new("correct horse".into())).unwrap();
        let wrong = PlainPassword::choose(Zeroizing::new("correct horsf".into())).unwrap();
        let stored = passwords.hash(&right);
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(passwords.matches(&right, Some(&stored)));
        assert!(!passwords.matches(&wrong, Some(&stored)));
        assert!(!passwords.matches(&right, None));
    }

    #[test]
    fn a_secret_matches_its_own_hash_alone() {
        let secret = PlainSecret::generate(Environment::Sandbox, crate::crypto::random::byte_source());
        let other = PlainSecret::generate(Environment::Sandbox, crate::crypto::random::byte_source());
        let stored = hash_secret(&secret);
        assert!(stored.starts_with("$argon2id$"));
        // Each a second time, in memory that holds what the others have left.
        for _ in 0..2 {
            assert!(secret_matches(&secret, &stored));
            assert!(!secret_matches(&other, &stored));
        }
        // The same as the library says of it, whatever was kept.
        assert!(matches(secret.expose(), &stored, SECRET_COST));
    }

    #[test]
    fn a_secret_kept_at_another_cost_matches_too() {
        let secret = PlainSecret::generate(Environment::Sandbox, crate::crypto::random::byte_source());
        for cost in [(8, 1, 1), (128, 2, 1)] {
            let stored = hash(secret.expose(), cost);
            assert!(secret_matches(&secret, &stored), "{stored}");
        }
        let stored = hash_secret(&secret);
        for broken in ["", "$argon2id$", &stored[..stored.len() - 4], &stored.replace("argon2id", "argon2i")] {
            assert!(!secret_matches(&secret, broken), "{broken}");
        }
    }
}
