//! The list of clients is searched by parts of names, in any case, and of identifiers; nothing in a search is a pattern.

use keywright::domain::client::ClientType;

use crate::support::{Person, TestPortal};

#[test]
fn by_any_part_and_nothing_else() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let service = portal.service(&company, "Shop");
    for name in ["Till 7", "Kiosk 100%", "Bäckerei"] {
        portal.client(&company, service, ClientType::ClientCredentials, name);
    }
    let other = portal.partner();
    let elsewhere = portal.service(other, "Shop");
    portal.client(other, elsewhere, ClientType::ClientCredentials, "Till 7 of another company");
    let mut browser = portal.signed_in(Person::Developer, "northwind");
    browser.visit("/clients");
    let identifier = browser.follow("Till 7").text_by_id("client-id").expect("the page shows the identifier");
    let ends_in = format!("{}.till7", &identifier[62..64]);

    let all = ["Till 7", "Kiosk 100%", "Bäckerei"];
    for (search, found) in [
        ("till", vec!["Till 7"]),
        ("LL 7", vec!["Till 7"]),
        ("till7", vec!["Till 7"]),
        (identifier.as_str(), vec!["Till 7"]),
        (ends_in.as_str(), vec!["Till 7"]),
        (&identifier[64..67], vec!["Till 7"]),
        // What all have in common says nothing of one.
        (&identifier[..40], vec![]),
        (&identifier[7..15], vec![]),
        ("BÄCK", vec!["Bäckerei"]),
        ("0%", vec!["Kiosk 100%"]),
        ("%", vec!["Kiosk 100%"]),
        ("_", vec![]),
        ("till 7 of", vec![]),
    ] {
        let search = url::form_urlencoded::byte_serialize(search.as_bytes()).collect::<String>();
        browser.visit(&format!("/clients?search={search}"));
        let seen: Vec<&str> = all.into_iter().filter(|name| browser.page().has_link(name)).collect();
        assert_eq!(seen, found, "{search}");
    }
}
