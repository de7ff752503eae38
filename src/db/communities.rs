//! Communities, the tenants in them, their roles and who holds those.

use std::collections::HashMap;

use diesel::prelude::*;

use super::connection::{Reader, Writer};
use super::error::Result;
use super::roles::{Holders, holder};
use super::schema::{
    accounts, client_community_roles, clients, communities, community_roles, community_tenants, member_community_roles,
    members, tenants,
};
use super::{like_literal, stored};
use crate::access::TenantScope;
use crate::clock::Timestamp;
use crate::domain::community::{COMMUNITY_ADMINISTRATOR, Community, CommunityRole, CommunitySettings, CommunityTenant};
use crate::domain::id::{AccountId, CommunityId, CommunityRoleId, MemberId, TenantId};
use crate::domain::role::{CommunityRoleHeld, RoleSettings};
use crate::domain::text::search_key;

/// A role as it is held: its id, its name and whether it is built in, and its community's name.
pub(super) fn held((id, name, built_in): (String, String, bool), community: &str) -> Result<CommunityRoleHeld> {
    Ok(CommunityRoleHeld {
        id: stored(&id, "community role id")?,
        administrator: built_in && name == COMMUNITY_ADMINISTRATOR,
        name: format!("{community}: {name}"),
    })
}

type Row = (String, String, String, String, i32, i64);
const COLUMNS: (
    communities::id,
    communities::tenant_id,
    communities::name,
    communities::description,
    communities::version,
    communities::created_at,
) = (
    communities::id,
    communities::tenant_id,
    communities::name,
    communities::description,
    communities::version,
    communities::created_at,
);

fn community((id, owner, name, description, version, created_at): Row) -> Result<Community> {
    Ok(Community {
        id: stored(&id, "community id")?,
        owner: stored(&owner, "tenant id")?,
        settings: CommunitySettings { name, description },
        version,
        created_at: Timestamp::from_micros(created_at),
    })
}

pub fn insert(writer: &mut Writer<'_>, community: &Community) -> Result<()> {
    diesel::insert_into(communities::table)
        .values((
            communities::id.eq(community.id.to_string()),
            communities::tenant_id.eq(community.owner.to_string()),
            communities::name.eq(&community.settings.name),
            communities::name_key.eq(search_key(&community.settings.name)),
            communities::description.eq(&community.settings.description),
            communities::version.eq(community.version),
            communities::created_at.eq(community.created_at.micros()),
        ))
        .execute(writer.conn())?;
    Ok(())
}

/// Locks the community's row until the commit: whoever changes it, its tenants or its roles, or gives one of its roles,
/// goes through here. Lock tenants before, services and clients after; several in the order of their ids.
pub fn lock(writer: &mut Writer<'_>, id: CommunityId) -> Result<()> {
    diesel::update(communities::table.find(id.to_string()))
        .set(communities::version.eq(communities::version))
        .execute(writer.conn())?;
    Ok(())
}

/// A community that the tenant is in.
pub fn find(reader: &mut Reader<'_>, scope: TenantScope, id: CommunityId) -> Result<Community> {
    let found = communities::table
        .inner_join(community_tenants::table)
        .filter(communities::id.eq(id.to_string()))
        .filter(community_tenants::tenant_id.eq(scope.id().to_string()))
        .filter(community_tenants::joined_at.is_not_null())
        .select(COLUMNS)
        .first(reader.conn())?;
    community(found)
}

/// A community that the tenant owns.
pub fn find_owned(reader: &mut Reader<'_>, scope: TenantScope, id: CommunityId) -> Result<Community> {
    let mine = communities::table.find(id.to_string()).filter(communities::tenant_id.eq(scope.id().to_string()));
    community(mine.select(COLUMNS).first(reader.conn())?)
}

/// A community that the tenant is invited to and has not joined.
pub fn find_invited(reader: &mut Reader<'_>, scope: TenantScope, id: CommunityId) -> Result<Community> {
    let found = communities::table
        .inner_join(community_tenants::table)
        .filter(communities::id.eq(id.to_string()))
        .filter(community_tenants::tenant_id.eq(scope.id().to_string()))
        .filter(community_tenants::joined_at.is_null())
        .select(COLUMNS)
        .first(reader.conn())?;
    community(found)
}

/// Whether the tenant owns a community of this name already, beside `except`.
pub fn name_taken(
    reader: &mut Reader<'_>,
    scope: TenantScope,
    name: &str,
    except: Option<CommunityId>,
) -> Result<bool> {
    let found: Option<String> = communities::table
        .filter(communities::tenant_id.eq(scope.id().to_string()))
        .filter(communities::name_key.eq(search_key(name)))
        .select(communities::id)
        .first(reader.conn())
        .optional()?;
    Ok(found.is_some_and(|found| except.is_none_or(|except| except.to_string() != found)))
}

/// Writes the community as it now is; the caller has locked it.
pub fn update(writer: &mut Writer<'_>, community: &Community) -> Result<()> {
    diesel::update(communities::table.find(community.id.to_string()))
        .set((
            communities::name.eq(&community.settings.name),
            communities::name_key.eq(search_key(&community.settings.name)),
            communities::description.eq(&community.settings.description),
            communities::version.eq(community.version),
        ))
        .execute(writer.conn())?;
    Ok(())
}

/// Removes a community with its roles, from whoever holds them; the caller has locked it.
pub fn remove(writer: &mut Writer<'_>, id: CommunityId) -> Result<()> {
    let roles = role_ids(writer, id)?;
    take_from_all(writer, &roles)?;
    diesel::delete(community_roles::table.filter(community_roles::community_id.eq(id.to_string())))
        .execute(writer.conn())?;
    diesel::delete(community_tenants::table.filter(community_tenants::community_id.eq(id.to_string())))
        .execute(writer.conn())?;
    diesel::delete(communities::table.find(id.to_string())).execute(writer.conn())?;
    Ok(())
}

/// What the list of communities asks for.
#[derive(Clone, Debug, Default)]
pub struct CommunityQuery {
    pub search: String,
    pub offset: i64,
    pub limit: i64,
}

/// A community with what the list shows beside it.
pub struct ListedCommunity {
    pub community: Community,
    pub owner_name: String,
    /// The companies in it, the owner's too.
    pub companies: i64,
    pub joined_at: Timestamp,
}

/// A page of the communities that the tenant is in, by name, and how many match in all.
pub fn list(
    reader: &mut Reader<'_>,
    scope: TenantScope,
    query: &CommunityQuery,
) -> Result<(Vec<ListedCommunity>, i64)> {
    let matching = || {
        let mut wanted = communities::table
            .inner_join(community_tenants::table)
            .inner_join(tenants::table.on(tenants::id.eq(communities::tenant_id)))
            .filter(community_tenants::tenant_id.eq(scope.id().to_string()))
            .filter(community_tenants::joined_at.is_not_null())
            .into_boxed();
        if !query.search.is_empty() {
            let pattern = format!("%{}%", like_literal(&search_key(&query.search)));
            wanted = wanted.filter(communities::name_key.like(pattern).escape('\\'));
        }
        wanted
    };
    let total: i64 = matching().count().get_result(reader.conn())?;
    let rows: Vec<(Row, String, Option<i64>)> = matching()
        .order((communities::name_key.asc(), communities::id.asc()))
        .offset(query.offset)
        .limit(query.limit)
        .select((COLUMNS, tenants::name, community_tenants::joined_at))
        .load(reader.conn())?;
    let ids: Vec<String> = rows.iter().map(|(row, ..)| row.0.clone()).collect();
    let counts: HashMap<String, i64> = community_tenants::table
        .filter(community_tenants::community_id.eq_any(ids))
        .filter(community_tenants::joined_at.is_not_null())
        .group_by(community_tenants::community_id)
        .select((community_tenants::community_id, diesel::dsl::count_star()))
        .load::<(String, i64)>(reader.conn())?
        .into_iter()
        .collect();
    let listed = rows
        .into_iter()
        .map(|(row, owner_name, joined_at)| {
            Ok(ListedCommunity {
                companies: counts.get(&row.0).copied().unwrap_or(0),
                community: community(row)?,
                owner_name,
                joined_at: Timestamp::from_micros(joined_at.unwrap_or(0)),
            })
        })
        .collect::<Result<_>>()?;
    Ok((listed, total))
}

/// The communities that a tenant is invited to, with the owners' names and when, the latest first.
pub fn invitations(reader: &mut Reader<'_>, scope: TenantScope) -> Result<Vec<(Community, String, Timestamp)>> {
    let rows: Vec<(Row, String, i64)> = communities::table
        .inner_join(community_tenants::table)
        .inner_join(tenants::table.on(tenants::id.eq(communities::tenant_id)))
        .filter(community_tenants::tenant_id.eq(scope.id().to_string()))
        .filter(community_tenants::joined_at.is_null())
        .order((community_tenants::invited_at.desc(), communities::id.asc()))
        .limit(100)
        .select((COLUMNS, tenants::name, community_tenants::invited_at))
        .load(reader.conn())?;
    rows.into_iter().map(|(row, owner, at)| Ok((community(row)?, owner, Timestamp::from_micros(at)))).collect()
}

pub fn count_invitations(reader: &mut Reader<'_>, scope: TenantScope) -> Result<i64> {
    let open = community_tenants::table
        .filter(community_tenants::tenant_id.eq(scope.id().to_string()))
        .filter(community_tenants::joined_at.is_null());
    Ok(reader.one(open.count())?)
}

/// The tenants in a community and those invited, by name.
pub fn companies(reader: &mut Reader<'_>, id: CommunityId) -> Result<Vec<CommunityTenant>> {
    let rows: Vec<(String, String, i64, Option<i64>)> = community_tenants::table
        .inner_join(tenants::table)
        .filter(community_tenants::community_id.eq(id.to_string()))
        .select((tenants::id, tenants::name, community_tenants::invited_at, community_tenants::joined_at))
        .load(reader.conn())?;
    let mut found = rows
        .into_iter()
        .map(|(id, name, invited_at, joined_at)| {
            Ok(CommunityTenant {
                id: stored(&id, "tenant id")?,
                name,
                invited_at: Timestamp::from_micros(invited_at),
                joined_at: joined_at.map(Timestamp::from_micros),
            })
        })
        .collect::<Result<Vec<_>>>()?;
    found.sort_by_cached_key(|tenant| (search_key(&tenant.name), tenant.id));
    Ok(found)
}

/// `joined_at` is set for the tenant that makes the community.
pub fn insert_tenant(
    writer: &mut Writer<'_>,
    id: CommunityId,
    tenant: TenantId,
    by: AccountId,
    now: Timestamp,
    joined_at: Option<Timestamp>,
) -> Result<()> {
    diesel::insert_into(community_tenants::table)
        .values((
            community_tenants::community_id.eq(id.to_string()),
            community_tenants::tenant_id.eq(tenant.to_string()),
            community_tenants::invited_by.eq(by.to_string()),
            community_tenants::invited_at.eq(now.micros()),
            community_tenants::joined_at.eq(joined_at.map(Timestamp::micros)),
        ))
        .execute(writer.conn())?;
    Ok(())
}

/// Answers whether the tenant was invited and is in it now.
pub fn join(writer: &mut Writer<'_>, id: CommunityId, tenant: TenantId, now: Timestamp) -> Result<bool> {
    let invited = community_tenants::table
        .find((id.to_string(), tenant.to_string()))
        .filter(community_tenants::joined_at.is_null());
    let joined = diesel::update(invited).set(community_tenants::joined_at.eq(Some(now.micros())));
    Ok(joined.execute(writer.conn())? == 1)
}

/// Answers whether there was an invitation to take back or to decline.
pub fn remove_invitation(writer: &mut Writer<'_>, id: CommunityId, tenant: TenantId) -> Result<bool> {
    let invited = community_tenants::table
        .find((id.to_string(), tenant.to_string()))
        .filter(community_tenants::joined_at.is_null());
    Ok(diesel::delete(invited).execute(writer.conn())? == 1)
}

/// Takes a tenant out of a community, and the community's roles from its clients and people. Answers whether it was in
/// it. The caller has locked the community.
pub fn remove_tenant(writer: &mut Writer<'_>, id: CommunityId, tenant: TenantId) -> Result<bool> {
    let joined = community_tenants::table
        .find((id.to_string(), tenant.to_string()))
        .filter(community_tenants::joined_at.is_not_null());
    if diesel::delete(joined).execute(writer.conn())? == 0 {
        return Ok(false);
    }
    let roles = role_ids(writer, id)?;
    let its_clients = clients::table.filter(clients::tenant_id.eq(tenant.to_string())).select(clients::uid);
    let by_clients = client_community_roles::table
        .filter(client_community_roles::role_id.eq_any(&roles))
        .filter(client_community_roles::client_uid.eq_any(its_clients));
    diesel::delete(by_clients).execute(writer.conn())?;
    let its_people = members::table.filter(members::tenant_id.eq(tenant.to_string())).select(members::id);
    let by_people = member_community_roles::table
        .filter(member_community_roles::role_id.eq_any(&roles))
        .filter(member_community_roles::member_id.eq_any(its_people));
    diesel::delete(by_people).execute(writer.conn())?;
    Ok(true)
}

fn role_ids(reader: &mut Reader<'_>, id: CommunityId) -> Result<Vec<String>> {
    let mine = community_roles::table.filter(community_roles::community_id.eq(id.to_string()));
    Ok(mine.select(community_roles::id).load(reader.conn())?)
}

fn take_from_all(writer: &mut Writer<'_>, roles: &[String]) -> Result<()> {
    let by_clients = client_community_roles::table.filter(client_community_roles::role_id.eq_any(roles));
    diesel::delete(by_clients).execute(writer.conn())?;
    let by_people = member_community_roles::table.filter(member_community_roles::role_id.eq_any(roles));
    diesel::delete(by_people).execute(writer.conn())?;
    Ok(())
}

type RoleRow = (String, String, String, bool, i32);
const ROLE_COLUMNS: (
    community_roles::id,
    community_roles::name,
    community_roles::description,
    community_roles::built_in,
    community_roles::version,
) = (
    community_roles::id,
    community_roles::name,
    community_roles::description,
    community_roles::built_in,
    community_roles::version,
);

fn role((id, name, description, built_in, version): RoleRow) -> Result<CommunityRole> {
    let settings = RoleSettings { name, description };
    Ok(CommunityRole { id: stored(&id, "community role id")?, settings, built_in, version })
}

/// The roles of a community: those that came with it, then its own by name.
pub fn roles(reader: &mut Reader<'_>, id: CommunityId) -> Result<Vec<CommunityRole>> {
    let rows: Vec<RoleRow> = community_roles::table
        .filter(community_roles::community_id.eq(id.to_string()))
        .order(community_roles::id.asc())
        .select(ROLE_COLUMNS)
        .load(reader.conn())?;
    let mut all = rows.into_iter().map(role).collect::<Result<Vec<_>>>()?;
    all.sort_by_cached_key(|role| (!role.built_in).then(|| search_key(&role.settings.name)));
    Ok(all)
}

pub fn insert_role(
    writer: &mut Writer<'_>,
    community: CommunityId,
    id: CommunityRoleId,
    settings: &RoleSettings,
    built_in: bool,
) -> Result<()> {
    diesel::insert_into(community_roles::table)
        .values((
            community_roles::id.eq(id.to_string()),
            community_roles::community_id.eq(community.to_string()),
            community_roles::name.eq(&settings.name),
            community_roles::description.eq(&settings.description),
            community_roles::built_in.eq(built_in),
        ))
        .execute(writer.conn())?;
    Ok(())
}

/// Writes the role as it now is; the caller has locked the community.
pub fn update_role(writer: &mut Writer<'_>, role: &CommunityRole) -> Result<()> {
    diesel::update(community_roles::table.find(role.id.to_string()))
        .set((
            community_roles::name.eq(&role.settings.name),
            community_roles::description.eq(&role.settings.description),
            community_roles::version.eq(role.version),
        ))
        .execute(writer.conn())?;
    Ok(())
}

/// Takes the role from whoever holds it and removes it; the caller has locked the community.
pub fn remove_role(writer: &mut Writer<'_>, id: CommunityRoleId) -> Result<()> {
    take_from_all(writer, &[id.to_string()])?;
    diesel::delete(community_roles::table.find(id.to_string())).execute(writer.conn())?;
    Ok(())
}

/// A role that the tenant can give, because it is in the role's community.
pub struct OfferedRole {
    pub community: CommunityId,
    pub held: CommunityRoleHeld,
    pub description: String,
}

/// Every role that the tenant can give, by community. One statement.
pub fn offered(reader: &mut Reader<'_>, scope: TenantScope) -> Result<Vec<OfferedRole>> {
    type Found = ((String, String, bool), String, (String, String));
    let rows: Vec<Found> = community_roles::table
        .inner_join(communities::table.inner_join(community_tenants::table))
        .filter(community_tenants::tenant_id.eq(scope.id().to_string()))
        .filter(community_tenants::joined_at.is_not_null())
        .order((
            communities::name_key.asc(),
            communities::id.asc(),
            community_roles::built_in.desc(),
            community_roles::id.asc(),
        ))
        .select((
            (community_roles::id, community_roles::name, community_roles::built_in),
            community_roles::description,
            (communities::id, communities::name),
        ))
        .load(reader.conn())?;
    rows.into_iter()
        .map(|(role, description, (id, name))| {
            Ok(OfferedRole { community: stored(&id, "community id")?, held: held(role, &name)?, description })
        })
        .collect()
}

/// Whose roles are meant: those of a community, or one of them.
#[derive(Clone, Copy)]
pub enum Which {
    All(CommunityId),
    One(CommunityRoleId),
}

/// Who would lose roles, of a tenant.
pub struct Holding {
    pub clients: Holders,
    /// Names, and how many there are in all.
    pub people: (Vec<String>, i64),
}

/// The tenant's clients and people that hold such roles: the first `limit` by name, and how many there are.
pub fn holding(reader: &mut Reader<'_>, tenant: TenantId, which: Which, limit: i64) -> Result<Holding> {
    let roles = match which {
        Which::All(id) => role_ids(reader, id)?,
        Which::One(id) => vec![id.to_string()],
    };
    let mine = || {
        let holders = client_community_roles::table
            .filter(client_community_roles::role_id.eq_any(roles.clone()))
            .select(client_community_roles::client_uid);
        clients::table.filter(clients::tenant_id.eq(tenant.to_string())).filter(clients::uid.eq_any(holders))
    };
    let total: i64 = mine().count().get_result(reader.conn())?;
    let rows: Vec<(String, String, String)> = mine()
        .order((clients::status.eq("deleted"), clients::name_key.asc(), clients::uid.asc()))
        .select((clients::uid, clients::name, clients::status))
        .limit(limit)
        .load(reader.conn())?;
    let named = rows.into_iter().map(holder).collect::<Result<_>>()?;
    let people = || {
        let holders = member_community_roles::table
            .filter(member_community_roles::role_id.eq_any(roles.clone()))
            .select(member_community_roles::member_id);
        members::table
            .inner_join(accounts::table)
            .filter(members::tenant_id.eq(tenant.to_string()))
            .filter(members::id.eq_any(holders))
    };
    let people_total: i64 = people().count().get_result(reader.conn())?;
    let names = people()
        .order((accounts::name.asc(), members::id.asc()))
        .select(accounts::name)
        .limit(limit)
        .load(reader.conn())?;
    Ok(Holding { clients: (named, total), people: (names, people_total) })
}

/// How many clients and people of all tenants hold such roles: all that a tenant learns of the others'.
pub fn count_holding(reader: &mut Reader<'_>, which: Which) -> Result<(i64, i64)> {
    let roles = match which {
        Which::All(id) => role_ids(reader, id)?,
        Which::One(id) => vec![id.to_string()],
    };
    let by_clients = client_community_roles::table
        .filter(client_community_roles::role_id.eq_any(roles.clone()))
        .select(client_community_roles::client_uid);
    let clients = clients::table.filter(clients::uid.eq_any(by_clients)).count().get_result(reader.conn())?;
    let by_people = member_community_roles::table
        .filter(member_community_roles::role_id.eq_any(roles))
        .select(member_community_roles::member_id);
    let people = members::table.filter(members::id.eq_any(by_people)).count().get_result(reader.conn())?;
    Ok((clients, people))
}

/// How many of the tenant's clients and people hold each role of a community.
pub fn counts(
    reader: &mut Reader<'_>,
    scope: TenantScope,
    id: CommunityId,
) -> Result<HashMap<CommunityRoleId, (i64, i64)>> {
    let clients: Vec<(String, i64)> = client_community_roles::table
        .inner_join(community_roles::table)
        .inner_join(clients::table)
        .filter(community_roles::community_id.eq(id.to_string()))
        .filter(clients::tenant_id.eq(scope.id().to_string()))
        .group_by(client_community_roles::role_id)
        .select((client_community_roles::role_id, diesel::dsl::count_star()))
        .load(reader.conn())?;
    let people: Vec<(String, i64)> = member_community_roles::table
        .inner_join(community_roles::table)
        .inner_join(members::table)
        .filter(community_roles::community_id.eq(id.to_string()))
        .filter(members::tenant_id.eq(scope.id().to_string()))
        .group_by(member_community_roles::role_id)
        .select((member_community_roles::role_id, diesel::dsl::count_star()))
        .load(reader.conn())?;
    let mut counts: HashMap<CommunityRoleId, (i64, i64)> = HashMap::new();
    for (role, count) in clients {
        counts.entry(stored(&role, "community role id")?).or_default().0 = count;
    }
    for (role, count) in people {
        counts.entry(stored(&role, "community role id")?).or_default().1 = count;
    }
    Ok(counts)
}

/// One of the tenant's own people, with the roles that they hold in a community.
pub struct CommunityPerson {
    pub id: MemberId,
    pub name: String,
    pub email: String,
    pub roles: Vec<(CommunityRoleId, String)>,
}

/// A page of the tenant's people with their roles in a community, by name, and how many match in all.
pub fn people(
    reader: &mut Reader<'_>,
    scope: TenantScope,
    id: CommunityId,
    query: &CommunityQuery,
) -> Result<(Vec<CommunityPerson>, i64)> {
    let matching = || {
        let mut wanted = members::table
            .inner_join(accounts::table)
            .filter(members::tenant_id.eq(scope.id().to_string()))
            .into_boxed();
        if !query.search.is_empty() {
            let pattern = format!("%{}%", like_literal(&search_key(&query.search)));
            wanted = wanted.filter(
                accounts::name_key
                    .like(pattern.clone())
                    .escape('\\')
                    .or(accounts::email_key.like(pattern).escape('\\')),
            );
        }
        wanted
    };
    let total: i64 = matching().count().get_result(reader.conn())?;
    let rows: Vec<(String, String, String)> = matching()
        .order((accounts::name_key.asc(), members::id.asc()))
        .offset(query.offset)
        .limit(query.limit)
        .select((members::id, accounts::name, accounts::email))
        .load(reader.conn())?;
    let ids: Vec<String> = rows.iter().map(|(id, ..)| id.clone()).collect();
    let held: Vec<(String, String, String)> = member_community_roles::table
        .inner_join(community_roles::table)
        .filter(member_community_roles::member_id.eq_any(ids))
        .filter(community_roles::community_id.eq(id.to_string()))
        .order((community_roles::built_in.desc(), community_roles::id.asc()))
        .select((member_community_roles::member_id, community_roles::id, community_roles::name))
        .load(reader.conn())?;
    let mut roles: HashMap<String, Vec<(CommunityRoleId, String)>> = HashMap::new();
    for (member, role, name) in held {
        roles.entry(member).or_default().push((stored(&role, "community role id")?, name));
    }
    let found = rows
        .into_iter()
        .map(|(id, name, email)| {
            let held = roles.remove(&id).unwrap_or_default();
            Ok(CommunityPerson { id: stored(&id, "member id")?, name, email, roles: held })
        })
        .collect::<Result<_>>()?;
    Ok((found, total))
}

/// One of the tenant's own people.
pub fn person(
    reader: &mut Reader<'_>,
    scope: TenantScope,
    id: CommunityId,
    member: MemberId,
) -> Result<CommunityPerson> {
    let (name, email): (String, String) = members::table
        .inner_join(accounts::table)
        .filter(members::id.eq(member.to_string()))
        .filter(members::tenant_id.eq(scope.id().to_string()))
        .select((accounts::name, accounts::email))
        .first(reader.conn())?;
    let held: Vec<(String, String)> = member_community_roles::table
        .inner_join(community_roles::table)
        .filter(member_community_roles::member_id.eq(member.to_string()))
        .filter(community_roles::community_id.eq(id.to_string()))
        .order((community_roles::built_in.desc(), community_roles::id.asc()))
        .select((community_roles::id, community_roles::name))
        .load(reader.conn())?;
    let roles = held.into_iter().map(|(id, name)| Ok((stored(&id, "community role id")?, name)));
    Ok(CommunityPerson { id: member, name, email, roles: roles.collect::<Result<_>>()? })
}

/// Puts these roles of a community in the place of those that a person holds in it; the caller has locked the tenant
/// and the community.
pub fn set_person_roles(
    writer: &mut Writer<'_>,
    id: CommunityId,
    member: MemberId,
    chosen: &[CommunityRoleId],
) -> Result<()> {
    let roles = role_ids(writer, id)?;
    let before = member_community_roles::table
        .filter(member_community_roles::member_id.eq(member.to_string()))
        .filter(member_community_roles::role_id.eq_any(&roles));
    diesel::delete(before).execute(writer.conn())?;
    for role in chosen {
        diesel::insert_into(member_community_roles::table)
            .values((
                member_community_roles::member_id.eq(member.to_string()),
                member_community_roles::role_id.eq(role.to_string()),
            ))
            .execute(writer.conn())?;
    }
    Ok(())
}
