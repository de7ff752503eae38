//! A secret is shown exactly once: to the person who made it, in the browser that made it, within 15 minutes.

use std::thread;

use keywright::domain::client::ClientType;

use crate::support::{Browser, HOUR, MINUTE, PASSWORD, Person, SECOND, TestPortal};

/// A portal with one company, and an administrator on the page that adds a secret to its one client.
fn about_to_add() -> (TestPortal, Browser) {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let service = portal.service(&company, "Shop");
    let client = portal.client(&company, service, ClientType::ClientCredentials, "Till");
    let mut browser = portal.signed_in(Person::Administrator, "northwind");
    browser.visit(&format!("/clients/{client}"));
    browser.follow("Add secret");
    (portal, browser)
}

/// The same, with the secret made and waiting to be shown.
fn about_to_see() -> (TestPortal, Browser) {
    let (portal, mut browser) = about_to_add();
    browser.press("Add secret");
    assert_eq!(browser.page().heading(), "Your new secret is ready");
    (portal, browser)
}

fn secret_on(html: &str) -> Option<String> {
    let begin = html.find("kws_sandbox_")?;
    Some(html[begin..].chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect())
}

#[test]
fn from_a_new_client_to_its_secret_by_labels_alone() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let service = portal.service(&company, "Shop");
    let mut browser = portal.signed_in(Person::Administrator, "northwind");
    browser.visit(&format!("/services/{service}"));
    browser.follow("Add client");
    browser.follow("Client credentials");
    browser.fill("Name", "Till").fill("Client ID suffix", "till").tick("roles");
    browser.press("Add client");
    assert_eq!(browser.page().heading(), "Add secret", "{}", browser.page().text());

    browser.fill("Description", "Backend EU");
    browser.press("Add secret");
    let reveal = browser.page().path.clone();
    assert!(browser.page().sees("Backend EU"));
    assert_eq!(secret_on(&browser.page().html), None);

    let shown = browser.press("Show secret");
    assert_eq!((shown.status, shown.heading().as_str()), (200, "Your new secret"));
    assert_eq!(shown.headers["cache-control"], "no-store");
    let secret = secret_on(&shown.html).expect("the secret is on the page");
    assert_eq!(shown.text_by_id("client-secret"), Some(secret.clone()));
    assert!(shown.path == reveal && !shown.path.contains(&secret));

    // A reload, Back, and the form sent again.
    let again = browser.visit(&reveal);
    assert_eq!((again.status, secret_on(&again.html)), (410, None));
    let posted = browser.post(&reveal, &[]);
    assert_eq!(posted.status(), 410);
    assert_eq!(secret_on(&posted.text().unwrap()), None);

    // Its end is on the client's page, for telling secrets apart; the rest is nowhere.
    browser.follow("Go to clients");
    browser.follow("Till");
    assert!(browser.page().sees("Backend EU"));
    assert_eq!(secret_on(&browser.page().html), None);
    assert_eq!(portal.number("SELECT count(*) AS n FROM secrets"), 1);
    assert_eq!(portal.number("SELECT count(*) AS n FROM reveals"), 0);
}

#[test]
fn looking_at_the_page_uses_nothing_up() {
    let (_portal, mut browser) = about_to_see();
    let reveal = browser.page().path.clone();
    for _ in 0..10 {
        let page = browser.visit(&reveal);
        assert_eq!((page.status, secret_on(&page.html)), (200, None));
        assert_eq!(page.headers["cache-control"], "no-store");
    }
    assert!(secret_on(&browser.press("Show secret").html).is_some());
}

#[test]
fn another_browser_of_the_same_person_is_not_shown_it() {
    let (portal, mut browser) = about_to_see();
    let reveal = browser.page().path.clone();
    let mut other = portal.signed_in(Person::Administrator, "northwind");
    assert_eq!(other.visit(&reveal).status, 410);
    assert_eq!(other.post(&reveal, &[]).status(), 410);
    // And has not taken it from the browser that made it.
    assert!(secret_on(&browser.press("Show secret").html).is_some());
}

#[test]
fn another_person_is_not_shown_it_even_with_the_cookie_that_keeps_it() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    portal.company("southwind");
    let service = portal.service(&company, "Shop");
    let client = portal.client(&company, service, ClientType::AuthorizationCode, "Web");
    let mut browser = portal.signed_in(Person::Developer, "northwind");
    browser.visit(&format!("/clients/{client}/secrets/new"));
    browser.press("Add secret");
    let reveal = browser.page().path.clone();

    for (person, company) in [(Person::Administrator, "northwind"), (Person::Administrator, "southwind")] {
        let mut stolen = browser.copied(&reveal);
        assert!(stolen.cookie(&reveal, "reveal").is_some());
        stolen.post("/sign-out", &[]);
        stolen.sign_in(&person.email(company), PASSWORD);
        assert!(stolen.cookie(&reveal, "reveal").is_some());
        assert_eq!(stolen.visit(&reveal).status, 410);
        let posted = stolen.post(&reveal, &[]);
        assert_eq!(posted.status(), 410);
        assert_eq!(secret_on(&posted.text().unwrap()), None);
    }
    // The copies had the person's session too, and signing out of them has ended it.
    let mut member = browser.tab();
    member.sign_in(&Person::Member.email("northwind"), PASSWORD);
    assert_eq!(member.visit(&reveal).status, 403);
    browser.post("/sign-out", &[]);
    browser.sign_in(&Person::Developer.email("northwind"), PASSWORD);
    browser.visit(&reveal);
    assert!(secret_on(&browser.press("Show secret").html).is_some());
}

#[test]
fn of_many_at_once_with_the_same_cookies_one_is_shown_it() {
    for _ in 0..3 {
        let (_portal, browser) = about_to_see();
        let answers: Vec<(u16, Option<String>)> = thread::scope(|scope| {
            let tries: Vec<_> = (0..6)
                .map(|_| {
                    let request = browser.pressing("Show secret");
                    scope.spawn(move || {
                        let answer = request.send().unwrap();
                        (answer.status().as_u16(), secret_on(&answer.text().unwrap()))
                    })
                })
                .collect();
            tries.into_iter().map(|one| one.join().unwrap()).collect()
        });
        let shown = answers.iter().filter(|(status, secret)| *status == 200 && secret.is_some()).count();
        let refused = answers.iter().filter(|(status, secret)| *status == 410 && secret.is_none()).count();
        assert_eq!((shown, refused), (1, 5), "{answers:?}");
    }
}

#[test]
fn it_waits_for_fifteen_minutes() {
    // The password is given again on the way, since it is older than 15 minutes by then.
    let (portal, mut browser) = about_to_add();
    portal.clock.advance(10 * MINUTE);
    browser.press("Add secret");
    portal.clock.advance(15 * MINUTE - SECOND);
    let reveal = browser.page().path.clone();
    assert_eq!(browser.visit(&reveal).status, 200);
    browser.press("Show secret");
    assert_eq!(browser.page().heading(), "Confirm it's you");
    assert_eq!(secret_on(&browser.page().html), None);
    browser.fill("Password", PASSWORD);
    assert!(secret_on(&browser.press("Confirm").html).is_some());

    browser.visit("/clients");
    browser.follow("Till");
    browser.follow("Add secret");
    browser.press("Add secret");
    let reveal = browser.page().path.clone();
    portal.clock.advance(15 * MINUTE);
    assert_eq!(browser.visit(&reveal).status, 410);
    let posted = browser.post(&reveal, &[("confirm_password", PASSWORD)]);
    assert_eq!(posted.status(), 410);
    assert_eq!(secret_on(&posted.text().unwrap()), None);
}

#[test]
fn the_form_sent_twice_makes_one_secret() {
    let (portal, mut browser) = about_to_add();
    browser.fill("Description", "double");
    let first = browser.press_raw("Add secret");
    let second = browser.press_raw("Add secret");
    let to = |answer: &reqwest::blocking::Response| answer.headers()["location"].to_str().unwrap().to_owned();
    assert_eq!(to(&first), to(&second));
    assert_eq!(portal.number("SELECT count(*) AS n FROM secrets"), 1);
    assert_eq!(portal.events("secret.renewed").len(), 1, "the trail knows that its ending is another");
    browser.visit(&to(&second));
    assert!(secret_on(&browser.press("Show secret").html).is_some());
    // Sent a third time, from a restored tab: no second secret, and the first is not shown again.
    portal.clock.advance(MINUTE);
    let mut restored = browser.tab();
    restored.visit(&to(&first));
    assert_eq!(restored.page().status, 410);
}

#[test]
fn a_form_sent_again_after_its_secret_was_shown_says_so() {
    let (portal, mut browser) = about_to_add();
    let mut twice = vec![browser.pressing("Add secret"), browser.pressing("Add secret")];
    let made = twice.remove(0).send().unwrap();
    browser.visit(made.headers()["location"].to_str().unwrap());
    assert!(secret_on(&browser.press("Show secret").html).is_some());
    let again = twice.remove(0).send().unwrap();
    assert_eq!(again.status(), 409);
    assert_eq!(portal.number("SELECT count(*) AS n FROM secrets"), 1);
}

#[test]
fn of_a_rotation_too() {
    let (portal, mut browser) = about_to_see();
    let first = secret_on(&browser.press("Show secret").html).unwrap();
    portal.clock.advance(HOUR);
    browser.follow("I have stored the secret");
    browser.follow("Rotate secret");
    browser.press("Rotate secret");
    assert_eq!(browser.page().heading(), "Confirm it's you");
    browser.fill("Password", PASSWORD);
    browser.press("Confirm");
    let reveal = browser.page().path.clone();
    let second = secret_on(&browser.press("Show secret").html).unwrap();
    assert_ne!(first, second);
    assert_eq!(browser.visit(&reveal).status, 410);
    assert_eq!(portal.number("SELECT count(*) AS n FROM secrets"), 2);
}
