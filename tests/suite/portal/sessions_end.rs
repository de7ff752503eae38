//! Sessions end: when idle, when old, when told to, with the password, and with the membership.

use std::thread;

use keywright::operations::sessions::SessionState;

use crate::support::{Browser, HOUR, MINUTE, PASSWORD, Person, SECOND, TestPortal};

const NEW_PASSWORD: &str = "granite lantern orchard";

fn northwind() -> TestPortal {
    let portal = TestPortal::spawn();
    portal.company("northwind");
    portal
}

fn developer(portal: &TestPortal) -> Browser {
    portal.signed_in(Person::Developer, "northwind")
}

fn key(browser: &Browser) -> String {
    browser.cookie("/", "keywright").expect("a session")
}

#[test]
fn after_two_hours_without_a_request() {
    let portal = northwind();
    let mut browser = developer(&portal);
    portal.clock.advance(2 * HOUR - SECOND);
    assert!(browser.is_signed_in());
    portal.clock.advance(2 * HOUR - SECOND);
    assert!(browser.is_signed_in());
    portal.clock.advance(2 * HOUR);
    assert!(!browser.is_signed_in());
    assert_eq!(browser.page().heading(), "Sign in");
}

#[test]
fn twelve_hours_after_they_began_however_busy() {
    let portal = northwind();
    let mut browser = developer(&portal);
    for _ in 0..11 {
        portal.clock.advance(HOUR);
        assert!(browser.is_signed_in());
    }
    // Giving the password again makes a new key, not a new day.
    browser.visit("/account");
    browser.fill("Current password", PASSWORD).fill("New password", NEW_PASSWORD);
    assert_eq!(browser.press("Change password").status, 200);
    portal.clock.advance(HOUR - SECOND);
    assert!(browser.is_signed_in());
    portal.clock.advance(SECOND);
    assert!(!browser.is_signed_in());
}

#[test]
fn signing_in_makes_a_new_key_and_ends_the_old() {
    let portal = northwind();
    let mut browser = developer(&portal);
    let (before, mut stolen) = (key(&browser), browser.copied("/"));
    assert!(stolen.is_signed_in());
    let email = Person::Approver.email("northwind");
    assert_eq!(browser.post("/sign-in", &[("email", &email), ("password", PASSWORD)]).status(), 303);
    assert_ne!(key(&browser), before);
    assert!(browser.is_signed_in() && browser.page().sees(&email));
    assert!(!stolen.is_signed_in());
    assert_eq!(portal.number("SELECT count(*) AS n FROM sessions"), 1);
}

#[test]
fn a_key_that_nobody_was_given_is_not_taken_on() {
    let portal = northwind();
    let mut browser = Browser::new(&portal.url);
    let planted = developer(&portal);
    planted.post("/sign-out", &[]);
    // A browser that carries somebody else's dead key gets a key of its own at sign-in.
    let mut victim = planted.copied("/");
    victim.sign_in(&Person::Member.email("northwind"), PASSWORD);
    browser.sign_in(&Person::Member.email("northwind"), PASSWORD);
    assert_ne!(key(&victim), key(&browser));
    assert!(victim.is_signed_in());
}

#[test]
fn confirming_the_password_makes_a_new_key_and_ends_the_old() {
    let portal = northwind();
    let company = portal.company("southwind");
    let service = portal.service(&company, "Shop");
    let mut browser = portal.signed_in(Person::Administrator, "southwind");
    portal.clock.advance(16 * MINUTE);
    let (before, mut stolen) = (key(&browser), browser.copied("/"));
    browser.visit(&format!("/services/{service}/deletion"));
    browser.press("Delete service");
    assert_eq!(browser.page().heading(), "Confirm it's you");
    assert_eq!(key(&browser), before);
    browser.fill("Password", PASSWORD);
    assert_eq!(browser.press("Confirm").status, 200);
    assert_ne!(key(&browser), before);
    assert!(browser.is_signed_in());
    assert!(!stolen.is_signed_in());
}

#[test]
fn signing_out_ends_it_on_every_instance() {
    let portal = northwind();
    let second = portal.another_instance();
    let mut browser = developer(&portal);
    let mut stolen = browser.copied("/");
    let mut there = browser.through(&second.url);
    assert!(there.is_signed_in() && stolen.is_signed_in());
    browser.visit("/account");
    assert!(browser.press("Sign out").sees("You are signed out."));
    assert!(!there.is_signed_in());
    assert!(!stolen.through(&second.url).is_signed_in());
    assert!(!stolen.is_signed_in());
    assert_eq!(portal.number("SELECT count(*) AS n FROM sessions"), 0);
}

#[test]
fn one_of_ones_own_can_be_ended_from_another() {
    let portal = northwind();
    let (mut here, mut there, mut other) =
        (developer(&portal), developer(&portal), portal.signed_in(Person::Approver, "northwind"));
    here.visit("/account");
    assert!(here.press("End this session").sees("The session has ended."));
    assert!(!there.is_signed_in());
    assert!(here.is_signed_in() && other.is_signed_in());
}

#[test]
fn nobody_elses_can_be_ended() {
    let portal = northwind();
    let mut browser = developer(&portal);
    let other = portal.signed_in(Person::Approver, "northwind");
    let mut other_tab = developer(&portal);
    other_tab.visit("/account");
    let form = other_tab.page().html.clone();
    let end = form.split('"').find(|part| part.starts_with("/account/sessions/") && part.ends_with("/end")).unwrap();
    other.post(end, &[]);
    assert!(browser.is_signed_in() && other_tab.is_signed_in());
}

#[test]
fn all_others_can_be_ended_at_once() {
    let portal = northwind();
    let (mut here, mut second, mut third) = (developer(&portal), developer(&portal), developer(&portal));
    let mut other = portal.signed_in(Person::Approver, "northwind");
    here.visit("/account");
    assert!(
        here.press("End all other sessions")
            .sees("All your other sessions have ended, and so has what applications held")
    );
    assert!(!second.is_signed_in() && !third.is_signed_in());
    assert!(here.is_signed_in() && other.is_signed_in());
    here.visit("/account");
    assert!(!here.page().has_button("End all other sessions"));
}

#[test]
fn a_changed_password_ends_the_others() {
    let portal = northwind();
    let (mut here, mut there) = (developer(&portal), developer(&portal));
    let mut stolen = here.copied("/");
    here.visit("/account");
    here.fill("Current password", "a wrong test password").fill("New password", NEW_PASSWORD);
    assert_eq!(here.press("Change password").status, 422);
    assert!(there.is_signed_in());
    here.fill("Current password", PASSWORD).fill("New password", NEW_PASSWORD);
    assert!(here.press("Change password").sees("Your other sessions have ended."));
    assert!(here.is_signed_in());
    assert!(!there.is_signed_in());
    // Who had this session's key has it no longer.
    assert!(!stolen.is_signed_in());
    assert_eq!(there.try_sign_in(&Person::Developer.email("northwind"), PASSWORD).status, 422);
    there.sign_in(&Person::Developer.email("northwind"), NEW_PASSWORD);
}

#[test]
fn a_reset_password_ends_all() {
    let portal = northwind();
    let email = Person::Developer.email("northwind");
    let (mut here, mut there) = (developer(&portal), developer(&portal));
    let mut asking = Browser::new(&portal.url);
    asking.visit("/password-reset");
    asking.fill("E-mail", &email);
    asking.press("Send code");
    asking.fill("Code", &portal.code_for(&email)).fill("New password", NEW_PASSWORD);
    assert_eq!(asking.press("Set new password").heading(), "Sign in");
    assert!(!here.is_signed_in() && !there.is_signed_in());
    assert!(!asking.is_signed_in());
    asking.sign_in(&email, NEW_PASSWORD);
}

#[test]
fn what_races_with_the_sign_out_does_not_bring_it_back() {
    let portal = northwind();
    for round in 0..5 {
        let browser = developer(&portal);
        let mut stolen = browser.copied("/");
        let name = format!("Dora {round}");
        thread::scope(|scope| {
            scope.spawn(|| browser.post("/sign-out", &[]));
            for _ in 0..3 {
                scope.spawn(|| browser.http.get(format!("{}/services", portal.url)).send().unwrap());
                scope.spawn(|| browser.post("/account/name", &[("name", &name)]));
            }
        });
        assert!(!stolen.is_signed_in());
        assert_eq!(portal.number("SELECT count(*) AS n FROM sessions"), 0);
    }
}

#[test]
fn a_sign_out_that_meets_a_new_key_ends_that_too() {
    let portal = northwind();
    let browser = developer(&portal);
    let mut stolen = browser.copied("/");
    let old = stolen.copied("/");
    stolen.visit("/account");
    stolen.fill("Current password", PASSWORD).fill("New password", NEW_PASSWORD);
    // Both were loaded under the old key; the one that signs out is only done after the other got a new one.
    let account =
        portal.application.operations.sign_in(&Person::Developer.email("northwind"), PASSWORD.to_owned().into(), "");
    let account = account.unwrap().expect("the password is right");
    let sessions = portal.application.db.read(|reader| {
        keywright::db::sessions::of_account(reader, account, portal.clock.now(), portal.clock.now().minus(HOUR))
    });
    let session = sessions.unwrap()[0].id;
    assert_eq!(stolen.press("Change password").status, 200);
    assert_ne!(key(&stolen), key(&old));
    assert!(stolen.is_signed_in());
    portal.application.operations.sign_out(account, session).unwrap();
    assert!(!stolen.is_signed_in());
}

#[test]
fn a_session_ended_while_it_is_written_stays_ended() {
    let portal = northwind();
    developer(&portal);
    let operations = &portal.application.operations;
    let session = SessionState { account: None, tenant: None, state: "{}" };
    operations.begin_session("a key", &session, "", "", portal.clock.now()).unwrap();
    operations.end_session("a key").unwrap();
    operations.update_session("a key", None, |_| unreachable!("there is nothing to change")).unwrap();
    operations.update_session("a key", Some("another key"), |_| unreachable!("nor to go on")).unwrap();
    assert!(operations.load_session("a key").unwrap().is_none());
    assert!(operations.load_session("another key").unwrap().is_none());
}

#[test]
fn without_a_membership_there_is_no_session() {
    let portal = northwind();
    let mut browser = developer(&portal);
    let mut stolen = browser.copied("/");
    portal.sql("DELETE FROM members WHERE developer");
    let page = browser.visit("/services");
    assert_eq!((page.status, page.heading().as_str()), (200, "Sign in"));
    assert_eq!(browser.cookie("/", "keywright"), None);
    assert_eq!(portal.number("SELECT count(*) AS n FROM sessions"), 0);
    assert!(!stolen.is_signed_in());
    // The others stay.
    portal.signed_in(Person::Approver, "northwind");
}

#[test]
fn a_static_file_asks_nobody_who_it_is_for() {
    let portal = northwind();
    let mut browser = developer(&portal);
    let html = &browser.visit("/services").html;
    let style_sheet = html.split('"').find(|part| part.starts_with("/static/")).expect("a style sheet").to_owned();
    let before = portal.application.db.queries();
    assert_eq!(browser.visit(&style_sheet).status, 200);
    assert_eq!(portal.application.db.queries(), before);
    assert_eq!(browser.visit("/services").status, 200);
    assert!(portal.application.db.queries() > before);
}

#[test]
fn a_company_chosen_and_a_password_confirmed_stand_beside_what_the_session_knew() {
    let portal = northwind();
    let mut browser = developer(&portal);
    browser.visit("/account");
    browser.fill("Current password", PASSWORD).fill("New password", NEW_PASSWORD);
    assert_eq!(browser.press("Change password").status, 200);
    let state = portal.text("SELECT state AS words FROM sessions");
    for name in ["account", "password_at", "signed_in_at", "by_password", "begun_at", "address", "user_agent"] {
        assert!(state.contains(&format!("\"{name}\"")), "{name}: {state}");
    }
    // The key itself is the cookie's alone.
    assert!(!state.contains("\"key\"") && !state.contains("new_key"), "{state}");
}
