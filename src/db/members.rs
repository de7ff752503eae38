//! The people of a tenant: listed, looked at, given roles, removed.

use diesel::prelude::*;

use super::connection::{Reader, Writer};
use super::error::Result;
use super::schema::{
    accounts, clients, communities, community_roles, member_community_roles, members, release_requests, secrets,
    services,
};
use super::{like_literal, stored};
use crate::access::{Role, Roles, TenantScope};
use crate::clock::Timestamp;
use crate::domain::id::{AccountId, MemberId, TenantId};
use crate::domain::text::search_key;

/// A person as the tenant's administrators see them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    pub id: MemberId,
    pub account_id: AccountId,
    pub name: String,
    pub email: String,
    pub roles: Roles,
    pub second_factor: bool,
    pub since: Timestamp,
}

type Columns = ((String, bool, bool, bool, i64), (String, String, String, bool));

fn member((own, person): Columns) -> Result<Member> {
    let (id, developer, approver, administrator, since) = own;
    let (account, name, email, second_factor) = person;
    Ok(Member {
        id: stored(&id, "member id")?,
        account_id: stored(&account, "account id")?,
        name,
        email,
        roles: Roles { developer, approver, administrator },
        second_factor,
        since: Timestamp::from_micros(since),
    })
}

/// What the list of members asks for.
#[derive(Clone, Debug, Default)]
pub struct MemberQuery {
    pub search: String,
    pub role: Option<Role>,
    pub sort: MemberSort,
    pub descending: bool,
    pub offset: i64,
    pub limit: i64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MemberSort {
    #[default]
    Name,
    Since,
}

/// A page of members, and how many match in all.
pub fn list(reader: &mut Reader<'_>, scope: TenantScope, query: &MemberQuery) -> Result<(Vec<Member>, i64)> {
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
        match query.role {
            Some(Role::Developer) => wanted.filter(members::developer.eq(true)),
            Some(Role::Approver) => wanted.filter(members::approver.eq(true)),
            Some(Role::Administrator) => wanted.filter(members::administrator.eq(true)),
            _ => wanted,
        }
    };
    let total: i64 = matching().count().get_result(reader.conn())?;
    let page = matching().offset(query.offset).limit(query.limit);
    let page = match (query.sort, query.descending) {
        (MemberSort::Name, false) => page.order((accounts::name_key.asc(), members::id.asc())),
        (MemberSort::Name, true) => page.order((accounts::name_key.desc(), members::id.desc())),
        (MemberSort::Since, false) => page.order((members::created_at.asc(), members::id.asc())),
        (MemberSort::Since, true) => page.order((members::created_at.desc(), members::id.desc())),
    };
    let rows: Vec<Columns> = page
        .select((
            (members::id, members::developer, members::approver, members::administrator, members::created_at),
            (accounts::id, accounts::name, accounts::email, accounts::totp_sealed.is_not_null()),
        ))
        .load(reader.conn())?;
    Ok((rows.into_iter().map(member).collect::<Result<_>>()?, total))
}

pub fn find(reader: &mut Reader<'_>, scope: TenantScope, id: MemberId) -> Result<Member> {
    let found: Columns = members::table
        .inner_join(accounts::table)
        .filter(members::id.eq(id.to_string()))
        .filter(members::tenant_id.eq(scope.id().to_string()))
        .select((
            (members::id, members::developer, members::approver, members::administrator, members::created_at),
            (accounts::id, accounts::name, accounts::email, accounts::totp_sealed.is_not_null()),
        ))
        .first(reader.conn())?;
    member(found)
}

/// Whether a member of the tenant has this address.
pub fn has_address(reader: &mut Reader<'_>, tenant: TenantId, email_key: &str) -> Result<bool> {
    let found: i64 = members::table
        .inner_join(accounts::table)
        .filter(members::tenant_id.eq(tenant.to_string()))
        .filter(accounts::email_key.eq(email_key))
        .count()
        .get_result(reader.conn())?;
    Ok(found > 0)
}

pub fn set_roles(writer: &mut Writer<'_>, id: MemberId, roles: Roles) -> Result<()> {
    diesel::update(members::table.find(id.to_string()))
        .set((
            members::developer.eq(roles.developer),
            members::approver.eq(roles.approver),
            members::administrator.eq(roles.administrator),
        ))
        .execute(writer.conn())?;
    Ok(())
}

/// The membership goes, and with it the roles in communities that came through it.
pub fn remove(writer: &mut Writer<'_>, id: MemberId) -> Result<()> {
    let given = member_community_roles::table.filter(member_community_roles::member_id.eq(id.to_string()));
    diesel::delete(given).execute(writer.conn())?;
    diesel::delete(members::table.find(id.to_string())).execute(writer.conn())?;
    Ok(())
}

/// How many members hold a role.
pub fn count_with(reader: &mut Reader<'_>, scope: TenantScope, role: Role) -> Result<i64> {
    let query = MemberQuery { role: Some(role), ..MemberQuery::default() };
    Ok(list(reader, scope, &query)?.1)
}

pub fn count_without_second_factor(reader: &mut Reader<'_>, scope: TenantScope) -> Result<i64> {
    Ok(members::table
        .inner_join(accounts::table)
        .filter(members::tenant_id.eq(scope.id().to_string()))
        .filter(accounts::totp_sealed.is_null())
        .count()
        .get_result(reader.conn())?)
}

/// The roles in communities that a member holds, as role and community.
pub fn community_roles(reader: &mut Reader<'_>, id: MemberId) -> Result<Vec<(String, String)>> {
    Ok(member_community_roles::table
        .inner_join(community_roles::table.inner_join(communities::table))
        .filter(member_community_roles::member_id.eq(id.to_string()))
        .order((communities::name_key.asc(), community_roles::name.asc()))
        .select((community_roles::name, communities::name))
        .load(reader.conn())?)
}

/// The services whose release a person has asked for and which wait for it.
pub fn waiting_requests(reader: &mut Reader<'_>, scope: TenantScope, account: AccountId) -> Result<Vec<String>> {
    Ok(release_requests::table
        .inner_join(services::table)
        .filter(release_requests::tenant_id.eq(scope.id().to_string()))
        .filter(release_requests::requested_by.eq(account.to_string()))
        .filter(release_requests::state.eq("waiting"))
        .order(services::name_key.asc())
        .select(services::name)
        .load(reader.conn())?)
}

/// How many release requests of the tenant wait for a decision.
pub fn count_waiting_requests(reader: &mut Reader<'_>, scope: TenantScope) -> Result<i64> {
    Ok(release_requests::table
        .filter(release_requests::tenant_id.eq(scope.id().to_string()))
        .filter(release_requests::state.eq("waiting"))
        .count()
        .get_result(reader.conn())?)
}

/// How many secrets of the tenant's clients a person has made.
pub fn count_secrets_made(reader: &mut Reader<'_>, scope: TenantScope, account: AccountId) -> Result<i64> {
    Ok(secrets::table
        .inner_join(clients::table)
        .filter(clients::tenant_id.eq(scope.id().to_string()))
        .filter(secrets::created_by_id.eq(account.to_string()))
        .count()
        .get_result(reader.conn())?)
}
