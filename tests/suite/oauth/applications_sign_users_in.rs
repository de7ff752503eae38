//! The way of a user through sign-in and consent to an application, and the way of what it gets.

use keywright::domain::client::ClientType;
use keywright::operations::fill::Company;
use serde_json::{Value, json};

use super::asking::{Returned, give_password, request};
use crate::support::{
    App, Authenticator, Browser, CALLBACK, HOUR, MINUTE, PASSWORD, Person, SECOND, TestPortal, answered, claims,
};

fn web() -> (TestPortal, Company, App) {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let app = portal.app(&company, ClientType::AuthorizationCode, |_| {});
    (portal, company, app)
}

fn member() -> String {
    Person::Member.email("northwind")
}

#[test]
fn a_user_signs_in_and_the_application_gets_tokens() {
    let (portal, _, app) = web();
    let mut browser = Browser::new(&portal.url);
    let page = browser.visit(&request(&app, &[("login_hint", &member())]));
    assert_eq!(page.heading(), "Sign in");
    assert!(page.sees("northwind") && page.sees("App "), "it says for which application: {}", page.text());
    assert_eq!(page.value("email").as_deref(), Some(member().as_str()));
    let policy = page.headers["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("form-action 'self' https://app.example.com;"), "{policy}");
    assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
    // A mistake keeps the way.
    browser.fill("Password", "wrong");
    let page = browser.press("Sign in");
    assert!(page.status == 422 && page.sees("Back to App"), "{}", page.text());
    let back = Returned::on(give_password(&mut browser, &member()));
    assert_eq!((back.get("state"), back.get("iss"), back.get("error")), ("st&te=1", portal.url.as_str(), ""));
    let tokens = portal.redeem(&app, back.code());
    assert_eq!(tokens.status, 200, "{tokens:?}");
    let id_token = claims(tokens.text("id_token"));
    assert_eq!(id_token["nonce"], "n-0S6_WzA2Mj");
    assert_eq!(id_token["auth_time"], portal.clock.now().seconds());
    assert_eq!(tokens.text("scope"), "openid profile");
    // The code is stored as its hash alone.
    let stored = portal.text("SELECT code_hash AS words FROM authorization_codes");
    assert_eq!(stored, keywright::crypto::hashing::sha256(back.code()));
}

#[test]
fn who_is_signed_in_comes_back_at_once() {
    let (portal, _, app) = web();
    let mut browser = portal.signed_in(Person::Member, "northwind");
    let first = Returned::on(browser.visit(&request(&app, &[]))).code().to_owned();
    let second = Returned::on(browser.visit(&request(&app, &[]))).code().to_owned();
    assert_ne!(first, second);
    assert_eq!(portal.number("SELECT count(*) AS n FROM authorization_requests"), 0, "nothing had to wait");
    assert_eq!(portal.redeem(&app, &second).status, 200);
}

#[test]
fn a_form_is_answered_like_an_address() {
    let (portal, _, app) = web();
    let mut browser = portal.signed_in(Person::Member, "northwind");
    let address = request(&app, &[]);
    let body = address.split_once('?').unwrap().1.to_owned();
    let response = browser
        .http
        .post(format!("{}/oauth2/authorize", portal.url))
        .header("origin", "https://app.example.com")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body)
        .send()
        .unwrap();
    assert_eq!(response.status(), 303);
    let to = response.headers()["location"].to_str().unwrap().to_owned();
    assert!(to.starts_with("/oauth2/authorize/"), "{to}");
    assert_eq!(portal.redeem(&app, Returned::on(browser.visit(&to)).code()).status, 200);
    // It was good once.
    assert_eq!(browser.visit(&to).status, 410);
}

#[test]
fn a_request_waits_for_an_hour() {
    let (portal, _, app) = web();
    let mut browser = Browser::new(&portal.url);
    browser.visit(&request(&app, &[]));
    let mut late = browser.tab();
    late.visit(&request(&app, &[]));
    portal.clock.advance(HOUR - SECOND);
    Returned::on(give_password(&mut browser, &member())).code();
    portal.clock.advance(SECOND);
    let page = give_password(&mut late, &member());
    assert!(page.status == 410 && page.sees("begin again"), "{}", page.text());
}

#[test]
fn whoever_does_not_want_to_goes_back() {
    let (portal, _, app) = web();
    let mut browser = Browser::new(&portal.url);
    browser.visit(&request(&app, &[]));
    let back = Returned::on(browser.press("Back to App"));
    assert_eq!((back.get("error"), back.get("state")), ("access_denied", "st&te=1"));
    assert!(back.get("error_uri").starts_with(&format!("{}/rejections/", portal.url)));
}

#[test]
fn consent_is_asked_once_and_for_what_is_new() {
    let (portal, company, app) = web();
    portal.edit_client(&company, app.uid, |form| form.require_consent = "yes".into());
    let mut browser = portal.signed_in(Person::Member, "northwind");
    let page = browser.visit(&request(&app, &[]));
    assert!(page.heading().starts_with("Allow App"), "{}", page.text());
    for words in ["Sign the user in", "Name of the user", &member(), "northwind"] {
        assert!(page.sees(words), "{words}: {}", page.text());
    }
    assert!(!page.sees("E-mail address of the user"));
    assert_eq!(portal.number("SELECT count(*) AS n FROM grants"), 0);
    Returned::on(browser.press("Allow")).code();
    Returned::on(browser.visit(&request(&app, &[]))).code();
    let page = browser.visit(&request(&app, &[("scope", "openid email")]));
    assert!(page.heading().starts_with("Allow App"));
    let back = Returned::on(browser.press("Refuse"));
    assert_eq!((back.get("error"), back.get("code")), ("access_denied", ""));
    assert_eq!(browser.visit(&request(&app, &[("scope", "openid email")])).status, 200);
    Returned::on(browser.press("Allow")).code();
    Returned::on(browser.visit(&request(&app, &[("scope", "openid email profile")]))).code();
    // Another user is asked for themselves, and the same one by another client.
    let other = portal.app_of(&company, app.service, ClientType::AuthorizationCode, |form| {
        form.require_consent = "yes".into();
    });
    assert!(browser.visit(&request(&other, &[])).heading().starts_with("Allow App"));
}

#[test]
fn a_change_of_the_client_is_felt_at_the_next_step() {
    let (portal, company, app) = web();
    portal.edit_client(&company, app.uid, |form| form.require_consent = "yes".into());
    let mut browser = portal.signed_in(Person::Member, "northwind");
    browser.visit(&request(&app, &[]));
    portal.edit_client(&company, app.uid, |form| form.status = "inactive".into());
    let page = browser.press("Allow");
    assert!(page.status == 400 && page.sees("switched off"), "{}", page.text());
    assert_eq!(portal.number("SELECT count(*) AS n FROM grants"), 0);
    portal.edit_client(&company, app.uid, |form| {
        form.status = "active".into();
        form.redirect_urls = "https://elsewhere.example.com/cb".into();
    });
    let page = browser.visit(&request(&app, &[]));
    assert!(page.status == 400 && page.sees("has not registered"), "{}", page.text());
}

#[test]
fn who_belongs_to_no_company_signs_in_all_the_same() {
    let (portal, company, app) = web();
    let account = portal.person(&company, Person::Member).account_id;
    portal.sql(&format!("DELETE FROM members WHERE account_id = '{account}'"));
    let mut browser = Browser::new(&portal.url);
    browser.visit(&request(&app, &[]));
    // The company's own people need not be asked; everybody else is, once.
    assert!(give_password(&mut browser, &member()).heading().starts_with("Allow App"));
    Returned::on(browser.press("Allow")).code();
    Returned::on(browser.visit(&request(&app, &[]))).code();
}

/// What an application asks for by naming claims is shown, consented to and remembered like the scopes that stand for it.
#[test]
fn claims_that_are_named_need_consent() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let app = portal.app(&company, ClientType::AuthorizationCode, |input| input.require_consent = "yes".into());
    let mut browser = portal.signed_in(Person::Member, "northwind");
    browser.visit(&request(&app, &[("scope", "openid")]));
    Returned::on(browser.press("Allow")).code();
    let named = [("scope", "openid"), ("claims", r#"{"userinfo":{"email":null}}"#)];
    let silent = [&named[..], &[("prompt", "none")]].concat();
    assert_eq!(Returned::on(browser.visit(&request(&app, &silent))).get("error"), "consent_required");
    assert!(browser.visit(&request(&app, &named)).sees("email"));
    // The page was for less than what is asked for by now.
    portal.sql(
        "UPDATE authorization_requests SET parameters = replace(parameters, 'scope=openid', 'scope=openid+roles')",
    );
    assert!(browser.press("Allow").sees("roles"), "it is shown anew");
    Returned::on(browser.press("Allow")).code();
    Returned::on(browser.visit(&request(&app, &silent))).code();
}

/// A claim that was named when the client had no scope for it was shown to nobody.
#[test]
fn a_scope_that_comes_later_tells_nothing_of_claims_named_before() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let app = portal.app(&company, ClientType::AuthorizationCode, |input| {
        input.require_consent = "yes".into();
        input.scopes = vec!["openid".into(), "email".into()];
    });
    let mut browser = portal.signed_in(Person::Member, "northwind");
    let named = r#"{"userinfo":{"email":null,"name":null},"id_token":{"name":null}}"#;
    assert!(!browser.visit(&request(&app, &[("scope", "openid"), ("claims", named)])).sees("Name of the user"));
    let code = Returned::on(browser.press("Allow")).code().to_owned();
    portal.edit_client(&company, app.uid, |input| input.scopes.push("profile".into()));
    let tokens = portal.redeem(&app, &code);
    assert!(claims(tokens.text("id_token")).get("name").is_none());
    let userinfo = portal.http().get(format!("{}/oauth2/userinfo", portal.url));
    let told = answered(userinfo.bearer_auth(tokens.text("access_token"))).body;
    assert!(told.get("email").is_some() && told.get("name").is_none(), "{told}");
}

#[test]
fn the_second_factor_is_on_the_way() {
    let (portal, _, app) = web();
    let enrolled = portal.enrolled(Person::Member, "northwind");
    portal.clock.advance(MINUTE);
    let mut other = Browser::new(&portal.url);
    other.visit(&request(&app, &[]));
    let page = give_password(&mut other, &member());
    assert_eq!(page.heading(), "Your second factor");
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("form-action 'self' https://app.example.com;"), "{policy}");
    other.fill("Code", &enrolled.app.code(portal.clock.now()));
    let back = Returned::on(other.press("Sign in"));
    let tokens = portal.redeem(&app, back.code());
    assert_eq!(claims(tokens.text("id_token"))["acr"], "2");
}

#[test]
fn hybrid_answers_carry_an_id_token_in_the_fragment() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let app = portal.app(&company, ClientType::Hybrid, |_| {});
    let mut browser = portal.signed_in(Person::Member, "northwind");
    let page = browser.visit(&request(&app, &[("response_type", "id_token code")]));
    assert!(page.path.starts_with(&format!("{CALLBACK}#")), "{}", page.path);
    let back = Returned::on(page);
    let id_token = claims(back.get("id_token"));
    assert_eq!(id_token["c_hash"], keywright::crypto::hashing::left_half_base64url(back.code()));
    assert_eq!(id_token["nonce"], "n-0S6_WzA2Mj");
    assert_eq!(portal.redeem(&app, back.code()).status, 200);
    // As a form that the browser posts.
    let page = browser.visit(&request(&app, &[("response_type", "code id_token"), ("response_mode", "form_post")]));
    assert_eq!(page.heading(), "Back to the application");
    assert!(page.html.contains(&format!("action=\"{CALLBACK}\"")) && page.has_button("Continue"));
    assert!(!page.value("id_token").unwrap().is_empty());
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("form-action 'self' https://app.example.com;"), "{policy}");
    assert_eq!(portal.redeem(&app, &page.value("code").unwrap()).status, 200);
}

#[test]
fn a_password_that_was_changed_ends_the_sign_in() {
    let (portal, company, app) = web();
    let mut browser = portal.signed_in(Person::Member, "northwind");
    let account = portal.person(&company, Person::Member).account_id;
    let later = portal.clock.now().micros() + 1;
    portal.sql(&format!("UPDATE accounts SET password_changed_at = {later} WHERE id = '{account}'"));
    let back = Returned::on(browser.visit(&request(&app, &[("prompt", "none")])));
    assert_eq!(back.get("error"), "login_required");
}

/// Applications are told what was seen here, and no password where there was none.
#[test]
fn applications_learn_that_it_was_no_password() {
    let (portal, provider) = TestPortal::with_fake_provider();
    let company = portal.company("northwind");
    let app = portal.app(&company, ClientType::AuthorizationCode, |_| {});
    let email = Person::Member.email("northwind");
    provider.person("mara", &email, true);
    let how = |browser: &mut Browser| {
        let code = Returned::on(browser.visit(&request(&app, &[]))).code().to_owned();
        let tokens = portal.redeem(&app, &code);
        let (access, id) = (claims(tokens.text("access_token")), claims(tokens.text("id_token")));
        assert_eq!((&access["amr"], &access["acr"]), (&id["amr"], &id["acr"]));
        let refreshed = claims(portal.refresh(&app, tokens.text("refresh_token")).text("id_token"));
        assert_eq!(refreshed["amr"], id["amr"]);
        (id["acr"].as_str().expect("a text").to_owned(), id["amr"].clone())
    };
    let mut linked = Browser::new(&portal.url);
    linked.visit("/sign-in");
    linked.follow("Sign in with Example ID");
    linked.fill("Password", PASSWORD);
    linked.press("Link and sign in");
    assert_eq!(how(&mut linked), ("1".to_owned(), json!(["pwd"])));
    let mut browser = Browser::new(&portal.url);
    browser.visit("/sign-in");
    browser.follow("Sign in with Example ID");
    assert_eq!(how(&mut browser), ("1".to_owned(), Value::Null));
    // A password given since is not what they signed in with.
    browser.visit("/account/second-factor");
    let authenticator = Authenticator::from_page(&browser);
    browser.fill("Code", &authenticator.code(portal.clock.now()));
    assert_eq!(browser.press("Turn on second factor").heading(), "Confirm it's you");
    browser.fill("Password", PASSWORD);
    assert_eq!(browser.press("Confirm").heading(), "Your recovery codes");
    assert_eq!(how(&mut browser), ("2".to_owned(), json!(["otp"])));
    portal.clock.advance(30 * SECOND);
    let mut both = Browser::new(&portal.url);
    both.try_sign_in(&email, PASSWORD);
    both.fill("Code", &authenticator.code(portal.clock.now()));
    both.press("Sign in");
    assert_eq!(how(&mut both), ("2".to_owned(), json!(["pwd", "otp", "mfa"])));
    // A session from a release that didn't note it.
    portal.sql("UPDATE sessions SET state = REPLACE(state, '\"by_password\"', '\"something else\"')");
    assert_eq!(how(&mut both), ("2".to_owned(), json!(["pwd", "otp", "mfa"])));
}
