//! Services on their way from sandbox to live, for tests.

use keywright::access::act;
use keywright::crypto::random;
use keywright::db;
use keywright::domain::client::{ClientInput, ClientType};
use keywright::domain::id::{ClientUid, ReleaseRequestId, SecretId, ServiceId};
use keywright::domain::service::ServiceInput;
use keywright::domain::web_url::WebUrl;
use keywright::operations::fill::Company;
use keywright::operations::releases::Verdict;
use keywright::operations::services::LogoChange;

use super::{Person, TestPortal};

impl TestPortal {
    /// A service whose checks all hold, with one client.
    pub fn ready_service(&self, company: &Company, name: &str) -> (ServiceId, ClientUid) {
        let input = ServiceInput {
            name: name.into(),
            domain: "app.example.com".into(),
            privacy_policy_url: "https://app.example.com/privacy".into(),
            terms_url: "https://app.example.com/terms".into(),
            contact_email: "shop@example.com".into(),
            ..ServiceInput::default()
        };
        let permit = self.permit::<act::EditServices>(company, Person::Administrator);
        let operations = &self.application.operations;
        let service = operations.add_service(&permit, &input, None, &random::token()).expect("a service").0;
        let client = format!("{name} web {}", &random::token()[..8]);
        (service, self.client(company, service, ClientType::AuthorizationCode, &client))
    }

    /// A request for the release of the service as it is now.
    pub fn request_release(&self, company: &Company, person: Person, service: ServiceId) -> ReleaseRequestId {
        let operations = &self.application.operations;
        let permit = self.permit::<act::EditServices>(company, person);
        let shown = operations.judge(&permit, service).expect("it can be judged").hash;
        operations.request_release(&permit, service, &shown, "", &random::token()).expect("a request").0
    }

    /// The company's approver approves.
    pub fn approve(&self, company: &Company, service: ServiceId, request: ReleaseRequestId) {
        let operations = &self.application.operations;
        let permit = self.confirmed::<act::DecideReleases>(company, Person::Approver);
        let shown = operations.judge(&permit, service).expect("it can be judged").hash;
        operations.decide_release(&permit, request, Verdict::Approve, &shown, "").expect("it is approved");
    }

    /// A service that is live, with one client.
    pub fn live_service(&self, company: &Company, name: &str) -> (ServiceId, ClientUid) {
        let (service, client) = self.ready_service(company, name);
        let request = self.request_release(company, Person::Developer, service);
        self.approve(company, service, request);
        (service, client)
    }

    /// Edits a client through its form, as the administrator.
    pub fn edit_client(&self, company: &Company, client: ClientUid, change: impl FnOnce(&mut ClientInput)) {
        let operations = &self.application.operations;
        let permit = self.permit::<act::EditClients>(company, Person::Administrator);
        let mut input = operations.client_form(&permit, client).expect("a form");
        change(&mut input);
        operations.update_client(&permit, client, &input).expect("it is updated");
    }

    /// Edits a service through its form, as the administrator.
    pub fn edit_service(&self, company: &Company, service: ServiceId, change: impl FnOnce(&mut ServiceInput)) {
        let operations = &self.application.operations;
        let permit = self.permit::<act::EditServices>(company, Person::Administrator);
        let now = operations.judge(&permit, service).expect("it can be judged").service;
        let text = |url: &Option<WebUrl>| url.as_ref().map_or(String::new(), |url| url.as_str().to_owned());
        let mut input = ServiceInput {
            name: now.settings.name.clone(),
            domain: now.settings.domain.clone(),
            description: now.settings.description.clone(),
            privacy_policy_url: text(&now.settings.privacy_policy),
            terms_url: text(&now.settings.terms),
            contact_email: now.settings.contact.as_ref().map_or(String::new(), |email| email.as_str().to_owned()),
            status: now.state.status().as_str().into(),
            version: now.version.to_string(),
            ..ServiceInput::default()
        };
        change(&mut input);
        operations.update_service(&permit, service, &input, LogoChange::Keep).expect("it is updated");
    }

    /// The secrets of a client.
    pub fn secret_ids(&self, client: ClientUid) -> Vec<SecretId> {
        let found = self.application.db.read(|reader| db::secrets::of_clients(reader, &[client])).expect("the secrets");
        found.into_values().flatten().map(|secret| secret.id).collect()
    }
}
