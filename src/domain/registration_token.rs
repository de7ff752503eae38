//! The tokens of registration by machine: initial ones, with which clients are registered (RFC 7591 §3), and the one of
//! each registered client, with which that client is managed (RFC 7592).

use std::time::Duration;

use zeroize::Zeroizing;

use super::field_errors::FieldErrors;
use super::id::{AccountId, ClientUid, RegistrationTokenId, ServiceId, TenantId};
use super::secret::{draw, is_drawn};
use super::text;
use crate::clock::Timestamp;

/// At most so many per tenant: each is a key to the house.
pub const MAX_TOKENS: usize = 50;
/// How many clients may be registered with one token in a day.
pub const CLIENTS_A_DAY: i32 = 100;
/// How long a token lives where nothing else is chosen.
pub const USUAL_LIFE: Duration = Duration::from_secs(30 * 86_400);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// Registers clients of one service.
    Initial,
    /// Manages one client.
    Management,
}

impl TokenKind {
    const fn prefix(self) -> &'static str {
        match self {
            Self::Initial => "kwr_",
            Self::Management => "kwm_",
        }
    }
}

/// A token in clear. It can't be cloned, printed or serialised, and wipes itself.
pub struct PlainToken(Zeroizing<String>);

impl PlainToken {
    /// Draws a token; `byte` yields random bytes.
    pub fn generate(kind: TokenKind, byte: impl FnMut() -> u8) -> Self {
        Self(draw(kind.prefix(), byte))
    }

    /// Takes what claims to be a token; a mistyped one is refused by its checksum.
    pub fn parse(kind: TokenKind, text: &str) -> Option<Self> {
        is_drawn(kind.prefix(), text).then(|| Self(Zeroizing::new(text.to_owned())))
    }

    /// The only way to the characters: for hashing, and for showing them once.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// What is kept of an initial token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistrationToken {
    pub id: RegistrationTokenId,
    pub tenant_id: TenantId,
    pub service_id: ServiceId,
    pub description: String,
    /// Whoever uses it does what this administrator may.
    pub issued_by: AccountId,
    pub issued_by_name: String,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    pub last_used_at: Option<Timestamp>,
}

/// What is kept of how a client was registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisteredClient {
    pub client: ClientUid,
    pub tenant: TenantId,
    /// The description of the initial token.
    pub registered_with: String,
    pub issued_by: AccountId,
    /// What the client said of itself and no form asks for (RFC 7591 §2, OpenID Connect Registration §2).
    pub auth_method: String,
    pub application_type: String,
}

/// The form of a token, as typed.
#[derive(Clone, Debug, Default, serde::Deserialize, serde::Serialize)]
#[serde(default)]
pub struct RegistrationTokenInput {
    pub description: String,
    pub service: String,
    pub expires_at: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistrationTokenSettings {
    pub description: String,
    pub service: ServiceId,
    pub expires_at: Timestamp,
}

impl RegistrationTokenSettings {
    pub const MAX_DESCRIPTION: usize = 100;

    /// # Errors
    /// Every fault of every field.
    pub fn parse(input: &RegistrationTokenInput, now: Timestamp) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::default();
        let description = text::name(&input.description, "what will use the token, like “CI”", Self::MAX_DESCRIPTION);
        let description = errors.take("description", "Description", description);
        let service = input.service.parse().map_err(|_| "Choose a service from the list.");
        let service = errors.take("service", "Service", service);
        let expires_at = errors.take("expires_at", "Expiration date", expiry(&input.expires_at, now));
        match (description, service, expires_at) {
            (Some(description), Some(service), Some(expires_at)) => Ok(Self { description, service, expires_at }),
            _ => Err(errors),
        }
    }
}

fn expiry(typed: &str, now: Timestamp) -> Result<Timestamp, &'static str> {
    match Timestamp::from_form_value(typed) {
        None => Err("Enter the date and time in UTC like 2027-11-21T10:00."),
        Some(at) if at <= now => Err("Enter a date in the future."),
        Some(at) if at > now.one_year_later() => Err("Enter a date within one year."),
        Some(at) => Ok(at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_good_for_its_kind_alone() {
        let mut next = 0u8;
        let token = PlainToken::generate(TokenKind::Initial, || {
            next = next.wrapping_add(41);
            next
        });
        let text = token.expose();
        assert!(text.starts_with("kwr_") && text.len() == 53, "{text}");
        assert!(PlainToken::parse(TokenKind::Initial, text).is_some());
        assert!(PlainToken::parse(TokenKind::Management, text).is_none());
        assert!(PlainToken::parse(TokenKind::Management, &text.replace("kwr_", "kwm_")).is_none());
        assert!(PlainToken::parse(TokenKind::Initial, &text[..52]).is_none());
    }

    #[test]
    fn a_token_ends_within_a_year() {
        let now = Timestamp::from_form_value("2026-11-21T10:00").unwrap();
        for (date, fits) in [
            ("2026-11-21T10:01", true),
            ("2027-11-21T10:00", true),
            ("2026-11-21T10:00", false),
            ("2027-11-21T10:01", false),
            ("soon", false),
            ("", false),
        ] {
            assert_eq!(expiry(date, now).is_ok(), fits, "{date}");
        }
    }
}
