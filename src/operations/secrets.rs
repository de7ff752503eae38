//! Client secrets: made, shown once, rotated, deleted.

use std::time::Duration;

use super::clients::{lock_with_service, reach};
use super::{Error, Made, Operations, Result, Target, Who, new_id, once, record};
use crate::access::{Confirmed, Permit, act};
use crate::clock::Timestamp;
use crate::crypto::{hashing, random};
use crate::db::{self, Writer};
use crate::domain::audit::{AuditAction, Change};
use crate::domain::client::Client;
use crate::domain::credential::Credential;
use crate::domain::id::{ClientUid, RevealId, SecretId};
use crate::domain::lifecycle::WrongState;
use crate::domain::secret::{Overlap, PlainSecret, Secret, SecretInput, SecretSettings};
use crate::domain::service::Service;

/// How long a secret waits to be shown.
pub const TICKET_LASTS: Duration = Duration::from_secs(15 * 60);

/// A secret that was made and is to be shown once: by this ticket, to the person who made it.
pub struct ToReveal {
    pub ticket: RevealId,
    pub secret: PlainSecret,
}

/// What the reveal page shows beside the secret itself.
pub struct Revealed {
    pub client: Client,
    pub secret: Secret,
}

impl Operations {
    /// Adds a secret to a client. The same form sent again, while nobody has seen the secret, gives the same secret
    /// row another value: a double click leaves one secret, and the answer that arrives last can be shown.
    pub fn add_secret(
        &self,
        permit: &Confirmed<act::EditClients>,
        client: ClientUid,
        input: &SecretInput,
        submission: &str,
    ) -> Result<ToReveal> {
        let plain = std::cell::RefCell::new(None);
        let (id, made) = once(self, submission, |writer| {
            let (client, service) = self.lock_for_secrets(writer, permit, client)?;
            let settings = SecretSettings::parse(input, service.environment, self.now()).map_err(Error::Invalid)?;
            let (secret, value) = self.store_secret(writer, permit, &client, settings)?;
            self.insert_ticket(writer, permit, &secret)?;
            *plain.borrow_mut() = Some(value);
            Ok(secret.id)
        })?;
        match (made, plain.into_inner()) {
            (Made::Now, Some(secret)) => {
                let ticket = self.db.read(|reader| {
                    db::secrets::open_ticket_of(reader, id, permit.actor().membership().account_id, self.now())
                })?;
                Ok(ToReveal { ticket: ticket.ok_or(Error::NotFound)?, secret })
            }
            _ => self.renew_unseen(permit, id),
        }
    }

    /// Makes a new secret in place of another, which ends after the overlap.
    pub fn rotate_secret(
        &self,
        permit: &Confirmed<act::EditClients>,
        id: SecretId,
        overlap: &str,
        until: &str,
        submission: &str,
    ) -> Result<ToReveal> {
        let overlap = Overlap::parse(overlap, until, self.now()).map_err(Error::Invalid)?;
        let plain = std::cell::RefCell::new(None);
        let (new, made) = once(self, submission, |writer| {
            let now = self.now();
            let found = db::secrets::find(writer, permit.scope(), id)?;
            let (client, _) = self.lock_for_secrets(writer, permit, found.client_uid)?;
            // Read again under the lock: another rotation may have ended it meanwhile.
            let old = db::secrets::find(writer, permit.scope(), id)?;
            if old.expires_at.is_some_and(|at| at <= now) {
                return Err(WrongState::because("This secret has expired. Add a new one instead.").into());
            }
            let settings = SecretSettings {
                description: old.description.clone(),
                environment: old.environment,
                expires_at: old.expires_at.map(|_| now.one_year_later()),
            };
            let (secret, value) = self.insert_secret(writer, permit, &client, settings)?;
            self.insert_ticket(writer, permit, &secret)?;
            let end = overlap.end(now, old.expires_at);
            db::secrets::end_by_rotation(writer, old.id, end)?;
            let changed = [
                fact("Secret", &ending_in(&old.last_four), &ending_in(&secret.last_four)),
                fact("Old secret ends", &expiry_in_words(old.expires_at), &end.readable()),
            ];
            let target = secret_target(&client, &secret);
            record(writer, now, Who::Person(permit.actor()), AuditAction::SecretRotated, &target, &changed)?;
            *plain.borrow_mut() = Some(value);
            Ok(secret.id)
        })?;
        match (made, plain.into_inner()) {
            (Made::Now, Some(secret)) => {
                let ticket = self.db.read(|reader| {
                    db::secrets::open_ticket_of(reader, new, permit.actor().membership().account_id, self.now())
                })?;
                Ok(ToReveal { ticket: ticket.ok_or(Error::NotFound)?, secret })
            }
            _ => self.renew_unseen(permit, new),
        }
    }

    /// Uses the ticket up and says what was shown. `claimed` is what the asking browser kept; it must be this secret.
    pub fn reveal_secret(
        &self,
        permit: &Confirmed<act::EditClients>,
        ticket: RevealId,
        claimed: &PlainSecret,
    ) -> Result<Revealed> {
        let account = permit.actor().membership().account_id;
        self.db.write(|writer| {
            let now = self.now();
            let id = db::secrets::ticket(writer, ticket, account, now)?.ok_or(Error::NotFound)?;
            let secret = db::secrets::find(writer, permit.scope(), id)?;
            // Locked before the hash is read: a repeated form must not give the secret another value meanwhile.
            let client = db::clients::lock(writer, permit.scope(), secret.client_uid)?;
            reach(writer, permit, &client)?;
            let hash = db::secrets::hash(writer, id)?;
            if !hashing::secret_matches(claimed, &hash) || !db::secrets::take_ticket(writer, ticket, account, now)? {
                return Err(Error::NotFound);
            }
            let target = secret_target(&client, &secret);
            record(writer, now, Who::Person(permit.actor()), AuditAction::SecretRevealed, &target, &[])?;
            Ok(Revealed { client, secret })
        })
    }

    /// Deletes a secret at once and for good. Answers with its client.
    pub fn delete_secret(&self, permit: &Confirmed<act::EditClients>, id: SecretId) -> Result<(ClientUid, Secret)> {
        self.db.write(|writer| {
            let secret = db::secrets::find(writer, permit.scope(), id)?;
            let client = db::clients::lock(writer, permit.scope(), secret.client_uid)?;
            reach(writer, permit, &client)?;
            self.remove_secret(writer, permit, &client, &secret)?;
            Ok((client.uid, secret))
        })
    }

    /// The caller has locked the client, and the permit reaches it.
    pub(super) fn remove_secret(
        &self,
        writer: &mut Writer<'_>,
        permit: &Permit<act::EditClients>,
        client: &Client,
        secret: &Secret,
    ) -> Result<()> {
        if !db::secrets::remove(writer, secret.id)? {
            return Err(Error::NotFound);
        }
        let target = secret_target(client, secret);
        record(writer, self.now(), Who::Person(permit.actor()), AuditAction::SecretDeleted, &target, &[])
    }

    /// Locks the client, so that adding and counting secrets is one step, and checks that it may have one more.
    fn lock_for_secrets(
        &self,
        writer: &mut Writer<'_>,
        permit: &Confirmed<act::EditClients>,
        uid: ClientUid,
    ) -> Result<(Client, Service)> {
        let (client, service) = lock_with_service(writer, permit.scope(), uid)?;
        reach(writer, permit, &client)?;
        Credential::Secret.check_more(&service, &client, db::secrets::count(writer, uid)?, 1)?;
        Ok((client, service))
    }

    /// A new secret with its event. The caller has locked the client and knows that it may have one more.
    pub(super) fn store_secret(
        &self,
        writer: &mut Writer<'_>,
        permit: &Permit<act::EditClients>,
        client: &Client,
        settings: SecretSettings,
    ) -> Result<(Secret, PlainSecret)> {
        let (secret, value) = self.insert_secret(writer, permit, client, settings)?;
        let facts = [
            fact("Environment", "", secret.environment.word()),
            fact("Expires", "", &expiry_in_words(secret.expires_at)),
        ];
        let (action, target) = (AuditAction::SecretAdded, secret_target(client, &secret));
        record(writer, self.now(), Who::Person(permit.actor()), action, &target, &facts)?;
        Ok((secret, value))
    }

    fn insert_secret(
        &self,
        writer: &mut Writer<'_>,
        permit: &Permit<act::EditClients>,
        client: &Client,
        settings: SecretSettings,
    ) -> Result<(Secret, PlainSecret)> {
        let now = self.now();
        let person = permit.actor().membership();
        let value = PlainSecret::generate(settings.environment, random::byte_source());
        let secret = Secret {
            id: new_id!(self, SecretId),
            client_uid: client.uid,
            environment: settings.environment,
            description: settings.description,
            last_four: value.last_four().to_owned(),
            created_by: person.name.clone(),
            created_by_id: Some(person.account_id),
            created_at: now,
            expires_at: settings.expires_at,
            ends_by_rotation: false,
        };
        db::secrets::insert(writer, client.tenant_id, &secret, &hashing::hash_secret(&value))?;
        Ok((secret, value))
    }

    /// Lets whoever made a secret see it once.
    fn insert_ticket(&self, writer: &mut Writer<'_>, permit: &Permit<act::EditClients>, secret: &Secret) -> Result<()> {
        let (ticket, account) = (new_id!(self, RevealId), permit.actor().membership().account_id);
        Ok(db::secrets::insert_ticket(writer, ticket, secret.id, account, self.now().plus(TICKET_LASTS))?)
    }

    /// Another value for a secret that nobody has seen yet.
    fn renew_unseen(&self, permit: &Confirmed<act::EditClients>, id: SecretId) -> Result<ToReveal> {
        let account = permit.actor().membership().account_id;
        self.db.write(|writer| {
            let secret = db::secrets::find(writer, permit.scope(), id)?;
            let client = db::clients::lock(writer, permit.scope(), secret.client_uid)?;
            reach(writer, permit, &client)?;
            let ticket = db::secrets::open_ticket_of(writer, id, account, self.now())?
                .ok_or_else(|| WrongState::because("This form has made its secret already, and it has been shown."))?;
            let value = PlainSecret::generate(secret.environment, random::byte_source());
            db::secrets::replace_value(writer, id, &hashing::hash_secret(&value), value.last_four())?;
            let renewed = Secret { last_four: value.last_four().to_owned(), ..secret.clone() };
            let facts = [fact("Value", &ending_in(&secret.last_four), &ending_in(&renewed.last_four))];
            let (who, target) = (Who::Person(permit.actor()), secret_target(&client, &renewed));
            record(writer, self.now(), who, AuditAction::SecretRenewed, &target, &facts)?;
            Ok(ToReveal { ticket, secret: value })
        })
    }
}

fn secret_target<'a>(client: &'a Client, secret: &Secret) -> Target<'a> {
    Target::Secret { client, name: secret_name(secret) }
}

/// What people know a secret by.
pub(super) fn secret_name(secret: &Secret) -> String {
    let ending = ending_in(&secret.last_four);
    if secret.description.is_empty() { ending } else { format!("{} ({ending})", secret.description) }
}

fn ending_in(last_four: &str) -> String {
    format!("…{last_four}")
}

fn expiry_in_words(at: Option<Timestamp>) -> String {
    at.map_or("never".into(), Timestamp::readable)
}

fn fact(field: &str, before: &str, after: &str) -> Change {
    Change { field: field.into(), before: before.into(), after: after.into() }
}
