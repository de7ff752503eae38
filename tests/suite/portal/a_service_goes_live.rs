//! From sandbox to live and back: checks, request, decision, live secrets, taking back; and what changes meanwhile.

use keywright::access::act;
use keywright::crypto::random;
use keywright::domain::client::ClientType;
use keywright::domain::release::checks::Outcome;
use keywright::domain::service::ServiceInput;

use crate::support::{Browser, Person, TestPortal};

fn about_to_decide(portal: &TestPortal, request: &str) -> Browser {
    let mut approver = portal.signed_in(Person::Approver, "northwind");
    approver.visit(&format!("/reviews/{request}"));
    approver
}

#[test]
fn a_blocking_check_is_shown_and_stands_in_the_way() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let (service, client) = portal.ready_service(&company, "Shop");
    portal.secret(&company, client, "Backend EU");
    let mut developer = portal.signed_in(Person::Developer, "northwind");
    developer.visit(&format!("/services/{service}"));
    developer.follow("Request service release");
    let page = developer.page();
    assert!(page.sees("1 blocking") && page.sees("never expires"), "{}", page.text());
    assert!(!page.has_button("Request service release"));
    let hash = portal.application.operations.judge(&portal.permit::<act::See>(&company, Person::Member), service);
    let shown = hash.expect("it can be judged").hash;
    let forced = developer.post(&format!("/services/{service}/release-requests"), &[("shown", &shown)]);
    assert_eq!(forced.status(), 422);
    assert_eq!(portal.number("SELECT count(*) AS n FROM release_requests"), 0);

    // The finding leads to where it is mended; then the request goes through.
    developer.follow("Go to the field: No secret lives for ever");
    assert_eq!(developer.page().path.split('#').next(), Some(format!("/clients/{client}").as_str()));
    let secret = portal.secret_ids(client)[0];
    let deletion = developer.post(&format!("/secrets/{secret}/deletion"), &[]);
    assert_eq!(deletion.status(), 303);
    developer.visit(&format!("/services/{service}/release-requests"));
    developer.fill("Message to the approver", "Tried for a week.");
    let page = developer.press("Request service release");
    assert!(page.sees("Release requested") && page.sees("Waiting"), "{}", page.text());
    // Nothing more to ask for, and no heading over nothing.
    let page = developer.visit(&format!("/services/{service}/release-requests"));
    assert!(page.sees("A request waits for an approver") && !page.sees("Your request"), "{}", page.text());
    // A search among decided requests that finds none leads back to those.
    let mut approver = portal.signed_in(Person::Approver, "northwind");
    approver.visit("/reviews?show=decided&search=nothing+like+it");
    assert_eq!(approver.follow("Show all requests").path, "/reviews?show=decided");
}

#[test]
fn each_check_finds_its_fault() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let permit = portal.permit::<act::EditServices>(&company, Person::Administrator);
    let operations = &portal.application.operations;
    let outcomes = |service| {
        let judged = operations.judge(&permit, service).expect("it can be judged");
        let found = judged.checks.iter().filter(|check| check.outcome() != Outcome::Pass);
        found.map(|check| (check.rule, check.outcome())).collect::<Vec<_>>()
    };
    let (ready, _) = portal.ready_service(&company, "Ready");
    assert_eq!(outcomes(ready), []);

    let bare = ServiceInput { name: "Bare".into(), domain: "app.example.com".into(), ..ServiceInput::default() };
    let bare = operations.add_service(&permit, &bare, None, &random::token()).expect("a service").0;
    let blocking = |rule| (rule, Outcome::Blocking);
    assert_eq!(
        outcomes(bare),
        [
            blocking("There is an active client"),
            blocking("A privacy policy is given"),
            blocking("Terms are given"),
            blocking("A contact is given"),
        ]
    );

    let edits: [(&str, &str, &str, (&str, Outcome)); 6] = [
        ("redirect_urls", "http://127.0.0.1/cb", "hosts", blocking("Every redirect URL is https on a public host")),
        (
            "redirect_urls",
            "http://localhost:3000/cb",
            "hosts",
            blocking("Every redirect URL is https on a public host"),
        ),
        ("redirect_urls", "https://10.0.0.7/cb", "hosts", blocking("Every redirect URL is https on a public host")),
        (
            "logout_redirect_urls",
            "http://127.0.0.1/bye",
            "",
            blocking("No logout redirect URL or CORS origin leads to a loopback or private address"),
        ),
        (
            "cors_origins",
            "http://localhost:3000",
            "",
            blocking("No logout redirect URL or CORS origin leads to a loopback or private address"),
        ),
        (
            "redirect_urls",
            "https://elsewhere.example/cb",
            "hosts",
            ("Redirect hosts belong to the service's domain", Outcome::Warning),
        ),
    ];
    for (field, value, confirmed, expected) in edits {
        let (service, client) = portal.ready_service(&company, "Edited");
        portal.edit_client(&company, client, |input| {
            match field {
                "redirect_urls" => input.redirect_urls = value.into(),
                "logout_redirect_urls" => input.logout_redirect_urls = value.into(),
                _ => input.cors_origins = value.into(),
            }
            input.confirmed = vec![confirmed.into()];
        });
        let found = outcomes(service);
        assert!(found.contains(&expected), "{value}: {found:?}");
        let blocks = found.iter().any(|(_, outcome)| *outcome == Outcome::Blocking);
        assert_eq!(blocks, expected.1 == Outcome::Blocking, "{value}: {found:?}");
    }

    // A native app has nothing but loopback and its own scheme (RFC 8252 §7): a warning, no obstacle.
    let (service, _) = portal.ready_service(&company, "Native");
    let native = portal.client(&company, service, ClientType::Native, "App");
    portal.edit_client(&company, native, |input| {
        input.redirect_urls = "http://127.0.0.1/cb\ncom.example.app:/cb".into();
        input.confirmed = vec!["hosts".into()];
    });
    assert_eq!(outcomes(service), [("Every redirect URL is https on a public host", Outcome::Warning)]);
}

#[test]
fn approval_makes_it_live_and_taking_back_ends_the_live_secrets() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let (service, client) = portal.ready_service(&company, "Shop");
    let mut developer = portal.signed_in(Person::Developer, "northwind");
    let live_form = [("environment", "live"), ("expires_at", "2027-01-01T00:00")];
    let secrets = format!("/clients/{client}/secrets");
    assert_eq!(developer.post(&secrets, &live_form).status(), 422, "no live secret in sandbox");

    let request = portal.request_release(&company, Person::Developer, service);
    let told = portal.mail_to("approver@northwind.example");
    assert!(told.len() == 1 && told[0].contains(&format!("/reviews/{request}")), "{told:?}");
    let mut approver = about_to_decide(&portal, &request.to_string());
    assert_eq!(approver.page().heading(), "Review of Shop");
    let page = approver.press("Approve");
    assert!(page.sees("Shop is live"), "{}", page.text());
    assert!(portal.mail_to("developer@northwind.example")[0].contains("approved for release"));

    assert_eq!(developer.post(&secrets, &live_form).status(), 303);
    assert!(developer.visit(&format!("/clients/{client}")).sees("Live"));

    approver.visit(&format!("/services/{service}"));
    approver.follow("Take back to sandbox");
    assert!(approver.page().sees("1 live secret is deleted"), "{}", approver.page().text());
    let page = approver.press("Take back to sandbox");
    assert_eq!(page.status, 422, "a reason is wanted");
    approver.fill("Reason", "The privacy policy is gone.");
    let page = approver.press("Take back to sandbox");
    assert!(page.sees("back in sandbox"), "{}", page.text());
    assert_eq!(portal.number("SELECT count(*) AS n FROM secrets WHERE environment = 'live'"), 0);
    let page = developer.visit(&format!("/clients/{client}"));
    assert!(page.sees("Sandbox") && page.sees("No secret yet"), "{}", page.text());
    assert_eq!(developer.post(&secrets, &live_form).status(), 422, "no live secret any more");
    assert!(portal.mail_to("developer@northwind.example")[0].contains("The privacy policy is gone."));
}

#[test]
fn who_has_left_hears_no_more_of_it() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let (service, _) = portal.ready_service(&company, "Shop");
    let request = portal.request_release(&company, Person::Developer, service);
    let developer = portal.person(&company, Person::Developer).member_id;
    let manage = portal.confirmed::<act::ManageTenant>(&company, Person::Administrator);
    portal.application.operations.remove_member(&manage, developer).expect("gone");
    let mut approver = about_to_decide(&portal, &request.to_string());
    approver.fill("Reason", "Between us.");
    assert!(approver.press("Reject").sees("not released"));
    assert_eq!(portal.number("SELECT count(*) AS n FROM outbox WHERE recipient LIKE 'developer@%'"), 0);
}

#[test]
fn a_rejected_service_is_mended_and_asked_for_again() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let (service, client) = portal.ready_service(&company, "Shop");
    let first = portal.request_release(&company, Person::Developer, service);
    let mut approver = about_to_decide(&portal, &first.to_string());
    let page = approver.press("Reject");
    assert_eq!(page.status, 422, "a reason is wanted");
    approver.fill("Reason", "Use the other host.");
    assert!(approver.press("Reject").sees("not released"));

    let mut developer = portal.signed_in(Person::Developer, "northwind");
    let page = developer.visit(&format!("/services/{service}"));
    assert!(page.sees("Rejected") && page.sees("Use the other host."), "{}", page.text());
    portal.edit_client(&company, client, |input| input.redirect_urls = "https://other.app.example.com/cb".into());
    let second = portal.request_release(&company, Person::Developer, service);
    approver.visit(&format!("/reviews/{second}"));
    let page = approver.page();
    assert!(page.sees("Compared with the request that Approver of northwind rejected"), "{}", page.text());
    assert!(page.sees("Before: https://app.example.com/callback"), "{}", page.text());
    assert!(page.sees("After: https://other.app.example.com/cb") && page.sees("High risk"));
    assert!(approver.press("Approve").sees("Shop is live"));
}

#[test]
fn changes_at_a_live_client_wait_for_an_approver() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let (service, client) = portal.live_service(&company, "Shop");
    let mut approver = portal.signed_in(Person::Approver, "northwind");
    let count = "SELECT count(*) AS n FROM changes_to_review";
    portal.edit_client(&company, client, |input| input.description = "Words".into());
    assert_eq!(portal.number(count), 0, "a description is nothing to judge");
    portal.edit_client(&company, client, |input| {
        input.redirect_urls += "\nhttps://pay.app.example.com/cb";
        input.confirmed = vec!["hosts".into()];
    });
    let page = approver.visit("/reviews");
    assert!(page.sees("Shop") && page.sees("1 change"), "{}", page.text());
    approver.follow("Shop");
    let page = approver.page();
    assert!(page.sees("After: https://pay.app.example.com/cb") && page.sees("High risk"), "{}", page.text());

    // What comes while the page is open is looked at first.
    portal.edit_client(&company, client, |input| input.scopes.push("groups".into()));
    let page = approver.press("Accept changes");
    assert_eq!(page.status, 409);
    assert!(page.sees("groups"), "{}", page.text());
    assert!(approver.press("Accept changes").sees("accepted"));
    assert_eq!(portal.number(count), 0);

    // A new client at a live service is something to look at as well.
    portal.client(&company, service, ClientType::AuthorizationCode, "Second");
    assert!(approver.visit("/reviews").sees("Changed while live"));
    let page = portal.signed_in(Person::Developer, "northwind").visit(&format!("/services/{service}")).text();
    assert!(page.contains("Changed since the last approval"), "{page}");
}

#[test]
fn test_users_are_kept_by_address() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let service = portal.service(&company, "Shop");
    let mut developer = portal.signed_in(Person::Developer, "northwind");
    developer.visit(&format!("/services/{service}/test-users"));
    developer.fill("E-mail addresses", "ada@example.com\nnobody");
    let page = developer.press("Add test users");
    assert_eq!(page.status, 422);
    assert_eq!(page.value("emails").as_deref(), Some("ada@example.com\nnobody"));
    developer.fill("E-mail addresses", "ada@example.com\nADA@example.com\nben@example.com");
    assert!(developer.press("Add test users").sees("2 test users added"));
    developer.press("Remove ada@example.com");
    assert!(developer.page().sees("ada@example.com is no longer a test user"));
    assert_eq!(portal.number("SELECT count(*) AS n FROM test_users"), 1);
    developer.press("Undo");
    assert_eq!(portal.number("SELECT count(*) AS n FROM test_users"), 2);

    let many: String = (0..99).map(|number| format!("person{number}@example.com\n")).collect();
    developer.fill("E-mail addresses", &many);
    let page = developer.press("Add test users");
    assert!(page.status == 422 && page.sees("room for 98 more"), "{}", page.text());
}

#[test]
fn what_stops_is_counted_and_named_before_a_service_is_deactivated() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let service = portal.service(&company, "Shop");
    let till = portal.client(&company, service, ClientType::ClientCredentials, "Till");
    portal.secret(&company, till, "Backend EU");
    let idle = portal.client(&company, service, ClientType::ClientCredentials, "Idle");
    portal.application.operations.deactivate_client(&portal.permit(&company, Person::Administrator), idle).unwrap();
    let mut administrator = portal.signed_in(Person::Administrator, "northwind");
    for act in ["deactivation", "deletion"] {
        let page = administrator.visit(&format!("/services/{service}/{act}"));
        assert!(page.sees("1 active client") && page.sees("Till") && page.sees("1 working secret"), "{}", page.text());
        assert!(!page.sees("Idle"), "it has stopped already");
    }
}
