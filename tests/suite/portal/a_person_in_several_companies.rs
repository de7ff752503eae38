//! One person, several companies: a switch in the account menu, and rights that are each company's own.

use keywright::access::Roles;
use keywright::operations::fill::Company;

use crate::support::{Browser, PASSWORD, Person, TestPortal};

/// Dora develops at northwind and administers southwind.
fn dora() -> (TestPortal, Company, Company, Browser) {
    let portal = TestPortal::spawn();
    let (north, south) = (portal.company("northwind"), portal.company("southwind"));
    let roles = Roles { administrator: true, ..Roles::default() };
    portal.joins(portal.person(&north, Person::Developer), &south, roles);
    let browser = portal.signed_in(Person::Developer, "northwind");
    (portal, north, south, browser)
}

#[test]
fn the_menu_switches_between_them() {
    let (portal, north, south, mut dora) = dora();
    let (theirs, ours) = (portal.service(&south, "Southern shop"), portal.service(&north, "Northern shop"));
    let page = dora.visit("/services");
    assert!(page.sees("Northern shop") && !page.sees("Southern shop"));
    assert!(page.has_button("Switch to southwind") && !page.has_button("Switch to northwind"));
    assert_eq!(dora.visit("/members").status, 403);
    dora.visit("/services");
    assert!(dora.press("Switch to southwind").sees("You are in southwind now."));
    let page = dora.visit("/services");
    assert!(page.sees("Southern shop") && !page.sees("Northern shop"));
    assert_eq!(dora.visit("/members").status, 200);
    assert_eq!(dora.visit(&format!("/services/{theirs}")).status, 200);
    assert_eq!(dora.visit(&format!("/services/{ours}")).status, 404);
    // Another browser of hers is where it was.
    let mut other = portal.signed_in(Person::Developer, "northwind");
    assert!(other.visit("/services").sees("Northern shop"));
    assert!(
        {
            dora.visit("/services");
            dora.press("Switch to northwind")
        }
        .sees("You are in northwind now.")
    );
    assert_eq!(dora.visit(&format!("/services/{ours}")).status, 200);
}

#[test]
fn a_company_that_is_not_ones_own_can_not_be_switched_to() {
    let (portal, _, south, _) = dora();
    let approver = portal.signed_in(Person::Approver, "northwind");
    for tenant in [south.tenant.id.to_string().as_str(), "", "1", "00000000-0000-0000-0000-000000000000"] {
        assert_eq!(approver.post("/account/company", &[("tenant", tenant)]).status(), 404, "{tenant}");
    }
    assert!(!portal.signed_in(Person::Approver, "northwind").visit("/").sees("Switch to"));
}

#[test]
fn removed_from_one_the_session_goes_on_in_the_other() {
    let (portal, north, south, mut dora) = dora();
    let service = portal.service(&south, "Southern shop");
    dora.visit("/");
    dora.press("Switch to southwind");
    dora.visit(&format!("/services/{service}/edit"));
    dora.fill("Name", "Not any more");
    let account = portal.person(&north, Person::Developer).account_id;
    portal.sql(&format!("DELETE FROM members WHERE account_id = '{account}' AND tenant_id = '{}'", south.tenant.id));
    // What was meant for the one is not done in the other.
    let page = dora.press("Update service");
    assert_eq!(page.path, "/");
    assert!(page.sees("You are no longer a member of the company you were in. This is northwind."), "{}", page.text());
    assert_eq!(portal.number("SELECT count(*) AS n FROM services WHERE name = 'Not any more'"), 0);
    assert_eq!(dora.visit("/services").status, 200);
    assert!(!dora.page().sees("Switch to"));
    assert_eq!(dora.visit(&format!("/services/{service}")).status, 404);
}

#[test]
fn a_new_service_meant_for_the_one_is_not_added_to_the_other() {
    let (portal, _, south, mut dora) = dora();
    dora.visit("/");
    dora.press("Switch to southwind");
    dora.visit("/services/new");
    dora.fill("Name", "Shop").fill("Domain", "shop.example.com");
    portal.sql(&format!("DELETE FROM members WHERE tenant_id = '{}' AND administrator", south.tenant.id));
    assert_eq!(dora.press("Add service").path, "/");
    assert_eq!(portal.number("SELECT count(*) AS n FROM services"), 0);
}

#[test]
fn leaving_one_keeps_the_other() {
    let (portal, _, _, mut dora) = dora();
    dora.visit("/account");
    let page = dora.follow("Leave company");
    assert!(page.sees("You lose the roles Tenant Member, Developer"), "{}", page.text());
    let page = dora.press("Leave company");
    assert!(page.sees("You have left northwind. This is another company of yours."), "{}", page.text());
    assert_eq!(dora.visit("/members").status, 200);
    // And the last one, once somebody else administers it.
    let page = dora.visit("/account/leaving");
    assert!(page.sees("Leave southwind?"));
    let page = dora.press("Leave company");
    assert!(page.heading() == "Sign in" && page.sees("You have left southwind."), "{}", page.text());
    assert!(!dora.is_signed_in());
    let page = dora.try_sign_in(&Person::Developer.email("northwind"), PASSWORD);
    assert_eq!(page.heading(), "You belong to no company");
    let left = portal.number("SELECT count(*) AS n FROM audit_events WHERE action = 'member.left'");
    assert_eq!(left, 2);
}

#[test]
fn a_form_served_for_the_one_changes_nothing_in_the_other() {
    let (portal, north, _, mut dora) = dora();
    let roles = Roles { administrator: true, ..Roles::default() };
    portal.give(portal.person(&north, Person::Developer), roles);
    let mut settings = dora.tab();
    settings.visit("/settings");
    settings.fill("Company name", "Northern name");
    let mut rules = dora.tab();
    rules.visit("/settings");
    rules.fill("Days of grace", "7");
    let mut invitation = dora.tab();
    invitation.visit("/invitations/new");
    invitation.fill("E-mail", "nora@newcomer.example");
    let mut leaving = dora.tab();
    leaving.visit("/account/leaving");
    dora.visit("/");
    dora.press("Switch to southwind");
    for (tab, button) in [
        (&mut settings, "Update company"),
        (&mut rules, "Change settings"),
        (&mut invitation, "Invite member"),
        (&mut leaving, "Leave company"),
    ] {
        let page = tab.press(button);
        assert!(page.status == 409 && page.sees("you have switched to southwind since"), "{button}: {}", page.text());
    }
    let touched = "SELECT count(*) AS n FROM tenants WHERE version > 1 OR name = 'Northern name'";
    assert_eq!(portal.number(touched), 0);
    assert_eq!(portal.number("SELECT count(*) AS n FROM invitations"), 0);
    assert_eq!(portal.number("SELECT count(*) AS n FROM audit_events WHERE action = 'member.left'"), 0);
}

#[test]
fn leaving_twice_leaves_one() {
    let (portal, north, _, dora) = dora();
    let leave = || dora.post("/account/leaving", &[("company", &north.tenant.id.to_string())]).status();
    assert_eq!(leave(), 303);
    assert_eq!(leave(), 409);
    assert_eq!(portal.number("SELECT count(*) AS n FROM audit_events WHERE action = 'member.left'"), 1);
}

#[test]
fn who_never_switched_is_told_too_when_removed() {
    let (portal, north, _, mut dora) = dora();
    dora.visit("/services/new");
    dora.fill("Name", "Shop").fill("Domain", "shop.example.com");
    let account = portal.person(&north, Person::Developer).account_id;
    portal.sql(&format!("DELETE FROM members WHERE account_id = '{account}' AND tenant_id = '{}'", north.tenant.id));
    let page = dora.press("Add service");
    assert!(page.path == "/" && page.sees("This is southwind."), "{}", page.text());
    assert_eq!(portal.number("SELECT count(*) AS n FROM services"), 0);
}
