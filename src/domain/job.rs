//! The jobs that run by themselves.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Job {
    Purge,
    Reminders,
    Mail,
}

impl Job {
    pub const ALL: [Job; 3] = [Self::Purge, Self::Reminders, Self::Mail];

    /// The stored word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Purge => "purge",
            Self::Reminders => "reminders",
            Self::Mail => "mail",
        }
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Purge => "Purge",
            Self::Reminders => "Reminders",
            Self::Mail => "Mail delivery",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|job| job.as_str() == text)
    }
}
