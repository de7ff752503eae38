//! Registration in three steps: account, company, activation code. Until the code is right nothing of it stands in the
//! database; the first two steps travel sealed with the browser.

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::super::{Error, Operations, Result, Target, Who, record};
use super::Introduction;
use super::codes::{self, Half, Purpose};
use crate::db;
use crate::domain::audit::AuditAction;
use crate::domain::field_errors::FieldErrors;
use crate::domain::id::AccountId;
use crate::domain::lifecycle::WrongState;
use crate::domain::text::{self, Email};
use crate::mail::Message;

/// Somebody on the way in, as the browser keeps it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Newcomer {
    pub person: Introduction,
    pub company: String,
    pub contact: String,
    pub half: Half,
}

impl Operations {
    /// The first step: who it is. Nothing is written down; the password goes on as its hash.
    pub fn begin_registration(
        &self,
        name: &str,
        email: &str,
        password: Zeroizing<String>,
        address: &str,
    ) -> Result<Introduction> {
        self.refuse_if_closed()?;
        self.count_registration(address)?;
        self.introduce(name, email, password).map_err(Error::Invalid)
    }

    fn refuse_if_closed(&self) -> Result<()> {
        if self.rules.registration_open {
            return Ok(());
        }
        Err(WrongState::because("Registration is closed. Ask whoever runs this portal.").into())
    }

    /// The second step: checks the company and mails the code. An address that has an account gets a mail that says
    /// so instead; the page is the same.
    pub fn register_company(
        &self,
        person: Introduction,
        company: &str,
        contact: &str,
        address: &str,
    ) -> Result<Newcomer> {
        self.refuse_if_closed()?;
        let mut errors = FieldErrors::default();
        let company = errors.take("company", "Company name", text::name(company, "the name of your company", 100));
        let contact = errors.take("contact_email", "Contact e-mail", Email::parse(contact));
        let (Some(company), Some(contact)) = (company, contact) else { return Err(Error::Invalid(errors)) };
        self.count_code_request(address)?;
        let key = person.email.to_ascii_lowercase();
        let half = self.db.write(|writer| {
            let may_mail = self.may_mail_code(writer, &key)?;
            let taken = db::accounts::by_email(writer, &key)?.map(|(account, _)| account);
            let (code, half) = self.new_code(writer, Purpose::Activation, None, may_mail && taken.is_none())?;
            // Nothing that was typed goes into these mails: anybody can type anybody's address here.
            let message = match taken {
                Some(account) => Message::AccountExists { name: account.name, portal: self.rules.public_url.clone() },
                None => Message::Activation { code: codes::shown(&code) },
            };
            if may_mail {
                self.enqueue(writer, &person.email, &message)?;
            }
            Ok::<_, Error>(half)
        })?;
        Ok(Newcomer { person, company, contact: contact.as_str().to_owned(), half })
    }

    /// The third step: with the right code, company and account are there. `None` for a wrong code.
    pub fn activate(&self, newcomer: &Newcomer, code: &str, address: &str) -> Result<Option<AccountId>> {
        let Some(right) = self.try_code(Purpose::Activation, &newcomer.half, code)? else { return Ok(None) };
        self.db.write(|writer| {
            let now = self.now();
            if !db::mailed_codes::remove(writer, right.id)? {
                return Ok(None);
            }
            let (tenant, actor) =
                self.found_company(writer, &newcomer.company, &newcomer.contact, &newcomer.person, false, address)?;
            let target = Target::Tenant { id: tenant.id, name: &tenant.name };
            record(writer, now, Who::Person(&actor), AuditAction::TenantCreated, &target, &[])?;
            let person = actor.membership();
            let target = Target::Account { id: person.account_id.to_string(), name: &person.name };
            record(writer, now, Who::Person(&actor), AuditAction::AccountActivated, &target, &[])?;
            Ok(Some(person.account_id))
        })
    }
}
