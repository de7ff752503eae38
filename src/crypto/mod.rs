//! Randomness, hashing and sealing: thin and few, over libraries. No policy of its own.

pub mod hashing;
pub mod keys;
pub mod public_key;
pub mod random;
pub mod signing;
pub mod totp;

/// Lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from(b"0123456789abcdef"[usize::from(value)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}
