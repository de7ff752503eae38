//! However many instances there are, each job is done once; and where one dies that had begun, another goes on.

use std::thread;
use std::time::{Duration, Instant};

use keywright::access::act;
use keywright::clock::Clock;
use keywright::domain::client::ClientType;
use keywright::operations::fill::Company;

use super::at;
use crate::support::{Browser, DAY, Person, SECOND, Served, TestPortal, letters_in};

fn with_deleted_clients(portal: &TestPortal, count: usize) -> Company {
    let company = portal.company("northwind");
    let service = portal.service(&company, "Shop");
    let permit = portal.confirmed::<act::EditClients>(&company, Person::Administrator);
    // Deleted so long ago that they are due.
    portal.clock.set(Clock::System.now().minus(20 * DAY));
    for number in 0..count {
        let client = portal.client(&company, service, ClientType::ClientCredentials, &format!("Till {number}"));
        portal.application.operations.delete_client(&permit, client).unwrap();
    }
    portal.clock.set(Clock::System.now());
    company
}

fn purging(portal: &TestPortal) -> Served {
    let (url, key) = (portal.database_url(), portal.folder.path().join("keywright.key").display().to_string());
    let wanted =
        [("KEYWRIGHT_DATABASE_URL", &*url), ("KEYWRIGHT_KEY_FILE", &*key), ("KEYWRIGHT_PURGE_INTERVAL_SECONDS", "1")];
    Served::start("info", &wanted)
}

fn soon(what: &str, so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !so() {
        assert!(begun.elapsed() < 20 * SECOND, "{what}");
        thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn the_purge_and_the_mail() {
    let portal = TestPortal::on_real_time();
    with_deleted_clients(&portal, 30);
    let one = purging(&portal);
    let instances = [one.another(), one.another(), one];
    for person in Person::ALL {
        let browser = at(&Browser::new(&instances[2].url), &instances[0]);
        let asked = browser.post("/password-reset", &[("email", &person.email("northwind"))]);
        assert!(asked.status().is_redirection(), "{}", asked.status());
    }
    let count = |query: &str| portal.number(query);
    soon("all is purged", || count("SELECT count(*) AS n FROM clients") == 0);
    soon("all mail is gone", || count("SELECT count(*) AS n FROM outbox") == 0);
    // Another round of each job, to see that nothing is done again.
    thread::sleep(2 * SECOND);
    assert_eq!(count("SELECT count(*) AS n FROM audit_events WHERE action = 'client.purged'"), 30);
    let letters: usize = instances.iter().map(|instance| letters_in(&instance.folder.path().join("mail")).len()).sum();
    assert_eq!(letters, 4);
    assert!(instances[0].command(&["audit", "verify"]).0);
}

#[test]
fn who_dies_with_the_lease_is_followed_by_another_when_it_ends() {
    let portal = TestPortal::on_real_time();
    with_deleted_clients(&portal, 3);
    // As an instance leaves it that was killed: nobody gives it back.
    let lasts = 4 * SECOND;
    assert!(portal.application.operations.take_lease("purge", "killed", lasts).unwrap());
    let begun = Instant::now();
    let _one = purging(&portal);
    while begun.elapsed() < lasts - SECOND {
        assert_eq!(portal.number("SELECT count(*) AS n FROM clients"), 3, "the lease is kept");
        thread::sleep(Duration::from_millis(200));
    }
    soon("another takes over", || portal.number("SELECT count(*) AS n FROM clients") == 0);
    println!("taken over {:?} after the lease's beginning", begun.elapsed());
}
