//! A tenant's client roles as its administrators see them, and the clients that hold each.

use std::collections::HashMap;

use diesel::prelude::*;

use super::connection::{Reader, Writer};
use super::error::Result;
use super::schema::{client_roles, clients, roles};
use super::stored;
use crate::access::TenantScope;
use crate::domain::id::{ClientUid, RoleId, TenantId};
use crate::domain::role::{RoleSettings, TenantRole};
use crate::domain::text::search_key;

type Row = (String, String, String, bool, i32);
const COLUMNS: (roles::id, roles::name, roles::description, roles::built_in, roles::version) =
    (roles::id, roles::name, roles::description, roles::built_in, roles::version);

fn role((id, name, description, built_in, version): Row) -> Result<TenantRole> {
    let settings = RoleSettings { name, description };
    Ok(TenantRole { id: stored(&id, "role id")?, settings, built_in, version })
}

/// The roles that came with the tenant, in the order in which they were made; then its own, by name.
pub fn all(reader: &mut Reader<'_>, scope: TenantScope) -> Result<Vec<TenantRole>> {
    let rows: Vec<Row> = roles::table
        .filter(roles::tenant_id.eq(scope.id().to_string()))
        .order((roles::built_in.desc(), roles::id.asc()))
        .select(COLUMNS)
        .load(reader.conn())?;
    let mut all = rows.into_iter().map(role).collect::<Result<Vec<_>>>()?;
    all.sort_by_cached_key(|role| (!role.built_in).then(|| search_key(&role.settings.name)));
    Ok(all)
}

pub fn find(reader: &mut Reader<'_>, scope: TenantScope, id: RoleId) -> Result<TenantRole> {
    let mine = roles::table.find(id.to_string()).filter(roles::tenant_id.eq(scope.id().to_string()));
    role(mine.select(COLUMNS).first(reader.conn())?)
}

/// How many clients hold each role. Deleted ones count: they come back with their roles.
pub fn counts(reader: &mut Reader<'_>, scope: TenantScope) -> Result<HashMap<RoleId, i64>> {
    let rows: Vec<(String, i64)> = client_roles::table
        .inner_join(roles::table)
        .filter(roles::tenant_id.eq(scope.id().to_string()))
        .group_by(client_roles::role_id)
        .select((client_roles::role_id, diesel::dsl::count_star()))
        .load(reader.conn())?;
    rows.into_iter().map(|(id, count)| Ok((stored(&id, "role id")?, count))).collect()
}

/// A client that has something.
pub struct Holder {
    pub uid: ClientUid,
    pub name: String,
    pub deleted: bool,
}

/// Some clients by name, and how many there are in all.
pub type Holders = (Vec<Holder>, i64);

pub(super) fn holder((uid, name, status): (String, String, String)) -> Result<Holder> {
    Ok(Holder { uid: stored(&uid, "client uid")?, name, deleted: status == "deleted" })
}

/// The clients that hold a role, by name, deleted ones last: the first `limit`, and how many there are.
pub fn holders(reader: &mut Reader<'_>, scope: TenantScope, id: RoleId, limit: i64) -> Result<Holders> {
    let mine = || {
        client_roles::table
            .inner_join(clients::table)
            .filter(client_roles::role_id.eq(id.to_string()))
            .filter(clients::tenant_id.eq(scope.id().to_string()))
    };
    let total = mine().count().get_result(reader.conn())?;
    let rows: Vec<(String, String, String)> = mine()
        .order((clients::status.eq("deleted"), clients::name_key.asc(), clients::uid.asc()))
        .select((clients::uid, clients::name, clients::status))
        .limit(limit)
        .load(reader.conn())?;
    Ok((rows.into_iter().map(holder).collect::<Result<_>>()?, total))
}

/// The caller has locked the tenant.
pub fn insert(writer: &mut Writer<'_>, tenant: TenantId, role: &TenantRole) -> Result<()> {
    diesel::insert_into(roles::table)
        .values((
            roles::id.eq(role.id.to_string()),
            roles::tenant_id.eq(tenant.to_string()),
            roles::name.eq(&role.settings.name),
            roles::description.eq(&role.settings.description),
            roles::built_in.eq(role.built_in),
            roles::version.eq(role.version),
        ))
        .execute(writer.conn())?;
    Ok(())
}

/// Writes the role as it now is; the caller has locked the tenant.
pub fn update(writer: &mut Writer<'_>, role: &TenantRole) -> Result<()> {
    diesel::update(roles::table.find(role.id.to_string()))
        .set((
            roles::name.eq(&role.settings.name),
            roles::description.eq(&role.settings.description),
            roles::version.eq(role.version),
        ))
        .execute(writer.conn())?;
    Ok(())
}

/// Takes the role from every client and removes it; the caller has locked the tenant.
pub fn remove(writer: &mut Writer<'_>, id: RoleId) -> Result<()> {
    diesel::delete(client_roles::table.filter(client_roles::role_id.eq(id.to_string()))).execute(writer.conn())?;
    diesel::delete(roles::table.find(id.to_string())).execute(writer.conn())?;
    Ok(())
}
