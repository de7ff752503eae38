//! A tenant's scope catalogue as its administrators see it, and the clients that use each scope.

use std::collections::HashMap;

use diesel::prelude::*;

use super::connection::{Reader, Writer};
use super::error::Result;
use super::roles::{Holders, holder};
use super::schema::{clients, scopes};
use super::{from_json_list, like_literal, stored};
use crate::access::TenantScope;
use crate::domain::id::{ScopeId, TenantId};
use crate::domain::scope::{CatalogueScope, Scope};

type Row = (String, String, String, bool, i32);
const COLUMNS: (scopes::id, scopes::name, scopes::description, scopes::built_in, scopes::version) =
    (scopes::id, scopes::name, scopes::description, scopes::built_in, scopes::version);

fn entry((id, name, description, built_in, version): Row) -> Result<CatalogueScope> {
    Ok(CatalogueScope { id: stored(&id, "scope id")?, scope: Scope { name, description }, built_in, version })
}

/// The scopes that came with the tenant, in the order in which they were made; then its own, by name.
pub fn all(reader: &mut Reader<'_>, scope: TenantScope) -> Result<Vec<CatalogueScope>> {
    let rows: Vec<Row> = scopes::table
        .filter(scopes::tenant_id.eq(scope.id().to_string()))
        .order((scopes::built_in.desc(), scopes::id.asc()))
        .select(COLUMNS)
        .load(reader.conn())?;
    let mut all = rows.into_iter().map(entry).collect::<Result<Vec<_>>>()?;
    all.sort_by_cached_key(|entry| (!entry.built_in).then(|| entry.scope.name.clone()));
    Ok(all)
}

/// What each scope means, in the order in which they were made: for who asks users, and for forms.
pub fn catalogue(reader: &mut Reader<'_>, tenant: TenantId) -> Result<Vec<Scope>> {
    let rows: Vec<(String, String)> = scopes::table
        .filter(scopes::tenant_id.eq(tenant.to_string()))
        .order(scopes::id.asc())
        .select((scopes::name, scopes::description))
        .load(reader.conn())?;
    Ok(rows.into_iter().map(|(name, description)| Scope { name, description }).collect())
}

pub fn find(reader: &mut Reader<'_>, scope: TenantScope, id: ScopeId) -> Result<CatalogueScope> {
    let mine = scopes::table.find(id.to_string()).filter(scopes::tenant_id.eq(scope.id().to_string()));
    entry(mine.select(COLUMNS).first(reader.conn())?)
}

/// How many clients use each scope, by name. Deleted ones count: they come back with their scopes. Clients with the
/// same list of scopes are counted by the database.
pub fn counts(reader: &mut Reader<'_>, scope: TenantScope) -> Result<HashMap<String, i64>> {
    let rows: Vec<(String, i64)> = clients::table
        .filter(clients::tenant_id.eq(scope.id().to_string()))
        .group_by(clients::scopes)
        .select((clients::scopes, diesel::dsl::count_star()))
        .load(reader.conn())?;
    let mut counts = HashMap::new();
    for (list, count) in rows {
        for name in from_json_list(&list)? {
            *counts.entry(name).or_default() += count;
        }
    }
    Ok(counts)
}

/// The clients that use a scope, by name, deleted ones last: the first `limit`, and how many there are.
pub fn users(reader: &mut Reader<'_>, scope: TenantScope, name: &str, limit: i64) -> Result<Holders> {
    // The column is a JSON list of names that need no escaping in JSON.
    let pattern = format!("%\"{}\"%", like_literal(name));
    let mine = || {
        clients::table
            .filter(clients::tenant_id.eq(scope.id().to_string()))
            .filter(clients::scopes.like(pattern.clone()).escape('\\'))
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
pub fn insert(writer: &mut Writer<'_>, tenant: TenantId, entry: &CatalogueScope) -> Result<()> {
    diesel::insert_into(scopes::table)
        .values((
            scopes::id.eq(entry.id.to_string()),
            scopes::tenant_id.eq(tenant.to_string()),
            scopes::name.eq(&entry.scope.name),
            scopes::description.eq(&entry.scope.description),
            scopes::built_in.eq(entry.built_in),
            scopes::version.eq(entry.version),
        ))
        .execute(writer.conn())?;
    Ok(())
}

/// Writes the scope as it now is; the caller has locked the tenant.
pub fn update(writer: &mut Writer<'_>, entry: &CatalogueScope) -> Result<()> {
    diesel::update(scopes::table.find(entry.id.to_string()))
        .set((scopes::description.eq(&entry.scope.description), scopes::version.eq(entry.version)))
        .execute(writer.conn())?;
    Ok(())
}

/// Removes a scope that no client uses; the caller has locked the tenant.
pub fn remove(writer: &mut Writer<'_>, id: ScopeId) -> Result<()> {
    diesel::delete(scopes::table.find(id.to_string())).execute(writer.conn())?;
    Ok(())
}
