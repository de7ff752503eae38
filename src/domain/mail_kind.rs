//! The kinds of mail that a person may switch off.

/// What a person may switch off. What is about the account's security, or was asked for, has no kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailKind {
    Releases,
    SecretExpiry,
    Purge,
    Communities,
}

impl MailKind {
    pub const ALL: [MailKind; 4] = [Self::Releases, Self::SecretExpiry, Self::Purge, Self::Communities];

    /// The stored word, and the form's.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Releases => "releases",
            Self::SecretExpiry => "secret-expiry",
            Self::Purge => "purge",
            Self::Communities => "communities",
        }
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Releases => "Release requests and decisions",
            Self::SecretExpiry => "Secrets that expire",
            Self::Purge => "Services and clients that are about to be removed for good",
            Self::Communities => "Invitations to communities",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}
