//! How often clients are answered, and from where their secrets are accepted: counts, and the marks of last use.

use std::collections::HashMap;

use diesel::dsl::case_when;
use diesel::prelude::*;
use diesel::upsert::excluded;

use super::any_of::any_of;
use super::connection::{AnyConnection, Reader, Writer, on_both};
use super::error::Result;
use super::schema::{client_usage, clients, secret_usage, secrets};
use super::stored;
use crate::clock::Timestamp;
use crate::domain::id::{ClientUid, SecretId};

/// Ids or rows in one statement.
const AT_ONCE: usize = 1_000;

macro_rules! present {
    ($reader:expr, $ids:expr, $table:ident, $id:ident, $what:literal) => {{
        let mut found = HashMap::new();
        for some in $ids.chunks(AT_ONCE) {
            let query = $table::table.filter(any_of($table::$id, some)).select(($table::$id, $table::last_used_at));
            let rows: Vec<(String, Option<i64>)> = $reader.all(query)?;
            for (id, last_used_at) in rows {
                found.insert(stored(&id, $what)?, last_used_at.map(Timestamp::from_micros));
            }
        }
        Ok(found)
    }};
}

/// Those of the clients that are there, with their mark of last use.
pub fn clients_present(reader: &mut Reader<'_>, uids: &[ClientUid]) -> Result<HashMap<ClientUid, Option<Timestamp>>> {
    present!(reader, uids, clients, uid, "client uid")
}

/// Those of the secrets that are there, with their mark of last use.
pub fn secrets_present(reader: &mut Reader<'_>, ids: &[SecretId]) -> Result<HashMap<SecretId, Option<Timestamp>>> {
    present!(reader, ids, secrets, id, "secret id")
}

/// Moves the marks of those that nobody holds locked, one of many perhaps and in an order of their own: waiting could end
/// in a deadlock, and the others' marks move with the next use.
macro_rules! mark {
    ($writer:expr, $ids:expr, $at:expr, $table:ident, $id:ident) => {{
        for some in $ids.chunks(AT_ONCE) {
            let mut some: Vec<String> = some.iter().map(ToString::to_string).collect();
            if let AnyConnection::Postgres(conn) = $writer.conn() {
                let rows = $table::table.filter(any_of($table::$id, some)).select($table::$id);
                some = rows.for_no_key_update().skip_locked().load(conn)?;
            }
            let theirs = $table::table.filter(any_of($table::$id, some));
            let moved = diesel::update(theirs).set($table::last_used_at.eq(Some($at.micros())));
            on_both!($writer.conn(), conn => moved.execute(conn))?;
        }
        Ok(())
    }};
}

pub fn mark_clients(writer: &mut Writer<'_>, uids: &[ClientUid], at: Timestamp) -> Result<()> {
    mark!(writer, uids, at, clients, uid)
}

pub fn mark_secrets(writer: &mut Writer<'_>, ids: &[SecretId], at: Timestamp) -> Result<()> {
    mark!(writer, ids, at, secrets, id)
}

/// Answers of one hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HourOfClient {
    pub hour: Timestamp,
    pub granted: i64,
    pub refused: i64,
}

pub fn count_answers(writer: &mut Writer<'_>, hours: &[(ClientUid, HourOfClient)]) -> Result<()> {
    for some in hours.chunks(AT_ONCE) {
        let rows: Vec<_> = some
            .iter()
            .map(|(client, more)| {
                (
                    client_usage::client_uid.eq(client.to_string()),
                    client_usage::hour.eq(more.hour.micros()),
                    client_usage::granted.eq(more.granted),
                    client_usage::refused.eq(more.refused),
                )
            })
            .collect();
        on_both!(writer.conn(), conn => {
            diesel::insert_into(client_usage::table)
                .values(rows)
                .on_conflict((client_usage::client_uid, client_usage::hour))
                .do_update()
                .set((
                    client_usage::granted.eq(client_usage::granted + excluded(client_usage::granted)),
                    client_usage::refused.eq(client_usage::refused + excluded(client_usage::refused)),
                ))
                .execute(conn)
        })?;
    }
    Ok(())
}

/// The hours in which a client was answered, the oldest first. The caller has found the client in its tenant.
pub fn hours_of(reader: &mut Reader<'_>, client: ClientUid, since: Timestamp) -> Result<Vec<HourOfClient>> {
    let own = client_usage::table
        .filter(client_usage::client_uid.eq(client.to_string()))
        .filter(client_usage::hour.ge(since.micros()))
        .order(client_usage::hour.asc())
        .select((client_usage::hour, client_usage::granted, client_usage::refused));
    let rows: Vec<(i64, i64, i64)> = reader.all(own)?;
    let hour = |(hour, granted, refused)| HourOfClient { hour: Timestamp::from_micros(hour), granted, refused };
    Ok(rows.into_iter().map(hour).collect())
}

/// How often a secret was accepted on one day from one network, and when last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayOfSecret {
    pub day: Timestamp,
    pub network: String,
    pub accepted: i64,
    pub last_at: Timestamp,
}

/// Days are counted by one instance after the other; the later of two ends stands.
pub fn count_secrets(writer: &mut Writer<'_>, days: &[(SecretId, DayOfSecret)]) -> Result<()> {
    for some in days.chunks(AT_ONCE) {
        let rows: Vec<_> = some
            .iter()
            .map(|(secret, more)| {
                (
                    secret_usage::secret_id.eq(secret.to_string()),
                    secret_usage::day.eq(more.day.micros()),
                    secret_usage::network.eq(more.network.as_str()),
                    secret_usage::accepted.eq(more.accepted),
                    secret_usage::last_at.eq(more.last_at.micros()),
                )
            })
            .collect();
        let later =
            case_when(excluded(secret_usage::last_at).gt(secret_usage::last_at), excluded(secret_usage::last_at));
        on_both!(writer.conn(), conn => {
            diesel::insert_into(secret_usage::table)
                .values(rows)
                .on_conflict((secret_usage::secret_id, secret_usage::day, secret_usage::network))
                .do_update()
                .set((
                    secret_usage::accepted.eq(secret_usage::accepted + excluded(secret_usage::accepted)),
                    secret_usage::last_at.eq(later.otherwise(secret_usage::last_at)),
                ))
                .execute(conn)
        })?;
    }
    Ok(())
}

/// From where a secret was accepted since a day. The caller has found the secret in its tenant.
pub fn days_of(reader: &mut Reader<'_>, secret: SecretId, since: Timestamp) -> Result<Vec<DayOfSecret>> {
    let rows: Vec<(i64, String, i64, i64)> = secret_usage::table
        .filter(secret_usage::secret_id.eq(secret.to_string()))
        .filter(secret_usage::day.ge(since.micros()))
        .order((secret_usage::day.desc(), secret_usage::network.asc()))
        .select((secret_usage::day, secret_usage::network, secret_usage::accepted, secret_usage::last_at))
        .load(reader.conn())?;
    let day = |(day, network, accepted, last_at)| DayOfSecret {
        day: Timestamp::from_micros(day),
        network,
        accepted,
        last_at: Timestamp::from_micros(last_at),
    };
    Ok(rows.into_iter().map(day).collect())
}

pub fn remove_older(writer: &mut Writer<'_>, than: Timestamp) -> Result<usize> {
    let hours = client_usage::table.filter(client_usage::hour.lt(than.micros()));
    let days = secret_usage::table.filter(secret_usage::day.lt(than.micros()));
    Ok(diesel::delete(hours).execute(writer.conn())? + diesel::delete(days).execute(writer.conn())?)
}
