//! The public keys of clients.

use std::collections::HashMap;

use diesel::prelude::*;

use super::connection::{Reader, Writer};
use super::error::{Error, Result};
use super::schema::{client_keys, clients};
use super::{known, stored};
use crate::access::TenantScope;
use crate::clock::Timestamp;
use crate::domain::client::Signing;
use crate::domain::client_key::{ClientKey, PublicKey};
use crate::domain::id::{ClientKeyId, ClientUid};

#[derive(Queryable, Insertable)]
#[diesel(table_name = client_keys)]
struct Row {
    id: String,
    client_uid: String,
    kid: String,
    algorithm: String,
    jwk: String,
    thumbprint: String,
    added_by: String,
    created_at: i64,
    last_used_at: Option<i64>,
}

impl TryFrom<Row> for ClientKey {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: stored(&row.id, "client key id")?,
            client_uid: stored(&row.client_uid, "client uid")?,
            key: PublicKey {
                kid: row.kid,
                algorithm: known(Signing::parse(&row.algorithm), "signing")?,
                jwk: row.jwk,
                thumbprint: row.thumbprint,
            },
            added_by: row.added_by,
            created_at: Timestamp::from_micros(row.created_at),
            last_used_at: row.last_used_at.map(Timestamp::from_micros),
        })
    }
}

/// The caller has locked the client.
pub fn insert(writer: &mut Writer<'_>, key: &ClientKey) -> Result<()> {
    let row = Row {
        id: key.id.to_string(),
        client_uid: key.client_uid.to_string(),
        kid: key.key.kid.clone(),
        algorithm: key.key.algorithm.as_str().to_owned(),
        jwk: key.key.jwk.clone(),
        thumbprint: key.key.thumbprint.clone(),
        added_by: key.added_by.clone(),
        created_at: key.created_at.micros(),
        last_used_at: key.last_used_at.map(Timestamp::micros),
    };
    diesel::insert_into(client_keys::table).values(row).execute(writer.conn())?;
    Ok(())
}

pub fn find(reader: &mut Reader<'_>, scope: TenantScope, id: ClientKeyId) -> Result<ClientKey> {
    client_keys::table
        .inner_join(clients::table)
        .filter(clients::tenant_id.eq(scope.id().to_string()))
        .filter(client_keys::id.eq(id.to_string()))
        .select(client_keys::all_columns)
        .first::<Row>(reader.conn())?
        .try_into()
}

/// The keys of a client, newest first.
pub fn of_client(reader: &mut Reader<'_>, uid: ClientUid) -> Result<Vec<ClientKey>> {
    let newest = (client_keys::created_at.desc(), client_keys::id.desc());
    let rows: Vec<Row> =
        reader.all(client_keys::table.filter(client_keys::client_uid.eq(uid.to_string())).order(newest))?;
    rows.into_iter().map(ClientKey::try_from).collect()
}

/// The keys of several clients at once, newest first, by client.
pub fn of_clients(reader: &mut Reader<'_>, uids: &[ClientUid]) -> Result<HashMap<ClientUid, Vec<ClientKey>>> {
    let wanted: Vec<String> = uids.iter().map(ToString::to_string).collect();
    let rows = client_keys::table
        .filter(client_keys::client_uid.eq_any(wanted))
        .order((client_keys::created_at.desc(), client_keys::id.desc()))
        .load::<Row>(reader.conn())?;
    let mut found: HashMap<ClientUid, Vec<ClientKey>> = HashMap::new();
    for row in rows {
        let key = ClientKey::try_from(row)?;
        found.entry(key.client_uid).or_default().push(key);
    }
    Ok(found)
}

/// Answers whether there was one.
pub fn remove(writer: &mut Writer<'_>, id: ClientKeyId) -> Result<bool> {
    Ok(diesel::delete(client_keys::table.find(id.to_string())).execute(writer.conn())? == 1)
}

pub fn note_use(writer: &mut Writer<'_>, id: ClientKeyId, at: Timestamp) -> Result<()> {
    diesel::update(client_keys::table.find(id.to_string()))
        .set(client_keys::last_used_at.eq(Some(at.micros())))
        .execute(writer.conn())?;
    Ok(())
}
