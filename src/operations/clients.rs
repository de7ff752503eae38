//! What people do to clients.

use std::collections::BTreeSet;

use super::services::status_change;
use super::{
    Confirmation, Error, Made, Operations, Result, Target, Who, new_id, once, record, refuse_overtaken, refuse_stale,
};
use crate::access::{Confirmed, Permit, TenantScope, act};
use crate::db::{self, Conflict, Reader, Writer};
use crate::domain::audit::{AuditAction, Change, changes};
use crate::domain::client::{Client, ClientInput, ClientSettings, ClientType, FormContext, GrantType, SubjectType};
use crate::domain::client_id::{ClientId, ClientIdSuffix};
use crate::domain::field_errors::FieldErrors;
use crate::domain::id::{ClientUid, CommunityId, CommunityRoleId, RoleId, ServiceId};
use crate::domain::lifecycle::{Standing, State, WrongState};
use crate::domain::role::{ClientRoles, TenantRole};
use crate::domain::service::Service;
use crate::domain::tenant::{TENANT_ADMINISTRATOR, TENANT_MEMBER};

impl Operations {
    /// Adds a client to a service, active, with an identifier that was never issued before.
    pub fn add_client(
        &self,
        permit: &Permit<act::EditClients>,
        service: ServiceId,
        client_type: ClientType,
        input: &ClientInput,
        submission: &str,
    ) -> Result<(ClientUid, Made)> {
        let added =
            once(self, submission, |writer| Ok(self.make_client(writer, permit, service, client_type, input)?.0.uid));
        match added {
            Err(Error::Db(db::Error::Conflict(Conflict::ClientIdUsed))) => Err(suffix_fault(
                "This suffix has been used in your company before, and identifiers are never issued again. \
                 Choose another.",
            )),
            other => other,
        }
    }

    /// The one way in which clients come to be, whoever or whatever asks.
    pub(super) fn make_client(
        &self,
        writer: &mut Writer<'_>,
        permit: &Permit<act::EditClients>,
        service: ServiceId,
        client_type: ClientType,
        input: &ClientInput,
    ) -> Result<(Client, Service)> {
        let now = self.now();
        lock_what_is_given(writer, permit, client_type, input)?;
        let service = db::services::lock(writer, permit.scope(), service)?;
        if service.state.is_deleted() {
            return Err(WrongState::because("This service is deleted. Reactivate it before adding clients.").into());
        }
        let (settings, roles) = self.parse(writer, permit, &service, client_type, None, input)?;
        let tenant = db::tenants::find(writer, permit.scope())?;
        let suffix = ClientIdSuffix::parse(&input.suffix).map_err(suffix_fault)?;
        let client = Client {
            uid: new_id!(self, ClientUid),
            tenant_id: tenant.id,
            service_id: service.id,
            client_id: ClientId::new(&tenant.client_id_prefix, &suffix),
            client_type,
            settings,
            default_purpose: None,
            state: State::Active,
            deleted_with_service: false,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        permit.covers(client.acts_alone())?;
        if roles.are_more() {
            permit.clone().confirmed(now)?;
        }
        db::clients::insert(writer, &client)?;
        let mut new = everything_new(&client);
        new.extend(role_changes(&ClientRoles::default(), &roles));
        db::clients::set_roles(writer, client.uid, &roles.tenant)?;
        db::clients::set_community_roles(writer, client.uid, &roles.community)?;
        self.note_for_review(writer, permit, &service, &client, &new)?;
        record(writer, now, Who::Person(permit.actor()), AuditAction::ClientAdded, &Target::Client(&client), &[])?;
        Ok((client, service))
    }

    /// The edit form of a client as it is served: what it is now.
    pub fn client_form(&self, permit: &Permit<act::EditClients>, uid: ClientUid) -> Result<ClientInput> {
        self.db.read(|reader| {
            let client = db::clients::find(reader, permit.scope(), uid)?;
            Ok(ClientInput::of(&client, &db::clients::roles_of_one(reader, uid)?))
        })
    }

    /// Whether a client has secrets by its type and none yet.
    pub fn client_lacks_secret(&self, permit: &Permit<act::EditClients>, uid: ClientUid) -> Result<bool> {
        self.db.read(|reader| {
            let client = db::clients::find(reader, permit.scope(), uid)?;
            Ok(client.has_secrets() && db::secrets::count(reader, uid)? == 0)
        })
    }

    /// Updates a client from its edit form, unless somebody else changed it since the form was served.
    pub fn update_client(&self, permit: &Permit<act::EditClients>, uid: ClientUid, input: &ClientInput) -> Result<()> {
        self.db.write(|writer| self.update_client_within(writer, permit, uid, input))
    }

    /// The same within a transaction that does more. Locks service and client.
    pub(super) fn update_client_within(
        &self,
        writer: &mut Writer<'_>,
        permit: &Permit<act::EditClients>,
        uid: ClientUid,
        input: &ClientInput,
    ) -> Result<()> {
        let now = self.now();
        let client_type = db::clients::find(writer, permit.scope(), uid)?.client_type;
        lock_what_is_given(writer, permit, client_type, input)?;
        let (before, service) = lock_with_service(writer, permit.scope(), uid)?;
        reach(writer, permit, &before)?;
        if before.state.is_deleted() {
            return Err(WrongState::because("This client is deleted. Reactivate it before editing it.").into());
        }
        refuse_stale(writer, permit.scope(), &uid, &input.version, before.version)?;
        let wanted = Standing::parse(&input.status)
            .ok_or_else(|| Error::Invalid(FieldErrors::one("status", "Status", "Choose Active or Inactive.")))?;
        let (settings, roles) = self.parse(writer, permit, &service, before.client_type, Some(&before), input)?;
        let state =
            if wanted.as_str() == before.state.status().as_str() { before.state } else { State::standing(wanted) };
        let mut after = Client { settings, state, ..before.clone() };
        reach(writer, permit, &after)?;
        let mut changed = changes(&before.settings.facts(), &after.settings.facts());
        if after.state != before.state {
            changed.push(status_change(&before.state, &after.state));
        }
        // Whoever may not give roles leaves them alone: written once more, one would outlive its community, which may
        // be left at this moment.
        let gives_roles = permit.actor().may_give_client_roles();
        let of_roles = match gives_roles {
            true => role_changes(&db::clients::roles_of_one(writer, uid)?, &roles),
            false => Vec::new(),
        };
        if !of_roles.is_empty() {
            permit.clone().confirmed(now)?;
        }
        changed.extend(of_roles);
        if changed.is_empty() {
            return Ok(());
        }
        after.version += 1;
        after.updated_at = now;
        db::clients::update(writer, &after)?;
        if gives_roles {
            db::clients::set_roles(writer, uid, &roles.tenant)?;
            db::clients::set_community_roles(writer, uid, &roles.community)?;
        }
        self.note_for_review(writer, permit, &service, &after, &changed)?;
        record(writer, now, Who::Person(permit.actor()), AuditAction::ClientUpdated, &Target::Client(&after), &changed)
    }

    pub fn deactivate_client(&self, permit: &Permit<act::EditClients>, uid: ClientUid) -> Result<Client> {
        self.move_client(permit, uid, AuditAction::ClientDeactivated, |client, _| Ok(client.state.deactivated()?))
    }

    pub fn delete_client(&self, permit: &Confirmed<act::EditClients>, uid: ClientUid) -> Result<Client> {
        self.db.write(|writer| self.delete_client_within(writer, permit, uid))
    }

    /// The same within a transaction that does more. Locks service and client.
    pub(super) fn delete_client_within(
        &self,
        writer: &mut Writer<'_>,
        permit: &Confirmed<act::EditClients>,
        uid: ClientUid,
    ) -> Result<Client> {
        let (now, grace) = (self.now(), self.grace(&permit.actor().membership().policy));
        let deleted = |client: &Client, _: &Service| Ok(client.state.deleted(now, grace)?);
        self.move_client_within(writer, permit, uid, AuditAction::ClientDeleted, deleted)
    }

    /// Brings an inactive or deleted client back. `undo` brings a deleted one back as it was before.
    /// `version_seen`, unless empty, is the client's as of what is undone.
    pub fn reactivate_client(
        &self,
        permit: &Permit<act::EditClients>,
        uid: ClientUid,
        undo: bool,
        version_seen: &str,
    ) -> Result<Client> {
        let now = self.now();
        self.move_client(permit, uid, AuditAction::ClientReactivated, |client, service| {
            refuse_overtaken(version_seen, client.version)?;
            if client.state.is_deleted() && service.state.is_deleted() {
                return Err(WrongState::because(
                    "The service of this client is deleted. Reactivate the service first.",
                )
                .into());
            }
            Ok(client.state.reactivated(now, undo)?)
        })
    }

    /// Revokes the registration access token of a client (RFC 7592), which may have leaked: by machine it is neither changed
    /// nor deleted any more. The client itself stays as it is.
    pub fn revoke_registration_access_token(
        &self,
        permit: &Confirmed<act::EditClients>,
        uid: ClientUid,
    ) -> Result<Client> {
        self.db.write(|writer| {
            let (client, _) = lock_with_service(writer, permit.scope(), uid)?;
            reach(writer, permit, &client)?;
            if !db::registration_tokens::remove_client(writer, uid)? {
                return Err(WrongState::because("This client has no registration access token.").into());
            }
            let (who, action) = (Who::Person(permit.actor()), AuditAction::RegistrationAccessTokenRevoked);
            record(writer, self.now(), who, action, &Target::Client(&client), &[])?;
            Ok(client)
        })
    }

    fn move_client(
        &self,
        permit: &Permit<act::EditClients>,
        uid: ClientUid,
        action: AuditAction,
        next: impl FnOnce(&Client, &Service) -> Result<State>,
    ) -> Result<Client> {
        self.db.write(|writer| self.move_client_within(writer, permit, uid, action, next))
    }

    fn move_client_within(
        &self,
        writer: &mut Writer<'_>,
        permit: &Permit<act::EditClients>,
        uid: ClientUid,
        action: AuditAction,
        next: impl FnOnce(&Client, &Service) -> Result<State>,
    ) -> Result<Client> {
        let now = self.now();
        let (before, service) = lock_with_service(writer, permit.scope(), uid)?;
        reach(writer, permit, &before)?;
        let state = next(&before, &service)?;
        let after = Client {
            state,
            deleted_with_service: false,
            version: before.version + 1,
            updated_at: now,
            ..before.clone()
        };
        db::clients::update(writer, &after)?;
        if before.state.is_deleted() {
            // Nobody judged it while it was deleted: it comes back as something new.
            let held = db::clients::roles_of_one(writer, uid)?;
            let mut new = everything_new(&after);
            new.push(Change {
                field: "Tenant roles".into(),
                before: String::new(),
                after: held.tenant.iter().map(|(_, name)| name.as_str()).collect::<Vec<_>>().join(", "),
            });
            let community = held.community.iter().map(|role| role.name.as_str()).collect::<Vec<_>>().join(", ");
            if !community.is_empty() {
                new.push(Change { field: "Community roles".into(), before: String::new(), after: community });
            }
            let keys = db::client_keys::of_client(writer, uid)?;
            let keys: Vec<String> = keys.iter().map(|key| key.key.in_words()).collect();
            if !keys.is_empty() {
                new.push(Change { field: "Keys".into(), before: String::new(), after: keys.join("\n") });
            }
            self.note_for_review(writer, permit, &service, &after, &new)?;
        }
        let changed = [status_change(&before.state, &after.state)];
        record(writer, now, Who::Person(permit.actor()), action, &Target::Client(&after), &changed)?;
        Ok(after)
    }

    /// The meaning of a client's form, with everything that must be confirmed confirmed.
    fn parse(
        &self,
        reader: &mut Reader<'_>,
        permit: &Permit<act::EditClients>,
        service: &Service,
        client_type: ClientType,
        before: Option<&Client>,
        input: &ClientInput,
    ) -> Result<(ClientSettings, ChosenRoles)> {
        let catalogue = db::scopes::catalogue(reader, permit.scope().id())?;
        let context = FormContext {
            client_type,
            policy: permit.actor().membership().policy,
            environment: service.environment,
            scopes: &catalogue,
        };
        let parsed = ClientSettings::parse(input, &context);
        let before_roles = before.map(|before| db::clients::roles_of_one(reader, before.uid)).transpose()?;
        let roles = chosen_roles(reader, permit, client_type, before_roles.as_ref(), input)?;
        let mut errors = FieldErrors::default();
        if before.is_none() {
            // Named with the other faults, so that one look at the form mends them all.
            if let Err(Error::Invalid(fault)) = ClientIdSuffix::parse(&input.suffix).map_err(suffix_fault) {
                errors = fault;
            }
        }
        let settings = match parsed {
            Ok(settings) if errors.is_empty() => settings,
            Ok(_) => return Err(Error::Invalid(errors)),
            Err(more) => {
                let mut in_order = FieldErrors::default();
                let (first, rest): (Vec<_>, Vec<_>) =
                    more.iter().partition(|error| matches!(error.field, "name" | "description"));
                for error in first.into_iter().chain(errors.iter()).chain(rest) {
                    in_order.add(error.field, error.label, error.message.clone());
                }
                return Err(Error::Invalid(in_order));
            }
        };
        // A custom client becomes one that acts on its own by its grants: said at the field, with nothing lost.
        if client_type == ClientType::Custom
            && settings.grants.contains(&GrantType::ClientCredentials)
            && permit.covers(true).is_err()
        {
            return Err(Error::Invalid(FieldErrors::one(
                "grant_types",
                "Grant types",
                "Only a tenant administrator can give a client the grant Client credentials.",
            )));
        }
        let had_pkce = before.is_none_or(|before| before.settings.require_pkce);
        let mut wanted = Vec::new();
        if !client_type.acts_alone() && !settings.require_pkce && had_pkce {
            if !permit.actor().may(crate::access::Action::ManageTenant) {
                return Err(Error::Invalid(FieldErrors::one(
                    "require_pkce",
                    "Require PKCE",
                    "Only a tenant administrator can switch PKCE off.",
                )));
            }
            wanted.push(Confirmation {
                key: "no-pkce",
                text: "Without PKCE a stolen authorization code can be used by whoever holds the secret. \
                       Switch it off only for a client that can't do PKCE."
                    .into(),
            });
        }
        wanted.extend(hosts_that_differ(reader, permit, service, before, &settings)?);
        wanted.extend(roles.administrator_role(before_roles.as_ref()));
        super::all_meant(wanted, &input.confirmed)?;
        Ok((settings, roles))
    }
}

/// Locks a client and, before it, its service: in this order everywhere.
pub(super) fn lock_with_service(
    writer: &mut Writer<'_>,
    scope: TenantScope,
    uid: ClientUid,
) -> Result<(Client, Service)> {
    let service = db::clients::find(writer, scope, uid)?.service_id;
    let service = db::services::lock(writer, scope, service)?;
    Ok((db::clients::lock(writer, scope, uid)?, service))
}

/// Whether the permit reaches this client, with the roles that it has now.
pub fn reach(reader: &mut Reader<'_>, permit: &Permit<act::EditClients>, client: &Client) -> Result<()> {
    let held = db::clients::roles_of_one(reader, client.uid)?;
    Ok(permit.reaches(client, held.has_more())?)
}

/// Every setting of a new client, as a change from nothing.
fn everything_new(client: &Client) -> Vec<Change> {
    let facts = client.settings.facts().into_iter().filter(|(_, value)| !value.is_empty());
    facts.map(|(field, after)| Change { field: field.to_owned(), before: String::new(), after }).collect()
}

fn suffix_fault(message: impl Into<String>) -> Error {
    Error::Invalid(FieldErrors::one("suffix", "Client ID suffix", message))
}

/// The roles that a form means, with their names.
struct ChosenRoles {
    tenant: Vec<RoleId>,
    community: Vec<CommunityRoleId>,
    named: ClientRoles,
}

impl ChosenRoles {
    fn of(named: ClientRoles) -> Self {
        Self {
            tenant: named.tenant.iter().map(|(id, _)| *id).collect(),
            community: named.community.iter().map(|role| role.id).collect(),
            named,
        }
    }

    fn are_more(&self) -> bool {
        self.named.has_more()
    }

    /// A role that administers something, and that the client didn't have before, is meant.
    fn administrator_role(&self, before: Option<&ClientRoles>) -> Vec<Confirmation> {
        let had = before.map(ClientRoles::administering).unwrap_or_default();
        let mut wanted = Vec::new();
        let new: Vec<&str> = self.named.administering().into_iter().filter(|name| !had.contains(name)).collect();
        if new.contains(&TENANT_ADMINISTRATOR) {
            wanted.push(Confirmation {
                key: "administrator-role",
                text: "This client gets the role Tenant Administrator: whoever holds its secret has full rights over \
                       your company's resources."
                    .into(),
            });
        }
        let of_communities: Vec<&str> = new.into_iter().filter(|name| *name != TENANT_ADMINISTRATOR).collect();
        if !of_communities.is_empty() {
            wanted.push(Confirmation {
                key: "community-administrator-role",
                text: format!(
                    "This client gets the role {}: whoever holds its secret has full rights over what the companies \
                     of the community share.",
                    of_communities.join(", ")
                ),
            });
        }
        wanted
    }
}

/// Tenant Member always; others only for clients that may act on their own, and only from an administrator.
fn chosen_roles(
    reader: &mut Reader<'_>,
    permit: &Permit<act::EditClients>,
    client_type: ClientType,
    before: Option<&ClientRoles>,
    input: &ClientInput,
) -> Result<ChosenRoles> {
    let fault = |field, label, message: &str| Err(Error::Invalid(FieldErrors::one(field, label, message)));
    let offered = db::roles::all(reader, permit.scope())?;
    let member = offered.iter().filter(|role| role.settings.name == TENANT_MEMBER).map(TenantRole::named);
    let mut chosen = ClientRoles { tenant: member.collect(), community: Vec::new() };
    if !client_type.may_act_alone() {
        return Ok(ChosenRoles::of(chosen));
    }
    if !permit.actor().may_give_client_roles() {
        const ONLY: &str = "Only a tenant administrator can give a client roles beside Tenant Member.";
        // Whoever may not give roles leaves those that an administrator gave.
        let kept = ChosenRoles::of(before.cloned().unwrap_or(chosen));
        if input.roles.iter().any(|typed| !kept.tenant.iter().any(|id| id.to_string() == *typed)) {
            return fault("roles", "Tenant roles", ONLY);
        }
        if input.community_roles.iter().any(|typed| !kept.community.iter().any(|id| id.to_string() == *typed)) {
            return fault("community_roles", "Community roles", ONLY);
        }
        return Ok(kept);
    }
    for typed in &input.roles {
        match offered.iter().find(|role| role.id.to_string() == *typed) {
            Some(role) => chosen.tenant.push(role.named()),
            None => return fault("roles", "Tenant roles", "Choose only roles from the list."),
        }
    }
    let of_communities = db::communities::offered(reader, permit.scope())?;
    for typed in &input.community_roles {
        match of_communities.iter().find(|role| role.held.id.to_string() == *typed) {
            Some(role) => chosen.community.push(role.held.clone()),
            None => return fault("community_roles", "Community roles", "Choose only roles from the list."),
        }
    }
    chosen.tenant.sort();
    chosen.tenant.dedup();
    chosen.community.sort_by_key(|role| role.id);
    chosen.community.dedup();
    Ok(ChosenRoles::of(chosen))
}

/// Locks what a form's roles and scopes are chosen from, so that none of them goes before the client has it.
fn lock_what_is_given(
    writer: &mut Writer<'_>,
    permit: &Permit<act::EditClients>,
    client_type: ClientType,
    input: &ClientInput,
) -> Result<()> {
    db::tenants::lock(writer, permit.scope().id())?;
    if input.community_roles.is_empty() || !client_type.may_act_alone() {
        return Ok(());
    }
    let offered = db::communities::offered(writer, permit.scope())?;
    let meant = offered.iter().filter(|role| input.community_roles.contains(&role.held.id.to_string()));
    let communities: BTreeSet<CommunityId> = meant.map(|role| role.community).collect();
    for community in communities {
        db::communities::lock(writer, community)?;
    }
    Ok(())
}

fn role_changes(before: &ClientRoles, after: &ChosenRoles) -> Vec<Change> {
    let words = |mut names: Vec<&str>| {
        names.sort_unstable();
        names.join(", ")
    };
    let facts = |roles: &ClientRoles| {
        let of_tenant = roles.tenant.iter().map(|(_, name)| name.as_str()).collect();
        let of_communities = roles.community.iter().map(|role| role.name.as_str()).collect();
        [("Tenant roles", words(of_tenant)), ("Community roles", words(of_communities))]
    };
    changes(&facts(before), &facts(&after.named))
}

/// Users get another pairwise subject for each redirect host, so hosts that differ inside a service deserve a look.
fn hosts_that_differ(
    reader: &mut Reader<'_>,
    permit: &Permit<act::EditClients>,
    service: &Service,
    before: Option<&Client>,
    settings: &ClientSettings,
) -> Result<Option<Confirmation>> {
    if settings.subject_type != SubjectType::Pairwise || settings.redirect_urls.is_empty() {
        return Ok(None);
    }
    let hosts_of = |settings: &ClientSettings| {
        let mut hosts: Vec<String> = settings.redirect_urls.iter().filter_map(|url| url.host()).collect();
        hosts.sort();
        hosts.dedup();
        hosts
    };
    let hosts = hosts_of(settings);
    if before.is_some_and(|before| {
        before.settings.subject_type == SubjectType::Pairwise && hosts_of(&before.settings) == hosts
    }) {
        return Ok(None);
    }
    let mut beside: Vec<String> =
        db::clients::redirect_urls_beside(reader, permit.scope(), service.id, before.map(|client| client.uid))?
            .into_iter()
            .flat_map(|(_, urls)| urls.into_iter().filter_map(|url| url.host()).collect::<Vec<_>>())
            .filter(|host| !hosts.contains(host))
            .collect();
    beside.sort();
    beside.dedup();
    if hosts.len() + beside.len() < 2 {
        return Ok(None);
    }
    let mut all = hosts;
    all.extend(beside);
    all.truncate(6);
    Ok(Some(Confirmation {
        key: "hosts",
        text: format!(
            "The redirect URLs of this service lie on different hosts ({}). With pairwise subjects the same user \
             gets another identifier on each of them.",
            all.join(", ")
        ),
    }))
}
