//! A client that acts on its own with more than the role Tenant Member is an administrator's alone: whoever could add a
//! secret to it would have its roles.

use keywright::access::act;
use keywright::crypto::random;
use keywright::db;
use keywright::domain::client::{ClientInput, ClientType};
use keywright::domain::id::ClientUid;
use keywright::domain::tenant::{TENANT_ADMINISTRATOR, TenantPolicy};
use keywright::operations::fill::Company;

use crate::support::{Person, TestPortal};

/// A company whose developers may add clients that act alone, with one such client that administers the tenant.
fn with_powerful_client() -> (TestPortal, Company, ClientUid) {
    let portal = TestPortal::spawn();
    let policy = TenantPolicy { developers_may_add_machine_clients: true, ..TenantPolicy::default() };
    let company = portal.company_with("northwind", policy);
    let service = portal.service(&company, "Shop");
    let permit = portal.permit::<act::EditClients>(&company, Person::Administrator);
    let roles = portal.application.db.read(|reader| db::tenants::roles(reader, permit.scope())).unwrap();
    let role = roles.iter().find(|role| role.name == TENANT_ADMINISTRATOR).unwrap();
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
