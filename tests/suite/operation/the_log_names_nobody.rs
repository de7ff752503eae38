//! The log of the real program as JSON: every line of a request bears its reference, and none says who asked or for what.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::thread;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};
use reqwest::blocking::Client;
use serde_json::Value;

use crate::support::{Browser, Served};

const EMAIL: &str = "olga@contoso.example";
const PASSWORD: &str = "granite lantern orchard";
const WRONG: &str = "wrong walrus umbrella";

fn lines(log: &str) -> Vec<Value> {
    let line = |line: &str| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}"));
    log.lines().map(line).collect()
}

/// A mail server that knows nobody and quotes whom it was asked for, as many do.
fn mail_server_that_quotes() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = format!("smtp://{}", listener.local_addr().expect("its address"));
    // Ends with the test's process.
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let mut answers = stream.try_clone().expect("a second handle");
            writeln!(answers, "220 mail.example\r").ok();
            for line in BufReader::new(stream).lines().map_while(Result::ok) {
                match line.strip_prefix("RCPT TO:") {
                    Some(recipient) => writeln!(answers, "550 5.1.1 {recipient}: nobody here\r").ok(),
                    None => writeln!(answers, "250 mail.example\r").ok(),
                };
            }
        }
    });
    address
}

/// Waits until a line of the log says this.
fn wait_for_line(served: &Served, message: &str) -> Value {
    let begun = Instant::now();
    loop {
        if let Some(line) = lines(&served.log()).into_iter().find(|line| line["message"] == message) {
            return line;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "no {message:?} in {}", served.log());
        thread::sleep(Duration::from_millis(50));
    }
}

/// The lines that bear a reference, once there are so many: the log of another process comes a moment later.
fn lines_of(served: &Served, reference: &str, at_least: usize) -> Vec<Value> {
    let begun = Instant::now();
    loop {
        let mut found = lines(&served.log());
        found.retain(|line| line["span"]["reference"] == reference);
        if found.len() >= at_least || begun.elapsed() > Duration::from_secs(10) {
            return found;
        }
        thread::sleep(Duration::from_millis(20));
    }
}

fn reference_on(html: &str) -> String {
    let (_, after) = html.split_once("Reference: <code>").expect("the page of an error has a reference");
    after.split('<').next().unwrap_or_default().to_owned()
}

#[test]
fn each_line_has_the_reference_of_its_request_and_nothing_personal() {
    let mail = mail_server_that_quotes();
    let wanted = [("KEYWRIGHT_LOG_FORMAT", "json"), ("KEYWRIGHT_MAIL", mail.as_str())];
    let served = Served::start("info,keywright=debug", &wanted);
    let mut browser = Browser::new(&served.url);
    browser.visit(&served.setup_link().expect("a link"));
    browser
        .fill("Company name", "Contoso")
        .fill("Your name", "Olga Cyan")
        .fill("E-mail", EMAIL)
        .fill("Password", PASSWORD);
    assert_eq!(browser.press("Set up Keywright").status, 200);
    let mut other = Browser::new(&served.url);
    assert_eq!(other.try_sign_in(EMAIL, WRONG).status, 422);
    other.sign_in(EMAIL, PASSWORD);
    assert_eq!(browser.visit("/clients?search=walrus").status, 200);
    assert_eq!(browser.visit("/made-up?email=olga@contoso.example&search=walrus").status, 404);
    let not_found = reference_on(&browser.page().html);
    let asked = |form: &[(&str, &str)]| {
        Client::new().post(format!("{}/oauth2/token", served.url)).form(form).send().unwrap().json::<Value>().unwrap()
    };
    let refused = asked(&[("client_id", "walrus-client"), ("client_secret", "kws_walrus"), ("grant_type", "password")]);
    let refused = refused["reference"].as_str().expect("a reference").to_owned();

    other.visit("/password-reset");
    other.fill("E-mail", EMAIL);
    other.press("Send code");
    let postponed = wait_for_line(&served, "a mail was not taken; it will be tried again");
    assert!(postponed["error"].as_str().unwrap().contains("nobody here"), "{postponed}");

    // Work inside a request that fails: of a page, of the sessions that come before a form, and of an endpoint.
    let file = served.folder.path().join("keywright.db");
    let mut conn = SqliteConnection::establish(file.to_str().unwrap()).unwrap();
    conn.batch_execute("PRAGMA busy_timeout = 10000; ALTER TABLE audit_events RENAME TO gone").unwrap();
    assert_eq!(browser.visit("/audit?on=walrus").status, 500);
    let page = reference_on(&browser.page().html);
    conn.batch_execute("ALTER TABLE gone RENAME TO audit_events; ALTER TABLE sessions RENAME TO gone").unwrap();
    let form = browser.post("/theme?search=walrus", &[("theme", "dark")]);
    assert_eq!(form.status(), 503);
    let session = reference_on(&form.text().unwrap());
    conn.batch_execute("ALTER TABLE gone RENAME TO sessions; ALTER TABLE clients RENAME TO gone").unwrap();
    let failed = asked(&[("client_id", "walrus-client"), ("client_secret", "kws_walrus"), ("grant_type", "password")]);
    assert_eq!(failed["error"], "server_error");
    let endpoint = failed["reference"].as_str().expect("a reference").to_owned();

    for (reference, route, status, message) in [
        (&not_found, "none", 404, "a request was refused"),
        (&refused, "/oauth2/token", 401, "a protocol request was refused"),
        (&page, "/audit", 500, "a request failed"),
        (&session, "none", 503, "a request failed outside its page"),
        (&endpoint, "/oauth2/token", 500, "a protocol request failed"),
    ] {
        let found = lines_of(&served, reference, 2);
        let answered = found.iter().find(|line| line["message"] == "answered").expect("the end of the request");
        assert_eq!(answered["status"], status, "{answered}");
        if status != 503 {
            assert_eq!(answered["route"], route, "{answered}");
        }
        assert!(answered["micros"].is_u64() && answered["method"].is_string(), "{answered}");
        assert!(found.iter().any(|line| line["message"] == message), "no {message:?} in {found:?}");
    }

    let log = served.stop().1;
    let all = lines(&log);
    assert!(all.len() > 20, "{log}");
    for line in &all {
        for name in ["timestamp", "level", "target", "message"] {
            assert!(line[name].is_string(), "no {name} in {line}");
        }
        let of_request =
            ["keywright::portal", "keywright::oauth"].map(|room| line["target"].as_str().unwrap().starts_with(room));
        if of_request.contains(&true) {
            let reference = line["span"]["reference"].as_str().expect("a reference");
            assert_eq!(reference.len(), 10, "{line}");
        }
    }
    for personal in [EMAIL, "olga", "Olga", "Contoso", "walrus", PASSWORD, WRONG, "granite", "search=", "token="] {
        let found: Vec<&str> = log.lines().filter(|line| line.contains(personal)).collect();
        assert!(found.is_empty(), "{personal}: {found:?}");
    }
}

#[test]
fn a_quiet_log_names_the_request_too() {
    // The start is told all the same: that is how the test knows its address.
    let quiet = "info,keywright::portal=warn,keywright::oauth=warn";
    let served = Served::start(quiet, &[("KEYWRIGHT_LOG_FORMAT", "json")]);
    let file = served.folder.path().join("keywright.db");
    let mut conn = SqliteConnection::establish(file.to_str().unwrap()).unwrap();
    conn.batch_execute("PRAGMA busy_timeout = 10000; ALTER TABLE clients RENAME TO gone").unwrap();
    let form = [("client_id", "walrus-client"), ("client_secret", "kws_walrus"), ("grant_type", "password")];
    let failed = Client::new().post(format!("{}/oauth2/token", served.url)).form(&form).send().unwrap();
    let failed: Value = failed.json().unwrap();
    let found = lines_of(&served, failed["reference"].as_str().expect("a reference"), 1);
    assert_eq!(found.len(), 1, "{}", served.log());
    assert_eq!(found[0]["message"], "a protocol request failed");
}
