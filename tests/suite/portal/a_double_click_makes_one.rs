//! The same form sent twice, at once or a while later, makes one thing and leads to one page.

use std::thread;

use reqwest::blocking::RequestBuilder;

use crate::support::{Browser, Person, TestPortal};

/// Status and address of both answers.
fn at_once(requests: [RequestBuilder; 2]) -> Vec<(u16, String)> {
    let answers = |request: RequestBuilder| {
        let answer = request.send().unwrap();
        let to = answer.headers().get("location").map(|to| to.to_str().unwrap().to_owned());
        (answer.status().as_u16(), to.unwrap_or_default())
    };
    thread::scope(|scope| {
        let sent: Vec<_> = requests.map(|request| scope.spawn(move || answers(request))).into_iter().collect();
        sent.into_iter().map(|one| one.join().unwrap()).collect()
    })
}

fn administrator(portal: &TestPortal) -> Browser {
    portal.company("northwind");
    portal.signed_in(Person::Administrator, "northwind")
}

fn add_service(browser: &mut Browser) -> String {
    browser.visit("/services/new");
    browser.fill("Name", "Shop").fill("Domain", "shop.example.com");
    browser.press("Add service").path.clone()
}

#[test]
fn of_services() {
    let portal = TestPortal::spawn();
    let mut browser = administrator(&portal);
    for round in 1..=5 {
        browser.visit("/services/new");
        browser.fill("Name", "Shop").fill("Domain", "shop.example.com");
        let answers = at_once([browser.pressing("Add service"), browser.pressing("Add service")]);
        assert_eq!((answers[0].0, answers[1].0), (303, 303));
        assert_eq!(answers[0].1, answers[1].1);
        assert_eq!(portal.number("SELECT count(*) AS n FROM services"), round);
        assert_eq!(browser.visit(&answers[0].1.clone()).heading(), "Shop");
    }
    let events = "SELECT count(*) AS n FROM audit_events WHERE action = 'service.added'";
    assert_eq!(portal.number(events), 5);
}

#[test]
fn of_clients() {
    let portal = TestPortal::spawn();
    let mut browser = administrator(&portal);
    let service = add_service(&mut browser);
    for round in 1..=5 {
        browser.visit(&format!("{service}/clients/new/client-credentials"));
        browser.fill("Name", "Till").fill("Client ID suffix", &format!("till{round}")).tick("roles");
        let answers = at_once([browser.pressing("Add client"), browser.pressing("Add client")]);
        assert_eq!((answers[0].0, answers[1].0), (303, 303), "{answers:?}");
        assert_eq!(answers[0].1, answers[1].1);
        assert_eq!(portal.number("SELECT count(*) AS n FROM clients"), round);
        assert_eq!(browser.visit(&answers[0].1.clone()).heading(), "Add secret");
    }
    let events = "SELECT count(*) AS n FROM audit_events WHERE action = 'client.added'";
    assert_eq!(portal.number(events), 5);
}

#[test]
fn a_form_sent_again_later_leads_to_what_it_made() {
    let portal = TestPortal::spawn();
    let mut browser = administrator(&portal);
    let service = add_service(&mut browser);
    browser.visit(&format!("{service}/clients/new/client-credentials"));
    browser.fill("Name", "Till").tick("roles");
    let again = browser.pressing("Add client");
    browser.press("Add client");
    browser.press("Add secret");
    browser.press("Show secret");
    // It has its first secret by now: the second answer does not ask for another.
    let answer = again.send().unwrap();
    assert_eq!(answer.status(), 303);
    let to = answer.headers()["location"].to_str().unwrap().to_owned();
    assert_eq!(browser.visit(&to).heading(), "Till");
    assert_eq!(portal.number("SELECT count(*) AS n FROM clients"), 1);
}

#[test]
fn another_form_with_the_same_words_makes_another() {
    let portal = TestPortal::spawn();
    let mut browser = administrator(&portal);
    assert_ne!(add_service(&mut browser), add_service(&mut browser));
    assert_eq!(portal.number("SELECT count(*) AS n FROM services"), 2);
}
