//! The purge may be killed at any point and run anywhere, any number of times at once: each thing goes once.

use std::thread;

use keywright::access::act;
use keywright::domain::client::ClientType;
use keywright::jobs::purge;

use crate::support::{DAY, Person, TestPortal};

fn deleted_service(portal: &TestPortal, clients: usize) {
    let company = portal.company("northwind");
    let service = portal.service(&company, "Shop");
    for number in 0..clients {
        portal.client(&company, service, ClientType::ClientCredentials, &format!("Till {number}"));
    }
    let permit = portal.confirmed::<act::ChangeServiceStatus>(&company, Person::Administrator);
    portal.application.operations.delete_service(&permit, service).unwrap();
    portal.clock.advance(14 * DAY);
}

/// How often the trail says that something was removed for good.
fn removals(portal: &TestPortal) -> usize {
    let events = portal.application.db.read(|reader| keywright::db::audit::after(reader, 0, 10_000)).unwrap();
    events.iter().filter(|event| event.action.ends_with(".purged")).count()
}

#[test]
fn killed_in_the_middle_it_goes_on_next_time() {
    let portal = TestPortal::spawn();
    deleted_service(&portal, 9);
    let operations = &portal.application.operations;
    let mut left = 4;
    let first = operations
        .purge(|| {
            left -= 1;
            left > 0
        })
        .unwrap();
    assert_eq!((first.clients.len(), first.services.len()), (3, 0));
    let second = operations.purge(|| true).unwrap();
    assert_eq!((second.clients.len(), second.services.len()), (6, 1));
    assert_eq!(removals(&portal), 10);
    assert!(operations.verify_audit_chain().unwrap().is_ok());
}

#[test]
fn two_at_once_remove_each_thing_once() {
    let portal = TestPortal::spawn();
    deleted_service(&portal, 20);
    let operations = &portal.application.operations;
    let removed: usize = thread::scope(|scope| {
        let runs: Vec<_> = (0..2).map(|_| scope.spawn(|| operations.purge(|| true).unwrap())).collect();
        runs.into_iter().map(|run| run.join().unwrap()).map(|run| run.clients.len() + run.services.len()).sum()
    });
    assert_eq!(removed, 21);
    assert_eq!(removals(&portal), 21);
}

#[test]
fn of_two_instances_one_runs_the_job() {
    let portal = TestPortal::spawn();
    let operations = &portal.application.operations;
    let lasts = std::time::Duration::from_secs(120);
    assert!(operations.take_lease("purge", "one", lasts).unwrap());
    assert!(purge::once(operations, "another", || false).unwrap().is_none());
    // Whoever held it and died holds it no longer than it lasts.
    portal.clock.advance(lasts);
    assert!(purge::once(operations, "another", || false).unwrap().is_some());
}

#[test]
fn a_dry_run_names_and_keeps() {
    let portal = TestPortal::spawn();
    deleted_service(&portal, 2);
    let operations = &portal.application.operations;
    let preview = operations.purge_preview().unwrap();
    assert_eq!((preview.clients.len(), preview.services.len()), (2, 1));
    assert_eq!(removals(&portal), 0);
    assert_eq!(operations.purge(|| true).unwrap(), preview);
}

/// A table that holds a client: as long as it does, the client can't be removed.
fn hold(portal: &TestPortal, client: &str) {
    portal.sql("CREATE TABLE holds (client_uid TEXT REFERENCES clients (uid))");
    portal.sql(&format!("INSERT INTO holds SELECT uid FROM clients WHERE name = '{client}'"));
}

#[test]
fn what_cannot_be_removed_holds_up_nothing_else() {
    let portal = TestPortal::spawn();
    deleted_service(&portal, 3);
    hold(&portal, "Till 1");
    portal.sql("INSERT INTO revoked_tokens (jti, expires_at) VALUES ('long over', 1)");
    let operations = &portal.application.operations;
    let purged = purge::once(operations, "somebody", || false).unwrap().unwrap();
    assert_eq!((purged.clients.len(), purged.services.len(), purged.failed), (2, 0, 1));
    assert_eq!(portal.number("SELECT count(*) AS n FROM revoked_tokens"), 0, "what has ended goes all the same");
    let unsuccessful = "SELECT count(*) AS n FROM job_runs WHERE name = 'purge' AND succeeded_at IS NULL";
    assert_eq!(portal.number(unsuccessful), 1, "whoever watches the job sees it");

    portal.sql("DROP TABLE holds");
    let purged = purge::once(operations, "somebody", || false).unwrap().unwrap();
    assert_eq!((purged.clients.len(), purged.services.len(), purged.failed), (1, 1, 0));
}

#[test]
fn a_client_with_very_many_grants_goes_in_portions() {
    let portal = TestPortal::spawn();
    deleted_service(&portal, 1);
    for number in 0..3 {
        portal.sql(&format!(
            "INSERT INTO grants (id, client_uid, account_id, scopes, environment, redirect_url, authenticated_at, \
             second_factor, nonce, claims, created_at, expires_at) \
             SELECT 'grant {number}', uid, (SELECT min(id) FROM accounts), '[]', 'sandbox', '', 0, FALSE, '', '', 0, \
             9000000000000000 FROM clients WHERE name = 'Till 0'"
        ));
        portal.sql(&format!(
            "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 700) \
             INSERT INTO refresh_tokens (token_hash, grant_id, created_at) \
             SELECT 'token ' || n || ' of {number}', 'grant {number}', 0 FROM numbers"
        ));
    }
    let left = || portal.number("SELECT count(*) AS n FROM refresh_tokens");
    let operations = &portal.application.operations;
    // Asked before the client, and after a portion.
    let mut asked = 0;
    let stopped = operations.purge(|| {
        asked += 1;
        asked == 1
    });
    assert_eq!(stopped.unwrap().clients.len(), 0);
    assert_eq!(left(), 1_100);
    assert_eq!(portal.number("SELECT count(*) AS n FROM clients WHERE name = 'Till 0'"), 1, "whole until it goes");
    assert_eq!(operations.purge(|| true).unwrap().clients.len(), 1);
    assert_eq!((left(), portal.number("SELECT count(*) AS n FROM grants")), (0, 0));
}
