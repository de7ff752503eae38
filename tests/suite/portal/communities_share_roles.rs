//! A community lets several companies give each other's clients and people roles: its whole life, what no company learns
//! of another, and that what was given goes at once with the company that it was given in.

use std::thread;

use keywright::access::{Confirmed, act};
use keywright::crypto::random;
use keywright::domain::client::{ClientInput, ClientType};
use keywright::domain::community::CommunityInput;
use keywright::domain::id::{ClientUid, CommunityId};
use keywright::domain::role::ClientRoles;
use keywright::operations::Error;
use keywright::operations::fill::Company;

use crate::support::{Browser, MINUTE, PASSWORD, Person, TestPortal};

/// Three companies; the first owns a community, and the second is in it.
struct House {
    portal: TestPortal,
    owner: Company,
    guest: Company,
    stranger: Company,
    id: CommunityId,
}

impl House {
    fn build() -> Self {
        let house = Self::with_invitation();
        let guest = house.manage(&house.guest);
        house.portal.application.operations.join_community(&guest, house.id).expect("it joins");
        house
    }

    fn with_invitation() -> Self {
        let portal = TestPortal::spawn();
        let [owner, guest, stranger] = ["northwind", "contoso", "fabrikam"].map(|name| portal.company(name));
        let operations = &portal.application.operations;
        let manage = portal.confirmed::<act::ManageTenant>(&owner, Person::Administrator);
        let input = CommunityInput { name: "Harbour".into(), ..CommunityInput::default() };
        let (id, _) = operations.add_community(&manage, &input, &random::token()).expect("a community");
        operations.invite_to_community(&manage, id, &guest.tenant.id.to_string()).expect("an invitation");
        Self { portal, owner, guest, stranger, id }
    }

    fn manage(&self, company: &Company) -> Confirmed<act::ManageTenant> {
        self.portal.confirmed(company, Person::Administrator)
    }

    fn path(&self, rest: &str) -> String {
        format!("/communities/{}{rest}", self.id)
    }

    fn role(&self, name: &str) -> String {
        self.portal.text(&format!("SELECT id AS words FROM community_roles WHERE name = '{name}'"))
    }

    fn count(&self, table: &str) -> i64 {
        self.portal.number(&format!("SELECT count(*) AS n FROM {table}"))
    }

    /// A client of the company that holds these roles of the community.
    fn client_with(&self, company: &Company, name: &str, roles: &[&str]) -> ClientUid {
        let service = self.portal.service(company, &format!("Service of {name}"));
        let client = self.portal.client(company, service, ClientType::ClientCredentials, name);
        self.give(company, client, roles).expect("it gets the roles");
        client
    }

    fn give(&self, company: &Company, client: ClientUid, roles: &[&str]) -> Result<(), Error> {
        let permit = self.portal.permit::<act::EditClients>(company, Person::Administrator);
        let read =
            self.portal.application.db.read(|reader| keywright::db::clients::find(reader, permit.scope(), client));
        let mut input = ClientInput::of(&read.expect("it is there"), &ClientRoles::default());
        input.community_roles = roles.iter().map(|role| self.role(role)).collect();
        input.confirmed = vec!["community-administrator-role".into()];
        self.portal.application.operations.update_client(&permit, client, &input)
    }
}

fn administrator(portal: &TestPortal, company: &str) -> Browser {
    portal.signed_in(Person::Administrator, company)
}

#[test]
fn the_life_of_a_community() {
    let portal = TestPortal::spawn();
    let [_, guest, _] = ["northwind", "contoso", "fabrikam"].map(|name| portal.company(name));
    let mut theo = administrator(&portal, "northwind");
    assert!(theo.visit("/communities").sees("No communities yet"));
    theo.follow("Add community");
    theo.fill("Name", "Harbour").fill("Description", "Berths and pilots.");
    theo.press("Add community");
    assert_eq!(theo.page().heading(), "Harbour");
    let place = theo.page().path.clone();
    assert!(theo.page().sees("Community Administrator") && theo.page().sees("Community Member"));
    theo.follow("Add role");
    theo.fill("Name", "Pilot").fill("Description", "Brings ships in.");
    assert!(theo.press("Add role").sees("Role Pilot added."), "{}", theo.page().text());
    theo.fill("Company ID", &guest.tenant.id.to_string());
    let page = theo.press("Invite company");
    assert!(page.sees("contoso is invited.") && page.sees("contoso Invited"), "{}", page.text());

    // The invited company's administrators are told, and see it counted.
    let letters = portal.mail_to("administrator@contoso.example");
    assert_eq!(letters.len(), 1);
    assert!(letters[0].contains("Harbour") && letters[0].contains("northwind") && letters[0].contains("/communities"));
    assert!(portal.mail_to("developer@contoso.example").is_empty());
    let mut clara = administrator(&portal, "contoso");
    let page = clara.visit("/");
    assert!(page.sees("Communities1 waiting"), "{}", page.text());
    assert!(clara.follow("Communities").sees("northwind invited your company"));
    assert_eq!(clara.visit(&place).status, 404, "nothing of it is shown before one is in it");
    clara.visit("/communities");
    let page = clara.press("Accept");
    assert_eq!(page.heading(), "Harbour");
    assert!(page.sees("northwind Owner Joined") && page.sees("contoso Your company Joined"), "{}", page.text());
    assert!(!page.has_link("Edit community") && !page.has_button("Invite company") && !page.has_link("Delete Pilot"));

    // Roles for a client and for people, of the guest's own.
    let service = portal.service(&guest, "Shipping");
    let client = portal.client(&guest, service, ClientType::ClientCredentials, "Berth planner");
    clara.visit(&format!("/clients/{client}/edit"));
    clara.tick("Harbour: Pilot");
    assert!(clara.press("Update client").sees("Harbour: Pilot"), "{}", clara.page().text());
    clara.visit(&place);
    clara.follow("Give people roles");
    clara.follow("Change roles of Member of contoso");
    clara.tick("Pilot").tick("Community Member");
    assert!(clara.press("Update roles").sees("Community roles of Member of contoso changed."));
    assert!(
        clara.page().sees("Community Member Pilot") || clara.page().sees("Community MemberPilot"),
        "{}",
        clara.page().text()
    );
    let page = clara.visit(&place);
    assert!(page.sees("Brings ships in. Own 1 1"), "{}", page.text());
    // The owner sees its own alone.
    assert!(theo.visit(&place).sees("Brings ships in. Own 0 0"), "{}", theo.page().text());

    // Removing says how many, and names nobody of another company.
    theo.follow("Remove contoso");
    let page = theo.page();
    assert!(page.sees("1 client and 1 person of contoso lose their roles."), "{}", page.text());
    assert!(!page.html.contains("Berth planner") && !page.html.contains("Member of contoso"));
    assert!(theo.press("Remove company").sees("contoso removed."));
    for table in ["client_community_roles", "member_community_roles"] {
        assert_eq!(portal.number(&format!("SELECT count(*) AS n FROM {table}")), 0, "{table}");
    }
    assert_eq!(clara.visit(&place).status, 404);
    assert!(clara.visit(&format!("/clients/{client}")).sees("Community rolesNone"), "{}", clara.page().text());

    theo.visit(&place);
    theo.follow("Delete community");
    assert!(theo.press("Delete community").sees("Community Harbour deleted."));
    for table in ["communities", "community_tenants", "community_roles"] {
        assert_eq!(portal.number(&format!("SELECT count(*) AS n FROM {table}")), 0, "{table}");
    }
}

#[test]
fn leaving_takes_the_roles_at_once_and_says_so_first() {
    let house = House::build();
    house.client_with(&house.guest, "Berth planner", &["Community Member"]);
    let kept = house.client_with(&house.owner, "Crane", &["Community Administrator"]);
    let mut clara = administrator(&house.portal, "contoso");
    let member = house.portal.text(
        "SELECT m.id AS words FROM members m JOIN accounts a ON a.id = m.account_id WHERE a.email_key = 'member@contoso.example'",
    );
    clara.visit(&house.path(&format!("/people/{member}")));
    clara.tick("Community Member");
    clara.press("Update roles");
    let page = clara.visit(&house.path("/leaving"));
    assert!(page.sees("1 of your clients loses roles: Berth planner."), "{}", page.text());
    assert!(page.sees("1 of your people loses roles: Member of contoso."), "{}", page.text());
    house.portal.clock.advance(16 * MINUTE);
    assert_eq!(clara.press("Leave community").heading(), "Confirm it's you");
    assert_eq!(house.count("client_community_roles"), 2);
    clara.fill("Password", PASSWORD);
    assert!(clara.press("Confirm").sees("Your company has left the community Harbour."), "{}", clara.page().text());
    assert_eq!(house.count("member_community_roles"), 0);
    // Those of the others stay.
    assert_eq!(house.portal.text("SELECT client_uid AS words FROM client_community_roles"), kept.to_string());
    // The owner can't leave.
    let mut theo = administrator(&house.portal, "northwind");
    assert_eq!(theo.visit(&house.path("/leaving")).status, 409);
    assert_eq!(theo.post(&house.path("/leaving"), &[]).status(), 409);
    assert_eq!(house.count("community_tenants"), 1);
}

#[test]
fn an_invitation_names_what_is_wrong_with_it() {
    let house = House::with_invitation();
    let mut theo = administrator(&house.portal, "northwind");
    let invited = house.guest.tenant.id.to_string();
    let own = house.owner.tenant.id.to_string();
    let unknown = "01900000-0000-7000-8000-000000000000".to_owned();
    for (typed, said) in [
        ("", "Enter the company's ID."),
        ("contoso", "There is no company with this ID."),
        (&unknown, "There is no company with this ID."),
        (&own, "This is your own company's ID."),
        (&invited, "contoso is invited already"),
    ] {
        theo.visit(&house.path(""));
        theo.fill("Company ID", typed);
        let page = theo.press("Invite company");
        assert_eq!(page.status, 422, "{typed}");
        assert!(page.errors()[0].starts_with(said), "{:?}", page.errors());
        assert_eq!(page.value("company_id").as_deref(), Some(typed));
    }
    house.portal.application.operations.join_community(&house.manage(&house.guest), house.id).unwrap();
    theo.fill("Company ID", &format!("  {}  ", invited.to_uppercase()));
    assert!(theo.press("Invite company").errors()[0].starts_with("contoso is in the community already."));
    assert_eq!(house.count("community_tenants"), 2);
}

#[test]
fn a_company_does_not_flood_another_with_invitations() {
    let house = House::with_invitation();
    let operations = &house.portal.application.operations;
    let (manage, guest) = (house.manage(&house.owner), house.guest.tenant.id);
    let invite = || operations.invite_to_community(&manage, house.id, &guest.to_string());
    let withdraw = || operations.withdraw_community_invitation(&manage, house.id, guest);
    let bucket = format!("invitations:{}", house.owner.tenant.id);
    assert_eq!(house.portal.sql(&format!("UPDATE throttles SET failures = 98 WHERE bucket = '{bucket}'")), 1);
    for _ in 0..2 {
        withdraw().expect("it is withdrawn");
        invite().expect("a hundred are forgiven");
    }
    withdraw().expect("it is withdrawn");
    assert!(matches!(invite(), Err(Error::Invalid(_))));
    house.portal.clock.advance(16 * MINUTE);
    invite().expect("a quarter of an hour later");
}

#[test]
fn declining_and_withdrawing_leave_nothing() {
    let house = House::with_invitation();
    let (mut theo, mut clara) = (administrator(&house.portal, "northwind"), administrator(&house.portal, "contoso"));
    clara.visit("/communities");
    assert!(clara.press("Decline").sees("Invitation to the community Harbour declined."));
    theo.visit(&house.path(""));
    assert!(!theo.page().sees("contoso"));
    theo.fill("Company ID", &house.guest.tenant.id.to_string());
    theo.press("Invite company");
    clara.visit("/communities");
    assert!(theo.press("Withdraw invitation").sees("Invitation of contoso withdrawn."));
    assert_eq!(clara.press("Accept").status, 404, "what was withdrawn can't be accepted");
    assert_eq!(house.count("community_tenants"), 1);
    let kinds: Vec<String> = house.portal.events("community.").into_iter().map(|event| event.0).collect();
    let twice = |kind: &str| kinds.iter().filter(|one| *one == kind).count();
    for kind in ["community.invited", "community.declined", "community.invitation_withdrawn"] {
        assert_eq!(twice(kind) % 2, 0, "{kind} stands in both trails: {kinds:?}");
        assert!(twice(kind) > 0);
    }
}

#[test]
fn a_company_learns_of_another_only_its_name() {
    let house = House::build();
    let planner = house.client_with(&house.guest, "Berth planner", &["Community Member"]);
    let member = house.portal.text(
        "SELECT m.id AS words FROM members m JOIN accounts a ON a.id = m.account_id WHERE a.email_key = 'member@contoso.example'",
    );
    let mut theo = administrator(&house.portal, "northwind");
    for rest in ["", "/people", "/deletion", &format!("/companies/{}/removal", house.guest.tenant.id)] {
        let page = theo.visit(&house.path(rest));
        assert_eq!(page.status, 200, "{rest}");
        for secret in ["Berth planner", "of contoso", "@contoso.example", &planner.to_string(), &member] {
            let named = page.html.replace("1 client and 0 people of contoso", "");
            assert!(!named.contains(secret), "{rest} shows {secret}");
        }
    }
    assert_eq!(theo.visit(&house.path(&format!("/people/{member}"))).status, 404, "the guest's people are its own");
    assert_eq!(theo.post(&house.path(&format!("/people/{member}")), &[]).status(), 404);
    // Who is not in it finds nothing, whatever they ask for.
    let mut frank = administrator(&house.portal, "fabrikam");
    let role = house.role("Community Member");
    let guest = house.guest.tenant.id;
    let own_member = house.portal.text(
        "SELECT m.id AS words FROM members m JOIN accounts a ON a.id = m.account_id WHERE a.email_key = 'member@fabrikam.example'",
    );
    for rest in [
        String::new(),
        "/edit".into(),
        "/deletion".into(),
        "/leaving".into(),
        "/people".into(),
        "/roles/new".into(),
        format!("/roles/{role}/edit"),
        format!("/roles/{role}/deletion"),
        format!("/people/{own_member}"),
        format!("/companies/{guest}/removal"),
    ] {
        assert_eq!(frank.visit(&house.path(&rest)).status, 404, "get {rest}");
    }
    let before = house.portal.snapshot();
    for rest in [
        "/edit".into(),
        "/deletion".into(),
        "/leaving".into(),
        "/acceptance".into(),
        "/refusal".into(),
        "/invitations".into(),
        "/roles".into(),
        format!("/roles/{role}/edit"),
        format!("/roles/{role}/deletion"),
        format!("/people/{own_member}"),
        format!("/companies/{guest}/removal"),
        format!("/companies/{guest}/withdrawal"),
    ] {
        let pairs = [("name", "Mine"), ("version", "1"), ("company_id", &guest.to_string()), ("roles", &role)];
        assert_eq!(frank.post(&house.path(&rest), &pairs).status(), 404, "post {rest}");
        // A guest doesn't govern it.
        if !rest.contains("leaving") && !rest.contains("people") {
            let clara = administrator(&house.portal, "contoso");
            let answer = clara.post(&house.path(&rest), &pairs).status().as_u16();
            assert!(
                answer == 404 || (rest == "/acceptance" || rest == "/refusal") && answer == 303,
                "{rest}: {answer}"
            );
        }
    }
    assert_eq!(before.differences(&house.portal.snapshot()), Vec::<String>::new());
    // A role of a community that one is not in is not to be had.
    let service = house.portal.service(&house.stranger, "Shop");
    let client = house.portal.client(&house.stranger, service, ClientType::ClientCredentials, "Sly");
    let refused = house.give(&house.stranger, client, &["Community Member"]);
    assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
}

#[test]
fn each_trail_holds_what_concerns_the_company() {
    let house = House::build();
    house.client_with(&house.guest, "Berth planner", &["Community Member"]);
    let operations = &house.portal.application.operations;
    operations.remove_from_community(&house.manage(&house.owner), house.id, house.guest.tenant.id).unwrap();
    let trail = |company: &Company| {
        let all = house.portal.application.db.read(|reader| keywright::db::audit::after(reader, 0, 1_000)).unwrap();
        let id = company.tenant.id.to_string();
        let mine = all.into_iter().filter(move |event| event.tenant_id.as_deref() == Some(&id));
        mine.filter(|event| event.action.starts_with("community.")).collect::<Vec<_>>()
    };
    let words = |company| trail(company).into_iter().map(|event| event.action).collect::<Vec<_>>();
    let shared = ["community.invited", "community.joined", "community.tenant_removed"];
    assert_eq!(words(&house.owner), [&["community.added"], &shared[..]].concat());
    assert_eq!(words(&house.guest), shared);
    assert!(words(&house.stranger).is_empty());
    for event in trail(&house.guest) {
        let own = event.action == "community.joined";
        assert_eq!(event.actor_name, if own { "Administrator of contoso" } else { "northwind" }, "{}", event.action);
        assert_eq!(event.actor_id.is_some() && !event.address.is_empty(), own, "nobody of the other company is named");
    }
    let removal = |company| trail(company).pop().unwrap().changes;
    assert!(removal(&house.guest).contains("Berth planner"));
    assert!(!removal(&house.owner).contains("Berth planner") && removal(&house.owner).contains("\"Clients\""));
}

#[test]
fn a_deleted_role_goes_from_everybody() {
    let house = House::build();
    let mut theo = administrator(&house.portal, "northwind");
    theo.visit(&house.path("/roles/new"));
    theo.fill("Name", "Pilot");
    theo.press("Add role");
    for name in ["pilot", "Community Member"] {
        theo.visit(&house.path("/roles/new"));
        theo.fill("Name", name);
        assert_eq!(theo.press("Add role").status, 422, "{name}");
    }
    house.client_with(&house.guest, "Berth planner", &["Pilot"]);
    house.client_with(&house.owner, "Crane", &["Pilot", "Community Member"]);
    let role = house.role("Pilot");
    let page = theo.visit(&house.path(&format!("/roles/{role}/deletion")));
    assert!(page.sees("1 of your clients loses roles: Crane."), "{}", page.text());
    assert!(
        page.sees("1 client and 0 people lose the role.") && !page.html.contains("Berth planner"),
        "{}",
        page.text()
    );
    assert!(theo.press("Delete role").sees("Role Pilot deleted."));
    assert_eq!(house.count("client_community_roles"), 1);
    // What came with the community stays.
    let built_in = house.role("Community Member");
    assert_eq!(theo.post(&house.path(&format!("/roles/{built_in}/deletion")), &[]).status(), 404);
    assert_eq!(
        theo.post(&house.path(&format!("/roles/{built_in}/edit")), &[("name", "Mine"), ("version", "1")]).status(),
        404
    );
}

#[test]
fn accepting_and_withdrawing_at_once_have_one_outcome() {
    for round in 0..6 {
        let house = House::with_invitation();
        let operations = &house.portal.application.operations;
        let (owner, guest) = (house.manage(&house.owner), house.manage(&house.guest));
        let (joined, withdrawn) = thread::scope(|threads| {
            let joining = threads.spawn(|| operations.join_community(&guest, house.id));
            let withdrawing =
                threads.spawn(|| operations.withdraw_community_invitation(&owner, house.id, house.guest.tenant.id));
            (joining.join().unwrap(), withdrawing.join().unwrap())
        });
        let companies = house.count("community_tenants");
        match (&joined, &withdrawn) {
            (Ok(_), Err(Error::WrongState(_))) => assert_eq!(companies, 2, "round {round}"),
            (Err(Error::NotFound), Ok(_)) => assert_eq!(companies, 1, "round {round}"),
            other => panic!("round {round}: {other:?}"),
        }
    }
}

#[test]
fn a_role_given_while_the_company_leaves_is_not_left_behind() {
    for round in 0..6 {
        let house = House::build();
        let service = house.portal.service(&house.guest, "Shipping");
        let client = house.portal.client(&house.guest, service, ClientType::ClientCredentials, "Berth planner");
        let operations = &house.portal.application.operations;
        let guest = house.manage(&house.guest);
        let owner = house.manage(&house.owner);
        let person = house.guest.people[0].member_id;
        let role = house.role("Community Member");
        thread::scope(|threads| {
            let giving = threads.spawn(|| house.give(&house.guest, client, &["Community Member"]));
            let to_person = threads
                .spawn(|| operations.give_community_roles(&guest, house.id, person, std::slice::from_ref(&role)));
            let leaving = threads.spawn(|| match round % 2 {
                0 => operations.leave_community(&guest, house.id),
                _ => operations.remove_from_community(&owner, house.id, house.guest.tenant.id),
            });
            let (given, personal) = (giving.join().unwrap(), to_person.join().unwrap());
            leaving.join().unwrap().expect("leaving always works");
            assert!(matches!(given, Ok(()) | Err(Error::Invalid(_))), "round {round}: {given:?}");
            assert!(matches!(personal, Ok(_) | Err(Error::NotFound)), "round {round}: {personal:?}");
        });
        assert_eq!(house.count("client_community_roles") + house.count("member_community_roles"), 0, "round {round}");
    }
}

#[test]
fn a_purged_client_leaves_no_role_behind() {
    let house = House::build();
    let client = house.client_with(&house.guest, "Berth planner", &["Community Member"]);
    let permit = house.portal.confirmed::<act::EditClients>(&house.guest, Person::Administrator);
    house.portal.application.operations.delete_client(&permit, client).unwrap();
    house.portal.clock.advance(15 * crate::support::DAY);
    assert_eq!(house.portal.application.operations.purge(|| true).unwrap().clients.len(), 1);
    assert_eq!(house.count("client_community_roles"), 0);
}
