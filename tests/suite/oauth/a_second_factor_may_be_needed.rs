//! Nobody gets into an application without the second factor that their company, or the application, asks for.

use keywright::domain::client::ClientType;

use super::asking::{Returned, request};
use crate::support::{App, Authenticator, Browser, Person, SECOND, TestPortal, answered, claims};

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

/// What applications hold from before counts as long as it is not required.
#[test]
fn what_was_granted_without_it_ends_with_the_rule() {
    let (portal, app, mut browser) = signed_in();
    let tokens = portal.redeem(&app, Returned::on(browser.visit(&request(&app, &[]))).code());
    let unused = Returned::on(browser.visit(&request(&app, &[]))).code().to_owned();
    let userinfo = |token: &str| {
        let asked = portal.http().get(format!("{}/oauth2/userinfo", portal.url)).bearer_auth(token);
        answered(asked).status
    };
    let (access, refresh) = (tokens.text("access_token"), tokens.text("refresh_token"));
    let requires = |required: &str| {
        portal.sql(&format!("UPDATE tenants SET second_factor_required = {required} WHERE name = 'northwind'"));
    };
    requires("TRUE");
    assert_eq!(userinfo(access), 401);
    assert_eq!(portal.refresh(&app, refresh).error(), "invalid_grant");
    assert_eq!(portal.redeem(&app, &unused).error(), "invalid_grant");
    requires("FALSE");
    assert_eq!(userinfo(access), 200);
    let next = portal.refresh(&app, refresh);
    assert_eq!(next.status, 200, "nothing was used up");
    requires("TRUE");
    // Who is from elsewhere follows the rules of another company.
    portal.sql("DELETE FROM members WHERE account_id IN (SELECT account_id FROM grants)");
    assert_eq!(userinfo(next.text("access_token")), 200);
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
