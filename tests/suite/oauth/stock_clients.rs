//! Clients that nobody here wrote, against a portal with the system's time: they check what they get by their own clock.

use std::io::Write;
use std::process::{Command, Stdio};

use keywright::clock::Clock;
use keywright::domain::client::ClientType;
use serde_json::{Value, json};

use crate::support::{App, CALLBACK, PASSWORD, Person, TestPortal};

const LOGOUT: &str = "https://app.example.com/signed-out";
const SCOPE: &str = "openid profile email roles";

/// A portal with an application of each kind, and what a program must know to be each of them.
fn portal() -> (TestPortal, Value) {
    let portal = TestPortal::spawn();
    portal.clock.set(Clock::System.now());
    let company = portal.company("northwind");
    let app = |kind| portal.app(&company, kind, |input| input.logout_redirect_urls = LOGOUT.into());
    let known = |app: &App| json!({"client_id": app.client_id, "secret": app.secret, "redirect_uri": CALLBACK, "logout": LOGOUT, "scope": SCOPE});
    let (web, native, hybrid) = (app(ClientType::AuthorizationCode), app(ClientType::Native), app(ClientType::Hybrid));
    let es256 = portal.app(&company, ClientType::AuthorizationCode, |input| {
        input.id_token_signing = "ES256".into();
        input.require_consent = "yes".into();
    });
    let machine = portal.app(&company, ClientType::ClientCredentials, |_| {});
    let keyed = portal.app(&company, ClientType::ClientCredentials, |_| {});
    let pair = crate::support::key_pair();
    portal.this_client_key(&company, keyed.uid, &pair.public);
    let apps = json!({
        "web": known(&web), "native": known(&native), "hybrid": known(&hybrid), "es256": known(&es256),
        "machine": {"client_id": machine.client_id, "secret": machine.secret},
        "keyed": {"client_id": keyed.client_id, "key": pair.private},
    });
    let email = Person::Member.email("northwind");
    let registration = portal.registration_token(&company, web.service, "Stock").1;
    let known = json!({
        "issuer": portal.url, "email": email, "password": PASSWORD, "apps": apps, "registration": registration,
    });
    (portal, known)
}

/// Runs a program that says `ok` of each thing that it has seen to work.
fn run(program: &str, script: &str) {
    let (_portal, known) = portal();
    let mut child = Command::new(program)
        .arg(format!("{}/tests/clients/{script}", env!("CARGO_MANIFEST_DIR")))
        // Authlib wants to be told that the loopback interface is safe.
        .env("AUTHLIB_INSECURE_TRANSPORT", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program runs");
    child.stdin.take().expect("a pipe").write_all(known.to_string().as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    let (said, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && said.lines().count() >= 3, "{said}\n{errors}");
    print!("{said}");
}

#[test]
fn openid_client() {
    if prepared("TEST_NODE_READY").is_some() {
        run("node", "openid-client.mjs");
    }
}

#[test]
fn oauth4webapi() {
    if prepared("TEST_NODE_READY").is_some() {
        run("node", "oauth4webapi.mjs");
    }
}

#[test]
fn authlib() {
    if let Some(python) = prepared("TEST_PYTHON") {
        run(&python, "authlib_client.py");
    }
}

fn prepared(variable: &str) -> Option<String> {
    let found = std::env::var(variable).ok();
    if found.is_none() {
        eprintln!("skipped: {variable} is not set; tests/run prepares what stock clients need");
    }
    found
}
