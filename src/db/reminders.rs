//! What people are to be reminded of, and which reminders were written. Reads across tenants, for a job.

use diesel::prelude::*;

use super::connection::{Reader, Writer, on_both};
use super::error::Result;
use super::schema::{clients, reminders, secrets, services};
use super::stored;
use crate::clock::Timestamp;
use crate::domain::id::{ClientUid, SecretId, ServiceId, TenantId};
use crate::domain::reminder::Ending;

/// A thing of a tenant that ends.
pub struct Due<Id> {
    pub id: Id,
    pub tenant: TenantId,
    pub name: String,
    pub ending: Ending,
    /// Where the service's people are reached; may be empty.
    pub contact: String,
}

/// Where to go on in what ends, in the order of its ends: beyond a thing that was looked at, or at the first after an
/// instant. In the order of ids, a database would look at all that there are, to find the few that end.
pub struct StartAt {
    at: i64,
    id: String,
}

impl StartAt {
    pub fn after(at: Timestamp) -> Self {
        Self { at: at.micros().saturating_add(1), id: String::new() }
    }

    pub fn beyond<Id: ToString>(due: &Due<Id>) -> Self {
        Self { at: due.ending.ends_at.micros(), id: due.id.to_string() }
    }
}

fn ending(known_since: i64, ends_at: i64) -> Ending {
    Ending { known_since: Timestamp::from_micros(known_since), ends_at: Timestamp::from_micros(ends_at) }
}

/// Secrets that end until an instant, of clients that are not deleted, those first that end first; named by their client.
/// Those that a rotation lets end are left out.
pub fn secrets_ending(
    reader: &mut Reader<'_>,
    from: &StartAt,
    until: Timestamp,
    limit: i64,
) -> Result<Vec<Due<SecretId>>> {
    type Columns = ((String, i64, Option<i64>), (String, String), String);
    let rows: Vec<Columns> = secrets::table
        .inner_join(clients::table.inner_join(services::table))
        .filter(secrets::expires_at.ge(from.at))
        .filter(secrets::expires_at.gt(from.at).or(secrets::id.gt(&from.id)))
        .filter(secrets::expires_at.le(until.micros()))
        .filter(secrets::ends_by_rotation.eq(false))
        .filter(clients::status.ne("deleted"))
        .filter(services::status.ne("deleted"))
        .order((secrets::expires_at.asc(), secrets::id.asc()))
        .limit(limit)
        .select((
            (secrets::id, secrets::created_at, secrets::expires_at),
            (clients::tenant_id, clients::name),
            services::contact_email,
        ))
        .load(reader.conn())?;
    rows.into_iter()
        .map(|((id, created_at, expires_at), (tenant, name), contact)| {
            Ok(Due {
                id: stored(&id, "secret id")?,
                tenant: stored(&tenant, "tenant id")?,
                name,
                ending: ending(created_at, expires_at.unwrap_or(i64::MAX)),
                contact,
            })
        })
        .collect()
}

/// Clients deleted by themselves that are removed for good until an instant, those first that go first.
pub fn clients_ending(
    reader: &mut Reader<'_>,
    from: &StartAt,
    until: Timestamp,
    limit: i64,
) -> Result<Vec<Due<ClientUid>>> {
    type Columns = ((String, String, String), (Option<i64>, Option<i64>), String);
    let rows: Vec<Columns> = clients::table
        .inner_join(services::table)
        .filter(clients::purge_at.ge(from.at))
        .filter(clients::purge_at.gt(from.at).or(clients::uid.gt(&from.id)))
        .filter(clients::purge_at.le(until.micros()))
        .filter(clients::status.eq("deleted"))
        .filter(clients::deleted_with_service.eq(false))
        .order((clients::purge_at.asc(), clients::uid.asc()))
        .limit(limit)
        .select((
            (clients::uid, clients::tenant_id, clients::name),
            (clients::deleted_at, clients::purge_at),
            services::contact_email,
        ))
        .load(reader.conn())?;
    rows.into_iter()
        .map(|((uid, tenant, name), (deleted_at, purge_at), contact)| {
            Ok(Due {
                id: stored(&uid, "client uid")?,
                tenant: stored(&tenant, "tenant id")?,
                name,
                ending: ending(deleted_at.unwrap_or(0), purge_at.unwrap_or(i64::MAX)),
                contact,
            })
        })
        .collect()
}

/// Deleted services that are removed for good until an instant, those first that go first.
pub fn services_ending(
    reader: &mut Reader<'_>,
    from: &StartAt,
    until: Timestamp,
    limit: i64,
) -> Result<Vec<Due<ServiceId>>> {
    type Columns = ((String, String, String), (Option<i64>, Option<i64>), String);
    let rows: Vec<Columns> = services::table
        .filter(services::purge_at.ge(from.at))
        .filter(services::purge_at.gt(from.at).or(services::id.gt(&from.id)))
        .filter(services::purge_at.le(until.micros()))
        .filter(services::status.eq("deleted"))
        .order((services::purge_at.asc(), services::id.asc()))
        .limit(limit)
        .select((
            (services::id, services::tenant_id, services::name),
            (services::deleted_at, services::purge_at),
            services::contact_email,
        ))
        .load(reader.conn())?;
    rows.into_iter()
        .map(|((id, tenant, name), (deleted_at, purge_at), contact)| {
            Ok(Due {
                id: stored(&id, "service id")?,
                tenant: stored(&tenant, "tenant id")?,
                name,
                ending: ending(deleted_at.unwrap_or(0), purge_at.unwrap_or(i64::MAX)),
                contact,
            })
        })
        .collect()
}

/// How many clients went with a deleted service.
pub fn clients_gone_with(reader: &mut Reader<'_>, service: ServiceId) -> Result<i64> {
    Ok(clients::table
        .filter(clients::service_id.eq(service.to_string()))
        .filter(clients::deleted_with_service.eq(true))
        .count()
        .get_result(reader.conn())?)
}

/// Locks a secret that still ends then, by itself. `false`: it is gone, or was rotated meanwhile.
pub fn hold_secret(writer: &mut Writer<'_>, id: SecretId, ends_at: Timestamp) -> Result<bool> {
    let held = diesel::update(
        secrets::table
            .filter(secrets::id.eq(id.to_string()))
            .filter(secrets::expires_at.eq(ends_at.micros()))
            .filter(secrets::ends_by_rotation.eq(false)),
    )
    .set(secrets::ends_by_rotation.eq(false))
    .execute(writer.conn())?;
    Ok(held == 1)
}

/// Locks a deleted client that is still to be removed then.
pub fn hold_client(writer: &mut Writer<'_>, uid: ClientUid, ends_at: Timestamp) -> Result<bool> {
    let held = diesel::update(
        clients::table
            .filter(clients::uid.eq(uid.to_string()))
            .filter(clients::status.eq("deleted"))
            .filter(clients::purge_at.eq(ends_at.micros())),
    )
    .set(clients::purge_at.eq(ends_at.micros()))
    .execute(writer.conn())?;
    Ok(held == 1)
}

/// Locks a deleted service that is still to be removed then.
pub fn hold_service(writer: &mut Writer<'_>, id: ServiceId, ends_at: Timestamp) -> Result<bool> {
    let held = diesel::update(
        services::table
            .filter(services::id.eq(id.to_string()))
            .filter(services::status.eq("deleted"))
            .filter(services::purge_at.eq(ends_at.micros())),
    )
    .set(services::purge_at.eq(ends_at.micros()))
    .execute(writer.conn())?;
    Ok(held == 1)
}

/// Which of these reminders were written.
pub fn marked(reader: &mut Reader<'_>, keys: &[String]) -> Result<Vec<String>> {
    Ok(reminders::table.filter(reminders::about.eq_any(keys.to_vec())).select(reminders::about).load(reader.conn())?)
}

/// Notes that a reminder is written. `false`: it was before.
pub fn mark(writer: &mut Writer<'_>, key: &str, now: Timestamp) -> Result<bool> {
    let row = (reminders::about.eq(key), reminders::created_at.eq(now.micros()));
    let marked = on_both!(writer.conn(), conn => {
        diesel::insert_into(reminders::table).values(row).on_conflict_do_nothing().execute(conn)
    })?;
    Ok(marked == 1)
}

pub fn remove_older(writer: &mut Writer<'_>, than: Timestamp) -> Result<usize> {
    Ok(diesel::delete(reminders::table.filter(reminders::created_at.lt(than.micros()))).execute(writer.conn())?)
}
