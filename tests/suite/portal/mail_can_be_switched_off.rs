//! A person chooses which mails come; what is about the account's security always comes.

use keywright::access::act;
use keywright::crypto::random;
use keywright::domain::client::ClientType;
use keywright::domain::secret::SecretInput;

use crate::support::{DAY, Person, TestPortal};

#[test]
fn reminders_stop_and_security_mail_does_not() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let email = Person::Developer.email("northwind");
    let operations = &portal.application.operations;
    let service = portal.service(&company, "Shop");
    let client = portal.client(&company, service, ClientType::AuthorizationCode, "Till");
    for days in [20, 40, 60] {
        let at = portal.clock.now().plus(days * DAY).form_value();
        let input = SecretInput { environment: "sandbox".into(), expires_at: at, ..SecretInput::default() };
        let permit = portal.confirmed::<act::EditClients>(&company, Person::Developer);
        operations.add_secret(&permit, client, &input, &random::token()).unwrap();
    }
    portal.clock.advance(13 * DAY);
    assert_eq!(operations.remind(|| true).unwrap().secrets, 2);
    assert_eq!(portal.mail_to(&email).len(), 2);

    let mut browser = portal.signed_in(Person::Developer, "northwind");
    browser.visit("/account");
    browser.untick("Secrets that expire").untick("Release requests and decisions");
    assert!(browser.press("Update mail").sees("Mail choices updated."));
    browser.visit("/account");
    browser.untick("Secrets that expire");
    browser.press("Update mail");
    assert_eq!(portal.number("SELECT count(*) AS n FROM audit_events WHERE action = 'mail_choices.changed'"), 1);
    let changes = "SELECT count(*) AS n FROM audit_events WHERE changes LIKE
        '%{\"field\":\"Secrets that expire\",\"before\":\"yes\",\"after\":\"no\"}%'";
    assert_eq!(portal.number(changes), 1);

    portal.clock.advance(6 * DAY);
    assert_eq!(operations.remind(|| true).unwrap().secrets, 1);
    assert!(portal.mail_to(&email).is_empty());
    operations.request_password_reset(&email, "192.0.2.1").unwrap();
    assert_eq!(portal.mail_to(&email).len(), 1);

    // What was not written while it was switched off does not come later; what is due later does.
    let mut browser = portal.signed_in(Person::Developer, "northwind");
    browser.visit("/account");
    browser.tick("Secrets that expire");
    browser.press("Update mail");
    assert_eq!(operations.remind(|| true).unwrap().secrets, 0);
    portal.clock.advance(DAY);
    assert_eq!(operations.remind(|| true).unwrap().secrets, 1);
    let letters = portal.mail_to(&email);
    assert_eq!(letters.len(), 1);
    assert!(letters[0].contains("has expired") && letters[0].contains("switch mails of this kind off"));
}

#[test]
fn unknown_kinds_mean_nothing() {
    let portal = TestPortal::spawn();
    portal.company("northwind");
    let browser = portal.signed_in(Person::Member, "northwind");
    let all = ["releases", "secret-expiry", "purge", "communities", "security", "everything", "\0"];
    let fields: Vec<_> = all.iter().map(|kind| ("mail", *kind)).collect();
    assert_eq!(browser.post("/account/mail", &fields).status(), 303);
    assert_eq!(portal.number("SELECT count(*) AS n FROM audit_events WHERE action = 'mail_choices.changed'"), 0);
    assert_eq!(browser.post("/account/mail", &[]).status(), 303);
    assert_eq!(portal.number("SELECT count(*) AS n FROM accounts WHERE muted_mail LIKE '%purge%'"), 1);
}
