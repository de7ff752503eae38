//! What the modules of the OpenID Foundation's plans check, one row each, under the names that the conformance suite gives
//! them: Basic OP, Config OP, Hybrid OP and RP-initiated logout. The rows of a plan share a portal, as the suite does.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use keywright::domain::client::ClientType;
use reqwest::blocking::RequestBuilder;
use serde_json::{Value, json};

use super::asking::{Returned, give_password, request};
use crate::support::{
    Answered, App, Browser, CALLBACK, MINUTE, Person, SECOND, TestPortal, answered, claims, jwt_header,
};

const AFTERWARDS: &str = "https://app.example.com/signed-out";

/// A portal, a client, and a user who can be signed in to it.
struct Plan {
    portal: TestPortal,
    app: App,
    /// What the rows put in place of the usual request.
    usual: Vec<(&'static str, &'static str)>,
}

type Row = (&'static str, fn(&Plan));

/// Runs every row, and names all that fail.
fn run(plan: &Plan, rows: &[Row]) {
    let failed: Vec<String> = rows
        .iter()
        .filter_map(|(name, check)| {
            let fault = catch_unwind(AssertUnwindSafe(|| check(plan))).err()?;
            let words = fault.downcast_ref::<String>().cloned();
            Some(format!(
                "{name}: {}",
                words.or_else(|| Some((*fault.downcast_ref::<&str>()?).to_owned())).unwrap_or_default()
            ))
        })
        .collect();
    assert!(failed.is_empty(), "{} of {} modules failed:\n{}", failed.len(), rows.len(), failed.join("\n"));
}

impl Plan {
    fn of(client_type: ClientType, usual: &[(&'static str, &'static str)]) -> Self {
        let portal = TestPortal::spawn();
        let company = portal.company("northwind");
        let app = portal.app(&company, client_type, |input| {
            input.logout_redirect_urls = AFTERWARDS.into();
            if client_type == ClientType::Hybrid {
                input.response_types = vec!["code".into(), "code id_token".into()];
            }
        });
        Self { portal, app, usual: usual.to_vec() }
    }

    fn email() -> String {
        Person::Member.email("northwind")
    }

    fn signed_in(&self) -> Browser {
        self.portal.signed_in(Person::Member, "northwind")
    }

    fn stranger(&self) -> Browser {
        Browser::new(&self.portal.url)
    }

    fn address(&self, changes: &[(&str, &str)]) -> String {
        let usual: Vec<(&str, &str)> = self.usual.iter().map(|(name, value)| (*name, *value)).collect();
        request(&self.app, &[&usual, changes].concat())
    }

    fn ask(&self, browser: &mut Browser, changes: &[(&str, &str)]) -> Returned {
        Returned::on(browser.visit(&self.address(changes)))
    }

    /// The whole flow of somebody who is signed in.
    fn flow(&self, changes: &[(&str, &str)]) -> Answered {
        let back = self.ask(&mut self.signed_in(), changes);
        assert_eq!((back.get("state"), back.get("iss")), ("st&te=1", self.portal.url.as_str()));
        let tokens = self.portal.redeem(&self.app, back.code());
        assert_eq!(tokens.status, 200, "{tokens:?}");
        tokens
    }

    fn userinfo(&self, send: impl FnOnce(String) -> RequestBuilder) -> Answered {
        answered(send(format!("{}/oauth2/userinfo", self.portal.url)))
    }

    fn about(&self, tokens: &Answered) -> Value {
        let info = self.userinfo(|url| self.portal.http().get(url).bearer_auth(tokens.text("access_token")));
        assert_eq!(info.status, 200, "{info:?}");
        assert_eq!(info.body["sub"], claims(tokens.text("id_token"))["sub"]);
        info.body
    }

    fn logout(&self, params: &[(&str, &str)]) -> String {
        format!("/oauth2/logout?{}", url::form_urlencoded::Serializer::new(String::new()).extend_pairs(params).finish())
    }

    /// Somebody who has an ID token, and the token.
    fn with_id_token(&self) -> (Browser, String) {
        let mut browser = self.signed_in();
        let code = self.ask(&mut browser, &[]).code().to_owned();
        (browser, self.portal.redeem(&self.app, &code).text("id_token").to_owned())
    }
}

fn server(plan: &Plan) {
    let tokens = plan.flow(&[]);
    let id_token = tokens.text("id_token");
    let (header, about) = (jwt_header(id_token), claims(id_token));
    let now = plan.portal.clock.now().seconds();
    assert_eq!(header["alg"], "RS256");
    assert!(header["kid"].is_string());
    assert_eq!((&about["iss"], &about["aud"]), (&json!(plan.portal.url), &json!(plan.app.client_id)));
    assert!(
        about["exp"].as_i64() > Some(now)
            && about["iat"] == now
            && about["sub"].as_str().is_some_and(|sub| sub.len() <= 255)
    );
    assert_eq!(about["nonce"], "n-0S6_WzA2Mj");
    assert_eq!(about["at_hash"], keywright::crypto::hashing::left_half_base64url(tokens.text("access_token")));
    assert_eq!(tokens.text("token_type"), "Bearer");
    assert!(tokens.header("cache-control").contains("no-store"));
}

fn response_type_missing(plan: &Plan) {
    let back = plan.ask(&mut plan.signed_in(), &[("response_type", "")]);
    assert!(matches!(back.get("error"), "invalid_request" | "unsupported_response_type"), "{back:?}");
}

fn userinfo_get(plan: &Plan) {
    plan.about(&plan.flow(&[]));
}

fn userinfo_post_header(plan: &Plan) {
    let tokens = plan.flow(&[]);
    let info = plan.userinfo(|url| plan.portal.http().post(url).bearer_auth(tokens.text("access_token")));
    assert_eq!((info.status, &info.body["sub"]), (200, &claims(tokens.text("id_token"))["sub"]));
}

fn userinfo_post_body(plan: &Plan) {
    let tokens = plan.flow(&[]);
    let form = [("access_token", tokens.text("access_token"))];
    let info = plan.userinfo(|url| plan.portal.http().post(url).form(&form));
    assert_eq!((info.status, &info.body["sub"]), (200, &claims(tokens.text("id_token"))["sub"]));
}

fn without_nonce(plan: &Plan) {
    assert!(claims(plan.flow(&[("nonce", "")]).text("id_token")).get("nonce").is_none());
}

fn without_nonce_fails(plan: &Plan) {
    assert_eq!(plan.ask(&mut plan.signed_in(), &[("nonce", "")]).get("error"), "invalid_request");
}

fn scope_profile(plan: &Plan) {
    assert!(plan.about(&plan.flow(&[("scope", "openid profile")]))["name"].is_string());
}

fn scope_email(plan: &Plan) {
    let about = plan.about(&plan.flow(&[("scope", "openid email")]));
    assert_eq!((&about["email"], &about["email_verified"]), (&json!(Plan::email()), &json!(true)));
    assert!(about.get("name").is_none(), "no more than was asked for");
}

/// Addresses and telephone numbers are not known here: the scope is ignored, and not among those supported.
fn scope_unsupported(plan: &Plan) {
    let tokens = plan.flow(&[("scope", "openid address phone")]);
    assert_eq!(tokens.text("scope"), "openid");
    let supported = discovery(plan)["scopes_supported"].clone();
    assert!(!supported.as_array().expect("a list").iter().any(|scope| scope == "address" || scope == "phone"));
}

fn scope_all(plan: &Plan) {
    let about = plan.about(&plan.flow(&[("scope", "openid profile email address phone")]));
    assert!(about["name"].is_string() && about["email"].is_string());
}

fn other_scope_order(plan: &Plan) {
    assert!(plan.about(&plan.flow(&[("scope", "email openid")]))["email"].is_string());
}

fn display_page(plan: &Plan) {
    plan.flow(&[("display", "page")]);
}

fn display_popup(plan: &Plan) {
    plan.flow(&[("display", "popup")]);
}

fn prompt_login(plan: &Plan) {
    let mut browser = plan.signed_in();
    let first = claims(plan.portal.redeem(&plan.app, plan.ask(&mut browser, &[]).code()).text("id_token"));
    plan.portal.clock.advance(SECOND);
    assert_eq!(browser.visit(&plan.address(&[("prompt", "login")])).heading(), "Sign in");
    let back = Returned::on(give_password(&mut browser, &Plan::email()));
    let second = claims(plan.portal.redeem(&plan.app, back.code()).text("id_token"));
    assert_eq!(first["sub"], second["sub"]);
    assert!(second["auth_time"].as_i64() > first["auth_time"].as_i64());
}

fn prompt_none_not_logged_in(plan: &Plan) {
    let back = plan.ask(&mut plan.stranger(), &[("prompt", "none")]);
    assert_eq!((back.get("error"), back.get("state")), ("login_required", "st&te=1"));
}

fn prompt_none_logged_in(plan: &Plan) {
    let mut browser = plan.signed_in();
    let codes = [plan.ask(&mut browser, &[]), plan.ask(&mut browser, &[("prompt", "none")])];
    let [first, second] = codes.map(|back| claims(plan.portal.redeem(&plan.app, back.code()).text("id_token")));
    assert_eq!((&first["sub"], &first["auth_time"]), (&second["sub"], &second["auth_time"]));
}

fn max_age_1(plan: &Plan) {
    let mut browser = plan.signed_in();
    let first = claims(plan.portal.redeem(&plan.app, plan.ask(&mut browser, &[]).code()).text("id_token"));
    plan.portal.clock.advance(2 * SECOND);
    assert_eq!(browser.visit(&plan.address(&[("max_age", "1")])).heading(), "Sign in");
    let back = Returned::on(give_password(&mut browser, &Plan::email()));
    let second = claims(plan.portal.redeem(&plan.app, back.code()).text("id_token"));
    assert!(second["auth_time"].as_i64() > first["auth_time"].as_i64(), "auth_time is there, and later");
}

fn max_age_10000(plan: &Plan) {
    let mut browser = plan.signed_in();
    let first =
        claims(plan.portal.redeem(&plan.app, plan.ask(&mut browser, &[("max_age", "10000")]).code()).text("id_token"));
    plan.portal.clock.advance(MINUTE);
    let second =
        claims(plan.portal.redeem(&plan.app, plan.ask(&mut browser, &[("max_age", "10000")]).code()).text("id_token"));
    assert_eq!(first["auth_time"], second["auth_time"]);
}

fn unknown_parameter(plan: &Plan) {
    plan.flow(&[("extra", "foobar")]);
}

fn id_token_hint(plan: &Plan) {
    let (mut browser, id_token) = plan.with_id_token();
    let back = plan.ask(&mut browser, &[("prompt", "none"), ("id_token_hint", &id_token)]);
    let again = plan.portal.redeem(&plan.app, back.code());
    assert_eq!(claims(again.text("id_token"))["sub"], claims(&id_token)["sub"]);
}

fn login_hint(plan: &Plan) {
    let mut browser = plan.stranger();
    let page = browser.visit(&plan.address(&[("login_hint", &Plan::email())]));
    assert_eq!(page.value("email"), Some(Plan::email()));
    Returned::on(give_password(&mut browser, &Plan::email())).code();
}

fn ui_locales(plan: &Plan) {
    plan.flow(&[("ui_locales", "se de")]);
}

fn claims_locales(plan: &Plan) {
    plan.flow(&[("claims_locales", "se de")]);
}

fn acr_values(plan: &Plan) {
    let tokens = plan.flow(&[("acr_values", "1 2")]);
    assert_eq!(claims(tokens.text("id_token"))["acr"], "1");
}

fn code_reuse(plan: &Plan) {
    let code = plan.ask(&mut plan.signed_in(), &[]).code().to_owned();
    let tokens = plan.portal.redeem(&plan.app, &code);
    assert_eq!(plan.portal.redeem(&plan.app, &code).error(), "invalid_grant");
    let info = plan.userinfo(|url| plan.portal.http().get(url).bearer_auth(tokens.text("access_token")));
    assert_eq!(info.status, 401, "what the code brought has ended");
}

fn code_reuse_30_seconds(plan: &Plan) {
    let code = plan.ask(&mut plan.signed_in(), &[]).code().to_owned();
    let tokens = plan.portal.redeem(&plan.app, &code);
    plan.portal.clock.advance(Duration::from_secs(30));
    assert_eq!(plan.portal.redeem(&plan.app, &code).error(), "invalid_grant");
    let info = plan.userinfo(|url| plan.portal.http().get(url).bearer_auth(tokens.text("access_token")));
    assert_eq!(info.status, 401);
}

fn registered_redirect_uri(plan: &Plan) {
    let mut browser = plan.signed_in();
    let page = browser.visit(&plan.address(&[("redirect_uri", "https://app.example.com/callback/elsewhere")]));
    assert!(page.status == 400 && page.path.starts_with("/oauth2/authorize"), "{}", page.path);
    assert!(!page.html.contains("elsewhere\""), "no way there");
}

fn post_request(plan: &Plan) {
    let mut browser = plan.signed_in();
    let address = plan.address(&[]);
    let body = address.split_once('?').expect("a query").1.to_owned();
    let sent = browser.http.post(format!("{}/oauth2/authorize", plan.portal.url));
    let answer = sent.header("content-type", "application/x-www-form-urlencoded").body(body).send().expect("an answer");
    let to = answer.headers()["location"].to_str().expect("a path").to_owned();
    Returned::on(browser.visit(&to)).code();
}

fn client_secret_post(plan: &Plan) {
    let code = plan.ask(&mut plan.signed_in(), &[]).code().to_owned();
    let form = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", crate::support::VERIFIER),
        ("client_id", &plan.app.client_id),
        ("client_secret", &plan.app.secret),
    ];
    assert_eq!(answered(plan.portal.http().post(format!("{}/oauth2/token", plan.portal.url)).form(&form)).status, 200);
}

/// `{"alg":"none"}` and the parameters of the request.
const REQUEST_OBJECT: &str = "eyJhbGciOiJub25lIn0.eyJyZXNwb25zZV90eXBlIjoiY29kZSJ9.";

fn request_object(plan: &Plan) {
    let back = plan.ask(&mut plan.signed_in(), &[("request", REQUEST_OBJECT)]);
    assert_eq!(back.get("error"), "request_not_supported");
    assert_eq!(discovery(plan)["request_parameter_supported"], false);
}

/// The redirect URL in the object counts for nothing: with another in the request there is no redirect at all.
fn request_object_with_redirect_uri(plan: &Plan) {
    let changes = [("request", REQUEST_OBJECT), ("redirect_uri", "https://evil.example.com/callback")];
    let mut browser = plan.signed_in();
    assert_eq!(browser.visit(&plan.address(&changes)).status, 400);
    request_object(plan);
}

fn claims_essential(plan: &Plan) {
    let wanted = r#"{"userinfo":{"name":{"essential":true}}}"#;
    assert!(plan.about(&plan.flow(&[("scope", "openid"), ("claims", wanted)]))["name"].is_string());
}

fn refresh_token(plan: &Plan) {
    let tokens = plan.flow(&[("scope", "openid offline_access")]);
    let refreshed = plan.portal.refresh(&plan.app, tokens.text("refresh_token"));
    assert_eq!(refreshed.status, 200, "{refreshed:?}");
    let (before, after) = (claims(tokens.text("id_token")), claims(refreshed.text("id_token")));
    for same in ["iss", "sub", "aud", "auth_time"] {
        assert_eq!(before[same], after[same], "{same}");
    }
    let company = plan.portal.company("fabrikam");
    let other = plan.portal.app(&company, ClientType::AuthorizationCode, |_| {});
    let theirs = plan.portal.refresh(&other, refreshed.text("refresh_token"));
    assert_eq!(theirs.error(), "invalid_grant", "another client can't use it");
}

fn valid_pkce(plan: &Plan) {
    plan.flow(&[]);
    assert_eq!(plan.ask(&mut plan.signed_in(), &[("code_challenge_method", "plain")]).get("error"), "invalid_request");
    assert_eq!(plan.ask(&mut plan.signed_in(), &[("code_challenge", "")]).get("error"), "invalid_request");
}

const COMMON: [Row; 31] = [
    ("oidcc-server", server),
    ("oidcc-response-type-missing", response_type_missing),
    ("oidcc-userinfo-get", userinfo_get),
    ("oidcc-userinfo-post-header", userinfo_post_header),
    ("oidcc-userinfo-post-body", userinfo_post_body),
    ("oidcc-scope-profile", scope_profile),
    ("oidcc-scope-email", scope_email),
    ("oidcc-scope-address", scope_unsupported),
    ("oidcc-scope-phone", scope_unsupported),
    ("oidcc-scope-all", scope_all),
    ("oidcc-ensure-other-scope-order-succeeds", other_scope_order),
    ("oidcc-display-page", display_page),
    ("oidcc-display-popup", display_popup),
    ("oidcc-prompt-login", prompt_login),
    ("oidcc-prompt-none-not-logged-in", prompt_none_not_logged_in),
    ("oidcc-prompt-none-logged-in", prompt_none_logged_in),
    ("oidcc-max-age-1", max_age_1),
    ("oidcc-max-age-10000", max_age_10000),
    ("oidcc-ensure-request-with-unknown-parameter-succeeds", unknown_parameter),
    ("oidcc-id-token-hint", id_token_hint),
    ("oidcc-login-hint", login_hint),
    ("oidcc-ui-locales", ui_locales),
    ("oidcc-claims-locales", claims_locales),
    ("oidcc-ensure-request-with-acr-values-succeeds", acr_values),
    ("oidcc-codereuse", code_reuse),
    ("oidcc-codereuse-30seconds", code_reuse_30_seconds),
    ("oidcc-ensure-registered-redirect-uri", registered_redirect_uri),
    ("oidcc-ensure-post-request-succeeds", post_request),
    ("oidcc-server-client-secret-post", client_secret_post),
    ("oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported", request_object),
    ("oidcc-ensure-request-object-with-redirect-uri", request_object_with_redirect_uri),
];

#[test]
fn basic_op() {
    let plan = Plan::of(ClientType::AuthorizationCode, &[]);
    let own: [Row; 4] = [
        ("oidcc-ensure-request-without-nonce-succeeds-for-code-flow", without_nonce),
        ("oidcc-claims-essential", claims_essential),
        ("oidcc-refresh-token", refresh_token),
        ("oidcc-ensure-request-with-valid-pkce-succeeds", valid_pkce),
    ];
    run(&plan, &[&COMMON[..], &own].concat());
}

#[test]
fn hybrid_op() {
    let plan = Plan::of(ClientType::Hybrid, &[("response_type", "code id_token")]);
    let own: [Row; 4] = [
        ("oidcc-ensure-request-without-nonce-fails", without_nonce_fails),
        ("oidcc-claims-essential", claims_essential),
        ("oidcc-refresh-token", refresh_token),
        ("oidcc-ensure-request-with-valid-pkce-succeeds", valid_pkce),
    ];
    run(&plan, &[&COMMON[..], &own].concat());
}

fn discovery(plan: &Plan) -> Value {
    answered(plan.portal.http().get(format!("{}/.well-known/openid-configuration", plan.portal.url))).body
}

fn discovery_endpoint(plan: &Plan) {
    let found = discovery(plan);
    assert_eq!(found["issuer"], plan.portal.url);
    for endpoint in
        ["authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri", "registration_endpoint"]
    {
        assert!(found[endpoint].as_str().is_some_and(|url| url.starts_with(&plan.portal.url)), "{endpoint}");
    }
    let has = |list: &str, one: &str| found[list].as_array().is_some_and(|list| list.iter().any(|other| other == one));
    assert!(has("response_types_supported", "code") && has("response_types_supported", "code id_token"));
    assert!(has("scopes_supported", "openid") && has("subject_types_supported", "pairwise"));
    assert!(has("id_token_signing_alg_values_supported", "RS256"));
    assert_eq!(found["claims_parameter_supported"], true);
    assert_eq!(found["request_uri_parameter_supported"], false);
    let keys = answered(plan.portal.http().get(found["jwks_uri"].as_str().expect("a URL"))).body;
    let keys = keys["keys"].as_array().expect("keys").clone();
    assert!(keys.len() >= 2 && keys.iter().all(|key| key["kid"].is_string() && key.get("d").is_none()), "{keys:?}");
}

#[test]
fn config_op() {
    let plan = Plan::of(ClientType::AuthorizationCode, &[]);
    run(&plan, &[("oidcc-discovery-endpoint-verification", discovery_endpoint)]);
}

fn logout_discovery(plan: &Plan) {
    assert_eq!(discovery(plan)["end_session_endpoint"], format!("{}/oauth2/logout", plan.portal.url));
}

fn rp_initiated_logout(plan: &Plan) {
    let (mut browser, id_token) = plan.with_id_token();
    let params = [("id_token_hint", id_token.as_str()), ("post_logout_redirect_uri", AFTERWARDS), ("state", "xyz")];
    assert_eq!(browser.visit(&plan.logout(&params)).path, format!("{AFTERWARDS}?state=xyz"));
    assert_eq!(plan.ask(&mut browser, &[("prompt", "none")]).get("error"), "login_required");
}

fn logout_no_state(plan: &Plan) {
    let (mut browser, id_token) = plan.with_id_token();
    let params = [("id_token_hint", id_token.as_str()), ("post_logout_redirect_uri", AFTERWARDS)];
    assert_eq!(browser.visit(&plan.logout(&params)).path, AFTERWARDS);
}

/// Nothing leads back to the application, and nobody is sent anywhere else.
fn stays_here(plan: &Plan, params: &[(&str, &str)]) -> Browser {
    let (mut browser, _) = plan.with_id_token();
    let page = browser.visit(&plan.logout(params));
    assert!(page.path.starts_with("/oauth2/logout"), "{}", page.path);
    browser
}

fn logout_bad_redirect(plan: &Plan) {
    let (mut browser, id_token) = plan.with_id_token();
    let params = [("id_token_hint", id_token.as_str()), ("post_logout_redirect_uri", "https://evil.example.com/x")];
    let page = browser.visit(&plan.logout(&params));
    assert!(page.status == 400 && page.path.starts_with("/oauth2/logout"), "{}", page.path);
}

fn logout_query_added(plan: &Plan) {
    let (mut browser, id_token) = plan.with_id_token();
    let url = format!("{AFTERWARDS}?foo=bar");
    let params = [("id_token_hint", id_token.as_str()), ("post_logout_redirect_uri", url.as_str())];
    assert_eq!(browser.visit(&plan.logout(&params)).status, 400);
}

fn logout_modified_hint(plan: &Plan) {
    let (mut browser, id_token) = plan.with_id_token();
    let mut parts: Vec<&str> = id_token.split('.').collect();
    let signature: String = parts[2].chars().rev().collect();
    parts[2] = &signature;
    let hint = parts.join(".");
    let params = [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", AFTERWARDS)];
    let page = browser.visit(&plan.logout(&params));
    assert!(page.status == 400 && page.path.starts_with("/oauth2/logout"));
    assert!(browser.is_signed_in());
}

fn logout_bad_hint(plan: &Plan) {
    stays_here(plan, &[("id_token_hint", "bad"), ("post_logout_redirect_uri", AFTERWARDS)]);
}

fn logout_no_hint(plan: &Plan) {
    assert!(stays_here(plan, &[("post_logout_redirect_uri", AFTERWARDS), ("state", "x")]).is_signed_in());
}

fn logout_no_params(plan: &Plan) {
    let mut browser = stays_here(plan, &[]);
    assert_eq!(browser.page().heading(), "Sign out?");
    browser.press("Sign out");
    assert!(!browser.is_signed_in());
}

fn logout_only_state(plan: &Plan) {
    let mut browser = stays_here(plan, &[("state", "x")]);
    browser.press("Sign out");
    assert!(!browser.is_signed_in());
}

fn logout_no_redirect(plan: &Plan) {
    let (mut browser, id_token) = plan.with_id_token();
    browser.visit(&plan.logout(&[("id_token_hint", &id_token), ("state", "x")]));
    assert_eq!(browser.page().heading(), "You are signed out");
}

#[test]
fn rp_initiated_logout_op() {
    let plan = Plan::of(ClientType::AuthorizationCode, &[]);
    run(
        &plan,
        &[
            ("oidcc-rp-initiated-logout-discovery-endpoint-verification", logout_discovery),
            ("oidcc-rp-initiated-logout", rp_initiated_logout),
            ("oidcc-rp-initiated-logout-bad-post-logout-redirect-uri", logout_bad_redirect),
            ("oidcc-rp-initiated-logout-query-added-to-post-logout-redirect-uri", logout_query_added),
            ("oidcc-rp-initiated-logout-modified-id-token-hint", logout_modified_hint),
            ("oidcc-rp-initiated-logout-bad-id-token-hint", logout_bad_hint),
            ("oidcc-rp-initiated-logout-no-id-token-hint", logout_no_hint),
            ("oidcc-rp-initiated-logout-no-params", logout_no_params),
            ("oidcc-rp-initiated-logout-only-state", logout_only_state),
            ("oidcc-rp-initiated-logout-no-post-logout-redirect-uri", logout_no_redirect),
            ("oidcc-rp-initiated-logout-no-state", logout_no_state),
        ],
    );
}
