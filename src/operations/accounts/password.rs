//! Passwords forgotten and changed.

use zeroize::Zeroizing;

use super::super::deployment::BY_COMMAND;
use super::super::{Error, Operations, Result, Target, Who, record};
use super::codes::{self, Half, Purpose};
use super::sign_in::{account_bucket, codes_bucket, confirming_bucket};
use super::{lock_as_seen, new_password};
use crate::access::Actor;
use crate::crypto::random;
use crate::db;
use crate::domain::account::PlainPassword;
use crate::domain::audit::{AuditAction, Change};
use crate::domain::field_errors::FieldErrors;
use crate::domain::id::{AccountId, SessionId};
use crate::domain::text;
use crate::mail::Message;

impl Operations {
    /// Mails a code to the address, if it has an account. The answer is the same if not.
    pub fn request_password_reset(&self, email: &str, address: &str) -> Result<Half> {
        self.count_code_request(address)?;
        let key = email.trim().to_ascii_lowercase();
        self.db.write(|writer| {
            let may_mail = self.may_mail_code(writer, &key)?;
            let account = db::accounts::by_email(writer, &key)?.map(|(account, _)| account);
            let account = account.filter(|account| may_mail && account.activated_at.is_some());
            let id = account.as_ref().map(|account| account.id);
            let (code, half) = self.new_code(writer, Purpose::PasswordReset, id, id.is_some())?;
            if let Some(account) = account {
                let message = Message::PasswordReset { name: account.name, code: codes::shown(&code) };
                self.enqueue(writer, account.email.as_str(), &message)?;
            }
            Ok(half)
        })
    }

    /// Sets a new password with the mailed code and ends every session of the account. `None` for a wrong code.
    pub fn reset_password(
        &self,
        half: &Half,
        code: &str,
        password: Zeroizing<String>,
        address: &str,
    ) -> Result<Option<AccountId>> {
        // Before the code, so that a weak password doesn't cost a try.
        let password = new_password(password, &[])
            .map_err(|fault| Error::Invalid(FieldErrors::one("password", "New password", fault)))?;
        let Some(right) = self.try_code(Purpose::PasswordReset, half, code)? else { return Ok(None) };
        let Some(id) = right.account else { return Ok(None) };
        let hash = self.passwords.hash(&password);
        self.db.write(|writer| {
            let now = self.now();
            let (account, _) = db::accounts::lock(writer, id)?;
            if !db::mailed_codes::remove(writer, right.id)? {
                return Ok(None);
            }
            db::accounts::set_password(writer, id, &hash, now)?;
            db::sessions::end_others(writer, id, None)?;
            db::mailed_codes::remove_of(writer, id)?;
            // Who knew the old password may have linked a sign-in of their own.
            let unlinked = db::identities::remove_all(writer, id)? > 0;
            // Whoever reads the mail of the account need not wait for a block that others' guesses brought about.
            db::throttles::clear(writer, &account_bucket(&account.email.key()))?;
            db::throttles::clear(writer, &confirming_bucket(account.id))?;
            db::throttles::clear(writer, &codes_bucket(&account.email.key()))?;
            let message = Message::PasswordChanged { name: account.name.clone(), unlinked };
            self.enqueue(writer, account.email.as_str(), &message)?;
            let tenant = db::tenants::membership(writer, id, None)?.map(|member| member.tenant_id);
            let who = Who::Visitor { id: Some(id.to_string()), name: &account.name, address, tenant };
            let target = Target::Account { id: id.to_string(), name: &account.name };
            record(writer, now, who, AuditAction::PasswordReset, &target, &[])?;
            Ok(Some(id))
        })
    }

    /// Sets a random password, for somebody who is locked out and whoever runs the portal to hand over; ends every session
    /// of the account. `None` where there is no such account.
    pub fn reset_password_by_command(&self, email: &str) -> Result<Option<Zeroizing<String>>> {
        let key = email.trim().to_ascii_lowercase();
        let typed = Zeroizing::new(random::token()[..24].to_owned());
        let password = new_password(typed.clone(), &[])
            .map_err(|fault| Error::Invalid(FieldErrors::one("password", "New password", fault)))?;
        let hash = self.passwords.hash(&password);
        self.db.write(|writer| {
            let now = self.now();
            let Some((account, _)) = db::accounts::by_email(writer, &key)? else { return Ok(None) };
            db::accounts::set_password(writer, account.id, &hash, now)?;
            db::sessions::end_others(writer, account.id, None)?;
            db::mailed_codes::remove_of(writer, account.id)?;
            let unlinked = db::identities::remove_all(writer, account.id)? > 0;
            db::throttles::clear(writer, &account_bucket(&account.email.key()))?;
            db::throttles::clear(writer, &confirming_bucket(account.id))?;
            let message = Message::PasswordChanged { name: account.name.clone(), unlinked };
            self.enqueue(writer, account.email.as_str(), &message)?;
            let tenant = db::tenants::membership(writer, account.id, None)?.map(|member| member.tenant_id);
            let who = Who::Visitor { id: None, name: BY_COMMAND, address: "", tenant };
            let target = Target::Account { id: account.id.to_string(), name: &account.name };
            record(writer, now, who, AuditAction::PasswordReset, &target, &[])?;
            Ok(Some(typed))
        })
    }

    /// Changes one's own password, which must be given too, and ends one's other sessions and sign-ins through another
    /// provider. Answers whether there were such.
    pub fn change_password(
        &self,
        actor: &Actor,
        current: Zeroizing<String>,
        new: Zeroizing<String>,
        session: SessionId,
    ) -> Result<bool> {
        let person = actor.membership();
        let mut errors = FieldErrors::default();
        let chosen = errors.take("new_password", "New password", new_password(new, &[&person.name, &person.email]));
        let Some(chosen): Option<PlainPassword> = chosen else { return Err(Error::Invalid(errors)) };
        if !self.confirm_password(person.account_id, current, actor.address())? {
            let fault = "This is not your password. Type it again.";
            return Err(Error::Invalid(FieldErrors::one("current_password", "Current password", fault)));
        }
        let hash = self.passwords.hash(&chosen);
        self.db.write(|writer| {
            let now = self.now();
            // Looking at a password takes a while. Who knows only the one from before must not replace the new one.
            lock_as_seen(writer, person, session)?;
            db::accounts::set_password(writer, person.account_id, &hash, now)?;
            db::sessions::end_others(writer, person.account_id, Some(session))?;
            db::mailed_codes::remove_of(writer, person.account_id)?;
            // As at a reset: who knew the old password may have linked a sign-in of their own.
            let unlinked = db::identities::remove_all(writer, person.account_id)? > 0;
            let message = Message::PasswordChanged { name: person.name.clone(), unlinked };
            self.enqueue(writer, &person.email, &message)?;
            let target = Target::Account { id: person.account_id.to_string(), name: &person.name };
            record(writer, now, Who::Person(actor), AuditAction::PasswordChanged, &target, &[])?;
            Ok(unlinked)
        })
    }

    /// Changes one's own name.
    pub fn rename_account(&self, actor: &Actor, name: &str) -> Result<()> {
        let name = text::name(name, "your name", 100)
            .map_err(|fault| Error::Invalid(FieldErrors::one("name", "Name", fault)))?;
        let person = actor.membership();
        if name == person.name {
            return Ok(());
        }
        self.db.write(|writer| {
            db::accounts::rename(writer, person.account_id, &name)?;
            let target = Target::Account { id: person.account_id.to_string(), name: &name };
            let changed = [Change { field: "Name".into(), before: person.name.clone(), after: name.clone() }];
            record(writer, self.now(), Who::Person(actor), AuditAction::AccountRenamed, &target, &changed)
        })
    }
}
