//! Signing in through another OpenID provider: who there is whom here, and how the two are linked. An account is
//! linked only by somebody who has proved both: that they are the person there, and that they have the account here.

use super::super::{Error, Operations, Result, Target, Who, new_id, record};
use super::{lock_as_seen, lock_unless_changed};
use crate::access::{Confirmed, act};
use crate::clock::Timestamp;
use crate::crypto::hashing::sha256;
use crate::db::{self, Conflict, Writer};
use crate::domain::audit::AuditAction;
use crate::domain::external_person::ExternalPerson;
use crate::domain::id::{AccountId, IdentityId, SessionId};
use crate::domain::lifecycle::WrongState;
use crate::domain::text::Email;
use crate::mail::Message;

/// Who a person of another provider is here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recognised {
    /// Linked to this account.
    Linked(AccountId),
    /// Not linked, but there is an account with their address, which is verified: they can prove that it is theirs.
    HasAccount,
    /// Not linked, and the provider doesn't say that their address is theirs.
    Unverified,
    Unknown,
}

const TAKEN: &str = "This sign-in is linked to another account already. Unlink it there first.";

impl Operations {
    /// Uses an attempt at signing in elsewhere up. Answers `false` for one that came back before.
    pub fn use_attempt(&self, state: &str) -> Result<bool> {
        let token = sha256(&format!("external sign-in {state}"));
        match self.db.write(|writer| db::submissions::claim(writer, &token, self.now())) {
            Ok(()) => Ok(true),
            Err(db::Error::Conflict(Conflict::SubmissionRepeated)) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    pub fn recognise(&self, person: &ExternalPerson) -> Result<Recognised> {
        self.db.write(|writer| {
            if let Some(account) = db::identities::account_of(writer, &person.issuer, &person.subject)? {
                db::identities::note_use(writer, &person.issuer, &person.subject, self.now())?;
                return Ok(Recognised::Linked(account));
            }
            let Some(email) = Email::parse(&person.email).ok().filter(|_| person.email_verified) else {
                return Ok(Recognised::Unverified);
            };
            let account = db::accounts::by_email(writer, &email.key())?;
            let active = account.is_some_and(|(account, _)| account.activated_at.is_some());
            Ok(if active { Recognised::HasAccount } else { Recognised::Unknown })
        })
    }

    /// Links one's own account, from inside. `provider` is what people call it.
    pub fn link_identity(
        &self,
        permit: &Confirmed<act::See>,
        person: &ExternalPerson,
        provider: &str,
        session: SessionId,
    ) -> Result<()> {
        let actor = permit.actor();
        let member = actor.membership();
        self.db.write(|writer| {
            lock_as_seen(writer, member, session)?;
            self.link(writer, member.account_id, person, provider)?;
            let target = Target::Account { id: member.account_id.to_string(), name: &member.name };
            record(writer, self.now(), Who::Person(actor), AuditAction::IdentityLinked, &target, &[])
        })
    }

    /// Links the account of somebody who has just signed in to it in full, on their way in from the provider, with a proof
    /// given at `proved_at`.
    pub fn link_at_sign_in(
        &self,
        account: AccountId,
        proved_at: Timestamp,
        person: &ExternalPerson,
        provider: &str,
        address: &str,
    ) -> Result<()> {
        self.db.write(|writer| {
            let found = lock_unless_changed(writer, account, proved_at)?;
            self.link(writer, account, person, provider)?;
            let who = self.outsider(writer, &found, Some(account), &found.name, address)?;
            let target = Target::Account { id: account.to_string(), name: &found.name };
            record(writer, self.now(), who, AuditAction::IdentityLinked, &target, &[])
        })
    }

    fn link(&self, writer: &mut Writer<'_>, account: AccountId, person: &ExternalPerson, provider: &str) -> Result<()> {
        let linked = db::identities::account_of(writer, &person.issuer, &person.subject)?;
        if linked == Some(account) {
            return Err(WrongState::because("This sign-in is linked to your account already.").into());
        }
        let id = new_id!(self, IdentityId);
        match db::identities::insert(writer, id, account, person, self.now()) {
            Err(db::Error::Conflict(Conflict::IdentityTaken)) => return Err(WrongState::because(TAKEN).into()),
            other => other?,
        }
        self.tell(writer, account, |name| Message::IdentityLinked { name, provider: provider.to_owned() })
    }

    /// Takes one of one's own links away, and ends one's other sessions and what applications were let do: somebody may
    /// have come in by it.
    pub fn unlink_identity(&self, permit: &Confirmed<act::See>, id: IdentityId, session: SessionId) -> Result<()> {
        let actor = permit.actor();
        let member = actor.membership();
        self.db.write(|writer| {
            lock_as_seen(writer, member, session)?;
            db::identities::remove(writer, member.account_id, id)?.ok_or(Error::NotFound)?;
            db::sessions::end_others(writer, member.account_id, Some(session))?;
            db::grants::end_of_account(writer, member.account_id, None, self.now())?;
            let target = Target::Account { id: member.account_id.to_string(), name: &member.name };
            record(writer, self.now(), Who::Person(actor), AuditAction::IdentityUnlinked, &target, &[])
        })
    }
}
