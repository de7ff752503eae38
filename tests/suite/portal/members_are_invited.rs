//! People come into a company by an invitation: a link by mail, good once, for seven days, for one address.

use std::thread;

use crate::support::{Browser, DAY, MINUTE, PASSWORD, Person, SECOND, TestPortal};

const NEW: &str = "nora@newcomer.example";

fn northwind() -> TestPortal {
    let portal = TestPortal::spawn();
    portal.company("northwind");
    portal
}

fn administrator(portal: &TestPortal) -> Browser {
    portal.signed_in(Person::Administrator, "northwind")
}

/// The path in the mail.
fn invited(portal: &TestPortal, email: &str, roles: &[&str]) -> String {
    let mut browser = administrator(portal);
    browser.visit("/members");
    browser.follow("Invite member");
    browser.fill("E-mail", email);
    for role in roles {
        browser.tick(role);
    }
    let page = browser.press("Invite member");
    assert!(page.sees(&format!("Invitation sent to {email}")), "{}", page.text());
    portal.invitation_for(email)
}

fn fill_in(browser: &mut Browser, link: &str) {
    browser.visit(link);
    browser.fill("Your name", "Nora Newcomer").fill("Password", PASSWORD);
}

#[test]
fn somebody_new_chooses_a_password_and_is_in() {
    let portal = northwind();
    let link = invited(&portal, NEW, &["Developer"]);
    let mut nora = Browser::new(&portal.url);
    // Looking uses nothing up.
    for _ in 0..3 {
        assert_eq!(nora.visit(&link).heading(), "Join northwind");
    }
    assert!(nora.page().sees("as Tenant Member, Developer"));
    fill_in(&mut nora, &link);
    let page = nora.press("Accept invitation");
    assert!(page.sees("Welcome") && page.sees("northwind"), "{}", page.text());
    assert!(nora.visit("/services/new").status == 200 && nora.visit("/members").status == 403);
    // It was good once, for everybody.
    assert_eq!(nora.visit(&link).status, 410);
    assert_eq!(Browser::new(&portal.url).visit(&link).status, 410);
    Browser::new(&portal.url).sign_in(NEW, PASSWORD);
    let list = administrator(&portal).visit("/members").text();
    assert!(list.contains("Nora Newcomer") && list.contains("Nobody is invited just now."), "{list}");
    for action in ["invitation.sent", "invitation.accepted", "account.activated"] {
        let events = format!("SELECT count(*) AS n FROM audit_events WHERE action = '{action}'");
        assert_eq!(portal.number(&events), 1, "{action}");
    }
}

#[test]
fn a_weak_password_uses_nothing_up() {
    let portal = northwind();
    let link = invited(&portal, NEW, &[]);
    let mut nora = Browser::new(&portal.url);
    nora.visit(&link);
    nora.fill("Your name", "Nora").fill("Password", "12345678");
    let page = nora.press("Accept invitation");
    assert_eq!(page.status, 422);
    assert_eq!(page.value("name").as_deref(), Some("Nora"));
    fill_in(&mut nora, &link);
    assert!(nora.press("Accept invitation").sees("Welcome"));
}

#[test]
fn somebody_with_an_account_signs_in_as_exactly_that_account() {
    let portal = northwind();
    portal.company("southwind");
    let email = Person::Developer.email("southwind");
    let link = invited(&portal, &email, &["Approver"]);
    // Without a session: sign in, and come back.
    let mut dora = Browser::new(&portal.url);
    assert!(!dora.visit(&link).has_button("Accept invitation"));
    dora.follow("Sign in to accept");
    dora.fill("E-mail", &email).fill("Password", PASSWORD);
    assert_eq!(dora.press("Sign in").heading(), "Join northwind");
    // As somebody else: nothing to press but Sign out.
    let mut other = portal.signed_in(Person::Approver, "southwind");
    let page = other.visit(&link);
    assert!(page.sees("You are signed in as somebody else") && !page.has_button("Accept invitation"));
    let token = link.split_once('=').unwrap().1;
    assert_eq!(other.post("/invitations/accept", &[("token", token)]).status(), 409);
    assert_eq!(other.post("/invitations/accept", &[("token", token), ("password", PASSWORD)]).status(), 409);
    assert_eq!(other.press("Sign out").heading(), "Join northwind");
    // Nor does a password given by a stranger make a second account, or enter the one there is.
    let stranger = Browser::new(&portal.url);
    let fields = [("token", token), ("name", "Mallory"), ("password", PASSWORD)];
    assert_eq!(stranger.post("/invitations/accept", &fields).status(), 409);
    assert_eq!(portal.number("SELECT count(*) AS n FROM members"), 8);
    let page = dora.press("Accept invitation");
    assert!(page.sees("You have accepted the invitation.") && page.sees("northwind"), "{}", page.text());
    assert_eq!(portal.number("SELECT count(*) AS n FROM members"), 9);
}

#[test]
fn an_account_without_a_company_can_come_back_in() {
    let portal = northwind();
    let email = Person::Member.email("northwind");
    portal.sql("DELETE FROM members WHERE NOT developer AND NOT approver AND NOT administrator");
    assert_eq!(Browser::new(&portal.url).try_sign_in(&email, PASSWORD).heading(), "You belong to no company");
    let link = invited(&portal, &email, &[]);
    let mut browser = Browser::new(&portal.url);
    browser.visit(&link);
    browser.follow("Sign in to accept");
    browser.fill("E-mail", &email).fill("Password", PASSWORD);
    assert_eq!(browser.press("Sign in").heading(), "Join northwind");
    assert!(browser.press("Accept invitation").sees("You have accepted the invitation."));
    assert_eq!(browser.visit("/services").status, 200);
}

#[test]
fn a_session_of_before_a_new_password_accepts_nothing() {
    let portal = northwind();
    portal.company("southwind");
    let email = Person::Developer.email("southwind");
    let link = invited(&portal, &email, &[]);
    let mut stale = portal.signed_in(Person::Developer, "southwind");
    assert!(stale.visit(&link).has_button("Accept invitation"));
    portal.sql(&format!("UPDATE accounts SET password_changed_at = password_changed_at + 1 WHERE email = '{email}'"));
    assert_eq!(stale.press("Accept invitation").status, 409);
    assert_eq!(portal.number("SELECT count(*) AS n FROM members"), 8);
}

#[test]
fn the_link_is_good_for_seven_days() {
    let portal = northwind();
    let link = invited(&portal, NEW, &[]);
    let mut nora = Browser::new(&portal.url);
    portal.clock.advance(7 * DAY - SECOND);
    assert_eq!(nora.visit(&link).status, 200);
    fill_in(&mut nora, &link);
    portal.clock.advance(SECOND);
    let page = nora.press("Accept invitation");
    assert_eq!(page.status, 410);
    let page = nora.visit(&link);
    assert!(page.status == 410 && page.sees("Ask Administrator of northwind"), "{}", page.text());
    assert!(administrator(&portal).visit("/members").sees("Expired"));
}

#[test]
fn sent_again_the_old_link_dies_and_the_new_lives_seven_days() {
    let portal = northwind();
    let old = invited(&portal, NEW, &[]);
    portal.clock.advance(8 * DAY);
    let mut browser = administrator(&portal);
    browser.visit("/members");
    assert!(browser.press("Send again").sees("The link sent before no longer works."));
    let new = portal.invitation_for(NEW);
    assert_ne!(old, new);
    let mut nora = Browser::new(&portal.url);
    assert_eq!(nora.visit(&old).status, 410);
    portal.clock.advance(7 * DAY - SECOND);
    fill_in(&mut nora, &new);
    assert!(nora.press("Accept invitation").sees("Welcome"));
}

#[test]
fn withdrawn_it_is_worth_nothing() {
    let portal = northwind();
    let link = invited(&portal, NEW, &[]);
    let mut nora = Browser::new(&portal.url);
    fill_in(&mut nora, &link);
    let mut browser = administrator(&portal);
    browser.visit("/members");
    assert!(browser.press("Withdraw invitation").sees("withdrawn"));
    assert_eq!(nora.press("Accept invitation").status, 410);
    assert_eq!(portal.number("SELECT count(*) AS n FROM accounts"), 4);
}

#[test]
fn members_and_the_invited_are_not_invited_again() {
    let portal = northwind();
    invited(&portal, NEW, &[]);
    let mut browser = administrator(&portal);
    for (email, fault) in [
        (NEW, "invited already"),
        ("NORA@Newcomer.Example", "invited already"),
        ("developer@northwind.example", "a member already"),
        ("nobody", "name@example.com"),
    ] {
        browser.visit("/invitations/new");
        browser.fill("E-mail", email).tick("Developer");
        let page = browser.press("Invite member");
        assert!(page.status == 422 && page.errors()[0].contains(fault), "{email}: {}", page.text());
        assert_eq!(page.value("email").as_deref(), Some(email));
    }
    assert_eq!(portal.number("SELECT count(*) AS n FROM invitations"), 1);
    // Another company may.
    portal.company("southwind");
    let mut elsewhere = portal.signed_in(Person::Administrator, "southwind");
    elsewhere.visit("/invitations/new");
    elsewhere.fill("E-mail", NEW);
    assert!(elsewhere.press("Invite member").sees("Invitation sent"));
}

#[test]
fn of_two_who_accept_at_once_one_is_in() {
    let portal = northwind();
    for round in 0..4 {
        let email = format!("nora{round}@newcomer.example");
        let link = invited(&portal, &email, &[]);
        let browsers: Vec<Browser> = (0..4)
            .map(|_| {
                let mut browser = Browser::new(&portal.url);
                fill_in(&mut browser, &link);
                browser
            })
            .collect();
        let answers: Vec<u16> = thread::scope(|scope| {
            let sent: Vec<_> = browsers
                .iter()
                .map(|browser| {
                    let request = browser.pressing("Accept invitation");
                    scope.spawn(move || request.send().expect("an answer").status().as_u16())
                })
                .collect();
            sent.into_iter().map(|answer| answer.join().expect("it ends")).collect()
        });
        assert_eq!(answers.iter().filter(|status| **status == 303).count(), 1, "{answers:?}");
        assert!(answers.iter().all(|status| matches!(status, 303 | 409 | 410)), "{answers:?}");
    }
    assert_eq!(portal.number("SELECT count(*) AS n FROM members"), 8);
}

#[test]
fn a_double_click_invites_once() {
    let portal = northwind();
    let mut browser = administrator(&portal);
    browser.visit("/invitations/new");
    browser.fill("E-mail", NEW);
    let (first, second) = (browser.pressing("Invite member"), browser.pressing("Invite member"));
    let answers = thread::scope(|scope| {
        [first, second]
            .map(|request| scope.spawn(|| request.send().expect("an answer").status().as_u16()))
            .map(|one| one.join().expect("it ends"))
    });
    assert_eq!(answers, [303, 303]);
    assert_eq!(portal.mail_to(NEW).len(), 1);
}

#[test]
fn inviting_asks_for_the_password_and_keeps_the_form() {
    let portal = northwind();
    let mut browser = administrator(&portal);
    portal.clock.advance(16 * MINUTE);
    browser.visit("/invitations/new");
    browser.fill("E-mail", NEW).tick("Developer").tick("Approver");
    assert_eq!(browser.press("Invite member").heading(), "Confirm it's you");
    browser.fill("Password", PASSWORD);
    assert!(browser.press("Confirm").sees("Invitation sent"));
    assert!(browser.page().sees("As Tenant Member, Developer, Approver"), "{}", browser.page().text());
}

#[test]
fn the_token_rests_nowhere() {
    let portal = northwind();
    let link = invited(&portal, NEW, &[]);
    let token = link.split_once('=').unwrap().1.as_bytes();
    let kept = portal.everything_kept();
    assert!(!kept.windows(token.len()).any(|part| part == token));
}
