//! Words, colours and marks that several pages share.

use crate::domain::client::GrantType;
use crate::domain::lifecycle::{Effective, State, Status, effective};
use crate::domain::secret::{Expiry, Secret};
use crate::domain::service::Service;

use super::paths;
use super::when::When;
use crate::clock::Timestamp;
use crate::db::roles::{Holder, Holders};

/// A state: its word and the colour and shape that go with it.
pub struct Badge {
    pub word: &'static str,
    pub tone: &'static str,
}

pub fn status_badge(status: Status) -> Badge {
    Badge {
        word: status.word(),
        tone: match status {
            Status::Active => "ok",
            Status::Inactive => "off",
            Status::Deleted => "danger",
        },
    }
}

/// What a client's credentials are worth, with the service's share in it.
pub fn effective_badge(service: &State, client: &State) -> Badge {
    let Effective { status, held_by_service } = effective(service, client);
    match (status, held_by_service) {
        (Status::Inactive, true) => Badge { word: "Inactive with its service", tone: "off" },
        (Status::Deleted, true) => Badge { word: "Deleted with its service", tone: "danger" },
        (status, _) => status_badge(status),
    }
}

pub fn expiry_badge(expiry: Expiry) -> Badge {
    match expiry {
        Expiry::Never => Badge { word: "Never expires", tone: "info" },
        Expiry::Later => Badge { word: "Works", tone: "ok" },
        Expiry::Rotated => Badge { word: "Ends after rotation", tone: "off" },
        Expiry::Soon => Badge { word: "Expires soon", tone: "warning" },
        Expiry::Over => Badge { word: "Expired", tone: "danger" },
    }
}

/// Where a service's logo is, or nothing.
pub fn logo(service: &Service) -> String {
    service.logo_digest.as_ref().map_or(String::new(), |digest| paths::service_logo(service.id, digest))
}

/// A row of the list of secrets.
pub struct SecretRow {
    pub description: String,
    pub environment: &'static str,
    pub last_four: String,
    pub created_by: String,
    pub created: When,
    pub last_used: Option<When>,
    pub expires: Option<When>,
    pub badge: Badge,
    pub can_rotate: bool,
    pub rotation: String,
    pub deletion: String,
}

impl SecretRow {
    pub fn new(secret: &Secret, last_used: Option<When>, now: Timestamp) -> Self {
        let expiry = secret.expiry(now);
        Self {
            description: secret.description.clone(),
            environment: secret.environment.word(),
            last_four: secret.last_four.clone(),
            created_by: secret.created_by.clone(),
            created: When::new(secret.created_at, now),
            last_used,
            expires: When::maybe(secret.expires_at, now),
            badge: expiry_badge(expiry),
            can_rotate: expiry != Expiry::Over,
            rotation: paths::secret_rotation(secret.id),
            deletion: paths::secret_deletion(secret.id),
        }
    }
}

/// Clients named in a sentence, with how many there are in all.
pub struct SomeClients {
    pub named: Vec<SomeClient>,
    pub count: i64,
}

pub struct SomeClient {
    pub href: String,
    pub name: String,
    pub deleted: bool,
}

impl SomeClients {
    pub const NAMED: i64 = 10;

    pub fn of((named, count): &Holders) -> Self {
        let client = |holder: &Holder| SomeClient {
            href: paths::client(holder.uid),
            name: holder.name.clone(),
            deleted: holder.deleted,
        };
        Self { named: named.iter().map(client).collect(), count: *count }
    }

    pub fn more(&self) -> i64 {
        self.count - self.named.len() as i64
    }
}

/// The grants of a client as short words.
pub fn grants(grants: &[GrantType]) -> Vec<&'static str> {
    grants.iter().map(|grant| grant.label()).collect()
}
