//! Clients are registered (RFC 7591) and managed (RFC 7592) by machine, under the rules of the form, and with what the
//! administrator who issued the token may do at that moment.

use keywright::access::{Roles, act};
use keywright::db;
use keywright::domain::id::{RegistrationTokenId, ServiceId};
use keywright::operations::fill::Company;
use reqwest::Method;
use reqwest::blocking::Response;
use serde_json::{Value, json};

use crate::support::{DAY, Person, SECOND, TestPortal, public_jwk};

struct House {
    portal: TestPortal,
    company: Company,
    service: ServiceId,
    id: RegistrationTokenId,
    token: String,
}

fn house() -> House {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let service = portal.service(&company, "Shop");
    let (id, token) = portal.registration_token(&company, service, "CI");
    House { portal, company, service, id, token }
}

/// A status with the JSON that came.
type Answer = (u16, Value);

fn read(response: Response) -> Answer {
    let status = response.status().as_u16();
    assert_eq!(response.headers()["cache-control"], "no-store");
    let text = response.text().expect("a body");
    (status, if text.is_empty() { Value::Null } else { serde_json::from_str(&text).expect("JSON") })
}

impl House {
    fn ask(&self, method: Method, address: &str, token: &str, body: Option<&Value>) -> Answer {
        let request = reqwest::blocking::Client::new().request(method, address).bearer_auth(token);
        let request = if let Some(body) = body { request.json(body) } else { request };
        read(request.send().expect("an answer"))
    }

    fn endpoint(&self) -> String {
        format!("{}/oauth2/register", self.portal.url)
    }

    fn register(&self, members: &Value) -> Answer {
        self.ask(Method::POST, &self.endpoint(), &self.token, Some(members))
    }

    fn registered(&self, members: &Value) -> Value {
        let (status, answer) = self.register(members);
        assert_eq!(status, 201, "{members}: {answer}");
        answer
    }

    /// At the address and with the token that the client was given.
    fn manage(&self, method: Method, client: &Value, body: Option<&Value>) -> Answer {
        let text = |name: &str| client[name].as_str().expect("it was given").to_owned();
        let address = format!("{}/{}", self.endpoint(), text("client_id"));
        assert!(text("registration_client_uri").ends_with(&format!("/oauth2/register/{}", text("client_id"))));
        self.ask(method, &address, &text("registration_access_token"), body)
    }

    fn clients(&self) -> i64 {
        self.portal.number("SELECT count(*) AS n FROM clients")
    }
}

fn web() -> Value {
    json!({ "client_name": "Super Pedometer", "redirect_uris": ["https://app.example.com/callback"] })
}

fn with(mut members: Value, member: &str, value: Value) -> Value {
    members[member] = value;
    members
}

#[test]
fn a_registered_client_is_one_of_the_services() {
    let house = house();
    let answer = house.registered(&web());
    let client_id = answer["client_id"].as_str().unwrap();
    assert!(client_id.starts_with(house.company.tenant.client_id_prefix.as_str()), "{client_id}");
    assert!(client_id.contains(".superpedometer"), "{client_id}");
    assert_eq!(answer["token_endpoint_auth_method"], "client_secret_basic");
    assert_eq!(answer["grant_types"], json!(["authorization_code"]));
    assert_eq!(answer["response_types"], json!(["code"]));
    assert_eq!(answer["scope"], "openid profile email");
    let secret = answer["client_secret"].as_str().unwrap();
    assert!(secret.starts_with("kws_sandbox_"));
    let ends = house.portal.clock.now().one_year_later().micros() / 1_000_000;
    assert_eq!(answer["client_secret_expires_at"], ends);

    // Neither the secret nor a token is kept readable.
    let everything = house.portal.everything_kept();
    for hidden in [secret, answer["registration_access_token"].as_str().unwrap(), &house.token] {
        assert!(!everything.windows(hidden.len()).any(|bytes| bytes == hidden.as_bytes()), "{hidden} is kept");
    }

    let uid = house.portal.text("SELECT uid AS words FROM clients");
    let mut browser = house.portal.signed_in(Person::Developer, "northwind");
    let page = browser.visit(&format!("/clients/{uid}"));
    for words in ["Super Pedometer", "Shop", client_id, "https://app.example.com/callback", "Registered by machine"] {
        assert!(page.sees(words), "{words}: {}", page.text());
    }
    let by = "SELECT actor_name AS words FROM audit_events WHERE action = 'client.added'";
    assert_eq!(house.portal.text(by), "CI (registration token of Administrator of northwind)");
    let used = "SELECT count(*) AS n FROM registration_tokens WHERE last_used_at IS NOT NULL";
    assert_eq!(house.portal.number(used), 1);

    // A second of the same name gets another identifier.
    assert_ne!(house.registered(&web())["client_id"], answer["client_id"]);
}

#[test]
fn every_member_has_its_field() {
    let house = house();
    let jwk = public_jwk();
    for (member, value) in [
        ("client_name", json!("Another")),
        ("description", json!("What it is for")),
        ("redirect_uris", json!(["https://app.example.com/a", "https://app.example.com/b"])),
        ("post_logout_redirect_uris", json!(["https://app.example.com/bye"])),
        ("cors_origins", json!(["https://app.example.com"])),
        ("grant_types", json!(["authorization_code", "refresh_token"])),
        ("response_types", json!(["code", "code id_token"])),
        ("token_endpoint_auth_method", json!("client_secret_post")),
        ("token_endpoint_auth_method", json!("none")),
        ("scope", json!("openid email")),
        ("client_uri", json!("https://app.example.com/")),
        ("policy_uri", json!("https://app.example.com/privacy")),
        ("tos_uri", json!("https://app.example.com/terms")),
        ("id_token_signed_response_alg", json!("ES256")),
        ("subject_type", json!("public")),
        ("application_type", json!("native")),
        ("token_lifetime", json!(60)),
        ("require_consent", json!(true)),
        ("require_pkce", json!(false)),
    ] {
        let answer = house.registered(&with(web(), member, value.clone()));
        assert_eq!(answer[member], value, "{answer}");
        // And it is there when it is read again.
        let (status, again) = house.manage(Method::GET, &answer, None);
        assert_eq!((status, &again[member]), (200, &value), "{again}");
        assert!(again.get("client_secret").is_none());
    }
    let answer = house.registered(&with(web(), "jwks", json!({ "keys": [jwk] })));
    assert_eq!(answer["jwks"]["keys"][0]["x"], jwk["x"]);
    let machine = json!({ "client_name": "Job", "grant_types": ["client_credentials"], "scope": "roles" });
    assert_eq!(house.registered(&machine)["grant_types"], json!(["client_credentials"]));
    let native = with(web(), "application_type", json!("native"));
    let native = house.registered(&with(native, "redirect_uris", json!(["com.example.app:/callback"])));
    assert_eq!(native["token_endpoint_auth_method"], "none");
    assert!(native.get("client_secret").is_none());
    // What has no field is left out of the answer.
    let answer = house.registered(&with(web(), "contacts", json!(["ada@example.com"])));
    assert!(answer.get("contacts").is_none());
}

#[test]
fn what_the_form_refuses_is_refused_in_its_words() {
    let house = house();
    let urls = |urls: &[&str]| json!(urls);
    let many: Vec<String> = (0..11).map(|number| format!("https://app.example.com/{number}")).collect();
    for (member, value, error, words) in [
        ("client_name", json!(""), "invalid_client_metadata", "client_name: Enter"),
        ("client_name", json!("x".repeat(101)), "invalid_client_metadata", "at most 100"),
        ("redirect_uris", urls(&[]), "invalid_redirect_uri", "redirect_uris: Enter at least one"),
        ("redirect_uris", urls(&["http://app.example.com/"]), "invalid_redirect_uri", "redirect_uris: "),
        ("redirect_uris", urls(&["https://*.example.com/"]), "invalid_redirect_uri", "redirect_uris: "),
        ("redirect_uris", urls(&["javascript:alert(1)"]), "invalid_redirect_uri", "redirect_uris: "),
        ("redirect_uris", urls(&["https://a.example/#f"]), "invalid_redirect_uri", "redirect_uris: "),
        ("redirect_uris", json!(many), "invalid_redirect_uri", "at most 10"),
        ("redirect_uris", json!("https://app.example.com/"), "invalid_redirect_uri", "list of texts"),
        ("post_logout_redirect_uris", urls(&["//x"]), "invalid_client_metadata", "post_logout_redirect_uris: "),
        ("cors_origins", urls(&["*"]), "invalid_client_metadata", "cors_origins: "),
        ("grant_types", urls(&["password"]), "invalid_client_metadata", "not offered"),
        ("grant_types", urls(&["implicit"]), "invalid_client_metadata", "implicit"),
        ("grant_types", urls(&["refresh_token"]), "invalid_client_metadata", "Refresh token needs"),
        ("response_types", urls(&["code token"]), "invalid_client_metadata", "response_types: "),
        ("response_types", urls(&["none"]), "invalid_client_metadata", "response_types: "),
        ("scope", json!("everything"), "invalid_client_metadata", "scope: "),
        ("client_uri", json!("ftp://app.example.com"), "invalid_client_metadata", "client_uri: "),
        ("policy_uri", json!("http://app.example.com"), "invalid_client_metadata", "policy_uri: "),
        ("tos_uri", json!("terms"), "invalid_client_metadata", "tos_uri: "),
        ("id_token_signed_response_alg", json!("none"), "invalid_client_metadata", "id_token_signed_response_alg: "),
        ("subject_type", json!("secret"), "invalid_client_metadata", "subject_type: "),
        ("application_type", json!("desktop"), "invalid_client_metadata", "application_type: "),
        ("token_endpoint_auth_method", json!("client_secret_jwt"), "invalid_client_metadata", "one of"),
        ("token_lifetime", json!(59), "invalid_client_metadata", "token_lifetime: "),
        ("token_lifetime", json!(3601), "invalid_client_metadata", "token_lifetime: "),
        ("token_lifetime", json!(60.5), "invalid_client_metadata", "token_lifetime: "),
        ("jwks_uri", json!("https://app.example.com/jwks"), "invalid_client_metadata", "fetches nothing"),
        ("jwks", json!({ "keys": [] }), "invalid_client_metadata", "jwks: "),
    ] {
        let (status, answer) = house.register(&with(web(), member, value.clone()));
        assert_eq!((status, answer["error"].as_str()), (400, Some(error)), "{member} {value}: {answer}");
        let description = answer["error_description"].as_str().unwrap();
        assert!(description.contains(words), "{member} {value}: {description}");
        assert!(description.is_ascii(), "{description}");
        assert!(answer["error_uri"].as_str().unwrap().contains("/rejections/"), "{answer}");
    }
    assert_eq!(house.clients(), 0);
    assert_eq!(house.portal.number("SELECT count(*) AS n FROM used_client_ids"), 0);
}

#[test]
fn a_client_with_keys_gets_no_secret_and_no_private_key_is_taken() {
    let house = house();
    let keyed = with(web(), "token_endpoint_auth_method", json!("private_key_jwt"));
    assert_eq!(house.register(&keyed).0, 400);
    let answer = house.registered(&with(keyed.clone(), "jwks", json!({ "keys": [public_jwk()] })));
    assert!(answer.get("client_secret").is_none());
    assert_eq!(answer["token_endpoint_auth_method"], "private_key_jwt");
    let private = "c2VjcmV0IGhhbGYgb2YgYSBrZXk";
    let leaked = json!({ "keys": [with(public_jwk(), "d", json!(private))] });
    let (status, answer) = house.register(&with(keyed, "jwks", leaked));
    assert_eq!((status, answer["error"].as_str()), (400, Some("invalid_client_metadata")));
    assert!(answer["error_description"].as_str().unwrap().contains("consider it leaked"), "{answer}");
    assert!(!answer.to_string().contains(private));
    assert_eq!(house.clients(), 1);
}

#[test]
fn a_token_that_is_worth_nothing_is_refused() {
    let house = house();
    let refused = |token: &str, why: &str| {
        let (status, answer) = house.ask(Method::POST, &house.endpoint(), token, Some(&web()));
        assert_eq!((status, answer["error"].as_str()), (401, Some("invalid_token")), "{why}: {answer}");
    };
    let bare = reqwest::blocking::Client::new().post(house.endpoint()).json(&web()).send().unwrap();
    assert_eq!(bare.status(), 401);
    assert!(bare.headers()["www-authenticate"].to_str().unwrap().starts_with("Bearer"));
    refused("kwr_", "no token");
    refused(&house.token[..52], "cut off");
    let swapped = house.token.replace("kwr_", "kwm_");
    refused(&swapped, "another kind");
    let management = house.registered(&web())["registration_access_token"].as_str().unwrap().to_owned();
    refused(&management, "that of a client");

    // Until its last second.
    let now = house.portal.clock.now();
    house.portal.clock.advance(now.plus(30 * DAY).whole_minute().since(now) - SECOND);
    assert_eq!(house.register(&web()).0, 201);
    house.portal.clock.advance(SECOND);
    refused(&house.token, "expired");
    house.portal.clock.set(now);

    let permit = house.portal.permit::<act::ManageTenant>(&house.company, Person::Administrator);
    house.portal.application.operations.revoke_registration_token(&permit, house.id).unwrap();
    refused(&house.token, "revoked");
}

#[test]
fn a_token_may_what_its_issuer_may_now() {
    let house = house();
    let client = house.registered(&web());
    let issuer = house.portal.person(&house.company, Person::Administrator).clone();
    house.portal.give(&issuer, Roles { developer: true, ..Roles::default() });
    assert_eq!(house.register(&web()).0, 401);
    assert_eq!(house.manage(Method::GET, &client, None).0, 401);
    assert_eq!(house.manage(Method::DELETE, &client, None).0, 401);
    house.portal.give(&issuer, issuer.roles);
    assert_eq!(house.register(&web()).0, 201);
    assert_eq!(house.manage(Method::GET, &client, None).0, 200);
}

#[test]
fn only_what_is_in_sandbox_is_registered_and_managed_by_machine() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let (service, _) = portal.ready_service(&company, "Shop");
    let (id, token) = portal.registration_token(&company, service, "CI");
    let house = House { portal, company, service, id, token };
    let client = house.registered(&web());
    // Its secret ends, so the checks hold.
    let request = house.portal.request_release(&house.company, Person::Developer, house.service);
    house.portal.approve(&house.company, house.service, request);
    let body = with(web(), "client_id", client["client_id"].clone());
    for (status, answer) in [
        house.register(&web()),
        house.manage(Method::PUT, &client, Some(&body)),
        house.manage(Method::DELETE, &client, None),
    ] {
        assert_eq!((status, answer["error"].as_str()), (403, Some("access_denied")), "{answer}");
        assert!(answer["error_description"].as_str().unwrap().contains("live"), "{answer}");
    }
    assert_eq!(house.manage(Method::GET, &client, None).0, 200);
}

#[test]
fn a_deleted_service_takes_no_clients() {
    let house = house();
    let client = house.registered(&web());
    let permit = house.portal.confirmed::<act::ChangeServiceStatus>(&house.company, Person::Administrator);
    house.portal.application.operations.delete_service(&permit, house.service).unwrap();
    assert_eq!(house.register(&web()).0, 403);
    assert_eq!(house.manage(Method::GET, &client, None).0, 401);
}

/// One that has leaked is taken away, and the client goes on.
#[test]
fn its_token_is_revoked_on_its_page() {
    let house = house();
    let (client, other) = (house.registered(&web()), house.registered(&web()));
    let id = client["client_id"].as_str().unwrap();
    let uid = house.portal.text(&format!("SELECT uid AS words FROM clients WHERE client_id = '{id}'"));
    let mut browser = house.portal.signed_in(Person::Administrator, "northwind");
    browser.visit(&format!("/clients/{uid}"));
    let page = browser.press("Revoke token");
    assert!(page.sees("Registration access token revoked.") && !page.has_button("Revoke token"), "{}", page.text());
    for method in [Method::GET, Method::DELETE] {
        assert_eq!(house.manage(method, &client, None).0, 401);
    }
    assert_eq!(house.manage(Method::GET, &other, None).0, 200);
    assert_eq!(house.portal.events("client.registration_access_token_revoked").len(), 1);
    assert_eq!(browser.post(&format!("/clients/{uid}/token-revocation"), &[]).status(), 409);
    let status = format!("SELECT count(*) AS n FROM clients WHERE uid = '{uid}' AND status = 'active'");
    assert_eq!(house.portal.number(&status), 1);
}

#[test]
fn a_client_is_read_replaced_and_deleted_with_its_own_token() {
    let house = house();
    let (client, other) = (house.registered(&web()), house.registered(&web()));
    let with_id = |members: Value| with(members, "client_id", client["client_id"].clone());

    let new = with(web(), "redirect_uris", json!(["https://app.example.com/new"]));
    let new = with_id(with(new, "grant_types", json!(["authorization_code", "refresh_token"])));
    let (status, answer) = house.manage(Method::PUT, &client, Some(&new));
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["redirect_uris"], json!(["https://app.example.com/new"]));
    assert_eq!(answer["grant_types"], json!(["authorization_code", "refresh_token"]));
    assert_eq!(answer["registration_access_token"], client["registration_access_token"]);
    // What is left out goes back to what it is without.
    let (_, answer) = house.manage(Method::PUT, &client, Some(&with_id(web())));
    assert_eq!(answer["grant_types"], json!(["authorization_code"]));
    assert!(house.portal.events("client.updated").len() == 2);

    for (bad, error) in [
        (web(), "invalid_client_metadata"),
        (with(web(), "client_id", other["client_id"].clone()), "invalid_client_metadata"),
        (with_id(with(web(), "redirect_uris", json!(["http://x.example/"]))), "invalid_redirect_uri"),
        (with_id(with(web(), "token_endpoint_auth_method", json!("none"))), "invalid_client_metadata"),
        (with_id(with(web(), "client_secret", other["client_secret"].clone())), "invalid_client_metadata"),
    ] {
        let (status, answer) = house.manage(Method::PUT, &client, Some(&bad));
        assert_eq!((status, answer["error"].as_str()), (400, Some(error)), "{bad}: {answer}");
    }
    let own = with_id(with(web(), "client_secret", client["client_secret"].clone()));
    assert_eq!(house.manage(Method::PUT, &client, Some(&own)).0, 200);

    // Neither at another's address, nor with another's token, nor with the initial one.
    let address = format!("{}/{}", house.endpoint(), client["client_id"].as_str().unwrap());
    for token in [other["registration_access_token"].as_str().unwrap(), &house.token, "kwm_"] {
        assert_eq!(house.ask(Method::GET, &address, token, None).0, 401);
        assert_eq!(house.ask(Method::DELETE, &address, token, None).0, 401);
    }

    assert_eq!(house.manage(Method::DELETE, &client, None), (204, Value::Null));
    for method in [Method::GET, Method::DELETE] {
        assert_eq!(house.manage(method, &client, None).0, 401);
    }
    let deleted = "SELECT count(*) AS n FROM clients WHERE status = 'deleted' AND purge_at IS NOT NULL";
    assert_eq!(house.portal.number(deleted), 1);
    assert_eq!(house.manage(Method::GET, &other, None).0, 200);
}

#[test]
fn replacing_the_keys_removes_those_that_are_gone() {
    let house = house();
    let (first, second) = (public_jwk(), public_jwk());
    let client = house.registered(&with(web(), "jwks", json!({ "keys": [first] })));
    let next = with(with(web(), "client_id", client["client_id"].clone()), "jwks", json!({ "keys": [second] }));
    let (status, answer) = house.manage(Method::PUT, &client, Some(&next));
    assert_eq!(status, 200, "{answer}");
    let keys = answer["jwks"]["keys"].as_array().unwrap();
    assert_eq!((keys.len(), &keys[0]["x"]), (1, &second["x"]));
    // A key may be called something else, and its name another's.
    for keys in [json!([with(second.clone(), "kid", json!("a"))]), json!([second, with(first, "kid", json!("a"))])] {
        let next = with(next.clone(), "jwks", json!({ "keys": keys }));
        let (status, answer) = house.manage(Method::PUT, &client, Some(&next));
        assert_eq!(status, 200, "{answer}");
        let named = |keys: &Value| {
            let mut named: Vec<_> =
                keys.as_array().unwrap().iter().map(|key| (key["x"].to_string(), key["kid"].to_string())).collect();
            named.sort();
            named
        };
        assert_eq!(named(&answer["jwks"]["keys"]), named(&keys));
    }
    // What is left out is gone.
    let none = with(web(), "client_id", client["client_id"].clone());
    let (status, answer) = house.manage(Method::PUT, &client, Some(&none));
    assert_eq!((status, answer.get("jwks")), (200, None), "{answer}");
}

#[test]
fn an_update_is_done_whole_or_not_at_all() {
    let house = house();
    let key = public_jwk();
    let client = house.registered(&with(web(), "jwks", json!({ "keys": [key] })));
    let off_the_curve = with(public_jwk(), "y", key["x"].clone());
    let next = json!({ "client_id": client["client_id"], "jwks": { "keys": [off_the_curve] }, "client_name": "Another",
                       "redirect_uris": ["https://app.example.com/other"] });
    let (status, answer) = house.manage(Method::PUT, &client, Some(&next));
    assert_eq!((status, answer["error"].as_str()), (400, Some("invalid_client_metadata")), "{answer}");
    let (_, now) = house.manage(Method::GET, &client, None);
    for member in ["client_name", "redirect_uris", "jwks"] {
        assert_eq!(now[member], client[member], "{member}");
    }
}

#[test]
fn a_client_proves_itself_as_it_is_registered() {
    let house = house();
    let client = house.registered(&web());
    let update = |client: &Value, members: Value| {
        let (status, answer) =
            house.manage(Method::PUT, client, Some(&with(members, "client_id", client["client_id"].clone())));
        assert_eq!(status, 200, "{answer}");
        answer
    };
    let secrets = || house.portal.number("SELECT count(*) AS n FROM secrets");
    // A secret that leaked is worth nothing once the client has keys in its place.
    let keyed = with(web(), "token_endpoint_auth_method", json!("private_key_jwt"));
    let keyed = with(keyed, "jwks", json!({ "keys": [public_jwk()] }));
    assert!(update(&client, keyed.clone()).get("client_secret").is_none());
    assert_eq!(secrets(), 0);
    // And the other way: it gets one.
    let answer = update(&client, web());
    assert!(answer["client_secret"].as_str().unwrap().starts_with("kws_sandbox_"), "{answer}");
    assert!(answer["client_secret_expires_at"].as_i64().unwrap() > 0);
    assert_eq!(secrets(), 1);
    // Once.
    assert!(update(&client, web()).get("client_secret").is_none());
    assert_eq!(secrets(), 1);
}

#[test]
fn a_token_registers_a_hundred_clients_a_day() {
    let house = house();
    let operations = &house.portal.application.operations;
    let day = house.portal.clock.now().micros() / (86_400 * 1_000_000);
    let bucket = format!("registered-with:{}:{day}", house.id);
    let now = house.portal.clock.now();
    let counted = operations
        .fill(|writer| (0..99).try_for_each(|_| db::throttles::count_failure(writer, &bucket, now, now).map(drop)));
    counted.unwrap();
    assert_eq!(house.register(&web()).0, 201);
    let (status, answer) = house.register(&web());
    assert_eq!(status, 429, "{answer}");
    assert_eq!(house.clients(), 1);
    house.portal.clock.advance(DAY);
    assert_eq!(house.register(&web()).0, 201);
}

#[test]
fn what_is_no_json_object_is_refused() {
    let house = house();
    let send = |kind: &str, body: String| {
        let request = reqwest::blocking::Client::new().post(house.endpoint()).bearer_auth(&house.token);
        read(request.header("content-type", kind).body(body).send().expect("an answer"))
    };
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000));
    for (kind, body, status) in [
        ("application/x-www-form-urlencoded", "client_name=x".to_owned(), 400),
        ("application/json", "{".to_owned(), 400),
        ("application/json", "[]".to_owned(), 400),
        ("application/json", "\"text\"".to_owned(), 400),
        ("application/json", deep, 400),
        ("application/json", format!("{{\"client_name\":\"{}\"}}", "x".repeat(64 * 1024)), 413),
    ] {
        let (answered, answer) = send(kind, body);
        assert_eq!((answered, answer["error"].as_str()), (status, Some("invalid_request")), "{kind}: {answer}");
    }
    assert_eq!(send("application/json; charset=utf-8", web().to_string()).0, 201);
}
