//! A service in sandbox lets in its test users alone, and says so.

use keywright::domain::client::ClientType;

use super::asking::{Returned, give_password, request};
use crate::support::{Person, SECOND, TestPortal};

#[test]
fn who_is_no_test_user_is_told_why() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let app = portal.app(&company, ClientType::AuthorizationCode, |_| {});
    let mut browser = portal.signed_in(Person::Developer, "northwind");
    let developer = Person::Developer.email("northwind");
    let page = browser.visit(&request(&app, &[]));
    assert_eq!((page.status, page.heading().as_str()), (403, "Not open to you yet"));
    assert!(page.sees(&developer) && page.sees("is in sandbox") && page.sees("test users"), "{}", page.text());
    assert_eq!(portal.number("SELECT count(*) AS n FROM grants"), 0);
    // Back to the application,
    let back = Returned::on(browser.press("Back to App"));
    assert_eq!(back.get("error"), "access_denied");
    let quiet = Returned::on(browser.visit(&request(&app, &[("prompt", "none")])));
    assert_eq!(quiet.get("error"), "access_denied");
    // or as somebody else.
    browser.visit(&request(&app, &[]));
    portal.clock.advance(SECOND);
    assert_eq!(browser.follow("Sign in as somebody else").heading(), "Sign in");
    Returned::on(give_password(&mut browser, &Person::Member.email("northwind"))).code();
}

#[test]
fn a_live_service_lets_everybody_in() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let (service, _) = portal.live_service(&company, "Shop");
    let app = portal.app_of(&company, service, ClientType::AuthorizationCode, |_| {});
    let mut browser = portal.signed_in(Person::Developer, "northwind");
    Returned::on(browser.visit(&request(&app, &[]))).code();
    assert_eq!(portal.text("SELECT environment AS words FROM grants"), "live");
}
