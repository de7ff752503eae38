//! Audit events: who did what to what, and the chain that makes a change to the past show.

use sha2::{Digest, Sha256};

use crate::clock::Timestamp;

/// What happened. The stored word stays; the sentence is for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuditAction {
    TenantCreated,
    AccountActivated,
    AccountRenamed,
    PasswordChanged,
    PasswordReset,
    SignInBlocked,
    SessionsEnded,
    ServiceAdded,
    ServiceUpdated,
    ServiceDeactivated,
    ServiceReactivated,
    ServiceDeleted,
    ServicePurged,
    ServiceReleased,
    ClientAdded,
    ClientUpdated,
    ClientDeactivated,
    ClientReactivated,
    ClientDeleted,
    ClientPurged,
    SecretAdded,
    SecretRevealed,
    SecretRotated,
    SecretDeleted,
}

impl AuditAction {
    pub const ALL: [AuditAction; 24] = [
        AuditAction::TenantCreated,
        AuditAction::AccountActivated,
        AuditAction::AccountRenamed,
        AuditAction::PasswordChanged,
        AuditAction::PasswordReset,
        AuditAction::SignInBlocked,
        AuditAction::SessionsEnded,
        AuditAction::ServiceAdded,
        AuditAction::ServiceUpdated,
        AuditAction::ServiceDeactivated,
        AuditAction::ServiceReactivated,
        AuditAction::ServiceDeleted,
        AuditAction::ServicePurged,
        AuditAction::ServiceReleased,
        AuditAction::ClientAdded,
        AuditAction::ClientUpdated,
        AuditAction::ClientDeactivated,
        AuditAction::ClientReactivated,
        AuditAction::ClientDeleted,
        AuditAction::ClientPurged,
        AuditAction::SecretAdded,
        AuditAction::SecretRevealed,
        AuditAction::SecretRotated,
        AuditAction::SecretDeleted,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TenantCreated => "tenant.created",
            Self::AccountActivated => "account.activated",
            Self::AccountRenamed => "account.renamed",
            Self::PasswordChanged => "password.changed",
            Self::PasswordReset => "password.reset",
            Self::SignInBlocked => "sign_in.blocked",
            Self::SessionsEnded => "sessions.ended",
            Self::ServiceAdded => "service.added",
            Self::ServiceUpdated => "service.updated",
            Self::ServiceDeactivated => "service.deactivated",
            Self::ServiceReactivated => "service.reactivated",
            Self::ServiceDeleted => "service.deleted",
            Self::ServicePurged => "service.purged",
            Self::ServiceReleased => "service.released",
            Self::ClientAdded => "client.added",
            Self::ClientUpdated => "client.updated",
            Self::ClientDeactivated => "client.deactivated",
            Self::ClientReactivated => "client.reactivated",
            Self::ClientDeleted => "client.deleted",
            Self::ClientPurged => "client.purged",
            Self::SecretAdded => "secret.added",
            Self::SecretRevealed => "secret.revealed",
            Self::SecretRotated => "secret.rotated",
            Self::SecretDeleted => "secret.deleted",
        }
    }

    /// Follows the actor's name and is followed by the target's.
    pub const fn phrase(self) -> &'static str {
        match self {
            Self::TenantCreated => "created the company",
            Self::AccountActivated => "activated the account",
            Self::AccountRenamed => "renamed the account",
            Self::PasswordChanged => "changed the password of",
            Self::PasswordReset => "reset the password of",
            Self::SignInBlocked => "was kept from signing in as",
            Self::SessionsEnded => "ended sessions of",
            Self::ServiceAdded => "added the service",
            Self::ServiceUpdated => "updated the service",
            Self::ServiceDeactivated => "deactivated the service",
            Self::ServiceReactivated => "reactivated the service",
            Self::ServiceDeleted => "deleted the service",
            Self::ServicePurged => "removed for good the service",
            Self::ServiceReleased => "released the service",
            Self::ClientAdded => "added the client",
            Self::ClientUpdated => "updated the client",
            Self::ClientDeactivated => "deactivated the client",
            Self::ClientReactivated => "reactivated the client",
            Self::ClientDeleted => "deleted the client",
            Self::ClientPurged => "removed for good the client",
            Self::SecretAdded => "added the secret",
            Self::SecretRevealed => "was shown the secret",
            Self::SecretRotated => "rotated the secret",
            Self::SecretDeleted => "deleted the secret",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.as_str() == text)
    }
}

/// One field's change. Never a secret value.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Change {
    pub field: String,
    pub before: String,
    pub after: String,
}

/// The differences between two lists of facts with the same labels in the same order.
pub fn changes(before: &[(&'static str, String)], after: &[(&'static str, String)]) -> Vec<Change> {
    before
        .iter()
        .zip(after)
        .filter(|((_, before), (_, after))| before != after)
        .map(|((field, before), (_, after))| Change {
            field: (*field).to_owned(),
            before: before.clone(),
            after: after.clone(),
        })
        .collect()
}

/// An event as it stands in the trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEvent {
    pub seq: i64,
    pub at: Timestamp,
    pub tenant_id: Option<String>,
    pub actor_id: Option<String>,
    pub actor_name: String,
    pub address: String,
    pub action: String,
    pub target_kind: String,
    pub target_id: String,
    pub target_name: String,
    pub service_id: Option<String>,
    pub client_uid: Option<String>,
    pub target_version: Option<i32>,
    /// JSON of `[Change]`, kept as written so that the hash can be recomputed.
    pub changes: String,
    pub previous_hash: String,
    pub hash: String,
}

impl AuditEvent {
    pub fn change_list(&self) -> Vec<Change> {
        serde_json::from_str(&self.changes).unwrap_or_default()
    }

    /// SHA-256 over every field and the hash before it. Each part is preceded by its length, so that no two
    /// events can be written to the same bytes.
    pub fn computed_hash(&self) -> String {
        let mut hash = Sha256::new();
        let mut part = |text: Option<&str>| match text {
            Some(text) => {
                hash.update((text.len() as u64).to_be_bytes());
                hash.update(text.as_bytes());
            }
            None => hash.update(u64::MAX.to_be_bytes()),
        };
        part(Some(&self.seq.to_string()));
        part(Some(&self.at.micros().to_string()));
        part(self.tenant_id.as_deref());
        part(self.actor_id.as_deref());
        part(Some(&self.actor_name));
        part(Some(&self.address));
        part(Some(&self.action));
        part(Some(&self.target_kind));
        part(Some(&self.target_id));
        part(Some(&self.target_name));
        part(self.service_id.as_deref());
        part(self.client_uid.as_deref());
        part(self.target_version.map(|version| version.to_string()).as_deref());
        part(Some(&self.changes));
        part(Some(&self.previous_hash));
        hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_words_are_read_back() {
        for action in AuditAction::ALL {
            assert_eq!(AuditAction::parse(action.as_str()), Some(action));
        }
    }

    #[test]
    fn the_hash_covers_where_one_field_ends_and_the_next_begins() {
        let event = |name: &str, address: &str| AuditEvent {
            seq: 1,
            at: Timestamp::from_micros(1),
            tenant_id: None,
            actor_id: None,
            actor_name: name.into(),
            address: address.into(),
            action: String::new(),
            target_kind: String::new(),
            target_id: String::new(),
            target_name: String::new(),
            service_id: None,
            client_uid: None,
            target_version: None,
            changes: "[]".into(),
            previous_hash: String::new(),
            hash: String::new(),
        };
        assert_ne!(event("ab", "c").computed_hash(), event("a", "bc").computed_hash());
    }

    #[test]
    fn only_what_differs_is_a_change() {
        let before = [("Name", "a".to_owned()), ("Domain", "x".to_owned())];
        let after = [("Name", "b".to_owned()), ("Domain", "x".to_owned())];
        assert_eq!(changes(&before, &after), [Change { field: "Name".into(), before: "a".into(), after: "b".into() }]);
    }
}
