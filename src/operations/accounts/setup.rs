//! The first run: a link, and what comes of it.

use std::time::Duration;

use zeroize::Zeroizing;

use super::super::{Error, Operations, Result, Target, Who, record};
use crate::crypto::hashing::sha256;
use crate::crypto::random;
use crate::db;
use crate::domain::audit::AuditAction;
use crate::domain::field_errors::FieldErrors;
use crate::domain::id::AccountId;
use crate::domain::text;

/// How long the printed link is good.
const LINK_LASTS: Duration = Duration::from_secs(3_600);

/// The set-up form as typed.
pub struct SetupInput {
    pub company: String,
    pub name: String,
    pub email: String,
    pub password: Zeroizing<String>,
}

impl Operations {
    /// A one-time link to set Keywright up; `None` where that has been done. Only its hash is kept.
    pub fn setup_link(&self) -> Result<Option<String>> {
        let token = random::token();
        self.db.write(|writer| {
            if db::tenants::count_operating(writer)? > 0 {
                return Ok(None);
            }
            db::mailed_codes::put_setup_link(writer, &sha256(&token), self.now().plus(LINK_LASTS))?;
            Ok(Some(format!("{}/setup?token={token}", self.rules.public_url)))
        })
    }

    pub fn is_set_up(&self) -> Result<bool> {
        Ok(self.db.read(db::tenants::count_operating)? > 0)
    }

    pub fn is_setup_link(&self, token: &str) -> Result<bool> {
        Ok(self.db.read(|reader| {
            Ok::<_, db::Error>(
                db::tenants::count_operating(reader)? == 0
                    && db::mailed_codes::is_setup_link(reader, &sha256(token), self.now())?,
            )
        })?)
    }

    /// Makes the operator's company, its first administrator and the default clients. `NotFound` for a link that is
    /// unknown, too old or used.
    pub fn set_up(&self, token: &str, input: SetupInput, address: &str) -> Result<AccountId> {
        if !self.is_setup_link(token)? {
            return Err(Error::NotFound);
        }
        let company = text::name(&input.company, "the name of your company", 100);
        let person = self.introduce(&input.name, &input.email, input.password);
        let (company, person) = match (company, person) {
            (Ok(company), Ok(person)) => (company, person),
            (company, person) => {
                let mut errors = FieldErrors::default();
                errors.take("company", "Company name", company);
                for error in person.err().iter().flat_map(FieldErrors::iter) {
                    errors.add(error.field, error.label, error.message.clone());
                }
                return Err(Error::Invalid(errors));
            }
        };
        self.db.write(|writer| {
            let now = self.now();
            let taken = db::mailed_codes::take_setup_link(writer, &sha256(token), now)?;
            // A company may have been made in another way since the link was printed.
            if !taken || db::tenants::count_operating(writer)? > 0 {
                return Err(Error::NotFound);
            }
            let (tenant, actor) = self.found_company(writer, &company, &person.email, &person, true, address)?;
            let target = Target::Tenant { id: tenant.id, name: &tenant.name };
            record(writer, now, Who::Person(&actor), AuditAction::TenantCreated, &target, &[])?;
            self.add_default_clients(writer, &tenant, &actor)?;
            Ok(actor.membership().account_id)
        })
    }
}
