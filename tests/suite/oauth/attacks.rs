//! Attacks of RFC 9700 and OAuth 2.1 that have no file of their own, each tried and refused. (Redirect URLs:
//! `answers_go_nowhere_else`; replay: `codes_and_refresh_tokens_work_once`; consent: `consent_is_given_by_its_user_alone`;
//! assertions: `a_client_proves_itself_by_assertion`.)

use std::thread;
use std::time::Duration;

use keywright::domain::client::ClientType;
use keywright::operations::protocol::signing::Rotation;

use super::asking::{Returned, request};
use crate::support::{App, Browser, CALLBACK, MINUTE, Person, TestPortal, VERIFIER, answered, claims};

fn web(portal: &TestPortal, company: &str) -> App {
    let company = portal.company(company);
    portal.app(&company, ClientType::AuthorizationCode, |_| {})
}

/// RFC 9700 §4.5: a code that was stolen is brought into a session of the thief's own.
#[test]
fn an_injected_code_is_refused() {
    let portal = TestPortal::spawn();
    let app = web(&portal, "northwind");
    let mut victim = portal.signed_in(Person::Member, "northwind");
    let stolen = Returned::on(victim.visit(&request(&app, &[]))).code().to_owned();
    let thief_verifier = "x".repeat(64);
    let form = [
        ("grant_type", "authorization_code"),
        ("code", stolen.as_str()),
        ("redirect_uri", CALLBACK),
        ("code_verifier", thief_verifier.as_str()),
    ];
    assert_eq!(portal.token(&app, &form).error(), "invalid_grant");
}

/// RFC 9700 §4.8: somebody takes the challenge out of the request, or weakens it, and sends no verifier.
#[test]
fn pkce_is_not_taken_away() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    for kind in [ClientType::AuthorizationCode, ClientType::Native, ClientType::Hybrid] {
        let app = portal.app(&company, kind, |_| {});
        let mut browser = portal.signed_in(Person::Member, "northwind");
        let downgrades: [&[(&str, &str)]; 4] = [
            &[("code_challenge", ""), ("code_challenge_method", "")],
            &[("code_challenge_method", "plain"), ("code_challenge", VERIFIER)],
            &[("code_challenge_method", "")],
            &[("code_challenge_method", "s256")],
        ];
        let hybrid = [("response_type", if kind == ClientType::Hybrid { "code id_token" } else { "code" })];
        for changes in downgrades {
            let back = Returned::on(browser.visit(&request(&app, &[&hybrid[..], changes].concat())));
            assert_eq!((back.get("error"), back.get("code")), ("invalid_request", ""), "{kind:?} {changes:?}");
        }
    }
    // Where an administrator has switched it off, a verifier for a request without a challenge is refused.
    let app = portal.app(&company, ClientType::AuthorizationCode, |input| input.require_pkce = String::new());
    let mut browser = portal.signed_in(Person::Member, "northwind");
    let bare = [("code_challenge", ""), ("code_challenge_method", "")];
    let code = Returned::on(browser.visit(&request(&app, &bare))).code().to_owned();
    assert_eq!(portal.redeem(&app, &code).error(), "invalid_grant");
}

/// RFC 9700 §4.4: every answer of the authorization endpoint says which issuer it is from, errors too.
#[test]
fn answers_name_their_issuer() {
    let portal = TestPortal::spawn();
    let app = web(&portal, "northwind");
    let mut browser = portal.signed_in(Person::Member, "northwind");
    for changes in [
        &[][..],
        &[("scope", "groups offline_access openid")],
        &[("prompt", "none login")],
        &[("response_type", "token")],
    ] {
        let back = Returned::on(browser.visit(&request(&app, changes)));
        assert_eq!((back.get("iss"), back.get("state")), (portal.url.as_str(), "st&te=1"), "{changes:?}");
    }
}

/// RFC 6750 §5.3 and OAuth 2.1 §5.1.2: a token in an address ends up in logs.
#[test]
fn no_token_and_no_secret_is_taken_from_an_address() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let app = portal.app(&company, ClientType::AuthorizationCode, |_| {});
    let tokens = portal.redeem(&app, &portal.code(&company, &app, &["openid"]));
    let token = tokens.text("access_token");
    let info =
        |query: &str| answered(portal.http().get(format!("{}/oauth2/userinfo{query}", portal.url)).bearer_auth(token));
    assert_eq!(info("").status, 200);
    let refused = info(&format!("?access_token={token}"));
    assert_eq!((refused.status, refused.error()), (400, "invalid_request"));
    for endpoint in ["token", "introspect", "revoke", "par"] {
        let query = format!(
            "client_id={}&client_secret={}&token={token}&grant_type=client_credentials",
            app.client_id, app.secret
        );
        let url = format!("{}/oauth2/{endpoint}?{query}", portal.url);
        let empty = portal.http().post(&url).header("content-type", "application/x-www-form-urlencoded").body("");
        assert_eq!(answered(empty).status, 400, "{endpoint}");
        assert!(matches!(answered(portal.http().get(&url)).status, 404 | 405), "{endpoint}");
    }
}

/// RFC 9068 §5: an ID token is no access token, nor is one that somebody else has signed or nobody.
#[test]
fn only_access_tokens_are_access_tokens() {
    use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let app = portal.app(&company, ClientType::AuthorizationCode, |input| input.id_token_signing = "ES256".into());
    let tokens = portal.redeem(&app, &portal.code(&company, &app, &["openid"]));
    let info = |token: &str| answered(portal.http().get(format!("{}/oauth2/userinfo", portal.url)).bearer_auth(token));
    let good = tokens.text("access_token");
    assert_eq!(info(good).status, 200);
    let parts: Vec<&str> = good.split('.').collect();
    let header = |json: &str| BASE64_URL_SAFE_NO_PAD.encode(json);
    let elsewhere = TestPortal::spawn();
    let other = elsewhere.company("northwind");
    let foreign = elsewhere.app(&other, ClientType::AuthorizationCode, |_| {});
    let foreign = elsewhere.redeem(&foreign, &elsewhere.code(&other, &foreign, &["openid"]));
    let mut claims = claims(good);
    claims["scope"] = "openid email roles".into();
    let more = BASE64_URL_SAFE_NO_PAD.encode(claims.to_string());
    for forged in [
        tokens.text("id_token").to_owned(),
        tokens.text("refresh_token").to_owned(),
        foreign.text("access_token").to_owned(),
        format!("{}.{more}.{}", parts[0], parts[2]),
        format!("{}.{}.", parts[0], parts[1]),
        format!("{}.{}.", header(r#"{"alg":"none","typ":"at+jwt"}"#), parts[1]),
        format!("{}.{}.{}", header(r#"{"alg":"HS256","typ":"at+jwt"}"#), parts[1], parts[2]),
        format!("{}.{}.{}", header(r#"{"alg":"ES256","typ":"at+jwt","jwk":{}}"#), parts[1], parts[2]),
        format!("{good}x"),
        String::from("x"),
    ] {
        let answer = info(&forged);
        assert_eq!((answer.status, answer.error()), (401, "invalid_token"), "{forged}");
        assert!(answer.header("www-authenticate").starts_with("Bearer "), "{answer:?}");
    }
}

/// RFC 7662 §4: nobody learns of another client's tokens.
#[test]
fn another_clients_token_is_nobodys() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let (app, same) = (web(&portal, "fabrikam"), portal.app(&company, ClientType::AuthorizationCode, |_| {}));
    let tokens = portal.redeem(&same, &portal.code(&company, &same, &["openid"]));
    let ask = |endpoint: &str, app: &App, token: &str| {
        let request = portal.http().post(format!("{}/oauth2/{endpoint}", portal.url));
        answered(request.basic_auth(&app.client_id, Some(&app.secret)).form(&[("token", token)]))
    };
    for token in ["access_token", "refresh_token"] {
        assert_eq!(ask("introspect", &same, tokens.text(token)).body["active"], true);
        assert_eq!(ask("introspect", &app, tokens.text(token)).body, serde_json::json!({"active": false}));
        assert_ne!(ask("revoke", &app, tokens.text(token)).status, 200);
        assert_eq!(ask("introspect", &same, tokens.text(token)).body["active"], true, "it was not ended");
    }
}

/// OAuth 2.1 §3.1: a parameter that is there twice is two requests in one.
#[test]
fn nothing_is_there_twice() {
    let portal = TestPortal::spawn();
    let app = web(&portal, "northwind");
    let mut browser = portal.signed_in(Person::Member, "northwind");
    let good = request(&app, &[]);
    for (name, value) in [
        ("client_id", app.client_id.as_str()),
        ("redirect_uri", "https://evil.example.com/"),
        ("redirect_uri", CALLBACK),
        ("scope", "openid"),
        ("state", "other"),
        ("response_type", "code"),
    ] {
        let page = browser.visit(&format!("{good}&{name}={value}"));
        assert!(page.status == 400 && page.path.starts_with("/oauth2/authorize"), "{name}: {}", page.path);
    }
}

/// Megabytes in any parameter are refused quickly, and the portal lives on.
#[test]
fn nothing_is_too_long_to_refuse() {
    let portal = TestPortal::spawn();
    let app = web(&portal, "northwind");
    let long = "x".repeat(1024 * 1024);
    let url = |path: &str| format!("{}{path}", portal.url);
    let http = portal.http();
    let named = [
        "client_id",
        "redirect_uri",
        "scope",
        "state",
        "nonce",
        "code_challenge",
        "claims",
        "login_hint",
        "id_token_hint",
    ];
    for name in named {
        for endpoint in ["authorize", "token", "par", "introspect", "revoke", "logout"] {
            let sent = http.post(url(&format!("/oauth2/{endpoint}"))).form(&[(name, long.as_str())]).send();
            // The server may hang up before it has read everything.
            let status = sent.map_or(413, |answer| answer.status().as_u16());
            assert!(matches!(status, 400 | 401 | 413), "{endpoint} {name}: {status}");
        }
    }
    let sent = http.get(url(&format!("/oauth2/authorize?state={long}"))).send();
    assert!(sent.map_or(431, |answer| answer.status().as_u16()) >= 400);
    let mut browser = portal.signed_in(Person::Member, "northwind");
    Returned::on(browser.visit(&request(&app, &[]))).code();
}

/// Keys are rotated while tokens are issued and checked: every token can be checked with what is published then.
#[test]
fn keys_rotate_under_load() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let app = portal.app(&company, ClientType::ClientCredentials, |_| {});
    let jwks = || answered(portal.http().get(format!("{}/oauth2/jwks", portal.url))).body["keys"].clone();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..60 {
                    let answer = portal.client_credentials(&app);
                    assert_eq!(answer.status, 200, "{answer:?}");
                    let kid = crate::support::jwt_header(answer.text("access_token"))["kid"].clone();
                    let keys = jwks();
                    let known = keys.as_array().expect("keys").iter().any(|key| key["kid"] == kid);
                    assert!(known, "{kid} is not among {keys}");
                }
            });
        }
        scope.spawn(|| {
            for how in
                [Rotation::Ahead, Rotation::AtOnce, Rotation::Ahead, Rotation::Ahead, Rotation::AtOnce, Rotation::Ahead]
            {
                portal.application.operations.rotate_signing_keys(how).expect("new keys");
                portal.clock.advance(Duration::from_secs(1_200));
            }
        });
    });
}

/// Nobody frames the pages on which users decide.
#[test]
fn pages_of_users_are_in_no_frame() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let app = portal.app(&company, ClientType::AuthorizationCode, |input| input.require_consent = "yes".into());
    let mut signed_in = portal.signed_in(Person::Member, "northwind");
    let mut stranger = Browser::new(&portal.url);
    let mut leaving = signed_in.tab();
    for page in
        [signed_in.visit(&request(&app, &[])), stranger.visit(&request(&app, &[])), leaving.visit("/oauth2/logout")]
    {
        assert_eq!(page.headers["x-frame-options"], "DENY");
        assert!(page.headers["content-security-policy"].to_str().expect("text").contains("frame-ancestors 'none'"));
    }
}

/// Anybody can begin a sign-in, and each that waits is kept for an hour.
#[test]
fn one_address_does_not_fill_the_database() {
    let portal = TestPortal::spawn();
    let app = web(&portal, "northwind");
    let begins = || Browser::new(&portal.url).visit(&request(&app, &[])).path.clone();
    assert!(begins().starts_with("/sign-in"));
    assert_eq!(portal.sql("UPDATE throttles SET failures = 1000 WHERE bucket LIKE 'requests:%'"), 1);
    begins();
    let refused = begins();
    assert_eq!(Returned::at(&refused).get("error"), "temporarily_unavailable");
    assert_eq!(portal.number("SELECT count(*) AS n FROM authorization_requests"), 2);
    // An address that is never quiet begins anew with the next quarter of an hour.
    for _ in 0..2 {
        portal.clock.advance(8 * MINUTE);
        begins();
    }
    assert!(begins().starts_with("/sign-in"));
}

/// Each parameter may be long, and all of them together may not.
#[test]
fn a_request_that_waits_is_not_very_large() {
    let portal = TestPortal::spawn();
    let app = web(&portal, "northwind");
    let begin = |long: &str| {
        let address = request(&app, &[("state", long), ("nonce", long), ("login_hint", long)]);
        let form = address.split_once('?').unwrap().1.to_owned();
        let asked = portal.http().post(format!("{}/oauth2/authorize", portal.url));
        let answer = asked.header("content-type", "application/x-www-form-urlencoded").body(form).send().unwrap();
        answer.headers()["location"].to_str().unwrap().to_owned()
    };
    assert_eq!(Returned::at(&begin(&"x".repeat(8 * 1024))).get("error"), "invalid_request");
    assert_eq!(portal.number("SELECT count(*) AS n FROM authorization_requests"), 0);
    assert!(begin(&"x".repeat(1024)).starts_with("/oauth2/authorize/"));
}

/// A public client's request can be pushed by anybody who knows its name; one that proves who it is can go wrong, too.
#[test]
fn neither_address_nor_client_fills_it_with_pushed_requests() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let public = portal.app(&company, ClientType::Native, |_| {});
    let confidential = portal.app(&company, ClientType::AuthorizationCode, |_| {});
    let push = |app: &App| {
        let address = request(app, &[]);
        let form = url::Url::parse(&format!("{}{address}", portal.url)).unwrap().query().unwrap().to_owned();
        let asked = portal.http().post(format!("{}/oauth2/par", portal.url));
        let asked = match app.secret.is_empty() {
            true => asked,
            false => asked.basic_auth(&app.client_id, Some(&app.secret)),
        };
        answered(asked.header("content-type", "application/x-www-form-urlencoded").body(form)).status
    };
    assert_eq!((push(&public), push(&confidential)), (201, 201));
    let counted = |failures: u32, whose: &str| {
        portal.sql(&format!("UPDATE throttles SET failures = {failures} WHERE bucket LIKE 'requests:%:{whose}:%'"))
    };
    assert_eq!((counted(1_000, "address"), counted(9_998, "client")), (1, 1));
    push(&public);
    assert_eq!((push(&public), push(&confidential)), (503, 201));
    push(&confidential);
    assert_eq!(push(&confidential), 503);
    portal.clock.advance(16 * MINUTE);
    assert_eq!((push(&public), push(&confidential)), (201, 201));
}
