//! The client credentials grant obeys every field of the client, at once.

use std::time::Duration;

use keywright::access::act;
use keywright::domain::client::ClientType;
use keywright::domain::role::RoleInput;
use keywright::domain::secret::SecretInput;

use crate::support::{DAY, HOUR, Person, SECOND, TestPortal, answered, claims, jwt_header};

#[test]
fn a_token_says_what_the_client_is() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let app = portal.app(&company, ClientType::ClientCredentials, |input| input.token_lifetime = "60".into());
    let answer = portal.client_credentials(&app);
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!((answer.text("token_type"), &answer.body["expires_in"]), ("Bearer", &60.into()));
    assert_eq!(answer.text("scope"), "roles directory.read");
    assert_eq!(answer.header("cache-control"), "no-store");
    assert!(answer.body.get("refresh_token").is_none() && answer.body.get("id_token").is_none());
    let token = answer.text("access_token");
    let (header, claims) = (jwt_header(token), claims(token));
    assert_eq!((&header["typ"], &header["alg"]), (&"at+jwt".into(), &"ES256".into()));
    assert_eq!(claims["iss"], portal.url);
    assert_eq!(claims["aud"], portal.url);
    assert_eq!(claims["sub"], app.client_id);
    assert_eq!(claims["client_id"], app.client_id);
    assert_eq!(claims["environment"], "sandbox");
    assert_eq!(claims["tenant"], company.tenant.id.to_string());
    assert_eq!(claims["roles"], serde_json::json!(["Tenant Member"]));
    assert_eq!(claims["iat"], portal.clock.now().seconds());
    assert_eq!(claims["exp"], portal.clock.now().seconds() + 60);
    assert_ne!(claims["jti"], crate::support::claims(portal.client_credentials(&app).text("access_token"))["jti"]);
}

#[test]
fn a_client_proves_itself_by_header_or_body() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let app = portal.app(&company, ClientType::ClientCredentials, |_| {});
    let url = format!("{}/oauth2/token", portal.url);
    let post = |form: &[(&str, &str)]| answered(portal.http().post(&url).form(form));
    let by_body = [("grant_type", "client_credentials"), ("client_id", &app.client_id), ("client_secret", &app.secret)];
    assert_eq!(post(&by_body).status, 200);
    let mut wrong = app.clone();
    wrong.secret = portal.app(&company, ClientType::ClientCredentials, |_| {}).secret;
    let refused = portal.client_credentials(&wrong);
    assert_eq!((refused.status, refused.error()), (401, "invalid_client"));
    assert!(refused.header("www-authenticate").starts_with("Basic "), "{refused:?}");
    assert!(!refused.text("reference").is_empty());
    assert!(refused.text("error_uri").ends_with(refused.text("reference")));
    wrong.secret.replace_range(20..21, "-");
    assert_eq!(
        portal.client_credentials(&wrong).text("error_description"),
        "The client secret is incomplete or mistyped: its checksum is wrong."
    );
    let nobody =
        post(&[("grant_type", "client_credentials"), ("client_id", "nobody.x"), ("client_secret", &app.secret)]);
    assert_eq!((nobody.status, nobody.error()), (401, "invalid_client"));
    let unproved = post(&[("grant_type", "client_credentials"), ("client_id", &app.client_id)]);
    assert_eq!((unproved.status, unproved.error()), (401, "invalid_client"));
    // A secret in the address is not looked for.
    let in_query =
        format!("{url}?grant_type=client_credentials&client_id={}&client_secret={}", app.client_id, app.secret);
    assert_eq!(answered(portal.http().post(&in_query).form(&[("a", "b")])).status, 400);
    assert_eq!(answered(portal.http().get(&url)).status, 405);
}

#[test]
fn what_cant_be_read_is_refused() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let app = portal.app(&company, ClientType::ClientCredentials, |_| {});
    for (form, error) in [
        (vec![], "invalid_request"),
        (vec![("grant_type", "password"), ("username", "a"), ("password", "b")], "unsupported_grant_type"),
        (vec![("grant_type", "implicit")], "unsupported_grant_type"),
        (vec![("grant_type", "authorization_code"), ("code", "x")], "unauthorized_client"),
        (vec![("grant_type", "refresh_token"), ("refresh_token", "x")], "unauthorized_client"),
        (vec![("grant_type", "client_credentials"), ("grant_type", "client_credentials")], "invalid_request"),
        (vec![("grant_type", "client_credentials"), ("scope", "directory.write")], "invalid_scope"),
        (vec![("grant_type", "client_credentials"), ("scope", "openid")], "invalid_scope"),
    ] {
        let answer = portal.token(&app, &form);
        assert_eq!((answer.status, answer.error()), (400, error), "{form:?}");
    }
    let narrower = portal.token(&app, &[("grant_type", "client_credentials"), ("scope", "directory.read")]);
    assert_eq!(narrower.text("scope"), "directory.read");
    let long = "x".repeat(1024 * 1024);
    let answer = portal.token(&app, &[("grant_type", "client_credentials"), ("scope", &long)]);
    assert_eq!((answer.status, answer.error()), (413, "invalid_request"));
    let json = portal.http().post(format!("{}/oauth2/token", portal.url)).header("content-type", "application/json");
    assert_eq!(answered(json.body("{}")).error(), "invalid_request");
}

#[test]
fn whatever_changes_is_felt_by_the_next_request() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let app = portal.app(&company, ClientType::ClientCredentials, |_| {});
    let operations = &portal.application.operations;
    let edit = portal.permit::<act::EditClients>(&company, Person::Administrator);
    let confirmed = portal.confirmed::<act::EditClients>(&company, Person::Administrator);
    let status = || portal.client_credentials(&app).status;
    assert_eq!(status(), 200);
    operations.deactivate_client(&edit, app.uid).expect("inactive");
    assert_eq!((status(), portal.client_credentials(&app).error()), (401, "invalid_client"));
    operations.reactivate_client(&edit, app.uid, false, "").expect("active");
    assert_eq!(status(), 200);
    operations.delete_client(&confirmed, app.uid).expect("deleted");
    assert_eq!(status(), 401);
    operations.reactivate_client(&edit, app.uid, true, "").expect("back");
    assert_eq!(status(), 200);
    let service = portal.confirmed::<act::ChangeServiceStatus>(&company, Person::Administrator);
    operations.deactivate_service(&service, app.service).expect("inactive");
    assert_eq!(status(), 401);
    operations.reactivate_service(&service, app.service, false, "").expect("active");
    portal.edit_client(&company, app.uid, |input| {
        input.scopes = vec!["directory.write".into()];
        input.token_lifetime = "3600".into();
    });
    let answer = portal.client_credentials(&app);
    assert_eq!((answer.text("scope"), &answer.body["expires_in"]), ("directory.write", &3600.into()));
    // A role that is given stands in the next token, and no longer in the one after it was taken.
    let manage = portal.permit::<act::ManageTenant>(&company, Person::Administrator);
    let input = RoleInput { name: "Dispatcher".into(), ..RoleInput::default() };
    let (role, _) = operations.add_role(&manage, &input, "a token").expect("a role");
    let roles = || {
        let claims = claims(portal.client_credentials(&app).text("access_token"));
        let mut roles: Vec<String> = serde_json::from_value(claims["roles"].clone()).expect("a list");
        roles.sort();
        roles
    };
    let mut held = Vec::new();
    portal.edit_client(&company, app.uid, |input| {
        held = input.roles.clone();
        input.roles.push(role.to_string());
    });
    assert_eq!(roles(), ["Dispatcher", "Tenant Member"]);
    portal.edit_client(&company, app.uid, |input| input.roles = held);
    assert_eq!(roles(), ["Tenant Member"]);
    operations.delete_secret(&confirmed, app.secret_id.expect("a secret")).expect("deleted");
    assert_eq!(status(), 401);
}

#[test]
fn a_secret_ends_to_the_second() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let mut app = portal.app(&company, ClientType::ClientCredentials, |_| {});
    let operations = &portal.application.operations;
    let permit = portal.confirmed::<act::EditClients>(&company, Person::Administrator);
    let input =
        SecretInput { environment: "sandbox".into(), expires_at: "2026-11-22T12:00".into(), ..SecretInput::default() };
    let made = operations.add_secret(&permit, app.uid, &input, "a token").expect("a secret");
    app.secret = made.secret.expose().to_owned();
    portal.clock.advance(DAY - SECOND);
    assert_eq!(portal.client_credentials(&app).status, 200);
    portal.clock.advance(SECOND);
    let over = portal.client_credentials(&app);
    assert_eq!((over.status, over.text("error_description")), (401, "The client secret has expired."));
}

#[test]
fn both_secrets_work_until_the_overlap_ends() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let app = portal.app(&company, ClientType::ClientCredentials, |_| {});
    let permit = portal.confirmed::<act::EditClients>(&company, Person::Administrator);
    let operations = &portal.application.operations;
    let rotated = operations.rotate_secret(&permit, app.secret_id.expect("a secret"), "1h", "", "a token");
    let mut new = app.clone();
    new.secret = rotated.expect("rotated").secret.expose().to_owned();
    portal.clock.advance(HOUR - Duration::from_micros(1));
    assert_eq!([&app, &new].map(|app| portal.client_credentials(app).status), [200, 200]);
    portal.clock.advance(Duration::from_micros(1));
    assert_eq!([&app, &new].map(|app| portal.client_credentials(app).status), [401, 200]);
}
