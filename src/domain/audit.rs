//! Audit events: who did what to what, and the chain that makes a change to the past show.

use sha2::{Digest, Sha256};

use crate::clock::Timestamp;

/// What happened: one line each. The stored word stays; the phrase is for people, follows the actor's name and is
/// followed by the target's.
macro_rules! actions {
    ($($name:ident = $stored:literal, $phrase:literal;)*) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum AuditAction { $($name),* }

        impl AuditAction {
            pub const ALL: &'static [AuditAction] = &[$(AuditAction::$name),*];

            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $stored),* }
            }

            pub const fn phrase(self) -> &'static str {
                match self { $(Self::$name => $phrase),* }
            }

            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|action| action.as_str() == text)
            }
        }
    };
}

actions! {
    TenantCreated = "tenant.created", "created the company";
    AccountActivated = "account.activated", "activated the account";
    AccountRenamed = "account.renamed", "renamed the account";
    PasswordChanged = "password.changed", "changed the password of";
    PasswordReset = "password.reset", "reset the password of";
    SignInBlocked = "sign_in.blocked", "was kept from signing in as";
    SessionsEnded = "sessions.ended", "ended sessions of";
    ServiceAdded = "service.added", "added the service";
    ServiceUpdated = "service.updated", "updated the service";
    ServiceDeactivated = "service.deactivated", "deactivated the service";
    ServiceReactivated = "service.reactivated", "reactivated the service";
    ServiceDeleted = "service.deleted", "deleted the service";
    ServicePurged = "service.purged", "removed for good the service";
    ServiceReleased = "service.released", "released the service";
    ClientAdded = "client.added", "added the client";
    ClientUpdated = "client.updated", "updated the client";
    ClientDeactivated = "client.deactivated", "deactivated the client";
    ClientReactivated = "client.reactivated", "reactivated the client";
    RegistrationAccessTokenRevoked = "client.registration_access_token_revoked", "revoked the registration access token of the client";
    ClientDeleted = "client.deleted", "deleted the client";
    ClientTried = "client.tried", "tried out the client";
    ClientPurged = "client.purged", "removed for good the client";
    SecretAdded = "secret.added", "added the secret";
    SecretRenewed = "secret.renewed", "got another value, before it was shown, for the secret";
    SecretRevealed = "secret.revealed", "was shown the secret";
    SecretRotated = "secret.rotated", "rotated the secret";
    SecretDeleted = "secret.deleted", "deleted the secret";
    ClientKeyAdded = "client_key.added", "added the key";
    ClientKeyDeleted = "client_key.deleted", "deleted the key";
    SecondFactorAdded = "second_factor.added", "added a second factor to";
    SecondFactorRemoved = "second_factor.removed", "removed the second factor of";
    RecoveryCodesRenewed = "recovery_codes.renewed", "renewed the recovery codes of";
    RecoveryCodeUsed = "recovery_code.used", "used a recovery code of";
    IdentityLinked = "identity.linked", "linked another sign-in to";
    IdentityUnlinked = "identity.unlinked", "unlinked another sign-in from";
    MailChoicesChanged = "mail_choices.changed", "chose the mail for";
    InvitationSent = "invitation.sent", "invited";
    InvitationSentAgain = "invitation.sent_again", "sent again the invitation of";
    InvitationWithdrawn = "invitation.withdrawn", "withdrew the invitation of";
    InvitationAccepted = "invitation.accepted", "accepted the invitation as";
    MemberRolesChanged = "member.roles_changed", "changed the roles of";
    MemberRemoved = "member.removed", "removed the member";
    MemberLeft = "member.left", "left the company as";
    TenantUpdated = "tenant.updated", "updated the company";
    SettingsChanged = "settings.changed", "changed the settings of";
    RegistrationTokenIssued = "registration_token.issued", "issued the registration token";
    RegistrationTokenRevoked = "registration_token.revoked", "revoked the registration token";
    PlatformApproverNamed = "platform_approver.named", "named as platform approver";
    PlatformApproverDismissed = "platform_approver.dismissed", "dismissed as platform approver";
    MailRetried = "mail.retried", "sent again the mail";
    MailDiscarded = "mail.discarded", "discarded the mail";
    RoleAdded = "role.added", "added the role";
    RoleUpdated = "role.updated", "updated the role";
    RoleDeleted = "role.deleted", "deleted the role";
    ScopeAdded = "scope.added", "added the scope";
    ScopeUpdated = "scope.updated", "updated the scope";
    ScopeDeleted = "scope.deleted", "deleted the scope";
    CommunityAdded = "community.added", "added the community";
    CommunityUpdated = "community.updated", "updated the community";
    CommunityDeleted = "community.deleted", "deleted the community";
    CommunityInvited = "community.invited", "invited a company to the community";
    CommunityInvitationWithdrawn = "community.invitation_withdrawn", "withdrew an invitation to the community";
    CommunityJoined = "community.joined", "joined the community";
    CommunityDeclined = "community.declined", "declined the community";
    CommunityLeft = "community.left", "left the community";
    CommunityTenantRemoved = "community.tenant_removed", "removed a company from the community";
    CommunityRoleAdded = "community_role.added", "added the community role";
    CommunityRoleUpdated = "community_role.updated", "updated the community role";
    CommunityRoleDeleted = "community_role.deleted", "deleted the community role";
    TestUserAdded = "test_user.added", "added a test user to";
    TestUserRemoved = "test_user.removed", "removed a test user from";
    ReleaseRequested = "release.requested", "requested the release of";
    ReleaseWithdrawn = "release.withdrawn", "withdrew the release request of";
    ReleaseRejected = "release.rejected", "rejected the release of";
    ServiceTakenBack = "service.taken_back", "took back to sandbox the service";
    ReleaseChangesAccepted = "release.changes_accepted", "accepted the changes at the service";
    SigningKeysRotated = "signing_keys.rotated", "rotated the signing keys of";
    AuditExported = "audit.exported", "exported the audit log of";
}

/// What acts are about, for choosing several at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActionGroup {
    Services,
    Releases,
    Clients,
    Secrets,
    Members,
    Roles,
    Communities,
    Accounts,
    Company,
}

impl ActionGroup {
    pub const ALL: [ActionGroup; 9] = [
        Self::Services,
        Self::Releases,
        Self::Clients,
        Self::Secrets,
        Self::Members,
        Self::Roles,
        Self::Communities,
        Self::Accounts,
        Self::Company,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Services => "services",
            Self::Releases => "releases",
            Self::Clients => "clients",
            Self::Secrets => "secrets",
            Self::Members => "members",
            Self::Roles => "roles",
            Self::Communities => "communities",
            Self::Accounts => "accounts",
            Self::Company => "company",
        }
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Services => "Services",
            Self::Releases => "Test users and releases",
            Self::Clients => "Clients",
            Self::Secrets => "Secrets and keys",
            Self::Members => "Members and invitations",
            Self::Roles => "Client roles and scopes",
            Self::Communities => "Communities",
            Self::Accounts => "Accounts and sign-in",
            Self::Company => "Company",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|group| group.as_str() == text)
    }

    pub fn actions(self) -> impl Iterator<Item = AuditAction> {
        AuditAction::ALL.iter().copied().filter(move |action| action.group() == self)
    }
}

impl AuditAction {
    pub fn group(self) -> ActionGroup {
        match self.as_str().split('.').next().unwrap_or_default() {
            "service" => ActionGroup::Services,
            "test_user" | "release" => ActionGroup::Releases,
            "client" => ActionGroup::Clients,
            "secret" | "client_key" => ActionGroup::Secrets,
            "member" | "invitation" => ActionGroup::Members,
            "role" | "scope" => ActionGroup::Roles,
            "community" | "community_role" => ActionGroup::Communities,
            "account" | "password" | "sign_in" | "sessions" | "second_factor" | "recovery_codes" | "recovery_code"
            | "identity" | "mail_choices" => ActionGroup::Accounts,
            _ => ActionGroup::Company,
        }
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
            assert_eq!(AuditAction::parse(action.as_str()), Some(*action));
        }
    }

    #[test]
    fn every_action_can_be_chosen_by_its_group() {
        let grouped: usize = ActionGroup::ALL.into_iter().map(|group| group.actions().count()).sum();
        assert_eq!(grouped, AuditAction::ALL.len());
        let company: Vec<_> = ActionGroup::Company.actions().map(AuditAction::as_str).collect();
        let expected =
            ["tenant.", "settings.", "platform_approver.", "signing_keys.", "audit.", "mail.", "registration_token."];
        let strays: Vec<_> =
            company.into_iter().filter(|word| !expected.iter().any(|start| word.starts_with(start))).collect();
        assert!(strays.is_empty(), "in no group of their own: {strays:?}");
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
