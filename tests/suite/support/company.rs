//! People and things for tests, in sentences.

use keywright::access::{Act, Actor, Confirmed, Membership, Permit, Roles, act};
use keywright::crypto::random;
use keywright::db;
use keywright::domain::client::{ClientInput, ClientType};
use keywright::domain::client_id::ClientIdSuffix;
use keywright::domain::id::{ClientKeyId, ClientUid, MemberId, RegistrationTokenId, SecretId, ServiceId};
use keywright::domain::registration_token::RegistrationTokenInput;
use keywright::domain::secret::SecretInput;
use keywright::domain::service::ServiceInput;
use keywright::domain::tenant::TenantPolicy;
use keywright::operations::Operations;
use keywright::operations::fill::{Company, NewCompany, NewPerson};

use super::{Browser, TestPortal, public_jwk};

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

    /// The company of whoever runs the deployment, with that one person, who has signed in.
    pub fn operator(&self) -> (Company, Browser) {
        let person = NewPerson {
            name: "Otis Operator".into(),
            email: "operator@keywright.example".into(),
            roles: Roles { administrator: true, ..Roles::default() },
            operator: true,
        };
        let company = NewCompany {
            name: "Keywright Operations".into(),
            policy: TenantPolicy::default(),
            operates: true,
            people: vec![person],
        };
        let company = self.application.operations.fill_company(&company, PASSWORD).expect("a company");
        self.application.operations.fill_default_clients(&company).expect("default clients");
        let mut browser = Browser::new(&self.url);
        browser.sign_in("operator@keywright.example", PASSWORD);
        (company, browser)
    }

    /// Another company, that things are shared with.
    pub fn partner(&self) -> &Company {
        self.partner.get_or_init(|| self.company("partner"))
    }

    /// A browser in which the person has signed in.
    pub fn signed_in(&self, person: Person, company: &str) -> Browser {
        let mut browser = Browser::new(&self.url);
        browser.sign_in(&person.email(company), PASSWORD);
        browser
    }

    /// Makes somebody who has left a member again, with what they held before.
    pub fn comes_back(&self, company: &Company, person: Option<Person>) {
        let Some(person) = person else { return };
        let before = self.person(company, person).clone();
        let left = self.number(&format!("SELECT count(*) AS n FROM members WHERE id = '{}'", before.member_id)) == 0;
        let back = self.application.operations.fill(|writer| match left {
            true => db::tenants::insert_member(
                writer,
                before.member_id,
                before.tenant_id,
                before.account_id,
                before.roles,
                self.clock.now(),
            ),
            false => Ok(()),
        });
        back.expect("they are back");
    }

    /// What was known of a person when the company was made.
    pub fn person<'a>(&self, company: &'a Company, person: Person) -> &'a Membership {
        let at = Person::ALL.iter().position(|candidate| *candidate == person).expect("one of them");
        &company.people[at]
    }

    /// Gives somebody these roles and takes all others, behind everybody's back.
    pub fn give(&self, membership: &Membership, roles: Roles) {
        let given =
            self.application.operations.fill(|writer| db::members::set_roles(writer, membership.member_id, roles));
        given.expect("they have them");
    }

    /// Makes somebody of one company a member of another, too; from a moment later.
    pub fn joins(&self, membership: &Membership, company: &Company, roles: Roles) -> MemberId {
        let (id, account) = (MemberId::new(1, random::bytes()), membership.account_id);
        let since = self.clock.now().plus(crate::support::SECOND);
        let joined = self
            .application
            .operations
            .fill(|writer| db::tenants::insert_member(writer, id, company.tenant.id, account, roles, since));
        joined.expect("they joined");
        id
    }

    /// A permit as the guard would give it, just confirmed with the password.
    pub fn permit<A: Act>(&self, company: &Company, person: Person) -> Permit<A> {
        let actor = Actor::new(self.person(company, person).clone(), self.clock.now(), "192.0.2.1".into());
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

    /// A key of a client, new on P-256.
    pub fn client_key(&self, company: &Company, client: ClientUid) -> ClientKeyId {
        self.this_client_key(company, client, &public_jwk())
    }

    pub fn this_client_key(&self, company: &Company, client: ClientUid, jwk: &serde_json::Value) -> ClientKeyId {
        let permit = self.confirmed::<act::EditClients>(company, Person::Administrator);
        let operations = &self.application.operations;
        operations.add_client_keys(&permit, client, &jwk.to_string(), &random::token()).expect("a key").0
    }

    /// An initial access token of the administrator's, good for thirty days.
    pub fn registration_token(
        &self,
        company: &Company,
        service: ServiceId,
        description: &str,
    ) -> (RegistrationTokenId, String) {
        let input = RegistrationTokenInput {
            description: description.into(),
            service: service.to_string(),
            expires_at: self.clock.now().plus(30 * super::DAY).whole_minute().form_value(),
        };
        let permit = self.confirmed::<act::ManageTenant>(company, Person::Administrator);
        let issued = self.application.operations.issue_registration_token(&permit, &input, &random::token());
        let (id, token) = issued.expect("a token");
        (id, token.expect("issued now").expose().to_owned())
    }
}
