//! Sessions of signed-in browsers: begun, seen, ended.

use std::time::Duration;

use super::{Operations, Result, Target, Who, new_id, record};
use crate::access::Actor;
use crate::clock::Timestamp;
use crate::crypto::hashing::sha256;
use crate::db;
use crate::domain::audit::AuditAction;
use crate::domain::id::{AccountId, SessionId};

/// A session that was not seen for so long has ended.
pub const IDLE_FOR: Duration = Duration::from_secs(2 * 3_600);
/// And every session has, this long after it began.
pub const LASTS_AT_MOST: Duration = Duration::from_secs(12 * 3_600);
/// How old the note of when a session was seen may get before it is written again: pages are read more than written.
const NOTED_EVERY: Duration = Duration::from_secs(60);

impl Operations {
    pub fn begin_session(
        &self,
        key: &str,
        account: Option<AccountId>,
        state: &str,
        address: &str,
        user_agent: &str,
        begun_at: Timestamp,
    ) -> Result<()> {
        self.db.write(|writer| {
            let new = db::sessions::NewSession {
                id: new_id!(self, SessionId),
                key_hash: &sha256(key),
                account,
                state,
                address,
                user_agent,
                created_at: begun_at,
                expires_at: begun_at.plus(LASTS_AT_MOST),
                now: self.now(),
            };
            Ok(db::sessions::insert(writer, &new)?)
        })
    }

    /// The session's id and state, if it has not ended; notes that it was seen.
    pub fn load_session(&self, key: &str) -> Result<Option<(SessionId, String)>> {
        let (key_hash, now) = (sha256(key), self.now());
        let found = self.db.read(|reader| db::sessions::load(reader, &key_hash, now, now.minus(IDLE_FOR)))?;
        if let Some((_, _, seen)) = &found
            && now.since(*seen) >= NOTED_EVERY
        {
            self.db.write(|writer| db::sessions::touch(writer, &key_hash, now))?;
        }
        Ok(found.map(|(id, state, _)| (id, state)))
    }

    /// Does nothing to a session that was ended meanwhile.
    pub fn update_session(&self, key: &str, state: &str) -> Result<()> {
        self.db.write(|writer| db::sessions::update_state(writer, &sha256(key), state, self.now()))?;
        Ok(())
    }

    pub fn end_session(&self, key: &str) -> Result<()> {
        Ok(self.db.write(|writer| db::sessions::remove(writer, &sha256(key)))?)
    }

    /// Ends one of the person's own sessions. `NotFound` for anybody else's, as for one that is not there.
    pub fn end_own_session(&self, actor: &Actor, id: SessionId) -> Result<()> {
        self.end_own(actor, |writer, account| match db::sessions::end(writer, account, id)? {
            true => Ok(1),
            false => Err(super::Error::NotFound),
        })
    }

    /// Ends all of the person's sessions but the one that asks.
    pub fn end_other_sessions(&self, actor: &Actor, keep: Option<SessionId>) -> Result<()> {
        self.end_own(actor, |writer, account| Ok(db::sessions::end_others(writer, account, keep)?))
    }

    fn end_own(&self, actor: &Actor, end: impl FnOnce(&mut db::Writer<'_>, AccountId) -> Result<usize>) -> Result<()> {
        self.db.write(|writer| {
            let person = actor.membership();
            if end(writer, person.account_id)? == 0 {
                return Ok(());
            }
            let target = Target::Account { id: person.account_id.to_string(), name: &person.name };
            record(writer, self.now(), Who::Person(actor), AuditAction::SessionsEnded, &target, &[])
        })
    }
}
