//! What an administrator gives or takes counts with the very next request of a session that is open; and before a role
//! or a member goes, the page says what stops.

use keywright::access::{Roles, act};
use keywright::crypto::random;
use keywright::operations::Error;
use keywright::operations::fill::Company;
use keywright::operations::members::{InvitationInput, RolesInput};

use crate::support::{Browser, MINUTE, PASSWORD, Person, TestPortal};

fn northwind() -> (TestPortal, Company) {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    (portal, company)
}

fn at(portal: &TestPortal, company: &Company, person: Person) -> String {
    format!("/members/{}", portal.person(company, person).member_id)
}

#[test]
fn a_role_given_opens_the_page_and_a_role_taken_closes_it() {
    let (portal, company) = northwind();
    let mut administrator = portal.signed_in(Person::Administrator, "northwind");
    let mut member = portal.signed_in(Person::Member, "northwind");
    assert_eq!(member.visit("/services/new").status, 403);
    let page = at(&portal, &company, Person::Member);
    administrator.visit(&page);
    administrator.tick("Developer");
    assert!(administrator.press("Change roles").sees("is now: Tenant Member, Developer."));
    assert_eq!(member.visit("/services/new").status, 200);
    // The form that is open when the role goes is refused.
    member.fill("Name", "Shop").fill("Domain", "shop.example.com");
    administrator.visit(&page);
    administrator.untick("Developer");
    let asked = administrator.press("Change roles");
    assert!(
        asked.sees("No more adding or editing services") && asked.sees("1 other member has it"),
        "{}",
        asked.text()
    );
    assert_eq!(member.visit("/services/new").status, 200, "nothing changed before it is confirmed");
    member.fill("Name", "Shop").fill("Domain", "shop.example.com");
    assert!(administrator.press("Change roles").sees("is now: Tenant Member."));
    assert_eq!(member.press("Add service").status, 403);
    assert_eq!(portal.number("SELECT count(*) AS n FROM services"), 0);
    let changes = portal.number("SELECT count(*) AS n FROM audit_events WHERE action = 'member.roles_changed'");
    assert_eq!(changes, 2);
}

#[test]
fn what_is_lost_is_confirmed_on_a_page_without_the_password() {
    let (portal, company) = northwind();
    let mut administrator = portal.signed_in(Person::Administrator, "northwind");
    administrator.visit(&at(&portal, &company, Person::Developer));
    administrator.untick("Developer");
    portal.clock.advance(16 * MINUTE);
    administrator.press("Change roles");
    administrator.fill("Password", PASSWORD);
    let page = administrator.press("Confirm");
    assert!(page.sees("No more adding or editing services") && !page.html.contains(PASSWORD), "{}", page.text());
    assert!(administrator.press("Change roles").sees("is now: Tenant Member."));
}

#[test]
fn who_lost_the_role_while_the_password_was_looked_at_does_nothing() {
    let (portal, company) = northwind();
    let operations = &portal.application.operations;
    let permit = portal.confirmed::<act::ManageTenant>(&company, Person::Administrator);
    let [own, other] = [Person::Administrator, Person::Member].map(|person| portal.person(&company, person));
    portal.give(own, Roles { developer: true, ..Roles::default() });
    portal.give(other, Roles { administrator: true, ..Roles::default() });
    let roles = RolesInput::of(Roles { administrator: true, ..Roles::default() });
    let denied = |error: Error| assert!(matches!(error, Error::Denied(_)), "{error:?}");
    denied(operations.change_member_roles(&permit, own.member_id, &roles).unwrap_err());
    denied(operations.remove_member(&permit, other.member_id).unwrap_err());
    let invitation = InvitationInput { email: "nora@newcomer.example".into(), ..InvitationInput::default() };
    denied(operations.invite(&permit, &invitation, &random::token()).unwrap_err());
    assert_eq!(portal.number("SELECT count(*) AS n FROM invitations"), 0);
    assert_eq!(portal.number("SELECT count(*) AS n FROM members"), 4);
}

#[test]
fn the_last_approver_leaves_a_queue_that_nobody_decides() {
    let (portal, company) = northwind();
    let service = portal.service(&company, "Shop");
    let dora = portal.person(&company, Person::Developer).account_id;
    portal.sql(&format!(
        "INSERT INTO release_requests (id, tenant_id, service_id, waits_for, state, requested_by, requester_name, message,
         evidence, evidence_hash, created_at, decider_name, reason) VALUES ('r', '{}', '{service}', '{service}', 'waiting',
         '{dora}', 'Dora', '', '', '', 0, '', '')",
        company.tenant.id
    ));
    let mut administrator = portal.signed_in(Person::Administrator, "northwind");
    administrator.visit(&at(&portal, &company, Person::Approver));
    administrator.untick("Approver");
    let page = administrator.press("Change roles");
    assert!(page.sees("1 release request waits with nobody in the company to decide"), "{}", page.text());
    // And the one who filed it is named with it.
    let page = administrator.visit(&format!("{}/removal", at(&portal, &company, Person::Developer)));
    assert!(page.sees("1 that they filed goes on waiting for an approver: Shop"), "{}", page.text());
}

#[test]
fn two_administrators_do_not_overwrite_each_other() {
    let (portal, company) = northwind();
    let page = at(&portal, &company, Person::Member);
    let (mut one, mut other) =
        (portal.signed_in(Person::Administrator, "northwind"), portal.signed_in(Person::Administrator, "northwind"));
    one.visit(&page);
    other.visit(&page);
    one.tick("Developer");
    one.press("Change roles");
    other.tick("Approver");
    let shown = other.press("Change roles");
    assert!(shown.status == 409 && shown.sees("Somebody else changed these roles meanwhile"), "{}", shown.text());
    other.tick("Developer").tick("Approver");
    assert!(other.press("Change roles").sees("is now: Tenant Member, Developer, Approver."));
}

#[test]
fn unknown_roles_are_refused() {
    let (portal, company) = northwind();
    let administrator = portal.signed_in(Person::Administrator, "northwind");
    let path = format!("{}/roles", at(&portal, &company, Person::Member));
    for role in ["operator", "platform-approver", "member", "owner", ""] {
        let fields = [("roles", role), ("before", ""), ("confirmed", "yes")];
        assert_eq!(administrator.post(&path, &fields).status(), 422, "{role}");
    }
    assert_eq!(portal.number("SELECT count(*) AS n FROM accounts WHERE operator OR platform_approver"), 0);
}

#[test]
fn a_removed_member_is_out_with_the_next_request() {
    let (portal, company) = northwind();
    let service = portal.service(&company, "Shop");
    let mut developer = portal.signed_in(Person::Developer, "northwind");
    developer.visit(&format!("/services/{service}/edit"));
    let member = portal.person(&company, Person::Developer).member_id;
    portal.sql("INSERT INTO communities (id, tenant_id, name, name_key, description, version, created_at) SELECT 'c', id, 'Nordic', 'nordic', '', 1, 0 FROM tenants");
    portal.sql("INSERT INTO community_roles (id, community_id, name, description, built_in) VALUES ('x', 'c', 'Community Member', '', TRUE)");
    portal.sql(&format!("INSERT INTO member_community_roles (member_id, role_id) VALUES ('{member}', 'x')"));
    let mut administrator = portal.signed_in(Person::Administrator, "northwind");
    administrator.visit(&at(&portal, &company, Person::Developer));
    let page = administrator.follow("Remove member");
    assert!(page.sees("They lose the roles Tenant Member, Developer"), "{}", page.text());
    assert!(page.sees("They lose 1 role: Community Member in Nordic."), "{}", page.text());
    assert!(administrator.press("Remove member").sees("Developer of northwind was removed."));
    assert_eq!(portal.number("SELECT count(*) AS n FROM member_community_roles"), 0);
    developer.fill("Name", "Mine now");
    let _ = developer.press("Update service");
    assert!(!developer.is_signed_in());
    assert_eq!(portal.number("SELECT count(*) AS n FROM services WHERE name = 'Mine now'"), 0);
    let mut again = Browser::new(&portal.url);
    assert_eq!(
        again.try_sign_in(&Person::Developer.email("northwind"), PASSWORD).heading(),
        "You belong to no company"
    );
}

#[test]
fn what_they_made_stays_and_is_counted() {
    let (portal, company) = northwind();
    let things = portal.things(&company);
    let secrets = portal.number("SELECT count(*) AS n FROM secrets WHERE created_by_id IS NOT NULL");
    assert!(secrets > 1);
    let roles = Roles { administrator: true, ..Roles::default() };
    portal.give(portal.person(&company, Person::Member), roles);
    let mut other = portal.signed_in(Person::Member, "northwind");
    let page = other.visit(&format!("{}/removal", at(&portal, &company, Person::Administrator)));
    assert!(page.sees(&format!("The {secrets} secrets that they made keep working.")), "{}", page.text());
    other.press("Remove member");
    assert_eq!(other.visit(&format!("/clients/{}", things.client)).status, 200);
    assert_eq!(portal.number("SELECT count(*) AS n FROM secrets WHERE created_by_id IS NOT NULL"), secrets);
}
