//! The audit trail: appended, never changed.

use diesel::prelude::*;

use super::connection::{Reader, Writer};
use super::error::Result;
use super::schema::{audit_events, audit_head};
use crate::access::TenantScope;
use crate::clock::Timestamp;
use crate::domain::audit::AuditEvent;
use crate::domain::id::{AccountId, ClientUid, ServiceId};

#[derive(Queryable, Insertable)]
#[diesel(table_name = audit_events)]
struct Row {
    seq: i64,
    at: i64,
    tenant_id: Option<String>,
    actor_id: Option<String>,
    actor_name: String,
    address: String,
    action: String,
    target_kind: String,
    target_id: String,
    target_name: String,
    service_id: Option<String>,
    client_uid: Option<String>,
    target_version: Option<i32>,
    changes: String,
    previous_hash: String,
    hash: String,
}

impl From<Row> for AuditEvent {
    fn from(row: Row) -> Self {
        Self {
            seq: row.seq,
            at: Timestamp::from_micros(row.at),
            tenant_id: row.tenant_id,
            actor_id: row.actor_id,
            actor_name: row.actor_name,
            address: row.address,
            action: row.action,
            target_kind: row.target_kind,
            target_id: row.target_id,
            target_name: row.target_name,
            service_id: row.service_id,
            client_uid: row.client_uid,
            target_version: row.target_version,
            changes: row.changes,
            previous_hash: row.previous_hash,
            hash: row.hash,
        }
    }
}

/// Puts the event at the end of the chain; its `seq` and hashes are filled in here. Call it last in a transaction: it
/// holds the end of the chain until the commit, and a fixed order of locks can't deadlock.
pub fn append(writer: &mut Writer<'_>, mut event: AuditEvent) -> Result<()> {
    let (seq, previous): (i64, String) = diesel::update(audit_head::table.find(1))
        .set(audit_head::seq.eq(audit_head::seq + 1i64))
        .returning((audit_head::seq, audit_head::hash))
        .get_result(writer.conn())?;
    event.seq = seq;
    event.previous_hash = previous;
    event.hash = event.computed_hash();
    diesel::update(audit_head::table.find(1)).set(audit_head::hash.eq(&event.hash)).execute(writer.conn())?;
    let row = Row {
        seq: event.seq,
        at: event.at.micros(),
        tenant_id: event.tenant_id,
        actor_id: event.actor_id,
        actor_name: event.actor_name,
        address: event.address,
        action: event.action,
        target_kind: event.target_kind,
        target_id: event.target_id,
        target_name: event.target_name,
        service_id: event.service_id,
        client_uid: event.client_uid,
        target_version: event.target_version,
        changes: event.changes,
        previous_hash: event.previous_hash,
        hash: event.hash,
    };
    diesel::insert_into(audit_events::table).values(row).execute(writer.conn())?;
    Ok(())
}

/// The latest events of a service and of its clients, newest first.
pub fn of_service(reader: &mut Reader<'_>, scope: TenantScope, id: ServiceId, limit: i64) -> Result<Vec<AuditEvent>> {
    let rows: Vec<Row> = audit_events::table
        .filter(audit_events::service_id.eq(id.to_string()))
        .filter(audit_events::tenant_id.eq(scope.id().to_string()))
        .order(audit_events::seq.desc())
        .limit(limit)
        .load(reader.conn())?;
    Ok(rows.into_iter().map(AuditEvent::from).collect())
}

/// The latest events of a client, newest first.
pub fn of_client(reader: &mut Reader<'_>, scope: TenantScope, uid: ClientUid, limit: i64) -> Result<Vec<AuditEvent>> {
    let rows: Vec<Row> = audit_events::table
        .filter(audit_events::client_uid.eq(uid.to_string()))
        .filter(audit_events::tenant_id.eq(scope.id().to_string()))
        .order(audit_events::seq.desc())
        .limit(limit)
        .load(reader.conn())?;
    Ok(rows.into_iter().map(AuditEvent::from).collect())
}

/// What a person did in a tenant, newest first.
pub fn by_actor(
    reader: &mut Reader<'_>,
    scope: TenantScope,
    account: AccountId,
    limit: i64,
) -> Result<Vec<AuditEvent>> {
    let rows: Vec<Row> = audit_events::table
        .filter(audit_events::tenant_id.eq(scope.id().to_string()))
        .filter(audit_events::actor_id.eq(account.to_string()))
        .order(audit_events::seq.desc())
        .limit(limit)
        .load(reader.conn())?;
    Ok(rows.into_iter().map(AuditEvent::from).collect())
}

/// What happened to one thing after the version that a person saw, oldest first.
pub fn since_version(
    reader: &mut Reader<'_>,
    scope: TenantScope,
    target_id: &str,
    version: i32,
) -> Result<Vec<AuditEvent>> {
    let rows: Vec<Row> = audit_events::table
        .filter(audit_events::tenant_id.eq(scope.id().to_string()))
        .filter(audit_events::target_id.eq(target_id))
        .filter(audit_events::target_version.gt(version))
        .order(audit_events::seq.asc())
        .limit(50)
        .load(reader.conn())?;
    Ok(rows.into_iter().map(AuditEvent::from).collect())
}

/// A stretch of the whole chain, for verifying it.
pub fn after(reader: &mut Reader<'_>, seq: i64, limit: i64) -> Result<Vec<AuditEvent>> {
    let rows: Vec<Row> = audit_events::table
        .filter(audit_events::seq.gt(seq))
        .order(audit_events::seq.asc())
        .limit(limit)
        .load(reader.conn())?;
    Ok(rows.into_iter().map(AuditEvent::from).collect())
}

/// The number and hash at the end of the chain.
pub fn head(reader: &mut Reader<'_>) -> Result<(i64, String)> {
    Ok(audit_head::table.find(1).select((audit_head::seq, audit_head::hash)).first(reader.conn())?)
}

/// The greatest number of an event; 0 when there is none.
pub fn last(reader: &mut Reader<'_>) -> Result<i64> {
    let last: Option<i64> = audit_events::table.select(diesel::dsl::max(audit_events::seq)).first(reader.conn())?;
    Ok(last.unwrap_or(0))
}
