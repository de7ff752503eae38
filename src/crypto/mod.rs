//! Randomness, hashing and sealing: thin and few, over libraries. No policy of its own.

pub mod hashing;
pub mod keys;
pub mod random;
