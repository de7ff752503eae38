//! What can't be undone asks for the password, unless it was given within the last 15 minutes, and loses nothing typed.

use keywright::domain::client::ClientType;

use crate::support::{Browser, MINUTE, PASSWORD, Person, SECOND, TestPortal};

const WRONG: &str = "a wrong test password";

/// An administrator on the form that adds a secret, and the paths of service and client.
fn about_to_add() -> (TestPortal, Browser, String, String) {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let service = portal.service(&company, "Shop");
    let client = portal.client(&company, service, ClientType::ClientCredentials, "Till");
    let mut browser = portal.signed_in(Person::Administrator, "northwind");
    browser.visit(&format!("/clients/{client}/secrets/new"));
    (portal, browser, format!("/services/{service}"), format!("/clients/{client}"))
}

fn asked(browser: &Browser) -> bool {
    browser.page().heading() == "Confirm it's you"
}

#[test]
fn within_fifteen_minutes_it_is_not_asked_for() {
    let (portal, mut browser, _, _) = about_to_add();
    portal.clock.advance(15 * MINUTE - SECOND);
    browser.press("Add secret");
    assert_eq!(browser.page().heading(), "Your new secret is ready");
}

#[test]
fn after_fifteen_minutes_it_is() {
    let (portal, mut browser, _, _) = about_to_add();
    portal.clock.advance(15 * MINUTE);
    browser.press("Add secret");
    assert!(asked(&browser));
    assert_eq!(portal.number("SELECT count(*) AS n FROM secrets"), 0);
}

#[test]
fn the_whole_form_is_carried_along() {
    let (portal, mut browser, _, client) = about_to_add();
    browser.fill("Description", "Backend \"EU\" <1> & ü").tick("Never expires");
    portal.clock.advance(16 * MINUTE);
    browser.press("Add secret");
    assert!(asked(&browser));
    // A mistyped password loses nothing either.
    browser.fill("Password", WRONG);
    let page = browser.press("Confirm");
    assert_eq!(page.status, 422);
    assert!(page.title().starts_with("Error:") && !page.html.contains(WRONG));
    assert_eq!(page.errors(), ["This is not your password. Type it again."]);
    browser.fill("Password", PASSWORD);
    browser.press("Confirm");
    assert_eq!(browser.page().heading(), "Your new secret is ready", "{}", browser.page().text());
    assert!(browser.page().sees("Backend \"EU\" <1> & ü") && browser.page().sees("never expires"));
    assert_eq!(portal.number("SELECT count(*) AS n FROM secrets WHERE expires_at IS NULL"), 1);

    // Given once, it is good for the next quarter of an hour.
    portal.clock.advance(15 * MINUTE - SECOND);
    browser.visit(&format!("{client}/secrets/new"));
    browser.press("Add secret");
    assert!(!asked(&browser));
}

/// Where "Cancel" leads from the question for the password.
fn cancelled(browser: &mut Browser) -> String {
    assert!(asked(browser), "{}", browser.page().text());
    browser.follow("Cancel").path.clone()
}

#[test]
fn cancelling_leads_back_to_the_form() {
    let (portal, mut browser, service, client) = about_to_add();
    portal.clock.advance(16 * MINUTE);
    let form = format!("{client}/secrets/new");
    browser.press("Add secret");
    assert_eq!(cancelled(&mut browser), form);
    // Also after a mistyped password.
    browser.press("Add secret");
    browser.fill("Password", WRONG).press("Confirm");
    assert_eq!(cancelled(&mut browser), form);
    // A page that has the address of what is sent.
    let deletion = format!("{service}/deletion");
    browser.visit(&deletion);
    browser.press("Delete service");
    assert_eq!(cancelled(&mut browser), deletion);
    // A form with a mistake stands at an address without a page.
    browser.visit(&form);
    browser.fill("Expiration date", "yesterday").press("Add secret");
    browser.fill("Password", PASSWORD).press("Confirm");
    assert_eq!(browser.page().status, 422);
    portal.clock.advance(16 * MINUTE);
    browser.tick("Never expires").press("Add secret");
    assert_eq!(cancelled(&mut browser), "/");
    // So may another form on that page.
    let from = format!("{}{client}/secrets", portal.url);
    let post =
        browser.http.post(format!("{}{deletion}", portal.url)).header("origin", &portal.url).header("referer", from);
    let page =
        post.header("content-type", "application/x-www-form-urlencoded").body("").send().unwrap().text().unwrap();
    assert!(page.contains("Confirm it&#39;s you") && page.contains("href=\"/\">Cancel<"), "{page}");
    // Whatever a form says, it leads nowhere else.
    let page = browser.post(&deletion, &[("confirm_cancel", "https://evil.example/")]).text().unwrap();
    assert!(page.contains("Confirm it&#39;s you") && page.contains("href=\"/\">Cancel<"), "{page}");
}

#[test]
fn a_fault_in_the_form_is_told_after_it() {
    let (portal, mut browser, _, _) = about_to_add();
    browser.fill("Description", "kept").fill("Expiration date", "yesterday");
    portal.clock.advance(16 * MINUTE);
    browser.press("Add secret");
    browser.fill("Password", PASSWORD);
    let page = browser.press("Confirm");
    assert_eq!(page.status, 422);
    assert_eq!(page.value("description").as_deref(), Some("kept"));
    assert!(!page.html.contains(PASSWORD));
    browser.tick("Never expires");
    browser.press("Add secret");
    assert_eq!(browser.page().heading(), "Your new secret is ready");
}

#[test]
fn wrong_ones_are_counted_apart_from_those_at_sign_in() {
    let (portal, mut browser, _, client) = about_to_add();
    portal.clock.advance(16 * MINUTE);
    browser.press("Add secret");
    for _ in 0..5 {
        browser.fill("Password", WRONG);
        assert_eq!(browser.press("Confirm").status, 422);
    }
    browser.fill("Password", PASSWORD);
    let refused = browser.press("Confirm");
    assert_eq!(refused.status, 429);
    assert_eq!(refused.headers["retry-after"], "60");
    assert_eq!(portal.number("SELECT count(*) AS n FROM secrets"), 0);
    let mut other = Browser::new(&portal.url);
    let email = Person::Administrator.email("northwind");
    assert_eq!(other.try_sign_in(&email, PASSWORD).path, "/");
    // Still signed in, for what is not sensitive.
    assert_eq!(browser.visit(&client).status, 200);
    portal.clock.advance(MINUTE);
    // Whoever guesses at sign-in meanwhile keeps nobody who is signed in from their work.
    for _ in 0..5 {
        Browser::new(&portal.url).try_sign_in(&email, WRONG);
    }
    assert_eq!(Browser::new(&portal.url).try_sign_in(&email, PASSWORD).status, 429);
    browser.visit(&format!("{client}/secrets/new"));
    browser.press("Add secret");
    browser.fill("Password", PASSWORD);
    browser.press("Confirm");
    assert_eq!(browser.page().heading(), "Your new secret is ready");
}

#[test]
fn every_act_that_ends_or_shows_something_asks() {
    let (portal, mut browser, service, client) = about_to_add();
    browser.press("Add secret");
    let reveal = browser.page().path.clone();
    browser.visit(&client);
    let secrets: Vec<String> =
        browser.page().html.split('"').filter(|part| part.starts_with("/secrets/")).map(ToOwned::to_owned).collect();
    let deletion = secrets.iter().find(|path| path.ends_with("/deletion")).unwrap();
    let rotation = secrets.iter().find(|path| path.ends_with("/rotation")).unwrap();
    portal.clock.advance(15 * MINUTE);
    for (path, button) in [
        (rotation.as_str(), "Rotate secret"),
        (deletion, "Delete secret"),
        (&format!("{client}/deletion"), "Delete client"),
        (&format!("{service}/deletion"), "Delete service"),
    ] {
        browser.visit(path);
        browser.press(button);
        assert!(asked(&browser), "{path}: {}", browser.page().text());
    }
    browser.post(&reveal, &[]);
    assert_eq!(portal.number("SELECT count(*) AS n FROM secrets"), 1);
    assert_eq!(portal.number("SELECT count(*) AS n FROM clients WHERE status = 'active'"), 1);
    assert_eq!(portal.number("SELECT count(*) AS n FROM services WHERE status = 'active'"), 1);
}

#[test]
fn another_persons_password_is_not_enough() {
    let (portal, mut browser, _, _) = about_to_add();
    portal.sql("UPDATE accounts SET password_hash = 'none' WHERE email_key = 'administrator@northwind.example'");
    portal.clock.advance(16 * MINUTE);
    browser.press("Add secret");
    browser.fill("Password", PASSWORD);
    assert_eq!(browser.press("Confirm").status, 422);
}
