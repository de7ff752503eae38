//! The same history with the real operations on the real database.

use std::collections::{BTreeSet, HashMap};

use keywright::access::{Act as Permitted, Actor, Confirmed, Denied, Membership, Permit, Roles, act};
use keywright::clock::Timestamp;
use keywright::crypto::random;
use keywright::db;
use keywright::domain::client::{Client, ClientInput, ClientType};
use keywright::domain::id::{ClientUid, ReleaseRequestId, SecretId, ServiceId};
use keywright::domain::lifecycle::State;
use keywright::domain::protocol::fault::Fault;
use keywright::domain::protocol::params::Params;
use keywright::domain::secret::SecretInput;
use keywright::domain::service::{Environment, Service, ServiceInput};
use keywright::domain::tenant::TenantPolicy;
use keywright::operations::fill::{Company, NewCompany, NewPerson};
use keywright::operations::protocol::clients::Credentials;
use keywright::operations::releases::{Verdict, fingerprint};
use keywright::operations::secrets::ToReveal;
use keywright::operations::services::LogoChange;
use keywright::operations::{Error, Operations, Result};
use zeroize::Zeroizing;

use super::acts::{Act, Kind, Life, Overlap, Who};
use super::model::{self, Answer, Model};
use crate::support::{DAY, PASSWORD, SECOND, TestPortal};

/// A portal with two companies, in which one history after the other is lived.
pub struct House {
    pub portal: TestPortal,
    company: Company,
    stranger: Membership,
}

impl House {
    pub fn new() -> Self {
        let portal = TestPortal::spawn();
        let everything = Roles { developer: true, approver: true, administrator: true };
        let company = fill(&portal, "northwind", &Who::OF_THE_COMPANY.map(roles));
        let mut stranger = fill(&portal, "elsewhere", &[everything]);
        Self { portal, company, stranger: stranger.people.remove(0) }
    }

    fn actor(&self, who: Who) -> Actor {
        let at = Who::OF_THE_COMPANY.iter().position(|one| *one == who);
        let person = at.map_or(&self.stranger, |at| &self.company.people[at]);
        Actor::new(person.clone(), self.portal.clock.now(), "192.0.2.1".into())
    }

    fn permit<A: Permitted>(&self, who: Who) -> std::result::Result<Permit<A>, Denied> {
        self.actor(who).permit::<A>()
    }

    fn confirmed<A: Permitted>(&self, who: Who) -> Result<Confirmed<A>> {
        Ok(self.permit::<A>(who)?.confirmed(self.portal.clock.now())?)
    }

    fn operations(&self) -> &Operations {
        &self.portal.application.operations
    }
}

fn fill(portal: &TestPortal, name: &str, roles: &[Roles]) -> Company {
    let person = |(number, roles): (usize, &Roles)| NewPerson {
        name: format!("Person {number}"),
        email: format!("person{number}@{name}.example"),
        roles: *roles,
        operator: false,
    };
    let people = roles.iter().enumerate().map(person).collect();
    let company = NewCompany { name: name.into(), policy: TenantPolicy::default(), operates: false, people };
    portal.application.operations.fill_company(&company, PASSWORD).expect("a company")
}

fn roles(who: Who) -> Roles {
    Roles {
        developer: matches!(who, Who::Developer | Who::Both),
        approver: matches!(who, Who::Approver | Who::Both),
        administrator: who == Who::Administrator,
    }
}

/// A service in the house, and everything that its history has brought so far, each at its number in the model.
pub struct World<'h> {
    house: &'h House,
    service: ServiceId,
    clients: Vec<(ClientUid, Kind)>,
    secrets: Vec<Kept>,
    /// With the hash that the approver sees.
    requests: Vec<(ReleaseRequestId, String)>,
    steps: usize,
    began: i64,
}

/// A secret as its owner keeps it.
struct Kept {
    id: SecretId,
    value: String,
    client_id: String,
    kind: Kind,
}

impl<'h> World<'h> {
    pub fn new(house: &'h House) -> Self {
        let input = service_input("");
        let permit = house.permit::<act::EditServices>(Who::Administrator).expect("an administrator may");
        let service = house.operations().add_service(&permit, &input, None, &random::token()).expect("a service").0;
        let began = house.portal.clock.now().seconds();
        Self { house, service, clients: Vec::new(), secrets: Vec::new(), requests: Vec::new(), steps: 0, began }
    }

    pub fn act(&mut self, who: Who, act: Act) -> Answer {
        self.steps += 1;
        match self.attempt(who, act) {
            Ok(()) => Answer::Done,
            Err(Error::NotFound) => Answer::Missing,
            Err(Error::Denied(_) | Error::OwnRequest) => Answer::Refused,
            // What a form can't ask for as things stand is said at its field.
            Err(Error::WrongState(_) | Error::Invalid(_)) => Answer::WrongState,
            Err(other) => panic!("{act:?} by {who:?}: {other:?}"),
        }
    }

    fn attempt(&mut self, who: Who, act: Act) -> Result<()> {
        let (house, service, form) = (self.house, self.service, random::token());
        let operations = house.operations();
        match act {
            Act::EditService => self.edit_service(who),
            Act::DeactivateService => operations.deactivate_service(&house.permit(who)?, service).map(drop),
            Act::DeleteService => operations.delete_service(&house.confirmed(who)?, service).map(drop),
            Act::ReactivateService { undo } => {
                operations.reactivate_service(&house.permit(who)?, service, undo, "").map(drop)
            }
            Act::AddClient(kind) => self.add_client(who, kind),
            Act::EditClient(n) => self.edit_client(who, n),
            Act::DeactivateClient(n) => {
                let permit = house.permit(who)?;
                operations.deactivate_client(&permit, self.client(n)?.0).map(drop)
            }
            Act::DeleteClient(n) => {
                let permit = house.confirmed(who)?;
                operations.delete_client(&permit, self.client(n)?.0).map(drop)
            }
            Act::ReactivateClient(n, undo) => {
                let permit = house.permit(who)?;
                operations.reactivate_client(&permit, self.client(n)?.0, undo, "").map(drop)
            }
            Act::AddSecret(n, life, live) => {
                let (permit, input) = (house.confirmed(who)?, self.secret_input(life, live));
                let made = operations.add_secret(&permit, self.client(n)?.0, &input, &form)?;
                self.keep(who, made)
            }
            Act::RotateSecret(n, overlap) => {
                let permit = house.confirmed(who)?;
                let made = operations.rotate_secret(&permit, self.secret(n)?, word(overlap), "", &form)?;
                self.keep(who, made)
            }
            Act::DeleteSecret(n) => {
                let permit = house.confirmed(who)?;
                operations.delete_secret(&permit, self.secret(n)?).map(drop)
            }
            Act::RequestRelease => {
                let permit = house.permit::<act::EditServices>(who)?;
                let shown = operations.judge(&permit, service)?.hash;
                let (request, _) = operations.request_release(&permit, service, &shown, "", &form)?;
                self.requests.push((request, shown));
                Ok(())
            }
            Act::Withdraw(n) => {
                let permit = house.permit(who)?;
                operations.withdraw_release(&permit, self.request(n)?.0).map(drop)
            }
            Act::Approve(n) => self.decide(who, n, Verdict::Approve),
            Act::Reject(n) => self.decide(who, n, Verdict::Reject),
            Act::TakeBack => operations.take_back(&house.confirmed(who)?, service, "Why not").map(drop),
            Act::AcceptChanges => {
                let permit = house.confirmed::<act::DecideReleases>(who)?;
                let seen = fingerprint(&operations.changes_to_review(&permit, service)?);
                operations.accept_changes(&permit, service, &seen).map(drop)
            }
            Act::Purge => operations.purge(|| true).map(drop),
            Act::Wait(seconds) => {
                house.portal.clock.advance(seconds * SECOND);
                Ok(())
            }
        }
    }

    fn edit_service(&self, who: Who) -> Result<()> {
        let permit = self.house.permit::<act::EditServices>(who)?;
        let mut input = service_input(&format!("Edit {}", self.steps));
        if let Some(now) = self.found() {
            // The form offers no other: what is wrong with it must not be what is answered.
            if !now.state.is_deleted() {
                input.status = now.state.status().as_str().into();
            }
            input.version = now.version.to_string();
        }
        self.house.operations().update_service(&permit, self.service, &input, LogoChange::Keep).map(drop)
    }

    fn add_client(&mut self, who: Who, kind: Kind) -> Result<()> {
        let permit = self.house.permit::<act::EditClients>(who)?;
        let (client_type, mark) = (client_type(kind), random::token().to_lowercase());
        let mut input = ClientInput::blank(client_type);
        input.name = client_name(self.clients.len());
        input.suffix = mark.chars().filter(char::is_ascii_alphanumeric).take(20).collect();
        match kind {
            Kind::Web => input.redirect_urls = "https://app.example.com/callback".into(),
            Kind::Worker => input.scopes = vec!["roles".into()],
        }
        let added = self.house.operations().add_client(&permit, self.service, client_type, &input, &random::token());
        self.clients.push((added?.0, kind));
        Ok(())
    }

    fn edit_client(&self, who: Who, n: usize) -> Result<()> {
        let permit = self.house.permit::<act::EditClients>(who)?;
        let (uid, kind) = self.client(n)?;
        let mut input = self.house.operations().client_form(&permit, uid)?;
        match kind {
            Kind::Web => input.redirect_urls = format!("https://app.example.com/callback/{}", self.steps),
            Kind::Worker => input.description = format!("Edit {}", self.steps),
        }
        self.house.operations().update_client(&permit, uid, &input)
    }

    fn decide(&self, who: Who, n: usize, verdict: Verdict) -> Result<()> {
        let permit = self.house.confirmed(who)?;
        let (request, shown) = self.request(n)?;
        self.house.operations().decide_release(&permit, request, verdict, &shown, "As it is").map(drop)
    }

    fn secret_input(&self, life: Life, live: bool) -> SecretInput {
        let environment = if live { "live" } else { "sandbox" };
        let mut input = SecretInput { environment: environment.into(), ..SecretInput::default() };
        match life {
            Life::Never => input.never_expires = "yes".into(),
            Life::Days(days) => {
                input.expires_at = self.house.portal.clock.now().plus(days * DAY).form_value();
            }
        }
        input
    }

    /// Whoever made a secret sees it once.
    fn keep(&mut self, who: Who, made: ToReveal) -> Result<()> {
        let permit = self.house.confirmed(who)?;
        let shown = self.house.operations().reveal_secret(&permit, made.ticket, &made.secret)?;
        let kind = self.clients.iter().find(|(uid, _)| *uid == shown.client.uid).expect("a client").1;
        self.secrets.push(Kept {
            id: shown.secret.id,
            value: made.secret.expose().to_owned(),
            client_id: shown.client.client_id.to_string(),
            kind,
        });
        Ok(())
    }

    fn client(&self, n: usize) -> Result<(ClientUid, Kind)> {
        Ok(self.clients[Model::nth(n, self.clients.len()).ok_or(Error::NotFound)?])
    }

    fn secret(&self, n: usize) -> Result<SecretId> {
        Ok(self.secrets[Model::nth(n, self.secrets.len()).ok_or(Error::NotFound)?].id)
    }

    fn request(&self, n: usize) -> Result<(ReleaseRequestId, String)> {
        Ok(self.requests[Model::nth(n, self.requests.len()).ok_or(Error::NotFound)?].clone())
    }

    fn found(&self) -> Option<Service> {
        let (db, scope) = (&self.house.portal.application.db, self.house.actor(Who::Administrator).scope());
        db.read(|reader| db::services::find(reader, scope, self.service)).ok()
    }

    fn found_client(&self, uid: ClientUid) -> Option<Client> {
        let (db, scope) = (&self.house.portal.application.db, self.house.actor(Who::Administrator).scope());
        db.read(|reader| db::clients::find(reader, scope, uid)).ok()
    }

    /// Everything that can be seen now.
    pub fn seen(&self) -> Seen {
        let (db, scope) = (&self.house.portal.application.db, self.house.actor(Who::Administrator).scope());
        let service = self.found();
        let uids: Vec<ClientUid> = self.clients.iter().map(|(uid, _)| *uid).collect();
        let secrets = db.read(|reader| db::secrets::of_clients(reader, &uids)).expect("the secrets");
        let ends: HashMap<_, _> =
            secrets.into_values().flatten().map(|secret| (secret.id, secret.expires_at)).collect();
        let request = |id| db.read(|reader| db::releases::find(reader, scope, id)).ok();
        let permit = self.house.permit::<act::DecideReleases>(Who::Approver).expect("an approver may");
        let changes = self.house.operations().changes_to_review(&permit, self.service).unwrap_or_default();
        Seen {
            service: service.as_ref().map_or("gone".into(), |service| in_words(&service.state)),
            live: service.is_some_and(|service| service.environment == Environment::Live),
            clients: uids.iter().map(|uid| self.found_client(*uid)).map(state_of).collect(),
            secrets: self.secrets.iter().map(|kept| ends.get(&kept.id).map(|ends| self.end(*ends))).collect(),
            tokens: self.secrets.iter().map(|kept| self.token(kept)).collect(),
            requests: self.requests.iter().map(|(id, _)| request(*id).map(|request| request.state.as_str())).collect(),
            changes: changes.into_iter().map(|change| change.client_name).collect(),
        }
    }

    fn end(&self, at: Option<Timestamp>) -> End {
        at.map_or(End::Never, |at| End::of(at.seconds(), self.began))
    }

    /// The environment of the token that a request with this secret is answered with, if it is.
    fn token(&self, kept: &Kept) -> Option<&'static str> {
        let (client_id, secret) = (kept.client_id.clone(), Zeroizing::new(kept.value.clone()));
        let operations = self.house.operations();
        let caller = operations.authenticate_client(Credentials::Secret { client_id, secret }, "192.0.2.0/24").ok()?;
        let params = Params::parse(b"grant_type=client_credentials").expect("parameters");
        let answered = operations.request_tokens(&caller, &params);
        match kept.kind {
            Kind::Worker => drop(answered.expect("a token")),
            // It is known who asks; this grant is for others.
            Kind::Web => assert_eq!(answered.expect_err("no token").refusal.fault, Fault::GrantTypeNotAllowed),
        }
        Some(caller.environment.as_str())
    }
}

/// What can be seen of a service and all that belongs to it, in the order of the model.
#[derive(Debug, PartialEq, Eq)]
pub struct Seen {
    service: String,
    live: bool,
    clients: Vec<String>,
    /// When each ends that is there.
    secrets: Vec<Option<End>>,
    /// The environment of the token that each brings, if it brings one.
    tokens: Vec<Option<&'static str>>,
    requests: Vec<Option<&'static str>>,
    /// The clients with changes that no approver has looked at.
    changes: BTreeSet<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    At(i64),
    /// After the longest history.
    Later,
    Never,
}

impl End {
    fn of(at: i64, began: i64) -> Self {
        if at < began + 360 * 86_400 { Self::At(at) } else { Self::Later }
    }
}

impl Seen {
    /// What the model says that can be seen.
    pub fn of(model: &Model) -> Self {
        let token = |(at, secret): (usize, &model::Secret)| {
            model.works(at).then_some(if secret.live && model.live { "live" } else { "sandbox" })
        };
        let end = |secret: &model::Secret| secret.ends.map_or(End::Never, |ends| End::of(ends, model.began));
        let request = |request: &model::Request| match request.verdict {
            model::Verdict::Waiting => "waiting",
            model::Verdict::Approved => "approved",
            model::Verdict::Rejected => "rejected",
            model::Verdict::Withdrawn => "withdrawn",
            model::Verdict::Replaced => "replaced",
        };
        let is_gone = model.service == model::State::Gone;
        Self {
            service: expected(model.service),
            live: model.live && !is_gone,
            clients: model.clients.iter().map(|client| expected(client.state)).collect(),
            secrets: model.secrets.iter().map(|secret| secret.exists.then(|| end(secret))).collect(),
            tokens: model.secrets.iter().enumerate().map(token).collect(),
            requests: model.requests.iter().map(|one| (!is_gone).then(|| request(one))).collect(),
            changes: model.changes.iter().map(|(client, _)| client_name(*client)).collect(),
        }
    }
}

fn state_of(client: Option<Client>) -> String {
    client.map_or("gone".into(), |client| in_words(&client.state))
}

fn in_words(state: &State) -> String {
    match state.purge_at() {
        Some(at) => format!("deleted until {}", at.seconds()),
        None => state.status().as_str().into(),
    }
}

fn expected(state: model::State) -> String {
    match state {
        model::State::Active => "active".into(),
        model::State::Inactive => "inactive".into(),
        model::State::Deleted { purge_at, .. } => format!("deleted until {purge_at}"),
        model::State::Gone => "gone".into(),
    }
}

fn client_name(number: usize) -> String {
    format!("Client {number}")
}

fn client_type(kind: Kind) -> ClientType {
    match kind {
        Kind::Web => ClientType::AuthorizationCode,
        Kind::Worker => ClientType::ClientCredentials,
    }
}

fn word(overlap: Overlap) -> &'static str {
    match overlap {
        Overlap::None => "now",
        Overlap::Hour => "1h",
        Overlap::Day => "24h",
        Overlap::Week => "7d",
    }
}

/// A service that has all that a release asks of it.
fn service_input(description: &str) -> ServiceInput {
    ServiceInput {
        name: "Shop".into(),
        domain: "app.example.com".into(),
        description: description.into(),
        privacy_policy_url: "https://app.example.com/privacy".into(),
        terms_url: "https://app.example.com/terms".into(),
        contact_email: "shop@example.com".into(),
        status: "active".into(),
        ..ServiceInput::default()
    }
}
