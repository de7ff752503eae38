//! Client secrets (their hashes, that is) and the tickets to see one once.

use std::collections::HashMap;

use diesel::dsl::auto_type;
use diesel::prelude::*;

use super::any_of::any_of;
use super::clients::first_of_service;
use super::connection::{Reader, Writer, on_both};
use super::error::{Error, Result};
use super::schema::{clients, reveals, secret_last_uses, secrets};
use super::{known, stored};
use crate::access::TenantScope;
use crate::clock::Timestamp;
use crate::domain::id::{AccountId, ClientUid, RevealId, SecretId, ServiceId, TenantId};
use crate::domain::secret::Secret;
use crate::domain::service::Environment;

/// What is read of a secret: all but its hash, which only a comparison needs, and its tenant, by which it is found.
#[derive(Queryable)]
struct Row {
    id: String,
    client_uid: String,
    environment: String,
    description: String,
    last_four: String,
    created_by: String,
    created_at: i64,
    expires_at: Option<i64>,
    created_by_id: Option<String>,
    ends_by_rotation: bool,
}

#[auto_type]
fn columns() -> _ {
    (
        secrets::id,
        secrets::client_uid,
        secrets::environment,
        secrets::description,
        secrets::last_four,
        secrets::created_by,
        secrets::created_at,
        secrets::expires_at,
        secrets::created_by_id,
        secrets::ends_by_rotation,
    )
}

#[derive(Insertable)]
#[diesel(table_name = secrets)]
struct NewRow {
    id: String,
    client_uid: String,
    environment: String,
    description: String,
    hash: String,
    last_four: String,
    created_by: String,
    created_at: i64,
    expires_at: Option<i64>,
    created_by_id: Option<String>,
    ends_by_rotation: bool,
    /// The client's, so that a tenant's secrets are found without its clients.
    tenant_id: String,
}

impl TryFrom<Row> for Secret {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: stored(&row.id, "secret id")?,
            client_uid: stored(&row.client_uid, "client uid")?,
            environment: known(Environment::parse(&row.environment), "environment")?,
            description: row.description,
            last_four: row.last_four,
            created_by: row.created_by,
            created_at: Timestamp::from_micros(row.created_at),
            expires_at: row.expires_at.map(Timestamp::from_micros),
            created_by_id: row.created_by_id.map(|id| stored(&id, "account id")).transpose()?,
            ends_by_rotation: row.ends_by_rotation,
        })
    }
}

/// The caller has locked the client.
pub fn insert(writer: &mut Writer<'_>, tenant: TenantId, secret: &Secret, hash: &str) -> Result<()> {
    diesel::insert_into(secrets::table).values(row(tenant, secret, hash)).execute(writer.conn())?;
    Ok(())
}

/// Many at once, for filling a database.
pub fn insert_many(writer: &mut Writer<'_>, tenant: TenantId, many: &[(Secret, String)]) -> Result<()> {
    let rows: Vec<NewRow> = many.iter().map(|(secret, hash)| row(tenant, secret, hash)).collect();
    on_both!(writer.conn(), conn => diesel::insert_into(secrets::table).values(rows).execute(conn))?;
    Ok(())
}

fn row(tenant: TenantId, secret: &Secret, hash: &str) -> NewRow {
    NewRow {
        id: secret.id.to_string(),
        client_uid: secret.client_uid.to_string(),
        environment: secret.environment.as_str().to_owned(),
        description: secret.description.clone(),
        hash: hash.to_owned(),
        last_four: secret.last_four.clone(),
        created_by: secret.created_by.clone(),
        created_at: secret.created_at.micros(),
        expires_at: secret.expires_at.map(Timestamp::micros),
        created_by_id: secret.created_by_id.map(|id| id.to_string()),
        ends_by_rotation: secret.ends_by_rotation,
        tenant_id: tenant.to_string(),
    }
}

pub fn count(reader: &mut Reader<'_>, client: ClientUid) -> Result<usize> {
    let count: i64 =
        secrets::table.filter(secrets::client_uid.eq(client.to_string())).count().get_result(reader.conn())?;
    Ok(usize::try_from(count).unwrap_or(usize::MAX))
}

pub fn find(reader: &mut Reader<'_>, scope: TenantScope, id: SecretId) -> Result<Secret> {
    secrets::table
        .inner_join(clients::table)
        .filter(clients::tenant_id.eq(scope.id().to_string()))
        .filter(secrets::id.eq(id.to_string()))
        .select(columns())
        .first::<Row>(reader.conn())?
        .try_into()
}

/// A secret, whosesoever it is; for jobs.
pub fn of_any_tenant(reader: &mut Reader<'_>, id: SecretId) -> Result<Secret> {
    secrets::table.find(id.to_string()).select(columns()).first::<Row>(reader.conn())?.try_into()
}

/// The stored hash, to compare a claimed secret with.
pub fn hash(reader: &mut Reader<'_>, id: SecretId) -> Result<String> {
    Ok(secrets::table.find(id.to_string()).select(secrets::hash).first(reader.conn())?)
}

/// The secrets of a client that end in these four characters, with their hashes: one of them may be a claimed secret.
pub fn candidates(reader: &mut Reader<'_>, client: ClientUid, last_four: &str) -> Result<Vec<(Secret, String)>> {
    let alike =
        secrets::table.filter(secrets::client_uid.eq(client.to_string())).filter(secrets::last_four.eq(last_four));
    let rows: Vec<(Row, String)> = reader.all(alike.select((columns(), secrets::hash)))?;
    rows.into_iter().map(|(row, hash)| Ok((row.try_into()?, hash))).collect()
}

/// The secrets of a service's first clients by name, newest first, by client.
pub fn of_service(
    reader: &mut Reader<'_>,
    scope: TenantScope,
    service: ServiceId,
    limit: i64,
) -> Result<HashMap<ClientUid, Vec<Secret>>> {
    let (tenant, service) = (scope.id().to_string(), service.to_string());
    let theirs = secrets::table
        .filter(secrets::client_uid.eq_any(first_of_service(&tenant, &service, limit)))
        .order((secrets::created_at.desc(), secrets::id.desc()))
        .select(columns());
    by_client(reader.all(theirs)?)
}

/// The secrets of a client, newest first, each with its mark of last use.
pub fn of_client(reader: &mut Reader<'_>, client: ClientUid) -> Result<Vec<(Secret, Option<Timestamp>)>> {
    let theirs = secrets::table
        .left_join(secret_last_uses::table)
        .filter(secrets::client_uid.eq(client.to_string()))
        .order((secrets::created_at.desc(), secrets::id.desc()))
        .select((columns(), secret_last_uses::at.nullable()));
    let rows: Vec<(Row, Option<i64>)> = reader.all(theirs)?;
    rows.into_iter().map(|(row, used)| Ok((row.try_into()?, used.map(Timestamp::from_micros)))).collect()
}

/// The secrets of several clients at once, newest first, by client.
pub fn of_clients(reader: &mut Reader<'_>, uids: &[ClientUid]) -> Result<HashMap<ClientUid, Vec<Secret>>> {
    let newest = (secrets::created_at.desc(), secrets::id.desc());
    let theirs = secrets::table.filter(any_of(secrets::client_uid, uids)).order(newest).select(columns());
    by_client(reader.all(theirs)?)
}

fn by_client(rows: Vec<Row>) -> Result<HashMap<ClientUid, Vec<Secret>>> {
    let mut found: HashMap<ClientUid, Vec<Secret>> = HashMap::new();
    for row in rows {
        let secret = Secret::try_from(row)?;
        found.entry(secret.client_uid).or_default().push(secret);
    }
    Ok(found)
}

/// Secrets of a tenant's clients that end between the instants given, soonest first, with the client's name. Those that
/// a rotation lets end are left out: that is meant.
pub fn expiring(
    reader: &mut Reader<'_>,
    scope: TenantScope,
    after: Timestamp,
    before: Timestamp,
    limit: i64,
) -> Result<Vec<(Secret, String)>> {
    let tenant = scope.id().to_string();
    let ending = ending_between(&tenant, after.micros(), before.micros()).order(secrets::expires_at.asc());
    with_client(reader.all(ending.limit(limit).select((columns(), clients::name)))?)
}

/// Those that ended between the instants given, the latest first.
pub fn expired(
    reader: &mut Reader<'_>,
    scope: TenantScope,
    after: Timestamp,
    until: Timestamp,
    limit: i64,
) -> Result<Vec<(Secret, String)>> {
    let tenant = scope.id().to_string();
    let ended = ending_between(&tenant, after.micros(), until.micros()).order(secrets::expires_at.desc());
    with_client(reader.all(ended.limit(limit).select((columns(), clients::name)))?)
}

#[auto_type]
fn ending_between<'a>(tenant: &'a str, after: i64, until: i64) -> _ {
    secrets::table
        .inner_join(clients::table)
        .filter(secrets::tenant_id.eq(tenant))
        .filter(clients::status.ne("deleted"))
        .filter(secrets::ends_by_rotation.eq(false))
        .filter(secrets::expires_at.gt(after))
        .filter(secrets::expires_at.le(until))
}

fn with_client(rows: Vec<(Row, String)>) -> Result<Vec<(Secret, String)>> {
    rows.into_iter().map(|(row, name)| Ok((row.try_into()?, name))).collect()
}

/// Lets a secret end because another has taken its place.
pub fn end_by_rotation(writer: &mut Writer<'_>, id: SecretId, expires_at: Timestamp) -> Result<()> {
    diesel::update(secrets::table.find(id.to_string()))
        .set((secrets::expires_at.eq(Some(expires_at.micros())), secrets::ends_by_rotation.eq(true)))
        .execute(writer.conn())?;
    Ok(())
}

/// A secret that nobody has seen yet gets another value.
pub fn replace_value(writer: &mut Writer<'_>, id: SecretId, hash: &str, last_four: &str) -> Result<()> {
    diesel::update(secrets::table.find(id.to_string()))
        .set((secrets::hash.eq(hash), secrets::last_four.eq(last_four)))
        .execute(writer.conn())?;
    Ok(())
}

pub fn remove(writer: &mut Writer<'_>, id: SecretId) -> Result<bool> {
    diesel::delete(reveals::table.filter(reveals::secret_id.eq(id.to_string()))).execute(writer.conn())?;
    Ok(diesel::delete(secrets::table.find(id.to_string())).execute(writer.conn())? == 1)
}

/// Removes the live secrets of a service's clients. Answers with the client's name and the last four characters of each.
pub fn remove_live_of_service(writer: &mut Writer<'_>, service: ServiceId) -> Result<Vec<(String, String)>> {
    let gone: Vec<(String, String, String)> = secrets::table
        .inner_join(clients::table)
        .filter(clients::service_id.eq(service.to_string()))
        .filter(secrets::environment.eq(Environment::Live.as_str()))
        .order((clients::name_key.asc(), secrets::id.asc()))
        .select((secrets::id, clients::name, secrets::last_four))
        .load(writer.conn())?;
    let ids: Vec<&String> = gone.iter().map(|(id, _, _)| id).collect();
    // The tickets of a secret go with it: the foreign key cascades.
    diesel::delete(secrets::table.filter(secrets::id.eq_any(ids))).execute(writer.conn())?;
    Ok(gone.into_iter().map(|(_, client, last_four)| (client, last_four)).collect())
}

pub(super) fn remove_of_client(writer: &mut Writer<'_>, client: ClientUid) -> Result<()> {
    // The tickets of a secret go with it: the foreign key cascades.
    diesel::delete(secrets::table.filter(secrets::client_uid.eq(client.to_string()))).execute(writer.conn())?;
    Ok(())
}

pub fn insert_ticket(
    writer: &mut Writer<'_>,
    id: RevealId,
    secret: SecretId,
    account: AccountId,
    expires_at: Timestamp,
) -> Result<()> {
    diesel::insert_into(reveals::table)
        .values((
            reveals::id.eq(id.to_string()),
            reveals::secret_id.eq(secret.to_string()),
            reveals::account_id.eq(account.to_string()),
            reveals::expires_at.eq(expires_at.micros()),
        ))
        .execute(writer.conn())?;
    Ok(())
}

/// The secret that a ticket is for, if the ticket is this person's and still good.
pub fn ticket(reader: &mut Reader<'_>, id: RevealId, account: AccountId, now: Timestamp) -> Result<Option<SecretId>> {
    let found: Option<String> = reveals::table
        .find(id.to_string())
        .filter(reveals::account_id.eq(account.to_string()))
        .filter(reveals::expires_at.gt(now.micros()))
        .select(reveals::secret_id)
        .first(reader.conn())
        .optional()?;
    found.map(|id| stored(&id, "secret id")).transpose()
}

/// The ticket of a secret that has not been shown yet.
pub fn open_ticket_of(
    reader: &mut Reader<'_>,
    secret: SecretId,
    account: AccountId,
    now: Timestamp,
) -> Result<Option<RevealId>> {
    let found: Option<String> = reveals::table
        .filter(reveals::secret_id.eq(secret.to_string()))
        .filter(reveals::account_id.eq(account.to_string()))
        .filter(reveals::expires_at.gt(now.micros()))
        .select(reveals::id)
        .first(reader.conn())
        .optional()?;
    found.map(|id| stored(&id, "reveal id")).transpose()
}

/// Uses the ticket up. Of several that try at once, one gets `true`.
pub fn take_ticket(writer: &mut Writer<'_>, id: RevealId, account: AccountId, now: Timestamp) -> Result<bool> {
    let taken = diesel::delete(
        reveals::table
            .filter(reveals::id.eq(id.to_string()))
            .filter(reveals::account_id.eq(account.to_string()))
            .filter(reveals::expires_at.gt(now.micros())),
    )
    .execute(writer.conn())?;
    Ok(taken == 1)
}

pub fn remove_stale_tickets(writer: &mut Writer<'_>, now: Timestamp) -> Result<usize> {
    Ok(diesel::delete(reveals::table.filter(reveals::expires_at.le(now.micros()))).execute(writer.conn())?)
}
