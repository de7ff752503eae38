//! Each company says how long sessions last, and it holds from the next request on.

use crate::support::{Browser, DAY, HOUR, MINUTE, PASSWORD, Person, SECOND, TestPortal};

fn northwind() -> TestPortal {
    let portal = TestPortal::spawn();
    portal.company("northwind");
    portal.company("elsewhere");
    portal
}

fn say(portal: &TestPortal, idle_minutes: u32, hours: u32) {
    let statement = format!(
        "UPDATE tenants SET session_idle_minutes = {idle_minutes}, session_hours = {hours} WHERE name = 'northwind'"
    );
    assert_eq!(portal.sql(&statement), 1);
}

fn developer(portal: &TestPortal) -> Browser {
    portal.signed_in(Person::Developer, "northwind")
}

#[test]
fn unused_ones_end() {
    let portal = northwind();
    say(&portal, 15, 12);
    let mut browser = developer(&portal);
    let mut elsewhere = portal.signed_in(Person::Developer, "elsewhere");
    for _ in 0..4 {
        portal.clock.advance(15 * MINUTE - SECOND);
        assert!(browser.is_signed_in());
    }
    assert!(browser.page().sees("In northwind a session ends 15 minutes after it was last used, and 12 hours after"));
    portal.clock.advance(15 * MINUTE);
    assert!(!browser.is_signed_in());
    assert!(elsewhere.is_signed_in());
}

#[test]
fn very_short_ones_are_counted_exactly() {
    let portal = northwind();
    say(&portal, 1, 12);
    let mut browser = developer(&portal);
    for _ in 0..10 {
        portal.clock.advance(50 * SECOND);
        assert!(browser.is_signed_in());
    }
    portal.clock.advance(MINUTE);
    assert!(!browser.is_signed_in());
}

#[test]
fn long_ones_last() {
    let portal = northwind();
    say(&portal, 24 * 60, 168);
    let mut browser = developer(&portal);
    for _ in 0..7 {
        portal.clock.advance(DAY - SECOND);
        portal.application.operations.tidy_up(|| true).unwrap();
        assert!(browser.is_signed_in());
    }
    portal.clock.advance(7 * SECOND);
    assert!(!browser.is_signed_in());
}

#[test]
fn old_ones_end_however_busy() {
    let portal = northwind();
    say(&portal, 120, 3);
    let mut browser = developer(&portal);
    for _ in 0..2 {
        portal.clock.advance(HOUR);
        assert!(browser.is_signed_in());
    }
    portal.clock.advance(HOUR - SECOND);
    assert!(browser.is_signed_in());
    portal.clock.advance(SECOND);
    assert!(!browser.is_signed_in());
}

#[test]
fn a_change_acts_on_the_next_request() {
    let portal = northwind();
    let mut browser = developer(&portal);
    portal.clock.advance(30 * MINUTE);
    say(&portal, 30, 12);
    assert!(!browser.is_signed_in());
    // It does not come back when more is allowed again.
    say(&portal, 120, 12);
    assert!(!browser.is_signed_in());
    let mut browser = developer(&portal);
    portal.clock.advance(HOUR);
    say(&portal, 120, 1);
    assert!(!browser.is_signed_in());
}

#[test]
fn looking_at_pages_for_everybody_does_not_stretch_it() {
    let portal = northwind();
    say(&portal, 15, 12);
    let mut browser = developer(&portal);
    let mut tab = browser.tab();
    portal.clock.advance(16 * MINUTE);
    assert_eq!(tab.visit("/sign-in").heading(), "Sign in");
    assert!(!browser.is_signed_in());
}

#[test]
fn what_was_typed_is_not_lost() {
    let portal = northwind();
    say(&portal, 5, 12);
    let mut browser = developer(&portal);
    browser.visit("/services/new");
    browser.fill("Name", "Shop").fill("Domain", "shop.example.com");
    portal.clock.advance(6 * MINUTE);
    assert_eq!(browser.press("Add service").status, 401);
    browser.fill("E-mail", &Person::Developer.email("northwind")).fill("Password", PASSWORD);
    assert_eq!(browser.press("Sign in").heading(), "You are signed in again");
    assert_eq!(browser.press("Send the form").heading(), "Shop");
}

/// The form comes in pieces, and the last one late.
struct Slow(Vec<&'static [u8]>);

impl std::io::Read for Slow {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let Some(piece) = self.0.pop() else { return Ok(0) };
        std::thread::sleep(SECOND / 5);
        into[..piece.len()].copy_from_slice(piece);
        Ok(piece.len())
    }
}

#[test]
fn what_was_typed_is_not_lost_on_a_slow_line_either() {
    let portal = northwind();
    let browser = developer(&portal);
    portal.clock.advance(3 * HOUR);
    let request = browser.http.post(format!("{}/services", portal.url)).header("origin", &portal.url);
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let body = reqwest::blocking::Body::new(Slow(vec![b"&domain=shop.example.com", b"name=Shop"]));
    let answer = request.body(body).send().expect("an answer");
    assert_eq!(answer.status(), 401);
    let page = answer.text().expect("a page");
    assert!(page.contains("Nothing that you typed is lost") && page.contains("shop.example.com"), "{page}");
}

#[test]
fn ended_ones_are_not_listed() {
    let portal = northwind();
    say(&portal, 15, 12);
    let _forgotten = developer(&portal);
    portal.clock.advance(16 * MINUTE);
    let mut browser = developer(&portal);
    browser.visit("/account");
    assert!(!browser.page().has_button("End this session"), "{}", browser.page().text());
    say(&portal, 120, 12);
    browser.visit("/account");
    assert!(browser.page().has_button("End this session"));
}
