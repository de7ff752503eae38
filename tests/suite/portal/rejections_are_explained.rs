//! Whoever holds the reference of a refused request of their company sees what was expected, what came and what mends it.

use keywright::domain::client::ClientType;
use keywright::domain::protocol::fault::{Fault, Refusal};

use crate::support::{Browser, Person, TestPortal};

#[test]
fn a_reference_leads_from_the_answer_to_the_field_that_mends_it() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let service = portal.service(&company, "Shop");
    let client = portal.client(&company, service, ClientType::AuthorizationCode, "Web");
    portal.refuses_redirect_url(company.tenant.id, client, "1F2E3D4C5B", "https://app.example.com/callback/");
    portal.flush();

    // The answer's error_uri leads people who are not signed in through sign-in.
    let mut browser = Browser::new(&portal.url);
    browser.visit("/rejections/1F2E3D4C5B");
    browser.fill("E-mail", &Person::Developer.email("northwind")).fill("Password", crate::support::PASSWORD);
    let page = browser.press("Sign in");
    assert_eq!((page.status, page.path.as_str()), (200, "/rejections/1F2E3D4C5B"));
    assert!(page.sees("The redirect_uri is not one of the client's redirect URLs."));
    assert!(page.sees("There is a slash at the end that is not expected."));
    assert!(page.sees("They differ from character 33 on."));
    assert!(page.html.contains("<mark>/</mark>"));
    let page = browser.follow("Open Redirect URLs in the form");
    assert_eq!((page.status, page.path.as_str()), (200, format!("/clients/{client}/edit#redirect_urls").as_str()));
    assert!(page.html.contains("id=\"redirect_urls\""));

    // Pasted with spaces, in small letters.
    browser.visit("/clients");
    browser.follow("Explain a rejection");
    browser.fill("Reference", " 1f2e 3d4c 5b ");
    assert_eq!(browser.press("Explain").path, "/rejections/1F2E3D4C5B");

    // Who may not edit the client is told whom to ask.
    let mut member = portal.signed_in(Person::Member, "northwind");
    let page = member.visit("/rejections/1F2E3D4C5B");
    assert!(page.sees("ask a developer") && !page.has_link("Open Redirect URLs in the form"));

    // Once it is mended, the page says so.
    browser.visit(&format!("/clients/{client}/edit"));
    browser.fill("Redirect URLs", "https://app.example.com/callback\nhttps://app.example.com/callback/");
    assert_eq!(browser.press("Update client").status, 200);
    assert!(browser.visit("/rejections/1F2E3D4C5B").sees("This would be accepted now"));
}

#[test]
fn anothers_reference_is_not_there() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    portal.company("elsewhere");
    let service = portal.service(&company, "Shop");
    let client = portal.client(&company, service, ClientType::AuthorizationCode, "Web");
    portal.refuses_redirect_url(company.tenant.id, client, "1F2E3D4C5B", "https://app.example.com/secret-place");
    portal.grants(company.tenant.id, client);
    portal.flush();
    let mut browser = portal.signed_in(Person::Administrator, "elsewhere");
    let theirs = browser.visit("/rejections/1F2E3D4C5B");
    assert_eq!((theirs.status, theirs.heading().as_str()), (404, "No rejection with this reference"));
    assert!(!theirs.html.contains("secret-place"));
    let (theirs, none) = (theirs.text(), browser.visit("/rejections/0000000000").text());
    assert_eq!(theirs.replace("1F2E3D4C5B", "0000000000"), none, "nothing tells the two apart");
    // What was granted is no rejection.
    let mut browser = portal.signed_in(Person::Administrator, "northwind");
    assert_eq!(browser.visit("/rejections/GRANTED").status, 404);
}

#[test]
fn what_came_is_shown_and_never_run() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let service = portal.service(&company, "Shop");
    let client = portal.client(&company, service, ClientType::AuthorizationCode, "Web");
    let nasty = [
        "https://app.example.com/<script>alert(1)</script>",
        "https://app.example.com/callback\"><img src=x onerror=alert(1)>",
        "https://app.example.com/{{ 7 * 7 }}{% if %}",
        "https://app.example.com/\u{202E}kcabllac",
        "javascript:alert(1)",
    ];
    let mut browser = portal.signed_in(Person::Developer, "northwind");
    for (number, received) in nasty.iter().enumerate() {
        let reference = format!("AB{number:08}");
        portal.refuses_redirect_url(company.tenant.id, client, &reference, received);
        portal.flush();
        let page = browser.visit(&format!("/rejections/{reference}"));
        assert_eq!(page.status, 200, "{received}");
        for bad in ["<script>alert", "<img src=x", "\u{202E}", "href=\"javascript"] {
            assert!(!page.html.contains(bad), "{bad} of {received}");
        }
    }
    assert!(browser.visit("/rejections/AB00000003").sees("U+202E, mark of writing direction"));
    assert!(browser.visit("/rejections/%3Cscript%3E").sees("No rejection with this reference"));
}

#[test]
fn each_remedy_leads_somewhere() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let service = portal.service(&company, "Shop");
    let client = portal.client(&company, service, ClientType::Hybrid, "Web");
    let mut browser = portal.signed_in(Person::Administrator, "northwind");
    for (number, fault) in Fault::ALL.iter().enumerate() {
        let reference = format!("AB{number:08}");
        portal.refuses(company.tenant.id, client, &reference, Refusal::comparing(*fault, "openid", "openid email"));
        portal.flush();
        let page = browser.visit(&format!("/rejections/{reference}"));
        assert_eq!(page.status, 200, "{fault:?}");
        assert!(page.sees(fault.sentence()) && page.sees("What mends it"), "{fault:?}");
    }
    // One without a client, whose company is known by its prefix.
    portal.notes(company.tenant.id, None, "CD00000000", Some(Refusal::comparing(Fault::ClientUnknown, "", "ab.web")));
    portal.flush();
    assert!(browser.visit("/rejections/CD00000000").sees("None of your clients"));
}
