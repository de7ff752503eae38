//! Randomness, hashing and sealing: thin and few, over libraries. No policy of its own.

pub mod hashing;
pub mod keys;
pub mod public_key;
pub mod random;
pub mod signing;
pub mod totp;

/// Lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
