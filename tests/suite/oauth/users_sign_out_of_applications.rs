//! Signing out at an application signs out here (OpenID Connect RP-Initiated Logout 1.0).

use keywright::domain::client::ClientType;
use keywright::operations::protocol::signing::Rotation;

use super::asking::{Returned, request};
use crate::support::{App, Browser, MINUTE, Person, TestPortal};

const AFTERWARDS: &str = "https://app.example.com/signed-out";

fn signed_in() -> (TestPortal, App, Browser, String) {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let app = portal.app(&company, ClientType::AuthorizationCode, |form| form.logout_redirect_urls = AFTERWARDS.into());
    let mut browser = portal.signed_in(Person::Member, "northwind");
    let code = Returned::on(browser.visit(&request(&app, &[]))).code().to_owned();
    let id_token = portal.redeem(&app, &code).text("id_token").to_owned();
    (portal, app, browser, id_token)
}

fn logout(params: &[(&str, &str)]) -> String {
    format!("/oauth2/logout?{}", url::form_urlencoded::Serializer::new(String::new()).extend_pairs(params).finish())
}

#[test]
fn with_the_id_token_it_is_done_at_once() {
    let (_portal, _, mut browser, id_token) = signed_in();
    let page = browser.visit(&logout(&[
        ("id_token_hint", &id_token),
        ("post_logout_redirect_uri", AFTERWARDS),
        ("state", "a b"),
    ]));
    assert_eq!(page.path, format!("{AFTERWARDS}?state=a+b"));
    assert!(!browser.is_signed_in());
}

#[test]
fn a_form_from_the_application_does_the_same() {
    let (portal, _, mut browser, id_token) = signed_in();
    let answer = browser
        .http
        .post(format!("{}/oauth2/logout", portal.url))
        .header("origin", "https://app.example.com")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(format!("id_token_hint={id_token}"))
        .send()
        .unwrap();
    let to = answer.headers()["location"].to_str().unwrap().to_owned();
    assert_eq!(browser.visit(&to).heading(), "You are signed out");
    assert!(!browser.is_signed_in());
}

#[test]
fn without_it_the_user_is_asked() {
    let (portal, app, mut browser, id_token) = signed_in();
    let named = [("client_id", app.client_id.as_str()), ("post_logout_redirect_uri", AFTERWARDS), ("state", "s")];
    assert_eq!(browser.visit(&logout(&named)).heading(), "Sign out?");
    assert!(browser.is_signed_in());
    browser.visit(&logout(&named));
    let policy = browser.page().headers["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("form-action 'self' https://app.example.com;"), "{policy}");
    assert_eq!(browser.press("Sign out").path, format!("{AFTERWARDS}?state=s"));
    assert!(!browser.is_signed_in());
    // Nobody is signed in: nothing to ask.
    assert_eq!(browser.visit(&logout(&named)).path, format!("{AFTERWARDS}?state=s"));
    assert_eq!(browser.visit("/oauth2/logout").heading(), "You are signed out");
    // Another user than the one whom the token means, and no word of any application.
    let mut developer = portal.signed_in(Person::Developer, "northwind");
    assert_eq!(developer.visit(&logout(&[("id_token_hint", &id_token)])).heading(), "Sign out?");
    assert_eq!(developer.visit("/oauth2/logout").heading(), "Sign out?");
    assert_eq!(developer.press("Sign out").heading(), "You are signed out");
}

/// The key that signed the ID token is gone by then, as after any rotation: it names the application, and nobody.
#[test]
fn an_old_id_token_asks() {
    let (portal, _, mut browser, id_token) = signed_in();
    portal.clock.advance(MINUTE);
    portal.application.operations.rotate_signing_keys(Rotation::AtOnce).unwrap();
    portal.clock.advance(66 * MINUTE);
    let page = browser.visit(&logout(&[("id_token_hint", &id_token), ("post_logout_redirect_uri", AFTERWARDS)]));
    assert_eq!(page.heading(), "Sign out?");
    assert_eq!(browser.press("Sign out").path, AFTERWARDS);
    assert!(!browser.is_signed_in());
}

#[test]
fn nobody_is_sent_where_the_client_has_not_registered() {
    let (_portal, app, mut browser, id_token) = signed_in();
    let tampered = format!("{}{}", &id_token[..id_token.len() - 8], "AAAAAAAA");
    let with_query = format!("{AFTERWARDS}?foo=bar");
    let id = ("client_id", app.client_id.as_str());
    let hint = ("id_token_hint", id_token.as_str());
    for params in [
        vec![hint, ("post_logout_redirect_uri", "https://evil.example/")],
        vec![hint, ("post_logout_redirect_uri", with_query.as_str())],
        vec![id, ("post_logout_redirect_uri", "https://app.example.com/callback")],
        vec![("post_logout_redirect_uri", AFTERWARDS)],
        vec![hint, ("client_id", "somebody.else"), ("post_logout_redirect_uri", AFTERWARDS)],
        vec![("id_token_hint", "forged"), ("post_logout_redirect_uri", AFTERWARDS)],
        vec![("id_token_hint", "a.b.c")],
        vec![("id_token_hint", &tampered), ("post_logout_redirect_uri", AFTERWARDS)],
        vec![("client_id", "unknown")],
    ] {
        let page = browser.visit(&logout(&params));
        assert!(page.status == 400 && page.sees("Reference:"), "{params:?}: {}", page.text());
        assert!(browser.is_signed_in(), "{params:?}");
    }
}
