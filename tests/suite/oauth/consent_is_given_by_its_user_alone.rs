//! What a consent page decides is decided by whoever it was shown to, once, and from this portal (RFC 9700 §4.7).

use keywright::domain::client::ClientType;
use keywright::operations::protocol::authorization::{AtBrowser, Step};

use super::asking::{Returned, request};
use crate::support::{App, Browser, Person, SECOND, TestPortal};

fn asked() -> (TestPortal, App, Browser) {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let app = portal.app(&company, ClientType::AuthorizationCode, |form| form.require_consent = "yes".into());
    let mut browser = portal.signed_in(Person::Member, "northwind");
    assert!(browser.visit(&request(&app, &[])).heading().starts_with("Allow App"));
    (portal, app, browser)
}

fn grants(portal: &TestPortal) -> i64 {
    portal.number("SELECT count(*) AS n FROM grants") + portal.number("SELECT count(*) AS n FROM consents")
}

#[test]
fn it_comes_from_this_portal() {
    let (portal, _, browser) = asked();
    let (path, account) = (browser.page().path.clone(), browser.page().value("account").unwrap());
    for (name, value) in
        [("origin", "https://evil.example"), ("origin", "null"), ("sec-fetch-site", "cross-site"), ("accept", "*/*")]
    {
        let answer = browser
            .http
            .post(format!("{}{path}", portal.url))
            .header(name, value)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(format!("decision=allow&account={account}"))
            .send()
            .unwrap();
        assert_eq!(answer.status(), 403, "{name}: {value}");
    }
    assert_eq!(grants(&portal), 0);
}

#[test]
fn another_session_decides_nothing_with_it() {
    let (portal, _, browser) = asked();
    let (path, account) = (browser.page().path.clone(), browser.page().value("account").unwrap());
    // Nobody, and somebody else, with the very form.
    let form = [("decision", "allow"), ("account", account.as_str())];
    let nobody = Browser::new(&portal.url).post(&path, &form);
    assert_eq!((nobody.status().as_u16(), nobody.headers()["location"].to_str().unwrap()), (303, path.as_str()));
    let other = portal.signed_in(Person::Developer, "northwind").post(&path, &form);
    assert_eq!((other.status().as_u16(), other.headers()["location"].to_str().unwrap()), (303, path.as_str()));
    // The right session with another's account, or without one.
    for wrong in ["", "00000000-0000-0000-0000-000000000000"] {
        let answer = browser.post(&path, &[("decision", "allow"), ("account", wrong)]);
        assert_eq!(answer.headers()["location"].to_str().unwrap(), path);
    }
    assert_eq!(grants(&portal), 0);
}

#[test]
fn it_is_given_once() {
    let (portal, _, mut browser) = asked();
    let both: Vec<_> = (0..2).map(|_| browser.pressing("Allow")).collect();
    let led_to: Vec<String> = std::thread::scope(|scope| {
        let where_to = |request: reqwest::blocking::RequestBuilder| {
            let answer = request.send().expect("an answer");
            let to = answer.headers().get("location").map(|to| to.to_str().expect("an address").to_owned());
            to.unwrap_or_else(|| answer.status().to_string())
        };
        let sending: Vec<_> = both.into_iter().map(|request| scope.spawn(move || where_to(request))).collect();
        sending.into_iter().map(|one| one.join().expect("it was sent")).collect()
    });
    // The second is told at once, or on the page that it is led back to.
    let won = led_to.iter().filter(|to| to.contains("code=")).count();
    let lost = led_to.iter().filter(|to| *to == "410 Gone" || to.starts_with("/oauth2/authorize/")).count();
    assert_eq!((won, lost), (1, 1), "{led_to:?}");
    assert_eq!(portal.number("SELECT count(*) AS n FROM authorization_codes"), 1);
    let page = browser.press("Allow");
    assert!(page.status == 410 && page.sees("has been finished"), "{}", page.text());
}

#[test]
fn the_page_is_in_no_frame_and_its_form_leads_to_the_application_alone() {
    let (portal, app, mut browser) = asked();
    let policy = browser.page().headers["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("form-action 'self' https://app.example.com;"), "{policy}");
    assert!(policy.contains("frame-ancestors 'none'"));
    assert_eq!(browser.page().headers["x-frame-options"], "DENY");
    // Other pages are as they were.
    let policy = browser.visit("/account").headers["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("form-action 'self';"), "{policy}");
    portal.clock.advance(SECOND);
    browser.visit(&request(&app, &[]));
    assert_eq!(Returned::on(browser.press("Refuse")).get("error"), "access_denied");
}

/// Whoever ends a session is told that nothing is left of it: also nothing that is being granted at that moment.
#[test]
fn a_session_that_has_ended_grants_nothing() {
    let (portal, _, browser) = asked();
    let token = browser.page().path.rsplit('/').next().unwrap().to_owned();
    let operations = &portal.application.operations;
    let (asked, asked_at) = operations.waiting_request(&token).expect("it can be read").expect("it waits");
    let at = AtBrowser {
        session: portal.text("SELECT id AS words FROM sessions WHERE account_id IS NOT NULL").parse().unwrap(),
        account: browser.page().value("account").unwrap().parse().unwrap(),
        signed_in_at: portal.clock.now(),
        by_password: true,
    };
    let Ok(Step::Consent(user)) = operations.next_step(&asked, Some(at), asked_at) else { panic!("they are asked") };
    portal.sql("DELETE FROM sessions");
    let declined = operations.consent(&asked, &user, &token).err().expect("it is refused");
    assert_eq!(declined.refused.refusal.fault.as_str(), "login-required");
    assert_eq!(grants(&portal), 0);
}

/// That they are signed in here is something, too.
#[test]
fn people_of_other_companies_are_asked_even_where_no_scope_is() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let app = portal.app(&company, ClientType::AuthorizationCode, |form| form.scopes = vec!["offline_access".into()]);
    let mut browser = portal.signed_in(Person::Member, "northwind");
    let bare = request(&app, &[("scope", "")]);
    Returned::on(browser.visit(&bare)).code();
    portal.sql("DELETE FROM members WHERE account_id IN (SELECT account_id FROM grants)");
    // Nobody learns without asking that it is one of the test users who comes by.
    let silent = request(&app, &[("scope", ""), ("prompt", "none")]);
    assert_eq!(Returned::on(browser.visit(&silent)).get("error"), "login_required");
    assert!(browser.visit(&bare).heading().starts_with("Allow App"), "{}", browser.page().text());
    assert!(browser.page().sees("It asks to recognise you by your Keywright account, and for nothing else."));
    Returned::on(browser.press("Allow")).code();
    // Once.
    Returned::on(browser.visit(&bare)).code();
    Returned::on(browser.visit(&silent)).code();
}
