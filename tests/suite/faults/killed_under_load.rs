//! The process is killed over and over while people change things and applications ask for tokens: what was acknowledged is
//! there, nothing is there by half, and each change has its one event in a trail that is whole.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, RwLock};
use std::thread;
use std::time::Duration;

use keywright::access::{Roles, act};
use keywright::clock::Clock;
use keywright::crypto::{hashing, random};
use keywright::db;
use keywright::domain::audit::AuditEvent;
use keywright::domain::client::ClientType;
use keywright::domain::id::{ClientUid, ServiceId};
use keywright::domain::lifecycle::{Standing, State};
use keywright::operations::fill::Company;
use reqwest::blocking::Client;
use reqwest::redirect::Policy;
use serde_json::Value;

use crate::support::{App, CALLBACK, PASSWORD, Person, Served, TestPortal, VERIFIER};

/// How often the process is killed. `TEST_KILLED_ROUNDS=1000` takes a while.
fn rounds() -> usize {
    std::env::var("TEST_KILLED_ROUNDS").ok().and_then(|count| count.parse().ok()).unwrap_or(6)
}

/// So many changes are acknowledged, and so many tokens answered, before it is killed.
const ENOUGH: usize = 5;
/// How much longer it lives then, in milliseconds: never the same.
const LONGER: std::ops::Range<u64> = 0..200;
/// What every instance says that it is called, since its port changes.
const ORIGIN: &str = "http://127.0.0.1:1";

/// What somebody did to one client, as they saw it: how often each act was acknowledged, and how often no answer came.
#[derive(Default)]
struct Told {
    acknowledged: usize,
    unanswered: usize,
}

/// By the word of the trail and the client's name.
type Tale = Mutex<HashMap<(&'static str, String), Told>>;

struct Stage<'t> {
    portal: &'t TestPortal,
    company: &'t Company,
    service: ServiceId,
    app: App,
    served: RwLock<Option<Served>>,
    over: AtomicBool,
    tale: Tale,
    /// The last refresh token that each sign-in was answered.
    last_tokens: Mutex<Vec<String>>,
    tokens: AtomicUsize,
    /// Answers that were neither a success nor a broken connection.
    odd: Mutex<Vec<String>>,
}

impl Stage<'_> {
    /// Where the process listens now; waits while it is started.
    fn url(&self) -> String {
        self.served.read().unwrap().as_ref().unwrap().url.clone()
    }

    /// Sends a form and answers where it leads; `None` where no answer came, or an odd one.
    fn post(&self, http: &Client, path: &str, pairs: &[(&str, &str)]) -> Result<String, bool> {
        let sent = http.post(format!("{}{path}", self.url())).header("origin", ORIGIN).form(pairs).send();
        let Ok(answer) = sent else { return Err(true) };
        let to = answer.headers().get("location").and_then(|to| to.to_str().ok()).map(ToOwned::to_owned);
        match to {
            Some(to) if answer.status() == 303 && !to.starts_with("/sign-in") => Ok(to),
            _ => {
                self.odd.lock().unwrap().push(format!("{path}: {}", answer.status()));
                Err(false)
            }
        }
    }

    fn act(&self, http: &Client, word: &'static str, name: &str, path: &str, pairs: &[(&str, &str)]) -> Option<String> {
        let done = self.post(http, path, pairs);
        let mut tale = self.tale.lock().unwrap();
        let told = tale.entry((word, name.to_owned())).or_default();
        match &done {
            Ok(_) => told.acknowledged += 1,
            Err(true) => told.unanswered += 1,
            Err(false) => {}
        }
        done.ok()
    }

    /// One administrator, who makes clients and takes them through their lives.
    fn administrate(&self, person: Person) {
        while !self.over.load(Ordering::SeqCst) {
            let http = Client::builder().cookie_store(true).redirect(Policy::none()).build().unwrap();
            let email = person.email("northwind");
            let me = [("email", email.as_str()), ("password", PASSWORD)];
            if self.post(&http, "/sign-in", &me).is_ok() {
                // Without an answer nobody knows how things stand: on to the next client, until the sign-in gets old.
                for _ in 0..20 {
                    self.one_life(&http);
                    if self.over.load(Ordering::SeqCst) {
                        return;
                    }
                }
            }
        }
    }

    fn one_life(&self, http: &Client) -> Option<()> {
        let mark = random::token()[..10].to_lowercase().replace(['_', '-'], "x");
        let name = format!("Client {mark}");
        let (once, twice, thrice) = (random::token(), random::token(), random::token());
        let path = format!("/services/{}/clients/new/client-credentials", self.service);
        let form = [
            ("name", &*name),
            ("suffix", &*mark),
            ("scopes", "roles"),
            ("token_lifetime", "3600"),
            ("submission", &*once),
        ];
        self.act(http, "client.added", &name, &path, &form)?;
        let uid = self.portal.text(&format!("SELECT uid AS words FROM clients WHERE name = '{name}'"));
        let form =
            [("description", "First"), ("environment", "sandbox"), ("never_expires", "yes"), ("submission", &*twice)];
        self.act(http, "secret.added", &name, &format!("/clients/{uid}/secrets"), &form)?;
        let secret = self.portal.text(&format!("SELECT id AS words FROM secrets WHERE client_uid = '{uid}'"));
        let form = [("overlap", "24h"), ("submission", &*thrice)];
        self.act(http, "secret.rotated", &name, &format!("/secrets/{secret}/rotation"), &form)?;
        let status = |word: &str| format!("/clients/{uid}/{word}");
        self.act(http, "client.deactivated", &name, &status("deactivation"), &[])?;
        self.act(http, "client.reactivated", &name, &status("reactivation"), &[])?;
        self.act(http, "client.deleted", &name, &status("deletion"), &[])?;
        self.act(http, "client.reactivated", &name, &status("reactivation"), &[("undo", "yes")])?;
        Some(())
    }

    /// One application, whose users' sign-ins it refreshes.
    fn refresh(&self) {
        let http = Client::new();
        let ask = |form: &[(&str, &str)]| -> Option<String> {
            let asked = http.post(format!("{}/oauth2/token", self.url()));
            let answer = asked.basic_auth(&self.app.client_id, Some(&self.app.secret)).form(form).send().ok()?;
            let body: Value = answer.json().ok()?;
            self.tokens.fetch_add(1, Ordering::SeqCst);
            body["refresh_token"].as_str().map(ToOwned::to_owned)
        };
        while !self.over.load(Ordering::SeqCst) {
            self.portal.clock.set(Clock::System.now());
            let code = self.portal.code(self.company, &self.app, &["openid"]);
            let form = [
                ("grant_type", "authorization_code"),
                ("code", code.as_str()),
                ("redirect_uri", CALLBACK),
                ("code_verifier", VERIFIER),
            ];
            let mut last = ask(&form);
            for _ in 0..20 {
                let Some(token) = &last else { break };
                match ask(&[("grant_type", "refresh_token"), ("refresh_token", token)]) {
                    Some(next) => last = Some(next),
                    None => break,
                }
            }
            self.last_tokens.lock().unwrap().extend(last);
        }
    }

    /// Changes acknowledged, and tokens answered.
    fn so_far(&self) -> (usize, usize) {
        let changes = self.tale.lock().unwrap().values().map(|told| told.acknowledged).sum();
        (changes, self.tokens.load(Ordering::SeqCst))
    }

    fn kill(&self) {
        for _ in 0..rounds() {
            let (changes, tokens) = self.so_far();
            while self.so_far().0 < changes + ENOUGH || self.so_far().1 < tokens + ENOUGH {
                thread::sleep(Duration::from_millis(5));
            }
            thread::sleep(Duration::from_millis(LONGER.start + random_below(LONGER.end - LONGER.start)));
            let mut served = self.served.write().unwrap();
            let restarted = served.take().map(Served::restart);
            *served = restarted;
        }
        self.over.store(true, Ordering::SeqCst);
    }
}

fn random_below(end: u64) -> u64 {
    u64::from(u32::from_le_bytes(random::bytes())) % end
}

#[test]
fn what_was_acknowledged_is_there_and_nothing_by_half() {
    let portal = TestPortal::on_real_time();
    let company = portal.company("northwind");
    let app = portal.app(&company, ClientType::AuthorizationCode, |_| {});
    let service = portal.service(&company, "Shop");
    // Each is somebody of their own: one person who is killed while signing in again and again would be locked out.
    for person in Person::ALL {
        portal.give(portal.person(&company, person), Roles { administrator: true, ..Roles::default() });
    }
    let (url, key) = (portal.database_url(), portal.folder.path().join("keywright.key").display().to_string());
    let wanted = [("KEYWRIGHT_DATABASE_URL", &*url), ("KEYWRIGHT_KEY_FILE", &*key), ("KEYWRIGHT_PUBLIC_URL", ORIGIN)];
    let stage = Stage {
        portal: &portal,
        company: &company,
        service,
        app,
        served: RwLock::new(Some(Served::start("info", &wanted))),
        over: AtomicBool::new(false),
        tale: Mutex::default(),
        last_tokens: Mutex::default(),
        tokens: AtomicUsize::new(0),
        odd: Mutex::default(),
    };
    thread::scope(|scope| {
        for person in Person::ALL {
            let stage = &stage;
            scope.spawn(move || stage.administrate(person));
        }
        for _ in 0..2 {
            scope.spawn(|| stage.refresh());
        }
        stage.kill();
    });

    let odd = stage.odd.into_inner().unwrap();
    let tale = stage.tale.into_inner().unwrap();
    let (whole, said) = stage.served.into_inner().unwrap().unwrap().command(&["audit", "verify"]);
    assert!(whole, "{said}");
    let events = portal.application.db.read(|reader| db::audit::after(reader, 0, 1_000_000)).unwrap();
    let events: Vec<&AuditEvent> =
        events.iter().filter(|event| event.service_id == Some(service.to_string())).collect();
    let names: HashMap<&str, &str> = events
        .iter()
        .filter(|event| event.action == "client.added")
        .map(|event| (event.client_uid.as_deref().unwrap(), event.target_name.as_str()))
        .collect();
    let mut counted: HashMap<(&str, String), usize> = HashMap::new();
    for event in &events {
        if let Some(name) = event.client_uid.as_deref().map(|uid| names[uid]) {
            *counted.entry((event.action.as_str(), name.to_owned())).or_default() += 1;
        }
    }
    // One event for each acknowledged change, and for one without an answer one or none.
    for ((word, name), told) in &tale {
        let found = counted.get(&(word, name.clone())).copied().unwrap_or(0);
        let fits = found >= told.acknowledged && found <= told.acknowledged + told.unanswered;
        assert!(
            fits,
            "{name}, {word}: {} acknowledged, {} unanswered, {found} events",
            told.acknowledged, told.unanswered
        );
    }
    // No half change: each client stands as its events say.
    let clients = portal.number(&format!("SELECT count(*) AS n FROM clients WHERE service_id = '{service}'"));
    assert_eq!(clients as usize, names.len(), "a client has one event that tells of its making");
    for (uid, name) in &names {
        let mine: Vec<&str> = events
            .iter()
            .filter(|event| event.client_uid.as_deref() == Some(*uid))
            .map(|event| &*event.action)
            .collect();
        check(&portal, &company, uid.parse().unwrap(), name, &mine);
    }
    for token in stage.last_tokens.into_inner().unwrap() {
        let found = portal.application.db.read(|reader| db::grants::refresh_token(reader, &hashing::sha256(&token)));
        assert!(found.unwrap().is_some(), "a refresh token that was answered is there");
    }
    let sum = |of: fn(&Told) -> usize| tale.values().map(of).sum::<usize>();
    let (acknowledged, unanswered, tokens) =
        (sum(|t| t.acknowledged), sum(|t| t.unanswered), stage.tokens.into_inner());
    println!(
        "killed {} times: {acknowledged} changes acknowledged, {unanswered} unanswered, {} others; {tokens} tokens; {said}",
        rounds(),
        odd.len()
    );
    assert!(odd.is_empty(), "{odd:?}");
    assert!(unanswered > 0, "it was killed in the middle of something");
}

/// A client against what its events say of it.
fn check(portal: &TestPortal, company: &Company, uid: ClientUid, name: &str, events: &[&str]) {
    let scope = portal.permit::<act::EditClients>(company, Person::Administrator).scope();
    let client = portal.application.db.read(|reader| db::clients::find(reader, scope, uid)).unwrap();
    let stands = match client.state {
        State::Active => "active",
        State::Inactive => "inactive",
        State::Deleted { before: Standing::Active, .. } => "deleted while active",
        State::Deleted { .. } => "deleted while inactive",
    };
    let told = events.iter().fold("nothing", |stands, event| match (*event, stands) {
        ("client.added" | "client.reactivated", _) => "active",
        ("client.deactivated", _) => "inactive",
        ("client.deleted", "active") => "deleted while active",
        ("client.deleted", _) => "deleted while inactive",
        (_, stands) => stands,
    });
    assert_eq!(stands, told, "{name}: {events:?}");
    let secrets = portal.number(&format!("SELECT count(*) AS n FROM secrets WHERE client_uid = '{uid}'"));
    let made = events.iter().filter(|event| matches!(**event, "secret.added" | "secret.rotated")).count();
    assert_eq!(secrets as usize, made, "{name}: {events:?}");
}
