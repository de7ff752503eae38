//! One's account page lists the applications that one has let in, and takes everything back from one. What ends one's
//! other sessions ends what all of them hold; the end of a membership, what those of the company hold.

use keywright::crypto::{hashing, random};
use keywright::domain::client::ClientType;
use keywright::domain::id::IdentityId;
use keywright::domain::service::Environment;
use keywright::operations::fill::Company;

use super::asking::{Returned, give_password, request};
use crate::support::{App, Browser, Person, TestPortal, answered};

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

/// An application that the company's member has let in, with its refresh token and access token.
fn let_in(portal: &TestPortal, company: &Company) -> (App, String, String) {
    let app = portal.app(company, ClientType::AuthorizationCode, |_| {});
    let tokens = portal.redeem(&app, &portal.code(company, &app, &["openid"]));
    let token = |name: &str| tokens.text(name).to_owned();
    let (refresh, access) = (token("refresh_token"), token("access_token"));
    assert_eq!(userinfo(portal, &access), 200);
    (app, refresh, access)
}

fn userinfo(portal: &TestPortal, token: &str) -> u16 {
    answered(portal.http().get(format!("{}/oauth2/userinfo", portal.url)).bearer_auth(token)).status
}

fn has_ended(portal: &TestPortal, (app, refresh, access): &(App, String, String)) -> bool {
    let (refreshed, status) = (portal.refresh(app, refresh), userinfo(portal, access));
    assert_eq!(refreshed.status == 400, status == 401);
    // The application did nothing wrong, and is not told so.
    refreshed.text("error_description").starts_with("What was granted has ended")
}

#[test]
fn ending_the_other_sessions_ends_what_applications_hold() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let (first, second) = (let_in(&portal, &company), let_in(&portal, &company));
    let mut browser = portal.signed_in(Person::Member, "northwind");
    portal.signed_in(Person::Member, "northwind");
    let other = portal.signed_in(Person::Approver, "northwind");
    other.post("/account/sessions/end-others", &[]);
    assert_eq!(userinfo(&portal, &first.2), 200, "nobody else's");
    assert!(browser.visit("/account").sees("what connected applications hold"));
    assert!(browser.press("End all other sessions").sees("so has what applications held"));
    assert!(has_ended(&portal, &first) && has_ended(&portal, &second));
}

#[test]
fn another_way_to_sign_in_ends_what_came_by_the_old() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let before = let_in(&portal, &company);
    let mut enrolled = portal.enrolled(Person::Member, "northwind");
    assert!(enrolled.browser.page().sees("so has what applications held"));
    assert!(has_ended(&portal, &before));

    let linked = let_in(&portal, &company);
    let (id, account) = (IdentityId::new(1, random::bytes()), portal.person(&company, Person::Member).account_id);
    portal.sql(&format!(
        "INSERT INTO external_identities (id, account_id, issuer, subject, email, linked_at) \
         VALUES ('{id}', '{account}', 'https://id.example', 'member', '', 0)"
    ));
    enrolled.browser.visit("/account");
    let page = enrolled.browser.press("Unlink https://id.example");
    assert!(page.sees("so has what applications held"), "{}", page.text());
    assert!(has_ended(&portal, &linked));

    let lost = let_in(&portal, &company);
    assert!(portal.application.operations.reset_second_factor(&enrolled.email).expect("an answer"));
    assert!(has_ended(&portal, &lost));
}

#[test]
fn the_end_of_a_membership_ends_what_the_companys_applications_hold() {
    let portal = TestPortal::spawn();
    let (company, elsewhere) = (portal.company("northwind"), portal.company("southwind"));
    let removed = let_in(&portal, &company);
    let other = portal.app(&elsewhere, ClientType::AuthorizationCode, |_| {});
    portal.sql(&format!("UPDATE services SET environment = 'live' WHERE id = '{}'", other.service));
    let member = portal.person(&company, Person::Member);
    let code = portal.code_of(member.account_id, &other, &["openid"], Environment::Live);
    let kept =
        portal.code_of(portal.person(&company, Person::Developer).account_id, &removed.0, &[], Environment::Sandbox);
    let mut administrator = portal.signed_in(Person::Administrator, "northwind");
    let page = administrator.visit(&format!("/members/{}/removal", member.member_id));
    assert!(page.sees("All their sign-ins to applications of this company end."), "{}", page.text());
    administrator.press("Remove member");
    assert!(has_ended(&portal, &removed));
    let ended = |code: &str| {
        let of_code = format!("SELECT grant_id FROM authorization_codes WHERE code_hash = '{}'", hashing::sha256(code));
        portal.number(&format!("SELECT count(*) AS n FROM grants WHERE ended_at IS NOT NULL AND id IN ({of_code})"))
    };
    assert_eq!((ended(&code), ended(&kept)), (0, 0), "another company's, and another person's");

    let left = let_in(&portal, &elsewhere);
    let mut leaving = portal.signed_in(Person::Member, "southwind");
    leaving.visit("/account/leaving");
    leaving.press("Leave company");
    assert!(has_ended(&portal, &left));
}
