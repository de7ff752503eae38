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

#[test]
fn by_a_service_that_the_filter_does_not_offer() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let first = portal.service(&company, "A first");
    portal.client(&company, first, ClientType::ClientCredentials, "Elsewhere");
    let last = portal.service(&company, "Zulu");
    portal.client(&company, last, ClientType::ClientCredentials, "Till 7");
    let mut browser = portal.signed_in(Person::Developer, "northwind");
    assert!(!browser.visit("/clients").has_link("Find another service"));
    for number in 0..199 {
        portal.service(&company, &format!("Middle {number:03}"));
    }
    assert!(browser.visit("/clients").has_link("Find another service"));
    browser.visit("/services?search=zulu");
    let page = browser.follow("1 client of Zulu");
    assert_eq!(page.value("service"), Some(last.to_string()), "{}", page.path);
    // Another search keeps it.
    browser.fill("Search", "elsewhere");
    let page = browser.press("Search");
    assert!(page.sees("No client matches"), "{}", page.text());
    browser.fill("Search", "till");
    let page = browser.press("Search");
    assert!(page.has_link("Till 7") && !page.has_link("Elsewhere"), "{}", page.text());
    // Another company's is nothing.
    let foreign = portal.service(portal.partner(), "Foreign");
    let page = browser.visit(&format!("/clients?service={foreign}"));
    assert!(page.status == 200 && !page.sees("Foreign"), "{}", page.text());
}
