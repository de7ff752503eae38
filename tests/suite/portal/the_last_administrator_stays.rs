//! A company always keeps a tenant administrator, whoever takes the role from whom, and when.

use std::thread;

use keywright::access::Roles;
use keywright::operations::fill::Company;
use reqwest::blocking::Response;

use crate::support::{Browser, Person, TestPortal};

const ADMINISTRATOR: Roles = Roles { developer: false, approver: false, administrator: true };

fn northwind() -> (TestPortal, Company) {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    (portal, company)
}

fn administrators(portal: &TestPortal) -> i64 {
    portal.number("SELECT count(*) AS n FROM members WHERE administrator")
}

#[test]
fn they_can_neither_give_it_away_nor_go() {
    let (portal, company) = northwind();
    let own = portal.person(&company, Person::Administrator).member_id;
    let mut browser = portal.signed_in(Person::Administrator, "northwind");
    browser.visit(&format!("/members/{own}"));
    browser.untick("Tenant administrator").tick("Developer");
    let page = browser.press("Change roles");
    assert!(page.status == 409 && page.sees("is the last tenant administrator"), "{}", page.text());
    assert_eq!(browser.visit(&format!("/members/{own}/removal")).status, 409);
    assert_eq!(browser.post(&format!("/members/{own}/removal"), &[]).status(), 409);
    browser.visit("/account");
    browser.follow("Leave company");
    let page = browser.press("Leave company");
    assert!(page.status == 409 && page.sees("is the last tenant administrator"), "{}", page.text());
    assert_eq!(administrators(&portal), 1);
    assert_eq!(portal.number("SELECT count(*) AS n FROM members"), 4);
}

#[test]
fn with_a_second_one_they_can() {
    let (portal, company) = northwind();
    portal.give(portal.person(&company, Person::Member), ADMINISTRATOR);
    let own = portal.person(&company, Person::Administrator).member_id;
    let mut browser = portal.signed_in(Person::Administrator, "northwind");
    browser.visit(&format!("/members/{own}"));
    browser.untick("Tenant administrator");
    assert!(browser.press("Change roles").sees("No more managing of members"));
    let page = browser.press("Change roles");
    assert!(
        page.status == 200 && page.heading() != "Members" && page.sees("is now: Tenant Member."),
        "{}",
        page.text()
    );
    assert_eq!(browser.visit("/members").status, 403);
    // Now the other is the last.
    assert_eq!(administrators(&portal), 1);
}

/// Two administrators act on each other at the same moment; one of them is left.
fn race(act: impl Fn(&Browser, &str) -> Response + Sync) {
    let (portal, company) = northwind();
    let people = [Person::Administrator, Person::Member].map(|person| portal.person(&company, person).clone());
    for _ in 0..6 {
        for person in &people {
            portal.sql(&format!("DELETE FROM members WHERE id = '{}'", person.member_id));
            let back = portal.application.operations.fill(|writer| {
                let (id, account, now) = (person.member_id, person.account_id, portal.clock.now());
                keywright::db::tenants::insert_member(writer, id, person.tenant_id, account, ADMINISTRATOR, now)
            });
            back.expect("they are back");
        }
        let browsers = [Person::Administrator, Person::Member].map(|person| portal.signed_in(person, "northwind"));
        let targets = [people[1].member_id.to_string(), people[0].member_id.to_string()];
        let act = &act;
        let answers = thread::scope(|scope| {
            [0, 1]
                .map(|at| {
                    let (browser, target) = (&browsers[at], &targets[at]);
                    scope.spawn(move || act(browser, target))
                })
                .map(|one| one.join().expect("it ends"))
        });
        assert_eq!(administrators(&portal), 1, "{answers:?}");
        // Whoever came too late is told so, or to sign in.
        let done = |answer: &&Response| {
            answer.headers().get("location").is_some_and(|to| to.as_bytes().starts_with(b"/members"))
        };
        assert_eq!(answers.iter().filter(done).count(), 1, "{answers:?}");
    }
}

#[test]
fn two_who_demote_each_other_at_once_leave_one() {
    race(|browser, target| {
        let fields = [("before", "administrator"), ("confirmed", "yes")];
        browser.post(&format!("/members/{target}/roles"), &fields)
    });
}

#[test]
fn two_who_remove_each_other_at_once_leave_one() {
    race(|browser, target| browser.post(&format!("/members/{target}/removal"), &[]));
}
