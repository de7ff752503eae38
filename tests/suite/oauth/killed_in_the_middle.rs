//! The server is killed over and over while codes are redeemed and tokens refreshed: nothing is issued twice, and what
//! was answered stays.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, RwLock};
use std::thread;

use keywright::clock::Timestamp;
use keywright::crypto::{hashing, random};
use keywright::db;
use keywright::domain::client::ClientType;
use keywright::domain::id::GrantId;
use keywright::domain::protocol::grant::Grant;
use keywright::domain::service::Environment;
use reqwest::blocking::Client;
use serde_json::Value;

use crate::support::{App, CALLBACK, CHALLENGE, Person, Served, TestPortal, VERIFIER};

/// Each is redeemed, and what it brings refreshed: twice as many requests. `TEST_KILLED_CODES=5000` takes minutes.
fn how_many() -> usize {
    std::env::var("TEST_KILLED_CODES").ok().and_then(|count| count.parse().ok()).unwrap_or(400)
}

const WORKERS: usize = 8;
/// The server is killed when so many answers came since it was started: never at the same point.
const ANSWERS_BETWEEN: std::ops::Range<usize> = 40..200;

/// What one code brought, as its holder saw it.
#[derive(Default)]
struct Seen {
    redeemed: usize,
    refreshed: usize,
    /// The last token that was answered.
    token: Option<String>,
}

#[test]
fn nothing_is_issued_twice() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let app = portal.app(&company, ClientType::AuthorizationCode, |_| {});
    let codes = many_codes(&portal, portal.person(&company, Person::Member).account_id, &app);
    let url = portal.database_url();
    let served = RwLock::new(Some(Served::start("info", &[("KEYWRIGHT_DATABASE_URL", url.as_str())])));
    let (next, answers, kills) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
    let kill_at = AtomicUsize::new(some_answers());
    let seen: Mutex<HashMap<usize, Seen>> = Mutex::default();
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                let http = Client::new();
                // Asks until there is an answer, as a client does whose connection broke.
                let ask = |form: &[(&str, &str)]| loop {
                    let url = served.read().expect("a server").as_ref().expect("a server").url.clone();
                    let sent = http
                        .post(format!("{url}/oauth2/token"))
                        .basic_auth(&app.client_id, Some(&app.secret))
                        .form(form)
                        .send();
                    let Ok(body) = sent.and_then(|answer| answer.json::<Value>()) else { continue };
                    if answers.fetch_add(1, Ordering::SeqCst) + 1 == kill_at.load(Ordering::SeqCst) {
                        let mut server = served.write().expect("a server");
                        let restarted = server.take().map(Served::restart);
                        *server = restarted;
                        kills.fetch_add(1, Ordering::SeqCst);
                        kill_at.fetch_add(some_answers(), Ordering::SeqCst);
                    }
                    return body;
                };
                loop {
                    let number = next.fetch_add(1, Ordering::SeqCst);
                    let Some((code, _)) = codes.get(number) else { return };
                    let mut mine = Seen::default();
                    let redeemed = ask(&[
                        ("grant_type", "authorization_code"),
                        ("code", code),
                        ("redirect_uri", CALLBACK),
                        ("code_verifier", VERIFIER),
                    ]);
                    if let Some(token) = redeemed["refresh_token"].as_str() {
                        mine.redeemed += 1;
                        mine.token = Some(token.to_owned());
                        let refreshed = ask(&[("grant_type", "refresh_token"), ("refresh_token", token)]);
                        if let Some(token) = refreshed["refresh_token"].as_str() {
                            mine.refreshed += 1;
                            mine.token = Some(token.to_owned());
                        }
                    }
                    seen.lock().expect("what was seen").insert(number, mine);
                }
            });
        }
    });
    drop(served);
    let (seen, kills) = (seen.into_inner().expect("what was seen"), kills.into_inner());
    assert!(kills >= 3, "it was killed {kills} times");
    let count = |query: &str| portal.number(query);
    assert_eq!(
        count(
            "SELECT count(*) AS n FROM (SELECT live_of FROM refresh_tokens WHERE live_of IS NOT NULL GROUP BY live_of HAVING count(*) > 1) t"
        ),
        0,
        "a family has two live tokens"
    );
    let (mut redeemed, mut refreshed) = (0, 0);
    for (number, (code, grant)) in codes.iter().enumerate() {
        let mine = &seen[&number];
        redeemed += mine.redeemed;
        refreshed += mine.refreshed;
        let tokens = count(&format!("SELECT count(*) AS n FROM refresh_tokens WHERE grant_id = '{grant}'"));
        // One for the code and one for the refresh; what was issued and not answered counts too.
        assert!(tokens as usize >= mine.redeemed + mine.refreshed && tokens <= 2, "{number}: {tokens}");
        if mine.redeemed == 1 {
            assert_eq!(portal.redeem(&app, code).error(), "invalid_grant", "{number} was redeemed already");
        }
        if let Some(token) = &mine.token {
            let found = portal.application.db.read(|reader| db::grants::refresh_token(reader, &hashing::sha256(token)));
            assert!(found.expect("an answer").is_some(), "{number}: what was answered is there");
        }
    }
    assert!(
        redeemed > codes.len() * 8 / 10 && refreshed > codes.len() * 8 / 10,
        "{redeemed} and {refreshed} of {}",
        codes.len()
    );
}

fn some_answers() -> usize {
    let drawn = usize::from(u16::from_le_bytes(random::bytes()));
    ANSWERS_BETWEEN.start + drawn % (ANSWERS_BETWEEN.end - ANSWERS_BETWEEN.start)
}

/// Codes that don't expire while the test runs: the server has the system's clock.
fn many_codes(portal: &TestPortal, account: keywright::domain::id::AccountId, app: &App) -> Vec<(String, GrantId)> {
    let far = Timestamp::from_form_value("2099-01-01T00:00").expect("a time");
    let codes: Vec<(String, GrantId)> =
        (0..how_many()).map(|_| (random::token(), GrantId::new(1, random::bytes()))).collect();
    let made = portal.application.operations.fill(|writer| {
        codes.iter().try_for_each(|(code, id)| {
            let grant = Grant {
                id: *id,
                client: app.uid,
                account,
                scopes: vec!["openid".into()],
                environment: Environment::Sandbox,
                redirect_url: CALLBACK.into(),
                authenticated_at: portal.clock.now(),
                by_password: true,
                second_factor: false,
                nonce: String::new(),
                claims: String::new(),
                created_at: portal.clock.now(),
                expires_at: far,
                ended_at: None,
            };
            db::grants::insert(writer, &grant)?;
            db::grants::insert_code(writer, &hashing::sha256(code), *id, true, CHALLENGE, far)
        })
    });
    made.expect("codes");
    codes
}
