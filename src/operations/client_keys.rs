//! Client keys: added and deleted. Whoever holds the private half is the client, so a key is treated as a secret is.

use super::clients::{lock_with_service, reach};
use super::{Error, Made, Operations, Result, Target, Who, new_id, once, record};
use crate::access::{Confirmed, Permit, act};
use crate::crypto::public_key::is_point_on_p256;
use crate::db::{self, Writer};
use crate::domain::audit::{AuditAction, Change};
use crate::domain::client::Client;
use crate::domain::client_key::{ClientKey, PublicKey};
use crate::domain::credential::Credential;
use crate::domain::field_errors::FieldErrors;
use crate::domain::id::{ClientKeyId, ClientUid};
use crate::domain::service::Service;

impl Operations {
    /// Adds the keys of a JWK, or of a set of them, to a client. Answers with the first.
    pub fn add_client_keys(
        &self,
        permit: &Confirmed<act::EditClients>,
        client: ClientUid,
        typed: &str,
        submission: &str,
    ) -> Result<(ClientKeyId, Made)> {
        let keys = PublicKey::parse(typed).map_err(|fault| key_fault(fault.to_string()))?;
        once(self, submission, |writer| {
            let (client, service) = lock_with_service(writer, permit.scope(), client)?;
            reach(writer, permit, &client)?;
            self.insert_client_keys(writer, permit, &service, &client, &keys)?.ok_or(Error::NotFound)
        })
    }

    /// The caller has locked service and client, and the permit reaches the client. Answers with the first key.
    pub(super) fn insert_client_keys(
        &self,
        writer: &mut Writer<'_>,
        permit: &Permit<act::EditClients>,
        service: &Service,
        client: &Client,
        keys: &[PublicKey],
    ) -> Result<Option<ClientKeyId>> {
        let there = db::client_keys::of_client(writer, client.uid)?;
        Credential::Key.check_more(service, client, there.len(), keys.len())?;
        let mut first = None;
        for key in keys {
            if there.iter().any(|other| other.key.collides_with(key)) {
                return Err(key_fault(format!(
                    "The client has the key {} already, or another of its “kid”.",
                    key.name()
                )));
            }
            if key.point().is_some_and(|point| !is_point_on_p256(&point)) {
                return Err(key_fault("The key's “x” and “y” are no point of the curve P-256.".into()));
            }
            let new = ClientKey {
                id: new_id!(self, ClientKeyId),
                client_uid: client.uid,
                key: key.clone(),
                added_by: permit.actor().membership().name.clone(),
                created_at: self.now(),
                last_used_at: None,
            };
            db::client_keys::insert(writer, &new)?;
            first = first.or(Some(new.id));
        }
        let added = keys.iter().map(PublicKey::in_words).collect::<Vec<_>>().join("\n");
        let changed = [Change { field: "Keys".into(), before: String::new(), after: added }];
        self.note_for_review(writer, permit, service, client, &changed)?;
        let names = keys.iter().map(PublicKey::name).collect::<Vec<_>>().join(", ");
        let target = Target::Key { client, name: names };
        record(writer, self.now(), Who::Person(permit.actor()), AuditAction::ClientKeyAdded, &target, &changed)?;
        Ok(first)
    }

    /// Deletes a key at once and for good. Answers with its client.
    pub fn delete_client_key(
        &self,
        permit: &Confirmed<act::EditClients>,
        id: ClientKeyId,
    ) -> Result<(ClientUid, ClientKey)> {
        self.db.write(|writer| {
            let key = db::client_keys::find(writer, permit.scope(), id)?;
            let (client, service) = lock_with_service(writer, permit.scope(), key.client_uid)?;
            reach(writer, permit, &client)?;
            self.remove_client_key(writer, permit, &service, &client, &key)?;
            Ok((client.uid, key))
        })
    }

    /// The caller has locked service and client, and the permit reaches the client.
    pub(super) fn remove_client_key(
        &self,
        writer: &mut Writer<'_>,
        permit: &Permit<act::EditClients>,
        service: &Service,
        client: &Client,
        key: &ClientKey,
    ) -> Result<()> {
        if !db::client_keys::remove(writer, key.id)? {
            return Err(Error::NotFound);
        }
        let changed = [Change { field: "Keys".into(), before: key.key.in_words(), after: String::new() }];
        self.note_for_review(writer, permit, service, client, &changed)?;
        let target = Target::Key { client, name: key.key.name().to_owned() };
        record(writer, self.now(), Who::Person(permit.actor()), AuditAction::ClientKeyDeleted, &target, &changed)
    }
}

fn key_fault(text: String) -> Error {
    Error::Invalid(FieldErrors::one("jwk", "Public key", text))
}
