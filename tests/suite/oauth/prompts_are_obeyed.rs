//! How fresh a sign-in has to be, who it has to be, and whether anybody may be asked (OpenID Connect Core §3.1.2.1).

use keywright::domain::client::ClientType;
use keywright::operations::protocol::signing::Rotation;

use super::asking::{Returned, give_password, request};
use crate::support::{App, Browser, MINUTE, PASSWORD, Person, SECOND, TestPortal, claims};

/// The member has signed in ten seconds ago.
fn signed_in() -> (TestPortal, App, Browser) {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let app = portal.app(&company, ClientType::AuthorizationCode, |_| {});
    let browser = portal.signed_in(Person::Member, "northwind");
    portal.clock.advance(10 * SECOND);
    (portal, app, browser)
}

fn member() -> String {
    Person::Member.email("northwind")
}

fn error(browser: &mut Browser, app: &App, changes: &[(&str, &str)]) -> String {
    Returned::on(browser.visit(&request(app, changes))).get("error").to_owned()
}

fn auth_time(portal: &TestPortal, app: &App, browser: &Browser) -> i64 {
    let tokens = portal.redeem(app, Returned::on(browser.page()).code());
    claims(tokens.text("id_token"))["auth_time"].as_i64().expect("a time")
}

#[test]
fn nobody_is_asked_anything_where_the_request_says_so() {
    let (portal, app, mut browser) = signed_in();
    assert_eq!(error(&mut browser, &app, &[("prompt", "none")]), "");
    assert_eq!(error(&mut browser, &app, &[("prompt", "none"), ("max_age", "5")]), "login_required");
    assert_eq!(error(&mut Browser::new(&portal.url), &app, &[("prompt", "none")]), "login_required");
    portal.sql("UPDATE clients SET require_consent = TRUE");
    assert_eq!(error(&mut browser, &app, &[("prompt", "none")]), "consent_required");
    assert_eq!(portal.number("SELECT count(*) AS n FROM authorization_requests"), 0);
    for bad in ["none login", "login none", "nothing", "None"] {
        assert_eq!(error(&mut browser, &app, &[("prompt", bad)]), "invalid_request", "{bad}");
    }
}

#[test]
fn a_sign_in_is_asked_for_anew() {
    for prompt in ["login", "select_account"] {
        let (portal, app, mut browser) = signed_in();
        let before = portal.clock.now();
        let page = browser.visit(&request(&app, &[("prompt", prompt)]));
        assert!(page.heading() == "Sign in" && page.path.contains("again=yes"), "{prompt}: {}", page.path);
        // Coming back without having done it changes nothing.
        let waits = portal.text("SELECT id_hash AS words FROM authorization_requests");
        let again = browser.visit(&page_of(&browser));
        assert_eq!(again.heading(), "Sign in");
        assert_eq!(portal.text("SELECT id_hash AS words FROM authorization_requests"), waits);
        portal.clock.advance(SECOND);
        give_password(&mut browser, &member());
        assert_eq!(auth_time(&portal, &app, &browser), before.seconds() + 1);
    }
}

/// Where the request waits that a sign-in page is for.
fn page_of(browser: &Browser) -> String {
    browser.page().value("return_to").expect("a way on")
}

#[test]
fn a_sign_in_may_be_as_old_as_the_application_says() {
    let (portal, app, mut browser) = signed_in();
    let begun = portal.clock.now().seconds() - 10;
    browser.visit(&request(&app, &[("max_age", "10")]));
    assert_eq!(auth_time(&portal, &app, &browser), begun);
    portal.clock.advance(SECOND);
    for too_old in ["10", "0"] {
        assert_eq!(browser.visit(&request(&app, &[("max_age", too_old)])).heading(), "Sign in");
        give_password(&mut browser, &member());
        assert_eq!(auth_time(&portal, &app, &browser), portal.clock.now().seconds());
        portal.clock.advance(11 * SECOND);
    }
    for bad in ["-1", "1.5", "+1", "soon", "99999999999"] {
        assert_eq!(error(&mut browser, &app, &[("max_age", bad)]), "invalid_request", "{bad}");
    }
}

/// A password that was given for something else is less than what a sign-in asks for.
#[test]
fn a_password_given_since_is_no_sign_in() {
    let (portal, app, mut browser) = signed_in();
    let begun = portal.clock.now().seconds() - 10;
    portal.sql("UPDATE members SET developer = TRUE");
    browser.visit(&format!("/clients/{}/secrets/new", app.uid));
    portal.clock.advance(20 * MINUTE);
    browser.press("Add secret");
    browser.fill("Password", PASSWORD);
    assert_eq!(browser.press("Confirm").heading(), "Your new secret is ready");
    browser.visit(&request(&app, &[]));
    assert_eq!(auth_time(&portal, &app, &browser), begun);
}

/// Whoever has another password signs in with it before an application gets anything.
#[test]
fn a_new_password_needs_a_new_sign_in() {
    let (portal, app, mut browser) = signed_in();
    portal.clock.advance(SECOND);
    portal.sql(&format!("UPDATE accounts SET password_changed_at = {}", portal.clock.now().micros()));
    assert_eq!(browser.visit(&request(&app, &[])).heading(), "Sign in");
    give_password(&mut browser, &member());
    Returned::on(browser.page()).code();
}

#[test]
fn consent_is_asked_for_anew() {
    let (_portal, app, mut browser) = signed_in();
    for _ in 0..2 {
        let page = browser.visit(&request(&app, &[("prompt", "consent")]));
        assert!(page.heading().starts_with("Allow App"), "{}", page.text());
        Returned::on(browser.press("Allow")).code();
    }
    Returned::on(browser.visit(&request(&app, &[]))).code();
}

#[test]
fn an_id_token_says_who_it_has_to_be() {
    let (portal, app, mut browser) = signed_in();
    let back = Returned::on(browser.visit(&request(&app, &[]))).code().to_owned();
    let id_token = portal.redeem(&app, &back).text("id_token").to_owned();
    // However long it has been over.
    portal.clock.advance(7200 * SECOND);
    let mut browser = portal.signed_in(Person::Member, "northwind");
    let hint = [("prompt", "none"), ("id_token_hint", id_token.as_str())];
    assert_eq!(error(&mut browser, &app, &hint), "");
    let subject = claims(&id_token)["sub"].as_str().unwrap().to_owned();
    let named = format!(r#"{{"id_token":{{"sub":{{"value":"{subject}"}}}}}}"#);
    assert_eq!(error(&mut browser, &app, &[("prompt", "none"), ("claims", &named)]), "");
    let mut developer = portal.signed_in(Person::Developer, "northwind");
    assert_eq!(error(&mut developer, &app, &hint), "login_required");
    assert_eq!(error(&mut developer, &app, &[("prompt", "none"), ("claims", &named)]), "login_required");
    // Somebody else signs in for it: then it is refused.
    portal.clock.advance(SECOND);
    assert_eq!(developer.visit(&request(&app, &[("id_token_hint", &id_token)])).heading(), "Sign in");
    portal.clock.advance(SECOND);
    let page = give_password(&mut developer, &Person::Developer.email("northwind"));
    assert_eq!(Returned::on(page).get("error"), "login_required");
    // What is no ID token of ours for this client.
    let mut forged = id_token.clone();
    forged.pop();
    for bad in ["x", "a.b.c", forged.as_str()] {
        assert_eq!(error(&mut browser, &app, &[("id_token_hint", bad)]), "invalid_request", "{bad}");
    }
    let company = portal.company("southwind");
    let other = portal.app(&company, ClientType::AuthorizationCode, |_| {});
    assert_eq!(error(&mut browser, &other, &[("id_token_hint", &id_token)]), "invalid_request");
}

/// The key that signed it is published no more, as after any rotation: it vouches for nobody, so they sign in.
#[test]
fn an_old_id_token_wants_a_sign_in() {
    let (portal, app, mut browser) = signed_in();
    let code = Returned::on(browser.visit(&request(&app, &[]))).code().to_owned();
    let id_token = portal.redeem(&app, &code).text("id_token").to_owned();
    // The first keys were made by the first token: those that follow them at the same instant would not be later.
    portal.clock.advance(MINUTE);
    portal.application.operations.rotate_signing_keys(Rotation::AtOnce).unwrap();
    portal.clock.advance(66 * MINUTE);
    let mut browser = portal.signed_in(Person::Member, "northwind");
    portal.clock.advance(SECOND);
    let hint = ("id_token_hint", id_token.as_str());
    assert_eq!(error(&mut browser, &app, &[("prompt", "none"), hint]), "login_required");
    assert_eq!(browser.visit(&request(&app, &[hint])).heading(), "Sign in");
    portal.clock.advance(SECOND);
    give_password(&mut browser, &member());
    Returned::on(browser.page()).code();
}

#[test]
fn parameters_that_mean_nothing_here_do_no_harm() {
    let (_portal, app, mut browser) = signed_in();
    for (name, value) in [
        ("display", "popup"),
        ("display", "nothing like it"),
        ("ui_locales", "de fr-CA"),
        ("claims_locales", "de"),
        ("acr_values", "1 2"),
        ("extra", "foobar"),
        ("claims", r#"{"userinfo":{"email":{"essential":true}},"id_token":null}"#),
        ("scope", "openid profile something-unknown"),
    ] {
        assert_eq!(error(&mut browser, &app, &[(name, value)]), "", "{name}={value}");
    }
    for (name, value, expected) in [
        ("claims", "{", "invalid_request"),
        ("claims", "[]", "invalid_request"),
        ("claims", r#"{"id_token":[]}"#, "invalid_request"),
        ("request", "eyJhbGciOiJub25lIn0.e30.", "request_not_supported"),
        ("request_uri", "https://app.example.com/request", "request_uri_not_supported"),
        ("request_uri", "urn:ietf:params:oauth:request_uri:unknown", "invalid_request_uri"),
        ("registration", "{}", "registration_not_supported"),
        ("scope", "openid directory.read", "invalid_scope"),
        ("scope", "something-unknown", "invalid_scope"),
        ("response_type", "token", "unauthorized_client"),
        ("response_type", "code code2", "unsupported_response_type"),
        ("response_type", "", "invalid_request"),
        ("response_mode", "jwt", "invalid_request"),
        ("code_challenge_method", "plain", "invalid_request"),
        ("code_challenge_method", "", "invalid_request"),
        ("code_challenge", "short", "invalid_request"),
    ] {
        assert_eq!(error(&mut browser, &app, &[(name, value)]), expected, "{name}={value}");
    }
    let without = [("code_challenge", ""), ("code_challenge_method", "")];
    assert_eq!(error(&mut browser, &app, &without), "invalid_request");
}

/// A stranger may be somebody to the other provider that they sign in with, so it has to be told.
#[test]
fn a_stranger_proves_it_anew_as_well() {
    let (portal, app, _) = signed_in();
    let at = |changes: &[(&str, &str)]| Browser::new(&portal.url).visit(&request(&app, changes)).path.clone();
    assert!(!at(&[]).contains("again"));
    for change in [("prompt", "login"), ("prompt", "select_account"), ("max_age", "60")] {
        assert!(at(&[change]).contains("again"), "{change:?}: {}", at(&[change]));
    }
}
