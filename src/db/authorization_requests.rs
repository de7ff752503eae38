//! Authorization requests that wait: pushed by their client, or for a user to sign in or to consent. Whoever has the
//! random half of an id finds one by the SHA-256 of it.

use diesel::prelude::*;

use super::connection::{Reader, Writer};
use super::error::Result;
use super::schema::{authorization_requests, clients, logos};
use super::stored;
use crate::clock::Timestamp;
use crate::domain::id::ClientUid;

/// A request as it is kept.
pub struct Kept {
    pub client: ClientUid,
    /// As `application/x-www-form-urlencoded`.
    pub parameters: String,
    pub created_at: Timestamp,
}

pub fn insert(
    writer: &mut Writer<'_>,
    id_hash: &str,
    pushed: bool,
    request: &Kept,
    expires_at: Timestamp,
) -> Result<()> {
    diesel::insert_into(authorization_requests::table)
        .values((
            authorization_requests::id_hash.eq(id_hash),
            authorization_requests::client_uid.eq(request.client.to_string()),
            authorization_requests::pushed.eq(pushed),
            authorization_requests::parameters.eq(&request.parameters),
            authorization_requests::created_at.eq(request.created_at.micros()),
            authorization_requests::expires_at.eq(expires_at.micros()),
        ))
        .execute(writer.conn())?;
    Ok(())
}

/// A request that waits for a user.
pub fn waiting(reader: &mut Reader<'_>, id_hash: &str, now: Timestamp) -> Result<Option<Kept>> {
    let found: Option<(String, String, i64)> = authorization_requests::table
        .find(id_hash)
        .filter(authorization_requests::pushed.eq(false))
        .filter(authorization_requests::expires_at.gt(now.micros()))
        .select((
            authorization_requests::client_uid,
            authorization_requests::parameters,
            authorization_requests::created_at,
        ))
        .first(reader.conn())
        .optional()?;
    found.map(kept).transpose()
}

fn kept((client, parameters, created_at): (String, String, i64)) -> Result<Kept> {
    let client = stored(&client, "client uid")?;
    Ok(Kept { client, parameters, created_at: Timestamp::from_micros(created_at) })
}

/// Uses a waiting request up. Of several that try at once, one gets `true`.
pub fn remove(writer: &mut Writer<'_>, id_hash: &str) -> Result<bool> {
    let waiting = authorization_requests::table.find(id_hash).filter(authorization_requests::pushed.eq(false));
    Ok(diesel::delete(waiting).execute(writer.conn())? == 1)
}

/// Uses a pushed request of this client up. Of several that try at once, one gets it.
pub fn take_pushed(
    writer: &mut Writer<'_>,
    id_hash: &str,
    client: ClientUid,
    now: Timestamp,
) -> Result<Option<String>> {
    let taken = diesel::delete(
        authorization_requests::table
            .filter(authorization_requests::id_hash.eq(id_hash))
            .filter(authorization_requests::pushed.eq(true))
            .filter(authorization_requests::client_uid.eq(client.to_string()))
            .filter(authorization_requests::expires_at.gt(now.micros())),
    )
    .returning(authorization_requests::parameters)
    .get_result(writer.conn())
    .optional()?;
    Ok(taken)
}

pub fn remove_ended(writer: &mut Writer<'_>, now: Timestamp) -> Result<usize> {
    let ended = authorization_requests::table.filter(authorization_requests::expires_at.le(now.micros()));
    Ok(diesel::delete(ended).execute(writer.conn())?)
}

/// Type and bytes of the picture of the service that a waiting request is for.
pub fn logo(reader: &mut Reader<'_>, id_hash: &str, now: Timestamp) -> Result<(String, Vec<u8>)> {
    let client: String = authorization_requests::table
        .find(id_hash)
        .filter(authorization_requests::expires_at.gt(now.micros()))
        .select(authorization_requests::client_uid)
        .first(reader.conn())?;
    let service: String = clients::table.find(client).select(clients::service_id).first(reader.conn())?;
    Ok(logos::table.find(service).select((logos::content_type, logos::bytes)).first(reader.conn())?)
}
