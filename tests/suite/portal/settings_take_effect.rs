//! What an administrator sets counts with the next request, and a switch that stops something asks first.

use keywright::access::act;
use keywright::crypto::random;
use keywright::domain::client::{ClientInput, ClientType};
use keywright::domain::tenant::TenantPolicy;
use keywright::operations::fill::Company;

use crate::support::{Browser, DAY, MINUTE, PASSWORD, Person, TestPortal};

fn northwind() -> (TestPortal, Company, Browser) {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let browser = portal.signed_in(Person::Administrator, "northwind");
    (portal, company, browser)
}

fn changed(browser: &mut Browser) {
    let page = browser.press("Change settings");
    assert!(page.status == 200 && page.sees("Settings changed."), "{}", page.text());
}

#[test]
fn the_profile_is_seen_at_once_and_stands_in_the_trail() {
    let (portal, company, mut browser) = northwind();
    let page = browser.visit("/settings");
    assert_eq!(page.text_by_id("company-id"), Some(company.tenant.id.to_string()));
    assert_eq!(page.text_by_id("client-id-prefix").as_deref(), Some(company.tenant.client_id_prefix.as_str()));
    browser.fill("Company name", "Northwind Mobility").fill("Contact name", "The OAuth team");
    browser.fill("Website URL", "https://northwind.example/");
    let page = browser.press("Update company");
    assert!(page.sees("Company updated.") && page.sees("Tenant: Northwind Mobility"), "{}", page.text());
    let page = browser.visit("/settings");
    assert_eq!(page.value("contact_name").as_deref(), Some("The OAuth team"));
    let mut member = portal.signed_in(Person::Member, "northwind");
    assert!(member.visit("/").sees("Tenant: Northwind Mobility"));
    let events = "SELECT count(*) AS n FROM audit_events WHERE action = 'tenant.updated' AND target_version = 2
                  AND changes LIKE '%The OAuth team%' AND changes LIKE '%northwind%'";
    assert_eq!(portal.number(events), 1);
    // The same once more changes nothing.
    browser.press("Update company");
    assert_eq!(portal.number("SELECT count(*) AS n FROM audit_events WHERE action = 'tenant.updated'"), 1);
}

#[test]
fn developers_may_add_machine_clients_from_the_next_request_on() {
    let (portal, company, mut browser) = northwind();
    let service = portal.service(&company, "Shop");
    let form = format!("/services/{service}/clients/new/client-credentials");
    let mut developer = portal.signed_in(Person::Developer, "northwind");
    assert_eq!(developer.visit(&form).status, 403);
    browser.visit("/settings");
    browser.tick("Developers may add client-credentials clients");
    changed(&mut browser);
    assert_eq!(developer.visit(&form).status, 200);
    developer.fill("Name", "Worker").tick("roles");
    browser.untick("Developers may add client-credentials clients");
    changed(&mut browser);
    assert_eq!(developer.press("Add client").status, 403);
    assert_eq!(portal.number("SELECT count(*) AS n FROM clients"), 0);
}

#[test]
fn legacy_grants_ask_on_the_way_in_and_name_the_clients_on_the_way_out() {
    let (portal, company, mut browser) = northwind();
    let service = portal.service(&company, "Shop");
    let form = format!("/services/{service}/clients/new/custom");
    browser.visit("/settings");
    browser.tick("Allow legacy grants");
    let page = browser.press("Change settings");
    assert!(page.status == 422 && page.sees("RFC 9700, section 2.1.2"), "{}", page.text());
    assert!(browser.visit(&form).sees("Implicit is offered only where"));
    browser.visit("/settings");
    browser.tick("Allow legacy grants");
    browser.press("Change settings");
    browser.tick("Yes, I mean it");
    changed(&mut browser);
    assert!(!browser.visit(&form).sees("Implicit is offered only where"));

    // Two clients that use them, one that doesn't, and one that is gone.
    let permit = portal.permit::<act::EditClients>(&company, Person::Administrator);
    let policy = TenantPolicy { legacy_grants: true, ..TenantPolicy::default() };
    assert_ne!(policy, company.tenant.policy);
    let add = |name: &str, kind: ClientType, grants: &[&str], responses: &[&str]| {
        let mut input = ClientInput::blank(kind);
        input.name = name.into();
        input.suffix = name.to_lowercase();
        input.scopes = vec!["openid".into()];
        input.redirect_urls = "https://app.example.com/callback".into();
        input.grant_types = grants.iter().map(ToString::to_string).collect();
        input.response_types = responses.iter().map(ToString::to_string).collect();
        let mut person = portal.person(&company, Person::Administrator).clone();
        person.policy = policy;
        let actor = keywright::access::Actor::new(person, portal.clock.now(), String::new());
        let permit = actor.permit::<act::EditClients>().expect("they may");
        let added = portal.application.operations.add_client(&permit, service, kind, &input, &random::token());
        added.expect("a client").0
    };
    add("Implicit", ClientType::Custom, &["implicit"], &["token"]);
    add("Mixed", ClientType::Hybrid, &[], &["code token"]);
    add("Fine", ClientType::Hybrid, &[], &["code id_token"]);
    let gone = add("Gone", ClientType::Custom, &["implicit"], &["token"]);
    let confirmed = permit.confirmed(portal.clock.now()).expect("just confirmed");
    portal.application.operations.delete_client(&confirmed, gone).expect("it goes");

    browser.visit("/settings");
    browser.untick("Allow legacy grants");
    let page = browser.press("Change settings");
    assert!(
        page.sees("2 clients use legacy grants, which are refused from now on: Implicit, Mixed."),
        "{}",
        page.text()
    );
    browser.tick("Yes, I mean it");
    changed(&mut browser);
}

#[test]
fn days_of_grace_count_for_what_is_deleted_from_now_on() {
    let (portal, company, mut browser) = northwind();
    let (before, after) = (portal.service(&company, "Before"), portal.service(&company, "After"));
    let delete = |service| {
        let mut browser = portal.signed_in(Person::Administrator, "northwind");
        browser.visit(&format!("/services/{service}/deletion"));
        browser.press("Delete service").text()
    };
    assert!(delete(before).contains("in 14 days"));
    browser.visit("/settings");
    browser.fill("Days of grace", "30");
    changed(&mut browser);
    assert!(delete(after).contains("in 30 days"));
    assert!(browser.visit(&format!("/services/{before}")).sees("in 14 days"));
    browser.visit("/settings");
    browser.fill("Days of grace", "1");
    changed(&mut browser);
    let service = portal.service(&company, "Short");
    assert!(
        browser.visit(&format!("/services/{service}")).sees("brought back for 1 day;"),
        "{}",
        browser.page().text()
    );
    assert!(browser.visit(&format!("/services/{service}/deletion")).sees("For 1 day"));
    portal.clock.advance(29 * DAY);
    assert_eq!(portal.application.operations.purge(|| true).unwrap().services.len(), 1);
    // Left empty, the deployment's counts again.
    let mut browser = portal.signed_in(Person::Administrator, "northwind");
    browser.visit("/settings");
    browser.fill("Days of grace", " ");
    changed(&mut browser);
    assert_eq!(browser.visit("/settings").value("grace_days").as_deref(), Some(""));
    assert!(delete(portal.service(&company, "Later")).contains("in 14 days"));
}

#[test]
fn a_required_second_factor_says_who_has_none() {
    let (_portal, _, mut browser) = northwind();
    browser.visit("/settings");
    assert!(browser.page().sees("You have no second factor yet"));
    browser.tick("Require a second factor");
    let page = browser.press("Change settings");
    assert!(page.status == 422 && page.sees("4 members have no second factor yet"), "{}", page.text());
    assert!(page.sees("You are one of them."));
}

#[test]
fn a_question_that_was_answered_stays_answered_beside_an_open_one() {
    let (portal, _, mut browser) = northwind();
    browser.visit("/settings");
    browser.tick("Allow legacy grants").tick("Require a second factor");
    let page = browser.press("Change settings");
    assert_eq!((page.status, page.title().as_str(), page.errors().len()), (422, "Error: Settings · Keywright", 2));
    // The first box alone: the page asks for the other, and keeps the first.
    browser.tick("Yes, I mean it");
    let page = browser.press("Change settings");
    assert_eq!((page.status, page.errors().len()), (422, 1), "{}", page.text());
    assert!(page.errors()[0].contains("no second factor"), "{:?}", page.errors());
    assert!(page.html.contains("value=\"legacy-on\" checked aria-describedby=\"confirmed-legacy-on-hint\""));
    assert!(page.html.contains("value=\"second-factor\" aria-describedby=\"confirmed-second-factor-hint\""));
    let saved = || portal.number("SELECT count(*) AS n FROM tenants WHERE second_factor_required = TRUE");
    assert_eq!(saved(), 0);
    browser.tick_all("Yes, I mean it");
    browser.press("Change settings");
    assert_eq!(saved(), 1);
}

#[test]
fn two_administrators_do_not_overwrite_each_other() {
    let (portal, _, mut one) = northwind();
    let mut other = portal.signed_in(Person::Administrator, "northwind");
    one.visit("/settings");
    other.visit("/settings");
    one.fill("Sessions end after (hours)", "24");
    changed(&mut one);
    other.fill("Sessions end after (hours)", "48");
    let page = other.press("Change settings");
    assert!(page.status == 409 && page.sees("Somebody else changed this company meanwhile"), "{}", page.text());
    assert_eq!(page.value("session_hours").as_deref(), Some("48"));
    changed(&mut other);
    assert_eq!(portal.number("SELECT CAST(session_hours AS BIGINT) AS n FROM tenants"), 48);
}

#[test]
fn settings_ask_for_the_password() {
    let (portal, _, mut browser) = northwind();
    portal.clock.advance(16 * MINUTE);
    browser.visit("/settings");
    browser.fill("Days of grace", "7");
    assert_eq!(browser.press("Change settings").heading(), "Confirm it's you");
    browser.fill("Password", PASSWORD);
    assert!(browser.press("Confirm").sees("Settings changed."));
    assert_eq!(browser.page().value("grace_days").as_deref(), Some("7"));
}
