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
