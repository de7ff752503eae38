//! Somebody sets the clock back, and forward again. What ends at an instant ends when the clock is there, never earlier and
//! never twice; what waits for others doesn't wait for the clock to come back; the trail's order is that of its numbers.

use keywright::access::act;
use keywright::domain::client::ClientType;

use crate::support::{DAY, HOUR, MINUTE, PASSWORD, Person, SECOND, TestPortal, answered, letters_in};

#[test]
fn sessions_codes_and_tokens_end_when_the_clock_is_there() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let app = portal.app(&company, ClientType::AuthorizationCode, |_| {});
    let noon = portal.clock.now();
    let mut browser = portal.signed_in(Person::Developer, "northwind");
    let (first, second) = (portal.code(&company, &app, &["openid"]), portal.code(&company, &app, &["openid"]));
    let before = portal.redeem(&app, &first);
    let is_active = |token: &str| {
        let asked = portal.http().post(format!("{}/oauth2/introspect", portal.url));
        answered(asked.basic_auth(&app.client_id, Some(&app.secret)).form(&[("token", token)])).body["active"] == true
    };

    portal.clock.set(noon.minus(DAY));
    assert!(browser.is_signed_in(), "a session doesn't end by it");
    assert!(is_active(before.text("access_token")));
    // Keys that sign from noon on sign nothing yet: others are made, and published with them.
    let during = portal.redeem(&app, &second);
    assert_eq!(during.status, 200, "{during:?}");
    assert!(is_active(during.text("access_token")));
    assert_eq!(portal.redeem(&app, &second).error(), "invalid_grant", "a code works once, whatever the clock says");
    let third = portal.code(&company, &app, &["openid"]);

    portal.clock.set(noon.plus(MINUTE));
    assert!(browser.is_signed_in());
    assert!(is_active(before.text("access_token")));
    assert!(!is_active(during.text("access_token")), "it was issued for an hour of yesterday");
    assert_eq!(portal.redeem(&app, &third).error(), "invalid_grant", "so was the code");
    portal.clock.set(noon.plus(HOUR));
    assert!(!is_active(before.text("access_token")));
    portal.clock.set(noon.plus(DAY));
    assert!(!browser.is_signed_in());
    portal.clock.set(noon);
    assert!(!browser.is_signed_in(), "what has ended stays so");
}

#[test]
fn a_secret_ends_at_its_time_and_not_before() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let app = portal.app(&company, ClientType::ClientCredentials, |_| {});
    let noon = portal.clock.now();
    let ends = noon.plus(2 * DAY);
    portal.sql(&format!("UPDATE secrets SET expires_at = {}", ends.micros()));
    for (now, status) in [
        (noon.minus(30 * DAY), 200),
        (noon.plus(DAY), 200),
        (noon.minus(DAY), 200),
        (ends.minus(SECOND), 200),
        (ends, 401),
        (noon.plus(40 * DAY), 401),
    ] {
        portal.clock.set(now);
        assert_eq!(portal.client_credentials(&app).status, status, "at {now}");
    }
}

#[test]
fn nothing_is_purged_before_the_day_that_was_promised() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let service = portal.service(&company, "Service");
    let client = portal.client(&company, service, ClientType::AuthorizationCode, "Client");
    let noon = portal.clock.now();
    let permit = portal.confirmed::<act::EditClients>(&company, Person::Administrator);
    portal.application.operations.delete_client(&permit, client).unwrap();
    let purged = || portal.application.operations.purge(|| true).unwrap().clients.len();
    for now in [noon.minus(30 * DAY), noon.plus(13 * DAY), noon.minus(DAY), noon.plus(14 * DAY).minus(SECOND)] {
        portal.clock.set(now);
        assert_eq!(purged(), 0, "at {now}");
    }
    portal.clock.set(noon.plus(14 * DAY));
    assert_eq!(purged(), 1);
}

#[test]
fn the_trail_keeps_its_order_and_stays_whole() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let noon = portal.clock.now();
    let names = ["Noon", "Yesterday", "Afternoon"];
    for (name, at) in names.iter().zip([noon, noon.minus(DAY), noon.plus(HOUR)]) {
        portal.clock.set(at);
        portal.service(&company, name);
    }
    let whole = portal.application.operations.verify_audit_chain().unwrap().unwrap();
    let events = portal.application.db.read(|reader| keywright::db::audit::after(reader, 0, 100)).unwrap();
    assert_eq!(whole.events as usize, events.len());
    let made: Vec<&str> =
        events.iter().filter(|event| event.target_kind == "service").map(|event| event.target_name.as_str()).collect();
    assert_eq!(made, names, "each event stands where it happened, with the time that the clock told");
}

#[test]
fn nobody_waits_for_the_clock_to_come_back() {
    let portal = TestPortal::spawn();
    portal.company("northwind");
    let noon = portal.clock.now();
    let operations = &portal.application.operations;
    // An instance that died with the lease; one that lives keeps it.
    assert!(operations.take_lease("purge", "dead", 2 * MINUTE).unwrap());
    portal.clock.set(noon.minus(90 * SECOND));
    assert!(!operations.take_lease("purge", "alive", 2 * MINUTE).unwrap(), "clocks of instances differ a little");
    // A mail that waits, and somebody who is locked out.
    portal.clock.set(noon);
    operations.request_password_reset(&Person::Developer.email("northwind"), "192.0.2.1").unwrap();
    let email = Person::Member.email("northwind");
    let sign_in = |password: &str| operations.sign_in(&email, password.to_owned().into(), "192.0.2.2");
    for _ in 0..6 {
        sign_in("wrong").ok();
    }
    assert!(sign_in(PASSWORD).is_err(), "locked out");

    portal.clock.set(noon.minus(DAY));
    assert!(operations.take_lease("purge", "alive", 2 * MINUTE).unwrap());
    assert!(!operations.take_lease("purge", "another", 2 * MINUTE).unwrap());
    assert_eq!(portal.deliver_mail().sent, 1);
    assert_eq!(letters_in(&portal.folder.path().join("mail")).len(), 1);
    assert!(sign_in(PASSWORD).unwrap().is_some());
}
