//! Whoever runs the deployment makes tenants, names platform approvers, and sees how jobs and mail do; nobody else may.

use crate::support::{Browser, DAY, MINUTE, PASSWORD, Person, TestPortal};

const FIRST: &str = "first@southwind.example";

fn add_southwind(browser: &mut Browser) {
    browser.visit("/operation");
    browser.follow("Add tenant");
    browser.fill("Company name", "Southwind").fill("Contact e-mail", "office@southwind.example");
    browser.fill("Administrator's e-mail", FIRST);
    let page = browser.press("Add tenant");
    assert!(page.sees("Southwind added.") && page.sees("No administrator yet"), "{}", page.text());
}

fn accepts(portal: &TestPortal, link: &str) -> Browser {
    let mut browser = Browser::new(&portal.url);
    browser.visit(link);
    browser.fill("Your name", "Fay First").fill("Password", PASSWORD);
    assert!(browser.press("Accept invitation").sees("Welcome"), "{}", browser.page().text());
    browser
}

#[test]
fn a_tenant_is_made_with_its_first_administrator() {
    let portal = TestPortal::spawn();
    let (_, mut operator) = portal.operator();
    add_southwind(&mut operator);
    let mut first = accepts(&portal, &portal.invitation_for(FIRST));
    assert_eq!(first.visit("/members").status, 200);
    assert!(first.page().sees("Tenant: Southwind"));
    assert_eq!(first.visit("/operation").status, 403);
    assert_eq!(first.visit("/settings").value("contact_email").as_deref(), Some("office@southwind.example"));
    // A company of its own, with all that a tenant has.
    assert!(first.visit("/services").sees("No services yet"));
    assert!(!operator.visit("/operation").sees("No administrator yet"));
    let events = "SELECT count(*) AS n FROM audit_events e JOIN tenants t ON t.id = e.tenant_id
                  WHERE t.name = 'Southwind' AND e.action IN ('tenant.created', 'invitation.sent')";
    assert_eq!(portal.number(events), 2);
}

#[test]
fn another_first_administrator_can_be_invited_until_there_is_one() {
    let portal = TestPortal::spawn();
    let (_, mut operator) = portal.operator();
    add_southwind(&mut operator);
    let lost = portal.invitation_for(FIRST);
    portal.clock.advance(8 * DAY);
    operator.sign_in("operator@keywright.example", PASSWORD);
    assert!(operator.visit("/operation").sees("invitation expired"));
    operator.follow("Invite administrator");
    assert_eq!(operator.page().value("email").as_deref(), Some(FIRST));
    let page = operator.page().path.clone();
    operator.fill("Administrator's e-mail", "second@southwind.example");
    assert!(operator.press("Invite administrator").sees("second@southwind.example is invited."));
    assert_eq!(Browser::new(&portal.url).visit(&lost).status, 410);
    assert_eq!(portal.events("invitation.withdrawn").len(), 1);
    accepts(&portal, &portal.invitation_for("second@southwind.example"));
    assert_eq!(operator.post(&page, &[("email", FIRST)]).status(), 409);
    assert_eq!(portal.number("SELECT count(*) AS n FROM invitations"), 0);
}

#[test]
fn tenants_are_found_and_counted() {
    let portal = TestPortal::spawn();
    let south = portal.company("southwind");
    portal.things(&south);
    portal.application.operations.add_tenant_by_command("Ökowind", FIRST).unwrap();
    let (_, mut operator) = portal.operator();
    let page = operator.visit("/operation?search=ÖKO");
    assert!(page.sees("1–1 of 1") && page.sees("Ökowind"), "{}", page.text());
    assert!(!page.sees(&south.tenant.id.to_string()));
    let page = operator.visit("/operation").text();
    // Five members, three services and five clients; and the company that things are shared with.
    assert!(page.contains("1–4 of 4") && page.contains(&format!("{} 5 3 5", south.tenant.id)), "{page}");
}

#[test]
fn a_platform_approver_is_named_and_dismissed() {
    let portal = TestPortal::spawn();
    portal.company("northwind");
    let (_, mut operator) = portal.operator();
    let mut member = portal.signed_in(Person::Member, "northwind");
    let approving = || portal.number("SELECT count(*) AS n FROM accounts WHERE platform_approver");
    operator.visit("/operation/approvers");
    operator.fill("E-mail", "nobody@northwind.example");
    assert!(operator.press("Name approver").sees("Nobody on this portal has this address."));
    operator.fill("E-mail", &Person::Member.email("northwind"));
    assert!(operator.press("Name approver").sees("Member of northwind decides"), "{}", operator.page().text());
    assert_eq!(approving(), 1);
    // With the next request.
    assert!(member.visit("/account").sees("Platform approver"));
    operator.fill("E-mail", &Person::Member.email("northwind"));
    assert!(operator.press("Name approver").sees("is a platform approver already"));
    portal.clock.advance(16 * MINUTE);
    operator.visit("/operation/approvers");
    assert_eq!(operator.press("Dismiss").heading(), "Confirm it's you");
    operator.fill("Password", PASSWORD);
    assert!(operator.press("Confirm").sees("is no platform approver any more"));
    assert_eq!(approving(), 0);
    assert!(!member.visit("/account").sees("Platform approver"));
    operator.press("Undo");
    assert_eq!(approving(), 1);
    for action in ["platform_approver.named", "platform_approver.dismissed"] {
        let events = format!("SELECT count(*) AS n FROM audit_events WHERE action = '{action}'");
        assert!(portal.number(&events) > 0, "{action}");
    }
}

#[test]
fn default_clients_say_what_depends_on_them() {
    let portal = TestPortal::spawn();
    let (_, mut operator) = portal.operator();
    let page = operator.visit("/operation/clients");
    for words in ["Administration client", "Sync client", "Mobile app", "they stop when it stops", "Active"] {
        assert!(page.sees(words), "{words}: {}", page.text());
    }
    assert_eq!(operator.follow("Administration client").status, 200);
}

#[test]
fn jobs_and_failed_mail_are_seen_and_mail_is_tried_again_or_thrown_away() {
    let portal = TestPortal::spawn();
    let (_, mut operator) = portal.operator();
    assert!(operator.visit("/operation/health").sees("Has not run yet") && operator.page().sees("No mail has failed."));
    let now = portal.clock.now().micros();
    portal.sql(&format!(
        "INSERT INTO job_runs (name, began_at, ended_at, succeeded_at, outcome) VALUES
         ('purge', {now}, {now}, {now}, '3 removed'), ('mail', {now}, {now}, NULL, 'no connection')"
    ));
    let page = operator.visit("/operation/health");
    assert!(page.sees("3 removed") && page.sees("Failed") && page.sees("no connection"), "{}", page.text());
    add_southwind(&mut operator);
    portal.sql(&format!(
        "UPDATE outbox SET last_error = '550 no such user', attempts = 77, next_attempt_at = {}",
        i64::MAX
    ));
    assert!(portal.mail_to(FIRST).is_empty(), "it was given up");
    let page = operator.visit("/operation/health");
    assert!(
        page.sees("Given up") && page.sees(&format!("To {FIRST}")) && page.sees("550 no such user"),
        "{}",
        page.text()
    );
    assert!(operator.press("Try again now").sees("is tried again now"));
    assert_eq!(portal.mail_to(FIRST).len(), 1);
    // It has gone out: there is nothing to throw away any more.
    operator.visit("/operation/health");
    assert!(operator.page().sees("No mail has failed."));
    operator.visit("/operation");
    operator.follow("Invite administrator");
    operator.press("Invite administrator");
    portal.sql(&format!("UPDATE outbox SET last_error = '550 no such user', next_attempt_at = {}", i64::MAX));
    operator.visit("/operation/health");
    assert!(operator.press("Discard").sees("is discarded"));
    assert_eq!(portal.number("SELECT count(*) AS n FROM outbox"), 0);
}

#[test]
fn the_command_line_makes_a_tenant_and_lets_somebody_in_who_is_locked_out() {
    let portal = TestPortal::spawn();
    portal.company("northwind");
    let operations = &portal.application.operations;
    let link = operations.add_tenant_by_command("Southwind", FIRST).unwrap();
    let path = link.strip_prefix(&portal.url).expect("a link to this portal");
    assert_eq!(path, portal.invitation_for(FIRST));
    let mut first = accepts(&portal, path);
    assert_eq!(first.visit("/members").status, 200);
    assert!(operations.add_tenant_by_command("", FIRST).is_err());

    let email = Person::Developer.email("northwind");
    let mut open = portal.signed_in(Person::Developer, "northwind");
    let password = operations.reset_password_by_command(&email).unwrap().expect("an account");
    assert!(!open.is_signed_in());
    assert_eq!(Browser::new(&portal.url).try_sign_in(&email, PASSWORD).status, 422);
    Browser::new(&portal.url).sign_in(&email, &password);
    assert!(operations.reset_password_by_command("nobody@northwind.example").unwrap().is_none());
    let events = "SELECT count(*) AS n FROM audit_events WHERE action = 'password.reset' AND actor_id IS NULL";
    assert_eq!(portal.number(events), 1);
    assert!(!portal.everything_kept().windows(password.len()).any(|part| part == password.as_bytes()));
}
