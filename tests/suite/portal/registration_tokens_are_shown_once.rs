//! An administrator issues a token with which clients are registered by machine. It is shown exactly once and kept as a
//! hash.

use keywright::crypto::hashing::sha256;
use keywright::crypto::random;

use crate::support::{Browser, DAY, PASSWORD, Person, TestPortal};

const TOKENS: &str = "/settings/registration-tokens";

fn house() -> (TestPortal, Browser) {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    portal.service(&company, "Shop");
    let browser = portal.signed_in(Person::Administrator, "northwind");
    (portal, browser)
}

fn service(portal: &TestPortal) -> String {
    portal.text("SELECT id AS words FROM services WHERE name = 'Shop'")
}

fn count(portal: &TestPortal) -> i64 {
    portal.number("SELECT count(*) AS n FROM registration_tokens")
}

#[test]
fn a_token_is_issued_shown_once_and_revoked() {
    let (portal, mut browser) = house();
    browser.visit("/settings");
    browser.follow("Registration tokens");
    browser.follow("Issue token");
    let in_a_month = portal.clock.now().plus(30 * DAY).whole_minute().form_value();
    assert_eq!(browser.page().value("expires_at"), Some(in_a_month));
    browser.fill("Description", "CI").fill("Service", &service(&portal));
    let again = browser.pressing("Issue token");
    let shown = browser.press("Issue token");
    assert_eq!(shown.status, 200);
    assert_eq!(shown.headers["cache-control"], "no-store");
    let token = shown.text_by_id("token").expect("the token");
    assert!(token.starts_with("kwr_"), "{token}");
    assert_eq!(portal.text("SELECT token_hash AS words FROM registration_tokens"), sha256(&token));
    let everything = portal.everything_kept();
    assert!(!everything.windows(token.len()).any(|bytes| bytes == token.as_bytes()), "it is kept");

    // The same form again makes nothing and shows nothing.
    let repeated = again.send().expect("an answer");
    assert_eq!(repeated.status(), 410);
    assert!(!repeated.text().unwrap().contains("kwr_"));
    assert_eq!(count(&portal), 1);

    let list = browser.visit(TOKENS);
    for words in ["CI", "Shop", "Administrator of northwind", "Never", "Works"] {
        assert!(list.sees(words), "{words}: {}", list.text());
    }
    assert!(!list.html.contains(&token));
    portal.clock.advance(30 * DAY);
    browser.sign_in(&Person::Administrator.email("northwind"), PASSWORD);
    assert!(browser.visit(TOKENS).sees("Expired"));
    let page = browser.follow("Revoke token");
    assert!(page.heading() == "Revoke CI?" && page.sees("It can't be brought back"), "{}", page.text());
    assert_eq!(count(&portal), 1);
    let after = browser.press("Revoke token");
    assert!(after.sees("is revoked") && after.sees("No registration token yet"), "{}", after.text());
    let events: Vec<_> = portal.events("registration_token.").into_iter().map(|(word, _)| word).collect();
    assert_eq!(events, ["registration_token.issued", "registration_token.revoked"]);
}

#[test]
fn what_is_wrong_comes_back_as_typed() {
    let (portal, browser) = house();
    let elsewhere = portal.company("elsewhere");
    let foreign = portal.service(&elsewhere, "Foreign").to_string();
    let company = portal.company("southwind");
    let (live, _) = portal.live_service(&company, "Live");
    let (own, live) = (service(&portal), live.to_string());
    let at = |days: u32| portal.clock.now().plus(days * DAY).whole_minute().form_value();
    let (past, far) = (at(0), at(367));
    let southwind = portal.signed_in(Person::Administrator, "southwind");
    let long = "x".repeat(101);
    for (asking, field, value) in [
        (&browser, "description", ""),
        (&browser, "description", long.as_str()),
        (&browser, "description", "a\u{202E}b"),
        (&browser, "service", ""),
        (&browser, "service", "shop"),
        (&browser, "service", foreign.as_str()),
        (&southwind, "service", live.as_str()),
        (&browser, "expires_at", ""),
        (&browser, "expires_at", "soon"),
        (&browser, "expires_at", past.as_str()),
        (&browser, "expires_at", far.as_str()),
    ] {
        let (good, token) = (at(30), random::token());
        let mut fields =
            vec![("description", "Pipeline"), ("service", own.as_str()), ("expires_at", &good), ("submission", &token)];
        fields.iter_mut().filter(|(name, _)| *name == field).for_each(|pair| pair.1 = value);
        let answer = asking.post(TOKENS, &fields);
        assert_eq!(answer.status(), 422, "{field} {value}");
        let page = answer.text().unwrap();
        assert!(page.contains("There is a problem"), "{field} {value}");
        assert!(field == "description" || page.contains("Pipeline"), "{field} {value}: what was typed is lost");
    }
    assert_eq!(count(&portal), 0);
}

#[test]
fn issuing_asks_for_the_password() {
    let (portal, mut browser) = house();
    browser.visit("/settings/registration-tokens/new");
    browser.fill("Description", "CI").fill("Service", &service(&portal));
    portal.clock.advance(DAY / 48);
    assert!(browser.press("Issue token").sees("Confirm it's you"));
    assert_eq!(count(&portal), 0);
    browser.fill("Password", PASSWORD);
    assert!(browser.press("Confirm").text_by_id("token").is_some());
    assert_eq!(count(&portal), 1);
}

#[test]
fn there_are_fifty_at_most() {
    let (portal, browser) = house();
    let (own, at) = (service(&portal), portal.clock.now().plus(DAY).whole_minute().form_value());
    let issue = |name: &str| {
        let fields = [("description", name), ("service", own.as_str()), ("expires_at", at.as_str())];
        browser.post(TOKENS, &fields).status().as_u16()
    };
    for number in 0..50 {
        assert_eq!(issue(&format!("Token {number}")), 200);
    }
    assert_eq!(issue("One more"), 409);
    assert_eq!(count(&portal), 50);
}
