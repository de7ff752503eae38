//! A release request is for exactly what was shown: whatever an approver judges by and that changes later makes it out
//! of date, and says so.

use keywright::access::act;
use keywright::crypto::random;
use keywright::domain::client::ClientType;
use keywright::domain::id::{ClientUid, ServiceId};
use keywright::domain::secret::SecretInput;
use keywright::operations::Error;
use keywright::operations::fill::Company;
use keywright::operations::releases::Verdict;

use crate::support::{Person, TestPortal};

type Edit = fn(&TestPortal, &Company, ServiceId, ClientUid);

fn add_secret(portal: &TestPortal, company: &Company, client: ClientUid) {
    let input =
        SecretInput { environment: "sandbox".into(), expires_at: "2027-06-01T12:00".into(), ..SecretInput::default() };
    let permit = portal.confirmed::<act::EditClients>(company, Person::Administrator);
    portal.application.operations.add_secret(&permit, client, &input, &random::token()).expect("a secret");
}

const JUDGED: [(&str, Edit); 10] = [
    ("a redirect URL", |portal, company, _, client| {
        portal.edit_client(company, client, |input| input.redirect_urls = "https://app.example.com/other".into());
    }),
    ("a scope", |portal, company, _, client| {
        portal.edit_client(company, client, |input| input.scopes.push("groups".into()));
    }),
    ("a logout redirect URL", |portal, company, _, client| {
        portal.edit_client(company, client, |input| input.logout_redirect_urls = "https://app.example.com/bye".into());
    }),
    ("a CORS origin", |portal, company, _, client| {
        portal.edit_client(company, client, |input| input.cors_origins = "https://app.example.com".into());
    }),
    ("refresh tokens", |portal, company, _, client| {
        portal.edit_client(company, client, |input| input.allow_refresh = "yes".into());
    }),
    ("the privacy policy", |portal, company, service, _| {
        portal.edit_service(company, service, |input| {
            input.privacy_policy_url = "https://app.example.com/other".into();
        });
    }),
    ("the description", |portal, company, service, _| {
        portal.edit_service(company, service, |input| input.description = "Something else entirely.".into());
    }),
    ("a new client", |portal, company, service, _| {
        portal.client(company, service, ClientType::AuthorizationCode, "Second");
    }),
    ("a secret", |portal, company, _, client| add_secret(portal, company, client)),
    ("a client that is deactivated", |portal, company, _, client| {
        let permit = portal.permit(company, Person::Administrator);
        portal.application.operations.deactivate_client(&permit, client).expect("it rests");
    }),
];

#[test]
fn whatever_is_judged_makes_it_out_of_date() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let operations = &portal.application.operations;
    let mut approver = portal.signed_in(Person::Approver, "northwind");
    for (what, edit) in JUDGED {
        let (service, client) = portal.ready_service(&company, "Shop");
        let request = portal.request_release(&company, Person::Developer, service);
        approver.visit(&format!("/reviews/{request}"));
        let open = approver.tab();
        edit(&portal, &company, service, client);
        let permit = portal.confirmed::<act::DecideReleases>(&company, Person::Approver);
        let now = operations.judge(&permit, service).expect("it can be judged").hash;
        let before = operations.judge(&permit, service).map(|_| approver.page().value("shown")).expect("a page");
        for shown in [now, before.expect("the hash on the page")] {
            let refused = operations.decide_release(&permit, request, Verdict::Approve, &shown, "");
            assert!(matches!(refused, Err(Error::WrongState(_))), "{what}");
        }
        // In the tab that was open all the time, and on a page fetched now.
        let answer =
            open.post(&format!("/reviews/{request}/approval"), &[("shown", &approver.page().value("shown").unwrap())]);
        assert_eq!(answer.status(), 409, "{what}");
        let page = approver.visit(&format!("/reviews/{request}"));
        assert!(page.sees("This request is out of date") && !page.has_button("Approve"), "{what}: {}", page.text());
        let page = portal.signed_in(Person::Developer, "northwind").visit(&format!("/services/{service}")).text();
        assert!(page.contains("out of date"), "{what}: {page}");
    }
    assert_eq!(portal.number("SELECT count(*) AS n FROM services WHERE environment = 'live'"), 0);
}

#[test]
fn what_is_not_judged_leaves_it_as_it_is() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let (service, client) = portal.ready_service(&company, "Shop");
    let request = portal.request_release(&company, Person::Developer, service);
    let operations = &portal.application.operations;
    let permit = portal.permit(&company, Person::Developer);
    operations.add_test_users(&permit, service, "tester@example.com").expect("a test user");
    portal.edit_client(&company, client, |_| {});
    portal.approve(&company, service, request);
}

#[test]
fn asking_again_replaces_what_is_out_of_date() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let (service, client) = portal.ready_service(&company, "Shop");
    let first = portal.request_release(&company, Person::Developer, service);
    let mut developer = portal.signed_in(Person::Developer, "northwind");
    let page = developer.visit(&format!("/services/{service}/release-requests"));
    assert!(!page.has_button("Request service release"), "it waits already");
    portal.edit_client(&company, client, |input| input.scopes.push("groups".into()));
    developer.visit(&format!("/services/{service}/release-requests"));
    assert!(developer.press("Request service release").sees("Release requested"));
    assert_eq!(portal.number("SELECT count(*) AS n FROM release_requests WHERE state = 'waiting'"), 1);
    assert_eq!(portal.number("SELECT count(*) AS n FROM release_requests WHERE state = 'replaced'"), 1);
    let mut approver = portal.signed_in(Person::Approver, "northwind");
    assert!(approver.visit(&format!("/reviews/{first}")).sees("Replaced"));

    // And taken back altogether, once.
    developer.visit(&format!("/services/{service}/release-requests"));
    let again = developer.pressing("Withdraw request");
    assert!(developer.press("Withdraw request").sees("withdrawn"));
    assert_eq!(again.send().expect("an answer").status(), 409);
}

#[test]
fn what_changed_while_the_developer_looked_is_shown_first() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let (service, client) = portal.ready_service(&company, "Shop");
    let mut developer = portal.signed_in(Person::Developer, "northwind");
    developer.visit(&format!("/services/{service}/release-requests"));
    portal.edit_client(&company, client, |input| input.scopes.push("groups".into()));
    developer.fill("Message to the approver", "Kept.");
    let page = developer.press("Request service release");
    assert_eq!(page.status, 422);
    assert_eq!(page.value("message").as_deref(), Some("Kept."));
    assert!(developer.press("Request service release").sees("Release requested"));
}
