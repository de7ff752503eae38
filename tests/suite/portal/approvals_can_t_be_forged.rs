//! Every way that was thought of to get a service live without an approver's fresh and own decision.

use std::thread;

use keywright::access::{Actor, Roles, act};
use keywright::crypto::random;
use keywright::domain::id::{ReleaseRequestId, ServiceId};
use keywright::domain::tenant::TenantPolicy;
use keywright::operations::fill::{Company, NewCompany, NewPerson};

use crate::support::{Browser, PASSWORD, Person, TestPortal};

/// A company with a second approver, who is a developer too.
fn two_approvers(portal: &TestPortal) -> Company {
    let person = |name: &str, roles| NewPerson {
        name: name.into(),
        email: format!("{}@northwind.example", name.to_lowercase()),
        roles,
        operator: false,
    };
    let company = NewCompany {
        name: "northwind".into(),
        policy: TenantPolicy::default(),
        operates: false,
        people: vec![
            person("Administrator", Roles { administrator: true, ..Roles::default() }),
            person("Developer", Roles { developer: true, ..Roles::default() }),
            person("Approver", Roles { approver: true, ..Roles::default() }),
            person("Both", Roles { developer: true, approver: true, administrator: true }),
        ],
    };
    portal.application.operations.fill_company(&company, PASSWORD).expect("a company")
}

fn signed_in(portal: &TestPortal, name: &str) -> Browser {
    let mut browser = Browser::new(&portal.url);
    browser.sign_in(&format!("{name}@northwind.example"), PASSWORD);
    browser
}

struct Asked {
    service: ServiceId,
    request: ReleaseRequestId,
}

fn asked(portal: &TestPortal, company: &Company) -> Asked {
    let (service, _) = portal.ready_service(company, "Shop");
    Asked { service, request: portal.request_release(company, Person::Developer, service) }
}

fn live(portal: &TestPortal) -> i64 {
    portal.number("SELECT count(*) AS n FROM services WHERE environment = 'live'")
}

#[test]
fn nobody_approves_their_own_request() {
    let portal = TestPortal::spawn();
    let company = two_approvers(&portal);
    let (service, _) = portal.ready_service(&company, "Shop");
    let both = Actor::new(company.people[3].clone(), portal.clock.now(), "192.0.2.1".into());
    let operations = &portal.application.operations;
    let permit = both.permit::<act::EditServices>().expect("they may");
    let shown = operations.judge(&permit, service).expect("it can be judged").hash;
    let request = operations.request_release(&permit, service, &shown, "", &random::token()).expect("a request").0;
    let mut browser = signed_in(&portal, "both");
    let page = browser.visit(&format!("/reviews/{request}"));
    assert!(page.sees("You asked for this release yourself"), "{}", page.text());
    assert!(!page.has_button("Approve") && !page.has_button("Reject"));
    for act in ["approval", "rejection"] {
        let answer = browser.post(&format!("/reviews/{request}/{act}"), &[("shown", &shown), ("reason", "Mine")]);
        assert_eq!(answer.status(), 403);
        assert!(answer.text().expect("a page").contains("Somebody else has to decide"));
    }
    assert_eq!(live(&portal), 0);
    // The other approver may.
    let mut approver = signed_in(&portal, "approver");
    approver.visit(&format!("/reviews/{request}"));
    assert!(approver.press("Approve").sees("Shop is live"));

    // Nor does anybody accept changes of their own at a live service.
    let client = portal.client(&company, service, keywright::domain::client::ClientType::Native, "App");
    assert!(portal.number("SELECT count(*) AS n FROM changes_to_review") > 0, "{client}");
    portal.sql(&format!("UPDATE changes_to_review SET changed_by = '{}'", company.people[3].account_id));
    let page = browser.visit(&format!("/reviews/services/{service}/changes"));
    assert!(!page.has_button("Accept changes"));
    let shown = approver.visit(&format!("/reviews/services/{service}/changes")).value("shown").expect("a fingerprint");
    let answer = browser.post(&format!("/reviews/services/{service}/changes"), &[("shown", &shown)]);
    assert_eq!(answer.status(), 403);
}

#[test]
fn a_role_taken_away_a_second_ago_is_gone() {
    let portal = TestPortal::spawn();
    let company = two_approvers(&portal);
    let asked = asked(&portal, &company);
    let mut approver = signed_in(&portal, "approver");
    approver.visit(&format!("/reviews/{}", asked.request));
    let member = company.people[2].member_id;
    portal.sql(&format!("UPDATE members SET approver = FALSE WHERE id = '{member}'"));
    assert_eq!(approver.press("Approve").status, 403);

    // Even with a permit that was given a moment before.
    let before = Actor::new(company.people[2].clone(), portal.clock.now(), "192.0.2.1".into());
    let permit = before.permit::<act::DecideReleases>().expect("they could").confirmed(portal.clock.now()).unwrap();
    let operations = &portal.application.operations;
    let shown = operations.judge(&permit, asked.service).expect("it can be judged").hash;
    let verdict = keywright::operations::releases::Verdict::Approve;
    assert!(operations.decide_release(&permit, asked.request, verdict, &shown, "").is_err());
    assert!(operations.take_back(&permit, asked.service, "A reason").is_err());
    assert_eq!(live(&portal), 0);
}

#[test]
fn another_companys_approver_does_not_see_it() {
    let portal = TestPortal::spawn();
    let company = two_approvers(&portal);
    let asked = asked(&portal, &company);
    portal.company("elsewhere");
    let mut stranger = portal.signed_in(Person::Approver, "elsewhere");
    assert!(!stranger.visit("/reviews").sees("Shop"));
    assert_eq!(stranger.visit(&format!("/reviews/{}", asked.request)).status, 404);
    let (request, service) = (asked.request, asked.service);
    for path in [
        format!("/reviews/{request}/approval"),
        format!("/reviews/{request}/rejection"),
        format!("/reviews/services/{service}/changes"),
        format!("/reviews/services/{service}/taking-back"),
    ] {
        let answer = stranger.post(&path, &[("shown", "x"), ("reason", "Because")]);
        assert_eq!(answer.status(), 404, "{path}");
    }
    assert_eq!(live(&portal), 0);

    // A platform approver sees and decides for every company.
    portal.sql("UPDATE accounts SET platform_approver = TRUE WHERE email = 'approver@elsewhere.example'");
    let page = stranger.visit("/reviews");
    assert!(page.sees("Shop") && page.sees("northwind"), "{}", page.text());
    stranger.visit(&format!("/reviews/{request}"));
    assert!(stranger.press("Approve").sees("Shop is live"));
    let trail = "SELECT count(*) AS n FROM audit_events WHERE action = 'service.released' AND tenant_id = ";
    assert_eq!(portal.number(&format!("{trail}'{}'", company.tenant.id)), 1, "it stands in the trail of the company");
}

#[test]
fn of_two_approvers_at_once_one_decides() {
    let portal = TestPortal::spawn();
    let company = two_approvers(&portal);
    for round in 0..5 {
        let asked = asked(&portal, &company);
        let mut decisions = Vec::new();
        for (name, button) in [("approver", "Approve"), ("both", "Reject")] {
            let mut browser = signed_in(&portal, name);
            browser.visit(&format!("/reviews/{}", asked.request));
            browser.fill("Reason", "Not like this.");
            decisions.push(browser.pressing(button));
        }
        let answers: Vec<u16> = decisions
            .into_iter()
            .map(|decision| thread::spawn(move || decision.send().expect("an answer").status().as_u16()))
            .collect::<Vec<_>>()
            .into_iter()
            .map(|running| running.join().expect("it ends"))
            .collect();
        let mut sorted = answers.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, [303, 409], "round {round}: {answers:?}");
        let decided = "SELECT count(*) AS n FROM audit_events WHERE action IN ('service.released', 'release.rejected')";
        assert_eq!(portal.number(decided), i64::from(round) + 1);
    }
}

#[test]
fn a_form_sent_again_decides_nothing() {
    let portal = TestPortal::spawn();
    let company = two_approvers(&portal);
    let asked = asked(&portal, &company);
    let mut approver = signed_in(&portal, "approver");
    approver.visit(&format!("/reviews/{}", asked.request));
    let (first, second) = (approver.pressing("Approve"), approver.pressing("Approve"));
    assert_eq!(first.send().expect("an answer").status(), 303);
    let again = second.send().expect("an answer");
    assert_eq!(again.status(), 409);
    assert!(again.text().expect("a page").contains("approved by Approver already"));
    // After it was taken back, the old form is worth nothing either.
    approver.visit(&format!("/reviews/services/{}/taking-back", asked.service));
    approver.fill("Reason", "On second thought.");
    approver.press("Take back to sandbox");
    assert_eq!(live(&portal), 0);
    let mut approver = signed_in(&portal, "approver");
    approver.visit(&format!("/reviews/{}", asked.request));
    assert!(!approver.page().has_button("Approve"));
}

#[test]
fn a_deleted_service_can_t_be_approved() {
    let portal = TestPortal::spawn();
    let company = two_approvers(&portal);
    let asked = asked(&portal, &company);
    let mut approver = signed_in(&portal, "approver");
    approver.visit(&format!("/reviews/{}", asked.request));
    let approve = approver.pressing("Approve");
    let operations = &portal.application.operations;
    operations.delete_service(&portal.confirmed(&company, Person::Administrator), asked.service).expect("it goes");
    assert_eq!(approve.send().expect("an answer").status(), 409);
    assert!(!approver.visit("/reviews").sees("Shop"), "it waits no more");
    let page = approver.visit(&format!("/reviews/{}", asked.request));
    assert!(page.sees("This service is deleted") && !page.has_button("Approve"), "{}", page.text());
    assert_eq!(live(&portal), 0);
}

#[test]
fn a_forged_hash_approves_nothing() {
    let portal = TestPortal::spawn();
    let company = two_approvers(&portal);
    let asked = asked(&portal, &company);
    let approver = signed_in(&portal, "approver");
    for shown in ["", "0", &"0".repeat(64)] {
        let answer = approver.post(&format!("/reviews/{}/approval", asked.request), &[("shown", shown)]);
        assert_eq!(answer.status(), 409, "{shown:?}");
    }
    assert_eq!(live(&portal), 0);
}

#[test]
fn a_client_deleted_over_the_approval_comes_back_as_something_new() {
    let portal = TestPortal::spawn();
    let company = two_approvers(&portal);
    let (service, _) = portal.ready_service(&company, "Shop");
    let hidden = portal.client(&company, service, keywright::domain::client::ClientType::AuthorizationCode, "Hidden");
    let operations = &portal.application.operations;
    operations.delete_client(&portal.confirmed(&company, Person::Administrator), hidden).expect("it goes");
    let request = portal.request_release(&company, Person::Developer, service);
    portal.approve(&company, service, request);
    assert_eq!(portal.number("SELECT count(*) AS n FROM changes_to_review"), 0);
    operations
        .reactivate_client(&portal.permit(&company, Person::Administrator), hidden, false, "")
        .expect("it is back");
    let mut approver = signed_in(&portal, "approver");
    let page = approver.visit(&format!("/reviews/services/{service}/changes"));
    assert!(page.sees("Hidden") && page.sees("https://app.example.com/callback"), "{}", page.text());
}

#[test]
fn only_the_changes_that_were_shown_are_accepted() {
    let portal = TestPortal::spawn();
    let company = two_approvers(&portal);
    let (service, client) = portal.live_service(&company, "Shop");
    for number in 0..203 {
        portal.edit_client(&company, client, |input| {
            input.logout_redirect_urls = format!("https://app.example.com/bye/{number}");
        });
    }
    let mut approver = signed_in(&portal, "approver");
    approver.visit(&format!("/reviews/services/{service}/changes"));
    assert!(approver.press("Accept changes").sees("accepted"));
    assert_eq!(portal.number("SELECT count(*) AS n FROM changes_to_review"), 3, "nobody has seen the last ones");
}
