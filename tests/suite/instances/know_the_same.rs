//! What is done at one instance counts at the other in the very next request.

use std::time::Instant;

use keywright::domain::client::ClientType;
use serde_json::Value;

use super::at;
use crate::support::{Browser, PASSWORD, Person, SECOND, Served, TestPortal, answered};

#[test]
fn sessions_roles_and_lock_outs() {
    let portal = TestPortal::on_real_time();
    let company = portal.company("northwind");
    let (one, email) = (Served::on(&portal), Person::Developer.email("northwind"));
    let two = one.another();
    let mut developer = Browser::new(&one.url);
    developer.sign_in(&email, PASSWORD);
    let mut elsewhere = at(&developer, &two);
    assert_eq!(elsewhere.visit("/services/new").status, 200, "a session is good at both");

    let mut administrator = Browser::new(&one.url);
    administrator.sign_in(&Person::Administrator.email("northwind"), PASSWORD);
    let member = portal.person(&company, Person::Developer).member_id;
    let roles = [("roles", "approver"), ("before", "developer"), ("confirmed", "yes")];
    let taken = administrator.post(&format!("/members/{member}/roles"), &roles);
    assert!(taken.status() == 303, "{}", taken.status());
    assert_eq!(elsewhere.visit("/services/new").status, 403, "the role is gone at both");
    assert_eq!(developer.post("/sign-out", &[]).status(), 303);
    assert!(!elsewhere.is_signed_in(), "signed out at both");

    for _ in 0..6 {
        Browser::new(&one.url).try_sign_in(&email, "a wrong password, again");
    }
    let mut locked_out = at(&Browser::new(&one.url), &two);
    assert_eq!(locked_out.try_sign_in(&email, PASSWORD).status, 429, "locked out at both");
}

#[test]
fn clients_secrets_and_tokens() {
    let portal = TestPortal::on_real_time();
    let company = portal.company("northwind");
    let app = portal.app(&company, ClientType::AuthorizationCode, |_| {});
    let machine = portal.app_of(&company, app.service, ClientType::ClientCredentials, |_| {});
    let code = portal.code(&company, &app, &["openid", "offline_access"]);
    let one = Served::on(&portal);
    let two = one.another();
    let mut administrator = Browser::new(&one.url);
    administrator.sign_in(&Person::Administrator.email("northwind"), PASSWORD);
    let ask = |at: &Served, app: &crate::support::App, form: &[(&str, &str)]| {
        let asked = portal.http().post(format!("{}/oauth2/token", at.url));
        answered(asked.basic_auth(&app.client_id, Some(&app.secret)).form(form))
    };
    let alone = [("grant_type", "client_credentials")];
    let redeem = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", crate::support::CALLBACK),
        ("code_verifier", crate::support::VERIFIER),
    ];
    let tokens = ask(&one, &app, &redeem);
    assert_eq!(tokens.status, 200, "{tokens:?}");
    assert_eq!(ask(&two, &machine, &alone).status, 200);
    let is_live = |at: &Served| {
        let asked = portal.http().get(format!("{}/oauth2/userinfo", at.url));
        answered(asked.bearer_auth(tokens.text("access_token"))).status == 200
    };
    assert!(is_live(&two), "a token of the one is known at the other");
    // Used up at the one, it is used up at the other, which ends the grant at both.
    assert_eq!(ask(&two, &app, &redeem).error(), "invalid_grant");
    assert!(!is_live(&one) && !is_live(&two));

    let client = format!("/clients/{}", machine.uid);
    assert_eq!(administrator.post(&format!("{client}/deactivation"), &[]).status(), 303);
    assert_eq!(ask(&two, &machine, &alone).status, 401, "deactivated at both");
    assert_eq!(at(&administrator, &two).post(&format!("{client}/reactivation"), &[]).status(), 303);
    assert_eq!(ask(&one, &machine, &alone).status, 200);
    let secret = machine.secret_id.unwrap();
    assert_eq!(administrator.post(&format!("/secrets/{secret}/deletion"), &[]).status(), 303);
    assert_eq!(ask(&two, &machine, &alone).error(), "invalid_client", "the secret is gone at both");
}

#[test]
fn signing_keys() {
    let portal = TestPortal::on_real_time();
    let company = portal.company("northwind");
    let machine = portal.app(&company, ClientType::ClientCredentials, |_| {});
    let one = Served::on(&portal);
    let two = one.another();
    let published = |at: &Served| -> Vec<String> {
        let body: Value = portal.http().get(format!("{}/oauth2/jwks", at.url)).send().unwrap().json().unwrap();
        body["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
    };
    let token = |at: &Served| {
        let asked = portal.http().post(format!("{}/oauth2/token", at.url));
        answered(
            asked.basic_auth(&machine.client_id, Some(&machine.secret)).form(&[("grant_type", "client_credentials")]),
        )
    };
    let is_active = |at: &Served, token: &str| {
        let asked = portal.http().post(format!("{}/oauth2/introspect", at.url));
        answered(asked.basic_auth(&machine.client_id, Some(&machine.secret)).form(&[("token", token)])).body["active"]
            == true
    };
    let before = published(&one);
    assert_eq!(published(&two), before);
    let (done, said) = one.command(&["keys", "rotate", "--now"]);
    assert!(done, "{said}");
    let begun = Instant::now();
    while published(&two).len() != 2 * before.len() || published(&one).len() != 2 * before.len() {
        assert!(begun.elapsed() < 5 * SECOND, "a copy of the published keys is a second old at most");
        std::thread::sleep(SECOND / 10);
    }
    println!("published by both after {:?}", begun.elapsed());
    // Each signs with what it has at hand, for a minute at most, and knows what the other signed at once.
    for (signs, reads) in [(&one, &two), (&two, &one)] {
        let issued = token(signs);
        assert_eq!(issued.status, 200, "{issued:?}");
        assert!(is_active(reads, issued.text("access_token")));
    }
}
