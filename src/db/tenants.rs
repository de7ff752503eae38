//! Tenants, with their members, scope catalogue and client roles.

use diesel::prelude::*;

use super::connection::{Reader, Writer};
use super::error::{Error, Result};
use super::schema::{accounts, members, tenants};
use super::stored;
use crate::access::{Membership, Role, Roles, TenantScope};
use crate::clock::Timestamp;
use crate::domain::client_id::ClientIdPrefix;
use crate::domain::company::CompanyProfile;
use crate::domain::id::{AccountId, MemberId, TenantId};
use crate::domain::tenant::{SessionLengths, Tenant, TenantPolicy};
use crate::domain::text::search_key;

#[derive(Queryable, Insertable)]
#[diesel(table_name = tenants)]
pub(super) struct Row {
    id: String,
    name: String,
    contact_email: String,
    client_id_prefix: String,
    operates: bool,
    developers_may_add_machine_clients: bool,
    legacy_grants: bool,
    created_at: i64,
    website_url: String,
    contact_name: String,
    grace_days: Option<i32>,
    second_factor_required: bool,
    session_idle_minutes: i32,
    session_hours: i32,
    version: i32,
    name_key: String,
}

impl TryFrom<Row> for Tenant {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: stored(&row.id, "tenant id")?,
            name: row.name,
            client_id_prefix: ClientIdPrefix::stored(row.client_id_prefix),
            policy: policy((
                row.developers_may_add_machine_clients,
                row.legacy_grants,
                row.grace_days,
                row.second_factor_required,
                row.session_idle_minutes,
                row.session_hours,
            )),
        })
    }
}

/// The columns of a tenant's policy, in the order of the table.
type PolicyColumns = (bool, bool, Option<i32>, bool, i32, i32);

fn policy((machine, legacy, grace_days, second_factor, idle_minutes, hours): PolicyColumns) -> TenantPolicy {
    TenantPolicy {
        developers_may_add_machine_clients: machine,
        legacy_grants: legacy,
        grace_days: grace_days.map(i32::unsigned_abs),
        second_factor_required: second_factor,
        sessions: SessionLengths { idle_minutes: idle_minutes.unsigned_abs(), hours: hours.unsigned_abs() },
    }
}

/// A number of days, minutes or hours as a column.
fn column(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

/// A tenant to be made.
pub struct NewTenant<'a> {
    pub tenant: &'a Tenant,
    pub contact_email: &'a str,
    /// It is the tenant of whoever operates the deployment.
    pub operates: bool,
    pub created_at: Timestamp,
}

pub fn insert(writer: &mut Writer<'_>, new: &NewTenant<'_>) -> Result<()> {
    let row = Row {
        id: new.tenant.id.to_string(),
        name: new.tenant.name.clone(),
        contact_email: new.contact_email.to_owned(),
        client_id_prefix: new.tenant.client_id_prefix.as_str().to_owned(),
        operates: new.operates,
        developers_may_add_machine_clients: new.tenant.policy.developers_may_add_machine_clients,
        legacy_grants: new.tenant.policy.legacy_grants,
        created_at: new.created_at.micros(),
        website_url: String::new(),
        contact_name: String::new(),
        grace_days: new.tenant.policy.grace_days.map(column),
        second_factor_required: new.tenant.policy.second_factor_required,
        session_idle_minutes: column(new.tenant.policy.sessions.idle_minutes),
        session_hours: column(new.tenant.policy.sessions.hours),
        version: 1,
        name_key: search_key(&new.tenant.name),
    };
    diesel::insert_into(tenants::table).values(row).execute(writer.conn())?;
    Ok(())
}

/// How many tenants operate the deployment: one, once it is set up.
pub fn count_operating(reader: &mut Reader<'_>) -> Result<i64> {
    Ok(tenants::table.filter(tenants::operates.eq(true)).count().get_result(reader.conn())?)
}

/// The tenant of whoever operates the deployment; `None` before it is set up.
pub fn operating(reader: &mut Reader<'_>) -> Result<Option<TenantId>> {
    let operating = tenants::table.filter(tenants::operates.eq(true)).order(tenants::id.asc()).select(tenants::id);
    let found: Option<String> = operating.first(reader.conn()).optional()?;
    found.map(|id| stored(&id, "tenant id")).transpose()
}

pub fn find(reader: &mut Reader<'_>, scope: TenantScope) -> Result<Tenant> {
    tenants::table.find(scope.id().to_string()).first::<Row>(reader.conn())?.try_into()
}

/// A tenant with what it says of itself, and how often that has been changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Company {
    pub tenant: Tenant,
    pub profile: CompanyProfile,
    pub version: i32,
}

pub fn company(reader: &mut Reader<'_>, scope: TenantScope) -> Result<Company> {
    let row: Row = tenants::table.find(scope.id().to_string()).first(reader.conn())?;
    let profile = CompanyProfile {
        name: row.name.clone(),
        contact_name: row.contact_name.clone(),
        contact_email: row.contact_email.clone(),
        website_url: row.website_url.clone(),
    };
    let version = row.version;
    Ok(Company { tenant: row.try_into()?, profile, version })
}

/// The caller has locked the tenant.
pub fn update_profile(writer: &mut Writer<'_>, scope: TenantScope, profile: &CompanyProfile) -> Result<()> {
    diesel::update(tenants::table.find(scope.id().to_string()))
        .set((
            tenants::name.eq(&profile.name),
            tenants::name_key.eq(search_key(&profile.name)),
            tenants::contact_name.eq(&profile.contact_name),
            tenants::contact_email.eq(&profile.contact_email),
            tenants::website_url.eq(&profile.website_url),
            tenants::version.eq(tenants::version + 1),
        ))
        .execute(writer.conn())?;
    Ok(())
}

/// The caller has locked the tenant.
pub fn update_policy(writer: &mut Writer<'_>, scope: TenantScope, policy: &TenantPolicy) -> Result<()> {
    diesel::update(tenants::table.find(scope.id().to_string()))
        .set((
            tenants::developers_may_add_machine_clients.eq(policy.developers_may_add_machine_clients),
            tenants::legacy_grants.eq(policy.legacy_grants),
            tenants::grace_days.eq(policy.grace_days.map(column)),
            tenants::second_factor_required.eq(policy.second_factor_required),
            tenants::session_idle_minutes.eq(column(policy.sessions.idle_minutes)),
            tenants::session_hours.eq(column(policy.sessions.hours)),
            tenants::version.eq(tenants::version + 1),
        ))
        .execute(writer.conn())?;
    Ok(())
}

/// Locks the tenant's row until the commit: whoever gives or takes rights in it, or changes what there is to give, goes
/// first through here, so that two of them take turns on both databases. Lock it before services and clients.
pub fn lock(writer: &mut Writer<'_>, tenant: TenantId) -> Result<()> {
    diesel::update(tenants::table.find(tenant.to_string()))
        .set(tenants::version.eq(tenants::version))
        .execute(writer.conn())?;
    Ok(())
}

/// A tenant's name, whoever asks: companies find each other by their ids.
pub fn name(reader: &mut Reader<'_>, tenant: TenantId) -> Result<String> {
    Ok(tenants::table.find(tenant.to_string()).select(tenants::name).first(reader.conn())?)
}

pub fn insert_member(
    writer: &mut Writer<'_>,
    id: MemberId,
    tenant: TenantId,
    account: AccountId,
    roles: Roles,
    now: Timestamp,
) -> Result<()> {
    diesel::insert_into(members::table)
        .values((
            members::id.eq(id.to_string()),
            members::tenant_id.eq(tenant.to_string()),
            members::account_id.eq(account.to_string()),
            members::developer.eq(roles.developer),
            members::approver.eq(roles.approver),
            members::administrator.eq(roles.administrator),
            members::created_at.eq(now.micros()),
        ))
        .execute(writer.conn())?;
    Ok(())
}

/// The accounts of a tenant's members who hold a role.
pub fn people_with(reader: &mut Reader<'_>, tenant: TenantId, role: Role) -> Result<Vec<AccountId>> {
    let mut wanted = members::table.filter(members::tenant_id.eq(tenant.to_string())).into_boxed();
    wanted = match role {
        Role::Member => wanted,
        Role::Developer => wanted.filter(members::developer.eq(true)),
        Role::Approver => wanted.filter(members::approver.eq(true)),
        Role::Administrator => wanted.filter(members::administrator.eq(true)),
        // Rights of a person in the whole deployment, not of a member.
        Role::PlatformApprover | Role::Operator => return Ok(Vec::new()),
    };
    let ids: Vec<String> = wanted.order(members::id.asc()).select(members::account_id).load(reader.conn())?;
    ids.iter().map(|id| stored(id, "account id")).collect()
}

/// A person's memberships, the one that began first first; read afresh for every request. One statement.
pub fn memberships(reader: &mut Reader<'_>, account: AccountId) -> Result<Vec<Membership>> {
    let joined = members::table
        .inner_join(accounts::table)
        .inner_join(tenants::table)
        .filter(members::account_id.eq(account.to_string()))
        .filter(accounts::activated_at.is_not_null())
        .order((members::created_at.asc(), members::id.asc()))
        .select((
            (members::id, members::developer, members::approver, members::administrator),
            (
                accounts::id,
                accounts::name,
                accounts::email,
                accounts::password_changed_at,
                accounts::operator,
                accounts::platform_approver,
                accounts::totp_sealed.is_not_null(),
            ),
            (tenants::id, tenants::name),
            (
                tenants::developers_may_add_machine_clients,
                tenants::legacy_grants,
                tenants::grace_days,
                tenants::second_factor_required,
                tenants::session_idle_minutes,
                tenants::session_hours,
            ),
        ));
    type Person = (String, String, String, i64, bool, bool, bool);
    type Found = ((String, bool, bool, bool), Person, (String, String), PolicyColumns);
    let rows: Vec<Found> = reader.all(joined)?;
    rows.into_iter()
        .map(|((member, developer, approver, administrator), person, (tenant, tenant_name), columns)| {
            let (account, name, email, password_changed, operator, platform_approver, second_factor) = person;
            Ok(Membership {
                member_id: stored(&member, "member id")?,
                account_id: stored(&account, "account id")?,
                name,
                email,
                tenant_id: stored(&tenant, "tenant id")?,
                tenant_name,
                roles: Roles { developer, approver, administrator },
                operator,
                platform_approver,
                second_factor,
                password_changed_at: Timestamp::from_micros(password_changed),
                policy: policy(columns),
            })
        })
        .collect()
}

/// The one of them that is in a tenant, or the first.
pub fn membership(reader: &mut Reader<'_>, account: AccountId, tenant: Option<TenantId>) -> Result<Option<Membership>> {
    Ok(memberships(reader, account)?.into_iter().find(|one| tenant.is_none_or(|tenant| one.tenant_id == tenant)))
}
