//! What people do with their accounts.

pub mod codes;
pub mod identities;
pub mod invitations;
pub mod password;
pub mod registration;
pub mod second_factor;
pub mod setup;
pub mod sign_in;

use zeroize::Zeroizing;

use super::{Error, Operations, Result, new_id};
use crate::access::{Actor, Membership, Roles};
use crate::clock::Timestamp;
use crate::db::{self, Conflict, Writer};
use crate::domain::account::{Account, PlainPassword, strength};
use crate::domain::field_errors::FieldErrors;
use crate::domain::id::{AccountId, MemberId, SessionId};
use crate::domain::lifecycle::WrongState;
use crate::domain::tenant::{Tenant, TenantPolicy};
use crate::domain::text::{self, Email};

/// Who a person says they are, checked.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct Introduction {
    pub name: String,
    pub email: String,
    /// Argon2id; the password itself is not kept anywhere.
    pub password_hash: String,
    /// How hard the password is to guess, 0 to 4.
    pub password_score: u8,
}

/// The weakest password that is taken, of 0 to 4: what is guessed within some hours of trying online is not.
const WEAKEST: u8 = 2;

/// A new password that is long enough and not easily guessed by who knows the person.
pub fn new_password(typed: Zeroizing<String>, own_words: &[&str]) -> Result<PlainPassword, String> {
    let verdict = strength(&typed, own_words);
    let password = PlainPassword::choose(typed)?;
    if verdict.score < WEAKEST {
        return Err(format!("This password is too easy to guess. {}", verdict.advice).trim().to_owned());
    }
    Ok(password)
}

/// The account of who asks, locked until the commit with the session that asks. Whoever has set another password since
/// they asked, or has ended the session, meant them to do nothing more.
fn lock_as_seen(writer: &mut Writer<'_>, person: &Membership, session: SessionId) -> Result<Account> {
    let account = lock_unless_changed(writer, person.account_id, person.password_changed_at)?;
    match db::sessions::hold(writer, account.id, session)? {
        true => Ok(account),
        false => Err(WrongState::because("Your session was ended meanwhile. Sign in again.").into()),
    }
}

/// The account of somebody who gave their proof at an instant, locked until the commit.
fn lock_unless_changed(writer: &mut Writer<'_>, account: AccountId, since: Timestamp) -> Result<Account> {
    let (account, _) = db::accounts::lock(writer, account)?;
    match account.password_changed_at > since {
        true => Err(WrongState::because("The password was changed meanwhile. Sign in with the new one.").into()),
        false => Ok(account),
    }
}

impl Operations {
    /// Checks name, address and password, and hashes the password.
    fn introduce(&self, name: &str, email: &str, password: Zeroizing<String>) -> Result<Introduction, FieldErrors> {
        let mut errors = FieldErrors::default();
        let password_score = strength(&password, &[name, email]).score;
        let parsed_name = errors.take("name", "Your name", text::name(name, "your name", 100));
        let parsed_email = errors.take("email", "E-mail", Email::parse(email));
        let parsed = errors.take("password", "Password", new_password(password, &[name, email]));
        match (parsed_name, parsed_email, parsed) {
            (Some(name), Some(email), Some(password)) => Ok(Introduction {
                name,
                email: email.as_str().to_owned(),
                password_hash: self.passwords.hash(&password),
                password_score,
            }),
            _ => Err(errors),
        }
    }

    /// A company with its first person, who administers it and may do everything in it.
    fn found_company(
        &self,
        writer: &mut Writer<'_>,
        company: &str,
        contact: &str,
        person: &Introduction,
        operates: bool,
        address: &str,
    ) -> Result<(Tenant, Actor)> {
        let now = self.now();
        let email =
            Email::parse(&person.email).map_err(|fault| Error::Invalid(FieldErrors::one("email", "E-mail", fault)))?;
        let account = Account {
            id: new_id!(self, AccountId),
            email,
            name: person.name.clone(),
            operator: operates,
            platform_approver: false,
            activated_at: Some(now),
            password_changed_at: now,
            created_at: now,
        };
        let tenant = self.create_tenant(writer, company, contact, TenantPolicy::default(), operates)?;
        db::accounts::insert(writer, &account, &person.password_hash).map_err(|error| match error {
            db::Error::Conflict(Conflict::EmailTaken) => Error::Invalid(FieldErrors::one(
                "email",
                "E-mail",
                "There is an account with this address already. Sign in with it instead.",
            )),
            other => other.into(),
        })?;
        let roles = Roles { developer: true, approver: true, administrator: true };
        db::tenants::insert_member(writer, new_id!(self, MemberId), tenant.id, account.id, roles, now)?;
        let membership = db::tenants::membership(writer, account.id, Some(tenant.id))?.ok_or(Error::NotFound)?;
        Ok((tenant, Actor::new(membership, now, address.to_owned())))
    }
}
