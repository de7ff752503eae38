//! One's account page lists the applications that one has let in, and takes everything back from one.

use keywright::domain::client::ClientType;

use super::asking::{Returned, give_password, request};
use crate::support::{Browser, Person, TestPortal};

#[test]
fn access_is_removed_on_the_account_page() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let app = portal.app(&company, ClientType::AuthorizationCode, |form| form.require_consent = "yes".into());
    let other = portal.app_of(&company, app.service, ClientType::AuthorizationCode, |_| {});
    let mut browser = portal.signed_in(Person::Member, "northwind");
    let page = browser.visit("/account");
    assert!(page.sees("Connected applications") && page.sees("None yet."), "{}", page.text());
    browser.visit(&request(&app, &[]));
    let code = Returned::on(browser.press("Allow")).code().to_owned();
    let tokens = portal.redeem(&app, &code);
    let refresh_token = tokens.text("refresh_token").to_owned();
    let unused = Returned::on(browser.visit(&request(&app, &[]))).code().to_owned();
    let kept = Returned::on(browser.visit(&request(&other, &[]))).code().to_owned();
    let page = browser.visit("/account");
    assert!(
        page.sees("openid") && page.sees("profile") && page.sees("northwind") && !page.sees("None yet."),
        "{}",
        page.text()
    );
    let name = portal.text(&format!("SELECT name AS words FROM clients WHERE uid = '{}'", app.uid));
    let page = browser.press(&format!("Remove access of {name}"));
    assert!(page.sees("has no access any more") && !page.sees(&format!("Remove access of {name}")), "{}", page.text());
    // Everything of it has ended, and nothing of the other one.
    assert_eq!(portal.refresh(&app, &refresh_token).error(), "invalid_grant");
    assert_eq!(portal.redeem(&app, &unused).error(), "invalid_grant");
    assert_eq!(portal.redeem(&other, &kept).status, 200);
    assert!(browser.visit(&request(&app, &[])).heading().starts_with("Allow App"), "it asks again");
}

#[test]
fn who_belongs_to_no_company_has_a_page_for_it() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let app = portal.app(&company, ClientType::AuthorizationCode, |_| {});
    let account = portal.person(&company, Person::Member).account_id;
    portal.sql(&format!("DELETE FROM members WHERE account_id = '{account}'"));
    let mut browser = Browser::new(&portal.url);
    browser.visit(&request(&app, &[]));
    give_password(&mut browser, &Person::Member.email("northwind"));
    let code = Returned::on(browser.press("Allow")).code().to_owned();
    let page = browser.visit("/account/applications");
    assert!(page.sees("member@northwind.example") && page.sees("openid") && page.sees("profile"), "{}", page.text());
    let page = browser.press("Remove access");
    assert!(page.path == "/account/applications" && page.sees("None yet."), "{}", page.text());
    assert_eq!(portal.redeem(&app, &code).error(), "invalid_grant");
    // Not before signing in.
    let mut other = Browser::new(&portal.url);
    assert_eq!(other.visit("/account/applications").heading(), "Sign in");
    assert_eq!(give_password(&mut other, &Person::Member.email("northwind")).heading(), "Connected applications");
}

#[test]
fn nobody_removes_what_another_has_let_in() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let app = portal.app(&company, ClientType::AuthorizationCode, |_| {});
    let mut browser = portal.signed_in(Person::Member, "northwind");
    let code = Returned::on(browser.visit(&request(&app, &[]))).code().to_owned();
    let administrator = portal.signed_in(Person::Administrator, "northwind");
    administrator.post(&format!("/account/applications/{}/removal", app.uid), &[]);
    assert_eq!(portal.redeem(&app, &code).status, 200);
}
