//! Nobody gets into an application without the second factor that their company, or the application, asks for.

use keywright::domain::client::ClientType;

use super::asking::{Returned, request};
use crate::support::{App, Authenticator, Browser, Person, SECOND, TestPortal, claims};

const ESSENTIAL: (&str, &str) = ("claims", r#"{"id_token":{"acr":{"essential":true,"values":["2"]}}}"#);

fn signed_in() -> (TestPortal, App, Browser) {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let app = portal.app(&company, ClientType::AuthorizationCode, |_| {});
    let browser = portal.signed_in(Person::Member, "northwind");
    (portal, app, browser)
}

fn set_up(portal: &TestPortal, browser: &mut Browser) {
    browser.visit("/account/second-factor");
    let authenticator = Authenticator::from_page(browser);
    browser.fill("Code", &authenticator.code(portal.clock.now()));
    browser.press("Turn on second factor");
}

#[test]
fn the_company_asks_for_it() {
    let (portal, app, mut browser) = signed_in();
    Returned::on(browser.visit(&request(&app, &[]))).code();
    portal.sql("UPDATE tenants SET second_factor_required = TRUE WHERE name = 'northwind'");
    let silent = [("prompt", "none")];
    assert_eq!(Returned::on(browser.visit(&request(&app, &silent))).get("error"), "interaction_required");
    let page = browser.visit(&request(&app, &[]));
    assert_eq!(page.heading(), "Set up a second factor first");
    let waits = page.path.clone();
    set_up(&portal, &mut browser);
    browser.visit(&waits);
    let tokens = portal.redeem(&app, Returned::on(browser.page()).code());
    assert_eq!(claims(tokens.text("id_token"))["acr"], "2");
}

/// The people of other companies are that company's affair.
#[test]
fn another_company_asks_its_own_people_only() {
    let (portal, app, _) = signed_in();
    portal.company("southwind");
    portal.sql("UPDATE tenants SET second_factor_required = TRUE WHERE name = 'northwind'");
    portal.sql("UPDATE services SET environment = 'live'");
    let mut stranger = portal.signed_in(Person::Member, "southwind");
    let heading = stranger.visit(&request(&app, &[])).heading();
    assert!(heading.starts_with("Allow App"), "{heading}");
}

#[test]
fn the_application_asks_for_it() {
    let (portal, app, mut browser) = signed_in();
    assert_eq!(browser.visit(&request(&app, &[ESSENTIAL])).heading(), "Set up a second factor first");
    let back = browser.press("Back to App").path.clone();
    assert_eq!(Returned::at(&back).get("error"), "access_denied");
    // What is not essential is not waited for.
    let voluntary = ("claims", r#"{"id_token":{"acr":{"values":["2"]}}}"#);
    Returned::on(browser.visit(&request(&app, &[voluntary]))).code();
    set_up(&portal, &mut browser);
    portal.clock.advance(SECOND);
    Returned::on(browser.visit(&request(&app, &[ESSENTIAL]))).code();
}
