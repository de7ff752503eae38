//! A forgotten password: a mailed code and the browser that asked for it, together, set a new one.

use std::thread;

use keywright::access::act;
use keywright::domain::external_person::ExternalPerson;
use keywright::operations::Error;

use crate::support::{Browser, MINUTE, PASSWORD, Person, SECOND, TestPortal};

const NEW_PASSWORD: &str = "granite lantern orchard";

fn northwind() -> (TestPortal, String) {
    let portal = TestPortal::spawn();
    portal.company("northwind");
    (portal, Person::Developer.email("northwind"))
}

/// A browser that waits for the code.
fn waiting(portal: &TestPortal, email: &str) -> Browser {
    let mut browser = Browser::new(&portal.url);
    browser.visit("/sign-in");
    browser.follow("Forgot your password?");
    browser.fill("E-mail", email);
    assert_eq!(browser.press("Send code").heading(), "Choose a new password");
    browser
}

/// Whom another provider names.
fn somebody_there() -> ExternalPerson {
    ExternalPerson {
        issuer: "https://id.example".into(),
        subject: "somebody".into(),
        email: "somebody@id.example".into(),
        email_verified: true,
    }
}

fn give(browser: &mut Browser, code: &str, password: &str) -> u16 {
    browser.fill("Code", code).fill("New password", password);
    browser.press("Set new password").status
}

fn wrong(code: &str) -> String {
    let last = if code.ends_with('0') { '1' } else { '0' };
    format!("{}{last}", &code[..8])
}

#[test]
fn the_code_sets_a_new_one_once() {
    let (portal, email) = northwind();
    let mut browser = waiting(&portal, &email);
    let mut again = browser.tab();
    again.visit("/password-reset/code");
    let code = portal.code_for(&email);
    assert_eq!(give(&mut browser, &code, NEW_PASSWORD), 200);
    assert!(browser.page().sees("Your password is changed and all your sessions have ended."));
    browser.sign_in(&email, NEW_PASSWORD);
    assert_eq!(Browser::new(&portal.url).try_sign_in(&email, PASSWORD).status, 422);
    let letters = portal.mail_to(&email);
    assert_eq!(letters.len(), 1);
    assert!(letters[0].contains("Subject: Your password was changed"), "{}", letters[0]);
    // The tab that still shows the form can't use the code again.
    again.fill("Code", &code).fill("New password", PASSWORD);
    assert_eq!(again.press("Set new password").heading(), "Reset your password");
    Browser::new(&portal.url).sign_in(&email, NEW_PASSWORD);
}

#[test]
fn the_fifth_try_counts_and_the_sixth_does_not() {
    let (portal, email) = northwind();
    let mut browser = waiting(&portal, &email);
    let code = portal.code_for(&email);
    for _ in 0..4 {
        assert_eq!(give(&mut browser, &wrong(&code), NEW_PASSWORD), 422);
    }
    // A weak password is refused before the code is looked at, and costs no try.
    for _ in 0..3 {
        assert_eq!(give(&mut browser, &code, "password1"), 422);
        assert!(!browser.page().html.contains("password1"));
    }
    assert_eq!(give(&mut browser, &code, NEW_PASSWORD), 200);

    let other = Person::Approver.email("northwind");
    let mut browser = waiting(&portal, &other);
    let code = portal.code_for(&other);
    for _ in 0..5 {
        assert_eq!(give(&mut browser, &wrong(&code), NEW_PASSWORD), 422);
    }
    assert_eq!(give(&mut browser, &code, NEW_PASSWORD), 422);
    browser.sign_in(&other, PASSWORD);
}

#[test]
fn the_code_is_good_for_thirty_minutes() {
    let (portal, email) = northwind();
    let (mut early, mut late) = (waiting(&portal, &email), waiting(&portal, &Person::Member.email("northwind")));
    portal.clock.advance(30 * MINUTE - SECOND);
    assert_eq!(give(&mut early, &portal.code_for(&email), NEW_PASSWORD), 200);
    portal.clock.advance(SECOND);
    assert_eq!(give(&mut late, &portal.code_for(&Person::Member.email("northwind")), NEW_PASSWORD), 422);
    late.sign_in(&Person::Member.email("northwind"), PASSWORD);
}

#[test]
fn the_code_alone_is_worth_nothing() {
    let (portal, email) = northwind();
    let mut browser = waiting(&portal, &email);
    let code = portal.code_for(&email);
    let mut other = Browser::new(&portal.url);
    assert_eq!(other.visit("/password-reset/code").heading(), "Reset your password");
    let posted = other.post("/password-reset/code", &[("code", &code), ("password", NEW_PASSWORD)]);
    assert_eq!(posted.headers()["location"], "/password-reset");
    // Nor does it help to have asked for somebody else's code, or for another one of the same account.
    for asked in [Person::Member.email("northwind"), email.clone(), "nobody@example.com".to_owned()] {
        assert_eq!(give(&mut waiting(&portal, &asked), &code, NEW_PASSWORD), 422, "{asked}");
    }
    assert_eq!(give(&mut browser, &code, NEW_PASSWORD), 200);
}

#[test]
fn for_an_unknown_address_no_code_is_right() {
    let (portal, _) = northwind();
    let mut browser = waiting(&portal, "nobody@example.com");
    for _ in 0..6 {
        assert_eq!(give(&mut browser, "ABCD-EFGH", NEW_PASSWORD), 422);
    }
    assert_eq!(portal.number("SELECT count(*) AS n FROM outbox"), 0);
}

#[test]
fn of_many_tries_at_once_with_the_right_code_one_counts() {
    let (portal, email) = northwind();
    let browser = waiting(&portal, &email);
    let code = portal.code_for(&email);
    let mut statuses: Vec<u16> = thread::scope(|scope| {
        let tries: Vec<_> = (0..4)
            .map(|number| {
                let mut tab = browser.tab();
                tab.visit("/password-reset/code");
                tab.fill("Code", &code).fill("New password", &format!("{NEW_PASSWORD} {number}"));
                let request = tab.pressing("Set new password");
                scope.spawn(move || request.send().unwrap().status().as_u16())
            })
            .collect();
        tries.into_iter().map(|one| one.join().unwrap()).collect()
    });
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 422, 422, 422]);
    assert_eq!(portal.number("SELECT count(*) AS n FROM audit_events WHERE action = 'password.reset'"), 1);
}

#[test]
fn codes_asked_for_before_end_with_the_old_password() {
    let (portal, email) = northwind();
    let mut earlier = waiting(&portal, &email);
    let earlier_code = portal.code_for(&email);
    let mut browser = waiting(&portal, &email);
    assert_eq!(give(&mut browser, &portal.code_for(&email), NEW_PASSWORD), 200);
    assert_eq!(give(&mut earlier, &earlier_code, PASSWORD), 422);

    // The same where the password is changed on the account page.
    portal.mail_to(&email);
    let mut earlier = waiting(&portal, &email);
    let earlier_code = portal.code_for(&email);
    browser.sign_in(&email, NEW_PASSWORD);
    browser.visit("/account");
    browser.fill("Current password", NEW_PASSWORD).fill("New password", "eight wild otters at dawn");
    assert_eq!(browser.press("Change password").status, 200);
    assert_eq!(give(&mut earlier, &earlier_code, PASSWORD), 422);
    Browser::new(&portal.url).sign_in(&email, "eight wild otters at dawn");
}

#[test]
fn whoever_reads_the_mail_need_not_wait_for_others_guesses() {
    let (portal, email) = northwind();
    for _ in 0..5 {
        Browser::new(&portal.url).try_sign_in(&email, "a wrong test password");
    }
    assert_eq!(Browser::new(&portal.url).try_sign_in(&email, PASSWORD).status, 429);
    let mut browser = waiting(&portal, &email);
    assert_eq!(give(&mut browser, &portal.code_for(&email), NEW_PASSWORD), 200);
    browser.sign_in(&email, NEW_PASSWORD);
}

#[test]
fn a_wrong_code_is_not_shown_again_and_one_that_was_not_looked_at_is() {
    let (portal, email) = northwind();
    let mut browser = waiting(&portal, &email);
    let code = portal.code_for(&email);
    assert_eq!(give(&mut browser, &code, "password1"), 422);
    assert_eq!(browser.page().value("code").as_deref(), Some(code.as_str()));
    assert_eq!(give(&mut browser, &wrong(&code), NEW_PASSWORD), 422);
    assert_eq!(browser.page().value("code").as_deref(), Some(""));
}

/// Looking at a password takes a while. Who is still in with the one from before neither replaces the new one nor leaves a
/// way in behind.
#[test]
fn what_was_begun_before_a_reset_is_not_done_after_it() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    portal.enrolled(Person::Developer, "northwind");
    let permit = portal.confirmed::<act::See>(&company, Person::Developer);
    let operations = &portal.application.operations;
    let session = portal.another_session(&company, Person::Developer);
    operations.renew_recovery_codes(&permit, session).expect("before, it may");
    let account = permit.actor().membership().account_id;
    let proved_at = portal.clock.now();
    portal.clock.advance(SECOND);
    // Set to the same once more: the password that was given is right before and after.
    let later = portal.clock.now().micros();
    let set = format!("UPDATE accounts SET password_changed_at = {later} WHERE id = '{account}'");
    assert_eq!(portal.sql(&set), 1);
    let person = somebody_there();
    let password = |text: &str| text.to_owned().into();
    for done in [
        operations.change_password(permit.actor(), password(PASSWORD), password(NEW_PASSWORD), session).map(drop),
        operations.link_identity(&permit, &person, "Example ID", session),
        operations.link_at_sign_in(account, proved_at, &person, "Example ID", "192.0.2.7"),
        operations.renew_recovery_codes(&permit, session).map(drop),
        operations.remove_second_factor(&permit, session),
    ] {
        assert!(matches!(done, Err(Error::WrongState(_))), "{done:?}");
    }
}

/// "End all other sessions" is for when somebody else is in: what they have begun leaves no way back in.
#[test]
fn what_was_begun_in_a_session_is_not_done_after_its_end() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    portal.enrolled(Person::Developer, "northwind");
    let permit = portal.confirmed::<act::See>(&company, Person::Developer);
    let operations = &portal.application.operations;
    let session = portal.another_session(&company, Person::Developer);
    operations.renew_recovery_codes(&permit, session).expect("before, it may");
    operations.end_other_sessions(permit.actor(), None).expect("its end");
    let password = |text: &str| text.to_owned().into();
    for done in [
        operations.change_password(permit.actor(), password(PASSWORD), password(NEW_PASSWORD), session).map(drop),
        operations.link_identity(&permit, &somebody_there(), "Example ID", session),
        operations.renew_recovery_codes(&permit, session).map(drop),
        operations.remove_second_factor(&permit, session),
    ] {
        assert!(matches!(done, Err(Error::WrongState(_))), "{done:?}");
    }
}
