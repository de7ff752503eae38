//! What wants attention stands on the start page in the order of time, whatever it is.

use keywright::access::act;
use keywright::domain::client::ClientType;
use keywright::domain::secret::SecretInput;

use crate::support::{DAY, Person, TestPortal};

#[test]
fn many_that_ended_do_not_hide_the_one_that_ends_next() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let shop = portal.service(&company, "Shop");
    let (old, till) = (
        portal.client(&company, shop, ClientType::ClientCredentials, "Old"),
        portal.client(&company, shop, ClientType::ClientCredentials, "Till"),
    );
    let kiosk = portal.client(&company, shop, ClientType::ClientCredentials, "Kiosk");
    let add = |client, name: String, after| {
        let permit = portal.confirmed::<act::EditClients>(&company, Person::Administrator);
        let input = SecretInput {
            description: name.clone(),
            environment: "sandbox".into(),
            expires_at: portal.clock.now().plus(after).form_value(),
            ..SecretInput::default()
        };
        portal.application.operations.add_secret(&permit, client, &input, &name).unwrap();
    };
    for number in 1..=10 {
        add(old, format!("old {number}"), number * DAY / 4);
    }
    add(kiosk, "latest".into(), 3 * DAY);
    add(till, "nightly".into(), 5 * DAY);
    portal.clock.advance(4 * DAY);
    let mut browser = portal.signed_in(Person::Developer, "northwind");
    let text = browser.visit("/").text();
    // What comes, then what has ended, the latest first; the oldest of eleven that ended is left out, and that is said.
    let places = ["“nightly” of Till", "“latest” of Kiosk", "“old 10”", "“old 2”"].map(|words| text.find(words));
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{places:?}: {text}");
    assert!(!text.contains("“old 1”") && text.contains("There is more"), "{text}");
}

#[test]
fn soonest_first() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let (alpha, zulu) = (portal.service(&company, "Alpha"), portal.service(&company, "Zulu"));
    let shop = portal.service(&company, "Shop");
    let [till, kiosk, booth] =
        ["Till", "Kiosk", "Booth"].map(|name| portal.client(&company, shop, ClientType::ClientCredentials, name));
    let operations = &portal.application.operations;
    let clients = portal.confirmed::<act::EditClients>(&company, Person::Administrator);
    let services = portal.confirmed::<act::ChangeServiceStatus>(&company, Person::Administrator);

    // Each waits for 14 days, the last one for two; the secret ends in ten from today.
    operations.delete_service(&services, zulu).unwrap();
    portal.clock.advance(DAY);
    operations.delete_client(&clients, kiosk).unwrap();
    // More than the page shows, deleted before the one that goes first.
    for number in 1..=10 {
        let stall = portal.client(&company, shop, ClientType::ClientCredentials, &format!("Stall {number}"));
        operations.delete_client(&clients, stall).unwrap();
    }
    portal.clock.advance(8 * DAY);
    operations.delete_service(&services, alpha).unwrap();
    let mut administrator = portal.signed_in(Person::Administrator, "northwind");
    administrator.visit("/settings");
    administrator.fill("Days of grace", "2");
    assert!(administrator.press("Change settings").sees("Settings changed."));
    administrator.visit(&format!("/clients/{booth}/deletion"));
    assert!(administrator.press("Delete client").sees("in 2 days"));
    let input = SecretInput {
        description: "nightly".into(),
        environment: "sandbox".into(),
        expires_at: portal.clock.now().plus(10 * DAY).form_value(),
        ..SecretInput::default()
    };
    operations.add_secret(&clients, till, &input, "a form").unwrap();

    let mut browser = portal.signed_in(Person::Developer, "northwind");
    browser.visit("/");
    let text = browser.page().text();
    let places: Vec<_> = [
        "Client Booth will",
        "Service Zulu will",
        "Client Kiosk will",
        "Secret “nightly” of Till",
        "Service Alpha will",
    ]
    .into_iter()
    .map(|words| text.find(words).unwrap_or_else(|| panic!("{words} is missing: {text}")))
    .collect();
    assert!(places.is_sorted(), "{places:?}: {text}");
}
