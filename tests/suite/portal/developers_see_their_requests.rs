//! What happens at the protocol endpoints is counted and shown: nothing is lost by load or a database that is away, and
//! no request writes.

use std::sync::Arc;

use keywright::clock::Timestamp;
use keywright::db;
use keywright::domain::client::ClientType;
use keywright::domain::id::{ClientUid, SecretId};
use keywright::domain::protocol::fault::Fault;
use keywright::jobs;
use tokio_util::sync::CancellationToken;

use crate::support::{DAY, HOUR, MINUTE, Person, SECOND, TestPortal};

fn marks(portal: &TestPortal, client: ClientUid, secret: SecretId) -> (Option<Timestamp>, Option<Timestamp>) {
    let found = portal.application.db.read(|reader| {
        let mark = db::usage::marks_of_clients(reader, &[client])?[&client];
        Ok::<_, db::Error>((mark.last_used, db::usage::marks_of_secrets(reader, &[secret])?[&secret]))
    });
    found.expect("they are there")
}

#[test]
fn what_was_noted_shows_on_the_page() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let service = portal.service(&company, "Shop");
    let client = portal.client(&company, service, ClientType::ClientCredentials, "Worker");
    let mut browser = portal.signed_in(Person::Member, "northwind");
    let path = format!("/clients/{client}/activity");
    let page = browser.visit(&path);
    assert!(page.sees("No request yet") && page.sees("grant_type=client_credentials"));

    for _ in 0..3 {
        portal.grants(company.tenant.id, client);
    }
    portal.refuses(company.tenant.id, client, "0123456789", Fault::SecretWrong);
    assert!(browser.visit(&path).sees("No request yet"), "nothing is written by the request itself");
    portal.flush();
    let page = browser.visit(&path);
    assert!(page.sees("3 granted") && page.sees("1 refused"), "{}", page.text());
    assert!(page.sees("invalid_client") && page.sees("192.0.2.0/24"));
    assert!(page.html.contains("role=\"img\"") && !page.html.contains("style="));
    assert_eq!(browser.follow("0123456789, explain").path, "/rejections/0123456789");
    assert!(browser.visit(&format!("/clients/{client}")).sees("In the last 24 hours: 3 granted, 1 refused."));

    // Over the longer spans it is still there, and then no longer. Sessions end before that.
    let shown = |span: &str| {
        let mut browser = portal.signed_in(Person::Member, "northwind");
        browser.visit(&format!("{path}?span={span}")).sees("3 granted")
    };
    portal.clock.advance(2 * DAY);
    assert_eq!(["24h", "7d", "30d"].map(shown), [false, true, true]);
    portal.clock.advance(29 * DAY);
    assert_eq!(["24h", "7d", "30d"].map(shown), [false, false, false]);
}

#[test]
fn the_mark_of_last_use_moves_once_a_minute() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let service = portal.service(&company, "Shop");
    let client = portal.client(&company, service, ClientType::ClientCredentials, "Worker");
    let (secret, _) = portal.secret(&company, client, "Backend");
    let log = portal.application.operations.protocol_log();
    let use_it = || {
        log.note_secret(secret, "192.0.2.0/24".into(), portal.clock.now());
        portal.grants(company.tenant.id, client);
        portal.flush();
    };
    portal.refuses(company.tenant.id, client, "0123456789", Fault::ScopeNotAllowed);
    portal.flush();
    assert_eq!(marks(&portal, client, secret), (None, None), "what is refused is no use");
    // Where PostgreSQL keeps the client's row: a row that moves takes its page from what an index alone answers.
    let place = || match portal.is_on_postgres() {
        true => portal.text(&format!("SELECT CAST(ctid AS TEXT) AS words FROM clients WHERE uid = '{client}'")),
        false => String::new(),
    };
    let (first, before) = (portal.clock.now(), place());
    use_it();
    portal.clock.advance(MINUTE - SECOND);
    use_it();
    assert_eq!(marks(&portal, client, secret), (Some(first), Some(first)));
    portal.clock.advance(SECOND);
    let later = portal.clock.now();
    use_it();
    assert_eq!(marks(&portal, client, secret), (Some(later), Some(later)));
    assert_eq!(place(), before);
    // Counted all the same.
    let count = format!("SELECT CAST(SUM(accepted) AS BIGINT) AS n FROM secret_usage WHERE secret_id = '{secret}'");
    assert_eq!(portal.number(&count), 3);
}

#[test]
fn clients_are_listed_by_their_last_use() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let service = portal.service(&company, "Shop");
    let [never, early, late] =
        ["Never", "Early", "Late"].map(|name| portal.client(&company, service, ClientType::ClientCredentials, name));
    for client in [late, early, late] {
        portal.grants(company.tenant.id, client);
        portal.flush();
        portal.clock.advance(2 * MINUTE);
    }
    let mut browser = portal.signed_in(Person::Member, "northwind");
    let mut order = |query: &str| {
        let html = browser.visit(&format!("/clients?{query}")).html.clone();
        let place = |client| html.find(&format!("/clients/{client}")).expect("it is listed");
        let mut found = [never, early, late].map(|client| (place(client), client));
        found.sort();
        found.map(|(_, client)| client)
    };
    assert_eq!(order("sort=used"), [never, early, late]);
    assert_eq!(order("sort=used&order=descending"), [late, early, never]);
}

#[test]
fn under_load_the_newest_stand_and_all_are_counted() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let service = portal.service(&company, "Shop");
    let client = portal.client(&company, service, ClientType::ClientCredentials, "Worker");
    for number in 0..300 {
        portal.refuses(company.tenant.id, client, &format!("{number:010}"), Fault::SecretWrong);
    }
    portal.flush();
    assert_eq!(portal.number("SELECT COUNT(*) AS n FROM protocol_events"), 50);
    assert_eq!(portal.text("SELECT MIN(reference) AS words FROM protocol_events"), "0000000250");
    assert_eq!(portal.number("SELECT CAST(SUM(refused) AS BIGINT) AS n FROM client_usage"), 300);
    for _ in 0..4 {
        for number in 0..50 {
            portal.refuses(company.tenant.id, client, &format!("{number:010}"), Fault::SecretWrong);
        }
        portal.clock.advance(SECOND);
        portal.flush();
    }
    portal.application.operations.tidy_up(|| true).unwrap();
    assert_eq!(portal.number("SELECT COUNT(*) AS n FROM protocol_events"), 200);
    assert_eq!(portal.number("SELECT COUNT(*) AS n FROM protocol_events WHERE reference >= '0000000250'"), 0);
}

#[test]
fn what_can_not_be_written_waits_and_what_is_gone_is_passed_over() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let service = portal.service(&company, "Shop");
    let client = portal.client(&company, service, ClientType::ClientCredentials, "Worker");
    let operations = &portal.application.operations;
    portal.grants(company.tenant.id, client);
    portal.sql("ALTER TABLE protocol_events RENAME TO away");
    assert!(operations.flush_protocol_log().is_err());
    portal.grants(company.tenant.id, client);
    portal.sql("ALTER TABLE away RENAME TO protocol_events");
    // Somebody's that was purged meanwhile.
    let gone = ClientUid::new(1, [7; 10]);
    portal.grants(company.tenant.id, gone);
    operations.protocol_log().note_secret(SecretId::new(1, [7; 10]), "192.0.2.0/24".into(), portal.clock.now());
    portal.flush();
    assert_eq!(portal.number("SELECT CAST(SUM(granted) AS BIGINT) AS n FROM client_usage"), 2);
    assert_eq!(portal.number("SELECT COUNT(*) AS n FROM secret_usage"), 0);
}

#[test]
fn all_of_it_is_forgotten_in_time() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let service = portal.service(&company, "Shop");
    let client = portal.client(&company, service, ClientType::ClientCredentials, "Worker");
    let (secret, _) = portal.secret(&company, client, "Backend");
    let operations = &portal.application.operations;
    portal.grants(company.tenant.id, client);
    operations.protocol_log().note_secret(secret, "192.0.2.0/24".into(), portal.clock.now());
    portal.flush();
    let rows = || {
        operations.tidy_up(|| true).unwrap();
        let count = |table: &str| portal.number(&format!("SELECT COUNT(*) AS n FROM {table}"));
        (count("protocol_events"), count("client_usage"), count("secret_usage"))
    };
    portal.clock.advance(30 * DAY);
    assert_eq!(rows(), (1, 1, 1));
    portal.clock.advance(SECOND);
    assert_eq!(rows(), (0, 1, 1));
    portal.clock.advance(61 * DAY);
    assert_eq!(rows(), (0, 0, 0));
}

#[test]
fn the_job_writes_once_more_when_it_stops() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let service = portal.service(&company, "Shop");
    let client = portal.client(&company, service, ClientType::ClientCredentials, "Worker");
    portal.clock.advance(HOUR);
    portal.grants(company.tenant.id, client);
    let operations = Arc::clone(&portal.application.operations);
    let stop = CancellationToken::new();
    stop.cancel();
    actix_web::rt::System::new().block_on(jobs::usage::run(operations, stop));
    assert_eq!(portal.number("SELECT CAST(SUM(granted) AS BIGINT) AS n FROM client_usage"), 1);
}
