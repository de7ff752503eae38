//! A tenant: a company with its people, services and rules.

use std::time::Duration;

use super::client_id::ClientIdPrefix;
use super::id::TenantId;
use crate::clock::Timestamp;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tenant {
    pub id: TenantId,
    pub name: String,
    pub client_id_prefix: ClientIdPrefix,
    pub policy: TenantPolicy,
}

/// What a tenant has decided for itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TenantPolicy {
    /// Developers may add clients that act on their own, with the role Tenant Member only.
    pub developers_may_add_machine_clients: bool,
    /// `implicit`, and the response types that put an access token into the browser's address.
    pub legacy_grants: bool,
    /// How long deleted things can be brought back, in days; `None` leaves it to the deployment.
    pub grace_days: Option<u32>,
    /// Nobody works here without a second factor.
    pub second_factor_required: bool,
    pub sessions: SessionLengths,
}

/// How long a signed-in person stays signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionLengths {
    /// Since the session was last used.
    pub idle_minutes: u32,
    /// Since sign-in.
    pub hours: u32,
}

impl SessionLengths {
    /// The most that a tenant may choose.
    pub const LONGEST: SessionLengths = SessionLengths { idle_minutes: 24 * 60, hours: 168 };

    /// How long a session may be unused.
    pub const fn idle(self) -> Duration {
        Duration::from_secs(self.idle_minutes as u64 * 60)
    }

    /// How long a session lasts at most.
    pub const fn total(self) -> Duration {
        Duration::from_secs(self.hours as u64 * 3_600)
    }

    /// Whether a session that began and was last used then has ended.
    pub fn are_over(self, begun_at: Timestamp, seen_at: Timestamp, now: Timestamp) -> bool {
        now.since(begun_at) >= self.total() || now.since(seen_at) >= self.idle()
    }
}

impl Default for SessionLengths {
    fn default() -> Self {
        Self { idle_minutes: 120, hours: 12 }
    }
}

/// The client roles that every tenant has, with what they are for.
pub const BUILT_IN_ROLES: [(&str, &str); 4] = [
    (TENANT_MEMBER, "Every client has it; it can't be removed."),
    (TENANT_ADMINISTRATOR, "Full rights over the tenant's resources."),
    ("Tenant Contributor", "May read and write the tenant's resources."),
    ("Tenant Viewer", "May read the tenant's resources."),
];

pub const TENANT_MEMBER: &str = "Tenant Member";
pub const TENANT_ADMINISTRATOR: &str = "Tenant Administrator";
