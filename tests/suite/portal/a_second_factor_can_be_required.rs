//! A company can let nobody work without a second factor, from the very next request on.

use crate::support::{Authenticator, Person, TestPortal};

fn northwind() -> TestPortal {
    let portal = TestPortal::spawn();
    portal.company("northwind");
    portal
}

fn require(portal: &TestPortal) {
    assert_eq!(portal.sql("UPDATE tenants SET second_factor_required = TRUE WHERE name = 'northwind'"), 1);
}

#[test]
fn who_has_none_is_led_to_set_it_up() {
    let portal = northwind();
    let mut browser = portal.signed_in(Person::Administrator, "northwind");
    assert_eq!(browser.visit("/services/new").heading(), "Add service");
    require(&portal);
    for path in ["/", "/services", "/services/new", "/clients"] {
        let page = browser.visit(path);
        assert_eq!(page.path, "/account/second-factor", "{path}");
        assert!(page.sees("northwind lets nobody work without a second factor"));
    }
    let answer = browser.post("/services", &[("name", "Shop"), ("domain", "shop.example.com")]);
    assert_eq!(answer.status(), 403);
    assert!(answer.text().unwrap().contains("Set up a second factor first"));
    assert_eq!(portal.number("SELECT count(*) AS n FROM services"), 0);

    browser.visit("/account/second-factor");
    let app = Authenticator::from_page(&browser);
    browser.fill("Code", &app.code(portal.clock.now()));
    assert_eq!(browser.press("Turn on second factor").heading(), "Your recovery codes");
    assert_eq!(browser.visit("/services/new").heading(), "Add service");
    // And back, should it be removed.
    browser.visit("/account/second-factor/removal");
    assert!(browser.page().sees("you have to set up another one first"));
    browser.press("Remove second factor");
    assert_eq!(browser.visit("/services").path, "/account/second-factor");
}

#[test]
fn ones_own_account_stays_open() {
    let portal = northwind();
    let mut browser = portal.signed_in(Person::Developer, "northwind");
    require(&portal);
    assert!(browser.is_signed_in());
    browser.fill("Name", "Dora");
    assert!(browser.press("Update name").sees("Name updated."));
    assert_eq!(browser.post("/theme", &[("theme", "dark")]).status(), 303);
    browser.visit("/account");
    assert!(browser.press("Sign out").sees("You are signed out."));
    // Signing in again leads to the same place.
    assert_eq!(portal.signed_in(Person::Developer, "northwind").page().path, "/account/second-factor");
}

#[test]
fn other_companies_are_not_meant() {
    let portal = northwind();
    portal.company("elsewhere");
    require(&portal);
    let mut browser = portal.signed_in(Person::Developer, "elsewhere");
    assert_eq!(browser.visit("/services").heading(), "Services");
}

#[test]
fn who_has_one_notices_nothing() {
    let portal = northwind();
    let mut enrolled = portal.enrolled(Person::Developer, "northwind");
    require(&portal);
    assert_eq!(enrolled.browser.visit("/services").heading(), "Services");
}
