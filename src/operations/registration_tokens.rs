//! Initial access tokens (RFC 7591 §3): issued by an administrator, shown once, revoked.

use super::{Error, Made, Operations, Result, Target, Who, new_id, once, record};
use crate::access::{Confirmed, Permit, act};
use crate::crypto::{hashing, random};
use crate::db;
use crate::domain::audit::{AuditAction, Change};
use crate::domain::field_errors::FieldErrors;
use crate::domain::id::RegistrationTokenId;
use crate::domain::lifecycle::WrongState;
use crate::domain::registration_token::{
    MAX_TOKENS, PlainToken, RegistrationToken, RegistrationTokenInput, RegistrationTokenSettings, TokenKind,
};
use crate::domain::service::Environment;

impl Operations {
    /// Issues a token. It comes back in clear the first time alone: the same form sent again gets none.
    pub fn issue_registration_token(
        &self,
        permit: &Confirmed<act::ManageTenant>,
        input: &RegistrationTokenInput,
        submission: &str,
    ) -> Result<(RegistrationTokenId, Option<PlainToken>)> {
        let token = PlainToken::generate(TokenKind::Initial, random::byte_source());
        let (id, made) = once(self, submission, |writer| {
            let now = self.now();
            let settings = RegistrationTokenSettings::parse(input, now).map_err(Error::Invalid)?;
            db::tenants::lock(writer, permit.scope().id())?;
            let service = match db::services::lock(writer, permit.scope(), settings.service) {
                Err(db::Error::NotFound) => return Err(service_fault("Choose a service from the list.")),
                found => found?,
            };
            if service.state.is_deleted() || service.environment == Environment::Live {
                return Err(service_fault(
                    "Choose a service that is in sandbox: the changes of a live one are people's.",
                ));
            }
            if db::registration_tokens::count(writer, permit.scope())? >= MAX_TOKENS {
                let reason = format!("There are {MAX_TOKENS} registration tokens already. Revoke one of them first.");
                return Err(WrongState::because(reason).into());
            }
            let person = permit.actor().membership();
            let new = RegistrationToken {
                id: new_id!(self, RegistrationTokenId),
                tenant_id: permit.scope().id(),
                service_id: service.id,
                description: settings.description,
                issued_by: person.account_id,
                issued_by_name: person.name.clone(),
                created_at: now,
                expires_at: settings.expires_at,
                last_used_at: None,
            };
            db::registration_tokens::insert(writer, &new, &hashing::sha256(token.expose()))?;
            let fact =
                |field: &str, after: &str| Change { field: field.into(), before: String::new(), after: after.into() };
            let facts = [fact("Service", &service.settings.name), fact("Expires", &new.expires_at.readable())];
            record(
                writer,
                now,
                Who::Person(permit.actor()),
                AuditAction::RegistrationTokenIssued,
                &target(&new),
                &facts,
            )?;
            Ok(new.id)
        })?;
        Ok((id, (made == Made::Now).then_some(token)))
    }

    /// Revokes a token at once. The clients that were registered with it stay. Answers with what it was.
    pub fn revoke_registration_token(
        &self,
        permit: &Permit<act::ManageTenant>,
        id: RegistrationTokenId,
    ) -> Result<RegistrationToken> {
        self.db.write(|writer| {
            let token = db::registration_tokens::find(writer, permit.scope(), id)?;
            if !db::registration_tokens::remove(writer, id)? {
                return Err(Error::NotFound);
            }
            let action = AuditAction::RegistrationTokenRevoked;
            record(writer, self.now(), Who::Person(permit.actor()), action, &target(&token), &[])?;
            Ok(token)
        })
    }
}

fn target(token: &RegistrationToken) -> Target<'_> {
    Target::Thing { kind: "registration_token", id: token.id.to_string(), name: &token.description }
}

fn service_fault(text: &str) -> Error {
    Error::Invalid(FieldErrors::one("service", "Service", text))
}
