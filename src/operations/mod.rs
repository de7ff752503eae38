//! One function per human act: the change and its audit event in one transaction. No HTTP types.
//! Each act demands the permit that `access` gives for it.

pub mod accounts;
pub mod audit;
pub mod backup;
pub mod client_keys;
pub mod clients;
pub mod communities;
pub mod company;
pub mod deployment;
pub mod fill;
pub mod jobs;
pub mod mail;
pub mod members;
pub mod protocol;
pub mod purge;
pub mod registration_tokens;
pub mod releases;
pub mod reminders;
pub mod roles;
pub mod scopes;
pub mod secrets;
pub mod services;
pub mod sessions;
mod tenants;
pub mod test_users;
mod tidying;

use std::time::Duration;

use protocol::log::ProtocolLog;
use protocol::signing::KeyRing;

use crate::access::{Act, Actor, Denied, PasswordWanted, Permit, TenantScope};
use crate::clock::{Clock, Timestamp};
use crate::crypto::hashing::Passwords;
use crate::crypto::keys::Keys;
use crate::crypto::random;
use crate::db::invitations::Invitation;
use crate::db::{self, Conflict, Db, Reader, Writer};
use crate::domain::audit::{AuditAction, AuditEvent, Change};
use crate::domain::client::Client;
use crate::domain::field_errors::FieldErrors;
use crate::domain::id::TenantId;
use crate::domain::lifecycle::{Grace, WrongState};
use crate::domain::service::Service;
use crate::domain::tenant::TenantPolicy;

/// Everything that acts need, shared by pages and jobs.
pub struct Operations {
    db: Db,
    clock: Clock,
    keys: Keys,
    passwords: Passwords,
    rules: Rules,
    protocol_log: ProtocolLog,
    key_ring: KeyRing,
}

/// What the operator has configured.
#[derive(Clone, Debug)]
pub struct Rules {
    /// For tenants that have not set their own.
    pub grace: Grace,
    pub registration_open: bool,
    /// Without a slash at the end; also the OAuth issuer.
    pub public_url: String,
}

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why an act was not done. Nothing has changed then.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("no such thing")]
    NotFound,
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error("the form has faults")]
    Invalid(FieldErrors),
    #[error(transparent)]
    WrongState(#[from] WrongState),
    /// Somebody changed the thing since the person saw it: what happened since, oldest first, and the version now.
    #[error("changed meanwhile")]
    Stale { since: Vec<AuditEvent>, version: i32 },
    /// The person must say of each of these that it is meant, and has not said so of all.
    #[error("not confirmed yet")]
    Unconfirmed(Vec<Confirmation>),
    /// Nobody decides on what they asked for themselves.
    #[error("one's own request")]
    OwnRequest,
    /// What the act would do is sensitive, and the password was given too long ago.
    #[error(transparent)]
    PasswordWanted(#[from] PasswordWanted),
    /// Too many failed tries.
    #[error("blocked until {until}")]
    Blocked { until: Timestamp },
    #[error(transparent)]
    Db(db::Error),
}

impl From<db::Error> for Error {
    fn from(error: db::Error) -> Self {
        match error {
            db::Error::NotFound => Self::NotFound,
            other => Self::Db(other),
        }
    }
}

/// A choice that is allowed and has a consequence worth a second look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confirmation {
    /// The value of the form's `confirmed` field that says it is meant.
    pub key: &'static str,
    pub text: String,
}

/// Refuses while one of them has not been confirmed, and names all then: a form keeps the boxes that were ticked.
fn all_meant(wanted: Vec<Confirmation>, confirmed: &[String]) -> Result<()> {
    let meant = |confirmation: &Confirmation| confirmed.iter().any(|key| key == confirmation.key);
    if wanted.iter().all(meant) { Ok(()) } else { Err(Error::Unconfirmed(wanted)) }
}

impl Operations {
    pub fn new(db: Db, clock: Clock, keys: Keys, passwords: Passwords, rules: Rules) -> Self {
        let (protocol_log, key_ring) = (ProtocolLog::default(), KeyRing::default());
        Self { db, clock, keys, passwords, rules, protocol_log, key_ring }
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// How long things deleted now can be brought back: as the tenant says, or else the deployment.
    pub fn grace(&self, policy: &TenantPolicy) -> Grace {
        policy.grace_days.map_or(self.rules.grace, Grace::of_days)
    }

    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// What happens at the protocol endpoints is noted here.
    pub fn protocol_log(&self) -> &ProtocolLog {
        &self.protocol_log
    }

    /// Material for a new id: the time in milliseconds since 1970, and random bytes.
    fn id_material(&self) -> (u64, [u8; 10]) {
        (u64::try_from(self.now().micros() / 1_000).unwrap_or(0), random::bytes())
    }
}

/// Makes an id of the type that the context wants.
macro_rules! new_id {
    ($operations:expr, $kind:ty) => {{
        let (millis, random) = $operations.id_material();
        <$kind>::new(millis, random)
    }};
}
use new_id;

/// What an event is about.
enum Target<'a> {
    Service(&'a Service),
    Client(&'a Client),
    /// A secret of a client, named by its description and last four characters.
    Secret {
        client: &'a Client,
        name: String,
    },
    /// Keys of a client, named by their `kid` or thumbprint.
    Key {
        client: &'a Client,
        name: String,
    },
    Account {
        id: String,
        name: &'a str,
    },
    Tenant {
        id: TenantId,
        name: &'a str,
    },
    Invitation(&'a Invitation),
    /// A tenant whose settings have this version from now on.
    TenantAt {
        id: TenantId,
        name: &'a str,
        version: i32,
    },
    /// Whatever else has a name: a member, a role, a community. `kind` is the word in the trail.
    Thing {
        kind: &'static str,
        id: String,
        name: &'a str,
    },
    /// The same where the thing counts its versions: a form that came too late is told what happened since.
    Edited {
        kind: &'static str,
        id: String,
        name: &'a str,
        version: i32,
    },
}

/// Who did it.
enum Who<'a> {
    Person(&'a Actor),
    /// Somebody who is not signed in to a tenant, or not yet.
    Visitor {
        id: Option<String>,
        name: &'a str,
        address: &'a str,
        tenant: Option<TenantId>,
    },
    /// Another company, in the trail of the tenant that it concerns: who of its people it was is theirs to know.
    Company {
        name: &'a str,
        trail: TenantId,
    },
    /// Keywright itself, in a tenant.
    Job {
        name: &'static str,
        tenant: TenantId,
    },
}

/// Writes the audit event of a change; the last thing in its transaction (see `db::audit::append`).
fn record(
    writer: &mut Writer<'_>,
    at: Timestamp,
    who: Who<'_>,
    action: AuditAction,
    target: &Target<'_>,
    changes: &[Change],
) -> Result<()> {
    let (tenant_id, actor_id, actor_name, address) = match who {
        Who::Person(actor) => {
            let membership = actor.membership();
            (
                Some(membership.tenant_id.to_string()),
                Some(membership.account_id.to_string()),
                membership.name.clone(),
                actor.address().to_owned(),
            )
        }
        Who::Visitor { id, name, address, tenant } => {
            (tenant.map(|id| id.to_string()), id, name.to_owned(), address.to_owned())
        }
        Who::Company { name, trail } => (Some(trail.to_string()), None, name.to_owned(), String::new()),
        Who::Job { name, tenant } => (Some(tenant.to_string()), None, name.to_owned(), String::new()),
    };
    let (target_kind, target_id, target_name, service_id, client_uid, target_version) = match target {
        Target::Service(service) => (
            "service",
            service.id.to_string(),
            service.settings.name.clone(),
            Some(service.id.to_string()),
            None,
            Some(service.version),
        ),
        Target::Client(client) => (
            "client",
            client.uid.to_string(),
            client.settings.name.clone(),
            Some(client.service_id.to_string()),
            Some(client.uid.to_string()),
            Some(client.version),
        ),
        Target::Secret { client, name } => (
            "secret",
            client.uid.to_string(),
            name.clone(),
            Some(client.service_id.to_string()),
            Some(client.uid.to_string()),
            None,
        ),
        Target::Key { client, name } => (
            "key",
            client.uid.to_string(),
            name.clone(),
            Some(client.service_id.to_string()),
            Some(client.uid.to_string()),
            None,
        ),
        Target::Account { id, name } => ("account", id.clone(), (*name).to_owned(), None, None, None),
        Target::Tenant { id, name } => ("tenant", id.to_string(), (*name).to_owned(), None, None, None),
        Target::TenantAt { id, name, version } => {
            ("tenant", id.to_string(), (*name).to_owned(), None, None, Some(*version))
        }
        Target::Invitation(invitation) => {
            ("invitation", invitation.id.to_string(), invitation.email.as_str().to_owned(), None, None, None)
        }
        Target::Thing { kind, id, name } => (*kind, id.clone(), (*name).to_owned(), None, None, None),
        Target::Edited { kind, id, name, version } => {
            (*kind, id.clone(), (*name).to_owned(), None, None, Some(*version))
        }
    };
    // What a platform approver or an operator does to a tenant's things stands in that tenant's trail.
    let tenant_id = match target {
        Target::Service(service) => Some(service.tenant_id.to_string()),
        Target::Client(client) | Target::Secret { client, .. } | Target::Key { client, .. } => {
            Some(client.tenant_id.to_string())
        }
        Target::Tenant { id, .. } | Target::TenantAt { id, .. } => Some(id.to_string()),
        Target::Invitation(invitation) => Some(invitation.tenant_id.to_string()),
        Target::Account { .. } | Target::Thing { .. } | Target::Edited { .. } => tenant_id,
    };
    let event = AuditEvent {
        seq: 0,
        at,
        tenant_id,
        actor_id,
        actor_name,
        address,
        action: action.as_str().to_owned(),
        target_kind: target_kind.to_owned(),
        target_id,
        target_name,
        service_id,
        client_uid,
        target_version,
        changes: serde_json::to_string(changes).unwrap_or_else(|_| "[]".into()),
        previous_hash: String::new(),
        hash: String::new(),
    };
    Ok(db::audit::append(writer, event)?)
}

/// How many things the trail names; a longer list is counted.
const NAMED: usize = 20;

/// The first of `count` names, one a line.
fn some_of<'n>(names: impl Iterator<Item = &'n str>, count: usize) -> String {
    let mut lines: Vec<&str> = names.take(NAMED).collect();
    let more = format!("and {} more", count.saturating_sub(NAMED));
    if count > NAMED {
        lines.push(&more);
    }
    lines.join("\n")
}

/// Refuses a form that was served for another company than the one that the person is in now: somebody who belongs to two
/// may have switched in another tab.
fn served_for<A: Act>(permit: &Permit<A>, company: &str) -> Result<()> {
    let now = permit.actor().membership();
    if company.is_empty() || company == now.tenant_id.to_string() {
        return Ok(());
    }
    let reason = format!(
        "This form was for another company, and you have switched to {} since. Nothing was changed.",
        now.tenant_name
    );
    Err(WrongState::because(reason).into())
}

/// Refuses to undo what somebody else has overtaken: undoing a deactivation must not take a deletion back.
fn refuse_overtaken(version_seen: &str, version: i32) -> Result<()> {
    if version_seen.is_empty() || version_seen.parse() == Ok(version) {
        return Ok(());
    }
    Err(WrongState::because("Somebody has changed this since. Look at it before you bring it back.").into())
}

/// Refuses a form that was served before somebody else changed the thing.
fn refuse_stale(
    reader: &mut Reader<'_>,
    scope: TenantScope,
    thing: &impl ToString,
    version_seen: &str,
    version: i32,
) -> Result<()> {
    if version_seen.parse() == Ok(version) {
        return Ok(());
    }
    let seen = version_seen.parse().unwrap_or(0);
    let since = db::audit::since_version(reader, scope, &thing.to_string(), seen)?;
    Err(Error::Stale { since, version })
}

/// Runs an act that makes one thing per served form. `make` does it and answers with the new thing's id; when the same
/// form comes again, however close behind, the id of the thing made first is answered and nothing is made.
fn once<T: std::str::FromStr + ToString>(
    operations: &Operations,
    submission: &str,
    mut make: impl FnMut(&mut Writer<'_>) -> Result<T>,
) -> Result<(T, Made)> {
    let found = |made: Option<String>| made.and_then(|id| id.parse::<T>().ok()).map(|id| (id, Made::Before));
    let attempt = operations.db.write(|writer| {
        if let Some(before) = found(db::submissions::made(writer, submission)?) {
            return Ok(before);
        }
        // The token first: on PostgreSQL the same form sent again waits here until this transaction has ended.
        db::submissions::claim(writer, submission, operations.now())?;
        let made = make(writer)?;
        db::submissions::note(writer, submission, &made.to_string())?;
        Ok((made, Made::Now))
    });
    match attempt {
        // The other request committed between our look and our claim.
        Err(Error::Db(db::Error::Conflict(Conflict::SubmissionRepeated))) => {
            let made = operations.db.read(|reader| db::submissions::made(reader, submission))?;
            found(made).ok_or(Error::NotFound)
        }
        other => other,
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Made {
    Now,
    Before,
}

/// How long a served form can be sent again without making a second thing.
pub const SUBMISSIONS_KEPT_FOR: Duration = Duration::from_secs(2 * 86_400);
