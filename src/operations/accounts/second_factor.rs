//! A second factor: codes of an authenticator app (RFC 6238), and recovery codes for when it is lost.

use super::super::{Error, Operations, Result, Target, Who, new_id, record};
use super::codes::{normalised, recovery};
use super::lock_as_seen;
use super::sign_in::address_bucket;
use crate::access::{Confirmed, act};
use crate::clock::Timestamp;
use crate::crypto::hashing::sha256;
use crate::crypto::totp::TotpSecret;
use crate::db::{self, Writer};
use crate::domain::account::Account;
use crate::domain::audit::AuditAction;
use crate::domain::field_errors::FieldErrors;
use crate::domain::id::{AccountId, RecoveryCodeId, SessionId};
use crate::domain::lifecycle::WrongState;
use crate::mail::Message;

/// How many recovery codes there are at first.
pub const RECOVERY_CODES: usize = 10;

/// What is said to who sets one up once more.
pub const ON_ALREADY: &str = "Your second factor is on. If you have not seen its recovery codes, renew them.";

const SEAL: &str = "second factor";

/// What somebody shows as their second factor.
pub enum Factor {
    /// Of the authenticator app.
    Code(String),
    RecoveryCode(String),
}

/// What comes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proved {
    Right,
    Wrong,
    /// The password was changed or the factor taken away since the first step: sign-in begins anew.
    Overtaken,
}

/// The account is sealed with the secret: moved to another row it opens nothing.
fn to_seal(account: AccountId, secret: &TotpSecret) -> zeroize::Zeroizing<Vec<u8>> {
    zeroize::Zeroizing::new([secret.bytes(), account.to_string().as_bytes()].concat())
}

/// What the authenticator shows, typed with or without spaces.
fn digits(typed: &str) -> String {
    typed.chars().filter(|c| !c.is_whitespace()).collect()
}

fn bucket(account: AccountId) -> String {
    format!("second-factor:{account}")
}

impl Operations {
    fn open_factor(&self, account: AccountId, sealed: &[u8]) -> Result<TotpSecret> {
        let opened = self.keys.open(SEAL, sealed);
        let secret = opened.and_then(|plain| {
            let secret = plain.strip_suffix(account.to_string().as_bytes())?;
            TotpSecret::from_bytes(secret)
        });
        // Sealed with another key file, or for somebody else: nobody gets in by it.
        secret.ok_or_else(|| Error::Db(db::Error::Bug("a second factor can't be opened".into())))
    }

    /// Gives oneself a second factor, once a code shows that the authenticator has the secret. Ends one's other
    /// sessions, and what applications were let do: they began without it. Answers with the recovery codes, which nobody
    /// can read again.
    pub fn add_second_factor(
        &self,
        permit: &Confirmed<act::See>,
        secret: &TotpSecret,
        code: &str,
        session: SessionId,
    ) -> Result<Vec<String>> {
        let actor = permit.actor();
        let person = actor.membership();
        let account = person.account_id;
        let Some(step) = secret.step_of(&digits(code), self.now()) else {
            let fault = "This is not the code that the app shows now. Wait for the next one, and check that the clock \
                         of your device is right.";
            return Err(Error::Invalid(FieldErrors::one("code", "Code", fault)));
        };
        self.db.write(|writer| {
            lock_as_seen(writer, person, session)?;
            let sealed = self.keys.seal(SEAL, &to_seal(account, secret));
            if !db::second_factors::set(writer, account, &sealed, step)? {
                return Err(WrongState::because(ON_ALREADY).into());
            }
            let codes = self.new_recovery_codes(writer, account)?;
            db::sessions::end_others(writer, account, Some(session))?;
            db::grants::end_of_account(writer, account, None, self.now())?;
            self.tell(writer, account, |name| Message::SecondFactorChanged {
                name,
                what: "a second factor was set up".into(),
            })?;
            let target = Target::Account { id: account.to_string(), name: &person.name };
            record(writer, self.now(), Who::Person(actor), AuditAction::SecondFactorAdded, &target, &[])?;
            Ok(codes)
        })
    }

    /// Takes one's own second factor away, with its recovery codes.
    pub fn remove_second_factor(&self, permit: &Confirmed<act::See>, session: SessionId) -> Result<()> {
        let actor = permit.actor();
        let person = actor.membership();
        let account = person.account_id;
        self.db.write(|writer| {
            lock_as_seen(writer, person, session)?;
            if !db::second_factors::remove(writer, account)? {
                return Err(WrongState::because("Your account has no second factor.").into());
            }
            self.tell(writer, account, |name| Message::SecondFactorChanged {
                name,
                what: "the second factor was removed".into(),
            })?;
            let target = Target::Account { id: account.to_string(), name: &person.name };
            record(writer, self.now(), Who::Person(actor), AuditAction::SecondFactorRemoved, &target, &[])
        })
    }

    /// Makes ten new recovery codes; those from before are worth nothing from now on.
    pub fn renew_recovery_codes(&self, permit: &Confirmed<act::See>, session: SessionId) -> Result<Vec<String>> {
        let actor = permit.actor();
        let person = actor.membership();
        let account = person.account_id;
        self.db.write(|writer| {
            lock_as_seen(writer, person, session)?;
            if !db::second_factors::lock(writer, account)? {
                return Err(WrongState::because("Your account has no second factor to recover.").into());
            }
            let codes = self.new_recovery_codes(writer, account)?;
            self.tell(writer, account, |name| Message::SecondFactorChanged {
                name,
                what: "the recovery codes were renewed".into(),
            })?;
            let target = Target::Account { id: account.to_string(), name: &person.name };
            record(writer, self.now(), Who::Person(actor), AuditAction::RecoveryCodesRenewed, &target, &[])?;
            Ok(codes)
        })
    }

    /// Takes the second factor of somebody who has lost it away and ends their sessions and what applications were let
    /// do: an account can belong to several companies, so only whoever runs the deployment may. Answers whether there was
    /// one; `NotFound` where there is no such account.
    pub fn reset_second_factor(&self, email: &str) -> Result<bool> {
        let key = email.trim().to_ascii_lowercase();
        self.db.write(|writer| {
            let (account, _) = db::accounts::by_email(writer, &key)?.ok_or(Error::NotFound)?;
            if !db::second_factors::remove(writer, account.id)? {
                return Ok(false);
            }
            db::sessions::end_others(writer, account.id, None)?;
            db::grants::end_of_account(writer, account.id, None, self.now())?;
            db::throttles::clear(writer, &bucket(account.id))?;
            let message = Message::SecondFactorChanged {
                name: account.name.clone(),
                what: "the second factor was removed by whoever runs this portal".into(),
            };
            self.enqueue(writer, account.email.as_str(), &message)?;
            let who = self.outsider(writer, &account, None, "The operator", "")?;
            let target = Target::Account { id: account.id.to_string(), name: &account.name };
            record(writer, self.now(), who, AuditAction::SecondFactorRemoved, &target, &[])?;
            Ok(true)
        })
    }

    /// The second step of sign-in, after a proof given at `proved_at`. Each try counts, before it is looked at.
    pub fn prove_second_factor(
        &self,
        account: AccountId,
        proved_at: Timestamp,
        factor: &Factor,
        address: &str,
    ) -> Result<Proved> {
        let (bucket, address_bucket) = (bucket(account), address_bucket("address", address));
        self.refuse_blocked(std::slice::from_ref(&address_bucket))?;
        let blocks = self.count_factor(&bucket)?;
        let (proved, account) = self.db.write(|writer| {
            let (found, _) = db::accounts::find(writer, account)?;
            let sealed = db::second_factors::sealed(writer, account)?;
            let Some(sealed) = sealed.filter(|_| found.password_changed_at <= proved_at) else {
                return Ok((Proved::Overtaken, found));
            };
            let right = match factor {
                Factor::Code(typed) => match self.open_factor(account, &sealed)?.step_of(&digits(typed), self.now()) {
                    Some(step) => db::second_factors::use_step(writer, account, step)?,
                    None => false,
                },
                Factor::RecoveryCode(typed) => self.use_recovery_code(writer, &found, typed, address)?,
            };
            if right {
                // In the write that uses the code up: a fault between the two would cost it.
                db::throttles::clear(writer, &bucket)?;
            }
            Ok::<_, Error>((if right { Proved::Right } else { Proved::Wrong }, found))
        })?;
        match proved {
            Proved::Right | Proved::Overtaken => {}
            Proved::Wrong => {
                if blocks {
                    self.record_block(&account, address)?;
                }
                self.count_from(&address_bucket)?;
            }
        }
        Ok(proved)
    }

    /// A hash of its kind for passwords is not needed: a code has 80 random bits, which nobody guesses, however fast
    /// they can try.
    fn use_recovery_code(
        &self,
        writer: &mut Writer<'_>,
        account: &Account,
        typed: &str,
        address: &str,
    ) -> Result<bool> {
        if !db::second_factors::use_code(writer, account.id, &sha256(&normalised(typed)))? {
            return Ok(false);
        }
        let left = db::second_factors::codes_left(writer, account.id)?;
        let message = Message::SecondFactorChanged {
            name: account.name.clone(),
            what: format!("a recovery code was used to sign in; {left} are left"),
        };
        self.enqueue(writer, account.email.as_str(), &message)?;
        let who = self.outsider(writer, account, Some(account.id), &account.name, address)?;
        let target = Target::Account { id: account.id.to_string(), name: &account.name };
        record(writer, self.now(), who, AuditAction::RecoveryCodeUsed, &target, &[])?;
        Ok(true)
    }

    fn new_recovery_codes(&self, writer: &mut Writer<'_>, account: AccountId) -> Result<Vec<String>> {
        db::second_factors::remove_codes(writer, account)?;
        (0..RECOVERY_CODES)
            .map(|_| {
                let code = recovery();
                let id = new_id!(self, RecoveryCodeId);
                db::second_factors::add_code(writer, id, account, &sha256(&normalised(&code)), self.now())?;
                Ok(code)
            })
            .collect()
    }

    /// Somebody who acts on an account without being signed in, in the trail of the account's first company.
    pub(super) fn outsider<'a>(
        &self,
        writer: &mut Writer<'_>,
        account: &Account,
        id: Option<AccountId>,
        name: &'a str,
        address: &'a str,
    ) -> Result<Who<'a>> {
        let tenant = db::tenants::membership(writer, account.id, None)?.map(|member| member.tenant_id);
        Ok(Who::Visitor { id: id.map(|id| id.to_string()), name, address, tenant })
    }
}
