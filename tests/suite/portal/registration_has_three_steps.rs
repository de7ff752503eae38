//! Registration: account, company, and a code that counts in the browser that asked for it. Before the code is right
//! nothing of it exists.

use std::thread;

use crate::support::{Browser, MINUTE, PASSWORD as COMPANY_PASSWORD, Person, SECOND, TestPortal};

const PASSWORD: &str = "granite lantern orchard";
const EMAIL: &str = "nora@newcomer.example";

fn open() -> TestPortal {
    TestPortal::spawn_with(|config| config.registration_open = true)
}

/// A browser that waits for the code.
fn waiting(portal: &TestPortal, email: &str) -> Browser {
    let mut browser = Browser::new(&portal.url);
    browser.visit("/sign-in");
    browser.follow("Register");
    browser.fill("Your name", "Nora New").fill("E-mail", email).fill("Password", PASSWORD);
    browser.press("Continue");
    assert_eq!(browser.page().heading(), "Your company", "{}", browser.page().text());
    browser.fill("Company name", "Newcomer");
    browser.press("Continue");
    assert_eq!(browser.page().heading(), "Activate your account", "{}", browser.page().text());
    browser
}

fn give(browser: &mut Browser, code: &str) -> u16 {
    browser.fill("Activation code", code);
    browser.press("Activate account").status
}

fn wrong(code: &str) -> String {
    let last = if code.ends_with('0') { '1' } else { '0' };
    format!("{}{last}", &code[..8])
}

#[test]
fn account_company_and_code() {
    let portal = open();
    let mut browser = waiting(&portal, EMAIL);
    let nothing = "SELECT (SELECT count(*) FROM tenants) + (SELECT count(*) FROM accounts) AS n";
    assert_eq!(portal.number(nothing), 0);
    let code = portal.code_for(EMAIL);
    assert_eq!(give(&mut browser, &wrong(&code)), 422);
    assert!(browser.page().value("code").unwrap_or_default().is_empty());
    // As people type.
    assert_eq!(give(&mut browser, &format!(" {} ", code.to_lowercase().replace('-', " "))), 200);
    assert!(browser.page().sees("Your account is active and your company is here."), "{}", browser.page().text());
    assert_eq!(portal.number(nothing), 2);
    assert_eq!(portal.number("SELECT count(*) AS n FROM members WHERE administrator"), 1);
    assert_eq!(portal.number("SELECT count(*) AS n FROM tenants WHERE operates"), 0);
    assert!(browser.is_signed_in() && browser.page().sees("Newcomer"));
    // The code was used up, and the browser has forgotten what it kept.
    assert_eq!(browser.cookie("/", "registration"), None);
    Browser::new(&portal.url).sign_in(EMAIL, PASSWORD);
}

#[test]
fn the_fifth_try_counts_and_the_sixth_does_not() {
    let portal = open();
    let mut browser = waiting(&portal, EMAIL);
    let code = portal.code_for(EMAIL);
    for _ in 0..4 {
        assert_eq!(give(&mut browser, &wrong(&code)), 422);
    }
    assert_eq!(give(&mut browser, &code), 200);

    let mut browser = waiting(&portal, "second@newcomer.example");
    let code = portal.code_for("second@newcomer.example");
    for _ in 0..5 {
        assert_eq!(give(&mut browser, &wrong(&code)), 422);
    }
    assert_eq!(give(&mut browser, &code), 422);
    assert_eq!(portal.number("SELECT count(*) AS n FROM accounts"), 1);
}

#[test]
fn the_code_is_good_for_thirty_minutes() {
    let portal = open();
    let (mut early, mut late) = (waiting(&portal, EMAIL), waiting(&portal, "late@newcomer.example"));
    portal.clock.advance(30 * MINUTE - SECOND);
    assert_eq!(give(&mut early, &portal.code_for(EMAIL)), 200);
    portal.clock.advance(SECOND);
    assert_eq!(give(&mut late, &portal.code_for("late@newcomer.example")), 422);
}

#[test]
fn the_code_alone_is_worth_nothing() {
    let portal = open();
    let mut browser = waiting(&portal, EMAIL);
    let code = portal.code_for(EMAIL);
    // A browser that never asked is sent to the beginning.
    let mut other = Browser::new(&portal.url);
    assert_eq!(other.visit("/activate").heading(), "Register");
    assert_eq!(other.post("/activate", &[("code", &code)]).headers()["location"], "/register");
    // One that asked for the same address waits for a code of its own.
    let mut rival = waiting(&portal, EMAIL);
    assert_eq!(give(&mut rival, &code), 422);
    assert_eq!(give(&mut browser, &code), 200);
    // The rival's own code comes too late for this address.
    let own = portal.code_for(EMAIL);
    assert_eq!(give(&mut rival, &own), 422);
    assert_eq!(portal.number("SELECT count(*) AS n FROM accounts"), 1);
    assert_eq!(portal.number("SELECT count(*) AS n FROM tenants"), 1);
}

#[test]
fn an_address_with_an_account_gets_another_mail_and_the_same_page() {
    let portal = open();
    portal.company("northwind");
    let taken = Person::Member.email("northwind");
    let mut browser = waiting(&portal, &taken);
    let new = waiting(&portal, EMAIL);
    let [taken_page, new_page] =
        [(&browser, taken.as_str()), (&new, EMAIL)].map(|(browser, email)| browser.page().text().replace(email, "…"));
    assert_eq!(taken_page, new_page);
    let letters = portal.mail_to(&taken);
    assert_eq!(letters.len(), 1);
    assert!(letters[0].contains("Subject: You have an account already"), "{}", letters[0]);
    assert_eq!(crate::support::code_in(&letters[0]), None);
    assert_eq!(give(&mut browser, "ABCD-EFGH"), 422);
    // The account is as it was.
    Browser::new(&portal.url).sign_in(&taken, COMPANY_PASSWORD);
}

#[test]
fn the_same_code_twice_at_once_makes_one_company() {
    let portal = open();
    let mut browser = waiting(&portal, EMAIL);
    browser.fill("Activation code", &portal.code_for(EMAIL));
    let requests = [browser.pressing("Activate account"), browser.pressing("Activate account")];
    thread::scope(|scope| {
        for request in requests {
            scope.spawn(move || request.send().unwrap());
        }
    });
    assert_eq!(portal.number("SELECT count(*) AS n FROM tenants"), 1);
    assert_eq!(portal.number("SELECT count(*) AS n FROM accounts"), 1);
}

#[test]
fn faults_are_told_where_they_are_and_the_password_is_not_sent_back() {
    let portal = open();
    let mut browser = Browser::new(&portal.url);
    browser.visit("/register");
    browser.fill("Your name", "Nora").fill("E-mail", "nora").fill("Password", "password1");
    let page = browser.press("Continue");
    assert_eq!(page.status, 422);
    assert_eq!(page.errors().len(), 2, "{:?}", page.errors());
    assert!(page.title().starts_with("Error:") && !page.html.contains("password1"));
    assert_eq!(page.value("name").as_deref(), Some("Nora"));
    // Steps can't be skipped.
    assert_eq!(browser.visit("/register/company").heading(), "Register");
    assert_eq!(browser.visit("/activate").heading(), "Register");
}

#[test]
fn where_it_is_closed_it_is_not_there() {
    let portal = TestPortal::spawn();
    portal.company("northwind");
    let mut browser = Browser::new(&portal.url);
    assert!(!browser.visit("/sign-in").has_link("Register"));
    for path in ["/register", "/register/company", "/activate"] {
        assert_eq!(browser.visit(path).status, 404, "{path}");
        assert_eq!(browser.post(path, &[]).status(), 404, "{path}");
    }
}

#[test]
fn nothing_that_a_stranger_typed_is_mailed() {
    let portal = open();
    portal.company("northwind");
    let taken = Person::Member.email("northwind");
    for email in [taken.as_str(), EMAIL] {
        let mut browser = Browser::new(&portal.url);
        browser.visit("/register");
        browser.fill("Your name", "You won, visit evil.example").fill("E-mail", email).fill("Password", PASSWORD);
        browser.press("Continue");
        browser.fill("Company name", "evil.example");
        assert_eq!(browser.press("Continue").heading(), "Activate your account");
        let letters = portal.mail_to(email);
        assert_eq!(letters.len(), 1);
        assert!(!letters[0].contains("evil.example"), "{}", letters[0]);
    }
}
