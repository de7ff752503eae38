//! Sessions of signed-in browsers. Rows are found by the SHA-256 of the key that the cookie holds.

use diesel::prelude::*;

use super::connection::{Reader, Writer};
use super::error::Result;
use super::schema::sessions;
use super::stored;
use crate::clock::Timestamp;
use crate::domain::id::{AccountId, SessionId};

/// A session to be stored.
pub struct NewSession<'a> {
    pub id: SessionId,
    pub key_hash: &'a str,
    pub account: Option<AccountId>,
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

/// Id, state and when it was last seen; `None` for an unknown or ended session.
pub fn load(
    reader: &mut Reader<'_>,
    key_hash: &str,
    now: Timestamp,
    seen_after: Timestamp,
) -> Result<Option<(SessionId, String, Timestamp)>> {
    let found: Option<(String, String, i64)> = sessions::table
        .filter(sessions::key_hash.eq(key_hash))
        .filter(sessions::expires_at.gt(now.micros()))
        .filter(sessions::last_seen_at.gt(seen_after.micros()))
        .select((sessions::id, sessions::state, sessions::last_seen_at))
        .first(reader.conn())
        .optional()?;
    found.map(|(id, state, seen)| Ok((stored(&id, "session id")?, state, Timestamp::from_micros(seen)))).transpose()
}

/// Answers whether the session still was there.
pub fn update_state(writer: &mut Writer<'_>, key_hash: &str, state: &str, now: Timestamp) -> Result<bool> {
    let updated = diesel::update(sessions::table.filter(sessions::key_hash.eq(key_hash)))
        .set((sessions::state.eq(state), sessions::last_seen_at.eq(now.micros())))
        .execute(writer.conn())?;
    Ok(updated == 1)
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
    pub address: String,
    pub user_agent: String,
    pub created_at: Timestamp,
    pub last_seen_at: Timestamp,
}

/// A person's sessions that have not ended, the one used last first.
pub fn of_account(
    reader: &mut Reader<'_>,
    account: AccountId,
    now: Timestamp,
    seen_after: Timestamp,
) -> Result<Vec<SessionSeen>> {
    let rows: Vec<(String, String, String, i64, i64)> = sessions::table
        .filter(sessions::account_id.eq(account.to_string()))
        .filter(sessions::expires_at.gt(now.micros()))
        .filter(sessions::last_seen_at.gt(seen_after.micros()))
        .order(sessions::last_seen_at.desc())
        .limit(100)
        .select((sessions::id, sessions::address, sessions::user_agent, sessions::created_at, sessions::last_seen_at))
        .load(reader.conn())?;
    rows.into_iter()
        .map(|(id, address, user_agent, created, seen)| {
            Ok(SessionSeen {
                id: stored(&id, "session id")?,
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
