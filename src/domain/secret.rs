//! Client secrets: their form, their limits, and when they end. Hashing lives in `crypto`.

use std::time::Duration;

use zeroize::Zeroizing;

use super::field_errors::FieldErrors;
use super::id::{AccountId, ClientUid, SecretId};
use super::service::Environment;
use super::text;
use crate::clock::Timestamp;

/// At most so many per client, so that rotation needs no downtime and nobody hoards.
pub const MAX_SECRETS: usize = 10;

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// 43 characters of 62 are 256.03 bits.
const RANDOM_CHARS: usize = 43;
const CHECKSUM_CHARS: usize = 6;

/// A secret in clear. It can't be cloned, printed or serialised, and wipes itself.
pub struct PlainSecret(Zeroizing<String>);

impl PlainSecret {
    /// Draws a secret; `byte` yields random bytes. Bytes that would favour some characters are thrown away.
    pub fn generate(environment: Environment, byte: impl FnMut() -> u8) -> Self {
        Self(draw(prefix(environment), byte))
    }

    /// Takes what claims to be a secret; a mistyped one is refused by its checksum, before any costly hashing.
    pub fn parse(text: &str) -> Option<(Environment, Self)> {
        let environment = [Environment::Sandbox, Environment::Live]
            .into_iter()
            .find(|environment| text.starts_with(prefix(*environment)))?;
        is_drawn(prefix(environment), text).then(|| (environment, Self(Zeroizing::new(text.to_owned()))))
    }

    /// The only way to the characters: for hashing, and for showing them once.
    pub fn expose(&self) -> &str {
        &self.0
    }

    pub fn last_four(&self) -> &str {
        &self.0[self.0.len() - 4..]
    }
}

fn prefix(environment: Environment) -> &'static str {
    match environment {
        Environment::Sandbox => "kws_sandbox_",
        Environment::Live => "kws_live_",
    }
}

/// A prefix that scanners know, 256 random bits, and a checksum.
pub(super) fn draw(prefix: &str, mut byte: impl FnMut() -> u8) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(64));
    text.push_str(prefix);
    let mut left = RANDOM_CHARS;
    while left > 0 {
        let drawn = usize::from(byte());
        if drawn < 62 * 4 {
            text.push(char::from(ALPHABET[drawn % 62]));
            left -= 1;
        }
    }
    let sum = checksum(&text);
    text.push_str(&sum);
    text
}

/// Whether a text has the form that [`draw`] gives, with the right checksum.
pub(super) fn is_drawn(prefix: &str, text: &str) -> bool {
    let Some(drawn) = text.strip_prefix(prefix) else { return false };
    if drawn.len() != RANDOM_CHARS + CHECKSUM_CHARS || !drawn.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return false;
    }
    let (body, sum) = text.split_at(text.len() - CHECKSUM_CHARS);
    checksum(body) == sum
}

fn checksum(body: &str) -> String {
    let mut rest = crc32fast::hash(body.as_bytes()) as usize;
    let mut digits = [b'0'; CHECKSUM_CHARS];
    for digit in digits.iter_mut().rev() {
        *digit = ALPHABET[rest % 62];
        rest /= 62;
    }
    digits.iter().map(|digit| char::from(*digit)).collect()
}

/// What is kept of a secret, and all that anyone may see of it later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secret {
    pub id: SecretId,
    pub client_uid: ClientUid,
    pub environment: Environment,
    pub description: String,
    pub last_four: String,
    pub created_by: String,
    /// The account of whoever made it; reminders go there.
    pub created_by_id: Option<AccountId>,
    pub created_at: Timestamp,
    pub expires_at: Option<Timestamp>,
    /// A rotation gave it its end, so nobody need be warned of that.
    pub ends_by_rotation: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    Never,
    Later,
    /// Within 30 days.
    Soon,
    /// A rotation lets it end.
    Rotated,
    Over,
}

impl Secret {
    pub fn expiry(&self, now: Timestamp) -> Expiry {
        match self.expires_at {
            None => Expiry::Never,
            Some(at) if at <= now => Expiry::Over,
            Some(_) if self.ends_by_rotation => Expiry::Rotated,
            Some(at) if at <= now.plus(Duration::from_secs(30 * 86_400)) => Expiry::Soon,
            Some(_) => Expiry::Later,
        }
    }
}

/// A form for a new secret, as typed.
#[derive(Clone, Debug, Default, serde::Deserialize, serde::Serialize)]
#[serde(default)]
pub struct SecretInput {
    pub description: String,
    pub environment: String,
    pub expires_at: String,
    pub never_expires: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretSettings {
    pub description: String,
    pub environment: Environment,
    pub expires_at: Option<Timestamp>,
}

impl SecretSettings {
    /// `service` is the environment in which the service stands: live secrets exist only for live services.
    pub fn parse(input: &SecretInput, service: Environment, now: Timestamp) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::default();
        let description = errors.take("description", "Description", text::line(&input.description, 200));
        let environment = errors.take("environment", "Environment", environment(&input.environment, service));
        let expires_at = errors.take("expires_at", "Expiration date", expiry(input, now));
        match (description, environment, expires_at) {
            (Some(description), Some(environment), Some(expires_at)) if errors.is_empty() => {
                Ok(Self { description, environment, expires_at })
            }
            _ => Err(errors),
        }
    }
}

fn environment(typed: &str, service: Environment) -> Result<Environment, String> {
    match Environment::parse(typed) {
        Some(Environment::Live) if service == Environment::Sandbox => {
            Err("Choose Sandbox: live secrets can be added once the service has been released.".into())
        }
        Some(environment) => Ok(environment),
        None => Err("Choose Sandbox or Live.".into()),
    }
}

fn expiry(input: &SecretInput, now: Timestamp) -> Result<Option<Timestamp>, String> {
    match (input.never_expires.as_str(), input.expires_at.trim()) {
        ("", "") => Err("Enter a date and time, or tick Never expires.".into()),
        ("", typed) => match Timestamp::from_form_value(typed) {
            None => Err("Enter the date and time in UTC like 2027-11-21T10:00.".into()),
            Some(at) if at <= now => Err("Enter a date in the future.".into()),
            Some(at) if at > now.plus(Duration::from_secs(100 * 365 * 86_400)) => {
                Err("Enter a date within the next 100 years, or tick Never expires.".into())
            }
            Some(at) => Ok(Some(at)),
        },
        ("yes", _) => Ok(None),
        _ => Err("Tick Never expires or leave it.".into()),
    }
}

/// How long the old secret goes on after a rotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overlap {
    For(Duration),
    Until(Timestamp),
}

impl Overlap {
    pub const CHOICES: [(&'static str, &'static str); 5] = [
        ("now", "None, the old secret ends now"),
        ("1h", "1 hour"),
        ("24h", "24 hours"),
        ("7d", "7 days"),
        ("date", "Until a date"),
    ];

    pub fn parse(choice: &str, date: &str, now: Timestamp) -> Result<Self, FieldErrors> {
        match choice {
            "now" => Ok(Self::For(Duration::ZERO)),
            "1h" => Ok(Self::For(Duration::from_secs(3_600))),
            "24h" => Ok(Self::For(Duration::from_secs(86_400))),
            "7d" => Ok(Self::For(Duration::from_secs(7 * 86_400))),
            "date" => match Timestamp::from_form_value(date) {
                Some(at) if at > now && at <= now.plus(Duration::from_secs(366 * 86_400)) => Ok(Self::Until(at)),
                Some(_) => Err(FieldErrors::one("until", "Until", "Enter a date between now and one year from now.")),
                None => {
                    Err(FieldErrors::one("until", "Until", "Enter the date and time in UTC like 2027-11-21T10:00."))
                }
            },
            _ => Err(FieldErrors::one("overlap", "Overlap", "Choose how long the old secret goes on working.")),
        }
    }

    /// When the old secret ends: never later than it would have ended anyway.
    pub fn end(self, now: Timestamp, expires_at: Option<Timestamp>) -> Timestamp {
        let end = match self {
            Self::For(span) => now.plus(span),
            Self::Until(at) => at,
        };
        expires_at.map_or(end, |expires_at| expires_at.min(end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counting() -> impl FnMut() -> u8 {
        let mut next = 0u8;
        move || {
            next = next.wrapping_add(37);
            next
        }
    }

    #[test]
    fn a_secret_is_recognisable_and_checked() {
        let secret = PlainSecret::generate(Environment::Live, counting());
        let text = secret.expose().to_owned();
        assert!(text.starts_with("kws_live_"));
        assert_eq!(text.len(), "kws_live_".len() + 43 + 6);
        assert_eq!(secret.last_four(), &text[text.len() - 4..]);
        assert!(matches!(PlainSecret::parse(&text), Some((Environment::Live, _))));
        for position in 0..text.len() {
            let mut typo = text.clone().into_bytes();
            typo[position] = if typo[position] == b'x' { b'y' } else { b'x' };
            assert!(PlainSecret::parse(std::str::from_utf8(&typo).unwrap()).is_none(), "typo at {position} passed");
        }
        assert!(PlainSecret::parse(&format!("{text} ")).is_none());
        assert!(PlainSecret::parse("").is_none());
        let body = format!("kws_live_{}", "\n".repeat(RANDOM_CHARS));
        assert!(PlainSecret::parse(&format!("{body}{}", checksum(&body))).is_none(), "of other characters");
    }

    #[test]
    fn expiry_is_a_future_date_or_never() {
        let now = Timestamp::from_form_value("2026-11-21T10:00").unwrap();
        let form = |expires_at: &str, never: &str| SecretInput {
            environment: "sandbox".into(),
            expires_at: expires_at.into(),
            never_expires: never.into(),
            ..Default::default()
        };
        let parse = |input: &SecretInput| SecretSettings::parse(input, Environment::Sandbox, now);
        assert_eq!(parse(&form("", "yes")).unwrap().expires_at, None);
        assert!(parse(&form("2026-11-21T10:01", "")).unwrap().expires_at.is_some());
        for (date, never) in [("", ""), ("2026-11-21T10:00", ""), ("2226-11-21T10:00", ""), ("soon", ""), ("", "maybe")]
        {
            assert!(parse(&form(date, never)).is_err(), "{date} {never}");
        }
    }

    #[test]
    fn live_secrets_wait_for_the_release() {
        let now = Timestamp::from_micros(0);
        let input = SecretInput { environment: "live".into(), never_expires: "yes".into(), ..Default::default() };
        assert!(SecretSettings::parse(&input, Environment::Sandbox, now).is_err());
        assert!(SecretSettings::parse(&input, Environment::Live, now).is_ok());
    }

    #[test]
    fn an_overlap_never_prolongs_a_secret() {
        let now = Timestamp::from_micros(0);
        let soon = now.plus(Duration::from_secs(60));
        let hour = Overlap::parse("1h", "", now).unwrap();
        assert_eq!(hour.end(now, None), now.plus(Duration::from_secs(3_600)));
        assert_eq!(hour.end(now, Some(soon)), soon);
        assert!(Overlap::parse("forever", "", now).is_err());
    }
}
