//! Two tabs edit the same thing: the second neither overwrites what the first did nor loses what it typed.

use std::thread;

use keywright::domain::client::ClientType;

use crate::support::{Browser, Person, TestPortal};

/// Two people, each with the edit form of the same client open.
fn two_editors() -> (TestPortal, Browser, Browser) {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let service = portal.service(&company, "Shop");
    let client = portal.client(&company, service, ClientType::AuthorizationCode, "Web");
    let [first, second] = [Person::Administrator, Person::Developer].map(|person| {
        let mut browser = portal.signed_in(person, "northwind");
        browser.visit(&format!("/clients/{client}"));
        browser.follow("Edit client");
        browser
    });
    (portal, first, second)
}

#[test]
fn the_second_is_told_what_the_first_changed_and_keeps_what_it_typed() {
    let (portal, mut first, mut second) = two_editors();
    first.fill("Name", "Web shop");
    assert_eq!(first.press("Update client").status, 200);

    second.fill("Description", "Typed in the second tab");
    let refused = second.press("Update client");
    assert_eq!(refused.status, 409);
    assert!(refused.sees("Administrator of northwind updated the client"), "{}", refused.text());
    assert!(refused.sees("Name") && refused.sees("Web shop"));
    assert_eq!(refused.value("description").as_deref(), Some("Typed in the second tab"));
    assert_eq!(refused.value("name").as_deref(), Some("Web"));
    assert_eq!(portal.number("SELECT count(*) AS n FROM clients WHERE description <> ''"), 0);

    // The person has seen it, takes the new name over and saves again.
    second.fill("Name", "Web shop");
    let saved = second.press("Update client");
    assert_eq!((saved.status, saved.heading().as_str()), (200, "Web shop"), "{}", saved.text());
    assert!(saved.sees("Typed in the second tab"));
}

#[test]
fn somebody_who_saves_a_third_time_is_told_of_the_third() {
    let (_portal, mut first, mut second) = two_editors();
    let edit = first.page().path.clone();
    first.fill("Description", "one");
    first.press("Update client");
    second.fill("Name", "Mine");
    assert_eq!(second.press("Update client").status, 409);
    first.visit(&edit);
    first.fill("Description", "two");
    first.press("Update client");
    let refused = second.press("Update client");
    assert_eq!(refused.status, 409);
    // Only what is new since the last look.
    assert!(refused.text_by_id("meanwhile-title").is_some());
    assert_eq!(refused.value("name").as_deref(), Some("Mine"));
    let changes = refused.html.matches("class=\"changes\"").count();
    assert_eq!(changes, 1, "{}", refused.text());
    assert_eq!(second.press("Update client").status, 200);
}

#[test]
fn of_two_at_once_one_is_told_of_the_other() {
    let (_portal, mut first, mut second) = two_editors();
    first.fill("Name", "First");
    second.fill("Name", "Second");
    let requests = [first.pressing("Update client"), second.pressing("Update client")];
    let mut statuses: Vec<u16> = thread::scope(|scope| {
        let sent: Vec<_> = requests
            .map(|request| scope.spawn(move || request.send().unwrap().status().as_u16()))
            .into_iter()
            .collect();
        sent.into_iter().map(|one| one.join().unwrap()).collect()
    });
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 409]);
}

#[test]
fn services_are_kept_from_it_too() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let service = portal.service(&company, "Shop");
    let [mut first, mut second] = [Person::Administrator, Person::Developer].map(|person| {
        let mut browser = portal.signed_in(person, "northwind");
        browser.visit(&format!("/services/{service}"));
        browser.follow("Edit service");
        browser
    });
    first.fill("Name", "Shop & more");
    assert_eq!(first.press("Update service").status, 200);
    second.fill("Description", "Typed in the second tab");
    let refused = second.press("Update service");
    assert_eq!(refused.status, 409);
    assert!(refused.sees("Administrator of northwind updated the service"), "{}", refused.text());
    assert!(refused.sees("Shop & more"));
    assert_eq!(refused.value("description").as_deref(), Some("Typed in the second tab"));
    let saved = second.press("Update service");
    assert_eq!(saved.status, 200);
    assert!(saved.sees("Typed in the second tab"));
}

#[test]
fn what_was_typed_for_a_client_deleted_meanwhile_stays_to_be_copied() {
    let (_portal, mut first, mut second) = two_editors();
    let client = first.page().path.replace("/edit", "");
    first.visit(&format!("{client}/deletion"));
    assert_eq!(first.press("Delete client").status, 200);
    second.fill("Description", "Typed in the second tab");
    let refused = second.press("Update client");
    assert_eq!(refused.status, 409);
    assert!(refused.errors().iter().any(|error| error.contains("deleted")), "{:?}", refused.errors());
    assert_eq!(refused.value("description").as_deref(), Some("Typed in the second tab"));
}

#[test]
fn a_developer_saves_a_service_that_was_deactivated_meanwhile() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let service = portal.service(&company, "Shop");
    let mut developer = portal.signed_in(Person::Developer, "northwind");
    developer.visit(&format!("/services/{service}/edit"));
    let mut administrator = portal.signed_in(Person::Administrator, "northwind");
    administrator.visit(&format!("/services/{service}"));
    administrator.follow("Deactivate service");
    administrator.press("Deactivate service");

    developer.fill("Description", "Typed meanwhile");
    assert_eq!(developer.press("Update service").status, 409);
    let saved = developer.press("Update service");
    assert_eq!(saved.status, 200, "{}", saved.text());
    assert!(saved.sees("Typed meanwhile"));
    // The status is the administrator's still.
    assert_eq!(portal.number("SELECT count(*) AS n FROM services WHERE status = 'inactive'"), 1);
}
