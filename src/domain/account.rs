//! A person's account: who they are and the password rule.

use zeroize::Zeroizing;

use super::id::AccountId;
use super::text::Email;
use crate::clock::Timestamp;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub id: AccountId,
    pub email: Email,
    pub name: String,
    pub operator: bool,
    /// Decides on release requests of every tenant.
    pub platform_approver: bool,
    pub activated_at: Option<Timestamp>,
    pub password_changed_at: Timestamp,
    pub created_at: Timestamp,
}

/// A password in clear. It can't be cloned, printed or serialised, and wipes itself.
pub struct PlainPassword(Zeroizing<String>);

impl PlainPassword {
    pub const MIN_CHARS: usize = 8;
    pub const MAX_CHARS: usize = 128;

    /// A new password: 8 to 128 characters of any kind (NIST SP 800-63B, no composition rules).
    pub fn choose(typed: Zeroizing<String>) -> Result<Self, String> {
        match typed.chars().count() {
            count if count < Self::MIN_CHARS => Err("Use at least 8 characters.".into()),
            count if count > Self::MAX_CHARS => Err("Use at most 128 characters.".into()),
            _ => Ok(Self(typed)),
        }
    }

    /// A password to be checked against a hash; `None` for what can't be anyone's password.
    pub fn claimed(typed: Zeroizing<String>) -> Option<Self> {
        (typed.len() <= Self::MAX_CHARS * 4).then_some(Self(typed))
    }

    pub fn expose(&self) -> &str {
        &self.0
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Strength {
    /// 0 (worst) to 4.
    pub score: u8,
    pub word: &'static str,
    /// What would make it better, if anything.
    pub advice: String,
}

/// The word for a score of 0 to 4.
pub fn strength_in_words(score: u8) -> &'static str {
    ["Very weak", "Weak", "Fair", "Good", "Strong"][usize::from(score.min(4))]
}

/// How hard a password is to guess, knowing the person's own words (zxcvbn).
pub fn strength(password: &str, own_words: &[&str]) -> Strength {
    // zxcvbn's time grows with the length; what is past its first 100 characters doesn't change the verdict.
    let head: Zeroizing<String> = Zeroizing::new(password.chars().take(100).collect());
    // An address and a full name are each several words that others know.
    let own_words = own_words.iter().map(|words| words.get(..words.floor_char_boundary(200)).unwrap_or_default());
    let parts = own_words.clone().flat_map(|words| words.split(|c: char| !c.is_alphanumeric()));
    let known: Vec<&str> = own_words.chain(parts).filter(|word| word.chars().count() > 2).collect();
    let estimate = zxcvbn::zxcvbn(&head, &known);
    let score = u8::from(estimate.score());
    let word = strength_in_words(score);
    let advice = estimate.feedback().map_or(String::new(), |feedback| {
        let warning = feedback.warning().map(|warning| warning.to_string());
        warning.into_iter().chain(feedback.suggestions().iter().map(ToString::to_string)).collect::<Vec<_>>().join(" ")
    });
    Strength { score, word, advice }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choose(text: &str) -> Result<PlainPassword, String> {
        PlainPassword::choose(Zeroizing::new(text.into()))
    }

    #[test]
    fn passwords_are_8_to_128_characters_of_any_kind() {
        assert!(choose("1234567").is_err());
        assert!(choose("12345678").is_ok());
        assert!(choose("пароль🔑!").is_ok());
        assert!(choose(&"🔑".repeat(128)).is_ok());
        assert!(choose(&"x".repeat(129)).is_err());
    }

    #[test]
    fn strength_knows_the_persons_own_words() {
        assert!(strength("keywright", &["keywright"]).score <= 1);
        assert!(strength("Northwind1", &["Ada Hopkins", "northwind@example.com"]).score <= 1);
        assert!(strength("hopkins1", &["Ada Hopkins", "northwind@example.com"]).score <= 1);
        assert_eq!(strength("correct horse battery staple tuesday", &[]).word, "Strong");
    }
}
