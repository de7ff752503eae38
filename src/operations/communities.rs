//! What companies do together: communities, their roles, who is in them and who of one's own holds a role.
//!
//! What concerns another company stands in its trail too, with this company's name and no person's.

use super::{Error, Made, Operations, Result, Target, Who, new_id, once, record, refuse_stale, some_of};
use crate::access::{Confirmed, Permit, Role, TenantScope, act};
use crate::db::communities::{Holding, Which};
use crate::db::{self, Reader, Writer};
use crate::domain::audit::{AuditAction, Change, changes};
use crate::domain::community::{
    BUILT_IN_COMMUNITY_ROLES, Community, CommunityInput, CommunityRole, CommunitySettings, MAX_TENANTS,
};
use crate::domain::field_errors::FieldErrors;
use crate::domain::id::{CommunityId, CommunityRoleId, MemberId, TenantId};
use crate::domain::lifecycle::WrongState;
use crate::domain::role::{MAX_OWN_ROLES, RoleInput, RoleSettings};
use crate::domain::text::search_key;
use crate::mail::Message;

/// Where invitations are answered.
const PLACE: &str = "/communities";

impl Operations {
    /// The permit's tenant owns the community and is the first in it.
    pub fn add_community(
        &self,
        permit: &Permit<act::ManageTenant>,
        input: &CommunityInput,
        submission: &str,
    ) -> Result<(CommunityId, Made)> {
        let settings = CommunitySettings::parse(input).map_err(Error::Invalid)?;
        once(self, submission, |writer| {
            let now = self.now();
            let owner = permit.scope().id();
            db::tenants::lock(writer, owner)?;
            refuse_taken_name(writer, permit.scope(), &settings.name, None)?;
            let id = new_id!(self, CommunityId);
            let community = Community { id, owner, settings: settings.clone(), version: 1, created_at: now };
            db::communities::insert(writer, &community)?;
            let by = permit.actor().membership().account_id;
            db::communities::insert_tenant(writer, id, owner, by, now, Some(now))?;
            for (name, description) in BUILT_IN_COMMUNITY_ROLES {
                let settings = RoleSettings { name: name.into(), description: description.into() };
                db::communities::insert_role(writer, id, new_id!(self, CommunityRoleId), &settings, true)?;
            }
            let nothing = CommunitySettings { name: String::new(), description: String::new() };
            let added = changes(&nothing.facts(), &settings.facts());
            self.note(writer, permit, AuditAction::CommunityAdded, &community, &added)?;
            Ok(id)
        })
    }

    pub fn update_community(
        &self,
        permit: &Permit<act::ManageTenant>,
        id: CommunityId,
        input: &CommunityInput,
    ) -> Result<()> {
        let settings = CommunitySettings::parse(input).map_err(Error::Invalid)?;
        self.db.write(|writer| {
            // Two that take the same name take turns.
            db::tenants::lock(writer, permit.scope().id())?;
            let before = lock_owned(writer, permit.scope(), id)?;
            refuse_stale(writer, permit.scope(), &id, &input.version, before.version)?;
            refuse_taken_name(writer, permit.scope(), &settings.name, Some(id))?;
            let changed = changes(&before.settings.facts(), &settings.facts());
            if changed.is_empty() {
                return Ok(());
            }
            let after = Community { settings, version: before.version + 1, ..before };
            db::communities::update(writer, &after)?;
            self.note(writer, permit, AuditAction::CommunityUpdated, &after, &changed)
        })
    }

    /// Ends the community for every company in it: its roles go from their clients and people at once.
    pub fn delete_community(&self, permit: &Confirmed<act::ManageTenant>, id: CommunityId) -> Result<String> {
        self.db.write(|writer| {
            let community = lock_owned(writer, permit.scope(), id)?;
            let owner = permit.scope().id();
            let companies = db::communities::companies(writer, id)?;
            let mut lost = Vec::new();
            for company in companies {
                let holding = db::communities::holding(writer, company.id, Which::All(id), LISTED)?;
                lost.push((company, losses(&holding)));
            }
            db::communities::remove(writer, id)?;
            for (company, losses) in &lost {
                if company.id == owner {
                    self.note(writer, permit, AuditAction::CommunityDeleted, &community, losses)?;
                } else {
                    self.note_for(writer, permit, company.id, AuditAction::CommunityDeleted, &community, losses)?;
                }
            }
            Ok(community.settings.name)
        })
    }

    /// Invites another company by its id and tells its administrators. Answers with its name.
    pub fn invite_to_community(
        &self,
        permit: &Confirmed<act::ManageTenant>,
        id: CommunityId,
        company_id: &str,
    ) -> Result<String> {
        let fault = |message: &str| Error::Invalid(FieldErrors::one("company_id", "Company ID", message));
        const UNKNOWN: &str = "There is no company with this ID. Ask an administrator of the company to copy it from their settings page.";
        self.count_invitation(permit.scope(), fault)?;
        self.db.write(|writer| {
            let now = self.now();
            let community = lock_owned(writer, permit.scope(), id)?;
            let typed = company_id.trim().to_lowercase();
            if typed.is_empty() {
                return Err(fault("Enter the company's ID. Its administrators find it on their settings page."));
            }
            let tenant: TenantId = typed.parse().map_err(|_| fault(UNKNOWN))?;
            if tenant == permit.scope().id() {
                return Err(fault("This is your own company's ID. Your company is in the community already."));
            }
            let name = match db::tenants::name(writer, tenant) {
                Err(db::Error::NotFound) => return Err(fault(UNKNOWN)),
                other => other?,
            };
            let companies = db::communities::companies(writer, id)?;
            if let Some(known) = companies.iter().find(|known| known.id == tenant) {
                return Err(fault(&match known.joined_at {
                    Some(_) => format!("{name} is in the community already."),
                    None => format!("{name} is invited already and has not answered yet."),
                }));
            }
            if companies.len() >= MAX_TENANTS {
                return Err(fault("A community has at most 100 companies, those invited included."));
            }
            let member = permit.actor().membership();
            db::communities::insert_tenant(writer, id, tenant, member.account_id, now, None)?;
            for administrator in db::tenants::people_with(writer, tenant, Role::Administrator)? {
                self.tell(writer, administrator, |name| Message::CommunityInvitation {
                    name,
                    community: community.settings.name.clone(),
                    company: member.tenant_name.clone(),
                    link: format!("{}{PLACE}", self.rules.public_url),
                })?;
            }
            let changed = [company_change("", &name)];
            self.note(writer, permit, AuditAction::CommunityInvited, &community, &changed)?;
            self.note_for(writer, permit, tenant, AuditAction::CommunityInvited, &community, &changed)?;
            Ok(name)
        })
    }

    /// Takes an invitation back that was not answered yet. Answers with the company's name.
    pub fn withdraw_community_invitation(
        &self,
        permit: &Permit<act::ManageTenant>,
        id: CommunityId,
        tenant: TenantId,
    ) -> Result<String> {
        self.db.write(|writer| {
            let community = lock_owned(writer, permit.scope(), id)?;
            let company = company_of(writer, id, tenant)?;
            if !db::communities::remove_invitation(writer, id, tenant)? {
                return Err(WrongState::because(format!(
                    "{company} has accepted meanwhile. You can remove it from the community."
                ))
                .into());
            }
            let changed = [company_change(&company, "")];
            let action = AuditAction::CommunityInvitationWithdrawn;
            self.note(writer, permit, action, &community, &changed)?;
            self.note_for(writer, permit, tenant, action, &community, &changed)?;
            Ok(company)
        })
    }

    /// Answers with the community's name.
    pub fn join_community(&self, permit: &Permit<act::ManageTenant>, id: CommunityId) -> Result<String> {
        self.db.write(|writer| {
            let community = lock_invited(writer, permit.scope(), id)?;
            db::communities::join(writer, id, permit.scope().id(), self.now())?;
            self.note(writer, permit, AuditAction::CommunityJoined, &community, &[])?;
            self.note_for(writer, permit, community.owner, AuditAction::CommunityJoined, &community, &[])?;
            Ok(community.settings.name)
        })
    }

    /// Answers with the community's name.
    pub fn decline_community(&self, permit: &Permit<act::ManageTenant>, id: CommunityId) -> Result<String> {
        self.db.write(|writer| {
            let community = lock_invited(writer, permit.scope(), id)?;
            db::communities::remove_invitation(writer, id, permit.scope().id())?;
            self.note(writer, permit, AuditAction::CommunityDeclined, &community, &[])?;
            self.note_for(writer, permit, community.owner, AuditAction::CommunityDeclined, &community, &[])?;
            Ok(community.settings.name)
        })
    }

    /// The permit's tenant leaves: the community's roles go from its clients and people at once.
    pub fn leave_community(&self, permit: &Confirmed<act::ManageTenant>, id: CommunityId) -> Result<String> {
        self.db.write(|writer| {
            let tenant = permit.scope().id();
            db::communities::lock(writer, id)?;
            let community = db::communities::find(writer, permit.scope(), id)?;
            if community.owner == tenant {
                return Err(owner_stays());
            }
            let lost = losses(&db::communities::holding(writer, tenant, Which::All(id), LISTED)?);
            db::communities::remove_tenant(writer, id, tenant)?;
            self.note(writer, permit, AuditAction::CommunityLeft, &community, &lost)?;
            self.note_for(writer, permit, community.owner, AuditAction::CommunityLeft, &community, &[])?;
            Ok(community.settings.name)
        })
    }

    /// The owner removes another company. Answers with the company's name.
    pub fn remove_from_community(
        &self,
        permit: &Confirmed<act::ManageTenant>,
        id: CommunityId,
        tenant: TenantId,
    ) -> Result<String> {
        self.db.write(|writer| {
            let community = lock_owned(writer, permit.scope(), id)?;
            if tenant == community.owner {
                return Err(owner_stays());
            }
            let company = company_of(writer, id, tenant)?;
            let holding = db::communities::holding(writer, tenant, Which::All(id), LISTED)?;
            if !db::communities::remove_tenant(writer, id, tenant)? {
                return Err(WrongState::because(format!(
                    "{company} has not accepted its invitation. Withdraw the invitation instead."
                ))
                .into());
            }
            // The owner learns how many, the company itself which.
            let mut changed = vec![company_change(&company, "")];
            let count = |field: &str, count: i64| Change {
                field: field.into(),
                before: count.to_string(),
                after: String::new(),
            };
            changed.extend((holding.clients.1 > 0).then(|| count("Clients", holding.clients.1)));
            changed.extend((holding.people.1 > 0).then(|| count("People", holding.people.1)));
            self.note(writer, permit, AuditAction::CommunityTenantRemoved, &community, &changed)?;
            let mut theirs = vec![company_change(&company, "")];
            theirs.extend(losses(&holding));
            self.note_for(writer, permit, tenant, AuditAction::CommunityTenantRemoved, &community, &theirs)?;
            Ok(company)
        })
    }

    pub fn add_community_role(
        &self,
        permit: &Permit<act::ManageTenant>,
        id: CommunityId,
        input: &RoleInput,
        submission: &str,
    ) -> Result<(CommunityRoleId, Made)> {
        let settings = RoleSettings::parse(input).map_err(Error::Invalid)?;
        once(self, submission, |writer| {
            let community = lock_owned(writer, permit.scope(), id)?;
            let others = db::communities::roles(writer, id)?;
            if others.iter().filter(|role| !role.built_in).count() >= MAX_OWN_ROLES {
                return Err(WrongState::because(format!(
                    "A community has at most {MAX_OWN_ROLES} roles of its own. Delete one that is no longer used."
                ))
                .into());
            }
            refuse_taken_role(&others, None, &settings.name)?;
            let role = CommunityRole {
                id: new_id!(self, CommunityRoleId),
                settings: settings.clone(),
                built_in: false,
                version: 1,
            };
            db::communities::insert_role(writer, id, role.id, &settings, false)?;
            self.note_role(writer, permit, AuditAction::CommunityRoleAdded, &community, &role, &settings.added())?;
            Ok(role.id)
        })
    }

    pub fn update_community_role(
        &self,
        permit: &Confirmed<act::ManageTenant>,
        id: CommunityId,
        role: CommunityRoleId,
        input: &RoleInput,
    ) -> Result<()> {
        let settings = RoleSettings::parse(input).map_err(Error::Invalid)?;
        self.db.write(|writer| {
            let community = lock_owned(writer, permit.scope(), id)?;
            let all = db::communities::roles(writer, id)?;
            let before = own_role(&all, role)?;
            refuse_stale(writer, permit.scope(), &role, &input.version, before.version)?;
            refuse_taken_role(&all, Some(role), &settings.name)?;
            let changed = changes(&before.settings.facts(), &settings.facts());
            if changed.is_empty() {
                return Ok(());
            }
            let after = CommunityRole { settings, version: before.version + 1, ..before.clone() };
            db::communities::update_role(writer, &after)?;
            self.note_role(writer, permit, AuditAction::CommunityRoleUpdated, &community, &after, &changed)
        })
    }

    /// Takes the role from whoever holds it, of every company. Answers with its name.
    pub fn delete_community_role(
        &self,
        permit: &Confirmed<act::ManageTenant>,
        id: CommunityId,
        role: CommunityRoleId,
    ) -> Result<String> {
        self.db.write(|writer| {
            let community = lock_owned(writer, permit.scope(), id)?;
            let all = db::communities::roles(writer, id)?;
            let before = own_role(&all, role)?;
            let mut theirs = Vec::new();
            for company in db::communities::companies(writer, id)? {
                let holding = db::communities::holding(writer, company.id, Which::One(role), LISTED)?;
                theirs.push((company.id, losses(&holding)));
            }
            db::communities::remove_role(writer, role)?;
            let action = AuditAction::CommunityRoleDeleted;
            for (tenant, losses) in theirs {
                let mut changed = before.settings.removed();
                let lost = !losses.is_empty();
                changed.extend(losses);
                if tenant == permit.scope().id() {
                    let gone = CommunityRole { version: before.version + 1, ..before.clone() };
                    self.note_role(writer, permit, action, &community, &gone, &changed)?;
                } else if lost {
                    let member = permit.actor().membership();
                    let who = Who::Company { name: &member.tenant_name, trail: tenant };
                    let name = role_name(&community, before);
                    let target = Target::Thing { kind: "community role", id: role.to_string(), name: &name };
                    record(writer, self.now(), who, action, &target, &changed)?;
                }
            }
            Ok(before.settings.name.clone())
        })
    }

    /// Puts these roles of a community in the place of those that one of the tenant's own people holds in it.
    pub fn give_community_roles(
        &self,
        permit: &Confirmed<act::ManageTenant>,
        id: CommunityId,
        member: MemberId,
        typed: &[String],
    ) -> Result<String> {
        self.db.write(|writer| {
            db::tenants::lock(writer, permit.scope().id())?;
            db::communities::lock(writer, id)?;
            let community = db::communities::find(writer, permit.scope(), id)?;
            let person = db::communities::person(writer, permit.scope(), id, member)?;
            let offered = db::communities::roles(writer, id)?;
            let unknown = typed.iter().any(|typed| !offered.iter().any(|role| role.id.to_string() == *typed));
            if unknown {
                let message = "Choose only roles from the list.";
                return Err(Error::Invalid(FieldErrors::one("roles", "Community roles", message)));
            }
            let chosen: Vec<&CommunityRole> =
                offered.iter().filter(|role| typed.contains(&role.id.to_string())).collect();
            let names = |ids: &dyn Fn(CommunityRoleId) -> bool| {
                let held: Vec<&str> =
                    offered.iter().filter(|role| ids(role.id)).map(|role| role.settings.name.as_str()).collect();
                held.join(", ")
            };
            let before = names(&|id| person.roles.iter().any(|(held, _)| *held == id));
            let after = names(&|id| chosen.iter().any(|role| role.id == id));
            if before != after {
                let ids: Vec<CommunityRoleId> = chosen.iter().map(|role| role.id).collect();
                db::communities::set_person_roles(writer, id, member, &ids)?;
                let changed = [Change { field: format!("Roles in {}", community.settings.name), before, after }];
                let target = Target::Thing { kind: "member", id: member.to_string(), name: &person.name };
                let who = Who::Person(permit.actor());
                record(writer, self.now(), who, AuditAction::MemberRolesChanged, &target, &changed)?;
            }
            Ok(person.name)
        })
    }

    /// In the trail of the permit's tenant.
    fn note(
        &self,
        writer: &mut Writer<'_>,
        permit: &Permit<act::ManageTenant>,
        action: AuditAction,
        community: &Community,
        changed: &[Change],
    ) -> Result<()> {
        let (id, name) = (community.id.to_string(), community.settings.name.as_str());
        let target = Target::Edited { kind: "community", id, name, version: community.version };
        record(writer, self.now(), Who::Person(permit.actor()), action, &target, changed)
    }

    /// In the trail of the other company that it concerns.
    fn note_for(
        &self,
        writer: &mut Writer<'_>,
        permit: &Permit<act::ManageTenant>,
        trail: TenantId,
        action: AuditAction,
        community: &Community,
        changed: &[Change],
    ) -> Result<()> {
        let who = Who::Company { name: &permit.actor().membership().tenant_name, trail };
        let (id, name) = (community.id.to_string(), community.settings.name.as_str());
        record(writer, self.now(), who, action, &Target::Thing { kind: "community", id, name }, changed)
    }

    fn note_role(
        &self,
        writer: &mut Writer<'_>,
        permit: &Permit<act::ManageTenant>,
        action: AuditAction,
        community: &Community,
        role: &CommunityRole,
        changed: &[Change],
    ) -> Result<()> {
        let name = role_name(community, role);
        let target =
            Target::Edited { kind: "community role", id: role.id.to_string(), name: &name, version: role.version };
        record(writer, self.now(), Who::Person(permit.actor()), action, &target, changed)
    }
}

fn role_name(community: &Community, role: &CommunityRole) -> String {
    format!("{}: {}", community.settings.name, role.settings.name)
}

/// How many clients and people the trail names.
const LISTED: i64 = super::NAMED as i64;

/// Locks a community that the tenant owns. Another's is not found.
fn lock_owned(writer: &mut Writer<'_>, scope: TenantScope, id: CommunityId) -> Result<Community> {
    db::communities::lock(writer, id)?;
    Ok(db::communities::find_owned(writer, scope, id)?)
}

/// Locks a community that the tenant is invited to: an invitation withdrawn meanwhile is not found.
fn lock_invited(writer: &mut Writer<'_>, scope: TenantScope, id: CommunityId) -> Result<Community> {
    db::communities::lock(writer, id)?;
    Ok(db::communities::find_invited(writer, scope, id)?)
}

/// The name of a company that is in the community or invited to it.
fn company_of(reader: &mut Reader<'_>, id: CommunityId, tenant: TenantId) -> Result<String> {
    let companies = db::communities::companies(reader, id)?;
    companies.into_iter().find(|company| company.id == tenant).map(|company| company.name).ok_or(Error::NotFound)
}

fn owner_stays() -> Error {
    WrongState::because("The company that owns a community stays in it. It can delete the community.").into()
}

fn own_role(all: &[CommunityRole], id: CommunityRoleId) -> Result<&CommunityRole> {
    all.iter().find(|role| role.id == id && !role.built_in).ok_or(Error::NotFound)
}

fn company_change(before: &str, after: &str) -> Change {
    Change { field: "Company".into(), before: before.to_owned(), after: after.to_owned() }
}

/// Which of a company's clients and people lose roles.
fn losses(holding: &Holding) -> Vec<Change> {
    let lost = |field: &str, names: String, count: i64| {
        (count > 0).then(|| Change { field: field.into(), before: names, after: String::new() })
    };
    let count = |count: i64| usize::try_from(count).unwrap_or(0);
    let (clients, people) = (&holding.clients, &holding.people);
    let client_names = some_of(clients.0.iter().map(|client| client.name.as_str()), count(clients.1));
    let people_names = some_of(people.0.iter().map(String::as_str), count(people.1));
    let lost = [lost("Clients", client_names, clients.1), lost("People", people_names, people.1)];
    lost.into_iter().flatten().collect()
}

fn refuse_taken_name(
    reader: &mut Reader<'_>,
    scope: TenantScope,
    name: &str,
    except: Option<CommunityId>,
) -> Result<()> {
    if db::communities::name_taken(reader, scope, name, except)? {
        let message = "Your company has a community of this name already. Choose another.";
        return Err(Error::Invalid(FieldErrors::one("name", "Name", message)));
    }
    Ok(())
}

fn refuse_taken_role(all: &[CommunityRole], except: Option<CommunityRoleId>, name: &str) -> Result<()> {
    let taken = |role: &&CommunityRole| Some(role.id) != except && search_key(&role.settings.name) == search_key(name);
    match all.iter().find(taken) {
        Some(role) => Err(Error::Invalid(FieldErrors::one(
            "name",
            "Name",
            format!("The community has the role {} already. Choose another name.", role.settings.name),
        ))),
        None => Ok(()),
    }
}
