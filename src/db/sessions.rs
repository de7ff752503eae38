//! Sessions of signed-in browsers. Rows are found by the SHA-256 of the key that the cookie holds.

use diesel::prelude::*;

use super::connection::{Reader, Writer};
use super::error::Result;
use super::schema::sessions;
use super::stored;
use crate::clock::Timestamp;
use crate::domain::id::{AccountId, SessionId, TenantId};

/// A session to be stored.
pub struct NewSession<'a> {
    pub id: SessionId,
    pub key_hash: &'a str,
    pub account: Option<AccountId>,
    pub tenant: Option<TenantId>,
    /// JSON, opaque here.
    pub state: &'a str,
    pub address: &'a str,
    pub user_agent: &'a str,
    pub created_at: Timestamp,
    /// Its end, whatever happens; an idle one ends before.
    pub expires_at: Timestamp,
    pub now: Timestamp,
}

pub fn insert(writer: &mut Writer<'_>, new: &NewSession<'_>) -> Result<()> {
    diesel::insert_into(sessions::table)
        .values((
            sessions::id.eq(new.id.to_string()),
            sessions::key_hash.eq(new.key_hash),
            sessions::account_id.eq(new.account.map(|id| id.to_string())),
            sessions::tenant_id.eq(new.tenant.map(|id| id.to_string())),
            sessions::state.eq(new.state),
            sessions::address.eq(new.address),
            sessions::user_agent.eq(new.user_agent),
            sessions::created_at.eq(new.created_at.micros()),
            sessions::last_seen_at.eq(new.now.micros()),
            sessions::expires_at.eq(new.expires_at.micros()),
        ))
        .execute(writer.conn())?;
    Ok(())
}

/// A session as it was found.
pub struct Found {
    pub id: SessionId,
    pub account: Option<AccountId>,
    /// The tenant in which the person works; `None` for the one joined first.
    pub tenant: Option<TenantId>,
    pub state: String,
    pub begun_at: Timestamp,
    pub seen_at: Timestamp,
}

/// `None` for an unknown session, or one past what any tenant allows.
pub fn load(reader: &mut Reader<'_>, key_hash: &str, now: Timestamp, seen_after: Timestamp) -> Result<Option<Found>> {
    type Row = (String, Option<String>, Option<String>, String, i64, i64);
    let wanted = sessions::table
        .filter(sessions::key_hash.eq(key_hash))
        .filter(sessions::expires_at.gt(now.micros()))
        .filter(sessions::last_seen_at.gt(seen_after.micros()))
        .select((
            sessions::id,
            sessions::account_id,
            sessions::tenant_id,
            sessions::state,
            sessions::created_at,
            sessions::last_seen_at,
        ));
    let found: Option<Row> = reader.one(wanted).optional()?;
    found
        .map(|(id, account, tenant, state, begun, seen)| {
            Ok(Found {
                id: stored(&id, "session id")?,
                account: account.map(|id| stored(&id, "account id")).transpose()?,
                tenant: tenant.map(|id| stored(&id, "tenant id")).transpose()?,
                state,
                begun_at: Timestamp::from_micros(begun),
                seen_at: Timestamp::from_micros(seen),
            })
        })
        .transpose()
}

/// Locks a session until the commit; its state. `None` where there is none.
pub fn lock(writer: &mut Writer<'_>, key_hash: &str) -> Result<Option<String>> {
    let found: Option<String> = diesel::update(sessions::table.filter(sessions::key_hash.eq(key_hash)))
        .set(sessions::last_seen_at.eq(sessions::last_seen_at))
        .returning(sessions::state)
        .get_result(writer.conn())
        .optional()?;
    Ok(found)
}

/// Locks a session of a person until the commit. Answers whether it has not been ended.
pub fn hold(writer: &mut Writer<'_>, account: AccountId, id: SessionId) -> Result<bool> {
    let own =
        sessions::table.filter(sessions::id.eq(id.to_string())).filter(sessions::account_id.eq(account.to_string()));
    Ok(diesel::update(own).set(sessions::last_seen_at.eq(sessions::last_seen_at)).execute(writer.conn())? == 1)
}

/// What a session is changed to.
pub struct Changed<'a> {
    /// The same as before, or that of a new key.
    pub key_hash: &'a str,
    pub tenant: Option<TenantId>,
    pub state: &'a str,
    pub now: Timestamp,
}

/// The caller has locked the session.
pub fn update(writer: &mut Writer<'_>, key_hash: &str, to: &Changed<'_>) -> Result<()> {
    diesel::update(sessions::table.filter(sessions::key_hash.eq(key_hash)))
        .set((
            sessions::key_hash.eq(to.key_hash),
            sessions::tenant_id.eq(to.tenant.map(|id| id.to_string())),
            sessions::state.eq(to.state),
            sessions::last_seen_at.eq(to.now.micros()),
        ))
        .execute(writer.conn())?;
    Ok(())
}

pub fn touch(writer: &mut Writer<'_>, key_hash: &str, now: Timestamp) -> Result<()> {
    diesel::update(sessions::table.filter(sessions::key_hash.eq(key_hash)))
        .set(sessions::last_seen_at.eq(now.micros()))
        .execute(writer.conn())?;
    Ok(())
}

pub fn remove(writer: &mut Writer<'_>, key_hash: &str) -> Result<()> {
    diesel::delete(sessions::table.filter(sessions::key_hash.eq(key_hash))).execute(writer.conn())?;
    Ok(())
}

/// What a person sees of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionSeen {
    pub id: SessionId,
    /// The tenant in which the person works; `None` for the one joined first.
    pub tenant: Option<TenantId>,
    pub address: String,
    pub user_agent: String,
    pub created_at: Timestamp,
    pub last_seen_at: Timestamp,
}

/// A person's sessions, the one used last first. Their tenants may have ended some of them.
pub fn of_account(
    reader: &mut Reader<'_>,
    account: AccountId,
    now: Timestamp,
    seen_after: Timestamp,
) -> Result<Vec<SessionSeen>> {
    let rows: Vec<(String, Option<String>, String, String, i64, i64)> = sessions::table
        .filter(sessions::account_id.eq(account.to_string()))
        .filter(sessions::expires_at.gt(now.micros()))
        .filter(sessions::last_seen_at.gt(seen_after.micros()))
        .order(sessions::last_seen_at.desc())
        .limit(100)
        .select((
            sessions::id,
            sessions::tenant_id,
            sessions::address,
            sessions::user_agent,
            sessions::created_at,
            sessions::last_seen_at,
        ))
        .load(reader.conn())?;
    rows.into_iter()
        .map(|(id, tenant, address, user_agent, created, seen)| {
            Ok(SessionSeen {
                id: stored(&id, "session id")?,
                tenant: tenant.map(|id| stored(&id, "tenant id")).transpose()?,
                address,
                user_agent,
                created_at: Timestamp::from_micros(created),
                last_seen_at: Timestamp::from_micros(seen),
            })
        })
        .collect()
}

/// Ends one session of a person. Answers whether there was one.
pub fn end(writer: &mut Writer<'_>, account: AccountId, id: SessionId) -> Result<bool> {
    let ended = diesel::delete(
        sessions::table.filter(sessions::id.eq(id.to_string())).filter(sessions::account_id.eq(account.to_string())),
    )
    .execute(writer.conn())?;
    Ok(ended == 1)
}

/// Ends all sessions of a person but one; with `None`, all. Answers how many.
pub fn end_others(writer: &mut Writer<'_>, account: AccountId, keep: Option<SessionId>) -> Result<usize> {
    let keep = keep.map_or(String::new(), |id| id.to_string());
    Ok(diesel::delete(
        sessions::table.filter(sessions::account_id.eq(account.to_string())).filter(sessions::id.ne(keep)),
    )
    .execute(writer.conn())?)
}

pub fn remove_ended(writer: &mut Writer<'_>, now: Timestamp, seen_after: Timestamp) -> Result<usize> {
    Ok(diesel::delete(
        sessions::table
            .filter(sessions::expires_at.le(now.micros()).or(sessions::last_seen_at.le(seen_after.micros()))),
    )
    .execute(writer.conn())?)
}
