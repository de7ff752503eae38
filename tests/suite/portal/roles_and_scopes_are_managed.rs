//! A tenant has client roles and scopes of its own beside those that came with it; deleting one says first what follows.

use std::thread;

use keywright::access::act;
use keywright::crypto::random;
use keywright::db;
use keywright::domain::client::{ClientInput, ClientType};
use keywright::domain::role::RoleInput;
use keywright::domain::scope::ScopeInput;
use keywright::operations::Error;
use keywright::operations::fill::Company;

use crate::support::{Browser, MINUTE, PASSWORD, Person, TestPortal};

struct House {
    portal: TestPortal,
    company: Company,
    browser: Browser,
}

fn house() -> House {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let browser = portal.signed_in(Person::Administrator, "northwind");
    House { portal, company, browser }
}

impl House {
    fn add_role(&mut self, name: &str) -> String {
        self.browser.visit("/roles");
        self.browser.follow("Add role");
        self.browser.fill("Name", name).fill("Description", "Reads the meters.");
        self.browser.press("Add role");
        let id = self.portal.text(&format!("SELECT id AS words FROM roles WHERE name = '{name}'"));
        format!("/roles/{id}")
    }

    fn add_scope(&mut self, name: &str) -> String {
        self.browser.visit("/scopes/new");
        self.browser.fill("Name", name).fill("Description", "See your orders");
        self.browser.press("Add scope");
        let id = self.portal.text(&format!("SELECT id AS words FROM scopes WHERE name = '{name}'"));
        format!("/scopes/{id}")
    }
}

#[test]
fn a_role_is_added_given_renamed_and_deleted() {
    let mut house = house();
    let role = house.add_role("Meter reader");
    assert!(house.browser.page().sees("Role Meter reader added."), "{}", house.browser.page().text());
    let service = house.portal.service(&house.company, "Shop");
    for number in 0..12 {
        let name = format!("Meter {number:02}");
        let client = house.portal.client(&house.company, service, ClientType::ClientCredentials, &name);
        house.browser.visit(&format!("/clients/{client}/edit"));
        house.browser.tick("Meter reader");
        house.browser.press("Update client");
        assert!(house.browser.page().sees("Client updated."), "{}", house.browser.page().text());
        assert!(house.browser.page().sees("Meter reader"));
    }
    let page = house.browser.visit("/roles");
    assert!(page.sees("Meter readerReads the meters. Your company 12"), "{}", page.text());

    house.browser.visit(&format!("{role}/edit"));
    house.browser.fill("Name", "Gauge reader");
    assert!(house.browser.press("Update role").sees("Role updated."));
    let page = house.browser.visit(&format!("{role}/deletion"));
    // Ten are named, all are counted.
    assert!(page.sees("taken from 12 clients: Meter 00,") && page.sees("Meter 09 and 2 more"), "{}", page.text());
    assert_eq!(house.portal.number("SELECT count(*) AS n FROM client_roles"), 24);
    let page = house.browser.press("Delete role");
    assert!(page.sees("Role Gauge reader deleted and taken from 12 clients."), "{}", page.text());
    assert_eq!(house.portal.number("SELECT count(*) AS n FROM client_roles"), 12);
    assert_eq!(house.portal.number("SELECT count(*) AS n FROM roles WHERE name = 'Gauge reader'"), 0);

    let events = house.portal.events("role.");
    assert_eq!(events[0].0, "role.added");
    assert!(
        events[1].0 == "role.updated" && events[1].1.contains("\"before\":\"Meter reader\",\"after\":\"Gauge reader\"")
    );
    assert!(events[2].0 == "role.deleted" && events[2].1.contains("Meter 00"), "{}", events[2].1);
}

#[test]
fn names_differ_by_more_than_case() {
    let mut house = house();
    house.add_role("Meter reader");
    for name in ["meter READER", "Tenant Viewer", "tenant administrator"] {
        house.browser.visit("/roles/new");
        house.browser.fill("Name", name);
        let page = house.browser.press("Add role");
        assert_eq!(page.status, 422, "{name}");
        assert!(page.errors()[0].contains("already. Choose another name."), "{:?}", page.errors());
        assert_eq!(page.value("name").as_deref(), Some(name));
    }
    // Another company's names are its own.
    house.portal.company("elsewhere");
    house.browser = house.portal.signed_in(Person::Administrator, "elsewhere");
    house.browser.visit("/roles/new");
    house.browser.fill("Name", "Meter reader");
    assert_eq!(house.browser.press("Add role").status, 200);
}

#[test]
fn what_came_with_the_company_stays() {
    let mut house = house();
    for table in ["roles", "scopes"] {
        let page = house.browser.visit(&format!("/{table}"));
        assert!(page.sees("Built in") && !page.has_link("Edit Tenant Member") && !page.has_link("Edit openid"));
        let id = house.portal.text(&format!("SELECT min(id) AS words FROM {table}"));
        for path in ["edit", "deletion"] {
            assert_eq!(house.browser.visit(&format!("/{table}/{id}/{path}")).status, 404, "{table}/{path}");
            let pairs = [("name", "Mine"), ("description", "Mine"), ("version", "1")];
            assert_eq!(house.browser.post(&format!("/{table}/{id}/{path}"), &pairs).status(), 404, "{table}/{path}");
        }
    }
}

#[test]
fn a_late_form_is_told_what_changed() {
    let mut house = house();
    let role = house.add_role("Meter reader");
    house.browser.visit(&format!("{role}/edit"));
    let mut other = house.browser.tab();
    other.visit(&format!("{role}/edit"));
    other.fill("Description", "Reads gas meters.");
    other.press("Update role");
    house.browser.fill("Name", "Gauge reader");
    let page = house.browser.press("Update role");
    assert_eq!(page.status, 409);
    assert!(
        page.sees("Somebody else changed this role meanwhile") && page.sees("Reads gas meters."),
        "{}",
        page.text()
    );
    assert_eq!(page.value("name").as_deref(), Some("Gauge reader"));
    assert_eq!(house.browser.press("Update role").status, 200);
}

#[test]
fn taking_a_role_from_clients_asks_for_the_password() {
    let mut house = house();
    let role = house.add_role("Meter reader");
    house.portal.clock.advance(16 * MINUTE);
    house.browser.visit(&format!("{role}/deletion"));
    assert_eq!(house.browser.press("Delete role").heading(), "Confirm it's you");
    house.browser.fill("Password", PASSWORD);
    assert!(house.browser.press("Confirm").sees("Role Meter reader deleted."));
    assert_eq!(house.portal.number("SELECT count(*) AS n FROM roles WHERE name = 'Meter reader'"), 0);
}

#[test]
fn a_scope_in_use_stays_and_its_clients_are_named() {
    let mut house = house();
    let scope = house.add_scope("orders.read");
    // One whose name only resembles it, and one that another matches as a pattern.
    house.add_scope("orders.read_all");
    house.add_scope("orders_read");
    let service = house.portal.service(&house.company, "Shop");
    let client = house.portal.client(&house.company, service, ClientType::AuthorizationCode, "Order book");
    house.browser.visit(&format!("/clients/{client}/edit"));
    house.browser.tick("orders.read");
    assert!(house.browser.press("Update client").sees("Client updated."));
    let beside = house.portal.client(&house.company, service, ClientType::AuthorizationCode, "Beside");
    house.browser.visit(&format!("/clients/{beside}/edit"));
    house.browser.tick("orders.read_all");
    house.browser.press("Update client");

    let page = house.browser.visit("/scopes");
    assert!(page.sees("orders.readSee your orders Your company 1"), "{}", page.text());
    let page = house.browser.visit(&format!("{scope}/deletion"));
    assert!(
        page.sees("1 client uses it") && page.has_link("Order book") && !page.has_link("Beside"),
        "{}",
        page.text()
    );
    assert!(!page.has_button("Delete scope"));
    assert_eq!(house.browser.post(&format!("{scope}/deletion"), &[]).status(), 409);
    house.browser.follow("Order book");
    assert_eq!(house.browser.page().heading(), "Order book");

    // A deleted client comes back with its scopes, so it counts.
    house.browser.visit(&format!("/clients/{client}/deletion"));
    house.browser.press("Delete client");
    assert_eq!(house.browser.post(&format!("{scope}/deletion"), &[]).status(), 409);
    // Marked, and after those that are there, whatever their names.
    let mut other = house.browser.tab();
    other.visit(&format!("/clients/{beside}/edit"));
    other.fill("Name", "Quick order").tick("orders.read");
    other.press("Update client");
    let page = other.visit(&format!("{scope}/deletion"));
    assert!(page.sees("Quick orderOrder bookDeleted"), "{}", page.text());
    other.visit(&format!("/clients/{beside}/edit"));
    other.untick("orders.read");
    other.press("Update client");
    house.browser.press("Undo");
    house.browser.visit(&format!("/clients/{client}/edit"));
    house.browser.untick("orders.read");
    house.browser.press("Update client");
    house.browser.visit(&format!("{scope}/deletion"));
    assert!(house.browser.press("Delete scope").sees("Scope orders.read deleted."));
    assert_eq!(house.portal.number("SELECT count(*) AS n FROM scopes WHERE name = 'orders.read'"), 0);
    let kinds: Vec<String> = house.portal.events("scope.").into_iter().map(|event| event.0).collect();
    assert_eq!(kinds, ["scope.added", "scope.added", "scope.added", "scope.deleted"]);
}

#[test]
fn a_scopes_description_is_edited_and_its_name_is_not() {
    let mut house = house();
    let scope = house.add_scope("orders.read");
    let pairs = [("name", "orders.write"), ("description", "Look at your orders"), ("version", "1")];
    assert_eq!(house.browser.post(&format!("{scope}/edit"), &pairs).status(), 303);
    assert_eq!(house.portal.number("SELECT count(*) AS n FROM scopes WHERE name = 'orders.write'"), 0);
    let events = house.portal.events("scope.updated");
    assert!(
        events[0].1.contains("\"before\":\"See your orders\",\"after\":\"Look at your orders\""),
        "{}",
        events[0].1
    );
    // What users read can't be nothing.
    house.browser.visit(&format!("{scope}/edit"));
    house.browser.fill("Description", " ");
    let page = house.browser.press("Update scope");
    assert_eq!((page.status, page.errors().len()), (422, 1));
    assert!(page.errors()[0].contains("users see it"));
}

#[test]
fn a_list_has_search_and_pages() {
    let mut house = house();
    for number in 0..26 {
        let input =
            ScopeInput { name: format!("fleet:{number}"), description: "Of the fleet".into(), ..ScopeInput::default() };
        let permit = house.portal.permit::<act::ManageTenant>(&house.company, Person::Administrator);
        house.portal.application.operations.add_scope(&permit, &input, &random::token()).unwrap();
    }
    let page = house.browser.visit("/scopes?search=FLEET");
    assert!(page.sees("1–25 of 26") && !page.sees("openid"), "{}", page.text());
    assert!(house.browser.follow("Next").sees("fleet:9"));
    assert_eq!(house.browser.visit("/scopes?search=fleet&page=9").path, "/scopes?search=fleet&page=2");
    assert!(house.browser.visit("/scopes?search=nothing").sees("No scope matches"));
}

#[test]
fn a_hundred_of_ones_own_are_enough() {
    let house = house();
    let operations = &house.portal.application.operations;
    let permit = house.portal.permit::<act::ManageTenant>(&house.company, Person::Administrator);
    let add = |number: usize| {
        let input = RoleInput { name: format!("Role {number}"), ..RoleInput::default() };
        operations.add_role(&permit, &input, &random::token())
    };
    for number in 0..100 {
        add(number).unwrap();
    }
    assert!(matches!(add(100), Err(Error::WrongState(_))));
}

#[test]
fn a_scope_that_is_being_deleted_is_given_to_nobody() {
    for round in 0..4 {
        let house = house();
        let operations = &house.portal.application.operations;
        let service = house.portal.service(&house.company, "Shop");
        let manage = house.portal.confirmed::<act::ManageTenant>(&house.company, Person::Administrator);
        let edit = house.portal.permit::<act::EditClients>(&house.company, Person::Administrator);
        let scope = ScopeInput { name: "orders.read".into(), description: "See".into(), ..ScopeInput::default() };
        let (scope, _) = operations.add_scope(&manage, &scope, &random::token()).unwrap();
        let role = RoleInput { name: "Meter reader".into(), ..RoleInput::default() };
        let (role, _) = operations.add_role(&manage, &role, &random::token()).unwrap();
        let mut input = ClientInput::blank(ClientType::ClientCredentials);
        input.name = "Worker".into();
        input.suffix = "worker".into();
        input.scopes = vec!["orders.read".into()];
        input.roles = vec![role.to_string()];
        thread::scope(|threads| {
            let adding = threads.spawn(|| {
                operations.add_client(&edit, service, ClientType::ClientCredentials, &input, &random::token())
            });
            let deleting = threads.spawn(|| operations.delete_scope(&manage, scope));
            let taking = threads.spawn(|| operations.delete_role(&manage, role));
            let (added, deleted) = (adding.join().unwrap(), deleting.join().unwrap());
            taking.join().unwrap().expect("a role can always be taken");
            match &added {
                Ok(_) => assert!(matches!(deleted, Err(Error::WrongState(_))), "round {round}: {deleted:?}"),
                Err(Error::Invalid(_)) => {}
                other => panic!("round {round}: {other:?}"),
            }
            let used = house.portal.number("SELECT count(*) AS n FROM clients WHERE scopes LIKE '%orders.read%'");
            let there = house.portal.number("SELECT count(*) AS n FROM scopes WHERE name = 'orders.read'");
            assert!(there == 1 || used == 0, "round {round}: a client uses what is not there");
        });
        let left = "SELECT count(*) AS n FROM client_roles WHERE role_id NOT IN (SELECT id FROM roles)";
        assert_eq!(house.portal.number(left), 0);
        let roles = house.portal.application.db.read(|reader| db::roles::all(reader, edit.scope())).unwrap();
        assert_eq!(roles.len(), 4);
    }
}
