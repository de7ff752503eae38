//! What must hold of every parser that meets the network, whatever it is given. Each function takes any bytes and panics
//! when something doesn't hold. They are stated here once: `fuzz/` searches for bytes that break them, and the suite
//! replays what it found, with the seeds, on every run.

mod assertion;
mod authorization_header;
mod authorize;
mod client_id;
mod cors_origin;
mod forms;
mod jwk;
mod local_path;
mod params;
mod redirect_url;
mod registered;
mod registration;
mod return_to;
mod secret;
mod web_url;

pub use assertion::assertion;
pub use authorization_header::authorization_header;
pub use authorize::authorize;
pub use client_id::client_id;
pub use cors_origin::cors_origin;
pub use forms::forms;
pub use jwk::jwk;
pub use local_path::local_path;
pub use params::params;
pub use redirect_url::redirect_url;
pub use registration::registration;
pub use return_to::return_to;
pub use secret::secret;
pub use web_url::web_url;

/// Holds what came in against what must be true of it.
type Invariants = fn(&[u8]);

/// Every target by its name, which is also the name of its seeds and of its program in `fuzz/`.
pub const ALL: [(&str, Invariants); 14] = [
    ("assertion", assertion),
    ("authorization_header", authorization_header),
    ("authorize", authorize),
    ("client_id", client_id),
    ("cors_origin", cors_origin),
    ("forms", forms),
    ("jwk", jwk),
    ("local_path", local_path),
    ("params", params),
    ("redirect_url", redirect_url),
    ("registration", registration),
    ("return_to", return_to),
    ("secret", secret),
    ("web_url", web_url),
];

/// Most parsers take text; bytes that are none never reach them.
fn text(data: &[u8]) -> Option<&str> {
    std::str::from_utf8(data).ok()
}

/// The first byte chooses among the circumstances, the rest is the input. `0` to `9` choose so that seeds can be read.
fn choice(data: &[u8]) -> Option<(u8, &[u8])> {
    data.split_first().map(|(first, rest)| (*first & 0x0F, rest))
}

/// The first line, and what follows it.
fn first_line(text: &str) -> (&str, &str) {
    text.split_once('\n').unwrap_or((text, ""))
}

/// Characters of the input that must not reach a sentence about it: they would be obeyed instead of read.
fn harms_a_sentence(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
}
