//! Recovery codes let somebody in whose authenticator is lost: each once, and shown once.

use std::thread;

use crate::support::{Browser, Enrolled, Person, TestPortal, recovery_codes_on};

fn enrolled() -> (TestPortal, Enrolled) {
    let portal = TestPortal::spawn();
    portal.company("northwind");
    let enrolled = portal.enrolled(Person::Developer, "northwind");
    (portal, enrolled)
}

fn left(portal: &TestPortal) -> i64 {
    portal.number("SELECT count(*) AS n FROM recovery_codes")
}

#[test]
fn ten_are_shown_once() {
    let (portal, mut enrolled) = enrolled();
    let codes = &enrolled.recovery_codes;
    assert_eq!(codes.len(), 10);
    assert!(codes.iter().all(|code| code.len() == 19 && code.matches('-').count() == 3), "{codes:?}");
    assert!(codes.iter().all(|code| codes.iter().filter(|other| *other == code).count() == 1), "{codes:?}");
    let page = enrolled.browser.visit("/account/second-factor");
    assert!(page.sees("10 of 10 left"));
    assert!(codes.iter().all(|code| !page.html.contains(code.as_str())));
    let kept = portal.everything_kept();
    for code in codes {
        for form in [code.clone(), code.replace('-', "")] {
            assert!(!kept.windows(form.len()).any(|window| window == form.as_bytes()), "{form} rests in the database");
        }
    }
}

#[test]
fn each_lets_in_once() {
    let (portal, enrolled) = enrolled();
    let [first, second] = [&enrolled.recovery_codes[3], &enrolled.recovery_codes[7]];
    let mut browser = enrolled.half_signed_in(&portal);
    // As it is typed in a hurry.
    browser.fill("Recovery code", &first.to_lowercase().replace('-', " "));
    assert_eq!(browser.press("Sign in").path, "/");
    let mail = portal.mail_to(&enrolled.email);
    assert!(mail.iter().any(|letter| letter.contains("9 are left")), "{mail:?}");
    assert_eq!(portal.number("SELECT count(*) AS n FROM audit_events WHERE action = 'recovery_code.used'"), 1);

    let mut browser = enrolled.half_signed_in(&portal);
    browser.fill("Recovery code", first);
    let page = browser.press("Sign in");
    assert_eq!((page.status, page.errors().len()), (422, 1));
    assert!(page.sees("none of your recovery codes"));
    // In the field for the app's codes it is none.
    browser.fill("Code", second);
    assert_eq!(browser.press("Sign in").status, 422);
    browser.fill("Recovery code", second);
    assert_eq!(browser.press("Sign in").path, "/");
    assert!(browser.visit("/account").sees("8 recovery codes are left"));
}

#[test]
fn of_two_who_use_one_at_once_one_gets_in() {
    let (portal, enrolled) = enrolled();
    for code in &enrolled.recovery_codes[..4] {
        let mut halves: Vec<Browser> = (0..3).map(|_| enrolled.half_signed_in(&portal)).collect();
        let statuses: Vec<u16> = thread::scope(|scope| {
            let tries: Vec<_> = halves
                .iter_mut()
                .map(|browser| {
                    browser.fill("Recovery code", code);
                    let request = browser.pressing("Sign in");
                    scope.spawn(move || request.send().unwrap().status().as_u16())
                })
                .collect();
            tries.into_iter().map(|one| one.join().unwrap()).collect()
        });
        assert_eq!(statuses.iter().filter(|status| **status == 303).count(), 1, "{statuses:?}");
    }
    assert_eq!(left(&portal), 6);
}

#[test]
fn somebody_elses_are_worth_nothing() {
    let (portal, enrolled) = enrolled();
    let other = portal.enrolled(Person::Approver, "northwind");
    let mut browser = other.half_signed_in(&portal);
    browser.fill("Recovery code", &enrolled.recovery_codes[0]);
    assert_eq!(browser.press("Sign in").status, 422);
    assert_eq!(left(&portal), 20);
}

#[test]
fn renewing_them_ends_those_from_before() {
    let (portal, mut enrolled) = enrolled();
    enrolled.browser.visit("/account/second-factor");
    enrolled.browser.press("Renew recovery codes");
    let renewed = recovery_codes_on(&enrolled.browser);
    assert_eq!((renewed.len(), left(&portal)), (10, 10));
    assert!(renewed.iter().all(|code| !enrolled.recovery_codes.contains(code)));
    let mut browser = enrolled.half_signed_in(&portal);
    browser.fill("Recovery code", &enrolled.recovery_codes[0]);
    assert_eq!(browser.press("Sign in").status, 422);
    browser.fill("Recovery code", &renewed[0]);
    assert_eq!(browser.press("Sign in").path, "/");
    let mail = portal.mail_to(&enrolled.email);
    assert!(mail.iter().any(|letter| letter.contains("the recovery codes were renewed")), "{mail:?}");
}

#[test]
fn who_has_no_factor_has_no_codes() {
    let portal = TestPortal::spawn();
    portal.company("northwind");
    let browser = portal.signed_in(Person::Developer, "northwind");
    assert_eq!(browser.post("/account/second-factor/recovery-codes", &[]).status(), 409);
    assert_eq!(left(&portal), 0);
}
