//! Whoever runs the portal sees of each job when it last ran, whether it did what it should, and what that was.

use keywright::db;
use keywright::db::jobs::JobRun;
use keywright::domain::job::Job;
use keywright::jobs;

use crate::support::{HOUR, TestPortal};

fn runs(portal: &TestPortal) -> Vec<JobRun> {
    portal.application.db.read(db::jobs::runs).unwrap()
}

#[test]
fn the_last_run_stands_there_and_the_last_success_stays() {
    let portal = TestPortal::spawn();
    portal.company("northwind");
    let operations = &portal.application.operations;
    assert_eq!(runs(&portal), []);
    jobs::purge::once(operations, "one", || false).unwrap();
    portal.clock.advance(HOUR);
    let second = portal.clock.now();
    jobs::purge::once(operations, "one", || false).unwrap();
    jobs::reminders::once(operations, "one", || false).unwrap();
    let noted = runs(&portal);
    assert_eq!(noted.iter().map(|run| run.job).collect::<Vec<_>>(), [Job::Purge, Job::Reminders]);
    assert_eq!(noted[0].outcome, "Removed 0 clients and 0 services for good.");
    assert_eq!(noted[1].outcome, "Reminded of 0 secrets and 0 removals.");
    assert_eq!((noted[0].began_at, noted[0].succeeded_at), (second, Some(second)));

    // A run that fails says so, and where the cause stands.
    portal.clock.advance(HOUR);
    portal.sql("ALTER TABLE throttles RENAME TO throttles_away");
    portal.sql("ALTER TABLE submissions RENAME TO submissions_away");
    assert_eq!(jobs::purge::once(operations, "one", || false).unwrap().unwrap().failed, 1);
    let failed = &runs(&portal)[0];
    assert_eq!(failed.outcome, "It failed; the log of the instance says why.");
    assert_eq!((failed.began_at, failed.succeeded_at), (portal.clock.now(), Some(second)));
}

#[test]
fn a_job_that_another_instance_does_is_not_noted() {
    let portal = TestPortal::spawn();
    let operations = &portal.application.operations;
    assert!(operations.take_lease("purge", "another", HOUR).unwrap());
    assert!(operations.take_lease("reminders", "another", HOUR).unwrap());
    assert!(jobs::purge::once(operations, "one", || false).unwrap().is_none());
    assert!(jobs::reminders::once(operations, "one", || false).unwrap().is_none());
    assert_eq!(runs(&portal), []);
}
