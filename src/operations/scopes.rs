//! What administrators do to their tenant's scope catalogue.

use super::{Error, Made, Operations, Result, Target, Who, new_id, once, record, refuse_stale};
use crate::access::{Confirmed, Permit, act};
use crate::db;
use crate::domain::audit::{AuditAction, Change};
use crate::domain::field_errors::FieldErrors;
use crate::domain::id::ScopeId;
use crate::domain::lifecycle::WrongState;
use crate::domain::scope::{CatalogueScope, MAX_OWN_SCOPES, Scope, ScopeInput};

impl Operations {
    pub fn add_scope(
        &self,
        permit: &Permit<act::ManageTenant>,
        input: &ScopeInput,
        submission: &str,
    ) -> Result<(ScopeId, Made)> {
        let scope = Scope::parse(input).map_err(Error::Invalid)?;
        once(self, submission, |writer| {
            db::tenants::lock(writer, permit.scope().id())?;
            let others = db::scopes::all(writer, permit.scope())?;
            if others.iter().filter(|entry| !entry.built_in).count() >= MAX_OWN_SCOPES {
                return Err(WrongState::because(format!(
                    "A company has at most {MAX_OWN_SCOPES} scopes of its own. Delete one that is no longer used."
                ))
                .into());
            }
            if others.iter().any(|entry| entry.scope.name == scope.name) {
                let message = "Your company has this scope already. Choose another name.";
                return Err(Error::Invalid(FieldErrors::one("name", "Name", message)));
            }
            let id = new_id!(self, ScopeId);
            let entry = CatalogueScope { id, scope: scope.clone(), built_in: false, version: 1 };
            db::scopes::insert(writer, permit.scope().id(), &entry)?;
            let added = [description_change("", &scope.description)];
            let who = Who::Person(permit.actor());
            record(writer, self.now(), who, AuditAction::ScopeAdded, &target(id, &scope.name, 1), &added)?;
            Ok(id)
        })
    }

    /// The description alone: clients are configured with the name.
    pub fn update_scope(&self, permit: &Permit<act::ManageTenant>, id: ScopeId, input: &ScopeInput) -> Result<()> {
        let fault = |fault: String| Error::Invalid(FieldErrors::one("description", "Description", fault));
        let description = Scope::parse_description(&input.description).map_err(fault)?;
        self.db.write(|writer| {
            db::tenants::lock(writer, permit.scope().id())?;
            let before = db::scopes::find(writer, permit.scope(), id)?;
            if before.built_in {
                return Err(Error::NotFound);
            }
            refuse_stale(writer, permit.scope(), &id, &input.version, before.version)?;
            if before.scope.description == description {
                return Ok(());
            }
            let changed = [description_change(&before.scope.description, &description)];
            let scope = Scope { name: before.scope.name.clone(), description };
            let after = CatalogueScope { scope, version: before.version + 1, ..before };
            db::scopes::update(writer, &after)?;
            let target = target(id, &after.scope.name, after.version);
            record(writer, self.now(), Who::Person(permit.actor()), AuditAction::ScopeUpdated, &target, &changed)
        })
    }

    /// Refused while clients use the scope: they would ask for what is not there.
    pub fn delete_scope(&self, permit: &Confirmed<act::ManageTenant>, id: ScopeId) -> Result<String> {
        self.db.write(|writer| {
            db::tenants::lock(writer, permit.scope().id())?;
            let entry = db::scopes::find(writer, permit.scope(), id)?;
            if entry.built_in {
                return Err(Error::NotFound);
            }
            let (_, users) = db::scopes::users(writer, permit.scope(), &entry.scope.name, 1)?;
            if users > 0 {
                return Err(WrongState::because("Clients use this scope. Take it from them first.").into());
            }
            db::scopes::remove(writer, id)?;
            let name = entry.scope.name;
            let removed = [description_change(&entry.scope.description, "")];
            let who = Who::Person(permit.actor());
            let target = target(id, &name, entry.version + 1);
            record(writer, self.now(), who, AuditAction::ScopeDeleted, &target, &removed)?;
            Ok(name)
        })
    }
}

fn target(id: ScopeId, name: &str, version: i32) -> Target<'_> {
    Target::Edited { kind: "scope", id: id.to_string(), name, version }
}

fn description_change(before: &str, after: &str) -> Change {
    Change { field: "Description".into(), before: before.to_owned(), after: after.to_owned() }
}
