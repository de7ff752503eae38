//! What people do to services.

use super::{
    Error, Made, Operations, Result, Target, Who, new_id, once, record, refuse_overtaken, refuse_stale, some_of,
};
use crate::access::{Action, Confirmed, Permit, act};
use crate::crypto::hashing;
use crate::db;
use crate::domain::audit::{AuditAction, Change, changes};
use crate::domain::field_errors::FieldErrors;
use crate::domain::id::{ClientUid, ServiceId};
use crate::domain::lifecycle::{Standing, State, Status, WrongState};
use crate::domain::service::{Environment, Logo, Service, ServiceInput, ServiceSettings};

/// What an edit does with the logo.
pub enum LogoChange {
    Keep,
    Remove,
    Replace(Vec<u8>),
}

impl Operations {
    /// Adds a service to the permit's tenant, active and in sandbox.
    pub fn add_service(
        &self,
        permit: &Permit<act::EditServices>,
        input: &ServiceInput,
        logo: Option<Vec<u8>>,
        submission: &str,
    ) -> Result<(ServiceId, Made)> {
        let (settings, logo) = parse(input, logo)?;
        once(self, submission, |writer| {
            let now = self.now();
            let service = Service {
                id: new_id!(self, ServiceId),
                tenant_id: permit.scope().id(),
                settings: settings.clone(),
                logo_digest: logo.as_ref().map(|logo| hashing::sha256_of(&logo.bytes)),
                state: State::Active,
                environment: Environment::Sandbox,
                version: 1,
                created_at: now,
                updated_at: now,
            };
            db::services::insert(writer, &service)?;
            if let Some(logo) = &logo {
                db::services::put_logo(writer, service.id, logo.content_type, &logo.bytes)?;
            }
            record(
                writer,
                now,
                Who::Person(permit.actor()),
                AuditAction::ServiceAdded,
                &Target::Service(&service),
                &[],
            )?;
            Ok(service.id)
        })
    }

    /// Updates a service from its edit form. A changed status needs the right to change it.
    pub fn update_service(
        &self,
        permit: &Permit<act::EditServices>,
        id: ServiceId,
        input: &ServiceInput,
        logo: LogoChange,
    ) -> Result<Option<Service>> {
        let (keep, remove, upload) = match logo {
            LogoChange::Keep => (true, false, None),
            LogoChange::Remove => (false, true, None),
            LogoChange::Replace(bytes) => (false, false, Some(bytes)),
        };
        let (settings, logo) = parse(input, upload)?;
        // Who may not change the status keeps it as it is, whatever it was when the form was served.
        let wanted = if permit.actor().may(Action::ChangeServiceStatus) {
            let fault = || Error::Invalid(FieldErrors::one("status", "Status", "Choose Active or Inactive."));
            Some(Standing::parse(&input.status).ok_or_else(fault)?)
        } else {
            None
        };
        self.db.write(|writer| {
            let now = self.now();
            let before = db::services::lock(writer, permit.scope(), id)?;
            if before.state.is_deleted() {
                return Err(Error::WrongState(WrongState::because(
                    "This service is deleted. Reactivate it before editing it.",
                )));
            }
            refuse_stale(writer, permit.scope(), &id, &input.version, before.version)?;
            let mut after = Service { settings: settings.clone(), ..before.clone() };
            if let Some(wanted) = wanted {
                after.state = State::standing(wanted);
            }
            let mut changed = changes(&before.settings.facts(), &after.settings.facts());
            if after.state != before.state {
                changed.push(status_change(&before.state, &after.state));
            }
            if !keep {
                after.logo_digest = logo.as_ref().map(|logo| hashing::sha256_of(&logo.bytes));
            }
            if after.logo_digest != before.logo_digest {
                let word = |digest: &Option<String>| {
                    digest.as_ref().map_or("none".to_owned(), |digest| format!("picture {}", &digest[..8]))
                };
                changed.push(Change {
                    field: "Logo".into(),
                    before: word(&before.logo_digest),
                    after: word(&after.logo_digest),
                });
            }
            if changed.is_empty() {
                return Ok(None);
            }
            if let Some(logo) = &logo {
                db::services::put_logo(writer, id, logo.content_type, &logo.bytes)?;
            } else if remove {
                db::services::remove_logo(writer, id)?;
            }
            after.version += 1;
            after.updated_at = now;
            db::services::update(writer, &after)?;
            record(
                writer,
                now,
                Who::Person(permit.actor()),
                AuditAction::ServiceUpdated,
                &Target::Service(&after),
                &changed,
            )?;
            Ok((after.state != before.state).then_some(after))
        })
    }

    pub fn deactivate_service(&self, permit: &Permit<act::ChangeServiceStatus>, id: ServiceId) -> Result<Service> {
        self.db.write(|writer| {
            let before = db::services::lock(writer, permit.scope(), id)?;
            let state = before.state.deactivated()?;
            self.move_service(writer, permit, before, state, AuditAction::ServiceDeactivated, Vec::new())
        })
    }

    /// Deletes the service and, with it, those of its clients that are not deleted yet.
    pub fn delete_service(&self, permit: &Confirmed<act::ChangeServiceStatus>, id: ServiceId) -> Result<Service> {
        self.db.write(|writer| {
            let now = self.now();
            let before = db::services::lock(writer, permit.scope(), id)?;
            let grace = self.grace(&permit.actor().membership().policy);
            let state = before.state.deleted(now, grace)?;
            let gone = db::clients::delete_with_service(writer, permit.scope(), id, now, grace.ends(now))?;
            self.move_service(writer, permit, before, state, AuditAction::ServiceDeleted, with_clients(&gone))
        })
    }

    /// Brings an inactive or deleted service back; from deletion with exactly the clients that went with it.
    /// `undo` brings a deleted one back as it was before. `version_seen`, unless empty, is the service's as of what is
    /// undone.
    pub fn reactivate_service(
        &self,
        permit: &Permit<act::ChangeServiceStatus>,
        id: ServiceId,
        undo: bool,
        version_seen: &str,
    ) -> Result<Service> {
        self.db.write(|writer| {
            let now = self.now();
            let before = db::services::lock(writer, permit.scope(), id)?;
            refuse_overtaken(version_seen, before.version)?;
            let state = before.state.reactivated(now, undo)?;
            let mut back = Vec::new();
            if before.state.is_deleted() {
                back = db::clients::restore_with_service(writer, permit.scope(), id, now)?;
            }
            self.move_service(writer, permit, before, state, AuditAction::ServiceReactivated, with_clients(&back))
        })
    }

    fn move_service(
        &self,
        writer: &mut db::Writer<'_>,
        permit: &Permit<act::ChangeServiceStatus>,
        before: Service,
        state: State,
        action: AuditAction,
        mut changed: Vec<Change>,
    ) -> Result<Service> {
        let now = self.now();
        let after = Service { state, version: before.version + 1, updated_at: now, ..before.clone() };
        db::services::update(writer, &after)?;
        changed.insert(0, status_change(&before.state, &after.state));
        record(writer, now, Who::Person(permit.actor()), action, &Target::Service(&after), &changed)?;
        Ok(after)
    }
}

fn parse(input: &ServiceInput, logo: Option<Vec<u8>>) -> Result<(ServiceSettings, Option<Logo>)> {
    let logo = logo.map(Logo::parse).transpose();
    match (ServiceSettings::parse(input), logo) {
        (Ok(settings), Ok(logo)) => Ok((settings, logo)),
        (Ok(_), Err(fault)) => Err(Error::Invalid(FieldErrors::one("logo", "Logo", fault))),
        (Err(errors), Ok(_)) => Err(Error::Invalid(errors)),
        (Err(mut errors), Err(fault)) => {
            errors.add("logo", "Logo", fault);
            Err(Error::Invalid(errors))
        }
    }
}

pub(super) fn status_change(before: &State, after: &State) -> Change {
    let word = |state: &State| Status::word(state.status()).to_owned();
    Change { field: "Status".into(), before: word(before), after: word(after) }
}

/// Names the clients that went or came with a service.
fn with_clients(clients: &[(ClientUid, String)]) -> Vec<Change> {
    if clients.is_empty() {
        return Vec::new();
    }
    let names = clients.iter().map(|(_, name)| name.as_str());
    vec![Change { field: "Clients".into(), before: String::new(), after: some_of(names, clients.len()) }]
}
