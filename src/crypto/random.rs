//! Random bytes from the operating system.

use rand::TryRng;
use rand::rngs::SysRng;

/// # Panics
/// When the operating system has no randomness to give: nothing safe can be done then.
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    SysRng.try_fill_bytes(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

/// A source of single bytes, for drawing characters.
pub fn byte_source() -> impl FnMut() -> u8 {
    let mut pool = [0u8; 64];
    let mut next = pool.len();
    move || {
        if next == pool.len() {
            pool = bytes();
            next = 0;
        }
        next += 1;
        pool[next - 1]
    }
}

/// 256 random bits as 64 hexadecimal digits, for tokens that are hashed before they are stored.
pub fn token() -> String {
    super::hex(&bytes::<32>())
}
