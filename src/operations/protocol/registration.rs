//! Clients registered and managed by machine (RFC 7591, RFC 7592). Whoever holds a token does what the administrator
//! who issued it may do, asked afresh for each request, through the same acts as the form.

use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use crate::access::{Actor, Permit, act};
use crate::clock::Timestamp;
use crate::crypto::{hashing, random};
use crate::db::{self, Reader, Writer};
use crate::domain::client::{Client, ClientType};
use crate::domain::client_id::ClientIdSuffix;
use crate::domain::client_key::PublicKey;
use crate::domain::field_errors::{FieldError, FieldErrors};
use crate::domain::id::{AccountId, ClientUid, TenantId};
use crate::domain::lifecycle::{Status, effective};
use crate::domain::protocol::event::{Endpoint, ProtocolEvent};
use crate::domain::protocol::fault::{Fault, Refusal};
use crate::domain::protocol::metadata::{BY_KEYS, Metadata, describe, member_of};
use crate::domain::registration_token::{CLIENTS_A_DAY, PlainToken, RegisteredClient, RegistrationToken, TokenKind};
use crate::domain::secret::{PlainSecret, SecretSettings};
use crate::domain::service::{Environment, Service};
use crate::operations::clients::lock_with_service;
use crate::operations::{Error, Operations};

/// How many characters of a proposed client id are random, so that it is free.
const RANDOM_SUFFIX: usize = 8;

/// How often an update is tried while people edit the same client.
const UPDATES_TRIED: usize = 3;

/// A request at the registration endpoint.
pub struct Machine {
    pub token: Zeroizing<String>,
    pub address: String,
    pub network: String,
    pub reference: String,
}

/// What is known of a request by the time that it is answered.
#[derive(Default)]
struct Seen {
    tenant: Option<TenantId>,
    client: Option<ClientUid>,
}

/// Why a request was not done.
enum Stopped {
    Refused(Refusal),
    Failed(Error),
}

impl From<Refusal> for Stopped {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Error> for Stopped {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<db::Error> for Stopped {
    fn from(error: db::Error) -> Self {
        Self::Failed(error.into())
    }
}

type Done<T> = Result<T, Stopped>;

/// A client with what its own token may do.
struct Managed {
    registered: RegisteredClient,
    client: Client,
    service: Service,
    permit: Permit<act::EditClients>,
}

impl Operations {
    /// Registers a client (RFC 7591 §3). Its secret is in the answer, and nowhere else.
    ///
    /// # Errors
    /// What the endpoint answers.
    pub fn register_client(&self, by: &Machine, members: &Map<String, Value>) -> Result<Value, Refusal> {
        let mut seen = Seen::default();
        let done = self.register(by, members, &mut seen);
        self.noted(by, "register", &seen, done)
    }

    /// What a client is registered with (RFC 7592 §2.1).
    ///
    /// # Errors
    /// What the endpoint answers.
    pub fn read_registered_client(&self, by: &Machine, client_id: &str) -> Result<Value, Refusal> {
        let mut seen = Seen::default();
        let done = self.managed(by, client_id, &mut seen).and_then(|managed| self.answer(by, &managed, None));
        self.noted(by, "read", &seen, done)
    }

    /// Replaces what a client is registered with (RFC 7592 §2.2).
    ///
    /// # Errors
    /// What the endpoint answers.
    pub fn update_registered_client(
        &self,
        by: &Machine,
        client_id: &str,
        members: &Map<String, Value>,
    ) -> Result<Value, Refusal> {
        let mut seen = Seen::default();
        let done = self.replace(by, client_id, members, &mut seen);
        self.noted(by, "update", &seen, done)
    }

    /// Deletes a client, which can be brought back in the portal for a while (RFC 7592 §2.3).
    ///
    /// # Errors
    /// What the endpoint answers.
    pub fn delete_registered_client(&self, by: &Machine, client_id: &str) -> Result<(), Refusal> {
        let mut seen = Seen::default();
        let done = self.managed(by, client_id, &mut seen).and_then(|managed| {
            self.db.write(|writer| {
                let permit = self.permit_still(writer, by, &managed.registered)?;
                refuse_live(&lock_with_service(writer, permit.scope(), managed.client.uid)?.1)?;
                let permit = permit.confirmed(self.now()).map_err(Error::from)?;
                self.delete_client_within(writer, &permit, managed.client.uid)?;
                still_managed(writer, by, &managed.registered).map(drop)
            })
        });
        self.noted(by, "delete", &seen, done)
    }

    fn register(&self, by: &Machine, members: &Map<String, Value>, seen: &mut Seen) -> Done<Value> {
        let token = self.initial_token(by, seen)?;
        let metadata = Metadata::parse(members).map_err(|errors| refusal_of(&errors))?;
        let management = PlainToken::generate(TokenKind::Management, random::byte_source());
        let (client, registered, secret, keys) = self.db.write(|writer| {
            let now = self.now();
            // Whoever gives or takes a right holds the tenant: the issuer's are read under its lock.
            db::tenants::lock(writer, token.tenant_id)?;
            let permit = self.permit_of(writer, token.issued_by, token.tenant_id, &token.description, &by.address)?;
            refuse_live(&db::services::lock(writer, permit.scope(), token.service_id)?)?;
            if !db::registration_tokens::note_use(writer, token.id, now)? {
                return Err(invalid("a token that was not revoked").into());
            }
            refuse_too_many(writer, &token, now)?;
            let mut input = metadata.input.clone();
            input.suffix = free_suffix(&input.name);
            let (client, service) =
                self.make_client(writer, &permit, token.service_id, metadata.client_type, &input)?;
            let secret = match client.has_secrets() && metadata.auth_method != BY_KEYS {
                true => Some(self.store_secret(writer, &permit, &client, secret_settings(now))?.1),
                false => None,
            };
            if client.has_secrets() && !metadata.keys.is_empty() {
                self.insert_client_keys(writer, &permit, &service, &client, &metadata.keys)?;
            }
            let registered = RegisteredClient {
                client: client.uid,
                tenant: token.tenant_id,
                registered_with: token.description.clone(),
                issued_by: token.issued_by,
                auth_method: metadata.auth_method.clone(),
                application_type: metadata.application_type.clone(),
            };
            db::registration_tokens::insert_client(writer, &registered, &hashing::sha256(management.expose()))?;
            let keys = db::client_keys::of_client(writer, client.uid)?;
            Ok::<_, Stopped>((client, registered, secret, keys))
        })?;
        seen.client = Some(client.uid);
        let mut answer = describe(&client, &registered, &keys);
        self.tell_secret(&mut answer, secret.as_ref());
        Ok(self.with_management(answer, &client, management.expose()))
    }

    fn replace(&self, by: &Machine, client_id: &str, members: &Map<String, Value>, seen: &mut Seen) -> Done<Value> {
        let managed = self.managed(by, client_id, seen)?;
        refuse_live(&managed.service)?;
        if members.get("client_id").and_then(Value::as_str) != Some(client_id) {
            return Err(metadata_fault("client_id", "must be there, and be that of the address."));
        }
        self.check_secret(&managed.client, members)?;
        let metadata = Metadata::parse(members).map_err(|errors| refusal_of(&errors))?;
        let own = managed.client.client_type;
        // A custom client may have whatever a preset has.
        if metadata.client_type != own && own != ClientType::Custom {
            let text = "make another kind of client of it, which can't be changed later. Register another.";
            return Err(metadata_fault("grant_types", text));
        }
        let uid = managed.client.uid;
        let by_keys = metadata.auth_method == BY_KEYS;
        let registered = RegisteredClient {
            auth_method: metadata.auth_method.clone(),
            application_type: metadata.application_type.clone(),
            ..managed.registered
        };
        let mut tried = 0;
        let secret = loop {
            tried += 1;
            let form = metadata.over(self.client_form(&managed.permit, uid)?);
            let written = self.db.write(|writer| {
                let permit = self.permit_still(writer, by, &registered)?;
                self.update_client_within(writer, &permit, uid, &form)?;
                let (client, service) = lock_with_service(writer, permit.scope(), uid)?;
                // It may have gone live since.
                refuse_live(&service)?;
                let was_by_keys = still_managed(writer, by, &registered)?.auth_method == BY_KEYS;
                if client.has_secrets() {
                    self.replace_keys(writer, &permit, &service, &client, &metadata.keys)?;
                }
                db::registration_tokens::update_client(writer, &registered)?;
                // What it proves itself with from now on is what it has from now on.
                if by_keys && !was_by_keys {
                    for (secret, _) in db::secrets::of_client(writer, uid)? {
                        self.remove_secret(writer, &permit, &client, &secret)?;
                    }
                }
                let lacks_secret =
                    was_by_keys && !by_keys && client.has_secrets() && db::secrets::count(writer, uid)? == 0;
                Ok(match lacks_secret {
                    true => Some(self.store_secret(writer, &permit, &client, secret_settings(self.now()))?.1),
                    false => None,
                })
            });
            match written {
                Err(Stopped::Failed(Error::Stale { .. })) if tried < UPDATES_TRIED => {}
                done => break done?,
            }
        };
        let client = self.db.read(|reader| db::clients::find(reader, managed.permit.scope(), uid))?;
        self.answer(by, &Managed { registered, client, ..managed }, secret.as_ref())
    }

    /// Keys that are left out are taken away (RFC 7592 §2.2).
    fn replace_keys(
        &self,
        writer: &mut Writer<'_>,
        permit: &Permit<act::EditClients>,
        service: &Service,
        client: &Client,
        keys: &[PublicKey],
    ) -> Result<(), Error> {
        let there = db::client_keys::of_client(writer, client.uid)?;
        for gone in there.iter().filter(|old| !keys.contains(&old.key)) {
            self.remove_client_key(writer, permit, service, client, gone)?;
        }
        let is_new = |key: &&PublicKey| !there.iter().any(|old| old.key == **key);
        let new: Vec<PublicKey> = keys.iter().filter(is_new).cloned().collect();
        if !new.is_empty() {
            self.insert_client_keys(writer, permit, service, client, &new)?;
        }
        Ok(())
    }

    /// A client that says its secret must say the right one (RFC 7592 §2.2).
    fn check_secret(&self, client: &Client, members: &Map<String, Value>) -> Done<()> {
        let Some(claimed) = members.get("client_secret").filter(|value| !value.is_null()) else { return Ok(()) };
        let claimed = claimed.as_str().and_then(PlainSecret::parse).map(|(_, secret)| secret);
        let right = self.db.read(|reader| {
            for (secret, _) in db::secrets::of_client(reader, client.uid)? {
                let hash = db::secrets::hash(reader, secret.id)?;
                if claimed.as_ref().is_some_and(|claimed| hashing::secret_matches(claimed, &hash)) {
                    return Ok::<_, db::Error>(true);
                }
            }
            Ok(false)
        })?;
        if right { Ok(()) } else { Err(metadata_fault("client_secret", "is not one of the client's. Leave it out.")) }
    }

    fn answer(&self, by: &Machine, managed: &Managed, secret: Option<&PlainSecret>) -> Done<Value> {
        let keys = self.db.read(|reader| db::client_keys::of_client(reader, managed.client.uid))?;
        let mut answer = describe(&managed.client, &managed.registered, &keys);
        self.tell_secret(&mut answer, secret);
        Ok(self.with_management(answer, &managed.client, &by.token))
    }

    /// A secret that was just made (RFC 7591 §3.2.1).
    fn tell_secret(&self, answer: &mut Map<String, Value>, secret: Option<&PlainSecret>) {
        if let Some(secret) = secret {
            let ends = secret_settings(self.now()).expires_at.map_or(0, |at| at.micros() / 1_000_000);
            answer.insert("client_secret".into(), json!(secret.expose()));
            answer.insert("client_secret_expires_at".into(), json!(ends));
        }
    }

    /// RFC 7592 §3.
    fn with_management(&self, mut answer: Map<String, Value>, client: &Client, token: &str) -> Value {
        let address = format!("{}/oauth2/register/{}", self.rules().public_url, client.client_id);
        answer.insert("registration_access_token".into(), json!(token));
        answer.insert("registration_client_uri".into(), json!(address));
        Value::from(answer)
    }

    fn initial_token(&self, by: &Machine, seen: &mut Seen) -> Done<RegistrationToken> {
        let hash = token_hash(TokenKind::Initial, &by.token)?;
        let token = self.db.read(|reader| db::registration_tokens::by_hash(reader, &hash))?;
        let token = token.ok_or_else(|| invalid("a token that was issued and not revoked"))?;
        seen.tenant = Some(token.tenant_id);
        if token.expires_at <= self.now() {
            return Err(invalid("a token that has not expired").into());
        }
        Ok(token)
    }

    fn managed(&self, by: &Machine, client_id: &str, seen: &mut Seen) -> Done<Managed> {
        let hash = token_hash(TokenKind::Management, &by.token)?;
        self.db.read(|reader| {
            let found = db::registration_tokens::client_by_hash(reader, &hash)?;
            let registered = found.ok_or_else(|| invalid("the token of a registered client"))?;
            seen.tenant = Some(registered.tenant);
            seen.client = Some(registered.client);
            let (issuer, with) = (registered.issued_by, &registered.registered_with);
            let permit = self.permit_of(reader, issuer, registered.tenant, with, &by.address)?;
            let client = db::clients::find(reader, permit.scope(), registered.client)?;
            let service = db::services::find(reader, permit.scope(), client.service_id)?;
            let gone = effective(&service.state, &client.state).status == Status::Deleted;
            if gone || client.client_id.as_str() != client_id {
                return Err(invalid("the token of this client").into());
            }
            Ok(Managed { registered, client, service, permit })
        })
    }

    /// The same within a transaction. Locks the tenant: whoever gives or takes a right holds it.
    fn permit_still(
        &self,
        writer: &mut Writer<'_>,
        by: &Machine,
        registered: &RegisteredClient,
    ) -> Done<Permit<act::EditClients>> {
        db::tenants::lock(writer, registered.tenant)?;
        self.permit_of(writer, registered.issued_by, registered.tenant, &registered.registered_with, &by.address)
    }

    /// What the administrator who issued a token may do now, under a name that says how.
    fn permit_of(
        &self,
        reader: &mut Reader<'_>,
        issuer: AccountId,
        tenant: TenantId,
        description: &str,
        address: &str,
    ) -> Done<Permit<act::EditClients>> {
        let found = db::tenants::membership(reader, issuer, Some(tenant))?;
        let mut person = found
            .filter(|person| person.roles.administrator)
            .filter(|person| person.second_factor || !person.policy.second_factor_required)
            .ok_or_else(|| invalid("a token of somebody who is an administrator now"))?;
        person.name = format!("{description} (registration token of {})", person.name);
        // Issuing the token asked for the password.
        let actor = Actor::new(person, self.now(), address.to_owned());
        Ok(actor.permit::<act::EditClients>().map_err(Error::from)?)
    }

    fn noted<T>(&self, by: &Machine, attempted: &str, seen: &Seen, done: Done<T>) -> Result<T, Refusal> {
        let done = done.map_err(|stopped| match stopped {
            Stopped::Refused(refusal) => refusal,
            Stopped::Failed(error) => refusal_of_error(error),
        });
        if let Some(tenant) = seen.tenant {
            self.protocol_log().note(ProtocolEvent {
                reference: by.reference.clone(),
                tenant,
                client: seen.client,
                at: self.now(),
                endpoint: Endpoint::Register,
                attempted: attempted.to_owned(),
                refusal: done.as_ref().err().cloned(),
                network: by.network.clone(),
            });
        }
        done
    }
}

/// The client as it is registered now, if the token manages it still. The caller has locked it, as whoever revokes the token
/// does.
fn still_managed(writer: &mut Writer<'_>, by: &Machine, registered: &RegisteredClient) -> Done<RegisteredClient> {
    let hash = token_hash(TokenKind::Management, &by.token)?;
    let found = db::registration_tokens::client_by_hash(writer, &hash)?;
    let found = found.filter(|found| found.client == registered.client);
    Ok(found.ok_or_else(|| invalid("the token of a registered client"))?)
}

fn token_hash(kind: TokenKind, token: &str) -> Result<String, Refusal> {
    let token = PlainToken::parse(kind, token).ok_or_else(|| invalid("a token of this kind, with its checksum"))?;
    Ok(hashing::sha256(token.expose()))
}

/// The one answer for every token that is worth nothing; why, only the company learns.
fn invalid(expected: &str) -> Refusal {
    Refusal::comparing(Fault::RegistrationTokenInvalid, expected, "")
}

fn refuse_live(service: &Service) -> Result<(), Refusal> {
    if service.state.is_deleted() {
        return Err(Fault::RegistrationServiceDeleted.into());
    }
    if service.environment == Environment::Live {
        return Err(Fault::RegistrationServiceLive.into());
    }
    Ok(())
}

/// Counts what was registered with a token today. Refused, it doesn't count: the transaction goes with it.
fn refuse_too_many(writer: &mut Writer<'_>, token: &RegistrationToken, now: Timestamp) -> Done<()> {
    let day = now.micros() / (86_400 * 1_000_000);
    let bucket = format!("registered-with:{}:{day}", token.id);
    if db::throttles::count_failure(writer, &bucket, now, token.created_at)? > CLIENTS_A_DAY {
        return Err(Refusal::from(Fault::RegistrationTooMany).into());
    }
    Ok(())
}

fn free_suffix(name: &str) -> String {
    let named = ClientIdSuffix::propose(name);
    let kept = named.as_str().chars().take(ClientIdSuffix::MAX_CHARS - RANDOM_SUFFIX);
    kept.chain(random::token().chars().take(RANDOM_SUFFIX)).collect()
}

fn secret_settings(now: Timestamp) -> SecretSettings {
    SecretSettings {
        description: "Registered by machine".into(),
        environment: Environment::Sandbox,
        expires_at: Some(now.one_year_later()),
    }
}

fn metadata_fault(member: &'static str, text: &str) -> Stopped {
    refusal_of(&FieldErrors::one(member, member, text)).into()
}

/// The form's own sentences, each after the member that it is about.
fn refusal_of(errors: &FieldErrors) -> Refusal {
    let sentence = |error: &FieldError| format!("{}: {}", member_of(error.field), error.message);
    let of_redirects = errors.of("redirect_urls").chain(errors.of("redirect_uris")).next().is_some();
    let fault = if of_redirects { Fault::MetadataRedirectUri } else { Fault::MetadataInvalid };
    Refusal::comparing(fault, errors.iter().map(sentence).collect::<Vec<_>>().join("\n"), "")
}

fn refusal_of_error(error: Error) -> Refusal {
    let because = |text: String| Refusal::comparing(Fault::MetadataInvalid, text, "");
    match error {
        Error::Invalid(errors) => refusal_of(&errors),
        Error::WrongState(reason) => because(reason.to_string()),
        Error::Unconfirmed(wanted) => {
            because(wanted.into_iter().map(|confirmation| confirmation.text).collect::<Vec<_>>().join("\n"))
        }
        Error::NotFound | Error::Denied(_) => invalid("a token whose client, service and issuer are there"),
        Error::Stale { .. } | Error::Db(db::Error::Unavailable(_)) => Fault::Unavailable.into(),
        other => {
            tracing::error!(error = %other, "a client can't be registered");
            Fault::Bug.into()
        }
    }
}
