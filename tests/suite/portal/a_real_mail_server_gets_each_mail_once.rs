//! Mail over a real SMTP dialogue, with a server of somebody else's making that refuses, falls silent and goes away:
//! nothing is lost, and nothing arrives twice. It runs where `tests/run` has installed the server, and says so where not.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use keywright::config::Mail;
use keywright::crypto::random;
use keywright::jobs::mail::{Delivered, deliver_due};
use keywright::mail::Transport;
use serde_json::Value;

use crate::support::{DAY, HOUR, MINUTE, Person, TestPortal, wait_for};

/// The server of `tests/smtp`.
struct Receiver {
    port: u64,
    child: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
}

/// A mail as it arrived.
struct Arrived {
    to: Vec<String>,
    raw: String,
}

impl Arrived {
    fn head(&self) -> &str {
        self.raw.split("\r\n\r\n").next().unwrap()
    }

    fn id(&self) -> &str {
        self.head().lines().find_map(|line| line.strip_prefix("Message-ID: ")).expect("a Message-ID")
    }
}

impl Receiver {
    fn start(port: u64, tls: bool) -> Option<Self> {
        if std::env::var_os("TEST_NODE_READY").is_none() {
            eprintln!("skipped: TEST_NODE_READY is not set; tests/run prepares the mail server");
            return None;
        }
        let mut child = Command::new("node")
            .arg(format!("{}/tests/smtp/server.mjs", env!("CARGO_MANIFEST_DIR")))
            .args([port.to_string().as_str(), if tls { "tls" } else { "" }])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("node runs");
        let (orders, answers) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let mut receiver = Self { port: 0, child, orders, answers };
        receiver.port = receiver.answer()["port"].as_u64().expect("a port");
        Some(receiver)
    }

    fn answer(&mut self) -> Value {
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        serde_json::from_str(&line).expect("an answer")
    }

    fn order(&mut self, order: &str) -> Value {
        writeln!(self.orders, "{order}").unwrap();
        self.answer()
    }

    fn arrived(&mut self) -> Vec<Arrived> {
        let answer = self.order("list");
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let mails = answer["mails"].as_array().unwrap().iter();
        mails
            .map(|mail| Arrived {
                to: mail["to"].as_array().unwrap().iter().map(text).collect(),
                raw: text(&mail["raw"]),
            })
            .collect()
    }

    fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}", self.port)
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

const NOTHING: Delivered = Delivered { sent: 0, postponed: 0 };

fn sent(sent: usize) -> Delivered {
    Delivered { sent, postponed: 0 }
}

fn postponed(postponed: usize) -> Delivered {
    Delivered { sent: 0, postponed }
}

fn deliver(portal: &TestPortal, url: &str) -> Delivered {
    // Long for a server on the same machine, and short for a test.
    let transport =
        Transport::with_patience(&Mail::Smtp(url.into()), &portal.config.mail_from, Duration::from_millis(1_500));
    wait_for(deliver_due(&portal.application.operations, &transport.unwrap())).expect("the outbox can be read")
}

fn ask(portal: &TestPortal, person: Person) {
    portal.application.operations.request_password_reset(&person.email("northwind"), "192.0.2.1").unwrap();
}

fn with_three_mails() -> TestPortal {
    let portal = TestPortal::spawn();
    portal.company("northwind");
    for person in [Person::Developer, Person::Approver, Person::Member] {
        ask(&portal, person);
    }
    portal
}

fn waiting(portal: &TestPortal) -> i64 {
    portal.number("SELECT count(*) AS n FROM outbox")
}

/// Three mails have arrived, each once.
fn three_arrived(receiver: &mut Receiver) {
    let arrived = receiver.arrived();
    let ids: BTreeSet<_> = arrived.iter().map(Arrived::id).collect();
    let people: BTreeSet<_> = arrived.iter().flat_map(|mail| mail.to.iter()).collect();
    assert_eq!((arrived.len(), ids.len(), people.len()), (3, 3, 3));
}

#[test]
fn accepted() {
    let Some(mut receiver) = Receiver::start(0, false) else { return };
    let portal = with_three_mails();
    assert_eq!(deliver(&portal, &receiver.url()), sent(3));
    assert_eq!(deliver(&portal, &receiver.url()), NOTHING);
    three_arrived(&mut receiver);
    for mail in receiver.arrived() {
        assert!(mail.head().contains("From: Keywright <keywright@localhost>"), "{}", mail.raw);
        assert!(mail.head().contains("Subject: Your code for a new password"));
        assert!(mail.head().contains("Content-Type: multipart/alternative;"));
        let parts = ["text/plain", "text/html"]
            .map(|kind| mail.raw.matches(&format!("Content-Type: {kind}; charset=utf-8")).count());
        assert_eq!(parts, [1, 1]);
        assert!(mail.raw.contains("<!doctype html>") && mail.raw.contains("Hello "));
    }
    assert_eq!(waiting(&portal), 0);
}

#[test]
fn refused_for_a_while() {
    let Some(mut receiver) = Receiver::start(0, false) else { return };
    let portal = with_three_mails();
    for (refusal, minutes) in [("later", 1), ("later-data", 2), ("later", 4)] {
        receiver.order(refusal);
        assert_eq!(deliver(&portal, &receiver.url()), postponed(3), "{refusal}");
        assert_eq!(deliver(&portal, &receiver.url()), NOTHING, "not again at once");
        assert_eq!(waiting(&portal), 3);
        portal.clock.advance(minutes * MINUTE);
    }
    assert_eq!(portal.number("SELECT count(*) AS n FROM outbox WHERE last_error LIKE '%451%'"), 3);
    receiver.order("accept");
    assert_eq!(deliver(&portal, &receiver.url()), sent(3));
    three_arrived(&mut receiver);
}

#[test]
fn down_for_an_hour() {
    let Some(receiver) = Receiver::start(0, false) else { return };
    let portal = with_three_mails();
    let (url, port) = (receiver.url(), receiver.port);
    drop(receiver);
    let down_since = portal.clock.now();
    while portal.clock.now().since(down_since) <= HOUR {
        let delivered = deliver(&portal, &url);
        assert!(delivered == postponed(3) || delivered == NOTHING, "{delivered:?}");
        portal.clock.advance(MINUTE);
    }
    // Somebody else's mail, written when the server is up again, need not wait for the others.
    let mut receiver = Receiver::start(port, false).expect("the same port");
    ask(&portal, Person::Administrator);
    assert_eq!(deliver(&portal, &url), sent(1));
    let mut delivered = 1;
    for _ in 0..60 {
        portal.clock.advance(MINUTE);
        delivered += deliver(&portal, &url).sent;
    }
    assert_eq!((delivered, waiting(&portal)), (4, 0));
    let arrived = receiver.arrived();
    assert_eq!(arrived.len(), 4);
    assert_eq!(arrived.iter().map(Arrived::id).collect::<BTreeSet<_>>().len(), 4);
}

#[test]
fn never_answering() {
    let Some(mut receiver) = Receiver::start(0, false) else { return };
    let portal = with_three_mails();
    receiver.order("silent");
    let begun = Instant::now();
    assert_eq!(deliver(&portal, &receiver.url()), postponed(3));
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
    receiver.order("accept");
    portal.clock.advance(MINUTE);
    assert_eq!(deliver(&portal, &receiver.url()), sent(3));
    three_arrived(&mut receiver);
}

#[test]
fn one_that_takes_a_mail_and_never_says_so_can_tell_the_repetition() {
    let Some(mut receiver) = Receiver::start(0, false) else { return };
    let portal = TestPortal::spawn();
    portal.company("northwind");
    ask(&portal, Person::Developer);
    receiver.order("deaf");
    assert_eq!(deliver(&portal, &receiver.url()), postponed(1));
    receiver.order("accept");
    portal.clock.advance(MINUTE);
    assert_eq!(deliver(&portal, &receiver.url()), sent(1));
    // Nobody can know whether it was taken, so it is sent again, and bears the same Message-ID.
    let arrived = receiver.arrived();
    assert_eq!(arrived.iter().map(Arrived::id).collect::<BTreeSet<_>>().len(), 1);
}

#[test]
fn refused_for_good_holds_up_nobody_and_is_kept() {
    let Some(mut receiver) = Receiver::start(0, false) else { return };
    let portal = with_three_mails();
    receiver.order("never");
    assert_eq!(deliver(&portal, &receiver.url()), postponed(3));
    assert_eq!(portal.number("SELECT count(*) AS n FROM outbox WHERE last_error LIKE '%550%'"), 3);
    receiver.order("accept");
    ask(&portal, Person::Administrator);
    assert_eq!(deliver(&portal, &receiver.url()), sent(1));
    // A server that refuses because it is set up wrongly gets them once it is mended.
    portal.clock.advance(MINUTE);
    assert_eq!(deliver(&portal, &receiver.url()), sent(3));
    assert_eq!(receiver.arrived().len(), 4);
}

#[test]
fn a_certificate_that_nobody_trusts_is_refused() {
    let Some(mut starttls) = Receiver::start(0, false) else { return };
    let Some(mut tls) = Receiver::start(0, true) else { return };
    let portal = with_three_mails();
    let with_user = format!("smtp://user:password@localhost:{}", starttls.port);
    assert_eq!(deliver(&portal, &with_user), postponed(3));
    portal.clock.advance(MINUTE);
    assert_eq!(deliver(&portal, &format!("smtps://localhost:{}", tls.port)), postponed(3));
    assert!(starttls.arrived().is_empty() && tls.arrived().is_empty());
    assert_eq!(portal.number("SELECT count(*) AS n FROM outbox WHERE last_error LIKE '%certificate%'"), 3);
    portal.clock.advance(2 * MINUTE);
    assert_eq!(deliver(&portal, &starttls.url()), sent(3), "as a relay on a trusted network, without TLS");
    three_arrived(&mut starttls);
}

#[test]
fn no_name_writes_a_header() {
    let Some(mut receiver) = Receiver::start(0, false) else { return };
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let shop = portal.service(&company, "Shop");
    portal.sql("UPDATE services SET contact_email = 'shop@example.com'");
    let client = portal.client(&company, shop, keywright::domain::client::ClientType::AuthorizationCode, "Till");
    let at = portal.clock.now().plus(40 * DAY).form_value();
    let input = keywright::domain::secret::SecretInput {
        environment: "sandbox".into(),
        expires_at: at,
        ..keywright::domain::secret::SecretInput::default()
    };
    let permit = portal.confirmed(&company, Person::Developer);
    portal.application.operations.add_secret(&permit, client, &input, &random::token()).unwrap();
    // Such names are refused on their way in; whoever can write into the database can do as they like there.
    let long = "Kasse 🔑 mit sehr langem Nämen ".repeat(30);
    portal.sql(&format!(
        "UPDATE clients SET name = 'Till' || '\r\n' || 'Bcc: eve@example.com' || '\r\n\r\n' || 'Hello {long}'"
    ));
    portal.clock.advance(15 * DAY);
    assert_eq!(portal.application.operations.remind(|| true).unwrap().secrets, 1);
    assert_eq!(deliver(&portal, &receiver.url()), sent(2));
    let arrived = receiver.arrived();
    let people: BTreeSet<_> = arrived.iter().flat_map(|mail| mail.to.iter().map(String::as_str)).collect();
    assert_eq!(people, BTreeSet::from(["developer@northwind.example", "shop@example.com"]));
    for mail in arrived {
        let names: Vec<_> = mail
            .head()
            .split("\r\n")
            .filter(|line| !line.starts_with([' ', '\t']))
            .map(|line| line.split(':').next().unwrap())
            .collect();
        let known = ["Message-ID", "From", "To", "Subject", "MIME-Version", "Date", "Content-Type"];
        assert!(names.iter().all(|name| known.contains(name)), "{names:?}");
        assert!(mail.raw.is_ascii() && mail.raw.split("\r\n").all(|line| line.len() <= 998));
        assert!(mail.head().contains("Subject: A secret of Till  Bcc: eve@example.com"), "{}", mail.head());
    }
}
