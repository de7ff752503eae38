//! Accepting an invitation: the link in the mail proves the address. Of two who accept at the same moment one does, and
//! a link is good once.

use zeroize::Zeroizing;

use super::super::{Error, Operations, Result, Target, Who, new_id, record};
use crate::access::Actor;
use crate::clock::Timestamp;
use crate::crypto::hashing::sha256;
use crate::db::invitations::Invitation;
use crate::db::{self, Conflict, Writer};
use crate::domain::account::Account;
use crate::domain::audit::{AuditAction, Change};
use crate::domain::id::{AccountId, MemberId, TenantId};
use crate::domain::lifecycle::WrongState;

/// What a link leads to.
pub enum InvitationSeen {
    /// Unknown, withdrawn or used; nobody can tell which.
    Gone,
    Expired {
        company: String,
        invited_by: String,
    },
    Open {
        invitation: Box<Invitation>,
        company: String,
        /// There is an account with the address.
        has_account: bool,
    },
}

impl Operations {
    /// Looking uses nothing up.
    pub fn look_at_invitation(&self, token: &str) -> Result<InvitationSeen> {
        let now = self.now();
        self.db.read(|reader| {
            let Some((invitation, company)) = db::invitations::by_token(reader, &sha256(token))? else {
                return Ok(InvitationSeen::Gone);
            };
            if invitation.has_expired(now) {
                return Ok(InvitationSeen::Expired { company, invited_by: invitation.invited_by });
            }
            let has_account = db::accounts::by_email(reader, &invitation.email.key())?.is_some();
            Ok(InvitationSeen::Open { invitation: Box::new(invitation), company, has_account })
        })
    }

    /// The account of somebody who signed in, wherever they belong, unless the password was changed since.
    pub fn signed_in_account(&self, id: AccountId, password_at: Timestamp) -> Result<Option<Account>> {
        match self.db.read(|reader| db::accounts::find(reader, id)) {
            Ok((account, _)) => {
                let fits = account.activated_at.is_some() && account.password_changed_at <= password_at;
                Ok(fits.then_some(account))
            }
            Err(db::Error::NotFound) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Makes the account of somebody invited, and the membership. `NotFound` for a link that is not good any more.
    pub fn accept_as_newcomer(
        &self,
        token: &str,
        name: &str,
        password: Zeroizing<String>,
        address: &str,
    ) -> Result<(AccountId, TenantId)> {
        // A hash is dear: only for who holds a good link.
        let InvitationSeen::Open { invitation, .. } = self.look_at_invitation(token)? else {
            return Err(Error::NotFound);
        };
        let person = self.introduce(name, invitation.email.as_str(), password).map_err(Error::Invalid)?;
        self.db.write(|writer| {
            let now = self.now();
            let invitation = self.take_invitation(writer, token)?;
            let account = Account {
                id: new_id!(self, AccountId),
                email: invitation.email.clone(),
                name: person.name.clone(),
                operator: false,
                platform_approver: false,
                activated_at: Some(now),
                password_changed_at: now,
                created_at: now,
            };
            db::accounts::insert(writer, &account, &person.password_hash).map_err(|error| match error {
                db::Error::Conflict(Conflict::EmailTaken) => Error::WrongState(WrongState::because(
                    "There is an account with this address by now. Open the link again and sign in with it.",
                )),
                other => other.into(),
            })?;
            let actor = self.join(writer, &invitation, account.id, address)?;
            let target = Target::Account { id: account.id.to_string(), name: &account.name };
            record(writer, now, Who::Person(&actor), AuditAction::AccountActivated, &target, &[])?;
            record_acceptance(self, writer, &actor)?;
            Ok((account.id, invitation.tenant_id))
        })
    }

    /// Makes the membership of somebody who is signed in with the invited address. `NotFound` for a link that is not
    /// good any more, or not for this account.
    pub fn accept_as_account(
        &self,
        token: &str,
        account: AccountId,
        password_at: Timestamp,
        address: &str,
    ) -> Result<TenantId> {
        let account = self.signed_in_account(account, password_at)?.ok_or(Error::NotFound)?;
        self.db.write(|writer| {
            let invitation = self.take_invitation(writer, token)?;
            if invitation.email.key() != account.email.key() {
                return Err(Error::NotFound);
            }
            let actor = self.join(writer, &invitation, account.id, address)?;
            record_acceptance(self, writer, &actor)?;
            Ok(invitation.tenant_id)
        })
    }

    fn take_invitation(&self, writer: &mut Writer<'_>, token: &str) -> Result<Invitation> {
        let hash = sha256(token);
        let (invitation, _) = db::invitations::by_token(writer, &hash)?.ok_or(Error::NotFound)?;
        db::tenants::lock(writer, invitation.tenant_id)?;
        if db::invitations::take(writer, &hash, self.now())? { Ok(invitation) } else { Err(Error::NotFound) }
    }

    fn join(
        &self,
        writer: &mut Writer<'_>,
        invitation: &Invitation,
        account: AccountId,
        address: &str,
    ) -> Result<Actor> {
        let (now, tenant) = (self.now(), invitation.tenant_id);
        if db::tenants::membership(writer, account, Some(tenant))?.is_some() {
            return Err(WrongState::because("You are a member of this company already.").into());
        }
        db::tenants::insert_member(writer, new_id!(self, MemberId), tenant, account, invitation.roles, now)?;
        let membership = db::tenants::membership(writer, account, Some(tenant))?.ok_or(Error::NotFound)?;
        Ok(Actor::new(membership, now, address.to_owned()))
    }
}

fn record_acceptance(operations: &Operations, writer: &mut Writer<'_>, actor: &Actor) -> Result<()> {
    let person = actor.membership();
    let target = Target::Thing { kind: "member", id: person.member_id.to_string(), name: &person.name };
    let roles = [Change { field: "Roles".into(), before: String::new(), after: person.roles.in_words() }];
    record(writer, operations.now(), Who::Person(actor), AuditAction::InvitationAccepted, &target, &roles)
}
