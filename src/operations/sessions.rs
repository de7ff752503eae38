//! Sessions of signed-in browsers: begun, seen, ended.

use std::time::Duration;

use super::{Operations, Result, Target, Who, new_id, record};
use crate::access::{Actor, Membership};
use crate::clock::Timestamp;
use crate::crypto::hashing::sha256;
use crate::db::sessions::SessionSeen;
use crate::db::{self, Reader};
use crate::domain::audit::AuditAction;
use crate::domain::id::{AccountId, SessionId, TenantId};
use crate::domain::tenant::SessionLengths;

/// How old the note of when a session was seen may get before it is written again: pages are read more than written.
const NOTED_EVERY: Duration = Duration::from_secs(60);

/// A person's sessions that have not ended by what the tenant of each says now, the one used last first.
pub fn open_sessions(reader: &mut Reader<'_>, account: AccountId, now: Timestamp) -> Result<Vec<SessionSeen>> {
    let longest = now.minus(SessionLengths::LONGEST.idle());
    let mut sessions = db::sessions::of_account(reader, account, now, longest)?;
    let memberships = db::tenants::memberships(reader, account)?;
    sessions.retain(|one| !lengths_in(one.tenant, &memberships).are_over(one.created_at, one.last_seen_at, now));
    Ok(sessions)
}

/// How long a session lasts, of those of a person's tenants: what the tenant says in which it works. Who belongs to
/// none is told so by the guard, not by the session's end.
fn lengths_in(tenant: Option<TenantId>, memberships: &[Membership]) -> SessionLengths {
    let found = match tenant {
        Some(tenant) => memberships.iter().find(|one| one.tenant_id == tenant),
        None => memberships.first(),
    };
    found.map_or_else(SessionLengths::default, |one| one.policy.sessions)
}

/// What a session holds, as its place in the portal writes it.
pub struct SessionState<'a> {
    pub account: Option<AccountId>,
    /// The tenant in which the person works; `None` for the one joined first.
    pub tenant: Option<TenantId>,
    pub state: &'a str,
}

/// A session that has not ended.
pub struct Session {
    pub id: SessionId,
    /// What the portal keeps in it.
    pub state: String,
    /// Those of its person, the one that began first first.
    pub memberships: Vec<Membership>,
}

/// What is to be written of a session that was read.
pub struct Note {
    key_hash: String,
    kind: Noted,
}

enum Noted {
    Seen { at: Timestamp },
    Over,
}

impl Operations {
    pub fn begin_session(
        &self,
        key: &str,
        session: &SessionState<'_>,
        address: &str,
        user_agent: &str,
        begun_at: Timestamp,
    ) -> Result<()> {
        self.db.write(|writer| {
            let new = db::sessions::NewSession {
                id: new_id!(self, SessionId),
                key_hash: &sha256(key),
                account: session.account,
                tenant: session.tenant,
                state: session.state,
                address,
                user_agent,
                created_at: begun_at,
                expires_at: begun_at.plus(SessionLengths::LONGEST.total()),
                now: self.now(),
            };
            Ok(db::sessions::insert(writer, &new)?)
        })
    }

    /// The session, if it has not ended by what its tenant says now; notes that it was seen.
    pub fn load_session(&self, key: &str) -> Result<Option<Session>> {
        let (found, note) = self.db.read(|reader| self.read_session(reader, key))?;
        note.map_or(Ok(()), |note| self.note_session(note))?;
        Ok(found)
    }

    /// The same together with what else is read, and what is to be noted of it when all has been read.
    pub fn read_session(&self, reader: &mut Reader<'_>, key: &str) -> Result<(Option<Session>, Option<Note>)> {
        let (key_hash, now) = (sha256(key), self.now());
        let longest = now.minus(SessionLengths::LONGEST.idle());
        let Some(found) = db::sessions::load(reader, &key_hash, now, longest)? else { return Ok((None, None)) };
        let memberships = match found.account {
            Some(account) => db::tenants::memberships(reader, account)?,
            None => Vec::new(),
        };
        let lengths = lengths_in(found.tenant, &memberships);
        if lengths.are_over(found.begun_at, found.seen_at, now) {
            return Ok((None, Some(Note { key_hash, kind: Noted::Over })));
        }
        let long_ago = now.since(found.seen_at) >= NOTED_EVERY.min(lengths.idle() / 10);
        let note = long_ago.then_some(Note { key_hash, kind: Noted::Seen { at: now } });
        Ok((Some(Session { id: found.id, state: found.state, memberships }), note))
    }

    pub fn note_session(&self, Note { key_hash, kind }: Note) -> Result<()> {
        match kind {
            // For good: a tenant that allows more an hour later doesn't bring it back.
            Noted::Over => Ok(self.db.write(|writer| db::sessions::remove(writer, &key_hash))?),
            // A page that only reads waits for nobody who writes: it is noted the next time then.
            Noted::Seen { at } => match self.db.write_briefly(|writer| db::sessions::touch(writer, &key_hash, at)) {
                Err(db::Error::Unavailable(cause)) => {
                    tracing::debug!(cause, "that a session was seen is not noted");
                    Ok(())
                }
                noted => Ok(noted?),
            },
        }
    }

    /// Changes a session, and gives it another key where one is given; `change` makes of the state before which tenant
    /// it is in and its state. Does nothing to a session that was ended meanwhile: it has one row for all its keys, so an
    /// end that comes at the same time is not lost.
    pub fn update_session(
        &self,
        key: &str,
        new_key: Option<&str>,
        change: impl FnOnce(&str) -> (Option<TenantId>, String),
    ) -> Result<()> {
        let (key_hash, now) = (sha256(key), self.now());
        self.db.write(|writer| {
            let Some(before) = db::sessions::lock(writer, &key_hash)? else { return Ok(()) };
            let (tenant, state) = change(&before);
            let key_hash_after = new_key.map_or_else(|| key_hash.clone(), sha256);
            let changed = db::sessions::Changed { key_hash: &key_hash_after, tenant, state: &state, now };
            Ok(db::sessions::update(writer, &key_hash, &changed)?)
        })
    }

    pub fn end_session(&self, key: &str) -> Result<()> {
        Ok(self.db.write(|writer| db::sessions::remove(writer, &sha256(key)))?)
    }

    /// Ends the session that asks for it, under whatever key it stands by now.
    pub fn sign_out(&self, account: AccountId, id: SessionId) -> Result<()> {
        self.db.write(|writer| db::sessions::end(writer, account, id))?;
        Ok(())
    }

    /// Ends one of the person's own sessions. `NotFound` for anybody else's, as for one that is not there.
    pub fn end_own_session(&self, actor: &Actor, id: SessionId) -> Result<()> {
        self.end_own(actor, |writer, account| match db::sessions::end(writer, account, id)? {
            true => Ok(1),
            false => Err(super::Error::NotFound),
        })
    }

    /// Ends all of the person's sessions but the one that asks, and what applications were let do: whoever had one of the
    /// sessions may have signed in to them.
    pub fn end_other_sessions(&self, actor: &Actor, keep: Option<SessionId>) -> Result<()> {
        let now = self.now();
        self.end_own(actor, |writer, account| {
            let ended = db::sessions::end_others(writer, account, keep)?;
            Ok(ended + db::grants::end_of_account(writer, account, None, now)?)
        })
    }

    fn end_own(&self, actor: &Actor, end: impl FnOnce(&mut db::Writer<'_>, AccountId) -> Result<usize>) -> Result<()> {
        self.db.write(|writer| {
            let person = actor.membership();
            db::accounts::lock(writer, person.account_id)?;
            if end(writer, person.account_id)? == 0 {
                return Ok(());
            }
            let target = Target::Account { id: person.account_id.to_string(), name: &person.name };
            record(writer, self.now(), Who::Person(actor), AuditAction::SessionsEnded, &target, &[])
        })
    }
}
