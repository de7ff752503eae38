//! The first run: a link that is good for one hour and for one company, and that nobody is given afterwards.

use std::thread;

use crate::support::{Browser, HOUR, SECOND, Served, TestPortal};

const PASSWORD: &str = "granite lantern orchard";

/// The path of a new set-up link.
fn link(portal: &TestPortal) -> String {
    let link = portal.application.operations.setup_link().unwrap().expect("not set up yet");
    link.strip_prefix(&portal.url).expect("a link to this portal").to_owned()
}

fn filled(portal: &TestPortal, link: &str, email: &str) -> Browser {
    let mut browser = Browser::new(&portal.url);
    assert_eq!(browser.visit(link).heading(), "Set up Keywright", "{}", browser.page().text());
    browser.fill("Company name", "Contoso").fill("Your name", "Olga").fill("E-mail", email).fill("Password", PASSWORD);
    browser
}

#[test]
fn the_link_makes_company_administrator_and_default_clients() {
    let portal = TestPortal::spawn();
    let link = link(&portal);
    let mut browser = filled(&portal, &link, "olga@contoso.example");
    browser.press("Set up Keywright");
    assert!(browser.page().sees("Keywright is set up, and you are signed in."), "{}", browser.page().text());

    assert_eq!(portal.number("SELECT count(*) AS n FROM tenants WHERE operates"), 1);
    assert_eq!(portal.number("SELECT count(*) AS n FROM members WHERE administrator"), 1);
    assert_eq!(portal.number("SELECT count(*) AS n FROM clients WHERE default_purpose IS NOT NULL"), 4);
    browser.visit("/clients");
    assert_eq!(browser.page().html.matches(">Default<").count(), 4, "{}", browser.page().text());
    assert!(portal.application.operations.verify_audit_chain().unwrap().is_ok());

    // Whoever opens it again is told, and may not set up a second time.
    let mut late = Browser::new(&portal.url);
    assert_eq!(late.visit(&link).status, 410);
    assert!(portal.application.operations.setup_link().unwrap().is_none());
    late.sign_in("olga@contoso.example", PASSWORD);
}

#[test]
fn it_is_good_for_one_hour() {
    let portal = TestPortal::spawn();
    let first = link(&portal);
    let mut browser = filled(&portal, &first, "olga@contoso.example");
    portal.clock.advance(HOUR);
    assert_eq!(Browser::new(&portal.url).visit(&first).status, 410);
    assert_eq!(browser.press("Set up Keywright").status, 410);
    assert_eq!(portal.number("SELECT count(*) AS n FROM tenants"), 0);

    // A restart prints another, and that one is good until the last second.
    let second = link(&portal);
    portal.clock.advance(HOUR - SECOND);
    filled(&portal, &second, "olga@contoso.example").press("Set up Keywright");
    assert_eq!(portal.number("SELECT count(*) AS n FROM tenants"), 1);
}

#[test]
fn a_newer_link_takes_the_place_of_the_older() {
    let portal = TestPortal::spawn();
    let (older, newer) = (link(&portal), link(&portal));
    assert_eq!(Browser::new(&portal.url).visit(&older).status, 410);
    assert_eq!(Browser::new(&portal.url).visit(&newer).status, 200);
    for other in ["/setup", "/setup?token=", "/setup?token=0"] {
        assert_eq!(Browser::new(&portal.url).visit(other).status, 410, "{other}");
    }
}

#[test]
fn a_faulty_form_does_not_use_it_up() {
    let portal = TestPortal::spawn();
    let link = link(&portal);
    let mut browser = filled(&portal, &link, "not an address");
    browser.fill("Password", "password1");
    let page = browser.press("Set up Keywright");
    assert_eq!(page.status, 422);
    assert_eq!(page.errors().len(), 2, "{:?}", page.errors());
    assert_eq!(page.value("company").as_deref(), Some("Contoso"));
    assert!(!page.html.contains("password1"));
    browser.fill("E-mail", "olga@contoso.example").fill("Password", PASSWORD);
    assert_eq!(browser.press("Set up Keywright").status, 200);
}

#[test]
fn of_many_at_once_one_sets_up() {
    let portal = TestPortal::spawn();
    let link = link(&portal);
    let browsers: Vec<Browser> =
        (0..4).map(|number| filled(&portal, &link, &format!("olga{number}@contoso.example"))).collect();
    let mut statuses: Vec<u16> = thread::scope(|scope| {
        let sent: Vec<_> = browsers
            .iter()
            .map(|browser| {
                let request = browser.pressing("Set up Keywright");
                scope.spawn(move || request.send().unwrap().status().as_u16())
            })
            .collect();
        sent.into_iter().map(|one| one.join().unwrap()).collect()
    });
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 410, 410, 410]);
    assert_eq!(portal.number("SELECT count(*) AS n FROM tenants"), 1);
    assert_eq!(portal.number("SELECT count(*) AS n FROM accounts"), 1);
    assert_eq!(portal.number("SELECT count(*) AS n FROM clients"), 4);
}

#[test]
fn serving_a_portal_that_is_set_up_prints_no_link() {
    let served = Served::start("info", &[]);
    let link = served.setup_link().expect("an empty database gets a link");
    let mut browser = Browser::new(&served.url);
    browser.visit(&link);
    browser.fill("Company name", "Contoso").fill("Your name", "Olga");
    browser.fill("E-mail", "olga@contoso.example").fill("Password", PASSWORD);
    assert_eq!(browser.press("Set up Keywright").status, 200);

    let again = served.restart();
    assert_eq!(again.setup_link(), None);
    assert_eq!(Browser::new(&again.url).visit(&link).status, 410);
    let (stdout, _) = again.stop();
    assert!(!stdout.contains("token"), "{stdout}");
}

#[test]
fn companies_that_came_first_take_nobodys_place() {
    // With open registration a company may be there before the operator: the link still makes the operating one.
    let portal = TestPortal::spawn();
    portal.company("northwind");
    let link = link(&portal);
    let mut browser = filled(&portal, &link, "olga@contoso.example");
    browser.press("Set up Keywright");
    assert_eq!(browser.page().status, 200, "{}", browser.page().text());
    assert_eq!(portal.number("SELECT count(*) AS n FROM tenants WHERE operates"), 1);
    assert!(portal.application.operations.setup_link().unwrap().is_none());
}
