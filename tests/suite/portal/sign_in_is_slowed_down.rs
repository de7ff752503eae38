//! Guessing passwords is slow: per account and per address, over all instances, and whether or not there is an account.

use std::thread;
use std::time::{Duration, Instant};

use crate::support::{Browser, MINUTE, PASSWORD, Person, SECOND, TestPortal};

const WRONG: &str = "a wrong test password";

fn northwind() -> (TestPortal, Browser, String) {
    let portal = TestPortal::spawn();
    portal.company("northwind");
    let browser = Browser::new(&portal.url);
    (portal, browser, Person::Developer.email("northwind"))
}

/// Status and, where it is told, how many seconds to wait.
fn guess(browser: &mut Browser, email: &str, password: &str) -> (u16, Option<u64>) {
    let page = browser.try_sign_in(email, password);
    let wait = page.headers.get("retry-after").map(|wait| wait.to_str().unwrap().parse().unwrap());
    (page.status, wait)
}

#[test]
fn after_five_failures_even_the_right_password_waits_a_minute() {
    let (portal, mut browser, email) = northwind();
    for _ in 0..5 {
        assert_eq!(guess(&mut browser, &email, WRONG), (422, None));
    }
    assert_eq!(guess(&mut browser, &email, WRONG), (429, Some(60)));
    assert_eq!(guess(&mut browser, &email.to_uppercase(), PASSWORD), (429, Some(60)));
    assert!(browser.page().sees("Too many tries"));
    portal.clock.advance(MINUTE - SECOND);
    assert_eq!(guess(&mut browser, &email, PASSWORD), (429, Some(1)));
    assert!(!browser.is_signed_in());
    // Others are not kept out by it.
    portal.signed_in(Person::Approver, "northwind");
    portal.clock.advance(SECOND);
    browser.sign_in(&email, PASSWORD);
    assert!(browser.is_signed_in());
    assert_eq!(portal.number("SELECT count(*) AS n FROM audit_events WHERE action = 'sign_in.blocked'"), 1);
}

#[test]
fn each_block_is_twice_as_long_up_to_fifteen_minutes() {
    let (portal, mut browser, email) = northwind();
    for _ in 0..4 {
        assert_eq!(guess(&mut browser, &email, WRONG).0, 422);
    }
    for wait in [60, 120, 240, 480, 900, 900] {
        assert_eq!(guess(&mut browser, &email, WRONG), (422, None));
        assert_eq!(guess(&mut browser, &email, WRONG), (429, Some(wait)));
        portal.clock.advance(Duration::from_secs(wait));
    }
    // What is older than a quarter of an hour is forgotten.
    portal.clock.advance(SECOND);
    for _ in 0..5 {
        assert_eq!(guess(&mut browser, &email, WRONG), (422, None));
    }
    assert_eq!(guess(&mut browser, &email, WRONG), (429, Some(60)));
}

#[test]
fn the_right_password_wipes_the_failures_out() {
    let (portal, mut browser, email) = northwind();
    for _ in 0..3 {
        for _ in 0..4 {
            assert_eq!(guess(&mut browser, &email, WRONG).0, 422);
        }
        browser.sign_in(&email, PASSWORD);
        browser.post("/sign-out", &[]);
    }
    // Nobody was kept from anything, and the trail does not say so.
    assert_eq!(portal.number("SELECT count(*) AS n FROM audit_events WHERE action = 'sign_in.blocked'"), 0);
}

#[test]
fn an_address_is_blocked_after_thirty_failures_on_any_accounts() {
    let portal = TestPortal::spawn_with(|config| config.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()]);
    portal.company("northwind");
    let browser = Browser::new(&portal.url);
    let right = Person::Developer.email("northwind");
    let from = |address: &str, email: &str, password: &str| {
        let body = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("email", email)
            .append_pair("password", password)
            .finish();
        let request = browser.http.post(format!("{}/sign-in", portal.url)).header("origin", &portal.url);
        let request =
            request.header("content-type", "application/x-www-form-urlencoded").header("x-forwarded-for", address);
        request.body(body).send().unwrap().status().as_u16()
    };
    for number in 0..30 {
        assert_eq!(from("198.51.100.7", &format!("somebody{number}@example.com"), WRONG), 422);
    }
    assert_eq!(from("198.51.100.7", &right, PASSWORD), 429);
    // What the guesser claims to have come through does not help.
    assert_eq!(from("203.0.113.9, 198.51.100.7", &right, PASSWORD), 429);
    assert_eq!(from("198.51.100.8", &right, PASSWORD), 303);
    portal.clock.advance(MINUTE);
    assert_eq!(from("198.51.100.7", &right, PASSWORD), 303);
}

#[test]
fn all_instances_count_together() {
    let (portal, mut browser, email) = northwind();
    let second = portal.another_instance();
    let mut through_second = browser.through(&second.url);
    for _ in 0..3 {
        assert_eq!(guess(&mut browser, &email, WRONG).0, 422);
    }
    for _ in 0..2 {
        assert_eq!(guess(&mut through_second, &email, WRONG).0, 422);
    }
    assert_eq!(guess(&mut browser, &email, PASSWORD).0, 429);
    assert_eq!(guess(&mut through_second, &email, PASSWORD).0, 429);
}

#[test]
fn of_forty_guesses_at_once_five_are_looked_at() {
    let (portal, mut browser, email) = northwind();
    let statuses: Vec<u16> = thread::scope(|scope| {
        let guesses: Vec<_> =
            (0..40).map(|_| scope.spawn(|| Browser::new(&portal.url).try_sign_in(&email, WRONG).status)).collect();
        guesses.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let answered = |wanted| statuses.iter().filter(|status| **status == wanted).count();
    assert_eq!((answered(422), answered(429)), (5, 35), "{statuses:?}");
    assert_eq!(guess(&mut browser, &email, PASSWORD), (429, Some(60)));
}

#[test]
fn an_unknown_account_is_answered_alike() {
    let (portal, mut browser, email) = northwind();
    portal.sql("UPDATE accounts SET activated_at = NULL WHERE email_key = 'member@northwind.example'");
    let page = browser.try_sign_in(&email, WRONG);
    let (status, known) = (page.status, page.text());
    for other in ["nobody@northwind.example", "member@northwind.example"] {
        let page = browser.try_sign_in(other, PASSWORD);
        assert_eq!((page.status, page.text()), (status, known.clone()), "{other}");
    }
    // It is slowed down alike too, or the block would tell.
    for _ in 0..4 {
        assert_eq!(guess(&mut browser, "nobody@northwind.example", WRONG).0, 422);
    }
    assert_eq!(guess(&mut browser, "nobody@northwind.example", WRONG), (429, Some(60)));
}

/// Not a claim about nanoseconds: only that a password is hashed for an unknown account too.
#[test]
fn an_unknown_account_costs_the_same_work() {
    let (portal, _, email) = northwind();
    let operations = &portal.application.operations;
    let time = |email: &str| {
        portal.clock.advance(16 * MINUTE);
        let begun = Instant::now();
        assert!(operations.sign_in(email, WRONG.to_owned().into(), "192.0.2.1").unwrap().is_none());
        begun.elapsed()
    };
    let (mut known, mut unknown): (Vec<_>, Vec<_>) = (0..7).map(|_| (time(&email), time("nobody@example.com"))).unzip();
    known.sort_unstable();
    unknown.sort_unstable();
    let (known, unknown) = (known[3], unknown[3]);
    assert!(known < unknown * 3 && unknown < known * 3, "{known:?} {unknown:?}");
}

#[test]
fn asking_for_a_new_password_does_not_tell_who_has_an_account() {
    let (portal, mut browser, email) = northwind();
    portal.sql("UPDATE accounts SET activated_at = NULL WHERE email_key = 'member@northwind.example'");
    let mut ask = |email: &str| {
        browser.visit("/password-reset");
        browser.fill("E-mail", email);
        let page = browser.press("Send code");
        (page.status, page.path.clone(), page.text())
    };
    let known = ask(&email);
    assert_eq!(known.0, 200);
    assert_eq!(ask("nobody@northwind.example"), known);
    assert_eq!(ask("member@northwind.example"), known);
    assert_eq!(portal.mail_to(&email).len(), 1);
    assert_eq!(portal.number("SELECT count(*) AS n FROM outbox"), 0);
    assert!(portal.mail_to("member@northwind.example").is_empty());
}

#[test]
fn one_address_may_not_ask_for_many_codes() {
    let (portal, mut browser, _) = northwind();
    let mut ask = |number: i32| {
        browser.visit("/password-reset");
        browser.fill("E-mail", &format!("somebody{number}@example.com"));
        browser.press("Send code").status
    };
    for number in 0..10 {
        assert_eq!(ask(number), 200);
    }
    assert_eq!(ask(10), 429);
    portal.clock.advance(MINUTE);
    assert_eq!(ask(10), 200);
}

#[test]
fn one_person_gets_five_codes_and_then_a_pause_whoever_asks() {
    let (portal, _, email) = northwind();
    let operations = &portal.application.operations;
    let mails = |email: &str| portal.mail_to(email).len();
    let mut asked = 0;
    let mut ask = |email: &str, times: usize| {
        for _ in 0..times {
            asked += 1;
            // The answer is the same for everybody, whether a mail goes out or not.
            operations.request_password_reset(email, &format!("192.0.2.{asked}")).unwrap();
        }
    };
    ask(&email, 8);
    assert_eq!(mails(&email), 5);
    // Asking during the pause does not prolong it.
    portal.clock.advance(59 * MINUTE);
    ask(&email.to_uppercase(), 3);
    assert_eq!(mails(&email), 0);
    ask("member@northwind.example", 1);
    assert_eq!(mails("member@northwind.example"), 1, "somebody else's count is their own");
    portal.clock.advance(MINUTE);
    ask(&email, 7);
    assert_eq!(mails(&email), 5);
    // Nobody learns from it who has an account.
    ask("nobody@example.com", 7);
    assert_eq!(portal.number("SELECT count(*) AS n FROM outbox"), 0);
    let blocked = "SELECT count(*) AS n FROM throttles WHERE bucket LIKE 'codes-to:%' AND blocked_until > 0";
    assert_eq!(portal.number(blocked), 2, "the same is noted of either");
}

#[test]
fn what_is_no_address_is_nobodys() {
    let (_portal, browser, _) = northwind();
    for email in ["", "no address at all", "nul\0@northwind.example", "x".repeat(10_000).as_str()] {
        let answer = browser.post("/sign-in", &[("email", email), ("password", WRONG)]);
        assert_eq!(answer.status(), 422, "{email:.40}");
    }
}

#[test]
fn one_address_may_not_begin_to_register_without_end() {
    let portal = TestPortal::spawn_with(|config| config.registration_open = true);
    let browser = Browser::new(&portal.url);
    let begin = || {
        let form = [("name", "Nora"), ("email", "nora@newcomer.example"), ("password", "granite lantern orchard")];
        browser.post("/register", &form).status()
    };
    for _ in 0..30 {
        assert_eq!(begin(), 303);
    }
    assert_eq!(begin(), 429);
    portal.clock.advance(MINUTE);
    assert_eq!(begin(), 303);
}

#[test]
fn who_belongs_to_no_company_is_told_so() {
    let (portal, mut browser, email) = northwind();
    browser.sign_in(&email, PASSWORD);
    portal.sql("DELETE FROM members");
    assert_eq!(browser.visit("/").heading(), "Sign in", "the open session is worth nothing");
    let page = browser.try_sign_in(&email, PASSWORD);
    assert_eq!((page.status, page.heading().as_str()), (403, "You belong to no company"));
    assert!(page.sees(&email));
    assert!(!browser.is_signed_in());
}
