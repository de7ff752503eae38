//! What happened at the protocol endpoints, kept for a while for the developers of the client.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::connection::{Reader, Writer, on_both};
use super::error::{Error, Result};
use super::schema::protocol_events;
use super::{known, stored};
use crate::access::TenantScope;
use crate::clock::Timestamp;
use crate::domain::id::{ClientUid, ProtocolEventId};
use crate::domain::protocol::event::{Endpoint, ProtocolEvent};
use crate::domain::protocol::fault::{Fault, Refusal};

#[derive(Queryable, Insertable)]
#[diesel(table_name = protocol_events)]
struct Row {
    id: String,
    reference: String,
    tenant_id: String,
    client_uid: Option<String>,
    at: i64,
    endpoint: String,
    attempted: String,
    /// Empty where the request was granted.
    fault: String,
    expected: String,
    received: String,
    network: String,
}

impl TryFrom<Row> for ProtocolEvent {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let refusal = if row.fault.is_empty() {
            None
        } else {
            let fault = known(Fault::parse(&row.fault), "fault")?;
            Some(Refusal { fault, expected: row.expected, received: row.received })
        };
        Ok(Self {
            reference: row.reference,
            tenant: stored(&row.tenant_id, "tenant id")?,
            client: row.client_uid.map(|uid| stored(&uid, "client uid")).transpose()?,
            at: Timestamp::from_micros(row.at),
            endpoint: known(Endpoint::parse(&row.endpoint), "endpoint")?,
            attempted: row.attempted,
            refusal,
            network: row.network,
        })
    }
}

/// Rows in one statement: each has eleven values, and a statement has room for some thirty thousand.
const AT_ONCE: usize = 500;

pub fn insert_many(writer: &mut Writer<'_>, events: &[(ProtocolEventId, &ProtocolEvent)]) -> Result<()> {
    for some in events.chunks(AT_ONCE) {
        let rows: Vec<Row> = some.iter().map(|(id, event)| row(*id, event)).collect();
        on_both!(writer.conn(), conn => diesel::insert_into(protocol_events::table).values(rows).execute(conn))?;
    }
    Ok(())
}

fn row(id: ProtocolEventId, event: &ProtocolEvent) -> Row {
    let refusal = event.refusal.as_ref();
    let part = |part: fn(&Refusal) -> &str| refusal.map_or(String::new(), |refusal| part(refusal).to_owned());
    Row {
        id: id.to_string(),
        reference: event.reference.clone(),
        tenant_id: event.tenant.to_string(),
        client_uid: event.client.map(|uid| uid.to_string()),
        at: event.at.micros(),
        endpoint: event.endpoint.as_str().to_owned(),
        attempted: event.attempted.clone(),
        fault: part(|refusal| refusal.fault.as_str()),
        expected: part(|refusal| &refusal.expected),
        received: part(|refusal| &refusal.received),
        network: event.network.clone(),
    }
}

/// The newest events of a client, which the caller has found in its tenant.
pub fn of_client(reader: &mut Reader<'_>, client: ClientUid, limit: i64) -> Result<Vec<ProtocolEvent>> {
    protocol_events::table
        .filter(protocol_events::client_uid.eq(client.to_string()))
        .order((protocol_events::at.desc(), protocol_events::id.desc()))
        .limit(limit)
        .load::<Row>(reader.conn())?
        .into_iter()
        .map(ProtocolEvent::try_from)
        .collect()
}

/// What a tenant was refused under a reference.
pub fn refused(reader: &mut Reader<'_>, scope: TenantScope, reference: &str) -> Result<Option<ProtocolEvent>> {
    let row: Option<Row> = protocol_events::table
        .filter(protocol_events::reference.eq(reference))
        .filter(protocol_events::tenant_id.eq(scope.id().to_string()))
        // In these words, so that SQLite knows that the index of refusals holds it.
        .filter(sql::<Bool>("fault <> ''"))
        .order((protocol_events::at.desc(), protocol_events::id.desc()))
        .first(reader.conn())
        .optional()?;
    row.map(ProtocolEvent::try_from).transpose()
}

/// Removes at most `portion` events from before an instant.
pub fn remove_older(writer: &mut Writer<'_>, than: Timestamp, portion: i64) -> Result<usize> {
    let old = protocol_events::table.filter(protocol_events::at.lt(than.micros()));
    let old: Vec<String> = old.select(protocol_events::id).limit(portion).load(writer.conn())?;
    remove(writer, &old)
}

fn remove(writer: &mut Writer<'_>, ids: &[String]) -> Result<usize> {
    Ok(diesel::delete(protocol_events::table.filter(protocol_events::id.eq_any(ids))).execute(writer.conn())?)
}

/// Whose events they are: a tenant's, and of its clients one, or none.
#[derive(Clone, Debug)]
pub struct Whose {
    tenant: String,
    client: Option<String>,
}

/// Those who have more than `keep` events.
pub fn overfull(reader: &mut Reader<'_>, keep: i64) -> Result<Vec<Whose>> {
    let full: Vec<(String, Option<String>)> = protocol_events::table
        .group_by((protocol_events::tenant_id, protocol_events::client_uid))
        .having(diesel::dsl::count_star().gt(keep))
        .select((protocol_events::tenant_id, protocol_events::client_uid))
        .load(reader.conn())?;
    Ok(full.into_iter().map(|(tenant, client)| Whose { tenant, client }).collect())
}

/// Removes at most `portion` of somebody's events that are older than the newest `keep`.
pub fn thin_out(writer: &mut Writer<'_>, whose: &Whose, keep: i64, portion: i64) -> Result<usize> {
    let Whose { tenant, client } = whose.clone();
    let of_none = protocol_events::client_uid.is_null().and(client.is_none().into_sql::<Bool>());
    let own = protocol_events::tenant_id.eq(tenant).and(protocol_events::client_uid.eq(client).or(of_none));
    let oldest_kept: Option<(i64, String)> = protocol_events::table
        .filter(own.clone())
        .order((protocol_events::at.desc(), protocol_events::id.desc()))
        .offset(keep - 1)
        .select((protocol_events::at, protocol_events::id))
        .first(writer.conn())
        .optional()?;
    let Some((at, id)) = oldest_kept else { return Ok(0) };
    let older = protocol_events::at.lt(at).or(protocol_events::at.eq(at).and(protocol_events::id.lt(id)));
    let some = protocol_events::table.filter(own).filter(older);
    let some: Vec<String> = some.select(protocol_events::id).limit(portion).load(writer.conn())?;
    remove(writer, &some)
}

/// Removes at most `portion` of a client's events.
pub fn remove_of_client(writer: &mut Writer<'_>, client: ClientUid, portion: i64) -> Result<usize> {
    let own = protocol_events::table.filter(protocol_events::client_uid.eq(client.to_string()));
    let own: Vec<String> = own.select(protocol_events::id).limit(portion).load(writer.conn())?;
    remove(writer, &own)
}
