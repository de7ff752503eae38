//! Who may sign in through a service's clients while it is in sandbox.

use super::{Error, Operations, Result, Target, Who, new_id, record};
use crate::access::{Permit, act};
use crate::db::{self, test_users::TestUser};
use crate::domain::audit::{AuditAction, Change};
use crate::domain::field_errors::FieldErrors;
use crate::domain::id::{ServiceId, TestUserId};
use crate::domain::lifecycle::WrongState;
use crate::domain::text::Email;

/// A sandbox is for trying out, not for running.
pub const MAX_TEST_USERS: usize = 100;

impl Operations {
    /// Adds the addresses, one per line; those that are there already stay. Answers with how many are new.
    pub fn add_test_users(&self, permit: &Permit<act::EditServices>, id: ServiceId, typed: &str) -> Result<usize> {
        let addresses = parse(typed)?;
        self.db.write(|writer| {
            let now = self.now();
            let service = db::services::lock(writer, permit.scope(), id)?;
            if service.state.is_deleted() {
                return Err(WrongState::because("This service is deleted. Reactivate it first.").into());
            }
            let there = db::test_users::of_service(writer, permit.scope(), id)?;
            let new: Vec<&Email> =
                addresses.iter().filter(|email| !there.iter().any(|user| user.email.key() == email.key())).collect();
            if there.len() + new.len() > MAX_TEST_USERS {
                return Err(fault(format!(
                    "A service has at most {MAX_TEST_USERS} test users; there is room for {} more.",
                    MAX_TEST_USERS - there.len().min(MAX_TEST_USERS)
                )));
            }
            if new.is_empty() {
                return Ok(0);
            }
            for email in &new {
                let user = TestUser {
                    id: new_id!(self, TestUserId),
                    email: (*email).clone(),
                    added_by: permit.actor().membership().name.clone(),
                    created_at: now,
                };
                db::test_users::insert(writer, id, &user)?;
            }
            let added: Vec<&str> = new.iter().map(|email| email.as_str()).collect();
            let changed = [Change { field: "Test users".into(), before: String::new(), after: added.join("\n") }];
            let target = Target::Service(&service);
            record(writer, now, Who::Person(permit.actor()), AuditAction::TestUserAdded, &target, &changed)?;
            Ok(new.len())
        })
    }

    /// Removes a test user, who can't sign in any more from then on. Answers with the address.
    pub fn remove_test_user(
        &self,
        permit: &Permit<act::EditServices>,
        id: ServiceId,
        user: TestUserId,
    ) -> Result<Email> {
        self.db.write(|writer| {
            let service = db::services::lock(writer, permit.scope(), id)?;
            let there = db::test_users::of_service(writer, permit.scope(), id)?;
            let gone = there.into_iter().find(|found| found.id == user).ok_or(Error::NotFound)?;
            db::test_users::remove(writer, id, user)?;
            let before = gone.email.as_str().to_owned();
            let changed = [Change { field: "Test users".into(), before, after: String::new() }];
            let target = Target::Service(&service);
            record(writer, self.now(), Who::Person(permit.actor()), AuditAction::TestUserRemoved, &target, &changed)?;
            Ok(gone.email)
        })
    }
}

fn fault(text: String) -> Error {
    Error::Invalid(FieldErrors::one("emails", "E-mail addresses", text))
}

/// One address per line; commas and semicolons separate too, as mail programs write them.
fn parse(typed: &str) -> Result<Vec<Email>> {
    let mut errors = FieldErrors::default();
    let mut addresses: Vec<Email> = Vec::new();
    for part in typed.split(['\n', ',', ';']).map(str::trim).filter(|part| !part.is_empty()).take(MAX_TEST_USERS + 1) {
        match Email::parse(part) {
            Ok(email) if addresses.iter().any(|other| other.key() == email.key()) => {}
            Ok(email) => addresses.push(email),
            Err(fault) => {
                let shown: String = part.chars().take(60).collect();
                errors.add("emails", "E-mail addresses", format!("“{shown}”: {fault}"));
            }
        }
    }
    if !errors.is_empty() {
        return Err(Error::Invalid(errors));
    }
    if addresses.is_empty() {
        return Err(fault("Enter at least one e-mail address, one per line.".into()));
    }
    Ok(addresses)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_come_one_per_line_or_as_mail_programs_write_them() {
        let parsed =
            |typed| parse(typed).map(|all| all.iter().map(|email| email.as_str().to_owned()).collect::<Vec<_>>());
        assert_eq!(parsed("a@x.example\r\n b@x.example; A@x.example,").unwrap(), ["a@x.example", "b@x.example"]);
        assert!(matches!(parsed("a@x.example\nnobody"), Err(Error::Invalid(errors)) if errors.iter().count() == 1));
        assert!(parsed(" \n").is_err());
    }
}
