//! One-time codes that change with the time (TOTP, RFC 6238): SHA-1, six digits, thirty seconds, which is what every
//! authenticator app understands.

use totp_rs::{Builder, Totp};
use zeroize::Zeroizing;

use super::random;
use crate::clock::Timestamp;

const SECRET_BYTES: usize = 20;
/// One step before and one after the present: clocks of phones are not exact.
const SKEW: u16 = 1;

/// What the portal and the person's authenticator share. It can't be cloned or printed, and wipes itself.
pub struct TotpSecret(Zeroizing<[u8; SECRET_BYTES]>);

impl TotpSecret {
    pub fn draw() -> Self {
        Self(Zeroizing::new(random::bytes()))
    }

    /// `None` for bytes that are no such secret.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Some(Self(Zeroizing::new(bytes.try_into().ok()?)))
    }

    pub fn bytes(&self) -> &[u8] {
        self.0.as_slice()
    }

    /// For typing: Base32 in groups of four.
    pub fn in_groups(&self) -> String {
        let text = Zeroizing::new(self.totp("", "").secret().to_base32());
        let groups: Vec<&str> = text.as_bytes().chunks(4).filter_map(|group| std::str::from_utf8(group).ok()).collect();
        groups.join(" ")
    }

    /// What a QR code holds: `otpauth://totp/…`, with the names that the authenticator shows.
    pub fn address(&self, issuer: &str, account: &str) -> String {
        // The two names are set apart by a colon, so neither may have one.
        let name = |text: &str| text.replace(':', " ");
        self.totp(&name(issuer), &name(account)).to_url().unwrap_or_default()
    }

    /// The time step that a code belongs to, if it is right now or was or will be a step away.
    pub fn step_of(&self, code: &str, now: Timestamp) -> Option<i64> {
        let seconds = u64::try_from(now.micros() / 1_000_000).ok()?;
        i64::try_from(self.totp("", "").check(code, seconds)?).ok()
    }

    fn totp(&self, issuer: &str, account: &str) -> Totp {
        Builder::new()
            .with_secret(self.0.to_vec())
            .with_skew(SKEW)
            .with_issuer(Some(issuer).filter(|issuer| !issuer.is_empty()))
            .with_account_name(account)
            .build_noncompliant()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    /// The vectors of RFC 6238, appendix B, for SHA-1; the last six of their eight digits.
    #[test]
    fn codes_are_those_of_the_rfc() {
        let secret = TotpSecret::from_bytes(b"12345678901234567890").unwrap();
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(secret.step_of(code, at(seconds)), Some(seconds / 30), "{code}");
        }
    }

    #[test]
    fn a_code_is_good_a_step_before_and_after() {
        let secret = TotpSecret::from_bytes(b"12345678901234567890").unwrap();
        let begins = 1_111_111_110;
        for (off, good) in [(-31, false), (-30, true), (0, true), (29, true), (30, true), (59, true), (60, false)] {
            assert_eq!(secret.step_of("050471", at(begins + off)).is_some(), good, "{off}");
        }
    }

    #[test]
    fn the_address_names_whom_it_is_for() {
        let secret = TotpSecret::from_bytes(b"12345678901234567890").unwrap();
        let address = secret.address("Keywright: test", "ada@example.com");
        assert!(
            address.starts_with("otpauth://totp/Keywright%20%20test:ada%40example.com?secret=GEZDGNBV"),
            "{address}"
        );
        assert_eq!(secret.in_groups(), "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ");
        assert!(TotpSecret::from_bytes(b"short").is_none());
    }
}
