//! Each field of each client's form, what `openid-client` observes before it is edited, and what after.

use std::io::Write;
use std::process::{Command, Stdio};

use keywright::access::act;
use keywright::clock::Clock;
use keywright::crypto::random;
use keywright::db;
use keywright::domain::client::{ClientInput, ClientType};
use keywright::domain::role::RoleInput;
use keywright::operations::fill::Company;
use serde_json::{Value, json};

use crate::support::{App, CALLBACK, PASSWORD, Person, TestPortal};

const LOGOUT: &str = "https://app.example.com/signed-out";
const ORIGIN: &str = "https://app.example.com";

/// What the application is told beside its identifier and secret.
struct Asking {
    response_type: &'static str,
    without_pkce: bool,
    signing: &'static str,
}

const USUAL: Asking = Asking { response_type: "code", without_pkce: false, signing: "RS256" };

struct Row {
    field: &'static str,
    client_type: ClientType,
    asking: Asking,
    /// Where to look in what was observed, and what stands there before and after.
    at: &'static str,
    before: Value,
    after: Value,
    /// What the application asks for after the edit.
    asking_after: Asking,
    edit: fn(&mut ClientInput, &Roles),
}

/// Roles that can be given, by id.
struct Roles {
    tenant: String,
    community: String,
}

fn row(
    field: &'static str,
    client_type: ClientType,
    at: &'static str,
    (before, after): (Value, Value),
    edit: fn(&mut ClientInput, &Roles),
) -> Row {
    Row { field, client_type, asking: USUAL, at, before, after, asking_after: USUAL, edit }
}

fn rows() -> Vec<Row> {
    use ClientType::{AuthorizationCode as Web, ClientCredentials as Machine, Custom, Hybrid, Native, SyncConnector};
    let consent_shows = |field, edit: fn(&mut ClientInput, &Roles), words: &'static str| {
        row(field, Web, "/code/page", (json!(false), json!(words)), edit)
    };
    vec![
        row(
            "Scopes",
            Machine,
            "/client_credentials/scope",
            (json!("roles directory.read"), json!("directory.write")),
            |input, _| {
                input.scopes = vec!["directory.write".into()];
            },
        ),
        row(
            "Token lifetime (seconds)",
            Machine,
            "/client_credentials/expires_in",
            (json!(3600), json!(60)),
            |input, _| {
                input.token_lifetime = "60".into();
            },
        ),
        row(
            "Tenant roles",
            Machine,
            "/client_credentials/claims/roles",
            (json!(["Tenant Member"]), json!(["Dispatcher", "Tenant Member"])),
            |input, roles| {
                input.roles.push(roles.tenant.clone());
            },
        ),
        row(
            "Community roles",
            Machine,
            "/client_credentials/claims/roles",
            (json!(["Tenant Member"]), json!(["Harbour: Pilot", "Tenant Member"])),
            |input, roles| {
                input.community_roles.push(roles.community.clone());
            },
        ),
        row("Status", Machine, "/client_credentials/error", (Value::Null, json!("invalid_client")), |input, _| {
            input.status = "inactive".into();
        }),
        row(
            "Scopes",
            SyncConnector,
            "/client_credentials/scope",
            (json!("roles directory.read"), json!("directory.read")),
            |input, _| {
                input.scopes = vec!["directory.read".into()];
            },
        ),
        row("Status", Web, "/code/error", (Value::Null, json!("400")), |input, _| input.status = "inactive".into()),
        row("Redirect URLs", Web, "/code/error", (Value::Null, json!("400")), |input, _| {
            input.redirect_urls = "https://app.example.com/other".into();
        }),
        row("Redirect URLs", Native, "/code/error", (Value::Null, json!("400")), |input, _| {
            input.redirect_urls = "https://app.example.com/other".into();
        }),
        row("Logout redirect URLs", Web, "/logout", (json!(LOGOUT), json!({"error": "400"})), |input, _| {
            input.logout_redirect_urls = String::new();
        }),
        row("CORS origins", Web, "/cors", (json!("none"), json!(ORIGIN)), |input, _| {
            input.cors_origins = ORIGIN.into()
        }),
        row("CORS origins", Native, "/cors", (json!("none"), json!(ORIGIN)), |input, _| {
            input.cors_origins = ORIGIN.into()
        }),
        row("Scopes", Web, "/code/scope", (json!("openid email"), json!({"error": "invalid_scope"})), |input, _| {
            input.scopes.retain(|scope| scope != "email");
        }),
        row("Token lifetime (seconds)", Web, "/code/expires_in", (json!(3600), json!(60)), |input, _| {
            input.token_lifetime = "60".into();
        }),
        row("Allow refresh tokens", Web, "/code/refresh", (json!(true), json!(false)), |input, _| {
            input.allow_refresh = String::new();
        }),
        row("Allow refresh tokens", Native, "/code/refresh", (json!(true), json!(false)), |input, _| {
            input.allow_refresh = String::new();
        }),
        Row {
            asking: Asking { response_type: "code id_token", ..USUAL },
            asking_after: Asking { response_type: "code id_token", ..USUAL },
            ..row("Allow refresh tokens", Hybrid, "/code/refresh", (json!(true), json!(false)), |input, _| {
                input.allow_refresh = String::new();
            })
        },
        row("Require user consent", Web, "/code/consented", (json!(false), json!(true)), |input, _| {
            input.require_consent = "yes".into();
        }),
        row("Require user consent", Native, "/code/consented", (json!(false), json!(true)), |input, _| {
            input.require_consent = "yes".into();
        }),
        Row {
            asking: Asking { without_pkce: true, ..USUAL },
            asking_after: Asking { without_pkce: true, ..USUAL },
            ..row("Require PKCE", Web, "/code/error", (json!("invalid_request"), Value::Null), |input, _| {
                input.require_pkce = String::new();
                input.confirmed = vec!["no-pkce".into()];
            })
        },
        Row {
            asking_after: Asking { signing: "ES256", ..USUAL },
            ..row("ID token signing", Web, "/code/algorithm", (json!("RS256"), json!("ES256")), |input, _| {
                input.id_token_signing = "ES256".into();
            })
        },
        row("Subject", Web, "/code/subject", (json!(false), json!("the account's id")), |input, _| {
            input.subject_type = "public".into();
        }),
        row(
            "Grant types",
            Custom,
            "/client_credentials/error",
            (json!("unauthorized_client"), Value::Null),
            |input, _| {
                input.grant_types.push("client_credentials".into());
            },
        ),
        row("Response types", Hybrid, "/code/error", (json!("unauthorized_client"), Value::Null), |input, _| {
            input.response_types.push("code".into());
        }),
        consent_shows(
            "Name",
            |input, _| {
                input.require_consent = "yes".into();
                input.name = "Renamed since".into();
            },
            "Renamed since",
        ),
        consent_shows(
            "Website URL",
            |input, _| {
                input.require_consent = "yes".into();
                input.website_url = "https://www.app.example.com/".into();
            },
            "https://www.app.example.com/",
        ),
        consent_shows(
            "Alternative privacy policy URL",
            |input, _| {
                input.require_consent = "yes".into();
                input.privacy_policy_url = "https://app.example.com/our-privacy".into();
            },
            "https://app.example.com/our-privacy",
        ),
        consent_shows(
            "Alternative terms URL",
            |input, _| {
                input.require_consent = "yes".into();
                input.terms_url = "https://app.example.com/our-terms".into();
            },
            "https://app.example.com/our-terms",
        ),
    ]
}

#[test]
fn every_field_is_felt_by_a_stock_client() {
    if std::env::var_os("TEST_NODE_READY").is_none() {
        eprintln!("skipped: TEST_NODE_READY is not set; tests/run prepares what stock clients need");
        return;
    }
    let portal = TestPortal::spawn();
    portal.clock.set(Clock::System.now());
    let company = portal.company("northwind");
    let roles = roles(&portal, &company);
    let account = portal.person(&company, Person::Member).account_id.to_string();
    let mut wrong = Vec::new();
    for row in rows() {
        let app = portal.app(&company, row.client_type, |input| {
            input.logout_redirect_urls = LOGOUT.into();
            match row.client_type {
                ClientType::SyncConnector => input.scopes = vec!["roles".into(), "directory.read".into()],
                ClientType::Custom => input.grant_types = vec!["authorization_code".into(), "refresh_token".into()],
                ClientType::Hybrid => input.response_types = vec!["code id_token".into()],
                _ => {}
            }
        });
        let before = observed(&portal, &app, &row.asking);
        portal.edit_client(&company, app.uid, |input| (row.edit)(input, &roles));
        let after = observed(&portal, &app, &row.asking_after);
        for (when, seen, expected) in [("before", before, &row.before), ("after", after, &row.after)] {
            let found = seen.pointer(row.at).cloned().unwrap_or(Value::Null);
            if !fits(&found, &seen, expected, &account) {
                wrong.push(format!(
                    "{} of {:?}, {when}: {found} is not {expected} in {seen}",
                    row.field, row.client_type
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Whether what was found is what is expected: the same, a sentence that holds it, or roles in another order.
fn fits(found: &Value, seen: &Value, expected: &Value, account: &str) -> bool {
    match (found, expected) {
        (Value::String(found), Value::String(expected)) if expected == "the account's id" => found == account,
        (Value::String(found), Value::String(expected)) => found.contains(expected.as_str()),
        // Of a page or a subject: there is none, or another.
        (found, Value::Bool(false)) if !found.is_boolean() => found.as_str() != Some(account) || found == "",
        (Value::Array(found), Value::Array(expected)) => {
            found.len() == expected.len() && expected.iter().all(|one| found.contains(one))
        }
        (found, Value::Object(expected)) => expected.iter().all(|(name, value)| {
            let there = found.get(name).or_else(|| seen.pointer("/code").and_then(|code| code.get(name)));
            there.is_some_and(|there| fits(there, seen, value, account))
        }),
        _ => found == expected,
    }
}

fn roles(portal: &TestPortal, company: &Company) -> Roles {
    let operations = &portal.application.operations;
    let permit = portal.permit::<act::ManageTenant>(company, Person::Administrator);
    let named = |name: &str| RoleInput { name: name.into(), ..RoleInput::default() };
    let tenant = operations.add_role(&permit, &named("Dispatcher"), &random::token()).expect("a role").0;
    let harbour = portal.community(company, "Harbour");
    operations.add_community_role(&permit, harbour, &named("Pilot"), &random::token()).expect("a role");
    let all = portal.application.db.read(|reader| db::communities::roles(reader, harbour)).expect("the roles");
    let pilot = all.into_iter().find(|role| role.settings.name == "Pilot").expect("it is there");
    Roles { tenant: tenant.to_string(), community: pilot.id.to_string() }
}

fn observed(portal: &TestPortal, app: &App, asking: &Asking) -> Value {
    let known = json!({
        "issuer": portal.url,
        "email": Person::Member.email("northwind"),
        "password": PASSWORD,
        "app": {
            "client_id": app.client_id,
            "secret": app.secret,
            "redirect_uri": CALLBACK,
            "logout": LOGOUT,
            "origin": ORIGIN,
            "scope": "openid email",
            "response_type": asking.response_type,
            "without_pkce": asking.without_pkce,
            "signing": asking.signing,
        },
    });
    let mut child = Command::new("node")
        .arg(format!("{}/tests/clients/probe.mjs", env!("CARGO_MANIFEST_DIR")))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("node runs");
    child.stdin.take().expect("a pipe").write_all(known.to_string().as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    serde_json::from_str(&said).unwrap_or_else(|_| panic!("{said}\n{}", String::from_utf8_lossy(&output.stderr)))
}
