//! The first instance of a later release brings the database up to date while those of this one serve. A release's
//! migrations only add, so nobody who asks notices, then or until the old ones are replaced.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use keywright::domain::client::ClientType;
use reqwest::blocking::Client;

use super::at;
use crate::support::{Browser, PASSWORD, Person, Served, TestPortal, command};

/// What a later release may do: columns with a default, tables, indexes, and the note that it was there.
const LATER: [&str; 7] = [
    "ALTER TABLE clients ADD COLUMN later TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE sessions ADD COLUMN later BIGINT",
    "ALTER TABLE audit_events ADD COLUMN later TEXT NOT NULL DEFAULT ''",
    "CREATE TABLE later (id TEXT PRIMARY KEY, client_uid TEXT NOT NULL REFERENCES clients (uid))",
    "CREATE INDEX later_of_clients ON clients (tenant_id, later)",
    "ALTER TABLE services ADD COLUMN later INTEGER NOT NULL DEFAULT 0",
    "INSERT INTO __diesel_schema_migrations (version) VALUES ('29990101000001')",
];

/// Longer than this nobody waits for a migration of few rows.
const SOON: Duration = Duration::from_secs(5);

#[test]
fn nobody_who_asks_notices() {
    let portal = TestPortal::on_real_time();
    let company = portal.company("northwind");
    let app = portal.app(&company, ClientType::ClientCredentials, |_| {});
    let service = portal.service(&company, "Shop");
    let changed = portal.client(&company, service, ClientType::ClientCredentials, "Worker");
    let one = Served::on(&portal);
    let two = one.another();
    let mut signed_in = Browser::new(&one.url);
    signed_in.sign_in(&Person::Administrator.email("northwind"), PASSWORD);

    let (over, answered, odd) = (AtomicBool::new(false), AtomicUsize::new(0), Mutex::new(Vec::new()));
    let note = |what: &str, status: u16, wanted: u16, begun: Instant| {
        answered.fetch_add(1, Ordering::SeqCst);
        if status != wanted || begun.elapsed() > SOON {
            odd.lock().expect("the list").push(format!("{what}: {status} after {:?}", begun.elapsed()));
        }
    };
    thread::scope(|scope| {
        for instance in [&one, &two] {
            let (over, note, app, mut browser) = (&over, &note, &app, at(&signed_in, instance));
            scope.spawn(move || {
                let http = Client::new();
                while !over.load(Ordering::SeqCst) {
                    let begun = Instant::now();
                    let asked = http.post(format!("{}/oauth2/token", instance.url));
                    let asked = asked.basic_auth(&app.client_id, Some(&app.secret));
                    let answer = asked.form(&[("grant_type", "client_credentials")]).send().expect("an answer");
                    note("token", answer.status().as_u16(), 200, begun);
                }
            });
            scope.spawn(move || {
                while !over.load(Ordering::SeqCst) {
                    for path in ["/clients", &format!("/services/{service}"), "/audit"] {
                        let begun = Instant::now();
                        let status = browser.visit(path).status;
                        note(path, status, 200, begun);
                    }
                }
            });
        }
        let (over, note, browser) = (&over, &note, &signed_in);
        scope.spawn(move || {
            while !over.load(Ordering::SeqCst) {
                for word in ["deactivation", "reactivation"] {
                    let (begun, path) = (Instant::now(), format!("/clients/{changed}/{word}"));
                    note(&path, browser.post(&path, &[]).status().as_u16(), 303, begun);
                }
            }
        });
        for statement in LATER {
            thread::sleep(Duration::from_millis(200));
            portal.sql(statement);
        }
        thread::sleep(Duration::from_millis(500));
        over.store(true, Ordering::SeqCst);
    });
    let (answered, odd) = (answered.into_inner(), odd.into_inner().expect("the list"));
    println!("{answered} answered");
    assert!(odd.is_empty(), "{odd:?}");
    assert!(answered > 100, "{answered}");
    for instance in [&one, &two] {
        let ready = portal.http().get(format!("{}/readyz", instance.url)).send().expect("an answer");
        assert_eq!(ready.status(), 200, "it is not taken out before it is replaced");
    }
    // Who is restarted now must be of the later release.
    let refused = command(portal.folder.path(), &portal.database_url(), &["serve"]);
    assert!(refused.code != 0 && refused.reason.contains("newer release of Keywright"), "{refused:?}");
}
