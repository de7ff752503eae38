//! A client's keys are pasted as JWKs: the public half alone, ten at most, and an approver sees them.

use std::thread;

use keywright::access::act;
use keywright::crypto::random;
use keywright::db;
use keywright::domain::client::ClientType;
use keywright::domain::id::ClientUid;
use keywright::operations::Error;
use keywright::operations::fill::Company;
use serde_json::{Value, json};

use crate::support::{Browser, DAY, PASSWORD, Person, TestPortal, public_jwk};

fn house() -> (TestPortal, Company, ClientUid, Browser) {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let service = portal.service(&company, "Shop");
    let client = portal.client(&company, service, ClientType::AuthorizationCode, "Till");
    let browser = portal.signed_in(Person::Developer, "northwind");
    (portal, company, client, browser)
}

fn with(mut jwk: Value, member: &str, value: &str) -> Value {
    jwk[member] = json!(value);
    jwk
}

fn count(portal: &TestPortal, client: ClientUid) -> usize {
    portal.application.db.read(|reader| db::client_keys::of_client(reader, client)).unwrap().len()
}

#[test]
fn a_key_is_added_listed_and_deleted() {
    let (portal, _, client, mut browser) = house();
    let page = format!("/clients/{client}");
    browser.visit(&page);
    browser.follow("Add key");
    browser.fill("Public key", &with(public_jwk(), "kid", "backend-1").to_string());
    let shown = browser.press("Add key");
    assert_eq!((shown.status, shown.path.as_str()), (200, page.as_str()));
    for words in ["Key added", "backend-1", "ES256", "thumbprint", "Developer of northwind"] {
        assert!(shown.text().contains(words), "{words}: {}", shown.text());
    }

    // The same again, and another one of the same name.
    for again in [kept(&portal, client), with(public_jwk(), "kid", "backend-1")] {
        let answer = browser.post(&format!("{page}/keys"), &[("jwk", &again.to_string())]);
        assert_eq!(answer.status(), 422);
        assert!(answer.text().unwrap().contains("already"));
    }

    browser.visit(&page);
    browser.follow("Delete key");
    let shown = browser.press("Delete key");
    assert!(shown.text().contains("is deleted and has stopped working"), "{}", shown.text());
    assert_eq!(count(&portal, client), 0);
    let events: Vec<_> = portal.events("client_key.").into_iter().map(|(word, _)| word).collect();
    assert_eq!(events, ["client_key.added", "client_key.deleted"]);
}

fn kept(portal: &TestPortal, client: ClientUid) -> Value {
    let keys = portal.application.db.read(|reader| db::client_keys::of_client(reader, client)).unwrap();
    serde_json::from_str(&keys[0].key.jwk).unwrap()
}

#[test]
fn a_private_key_is_called_leaked_and_kept_nowhere() {
    let (portal, _, client, mut browser) = house();
    let private = "c2VjcmV0IGhhbGYgb2YgYSBrZXk";
    let jwk = with(public_jwk(), "d", private).to_string();
    browser.visit(&format!("/clients/{client}/keys/new"));
    browser.fill("Public key", &jwk);
    let shown = browser.press("Add key");
    assert_eq!(shown.status, 422);
    assert!(shown.text().contains("consider it leaked"), "{}", shown.text());
    assert!(!shown.html.contains(private), "it is shown again");

    // Nor does the page carry it that asks for the password.
    portal.clock.advance(DAY / 48);
    let answer = browser.post(&format!("/clients/{client}/keys"), &[("jwk", &jwk)]);
    assert_eq!(answer.status(), 422);
    assert!(!answer.text().unwrap().contains(private));
    assert_eq!(count(&portal, client), 0);
    let everything = portal.everything_kept();
    assert!(!everything.windows(private.len()).any(|bytes| bytes == private.as_bytes()));
}

#[test]
fn what_is_no_key_comes_back_as_typed() {
    let (portal, _, client, mut browser) = house();
    let off_the_curve = {
        let mut jwk = public_jwk();
        jwk["y"] = public_jwk()["y"].clone();
        jwk.to_string()
    };
    for (typed, reason) in [
        ("not a key", "not JSON"),
        ("-----BEGIN PUBLIC KEY-----", "PEM"),
        (r#"{"kty":"OKP","crv":"Ed25519","x":"AA"}"#, "OKP"),
        (r#"{"kty":"RSA","n":"AQAB","e":"AQAB"}"#, "2048"),
        (off_the_curve.as_str(), "no point of the curve"),
    ] {
        browser.visit(&format!("/clients/{client}/keys/new"));
        browser.fill("Public key", typed);
        let shown = browser.press("Add key");
        assert_eq!(shown.status, 422, "{typed}");
        assert!(shown.text().contains(reason), "{typed}: {}", shown.text());
        assert_eq!(shown.value("jwk").as_deref(), Some(typed));
    }
    assert_eq!(count(&portal, client), 0);
}

#[test]
fn adding_asks_for_the_password() {
    let (portal, _, client, mut browser) = house();
    browser.visit(&format!("/clients/{client}/keys/new"));
    browser.fill("Public key", &public_jwk().to_string());
    portal.clock.advance(DAY / 48);
    assert!(browser.press("Add key").text().contains("Confirm it's you"));
    assert_eq!(count(&portal, client), 0);
    browser.fill("Password", PASSWORD);
    browser.press("Confirm");
    assert_eq!(count(&portal, client), 1);
}

#[test]
fn fifty_at_once_leave_ten() {
    let (portal, company, client, _) = house();
    let operations = &portal.application.operations;
    let permit = portal.confirmed::<act::EditClients>(&company, Person::Administrator);
    let (made, refused): (Vec<_>, Vec<_>) = thread::scope(|scope| {
        let add = || operations.add_client_keys(&permit, client, &public_jwk().to_string(), &random::token());
        let tries: Vec<_> = (0..50).map(|_| scope.spawn(add)).collect();
        tries.into_iter().map(|one| one.join().unwrap()).partition(Result::is_ok)
    });
    assert_eq!(made.len(), 10);
    for refusal in refused {
        let Err(refusal) = refusal else { unreachable!("only refusals are left") };
        assert!(matches!(refusal, Error::WrongState(_)), "{refusal}");
    }
    assert_eq!(count(&portal, client), 10);
}

#[test]
fn a_client_without_secrets_has_no_keys() {
    let (portal, company, _, mut browser) = house();
    let service = portal.service(&company, "App");
    let native = portal.client(&company, service, ClientType::Native, "App");
    assert!(!browser.visit(&format!("/clients/{native}")).text().contains("Add key"));
    assert_eq!(browser.visit(&format!("/clients/{native}/keys/new")).status, 409);
    let answer = browser.post(&format!("/clients/{native}/keys"), &[("jwk", &public_jwk().to_string())]);
    assert_eq!(answer.status(), 409);
    assert_eq!(count(&portal, native), 0);
}

#[test]
fn a_key_at_a_live_service_waits_for_the_approver() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let (service, client) = portal.live_service(&company, "Live");
    portal.client_key(&company, client);
    let thumbprint = portal.application.db.read(|reader| db::client_keys::of_client(reader, client)).unwrap()[0]
        .key
        .thumbprint
        .clone();
    let mut approver = portal.signed_in(Person::Approver, "northwind");
    let changes = approver.visit(&format!("/reviews/services/{service}/changes")).text();
    assert!(changes.contains("Keys") && changes.contains(&thumbprint), "{changes}");
}

#[test]
fn a_key_overtakes_a_request_that_waits() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let (service, client) = portal.ready_service(&company, "Ready");
    let request = portal.request_release(&company, Person::Developer, service);
    portal.client_key(&company, client);
    let mut approver = portal.signed_in(Person::Approver, "northwind");
    let page = approver.visit(&format!("/reviews/{request}"));
    assert!(!page.has_button("Approve"), "{}", page.text());
}
