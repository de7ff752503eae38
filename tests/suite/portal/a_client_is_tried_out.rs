//! A developer gets a client's tokens in sandbox from its page: those of the endpoints, with what each claim came from.

use keywright::access::act;
use keywright::domain::client::ClientType;

use crate::support::{Person, TestPortal, claims};

#[test]
fn a_client_on_its_own_gets_the_token_of_a_sandbox_secret() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let service = portal.service(&company, "Shop");
    let client = portal.client(&company, service, ClientType::ClientCredentials, "Worker");
    let mut browser = portal.signed_in(Person::Administrator, "northwind");
    browser.visit(&format!("/clients/{client}"));
    browser.follow("Try it");
    let page = browser.press("Get tokens in sandbox");
    assert_eq!(page.status, 200);
    assert_eq!(page.headers["cache-control"], "no-store");
    let token = claims(&page.text_by_id("access-token").expect("it is shown"));
    assert_eq!((&token["environment"], &token["sub"]), (&"sandbox".into(), &token["client_id"]));
    assert_eq!(token["roles"], serde_json::json!(["Tenant Member"]));
    assert!(page.sees("The field Scopes") && page.html.contains(&format!("/clients/{client}/edit#token_lifetime")));
    assert_eq!(portal.events("client.tried").len(), 1);
    // Shown once: the page alone has none, and none stands in the trail.
    assert_eq!(browser.visit(&format!("/clients/{client}/try")).text_by_id("access-token"), None);
}

#[test]
fn a_client_for_users_lets_in_test_users_alone() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let service = portal.service(&company, "Shop");
    let client = portal.client(&company, service, ClientType::AuthorizationCode, "Web");
    let mut browser = portal.signed_in(Person::Developer, "northwind");
    browser.visit(&format!("/clients/{client}/try"));
    let page = browser.press("Get tokens in sandbox");
    assert!(page.sees("this user is not one of its test users"), "{}", page.text());
    assert!(page.has_link("Open the test users") && page.text_by_id("access-token").is_none());
    assert_eq!(portal.events("client.tried").len(), 0);

    let permit = portal.permit::<act::EditServices>(&company, Person::Administrator);
    let email = Person::Developer.email("northwind");
    portal.application.operations.add_test_users(&permit, service, &email).unwrap();
    browser.visit(&format!("/clients/{client}/try"));
    let page = browser.press("Get tokens in sandbox");
    let id_token = claims(&page.text_by_id("id-token").unwrap_or_else(|| panic!("none: {}", page.text())));
    let access_token = claims(&page.text_by_id("access-token").expect("it is shown"));
    assert_eq!(id_token["sub"], access_token["sub"]);
    assert_eq!((&id_token["environment"], &id_token["acr"]), (&"sandbox".into(), &"1".into()));
    assert!(page.sees("Your account, as the field Subject says"));
}

#[test]
fn nothing_is_tried_out_on_live_users_or_with_what_is_inactive() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let (_, live) = portal.live_service(&company, "Live");
    let mut browser = portal.signed_in(Person::Administrator, "northwind");
    let page = browser.visit(&format!("/clients/{live}/try"));
    assert!(page.sees("The service is live") && !page.has_button("Get tokens in sandbox"));
    assert_eq!(browser.post(&format!("/clients/{live}/try"), &[]).status(), 409);

    let service = portal.service(&company, "Shop");
    let client = portal.client(&company, service, ClientType::ClientCredentials, "Worker");
    browser.visit(&format!("/clients/{client}/try"));
    portal.application.operations.deactivate_client(&portal.permit(&company, Person::Administrator), client).unwrap();
    let page = browser.press("Get tokens in sandbox");
    assert!(page.sees("The client, or its service, is not active.") && page.has_link("Open the client"));
}
