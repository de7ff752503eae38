//! People and things for tests, in sentences.

use keywright::access::{Act, Actor, Confirmed, Permit, Roles, act};
use keywright::crypto::random;
use keywright::domain::client::{ClientInput, ClientType};
use keywright::domain::client_id::ClientIdSuffix;
use keywright::domain::id::{ClientUid, SecretId, ServiceId};
use keywright::domain::secret::SecretInput;
use keywright::domain::service::ServiceInput;
use keywright::domain::tenant::TenantPolicy;
use keywright::operations::Operations;
use keywright::operations::fill::{Company, NewCompany, NewPerson};

use super::{Browser, TestPortal};

/// Everybody's password in tests.
pub const PASSWORD: &str = "a long test password";

/// The people of a company in tests, by what they may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Person {
    Administrator,
    Developer,
    Approver,
    Member,
}

impl Person {
    pub const ALL: [Person; 4] = [Person::Administrator, Person::Developer, Person::Approver, Person::Member];

    pub fn email(self, company: &str) -> String {
        format!("{self:?}@{company}.example").to_lowercase()
    }
}

/// A company with one person of each kind.
pub fn fill_company(operations: &Operations, name: &str, policy: TenantPolicy) -> Company {
    let people = Person::ALL
        .map(|person| NewPerson {
            name: format!("{person:?} of {name}"),
            email: person.email(name),
            roles: Roles {
                developer: person == Person::Developer,
                approver: person == Person::Approver,
                administrator: person == Person::Administrator,
            },
            operator: false,
        })
        .to_vec();
    let company = NewCompany { name: name.into(), policy, operates: false, people };
    operations.fill_company(&company, PASSWORD).expect("a company")
}

impl TestPortal {
    /// A company with one person of each kind. Its developers may not add clients that act on their own.
    pub fn company(&self, name: &str) -> Company {
        self.company_with(name, TenantPolicy::default())
    }

    pub fn company_with(&self, name: &str, policy: TenantPolicy) -> Company {
        fill_company(&self.application.operations, name, policy)
    }

    /// A browser in which the person has signed in.
    pub fn signed_in(&self, person: Person, company: &str) -> Browser {
        let mut browser = Browser::new(&self.url);
        browser.sign_in(&person.email(company), PASSWORD);
        browser
    }

    /// A permit as the guard would give it, just confirmed with the password.
    pub fn permit<A: Act>(&self, company: &Company, person: Person) -> Permit<A> {
        let at = Person::ALL.iter().position(|candidate| *candidate == person).expect("one of them");
        let actor = Actor::new(company.people[at].clone(), self.clock.now(), "192.0.2.1".into());
        actor.permit::<A>().expect("the person may")
    }

    pub fn confirmed<A: Act>(&self, company: &Company, person: Person) -> Confirmed<A> {
        self.permit::<A>(company, person).confirmed(self.clock.now()).expect("just confirmed")
    }

    pub fn service(&self, company: &Company, name: &str) -> ServiceId {
        let input = ServiceInput { name: name.into(), domain: "app.example.com".into(), ..ServiceInput::default() };
        let permit = self.permit::<act::EditServices>(company, Person::Administrator);
        self.application.operations.add_service(&permit, &input, None, &random::token()).expect("a service").0
    }

    /// A client of a type, with what the type needs.
    pub fn client(&self, company: &Company, service: ServiceId, client_type: ClientType, name: &str) -> ClientUid {
        let mut input = ClientInput::blank(client_type);
        input.name = name.into();
        input.suffix = ClientIdSuffix::propose(name).as_str().into();
        input.confirmed = vec!["hosts".into()];
        if input.scopes.is_empty() {
            input.scopes = vec!["roles".into()];
        }
        if !client_type.acts_alone() {
            input.redirect_urls = "https://app.example.com/callback".into();
        }
        let permit = self.permit::<act::EditClients>(company, Person::Administrator);
        let added = self.application.operations.add_client(&permit, service, client_type, &input, &random::token());
        added.expect("a client").0
    }

    /// A secret of a client that nobody looked at, which never expires.
    pub fn secret(&self, company: &Company, client: ClientUid, description: &str) -> (SecretId, String) {
        let input = SecretInput {
            description: description.into(),
            environment: "sandbox".into(),
            never_expires: "yes".into(),
            ..SecretInput::default()
        };
        let permit = self.confirmed::<act::EditClients>(company, Person::Administrator);
        let operations = &self.application.operations;
        let made = operations.add_secret(&permit, client, &input, &random::token()).expect("a secret");
        let shown = operations.reveal_secret(&permit, made.ticket, &made.secret).expect("it is shown");
        (shown.secret.id, made.secret.expose().to_owned())
    }
}
