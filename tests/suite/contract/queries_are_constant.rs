//! A page asks the database as often with two hundred clients as with two.

use keywright::access::act;
use keywright::crypto::random;
use keywright::domain::client::ClientType;
use keywright::domain::id::{ClientUid, CommunityId, ServiceId};
use keywright::domain::role::RoleInput;
use keywright::domain::scope::ScopeInput;
use keywright::operations::fill::Company;

use crate::support::{Browser, Person, TestPortal};

struct Counted {
    path: String,
    statements: u64,
    bytes: usize,
}

/// Statements behind each page. The first visit of a page warms what is only read once.
fn count(
    portal: &TestPortal,
    browser: &mut Browser,
    service: ServiceId,
    client: ClientUid,
    community: CommunityId,
) -> Vec<Counted> {
    let paths = [
        "/".to_owned(),
        "/services".to_owned(),
        format!("/services/{service}"),
        "/clients".to_owned(),
        format!("/clients?service={service}"),
        "/clients?search=c&sort=created&order=descending&status=active".to_owned(),
        format!("/clients/{client}"),
        format!("/clients/{client}/activity?span=30d"),
        format!("/services/{service}/deletion"),
        format!("/services/{service}/deactivation"),
        format!("/services/{service}/release-requests"),
        format!("/clients/{client}/edit"),
        "/audit".to_owned(),
        format!("/audit?who=admin&what=clients&on=c&from=2026-11-01&to=2026-11-30&service={service}"),
        "/members".to_owned(),
        "/members?search=m&role=developer&sort=since".to_owned(),
        "/roles".to_owned(),
        "/scopes".to_owned(),
        "/communities".to_owned(),
        format!("/communities/{community}"),
        format!("/communities/{community}/people"),
        format!("/communities/{community}/deletion"),
    ];
    let mut counted = Vec::new();
    for path in paths {
        browser.visit(&path);
        let before = portal.application.db.queries();
        let page = browser.visit(&path);
        let statements = portal.application.db.queries() - before;
        assert_eq!(page.status, 200, "{path}");
        counted.push(Counted { path, statements, bytes: page.html.len() });
    }
    counted
}

/// Every tenth client is deleted, every fifth acts on its own; services and secrets grow along.
fn fill(portal: &TestPortal, company: &Company, service: ServiceId, numbers: std::ops::Range<u32>) {
    for number in numbers {
        let kind = if number % 5 == 0 { ClientType::ClientCredentials } else { ClientType::AuthorizationCode };
        let client = portal.client(company, service, kind, &format!("Client {number}"));
        portal.secret(company, client, "Backend EU");
        if number % 10 == 0 {
            let permit = portal.confirmed(company, Person::Administrator);
            portal.application.operations.delete_client(&permit, client).expect("it goes");
        }
        if number % 20 == 0 {
            portal.things(company);
        }
        if number % 8 == 0 {
            portal.service(company, &format!("Service {number}"));
        }
    }
}

/// Roles and scopes of one's own, and communities with other companies.
fn share(portal: &TestPortal, company: &Company, community: CommunityId) {
    let operations = &portal.application.operations;
    let permit = portal.permit::<act::ManageTenant>(company, Person::Administrator);
    portal.invite(company, community, portal.partner());
    for number in 0..20 {
        let name = format!("thing.{number}");
        let role = RoleInput { name: name.clone(), ..RoleInput::default() };
        operations.add_role(&permit, &role, &random::token()).expect("a role");
        operations.add_community_role(&permit, community, &role, &random::token()).expect("a role");
        let scope = ScopeInput { name: name.clone(), description: "A thing".into(), ..ScopeInput::default() };
        operations.add_scope(&permit, &scope, &random::token()).expect("a scope");
        portal.community(company, &name);
        let theirs = portal.community(portal.partner(), &name);
        portal.invite(portal.partner(), theirs, company);
    }
}

#[test]
fn pages_ask_as_often_with_many_clients_as_with_few() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let service = portal.service(&company, "Shop");
    let client = portal.client(&company, service, ClientType::AuthorizationCode, "Client zero");
    portal.secret(&company, client, "Backend EU");
    fill(&portal, &company, service, 1..2);
    let mut browser = portal.signed_in(Person::Administrator, "northwind");

    let community = portal.community(&company, "Harbour");
    let few = count(&portal, &mut browser, service, client, community);
    fill(&portal, &company, service, 2..200);
    share(&portal, &company, community);
    for _ in 0..8 {
        portal.secret(&company, client, "Backend EU");
    }
    for number in 0..40 {
        portal.refuses_redirect_url(company.tenant.id, client, &format!("{number:010}"), "https://else.example");
    }
    portal.flush();
    let many = count(&portal, &mut browser, service, client, community);

    for (few, many) in few.iter().zip(&many) {
        assert!(few.statements > 0, "{}: nothing was counted", few.path);
        // Clients that all stand on one page need no counting; a list that goes on is counted, once.
        let path = few.path.split('?').next().unwrap_or_default();
        let counting = u64::from(path == "/clients" || path == format!("/services/{service}"));
        assert_eq!(few.statements + counting, many.statements, "{} asks more often when there is more", few.path);
    }
    let grown = few.iter().zip(&many).filter(|(few, many)| many.bytes > few.bytes).count();
    assert!(grown >= 5, "the pages show more when there is more");
}
