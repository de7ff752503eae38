//! The way from sandbox to live and back: requests, decisions, and what changes at a live service meanwhile.

use super::{Error, Made, Operations, Result, Target, Who, new_id, once, record};
use crate::access::{Act, Confirmed, Denied, Permit, Role, TenantScope, act};
use crate::db::{self, Reader, Writer};
use crate::domain::audit::{AuditAction, Change};
use crate::domain::client::Client;
use crate::domain::field_errors::FieldErrors;
use crate::domain::id::{AccountId, ReleaseRequestId, ReviewChangeId, ServiceId};
use crate::domain::lifecycle::WrongState;
use crate::domain::release::checks::{self, Check, Outcome};
use crate::domain::release::evidence::{Evidence, Judged, JudgedClient};
use crate::domain::release::{ChangeToReview, MAX_WORDS, REVIEWED_FIELDS, ReleaseRequest, RequestState};
use crate::domain::role::ClientRoles;
use crate::domain::service::{Environment, Service};
use crate::domain::text;
use crate::mail::Message;

/// A service as an approver would judge it now.
pub struct Judgement {
    pub service: Service,
    pub evidence: Evidence,
    pub hash: String,
    pub checks: Vec<Check>,
}

/// Reads a service as an approver judges it. A fixed number of statements.
pub fn judge(reader: &mut Reader<'_>, scope: TenantScope, id: ServiceId) -> Result<Judgement> {
    let service = db::services::find(reader, scope, id)?;
    let clients = db::clients::remaining(reader, scope, id)?;
    let uids: Vec<_> = clients.iter().map(|client| client.uid).collect();
    let secrets = db::secrets::of_clients(reader, &uids)?;
    let keys = db::client_keys::of_clients(reader, &uids)?;
    let roles = db::clients::all_roles_of(reader, &uids)?;
    let none = ClientRoles::default();
    let judged = Judged {
        service: &service,
        clients: clients
            .iter()
            .map(|client| {
                let held = roles.get(&client.uid).unwrap_or(&none);
                JudgedClient {
                    client,
                    secrets: secrets.get(&client.uid).map_or(&[], Vec::as_slice),
                    keys: keys.get(&client.uid).map_or(&[], Vec::as_slice),
                    administers: !held.administering().is_empty(),
                    tenant_roles: held.tenant.iter().map(|(_, name)| name.clone()).collect(),
                    community_roles: held.community.iter().map(|role| role.name.clone()).collect(),
                }
            })
            .collect(),
    };
    let (evidence, checks) = (Evidence::of(&judged), checks::run(&judged));
    Ok(Judgement { hash: evidence.hash(), evidence, checks, service })
}

/// What a person decides on a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Approve,
    Reject,
}

impl Operations {
    /// A service as an approver would judge it now.
    pub fn judge<A: Act>(&self, permit: &Permit<A>, id: ServiceId) -> Result<Judgement> {
        self.db.read(|reader| judge(reader, permit.scope(), id))
    }

    /// Asks for the release of a service. `shown` is the hash of the evidence that the requester saw: what is asked for
    /// is exactly that. A request that waits already, and that something has overtaken, is replaced.
    pub fn request_release(
        &self,
        permit: &Permit<act::EditServices>,
        id: ServiceId,
        shown: &str,
        message: &str,
        submission: &str,
    ) -> Result<(ReleaseRequestId, Made)> {
        let message = text::paragraph(message, MAX_WORDS)
            .map_err(|fault| Error::Invalid(FieldErrors::one("message", "Message to the approver", fault)))?;
        once(self, submission, |writer| {
            let now = self.now();
            db::services::lock(writer, permit.scope(), id)?;
            let judgement = judge(writer, permit.scope(), id)?;
            let service = &judgement.service;
            if service.state.is_deleted() {
                return Err(WrongState::because("This service is deleted. Reactivate it before asking.").into());
            }
            if service.environment == Environment::Live {
                return Err(WrongState::because("This service is live already.").into());
            }
            if judgement.hash != shown {
                return Err(form_fault("Something about this service changed while you looked. Look once more."));
            }
            if !checks::holds(&judgement.checks) {
                return Err(form_fault("Some checks are blocking. Mend what they name, then ask again."));
            }
            let person = permit.actor().membership();
            if let Some(waiting) = waiting_of(writer, permit.scope(), id)? {
                if waiting.evidence_hash == judgement.hash {
                    return Err(WrongState::because("A request for exactly this waits already.").into());
                }
                let replaced = db::releases::Decision {
                    state: RequestState::Replaced,
                    by: person.account_id,
                    name: &person.name,
                    reason: "",
                    at: now,
                };
                db::releases::decide(writer, waiting.id, &replaced)?;
            }
            let request = ReleaseRequest {
                id: new_id!(self, ReleaseRequestId),
                tenant_id: service.tenant_id,
                service_id: id,
                state: RequestState::Waiting,
                requested_by: person.account_id,
                requester_name: person.name.clone(),
                message: message.clone(),
                evidence: judgement.evidence.to_json(),
                evidence_hash: judgement.hash.clone(),
                created_at: now,
                decided_by: None,
                decider_name: String::new(),
                reason: String::new(),
                decided_at: None,
            };
            db::releases::insert(writer, &request)?;
            self.tell_approvers(writer, &request, service, &person.tenant_name)?;
            let said = message_change(&message);
            let target = Target::Service(service);
            record(writer, now, Who::Person(permit.actor()), AuditAction::ReleaseRequested, &target, &said)?;
            Ok(request.id)
        })
    }

    /// Takes a waiting request back.
    pub fn withdraw_release(&self, permit: &Permit<act::EditServices>, id: ReleaseRequestId) -> Result<Service> {
        self.db.write(|writer| {
            let now = self.now();
            let request = db::releases::find(writer, permit.scope(), id)?;
            let service = db::services::lock(writer, permit.scope(), request.service_id)?;
            let person = permit.actor().membership();
            let withdrawn = db::releases::Decision {
                state: RequestState::Withdrawn,
                by: person.account_id,
                name: &person.name,
                reason: "",
                at: now,
            };
            if !db::releases::decide(writer, id, &withdrawn)? {
                return Err(no_longer_waiting(writer, permit.scope(), id)?);
            }
            let target = Target::Service(&service);
            record(writer, now, Who::Person(permit.actor()), AuditAction::ReleaseWithdrawn, &target, &[])?;
            Ok(service)
        })
    }

    /// Approves or rejects. `shown` is the hash of the evidence on the page that the approver saw. Approving makes the
    /// service live; it is refused when anything that was judged has changed since the request.
    pub fn decide_release(
        &self,
        permit: &Confirmed<act::DecideReleases>,
        id: ReleaseRequestId,
        verdict: Verdict,
        shown: &str,
        reason: &str,
    ) -> Result<Service> {
        let reason = reason_of(verdict, reason)?;
        self.db.write(|writer| {
            let now = self.now();
            let tenant = db::releases::tenant_of(writer, id)?;
            let scope = permit.scope_of(tenant).ok_or(Error::NotFound)?;
            let service_id = db::releases::find(writer, scope, id)?.service_id;
            // The tenant first: whoever gives or takes a role holds it. The service then: whoever changes what is judged
            // locks it too.
            db::tenants::lock(writer, tenant)?;
            let before = db::services::lock(writer, scope, service_id)?;
            let request = db::releases::find(writer, scope, id)?;
            self.still_approver(writer, permit, scope)?;
            let person = permit.actor().membership();
            if request.requested_by == person.account_id {
                return Err(Error::OwnRequest);
            }
            if request.state != RequestState::Waiting {
                return Err(no_longer_waiting(writer, scope, id)?);
            }
            if before.state.is_deleted() {
                return Err(WrongState::because("This service was deleted. There is nothing to decide.").into());
            }
            if verdict == Verdict::Approve {
                let judgement = judge(writer, scope, service_id)?;
                if judgement.hash != request.evidence_hash || shown != request.evidence_hash {
                    return Err(WrongState::because(
                        "Something that is judged has changed since the request. It can't be approved any more; the \
                         developer asks again with what is there now.",
                    )
                    .into());
                }
                if !checks::holds(&judgement.checks) {
                    return Err(WrongState::because("A check is blocking now, so this can't be approved.").into());
                }
            }
            let (state, action) = match verdict {
                Verdict::Approve => (RequestState::Approved, AuditAction::ServiceReleased),
                Verdict::Reject => (RequestState::Rejected, AuditAction::ReleaseRejected),
            };
            let decision =
                db::releases::Decision { state, by: person.account_id, name: &person.name, reason: &reason, at: now };
            if !db::releases::decide(writer, id, &decision)? {
                return Err(no_longer_waiting(writer, scope, id)?);
            }
            let mut changed = Vec::new();
            let mut after = before.clone();
            if verdict == Verdict::Approve {
                after.environment = Environment::Live;
                after.version += 1;
                after.updated_at = now;
                db::services::update(writer, &after)?;
                db::releases::remove_changes(writer, service_id)?;
                changed.push(environment_change(&before, &after));
            }
            if !reason.is_empty() {
                changed.push(Change { field: "Reason".into(), before: String::new(), after: reason.clone() });
            }
            self.tell_requester(writer, &request, &after, verdict, &person.name, &reason)?;
            record(writer, now, Who::Person(permit.actor()), action, &Target::Service(&after), &changed)?;
            Ok(after)
        })
    }

    /// Takes a live service back to sandbox. Its live secrets are deleted: they stop at once, and none comes back to
    /// life by a later release.
    pub fn take_back(&self, permit: &Confirmed<act::DecideReleases>, id: ServiceId, reason: &str) -> Result<Service> {
        let reason = text::paragraph(reason, MAX_WORDS)
            .and_then(
                |reason| if reason.is_empty() { Err("Say why, so that it can be mended.".into()) } else { Ok(reason) },
            )
            .map_err(|fault| Error::Invalid(FieldErrors::one("reason", "Reason", fault)))?;
        self.db.write(|writer| {
            let now = self.now();
            let scope = self.scope_for_review(writer, permit, id)?;
            db::tenants::lock(writer, scope.id())?;
            let before = db::services::lock(writer, scope, id)?;
            self.still_approver(writer, permit, scope)?;
            if before.environment != Environment::Live {
                return Err(WrongState::because("This service is in sandbox already.").into());
            }
            let mut after = before.clone();
            after.environment = Environment::Sandbox;
            after.version += 1;
            after.updated_at = now;
            db::services::update(writer, &after)?;
            db::releases::remove_changes(writer, id)?;
            db::grants::end_live_of_service(writer, id, now)?;
            let gone = db::secrets::remove_live_of_service(writer, id)?;
            let mut changed = vec![environment_change(&before, &after)];
            if !gone.is_empty() {
                let names: Vec<String> =
                    gone.iter().map(|(client, last_four)| format!("{client}, ends in {last_four}")).collect();
                changed.push(Change { field: "Live secrets".into(), before: names.join("\n"), after: String::new() });
            }
            changed.push(Change { field: "Reason".into(), before: String::new(), after: reason.clone() });
            if let Some(request) = db::releases::last_decided(writer, scope, id, RequestState::Approved)? {
                self.tell_about(writer, request.requested_by, &after, "taken back to sandbox", permit, &reason)?;
            }
            let target = Target::Service(&after);
            record(writer, now, Who::Person(permit.actor()), AuditAction::ServiceTakenBack, &target, &changed)?;
            Ok(after)
        })
    }

    /// What changed at a live service since an approver last looked, oldest first.
    pub fn changes_to_review(
        &self,
        permit: &Permit<act::DecideReleases>,
        id: ServiceId,
    ) -> Result<Vec<ChangeToReview>> {
        self.db.read(|reader| {
            let scope = self.scope_for_review(reader, permit, id)?;
            Ok(db::releases::changes_of(reader, scope, id, CHANGES_SHOWN)?)
        })
    }

    /// An approver has looked at what changed at a live service. `shown` stands for the changes that were on the page;
    /// when more came since, they are looked at first. Nobody accepts changes of their own.
    pub fn accept_changes(
        &self,
        permit: &Confirmed<act::DecideReleases>,
        id: ServiceId,
        shown: &str,
    ) -> Result<Service> {
        self.db.write(|writer| {
            let now = self.now();
            let scope = self.scope_for_review(writer, permit, id)?;
            db::tenants::lock(writer, scope.id())?;
            let service = db::services::lock(writer, scope, id)?;
            self.still_approver(writer, permit, scope)?;
            let changes = db::releases::changes_of(writer, scope, id, CHANGES_SHOWN)?;
            if changes.iter().any(|change| change.changed_by == permit.actor().membership().account_id) {
                return Err(Error::OwnRequest);
            }
            if fingerprint(&changes) != shown {
                return Err(WrongState::because("More has changed meanwhile. Look at the changes once more.").into());
            }
            db::releases::remove_these_changes(writer, id, &changes)?;
            let accepted: Vec<Change> = changes
                .into_iter()
                .map(|change| Change {
                    field: format!("{}: {}", change.client_name, change.field),
                    before: change.before,
                    after: change.after,
                })
                .collect();
            let target = Target::Service(&service);
            record(writer, now, Who::Person(permit.actor()), AuditAction::ReleaseChangesAccepted, &target, &accepted)?;
            Ok(service)
        })
    }

    /// The tenant of a service that is to be reviewed, if this permit reaches it.
    fn scope_for_review(
        &self,
        reader: &mut Reader<'_>,
        permit: &Permit<act::DecideReleases>,
        id: ServiceId,
    ) -> Result<TenantScope> {
        let tenant = db::services::tenant_of(reader, id)?;
        permit.scope_of(tenant).ok_or(Error::NotFound)
    }

    /// The role may have been taken away between the request's arrival and this moment: a decision is worth asking again.
    /// The caller has locked the tenant, so it stays as it is found.
    fn still_approver(
        &self,
        reader: &mut Reader<'_>,
        permit: &Permit<act::DecideReleases>,
        scope: TenantScope,
    ) -> Result<()> {
        let person = permit.actor().membership();
        let now = db::tenants::membership(reader, person.account_id, Some(person.tenant_id))?;
        let still = now.is_some_and(|now| now.platform_approver || now.tenant_id == scope.id() && now.roles.approver);
        if still { Ok(()) } else { Err(Denied { needed: vec![Role::Approver, Role::PlatformApprover] }.into()) }
    }

    fn tell_approvers(
        &self,
        writer: &mut Writer<'_>,
        request: &ReleaseRequest,
        service: &Service,
        company: &str,
    ) -> Result<()> {
        let mut approvers = db::tenants::people_with(writer, request.tenant_id, Role::Approver)?;
        approvers.extend(db::accounts::platform_approvers(writer)?);
        approvers.sort();
        approvers.dedup();
        for account in approvers.into_iter().filter(|account| *account != request.requested_by) {
            self.tell(writer, account, |name| Message::ReleaseRequested {
                name,
                service: service.settings.name.clone(),
                company: company.to_owned(),
                requester: request.requester_name.clone(),
                link: format!("{}/reviews/{}", self.rules.public_url, request.id),
            })?;
        }
        Ok(())
    }

    /// Tells somebody about a service, as long as they belong to its company.
    fn tell_colleague(
        &self,
        writer: &mut Writer<'_>,
        account: AccountId,
        service: &Service,
        message: impl FnOnce(String) -> Message,
    ) -> Result<()> {
        match db::tenants::membership(writer, account, Some(service.tenant_id))? {
            Some(_) => self.tell(writer, account, message),
            None => Ok(()),
        }
    }

    fn tell_requester(
        &self,
        writer: &mut Writer<'_>,
        request: &ReleaseRequest,
        service: &Service,
        verdict: Verdict,
        decider: &str,
        reason: &str,
    ) -> Result<()> {
        let decision = match verdict {
            Verdict::Approve => "approved for release",
            Verdict::Reject => "not released",
        };
        self.tell_colleague(writer, request.requested_by, service, |name| Message::ReleaseDecided {
            name,
            service: service.settings.name.clone(),
            decision,
            decider: decider.to_owned(),
            reason: reason.to_owned(),
            link: format!("{}/services/{}", self.rules.public_url, service.id),
        })
    }

    fn tell_about(
        &self,
        writer: &mut Writer<'_>,
        account: AccountId,
        service: &Service,
        decision: &'static str,
        permit: &Permit<act::DecideReleases>,
        reason: &str,
    ) -> Result<()> {
        self.tell_colleague(writer, account, service, |name| Message::ReleaseDecided {
            name,
            service: service.settings.name.clone(),
            decision,
            decider: permit.actor().membership().name.clone(),
            reason: reason.to_owned(),
            link: format!("{}/services/{}", self.rules.public_url, service.id),
        })
    }

    /// Notes for the approver what an edit changed at a client of a live service.
    pub(super) fn note_for_review(
        &self,
        writer: &mut Writer<'_>,
        permit: &Permit<act::EditClients>,
        service: &Service,
        client: &Client,
        changes: &[Change],
    ) -> Result<()> {
        if service.environment != Environment::Live {
            return Ok(());
        }
        let person = permit.actor().membership();
        for change in changes.iter().filter(|change| REVIEWED_FIELDS.contains(&change.field.as_str())) {
            let noted = ChangeToReview {
                id: new_id!(self, ReviewChangeId),
                client_uid: client.uid.to_string(),
                client_name: client.settings.name.clone(),
                changed_by: person.account_id,
                changed_by_name: person.name.clone(),
                field: change.field.clone(),
                before: change.before.clone(),
                after: change.after.clone(),
                at: self.now(),
            };
            db::releases::insert_change(writer, permit.scope(), service.id, &noted)?;
        }
        Ok(())
    }
}

/// How many changes of a live service are shown and accepted at once.
pub const CHANGES_SHOWN: i64 = 200;

/// Stands for exactly these changes, so that what was accepted is what was seen.
pub fn fingerprint(changes: &[ChangeToReview]) -> String {
    let ids: Vec<String> = changes.iter().map(|change| change.id.to_string()).collect();
    crate::crypto::hashing::sha256(&ids.join(" "))
}

/// The request of a service that waits, if one does.
pub fn waiting_of(reader: &mut Reader<'_>, scope: TenantScope, id: ServiceId) -> Result<Option<ReleaseRequest>> {
    let newest = db::releases::of_service(reader, scope, id, 1)?;
    Ok(newest.into_iter().find(|request| request.state == RequestState::Waiting))
}

/// How many checks have each outcome, for a summary.
pub fn count(checks: &[Check], outcome: Outcome) -> usize {
    checks.iter().filter(|check| check.outcome() == outcome).count()
}

fn form_fault(text: &str) -> Error {
    Error::Invalid(FieldErrors::one("", "", text))
}

fn reason_of(verdict: Verdict, typed: &str) -> Result<String> {
    let fault = |fault: String| Error::Invalid(FieldErrors::one("reason", "Reason", fault));
    let reason = text::paragraph(typed, MAX_WORDS).map_err(fault)?;
    match verdict {
        Verdict::Reject if reason.is_empty() => Err(fault("Say why, so that it can be mended.".into())),
        _ => Ok(reason),
    }
}

fn no_longer_waiting(reader: &mut Reader<'_>, scope: TenantScope, id: ReleaseRequestId) -> Result<Error> {
    let request = db::releases::find(reader, scope, id)?;
    let text = match request.state {
        RequestState::Waiting => "This request changed meanwhile. Look at it once more.".to_owned(),
        RequestState::Replaced => "This request was replaced by a newer one.".to_owned(),
        state => format!("This request was {} by {} already.", state.word().to_lowercase(), request.decider_name),
    };
    Ok(WrongState::because(text).into())
}

fn environment_change(before: &Service, after: &Service) -> Change {
    Change {
        field: "Environment".into(),
        before: before.environment.word().into(),
        after: after.environment.word().into(),
    }
}

fn message_change(message: &str) -> Vec<Change> {
    if message.is_empty() {
        return Vec::new();
    }
    vec![Change { field: "Message".into(), before: String::new(), after: message.to_owned() }]
}
