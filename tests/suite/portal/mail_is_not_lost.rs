//! Mail waits for as long as it can't be handed over, and is handed over once.

use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use keywright::config::Mail;
use keywright::jobs::mail::Delivered;

use crate::support::{DAY, MINUTE, Person, SECOND, TestPortal, code_in, letters_in};

const NOTHING: Delivered = Delivered { sent: 0, postponed: 0 };
const POSTPONED: Delivered = Delivered { sent: 0, postponed: 1 };

/// A portal whose mail can't be delivered, with one mail that waits.
fn stuck(mail: impl FnOnce(&std::path::Path) -> Mail) -> TestPortal {
    let mut portal = TestPortal::spawn();
    portal.company("northwind");
    portal.config.mail = mail(portal.folder.path());
    ask(&portal, 1);
    portal
}

/// Somebody else asks for a code each time: a person gets only so many.
fn ask(portal: &TestPortal, times: usize) {
    for number in 0..times {
        let company = if number < 4 { "northwind".to_owned() } else { format!("company{}", number / 4) };
        if number >= 4 && number % 4 == 0 {
            portal.company(&company);
        }
        let email = Person::ALL[number % 4].email(&company);
        let address = format!("192.0.2.{number}");
        portal.application.operations.request_password_reset(&email, &address).unwrap();
    }
}

fn file_in_the_way(folder: &std::path::Path) -> Mail {
    let file = folder.join("not a folder");
    std::fs::write(&file, "in the way").unwrap();
    Mail::Folder(file)
}

#[test]
fn it_is_tried_again_at_growing_intervals_and_delivered_once() {
    let mut portal = stuck(file_in_the_way);
    for minutes in [1, 2, 4, 8, 16, 32, 60, 60] {
        assert_eq!(portal.deliver_mail(), POSTPONED);
        portal.clock.advance(minutes * MINUTE - SECOND);
        assert_eq!(portal.deliver_mail(), NOTHING, "less than {minutes} minutes later");
        portal.clock.advance(SECOND);
    }
    assert_eq!(portal.number("SELECT count(*) AS n FROM outbox WHERE last_error <> ''"), 1);
    let folder = portal.folder.path().join("mail");
    portal.config.mail = Mail::Folder(folder.clone());
    assert_eq!(portal.deliver_mail(), Delivered { sent: 1, postponed: 0 });
    assert_eq!(portal.deliver_mail(), NOTHING);
    let letters = letters_in(&folder);
    assert_eq!(letters.len(), 1);
    assert!(code_in(&letters[0]).is_some());
    assert_eq!(portal.number("SELECT count(*) AS n FROM outbox"), 0);
}

#[test]
fn a_mail_server_that_is_down_loses_nothing() {
    // The port was free a moment ago, and nobody listens on it.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut portal = stuck(|_| Mail::Smtp(format!("smtp://127.0.0.1:{port}")));
    assert_eq!(portal.deliver_mail(), POSTPONED);
    assert_eq!(portal.deliver_mail(), NOTHING);
    portal.config.mail = Mail::Folder(portal.folder.path().join("mail"));
    portal.clock.advance(MINUTE);
    assert_eq!(portal.deliver_mail(), Delivered { sent: 1, postponed: 0 });
}

#[test]
fn one_that_can_not_be_delivered_does_not_hold_up_the_others() {
    let portal = TestPortal::spawn();
    portal.company("northwind");
    ask(&portal, 1);
    portal.sql("UPDATE outbox SET recipient = 'not an address'");
    portal.clock.advance(SECOND);
    ask(&portal, 3);
    assert_eq!(portal.deliver_mail(), Delivered { sent: 3, postponed: 1 });
}

#[test]
fn several_deliverers_at_once_deliver_each_once() {
    let portal = TestPortal::spawn();
    portal.company("northwind");
    ask(&portal, 40);
    let sent: usize = thread::scope(|scope| {
        let runs: Vec<_> = (0..4).map(|_| scope.spawn(|| portal.deliver_mail())).collect();
        runs.into_iter().map(|run| run.join().unwrap()).map(|delivered| delivered.sent).sum()
    });
    // Whoever lost a mail to another may have gone home early; what is left is still there.
    assert_eq!(sent + portal.deliver_mail().sent, 40);
    assert_eq!(letters_in(&portal.folder.path().join("mail")).len(), 40);
    assert_eq!(portal.number("SELECT count(*) AS n FROM outbox"), 0);
}

#[test]
fn whoever_took_it_and_died_holds_it_for_two_minutes() {
    let portal = TestPortal::spawn();
    portal.company("northwind");
    ask(&portal, 1);
    assert!(portal.application.operations.claim_mail().unwrap().is_some());
    portal.clock.advance(Duration::from_secs(119));
    assert_eq!(portal.deliver_mail(), NOTHING);
    portal.clock.advance(SECOND);
    assert_eq!(portal.deliver_mail(), Delivered { sent: 1, postponed: 0 });
}

#[test]
fn after_three_days_it_stays_and_is_not_tried_any_more() {
    let portal = stuck(file_in_the_way);
    let begun = portal.clock.now();
    let mut tries = 0;
    for _ in 0..200 {
        tries += portal.deliver_mail().postponed;
        portal.clock.advance(30 * MINUTE);
    }
    assert!(portal.clock.now().since(begun) > 4 * DAY);
    assert!((70..=77).contains(&tries), "{tries}");
    portal.clock.advance(365 * DAY);
    assert_eq!(portal.deliver_mail(), NOTHING);
    assert_eq!(portal.number("SELECT count(*) AS n FROM outbox WHERE last_error <> ''"), 1);
}
