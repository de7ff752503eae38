//! The audit trail: appended, never changed.

use std::collections::HashSet;

use diesel::prelude::*;

use super::connection::{AnyConnection, Reader, Writer};
use super::error::Result;
use super::like_literal;
use super::schema::{audit_events, audit_head, clients, members, services};
use crate::access::TenantScope;
use crate::clock::Timestamp;
use crate::domain::audit::{AuditAction, AuditEvent};
use crate::domain::id::{AccountId, ClientUid, ServiceId, TenantId};
use crate::domain::text::search_key;

define_sql_function! {
    /// Both databases have it; SQLite's knows ASCII letters only.
    fn lower(text: diesel::sql_types::Text) -> diesel::sql_types::Text;
}

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

/// Holds the end of the chain until the commit, as an event does: for what is to happen once, without an event.
pub fn lock(writer: &mut Writer<'_>) -> Result<()> {
    diesel::update(audit_head::table.find(1)).set(audit_head::seq.eq(audit_head::seq)).execute(writer.conn())?;
    Ok(())
}

/// The latest events of a service and of its clients, newest first.
pub fn of_service(reader: &mut Reader<'_>, scope: TenantScope, id: ServiceId, limit: i64) -> Result<Vec<AuditEvent>> {
    let newest = audit_events::table
        .filter(audit_events::service_id.eq(id.to_string()))
        .filter(audit_events::tenant_id.eq(scope.id().to_string()))
        .order(audit_events::seq.desc())
        .limit(limit);
    let rows: Vec<Row> = reader.all(newest)?;
    Ok(rows.into_iter().map(AuditEvent::from).collect())
}

/// The latest events of a client, newest first.
pub fn of_client(reader: &mut Reader<'_>, scope: TenantScope, uid: ClientUid, limit: i64) -> Result<Vec<AuditEvent>> {
    let newest = audit_events::table
        .filter(audit_events::client_uid.eq(uid.to_string()))
        .filter(audit_events::tenant_id.eq(scope.id().to_string()))
        .order(audit_events::seq.desc())
        .limit(limit);
    let rows: Vec<Row> = reader.all(newest)?;
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

/// Which events of a tenant are wanted. What is empty narrows nothing.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// Part of the actor's name.
    pub actor: String,
    pub actions: Option<Vec<AuditAction>>,
    /// Part of the name of what it was done to.
    pub target: String,
    /// The service with its clients.
    pub service: Option<ServiceId>,
    pub client: Option<ClientUid>,
    pub from: Option<Timestamp>,
    /// The first instant that is no longer wanted.
    pub until: Option<Timestamp>,
}

/// Where an event stands in the order of time, for going on from there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub at: Timestamp,
    pub seq: i64,
}

impl From<&AuditEvent> for Place {
    fn from(event: &AuditEvent) -> Self {
        Self { at: event.at, seq: event.seq }
    }
}

type Matching = audit_events::BoxedQuery<'static, <AnyConnection as Connection>::Backend>;

/// The order of time goes along one index for a tenant, so that neither a date nor a page far back needs to be
/// searched for.
fn matching(tenant: TenantId, filter: &AuditFilter) -> Matching {
    let mut wanted = audit_events::table.filter(audit_events::tenant_id.eq(tenant.to_string())).into_boxed();
    let part = |text: &str| format!("%{}%", like_literal(text));
    if !filter.actor.is_empty() {
        let name = audit_events::actor_name;
        let key = lower(name).like(part(&search_key(&filter.actor))).escape('\\');
        wanted = wanted.filter(key.or(name.like(part(&filter.actor)).escape('\\')));
    }
    if let Some(actions) = &filter.actions {
        let words: Vec<&'static str> = actions.iter().map(|action| action.as_str()).collect();
        wanted = wanted.filter(audit_events::action.eq_any(words));
    }
    if !filter.target.is_empty() {
        let name = audit_events::target_name;
        let key = lower(name).like(part(&search_key(&filter.target))).escape('\\');
        wanted = wanted.filter(key.or(name.like(part(&filter.target)).escape('\\')));
    }
    if let Some(service) = filter.service {
        wanted = wanted.filter(audit_events::service_id.eq(service.to_string()));
    }
    if let Some(client) = filter.client {
        wanted = wanted.filter(audit_events::client_uid.eq(client.to_string()));
    }
    if let Some(from) = filter.from {
        wanted = wanted.filter(audit_events::at.ge(from.micros()));
    }
    if let Some(until) = filter.until {
        wanted = wanted.filter(audit_events::at.lt(until.micros()));
    }
    wanted
}

fn later_than(wanted: Matching, place: Place) -> Matching {
    let (at, seq) = (place.at.micros(), place.seq);
    wanted
        .filter(audit_events::at.ge(at))
        .filter(audit_events::at.gt(at).or(audit_events::at.eq(at).and(audit_events::seq.gt(seq))))
}

/// Which page of the events is wanted.
#[derive(Clone, Copy, Debug)]
pub enum Turn {
    Newest,
    /// Going back in time from there.
    Before(Place),
    /// Coming forward from there.
    After(Place),
}

/// Some events, newest first.
pub struct AuditPage {
    pub events: Vec<AuditEvent>,
    /// There are older ones.
    pub older: bool,
    /// How many are newer; counted no further than asked for.
    pub newer: usize,
}

pub fn page(
    reader: &mut Reader<'_>,
    scope: TenantScope,
    filter: &AuditFilter,
    turn: Turn,
    size: i64,
    count_newer: i64,
) -> Result<AuditPage> {
    let full = usize::try_from(size).unwrap_or(usize::MAX);
    let (mut events, mut older) = (Vec::new(), true);
    if let Turn::After(place) = turn {
        events = following(reader, scope.id(), filter, Some(place), i64::MAX, size)?;
        events.reverse();
    }
    // Near the top the newest page is shown whole.
    if events.len() < full {
        let place = if let Turn::Before(place) = turn { Some(place) } else { None };
        // One more than is shown says whether there are older ones.
        events = before(reader, scope, filter, place, size + 1)?;
        older = events.len() > full;
        events.truncate(full);
    }
    let newer = match events.first() {
        Some(first) => {
            let newer = later_than(matching(scope.id(), filter), Place::from(first)).select(audit_events::seq);
            let newer = newer.order((audit_events::at.asc(), audit_events::seq.asc())).limit(count_newer);
            newer.load::<i64>(reader.conn())?.len()
        }
        None => 0,
    };
    Ok(AuditPage { events, older, newer })
}

fn before(
    reader: &mut Reader<'_>,
    scope: TenantScope,
    filter: &AuditFilter,
    place: Option<Place>,
    limit: i64,
) -> Result<Vec<AuditEvent>> {
    let mut wanted = matching(scope.id(), filter);
    if let Some(place) = place {
        let (at, seq) = (place.at.micros(), place.seq);
        wanted = wanted
            .filter(audit_events::at.le(at))
            .filter(audit_events::at.lt(at).or(audit_events::at.eq(at).and(audit_events::seq.lt(seq))));
    }
    let rows: Vec<Row> =
        wanted.order((audit_events::at.desc(), audit_events::seq.desc())).limit(limit).load(reader.conn())?;
    Ok(rows.into_iter().map(AuditEvent::from).collect())
}

/// The first of the wanted events after a place, or at all; oldest first. None that came after the number `last`.
pub fn following(
    reader: &mut Reader<'_>,
    tenant: TenantId,
    filter: &AuditFilter,
    place: Option<Place>,
    last: i64,
    limit: i64,
) -> Result<Vec<AuditEvent>> {
    let mut wanted = matching(tenant, filter).filter(audit_events::seq.le(last));
    if let Some(place) = place {
        wanted = later_than(wanted, place);
    }
    let rows: Vec<Row> =
        wanted.order((audit_events::at.asc(), audit_events::seq.asc())).limit(limit).load(reader.conn())?;
    Ok(rows.into_iter().map(AuditEvent::from).collect())
}

/// One event of a tenant.
pub fn find(reader: &mut Reader<'_>, scope: TenantScope, seq: i64) -> Result<AuditEvent> {
    let row: Row = audit_events::table
        .filter(audit_events::seq.eq(seq))
        .filter(audit_events::tenant_id.eq(scope.id().to_string()))
        .first(reader.conn())?;
    Ok(row.into())
}

/// The ids among those that events are about of what is still there: services, clients and members.
pub fn still_there(reader: &mut Reader<'_>, scope: TenantScope, ids: &[String]) -> Result<HashSet<String>> {
    let tenant = scope.id().to_string();
    let mut found: Vec<String> = services::table
        .filter(services::tenant_id.eq(&tenant))
        .filter(services::id.eq_any(ids.to_vec()))
        .select(services::id)
        .load(reader.conn())?;
    found.extend(
        clients::table
            .filter(clients::tenant_id.eq(&tenant))
            .filter(clients::uid.eq_any(ids.to_vec()))
            .select(clients::uid)
            .load::<String>(reader.conn())?,
    );
    found.extend(
        members::table
            .filter(members::tenant_id.eq(&tenant))
            .filter(members::id.eq_any(ids.to_vec()))
            .select(members::id)
            .load::<String>(reader.conn())?,
    );
    Ok(found.into_iter().collect())
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
