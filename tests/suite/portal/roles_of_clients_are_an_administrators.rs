//! A client that acts on its own with more than the role Tenant Member is an administrator's alone: whoever could add a
//! secret to it would have its roles.

use keywright::access::act;
use keywright::crypto::random;
use keywright::db;
use keywright::domain::client::{ClientInput, ClientType};
use keywright::domain::community::CommunityInput;
use keywright::domain::id::ClientUid;
use keywright::domain::tenant::{TENANT_ADMINISTRATOR, TenantPolicy};
use keywright::operations::fill::Company;

use crate::support::{MINUTE, PASSWORD, Person, TestPortal};

/// A company whose developers may add clients that act alone, with one such client that administers the tenant.
fn with_powerful_client() -> (TestPortal, Company, ClientUid) {
    let portal = TestPortal::spawn();
    let policy = TenantPolicy { developers_may_add_machine_clients: true, ..TenantPolicy::default() };
    let company = portal.company_with("northwind", policy);
    let service = portal.service(&company, "Shop");
    let permit = portal.permit::<act::EditClients>(&company, Person::Administrator);
    let roles = portal.application.db.read(|reader| db::roles::all(reader, permit.scope())).unwrap();
    let role = roles.iter().find(|role| role.settings.name == TENANT_ADMINISTRATOR).unwrap();
    let mut input = ClientInput::blank(ClientType::ClientCredentials);
    input.name = "Powerful".into();
    input.suffix = "powerful".into();
    input.scopes = vec!["roles".into()];
    input.roles = vec![role.id.to_string()];
    input.confirmed = vec!["administrator-role".into()];
    let operations = &portal.application.operations;
    let added = operations.add_client(&permit, service, ClientType::ClientCredentials, &input, &random::token());
    let uid = added.unwrap().0;
    (portal, company, uid)
}

#[test]
fn a_developer_may_add_secrets_to_plain_clients_alone() {
    let (portal, company, powerful) = with_powerful_client();
    let service = portal.service(&company, "Other");
    let plain = portal.client(&company, service, ClientType::ClientCredentials, "Plain");
    let mut developer = portal.signed_in(Person::Developer, "northwind");
    assert_eq!(developer.visit(&format!("/clients/{plain}/secrets/new")).status, 200);
    assert_eq!(developer.press("Add secret").status, 200);

    let page = developer.visit(&format!("/clients/{powerful}"));
    assert!(!page.has_link("Edit client") && !page.has_link("Add secret"), "{}", page.text());
    for path in ["edit", "deletion", "secrets/new"] {
        assert_eq!(developer.visit(&format!("/clients/{powerful}/{path}")).status, 403, "{path}");
    }
    for path in ["secrets", "deactivation", "deletion", "edit"] {
        let pairs = [("environment", "sandbox"), ("never_expires", "yes"), ("status", "active"), ("version", "1")];
        let answer = developer.post(&format!("/clients/{powerful}/{path}"), &pairs);
        assert_eq!(answer.status(), 403, "{path}");
    }
    assert_eq!(portal.number("SELECT count(*) AS n FROM secrets"), 1);
}

#[test]
fn an_administrator_may() {
    let (portal, _, powerful) = with_powerful_client();
    let mut administrator = portal.signed_in(Person::Administrator, "northwind");
    administrator.visit(&format!("/clients/{powerful}/secrets/new"));
    assert_eq!(administrator.press("Add secret").status, 200);
}

#[test]
fn an_administrator_answers_each_question_once() {
    let (portal, company, _) = with_powerful_client();
    let service = portal.service(&company, "Shop");
    let mut browser = portal.signed_in(Person::Administrator, "northwind");
    browser.visit(&format!("/services/{service}/clients/new/custom"));
    browser.fill("Name", "Kiosk").fill("Redirect URLs", "https://kiosk.example.com/callback").tick("openid");
    browser.tick("Authorization code").tick("Client credentials").tick("Tenant Administrator").tick("code");
    browser.untick("Require PKCE");
    let page = browser.press("Add client");
    assert_eq!((page.status, page.title().as_str(), page.errors().len()), (422, "Error: Add client · Keywright", 2));
    // The box that was ticked stays ticked beside the one that wasn't.
    browser.tick("Yes, I mean it");
    let page = browser.press("Add client");
    assert_eq!((page.status, page.errors().len()), (422, 1), "{}", page.text());
    assert!(page.html.contains("value=\"no-pkce\" checked") && page.html.contains("value=\"administrator-role\""));
    browser.tick_all("Yes, I mean it");
    assert!(browser.press("Add client").sees("Client added."), "{}", browser.page().text());
}

/// The form of an administrator for a client with no more roles than all have, after the password was given long ago.
fn plain_client() -> (TestPortal, Company, ClientUid) {
    let portal = TestPortal::spawn();
    let policy = TenantPolicy { developers_may_add_machine_clients: true, ..TenantPolicy::default() };
    let company = portal.company_with("northwind", policy);
    let manage = portal.permit::<act::ManageTenant>(&company, Person::Administrator);
    let input = CommunityInput { name: "Harbour".into(), ..CommunityInput::default() };
    portal.application.operations.add_community(&manage, &input, &random::token()).unwrap();
    let service = portal.service(&company, "Shop");
    let client = portal.client(&company, service, ClientType::ClientCredentials, "Plain");
    (portal, company, client)
}

#[test]
fn whoever_changes_roles_gives_the_password_again() {
    let (portal, _, client) = plain_client();
    let mut administrator = portal.signed_in(Person::Administrator, "northwind");
    portal.clock.advance(16 * MINUTE);
    // What gives nobody more is done at once.
    administrator.visit(&format!("/clients/{client}/edit"));
    administrator.fill("Description", "Of the shop");
    assert!(administrator.press("Update client").sees("Client updated."));
    for (role, table) in [("Tenant Viewer", "client_roles"), ("Harbour: Community Member", "client_community_roles")] {
        let count = || portal.number(&format!("SELECT count(*) AS n FROM {table}"));
        let before = count();
        administrator.visit(&format!("/clients/{client}/edit"));
        administrator.fill("Name", "Renamed").tick(role);
        assert_eq!(administrator.press("Update client").heading(), "Confirm it's you", "{role}");
        assert_eq!(count(), before);
        administrator.fill("Password", "not the password");
        assert_eq!(administrator.press("Confirm").status, 422);
        administrator.fill("Password", PASSWORD);
        let page = administrator.press("Confirm");
        assert!(page.sees("Client updated.") && page.sees(role) && page.heading() == "Renamed", "{}", page.text());
        assert_eq!(count(), before + 1);
        // And whoever takes one away.
        portal.clock.advance(16 * MINUTE);
        administrator.visit(&format!("/clients/{client}/edit"));
        administrator.untick(role);
        assert_eq!(administrator.press("Update client").heading(), "Confirm it's you", "{role}");
        administrator.fill("Password", PASSWORD);
        administrator.press("Confirm");
        assert_eq!(count(), before);
        portal.clock.advance(16 * MINUTE);
    }
    // A new client with a role asks as well; one without doesn't.
    let service = portal.text("SELECT id AS words FROM services");
    for (name, role, asked) in [("One", None, false), ("Two", Some("Tenant Viewer"), true)] {
        administrator.visit(&format!("/services/{service}/clients/new/client-credentials"));
        administrator.fill("Name", name).tick("openid");
        if let Some(role) = role {
            administrator.tick(role);
        }
        assert_eq!(administrator.press("Add client").heading() == "Confirm it's you", asked, "{name}");
    }
    administrator.fill("Password", PASSWORD);
    assert!(administrator.press("Confirm").sees("Client added."), "{}", administrator.page().text());
}

#[test]
fn an_administrators_role_of_a_community_is_asked_about() {
    let (portal, _, client) = plain_client();
    let mut administrator = portal.signed_in(Person::Administrator, "northwind");
    administrator.visit(&format!("/clients/{client}/edit"));
    administrator.tick("Harbour: Community Administrator");
    let page = administrator.press("Update client");
    assert_eq!(page.status, 422);
    assert!(page.sees("This client gets the role Harbour: Community Administrator"), "{}", page.text());
    assert_eq!(portal.number("SELECT count(*) AS n FROM client_community_roles"), 0);
    administrator.tick("Yes, I mean it");
    assert!(administrator.press("Update client").sees("Harbour: Community Administrator"));
    assert_eq!(portal.number("SELECT count(*) AS n FROM client_community_roles"), 1);
    // It is not asked again of what the client has already.
    administrator.visit(&format!("/clients/{client}/edit"));
    administrator.tick("Harbour: Community Member");
    assert!(administrator.press("Update client").sees("Client updated."));
    let changes = portal.events("client.updated").pop().unwrap().1;
    assert!(
        changes.contains("\"field\":\"Community roles\",\"before\":\"Harbour: Community Administrator\",\"after\":\"Harbour: Community Administrator, Harbour: Community Member\""),
        "{changes}"
    );
}

#[test]
fn a_communitys_role_makes_a_client_an_administrators_too() {
    let (portal, _, client) = plain_client();
    let mut developer = portal.signed_in(Person::Developer, "northwind");
    assert_eq!(developer.visit(&format!("/clients/{client}/edit")).status, 200);
    assert!(!developer.page().sees("Harbour"), "a developer is offered none");
    let role = portal.text("SELECT min(id) AS words FROM community_roles");
    let pairs = [
        ("name", "Plain"),
        ("scopes", "roles"),
        ("token_lifetime", "3600"),
        ("status", "active"),
        ("version", "1"),
        ("community_roles", role.as_str()),
    ];
    assert_eq!(developer.post(&format!("/clients/{client}/edit"), &pairs).status(), 422);
    let mut administrator = portal.signed_in(Person::Administrator, "northwind");
    administrator.visit(&format!("/clients/{client}/edit"));
    administrator.tick("Harbour: Community Member");
    administrator.press("Update client");
    for path in ["edit", "deletion", "secrets/new"] {
        assert_eq!(developer.visit(&format!("/clients/{client}/{path}")).status, 403, "{path}");
    }
    assert!(!developer.visit("/clients").has_link("Edit Plain"));
}
