//! How often clients are answered, and from where their secrets are accepted: counts, and the marks of last use.

use std::collections::HashMap;

use diesel::dsl::case_when;
use diesel::prelude::*;
use diesel::upsert::excluded;

use super::any_of::any_of;
use super::client_lists::mark_of_client;
use super::connection::{Reader, Writer, on_both};
use super::error::Result;
use super::schema::{client_last_uses, client_usage, clients, secret_last_uses, secret_usage, secrets};
use super::stored;
use crate::access::TenantScope;
use crate::clock::Timestamp;
use crate::domain::id::{ClientUid, SecretId, TenantId};

/// Ids or rows in one statement.
const AT_ONCE: usize = 1_000;

/// A client that is there, and its mark of last use.
#[derive(Clone, Copy, Debug)]
pub struct ClientMark {
    pub tenant: TenantId,
    pub last_used: Option<Timestamp>,
}

/// Those of the clients that are there, whosesoever they are.
pub fn marks_of_clients(reader: &mut Reader<'_>, uids: &[ClientUid]) -> Result<HashMap<ClientUid, ClientMark>> {
    let mut found = HashMap::new();
    for some in uids.chunks(AT_ONCE) {
        let present = clients::table
            .left_join(client_last_uses::table.on(mark_of_client()))
            .filter(any_of(clients::uid, some))
            .select((clients::uid, clients::tenant_id, client_last_uses::at.nullable()));
        let rows: Vec<(String, String, Option<i64>)> = reader.all(present)?;
        for (uid, tenant, at) in rows {
            let mark = ClientMark { tenant: stored(&tenant, "tenant id")?, last_used: at.map(Timestamp::from_micros) };
            found.insert(stored(&uid, "client uid")?, mark);
        }
    }
    Ok(found)
}

/// When a client was last used.
pub fn last_use_of_client(reader: &mut Reader<'_>, scope: TenantScope, uid: ClientUid) -> Result<Option<Timestamp>> {
    let mark = client_last_uses::table.find((scope.id().to_string(), uid.to_string())).select(client_last_uses::at);
    let at: Option<i64> = reader.one(mark).optional()?;
    Ok(at.map(Timestamp::from_micros))
}

/// Those of the secrets that are there, each with its mark of last use.
pub fn marks_of_secrets(reader: &mut Reader<'_>, ids: &[SecretId]) -> Result<HashMap<SecretId, Option<Timestamp>>> {
    let mut found = HashMap::new();
    for some in ids.chunks(AT_ONCE) {
        let present = secrets::table
            .left_join(secret_last_uses::table)
            .filter(any_of(secrets::id, some))
            .select((secrets::id, secret_last_uses::at.nullable()));
        let rows: Vec<(String, Option<i64>)> = reader.all(present)?;
        for (id, at) in rows {
            found.insert(stored(&id, "secret id")?, at.map(Timestamp::from_micros));
        }
    }
    Ok(found)
}

/// Moves the marks of clients that are there; of two instances' marks the later stands.
pub fn mark_clients(writer: &mut Writer<'_>, uses: &[(TenantId, ClientUid, Timestamp)]) -> Result<()> {
    for some in uses.chunks(AT_ONCE) {
        let rows: Vec<_> = some
            .iter()
            .map(|(tenant, client, at)| {
                (
                    client_last_uses::tenant_id.eq(tenant.to_string()),
                    client_last_uses::client_uid.eq(client.to_string()),
                    client_last_uses::at.eq(at.micros()),
                )
            })
            .collect();
        let later = case_when(excluded(client_last_uses::at).gt(client_last_uses::at), excluded(client_last_uses::at));
        on_both!(writer.conn(), conn => {
            diesel::insert_into(client_last_uses::table)
                .values(rows)
                .on_conflict((client_last_uses::tenant_id, client_last_uses::client_uid))
                .do_update()
                .set(client_last_uses::at.eq(later.otherwise(client_last_uses::at)))
                .execute(conn)
        })?;
    }
    Ok(())
}

/// Moves the marks of secrets that are there; of two instances' marks the later stands.
pub fn mark_secrets(writer: &mut Writer<'_>, uses: &[(SecretId, Timestamp)]) -> Result<()> {
    for some in uses.chunks(AT_ONCE) {
        let rows: Vec<_> = some
            .iter()
            .map(|(secret, at)| {
                (secret_last_uses::secret_id.eq(secret.to_string()), secret_last_uses::at.eq(at.micros()))
            })
            .collect();
        let later = case_when(excluded(secret_last_uses::at).gt(secret_last_uses::at), excluded(secret_last_uses::at));
        on_both!(writer.conn(), conn => {
            diesel::insert_into(secret_last_uses::table)
                .values(rows)
                .on_conflict(secret_last_uses::secret_id)
                .do_update()
                .set(secret_last_uses::at.eq(later.otherwise(secret_last_uses::at)))
                .execute(conn)
        })?;
    }
    Ok(())
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
