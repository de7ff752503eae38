//! With a second factor, a password alone opens nothing; a code is good once and not for long; guessing is slow.

use std::process::Command;
use std::thread;

use keywright::db::DatabaseUrl;

use crate::support::{Authenticator, Browser, HOUR, MINUTE, PASSWORD, Person, SECOND, TestPortal, code_in};

const NEW_PASSWORD: &str = "granite lantern orchard";

fn northwind() -> TestPortal {
    let portal = TestPortal::spawn();
    portal.company("northwind");
    portal
}

fn events(portal: &TestPortal, action: &str) -> i64 {
    portal.number(&format!("SELECT count(*) AS n FROM audit_events WHERE action = '{action}'"))
}

#[test]
fn signing_in_asks_for_a_code_after_the_password() {
    let portal = northwind();
    let mut elsewhere = portal.signed_in(Person::Developer, "northwind");
    let mut enrolled = portal.enrolled(Person::Developer, "northwind");
    assert!(enrolled.browser.is_signed_in());
    assert!(enrolled.browser.page().sees("On Signing in asks for a code"));
    // Sessions that began without it have ended.
    assert!(!elsewhere.is_signed_in());
    let mail = portal.mail_to(&enrolled.email);
    assert!(mail.iter().any(|letter| letter.contains("a second factor was set up")), "{mail:?}");
    assert_eq!(events(&portal, "second_factor.added"), 1);

    let mut browser = enrolled.half_signed_in(&portal);
    // Nothing is open yet.
    assert!(!browser.is_signed_in());
    assert_eq!(browser.visit("/services").heading(), "Sign in");
    browser.visit("/sign-in/code");
    browser.fill("Code", "000000");
    let page = browser.press("Sign in");
    assert_eq!((page.status, page.heading().as_str()), (422, "Your second factor"));
    assert!(page.sees("This code is wrong"));
    let code = enrolled.app.code(portal.clock.now());
    browser.fill("Code", &format!("{} {}", &code[..3], &code[3..]));
    assert_eq!(browser.press("Sign in").path, "/");
    assert!(browser.is_signed_in());
    // What was kept for the second step is gone with it.
    assert_eq!(browser.cookie("/sign-in/code", "half_sign_in"), None);
}

#[test]
fn the_page_asked_for_comes_after_both_steps() {
    let portal = northwind();
    let enrolled = portal.enrolled(Person::Developer, "northwind");
    let mut browser = Browser::new(&portal.url);
    browser.visit("/services/new");
    browser.fill("E-mail", &enrolled.email).fill("Password", PASSWORD);
    browser.press("Sign in");
    browser.fill("Code", &enrolled.app.code(portal.clock.now()));
    assert_eq!(browser.press("Sign in").path, "/services/new");
}

#[test]
fn a_form_that_waits_goes_through_both_steps() {
    let portal = northwind();
    let mut enrolled = portal.enrolled(Person::Developer, "northwind");
    let browser = &mut enrolled.browser;
    browser.visit("/services/new");
    browser.fill("Name", "Shop").fill("Domain", "shop.example.com");
    portal.clock.advance(3 * HOUR);
    let page = browser.press("Add service");
    assert_eq!((page.status, page.heading().as_str()), (401, "Sign in"));
    browser.fill("E-mail", &enrolled.email).fill("Password", PASSWORD);
    assert_eq!(browser.press("Sign in").heading(), "Your second factor");
    browser.fill("Code", "000000");
    assert_eq!(browser.press("Sign in").status, 422);
    browser.fill("Code", &enrolled.app.code(portal.clock.now()));
    assert_eq!(browser.press("Sign in").heading(), "You are signed in again");
    assert_eq!(browser.press("Send the form").heading(), "Shop");
}

#[test]
fn a_code_is_good_once() {
    let portal = northwind();
    let enrolled = portal.enrolled(Person::Developer, "northwind");
    let code = enrolled.app.code(portal.clock.now());
    let mut first = enrolled.half_signed_in(&portal);
    first.fill("Code", &code);
    assert_eq!(first.press("Sign in").path, "/");
    let mut second = enrolled.half_signed_in(&portal);
    second.fill("Code", &code);
    assert_eq!(second.press("Sign in").status, 422);
    // One from before it is used up with it.
    second.fill("Code", &enrolled.app.code(portal.clock.now().minus(30 * SECOND)));
    assert_eq!(second.press("Sign in").status, 422);
    portal.clock.advance(30 * SECOND);
    second.fill("Code", &enrolled.app.code(portal.clock.now()));
    assert_eq!(second.press("Sign in").path, "/");
}

#[test]
fn the_code_that_set_it_up_does_not_sign_in() {
    let portal = northwind();
    let mut browser = portal.signed_in(Person::Developer, "northwind");
    browser.visit("/account/second-factor");
    let app = Authenticator::from_page(&browser);
    let code = app.code(portal.clock.now());
    browser.fill("Code", &code);
    assert_eq!(browser.press("Turn on second factor").heading(), "Your recovery codes");
    let mut other = Browser::new(&portal.url);
    other.try_sign_in(&Person::Developer.email("northwind"), PASSWORD);
    other.fill("Code", &code);
    assert_eq!(other.press("Sign in").status, 422);
}

#[test]
fn of_two_who_use_a_code_at_once_one_gets_in() {
    let portal = northwind();
    let enrolled = portal.enrolled(Person::Developer, "northwind");
    for _ in 0..5 {
        let code = enrolled.app.code(portal.clock.now());
        let mut halves: Vec<Browser> = (0..3).map(|_| enrolled.half_signed_in(&portal)).collect();
        let statuses: Vec<u16> = thread::scope(|scope| {
            let tries: Vec<_> = halves
                .iter_mut()
                .map(|browser| {
                    browser.fill("Code", &code);
                    let request = browser.pressing("Sign in");
                    scope.spawn(move || request.send().unwrap().status().as_u16())
                })
                .collect();
            tries.into_iter().map(|one| one.join().unwrap()).collect()
        });
        assert_eq!(statuses.iter().filter(|status| **status == 303).count(), 1, "{statuses:?}");
        portal.clock.advance(30 * SECOND);
    }
}

#[test]
fn clocks_may_differ_by_a_step() {
    let portal = northwind();
    let enrolled = portal.enrolled(Person::Developer, "northwind");
    portal.clock.advance(10 * MINUTE);
    let mut browser = enrolled.half_signed_in(&portal);
    for (off, status) in [(60, 422), (30, 200)] {
        browser.fill("Code", &enrolled.app.code(portal.clock.now().minus(off * SECOND)));
        assert_eq!(browser.press("Sign in").status, status, "{off} seconds late");
    }
    portal.clock.advance(10 * MINUTE);
    let mut browser = enrolled.half_signed_in(&portal);
    for (off, status) in [(60, 422), (30, 200)] {
        browser.fill("Code", &enrolled.app.code(portal.clock.now().plus(off * SECOND)));
        assert_eq!(browser.press("Sign in").status, status, "{off} seconds early");
    }
}

#[test]
fn guessing_is_slowed_down_for_a_day() {
    let portal = northwind();
    let enrolled = portal.enrolled(Person::Developer, "northwind");
    let mut browser = enrolled.half_signed_in(&portal);
    let wrong = |browser: &mut Browser| {
        browser.fill("Code", "no code");
        browser.press("Sign in").status
    };
    for _ in 0..5 {
        assert_eq!(wrong(&mut browser), 422);
    }
    // Even the right one waits, and the password doesn't help.
    let answer = browser.post("/sign-in/code", &[("code", &enrolled.app.code(portal.clock.now()))]);
    assert_eq!(answer.status(), 429);
    assert_eq!(events(&portal, "sign_in.blocked"), 1);
    let mut again = enrolled.half_signed_in(&portal);
    assert_eq!(wrong(&mut again), 429);
    // A recovery code is guessed no faster.
    let mut again = enrolled.half_signed_in(&portal);
    again.fill("Recovery code", "AAAA-AAAA-AAAA-AAAA");
    assert_eq!(again.press("Sign in").status, 429);
    portal.clock.advance(MINUTE);
    let mut again = enrolled.half_signed_in(&portal);
    assert_eq!(wrong(&mut again), 422);
    assert_eq!(wrong(&mut again), 429);
    // An hour later the failures still count.
    portal.clock.advance(HOUR);
    let mut again = enrolled.half_signed_in(&portal);
    assert_eq!(wrong(&mut again), 422);
    assert_eq!(wrong(&mut again), 429);
    portal.clock.advance(24 * HOUR + SECOND);
    let mut again = enrolled.half_signed_in(&portal);
    for _ in 0..4 {
        assert_eq!(wrong(&mut again), 422);
    }
    again.fill("Code", &enrolled.app.code(portal.clock.now()));
    assert_eq!(again.press("Sign in").path, "/");
    assert_eq!(portal.number("SELECT count(*) AS n FROM throttles WHERE bucket LIKE 'second-factor%'"), 0);
}

#[test]
fn the_first_step_lasts_ten_minutes() {
    let portal = northwind();
    let enrolled = portal.enrolled(Person::Developer, "northwind");
    let mut browser = enrolled.half_signed_in(&portal);
    portal.clock.advance(10 * MINUTE);
    browser.fill("Code", &enrolled.app.code(portal.clock.now()));
    let page = browser.press("Sign in");
    assert_eq!((page.status, page.heading().as_str()), (422, "Sign in"));
    assert!(page.sees("This took too long"));
    assert!(!browser.is_signed_in());
    // Nobody gets to the second step without the first.
    let mut nobody = Browser::new(&portal.url);
    assert_eq!(nobody.visit("/sign-in/code").path, "/sign-in");
    let answer = nobody.post("/sign-in/code", &[("code", &enrolled.app.code(portal.clock.now()))]);
    assert_eq!(answer.status(), 422);
    assert!(!nobody.is_signed_in());
}

#[test]
fn a_password_changed_between_the_steps_begins_anew() {
    let portal = northwind();
    let mut enrolled = portal.enrolled(Person::Developer, "northwind");
    let mut browser = enrolled.half_signed_in(&portal);
    portal.clock.advance(SECOND);
    enrolled.browser.visit("/account");
    enrolled.browser.fill("Current password", PASSWORD).fill("New password", NEW_PASSWORD);
    assert_eq!(enrolled.browser.press("Change password").status, 200);
    browser.fill("Code", &enrolled.app.code(portal.clock.now()));
    let page = browser.press("Sign in");
    assert_eq!((page.status, page.heading().as_str()), (422, "Sign in"));
    assert!(!browser.is_signed_in());
}

#[test]
fn a_new_password_by_mail_does_not_take_it_away() {
    let portal = northwind();
    let enrolled = portal.enrolled(Person::Developer, "northwind");
    let mut browser = Browser::new(&portal.url);
    browser.visit("/password-reset");
    browser.fill("E-mail", &enrolled.email);
    browser.press("Send code");
    let code = portal.mail_to(&enrolled.email).iter().find_map(|letter| code_in(letter)).expect("a code");
    browser.fill("Code", &code).fill("New password", NEW_PASSWORD);
    assert_eq!(browser.press("Set new password").heading(), "Sign in");
    assert_eq!(browser.try_sign_in(&enrolled.email, NEW_PASSWORD).heading(), "Your second factor");
    browser.fill("Code", &enrolled.app.code(portal.clock.now()));
    assert_eq!(browser.press("Sign in").path, "/");
}

#[test]
fn it_is_set_up_only_with_a_right_code() {
    let portal = northwind();
    let mut browser = portal.signed_in(Person::Developer, "northwind");
    browser.visit("/account/second-factor");
    let app = Authenticator::from_page(&browser);
    for wrong in ["", "000000", "12345", "abcdef", "0000000000", "१२३४५६"] {
        browser.fill("Code", wrong);
        let page = browser.press("Turn on second factor");
        assert_eq!((page.status, page.errors().len()), (422, 1), "{wrong}");
    }
    assert_eq!(portal.number("SELECT count(*) AS n FROM accounts WHERE totp_sealed IS NOT NULL"), 0);
    // The secret stayed the same, also in another tab.
    let mut tab = browser.tab();
    tab.visit("/account/second-factor");
    assert_eq!(Authenticator::from_page(&tab).secret, app.secret);
    browser.fill("Code", &app.code(portal.clock.now()));
    let tab_form = tab.fill("Code", &app.code(portal.clock.now()));
    assert_eq!(browser.press("Turn on second factor").heading(), "Your recovery codes");
    // The other tab says what has happened, and makes nothing anew.
    let page = tab_form.press("Turn on second factor");
    assert!(page.sees("Your second factor is on.") && page.heading() == "Second factor", "{}", page.text());
    assert_eq!(events(&portal, "second_factor.added"), 1);
}

#[test]
fn a_secret_is_for_the_account_that_it_was_drawn_for() {
    let portal = northwind();
    let mut browser = portal.signed_in(Person::Developer, "northwind");
    browser.visit("/account/second-factor");
    let planted = Authenticator::from_page(&browser);
    // Somebody else signs in with the same browser: what was left behind is not theirs.
    browser.post("/sign-out", &[]);
    browser.sign_in(&Person::Member.email("northwind"), PASSWORD);
    let code = planted.code(portal.clock.now());
    assert_eq!(browser.post("/account/second-factor", &[("code", &code)]).status(), 303);
    assert_eq!(portal.number("SELECT count(*) AS n FROM accounts WHERE totp_sealed IS NOT NULL"), 0);
    browser.visit("/account/second-factor");
    assert_ne!(Authenticator::from_page(&browser).secret, planted.secret);
}

#[test]
fn a_secret_moved_to_another_account_opens_nothing() {
    let portal = northwind();
    let enrolled = portal.enrolled(Person::Developer, "northwind");
    let moved = "UPDATE accounts SET totp_sealed = (SELECT totp_sealed FROM accounts WHERE email_key LIKE 'developer%')
         WHERE email_key LIKE 'administrator%'";
    assert_eq!(portal.sql(moved), 1);
    let mut browser = Browser::new(&portal.url);
    browser.try_sign_in(&Person::Administrator.email("northwind"), PASSWORD);
    let answer = browser.post("/sign-in/code", &[("code", &enrolled.app.code(portal.clock.now()))]);
    assert_eq!(answer.status(), 500);
    assert!(!browser.is_signed_in());
}

#[test]
fn to_change_it_asks_for_the_password_again() {
    let portal = northwind();
    let mut browser = portal.signed_in(Person::Developer, "northwind");
    portal.clock.advance(16 * MINUTE);
    browser.visit("/account/second-factor");
    let app = Authenticator::from_page(&browser);
    browser.fill("Code", &app.code(portal.clock.now()));
    assert_eq!(browser.press("Turn on second factor").heading(), "Confirm it's you");
    browser.fill("Password", PASSWORD);
    assert_eq!(browser.press("Confirm").heading(), "Your recovery codes");
    assert!(browser.is_signed_in());

    portal.clock.advance(16 * MINUTE);
    browser.visit("/account/second-factor");
    assert_eq!(browser.press("Renew recovery codes").heading(), "Confirm it's you");
    browser.visit("/account/second-factor/removal");
    assert_eq!(browser.press("Remove second factor").heading(), "Confirm it's you");
    browser.fill("Password", PASSWORD);
    assert!(browser.press("Confirm").sees("Your second factor is removed."));
    assert_eq!(portal.number("SELECT count(*) AS n FROM recovery_codes"), 0);
    assert_eq!(events(&portal, "second_factor.removed"), 1);
    let mail = portal.mail_to(&Person::Developer.email("northwind"));
    assert!(mail.iter().any(|letter| letter.contains("the second factor was removed")), "{mail:?}");
    assert_eq!(portal.signed_in(Person::Developer, "northwind").page().path, "/");
}

#[test]
fn whoever_runs_the_portal_can_take_a_lost_one_away() {
    let portal = northwind();
    let mut enrolled = portal.enrolled(Person::Developer, "northwind");
    let database = match &portal.config.database_url {
        DatabaseUrl::Sqlite(file) => format!("sqlite://{file}"),
        DatabaseUrl::Postgres(url) => url.clone(),
    };
    let reset = |email: &str| {
        let done = Command::new(env!("CARGO_BIN_EXE_keywright"))
            .args(["user", "reset-second-factor", email])
            .current_dir(portal.folder.path())
            .env("KEYWRIGHT_DATABASE_URL", &database)
            .output()
            .expect("the program runs");
        (done.status.success(), String::from_utf8_lossy(&[done.stdout, done.stderr].concat()).into_owned())
    };
    let (done, said) = reset("nobody@northwind.example");
    assert!(!done && said.contains("there is no account"), "{said}");
    let (done, said) = reset(&Person::Member.email("northwind"));
    assert!(done && said.contains("has no second factor"), "{said}");
    let (done, said) = reset(&enrolled.email.to_uppercase());
    assert!(done && said.contains("with the password alone"), "{said}");
    assert!(!enrolled.browser.is_signed_in());
    assert_eq!(enrolled.browser.try_sign_in(&enrolled.email, PASSWORD).path, "/");
    assert_eq!(portal.number("SELECT count(*) AS n FROM recovery_codes"), 0);
    assert_eq!(
        portal.number(
            "SELECT count(*) AS n FROM audit_events
             WHERE action = 'second_factor.removed' AND actor_name = 'The operator' AND tenant_id IS NOT NULL"
        ),
        1
    );
    assert_eq!(portal.application.operations.verify_audit_chain().unwrap().map(|_| ()), Ok(()));
}
