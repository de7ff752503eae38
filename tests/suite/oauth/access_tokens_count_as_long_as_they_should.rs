//! An access token counts until it ends, and no longer than what it depends on: userinfo, introspection and revocation
//! ask what is true now.

use std::time::Duration;

use keywright::access::act;
use keywright::domain::client::ClientType;
use keywright::operations::fill::Company;
use reqwest::blocking::RequestBuilder;
use serde_json::json;

use crate::support::{Answered, App, CALLBACK, Person, TestPortal, answered, claims};

struct Stage {
    portal: TestPortal,
    company: Company,
    app: App,
}

impl Stage {
    fn new() -> Self {
        let portal = TestPortal::spawn();
        let company = portal.company("northwind");
        let app = portal.app(&company, ClientType::AuthorizationCode, |input| {
            input.token_lifetime = "60".into();
            input.cors_origins = "https://app.example.com".into();
        });
        Self { portal, company, app }
    }

    fn tokens(&self, scopes: &[&str]) -> Answered {
        let code = self.portal.code(&self.company, &self.app, scopes);
        let answer = self.portal.redeem(&self.app, &code);
        assert_eq!(answer.status, 200, "{answer:?}");
        answer
    }

    fn userinfo(&self, token: &str) -> Answered {
        answered(self.portal.http().get(self.at("userinfo")).bearer_auth(token))
    }

    fn at(&self, endpoint: &str) -> String {
        format!("{}/oauth2/{endpoint}", self.portal.url)
    }

    fn post_as(&self, app: &App, endpoint: &str, token: &str) -> Answered {
        let request: RequestBuilder = self.portal.http().post(self.at(endpoint));
        answered(request.basic_auth(&app.client_id, Some(&app.secret)).form(&[("token", token)]))
    }

    fn is_active(&self, token: &str) -> bool {
        let answer = self.post_as(&self.app, "introspect", token);
        assert_eq!(answer.status, 200, "{answer:?}");
        if answer.body["active"] == false {
            assert_eq!(answer.body, json!({ "active": false }), "nothing is told of it");
        }
        answer.body["active"] == true
    }
}

#[test]
fn userinfo_tells_what_the_scopes_stand_for() {
    let stage = Stage::new();
    let person = stage.portal.person(&stage.company, Person::Member);
    let all = stage.tokens(&["openid", "profile", "email", "roles", "groups"]);
    let told = stage.userinfo(all.text("access_token"));
    assert_eq!((told.status, told.header("cache-control")), (200, "no-store"), "{told:?}");
    assert_eq!(told.text("sub"), claims(all.text("id_token"))["sub"]);
    assert_eq!((told.text("name"), told.text("email")), (person.name.as_str(), person.email.as_str()));
    assert_eq!(told.body["email_verified"], true);
    assert_eq!((&told.body["roles"], &told.body["groups"]), (&json!(["Tenant Member"]), &json!([])));
    let bare = stage.userinfo(stage.tokens(&["openid"]).text("access_token"));
    assert_eq!(bare.body.as_object().unwrap().keys().collect::<Vec<_>>(), ["sub"]);
    // A scope that the client has no more is told no more.
    stage.portal.edit_client(&stage.company, stage.app.uid, |input| input.scopes.retain(|scope| scope != "email"));
    let told = stage.userinfo(all.text("access_token"));
    assert!(told.body.get("email").is_none() && told.body.get("name").is_some());
}

#[test]
fn a_token_is_shown_in_one_way() {
    let stage = Stage::new();
    let tokens = stage.tokens(&["openid"]);
    let token = tokens.text("access_token");
    let http = stage.portal.http();
    let url = stage.at("userinfo");
    assert_eq!(answered(http.post(&url).form(&[("access_token", token)])).status, 200);
    assert_eq!(answered(http.post(&url).bearer_auth(token)).status, 200);
    // A body that is no form says nothing.
    let json = http.post(&url).bearer_auth(token).header("content-type", "application/json").body("{}");
    assert_eq!(answered(json).status, 200);
    let refused = |request: RequestBuilder| {
        let answer = answered(request);
        (answer.status, answer.error().to_owned())
    };
    let invalid_request = (400, "invalid_request".to_owned());
    assert_eq!(refused(http.get(format!("{url}?access_token={token}"))), invalid_request);
    assert_eq!(refused(http.post(&url).bearer_auth(token).form(&[("access_token", token)])), invalid_request);
    let bare = answered(http.get(&url));
    assert_eq!((bare.status, bare.header("www-authenticate")), (401, "Bearer realm=\"Keywright\""));
    let invalid = stage.userinfo(&format!("{token}x"));
    assert_eq!((invalid.status, invalid.error()), (401, "invalid_token"));
    assert!(invalid.header("www-authenticate").contains("error=\"invalid_token\""));
    assert_eq!(stage.userinfo(tokens.text("id_token")).error(), "invalid_token");
    let without = stage.userinfo(stage.tokens(&["profile"]).text("access_token"));
    assert_eq!((without.status, without.error()), (403, "insufficient_scope"));
}

#[test]
fn a_token_ends_to_the_second() {
    let stage = Stage::new();
    let tokens = stage.tokens(&["openid"]);
    let token = tokens.text("access_token");
    stage.portal.clock.advance(Duration::from_secs(60) - Duration::from_micros(1));
    assert!(stage.is_active(token) && stage.userinfo(token).status == 200);
    stage.portal.clock.advance(Duration::from_micros(1));
    assert!(!stage.is_active(token));
    let ended = stage.userinfo(token);
    assert_eq!((ended.status, ended.text("error_description")), (401, "The access token has expired."));
}

#[test]
fn whatever_a_token_depends_on_ends_it() {
    let stage = Stage::new();
    let tokens = stage.tokens(&["openid"]);
    let token = tokens.text("access_token");
    let operations = &stage.portal.application.operations;
    let counts = || stage.userinfo(token).status == 200;
    assert!(counts());
    let edit = stage.portal.permit::<act::EditClients>(&stage.company, Person::Administrator);
    operations.deactivate_client(&edit, stage.app.uid).unwrap();
    assert!(!counts());
    operations.reactivate_client(&edit, stage.app.uid, false, "").unwrap();
    let service = stage.portal.confirmed::<act::ChangeServiceStatus>(&stage.company, Person::Administrator);
    operations.deactivate_service(&service, stage.app.service).unwrap();
    assert!(!counts());
    operations.reactivate_service(&service, stage.app.service, false, "").unwrap();
    assert!(counts() && stage.is_active(token));
    stage.portal.sql("DELETE FROM test_users");
    assert!(!counts() && !stage.is_active(token));
}

#[test]
fn introspection_is_for_the_clients_own_tokens() {
    let stage = Stage::new();
    let tokens = stage.tokens(&["openid", "roles"]);
    let told = stage.post_as(&stage.app, "introspect", tokens.text("access_token"));
    assert_eq!((told.text("scope"), told.text("token_type")), ("openid roles", "Bearer"));
    assert_eq!((told.text("client_id"), told.text("iss")), (stage.app.client_id.as_str(), stage.portal.url.as_str()));
    assert_eq!(told.body["roles"], json!(["Tenant Member"]));
    let refresh = stage.post_as(&stage.app, "introspect", tokens.text("refresh_token"));
    assert_eq!((&refresh.body["active"], refresh.text("scope")), (&true.into(), "openid roles"));
    let other = stage.portal.app(&stage.company, ClientType::AuthorizationCode, |_| {});
    for token in [tokens.text("access_token"), tokens.text("refresh_token"), "nonsense", tokens.text("id_token")] {
        assert_eq!(stage.post_as(&other, "introspect", token).body, json!({ "active": false }));
    }
    let nobody = answered(stage.portal.http().post(stage.at("introspect")).form(&[("token", "x")]));
    assert_eq!(nobody.status, 400);
    let public = stage.portal.app(&stage.company, ClientType::Native, |_| {});
    let form = [("token", "x"), ("client_id", public.client_id.as_str())];
    let unproved = answered(stage.portal.http().post(stage.at("introspect")).form(&form));
    assert_eq!((unproved.status, unproved.error()), (401, "invalid_client"));
}

#[test]
fn what_is_revoked_has_ended() {
    let stage = Stage::new();
    let tokens = stage.tokens(&["openid"]);
    let (access, refresh) = (tokens.text("access_token"), tokens.text("refresh_token"));
    let other = stage.portal.app(&stage.company, ClientType::AuthorizationCode, |_| {});
    for token in [access, refresh] {
        assert_eq!(stage.post_as(&other, "revoke", token).error(), "invalid_grant");
    }
    assert!(stage.is_active(access) && stage.is_active(refresh));
    assert_eq!(stage.post_as(&stage.app, "revoke", "nonsense").status, 200);
    assert_eq!(stage.post_as(&stage.app, "revoke", tokens.text("id_token")).error(), "unsupported_token_type");
    for _ in 0..2 {
        assert_eq!(stage.post_as(&stage.app, "revoke", access).status, 200);
    }
    assert!(!stage.is_active(access) && stage.userinfo(access).status == 401 && stage.is_active(refresh));
    let second = stage.portal.refresh(&stage.app, refresh);
    let (access, refresh) = (second.text("access_token"), second.text("refresh_token"));
    assert!(stage.is_active(access));
    assert_eq!(stage.post_as(&stage.app, "revoke", refresh).status, 200);
    assert!(!stage.is_active(refresh) && !stage.is_active(access));
    assert_eq!(stage.portal.refresh(&stage.app, refresh).error(), "invalid_grant");
    // A public client says who it is, and that is all it can.
    let public = stage.portal.app(&stage.company, ClientType::Native, |input| input.redirect_urls = CALLBACK.into());
    let code = stage.portal.code(&stage.company, &public, &["openid"]);
    let token = stage.portal.redeem(&public, &code).text("access_token").to_owned();
    assert_eq!(stage.userinfo(&token).status, 200);
    let form = [("token", token.as_str()), ("client_id", public.client_id.as_str())];
    assert_eq!(answered(stage.portal.http().post(stage.at("revoke")).form(&form)).status, 200);
    assert_eq!(stage.userinfo(&token).status, 401);
}

#[test]
fn web_pages_of_the_clients_origins_may_read() {
    let stage = Stage::new();
    let tokens = stage.tokens(&["openid"]);
    let from = |origin: &str| {
        let request = stage.portal.http().get(stage.at("userinfo")).header("origin", origin);
        answered(request.bearer_auth(tokens.text("access_token")))
    };
    let own = from("https://app.example.com");
    assert_eq!((own.status, own.header("access-control-allow-origin")), (200, "https://app.example.com"));
    assert_eq!(own.header("access-control-allow-credentials"), "");
    let foreign = from("https://evil.example.com");
    assert_eq!((foreign.status, foreign.header("access-control-allow-origin")), (400, ""));
}
