//! A deleted client can be brought back for 14 days, to the second, and is gone after them.

use keywright::access::act;
use keywright::domain::client::ClientType;
use keywright::domain::lifecycle::{Grace, Standing, State, Status};
use keywright::operations::Error;

use crate::support::{Browser, DAY, Person, TestPortal};

const SECOND: std::time::Duration = std::time::Duration::from_secs(1);

#[test]
fn one_second_before_the_end_it_comes_back() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let service = portal.service(&company, "Shop");
    let client = portal.client(&company, service, ClientType::ClientCredentials, "Till");
    let operations = &portal.application.operations;
    operations.delete_client(&portal.confirmed::<act::EditClients>(&company, Person::Administrator), client).unwrap();

    portal.clock.advance(14 * DAY - SECOND);
    assert!(operations.purge(|| true).unwrap().clients.is_empty());
    let back =
        operations.reactivate_client(&portal.permit(&company, Person::Administrator), client, false, "").unwrap();
    assert_eq!(back.state, State::Active);
}

#[test]
fn one_second_after_the_end_it_does_not_and_is_purged() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let service = portal.service(&company, "Shop");
    let client = portal.client(&company, service, ClientType::ClientCredentials, "Till");
    let (secret, _) = portal.secret(&company, client, "kept until then");
    let operations = &portal.application.operations;
    portal.grants(company.tenant.id, client);
    operations.protocol_log().note_secret(secret, "192.0.2.0/24".into(), portal.clock.now());
    portal.flush();
    let marks = || {
        portal.number("SELECT (SELECT count(*) FROM client_last_uses) + (SELECT count(*) FROM secret_last_uses) AS n")
    };
    assert_eq!(marks(), 2);
    operations.delete_client(&portal.confirmed::<act::EditClients>(&company, Person::Administrator), client).unwrap();

    portal.clock.advance(14 * DAY + SECOND);
    let refused = operations.reactivate_client(&portal.permit(&company, Person::Administrator), client, false, "");
    assert!(matches!(refused, Err(Error::WrongState(_))), "{refused:?}");
    let purged = operations.purge(|| true).unwrap();
    assert_eq!((purged.clients.len(), marks()), (1, 0));
    let gone = operations.reactivate_client(&portal.permit(&company, Person::Administrator), client, false, "");
    assert!(matches!(gone, Err(Error::NotFound)), "{gone:?}");
}

#[test]
fn an_undo_brings_back_what_was() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let service = portal.service(&company, "Shop");
    let client = portal.client(&company, service, ClientType::ClientCredentials, "Till");
    let operations = &portal.application.operations;
    let confirmed = portal.confirmed::<act::EditClients>(&company, Person::Administrator);
    operations.deactivate_client(&confirmed, client).unwrap();
    let deleted = operations.delete_client(&confirmed, client).unwrap();
    let now = portal.clock.now();
    let purge_at = Grace::of_days(14).ends(now);
    assert_eq!(deleted.state, State::Deleted { at: now, purge_at, before: Standing::Inactive });
    let back = operations.reactivate_client(&confirmed, client, true, "").unwrap();
    assert_eq!(back.state.status(), Status::Inactive);
}

#[test]
fn a_used_up_identifier_is_never_issued_again() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let service = portal.service(&company, "Shop");
    let client = portal.client(&company, service, ClientType::ClientCredentials, "Till");
    let operations = &portal.application.operations;
    operations.delete_client(&portal.confirmed::<act::EditClients>(&company, Person::Administrator), client).unwrap();
    portal.clock.advance(15 * DAY);
    assert_eq!(operations.purge(|| true).unwrap().clients.len(), 1);

    let mut input = keywright::domain::client::ClientInput::blank(ClientType::ClientCredentials);
    input.name = "Till".into();
    input.suffix = "till".into();
    input.scopes = vec!["roles".into()];
    let permit = portal.permit(&company, Person::Administrator);
    let refused = operations.add_client(&permit, service, ClientType::ClientCredentials, &input, "another form");
    let Err(Error::Invalid(errors)) = refused else { panic!("{refused:?}") };
    assert_eq!(errors.iter().next().map(|error| error.field), Some("suffix"));
}

#[test]
fn undoing_a_deactivation_takes_no_deletion_back() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let service = portal.service(&company, "Shop");
    let client = portal.client(&company, service, ClientType::ClientCredentials, "Till");
    let operations = &portal.application.operations;
    let mut browser = portal.signed_in(Person::Administrator, "northwind");
    let deactivated = |browser: &mut Browser, path: &str| {
        assert_eq!(browser.post(&format!("{path}/deactivation"), &[]).status(), 303);
        assert!(browser.visit(path).has_button("Undo"), "{}", browser.page().text());
    };
    let (of_client, of_service) = (format!("/clients/{client}"), format!("/services/{service}"));
    deactivated(&mut browser, &of_client);
    assert!(browser.press("Undo").sees("is back"));

    // The form has the same switch, and says and offers the same.
    browser.visit(&format!("{of_service}/edit"));
    browser.fill("Status", "inactive");
    assert!(browser.press("Update service").sees("Its clients get no tokens any more."), "{}", browser.page().text());
    assert!(browser.press("Undo").sees("is back"));
    browser.visit(&format!("{of_service}/edit"));
    browser.fill("Description", "A shop");
    assert!(browser.press("Update service").sees("Service updated.") && !browser.page().has_button("Undo"));

    deactivated(&mut browser, &of_client);
    operations.delete_client(&portal.confirmed(&company, Person::Administrator), client).unwrap();
    assert_eq!(browser.press("Undo").status, 409);
    deactivated(&mut browser, &of_service);
    operations.delete_service(&portal.confirmed(&company, Person::Administrator), service).unwrap();
    assert_eq!(browser.press("Undo").status, 409);
    assert_eq!(portal.number("SELECT count(*) AS n FROM clients WHERE status = 'deleted'"), 1);
    assert_eq!(portal.number("SELECT count(*) AS n FROM services WHERE status = 'deleted'"), 1);
}
