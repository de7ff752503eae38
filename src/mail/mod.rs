//! What Keywright writes to people, and how it is handed over.

mod letter;
mod transport;

pub use transport::Transport;

use serde::{Deserialize, Serialize};

use crate::domain::mail_kind::MailKind;

/// Something to tell somebody. A new one: here, in [`Message::kind`] and in `letter.rs`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// Names nobody: the address is not proved yet, and a name could be anybody's message to it.
    Activation {
        code: String,
    },
    AccountExists {
        name: String,
        portal: String,
    },
    PasswordReset {
        name: String,
        code: String,
    },
    PasswordChanged {
        name: String,
        /// There were sign-ins through another provider, which let nobody in any more.
        unlinked: bool,
    },
    /// The link is good once and until the day named.
    Invitation {
        company: String,
        inviter: String,
        roles: String,
        link: String,
        until: String,
    },
    SecondFactorChanged {
        name: String,
        what: String,
    },
    IdentityLinked {
        name: String,
        provider: String,
    },
    CommunityInvitation {
        name: String,
        community: String,
        company: String,
        link: String,
    },
    ReleaseRequested {
        name: String,
        service: String,
        company: String,
        requester: String,
        link: String,
    },
    ReleaseDecided {
        name: String,
        service: String,
        decision: &'static str,
        decider: String,
        reason: String,
        link: String,
    },
    SecretExpires {
        name: String,
        client: String,
        secret: String,
        when: String,
        link: String,
    },
    SecretExpired {
        name: String,
        client: String,
        secret: String,
        link: String,
    },
    ClientPurgeDue {
        name: String,
        client: String,
        when: String,
        link: String,
    },
    /// Speaks for the clients that went with it, too.
    ServicePurgeDue {
        name: String,
        service: String,
        clients: i64,
        when: String,
        link: String,
    },
}

impl Message {
    /// The switch that this message obeys, if it can be switched off.
    pub const fn kind(&self) -> Option<MailKind> {
        match self {
            Self::Activation { .. } | Self::AccountExists { .. } | Self::Invitation { .. } => None,
            Self::PasswordReset { .. } | Self::PasswordChanged { .. } => None,
            Self::SecondFactorChanged { .. } | Self::IdentityLinked { .. } => None,
            Self::CommunityInvitation { .. } => Some(MailKind::Communities),
            Self::ReleaseRequested { .. } | Self::ReleaseDecided { .. } => Some(MailKind::Releases),
            Self::SecretExpires { .. } | Self::SecretExpired { .. } => Some(MailKind::SecretExpiry),
            Self::ClientPurgeDue { .. } | Self::ServicePurgeDue { .. } => Some(MailKind::Purge),
        }
    }
}

/// A message in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    pub subject: String,
    pub text: String,
    pub html: String,
}
