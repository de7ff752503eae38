//! What users have consented to, and the applications that they are connected with.

use std::collections::HashMap;

use diesel::prelude::*;

use super::connection::{Reader, Writer, on_both};
use super::error::Result;
use super::schema::{clients, consents, grants, services, tenants};
use super::{from_json_list, json_list, stored};
use crate::clock::Timestamp;
use crate::domain::id::{AccountId, ClientUid, ConsentId};

/// The scopes that the user has consented to, which may be none; `None` where they were never asked.
pub fn scopes(reader: &mut Reader<'_>, account: AccountId, client: ClientUid) -> Result<Option<Vec<String>>> {
    let found: Option<String> = consents::table
        .filter(consents::account_id.eq(account.to_string()))
        .filter(consents::client_uid.eq(client.to_string()))
        .select(consents::scopes)
        .first(reader.conn())
        .optional()?;
    found.map(|list| from_json_list(&list)).transpose()
}

/// Adds to what the user has consented to. `id` is the row's where this is the first time.
pub fn remember(
    writer: &mut Writer<'_>,
    id: ConsentId,
    account: AccountId,
    client: ClientUid,
    added: &[String],
    now: Timestamp,
) -> Result<()> {
    let first = (
        consents::id.eq(id.to_string()),
        consents::account_id.eq(account.to_string()),
        consents::client_uid.eq(client.to_string()),
        consents::scopes.eq("[]"),
        consents::created_at.eq(now.micros()),
        consents::updated_at.eq(now.micros()),
    );
    on_both!(writer.conn(), conn => {
        diesel::insert_into(consents::table).values(first).on_conflict_do_nothing().execute(conn)
    })?;
    let own = || {
        consents::table
            .filter(consents::account_id.eq(account.to_string()))
            .filter(consents::client_uid.eq(client.to_string()))
    };
    // Locks the row, so that what another tab adds meanwhile is not lost.
    diesel::update(own()).set(consents::updated_at.eq(now.micros())).execute(writer.conn())?;
    let mut all = scopes(writer, account, client)?.unwrap_or_default();
    for scope in added {
        if !all.contains(scope) {
            all.push(scope.clone());
        }
    }
    diesel::update(own()).set(consents::scopes.eq(json_list(all.iter()))).execute(writer.conn())?;
    Ok(())
}

pub fn remove(writer: &mut Writer<'_>, account: AccountId, client: ClientUid) -> Result<bool> {
    let own = consents::table
        .filter(consents::account_id.eq(account.to_string()))
        .filter(consents::client_uid.eq(client.to_string()));
    Ok(diesel::delete(own).execute(writer.conn())? > 0)
}

/// An application that a user has let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connected {
    pub client: ClientUid,
    pub name: String,
    pub service: String,
    pub company: String,
    pub scopes: Vec<String>,
    pub since: Timestamp,
    pub last: Timestamp,
}

/// The applications that a user has consented to, or that hold something of theirs that has not ended, the latest
/// first. Three statements however many there are.
pub fn connected(reader: &mut Reader<'_>, account: AccountId, now: Timestamp) -> Result<Vec<Connected>> {
    let mut found: HashMap<String, (Vec<String>, i64, i64)> = HashMap::new();
    let consented: Vec<(String, String, i64, i64)> = consents::table
        .filter(consents::account_id.eq(account.to_string()))
        .select((consents::client_uid, consents::scopes, consents::created_at, consents::updated_at))
        .load(reader.conn())?;
    let granted: Vec<(String, String, i64, i64)> = grants::table
        .filter(grants::account_id.eq(account.to_string()))
        .filter(grants::ended_at.is_null())
        .filter(grants::expires_at.gt(now.micros()))
        .select((grants::client_uid, grants::scopes, grants::created_at, grants::created_at))
        .load(reader.conn())?;
    for (client, scopes, since, last) in consented.into_iter().chain(granted) {
        let entry = found.entry(client).or_insert((Vec::new(), since, last));
        for scope in from_json_list(&scopes)? {
            if !entry.0.contains(&scope) {
                entry.0.push(scope);
            }
        }
        (entry.1, entry.2) = (entry.1.min(since), entry.2.max(last));
    }
    let named: Vec<(String, String, String, String)> = clients::table
        .inner_join(services::table.inner_join(tenants::table))
        .filter(clients::uid.eq_any(found.keys().cloned().collect::<Vec<_>>()))
        .select((clients::uid, clients::name, services::name, tenants::name))
        .load(reader.conn())?;
    let mut connected = Vec::new();
    for (uid, name, service, company) in named {
        let Some((scopes, since, last)) = found.remove(&uid) else { continue };
        connected.push(Connected {
            client: stored(&uid, "client uid")?,
            name,
            service,
            company,
            scopes,
            since: Timestamp::from_micros(since),
            last: Timestamp::from_micros(last),
        });
    }
    connected.sort_by_key(|one| (std::cmp::Reverse(one.last), one.client));
    Ok(connected)
}
