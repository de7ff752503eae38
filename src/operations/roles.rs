//! What administrators do to the roles that their tenant's clients can hold.

use super::{Error, Made, Operations, Result, Target, Who, new_id, once, record, refuse_stale, some_of};
use crate::access::{Confirmed, Permit, act};
use crate::db;
use crate::domain::audit::{AuditAction, Change, changes};
use crate::domain::field_errors::FieldErrors;
use crate::domain::id::RoleId;
use crate::domain::lifecycle::WrongState;
use crate::domain::role::{MAX_OWN_ROLES, RoleInput, RoleSettings, TenantRole};
use crate::domain::text::search_key;

impl Operations {
    pub fn add_role(
        &self,
        permit: &Permit<act::ManageTenant>,
        input: &RoleInput,
        submission: &str,
    ) -> Result<(RoleId, Made)> {
        let settings = RoleSettings::parse(input).map_err(Error::Invalid)?;
        once(self, submission, |writer| {
            db::tenants::lock(writer, permit.scope().id())?;
            let others = db::roles::all(writer, permit.scope())?;
            if others.iter().filter(|role| !role.built_in).count() >= MAX_OWN_ROLES {
                return Err(WrongState::because(format!(
                    "A company has at most {MAX_OWN_ROLES} roles of its own. Delete one that is no longer used."
                ))
                .into());
            }
            refuse_taken(&others, None, &settings.name)?;
            let id = new_id!(self, RoleId);
            let role = TenantRole { id, settings: settings.clone(), built_in: false, version: 1 };
            db::roles::insert(writer, permit.scope().id(), &role)?;
            let who = Who::Person(permit.actor());
            record(writer, self.now(), who, AuditAction::RoleAdded, &target(id, &settings.name, 1), &settings.added())?;
            Ok(id)
        })
    }

    /// What clients that hold the role get in their tokens changes with its name.
    pub fn update_role(&self, permit: &Confirmed<act::ManageTenant>, id: RoleId, input: &RoleInput) -> Result<()> {
        let settings = RoleSettings::parse(input).map_err(Error::Invalid)?;
        self.db.write(|writer| {
            db::tenants::lock(writer, permit.scope().id())?;
            let before = db::roles::find(writer, permit.scope(), id)?;
            if before.built_in {
                return Err(Error::NotFound);
            }
            refuse_stale(writer, permit.scope(), &id, &input.version, before.version)?;
            refuse_taken(&db::roles::all(writer, permit.scope())?, Some(id), &settings.name)?;
            let changed = changes(&before.settings.facts(), &settings.facts());
            if changed.is_empty() {
                return Ok(());
            }
            let after = TenantRole { settings, version: before.version + 1, ..before };
            db::roles::update(writer, &after)?;
            let target = target(id, &after.settings.name, after.version);
            record(writer, self.now(), Who::Person(permit.actor()), AuditAction::RoleUpdated, &target, &changed)
        })
    }

    /// Takes the role from every client that holds it. Answers with its name and how many held it.
    pub fn delete_role(&self, permit: &Confirmed<act::ManageTenant>, id: RoleId) -> Result<(String, i64)> {
        self.db.write(|writer| {
            db::tenants::lock(writer, permit.scope().id())?;
            let role = db::roles::find(writer, permit.scope(), id)?;
            if role.built_in {
                return Err(Error::NotFound);
            }
            let (holders, count) = db::roles::holders(writer, permit.scope(), id, i64::MAX)?;
            let holders =
                some_of(holders.iter().map(|holder| holder.name.as_str()), usize::try_from(count).unwrap_or(0));
            let mut changed = role.settings.removed();
            if count > 0 {
                changed.push(Change { field: "Clients".into(), before: holders, after: String::new() });
            }
            db::roles::remove(writer, id)?;
            let name = role.settings.name;
            let who = Who::Person(permit.actor());
            let target = target(id, &name, role.version + 1);
            record(writer, self.now(), who, AuditAction::RoleDeleted, &target, &changed)?;
            Ok((name, count))
        })
    }
}

fn target(id: RoleId, name: &str, version: i32) -> Target<'_> {
    Target::Edited { kind: "role", id: id.to_string(), name, version }
}

/// Names that differ by letter case alone would be taken for each other.
fn refuse_taken(roles: &[TenantRole], except: Option<RoleId>, name: &str) -> Result<()> {
    let taken = |role: &&TenantRole| Some(role.id) != except && search_key(&role.settings.name) == search_key(name);
    match roles.iter().find(taken) {
        Some(role) => Err(Error::Invalid(FieldErrors::one(
            "name",
            "Name",
            format!("Your company has the role {} already. Choose another name.", role.settings.name),
        ))),
        None => Ok(()),
    }
}
