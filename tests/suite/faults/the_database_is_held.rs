//! Another process holds what writers need: they wait for a while and are told to come again, and who reads goes on.

use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection, SqliteConnection};
use keywright::domain::client::ClientType;

use super::{asker, machine, soon, status, token, unavailable};
use crate::support::{Browser, MINUTE, Metrics, PASSWORD, Person, SECOND, Served, TestPortal};

/// Holds the database's writers up until the answer is dropped.
fn hold(portal: &TestPortal) -> (mpsc::Sender<()>, thread::JoinHandle<()>) {
    let (url, postgres) = (portal.database_url(), portal.is_on_postgres());
    let (held, holds) = mpsc::channel();
    let (let_go, lets_go) = mpsc::channel::<()>();
    let holder = thread::spawn(move || {
        let mut sqlite = (!postgres).then(|| SqliteConnection::establish(url.trim_start_matches("sqlite://")).unwrap());
        let mut server = postgres.then(|| PgConnection::establish(&url).unwrap());
        if let Some(conn) = &mut sqlite {
            conn.batch_execute("PRAGMA busy_timeout = 10000; BEGIN EXCLUSIVE").unwrap();
        }
        if let Some(conn) = &mut server {
            // What every change comes through in the end, and sign-in at its beginning.
            conn.batch_execute("BEGIN; LOCK TABLE audit_head, throttles IN EXCLUSIVE MODE").unwrap();
        }
        held.send(()).unwrap();
        lets_go.recv().ok();
    });
    holds.recv().unwrap();
    (let_go, holder)
}

#[test]
fn writers_wait_for_a_while_and_readers_go_on() {
    let portal = TestPortal::on_real_time();
    let app = machine(&portal);
    let served = Served::on(&portal);
    let http = asker();
    let mut browser = Browser::new(&served.url);
    browser.sign_in(&Person::Administrator.email("northwind"), PASSWORD);
    let client = format!("/clients/{}", app.uid);
    browser.visit(&client);
    assert_eq!(token(&http, &served.url, &app).0, 200);
    // A session seen so long ago that the next page would note it: that must not hold the page up.
    portal.sql(&format!("UPDATE sessions SET last_seen_at = {}", portal.clock.now().minus(2 * MINUTE).micros()));

    let (let_go, holder) = hold(&portal);
    let begun = Instant::now();
    // More writers than there are connections, all at once.
    let form = [("email", "nobody@northwind.example"), ("password", PASSWORD)];
    let statuses: Vec<_> = thread::scope(|scope| {
        let writers: Vec<_> = (0..30)
            .map(|_| {
                scope.spawn(|| {
                    let answer = Browser::new(&served.url).post("/sign-in", &form);
                    (answer.status().as_u16(), answer.headers().get("retry-after").cloned(), begun.elapsed())
                })
            })
            .collect();
        thread::sleep(SECOND);
        assert!(Metrics::of(&served.url).value("keywright_database_writers_waiting") > 10.0);
        for _ in 0..5 {
            let asked = Instant::now();
            assert_eq!(browser.visit(&client).status, 200, "reading goes on");
            assert_eq!(token(&http, &served.url, &app).0, 200, "tokens of clients need no write");
            assert_eq!(status(&http, &format!("{}/readyz", served.url)), 200);
            println!("page, token and probe took {:?}", asked.elapsed());
            assert!(asked.elapsed() < 2 * SECOND, "{:?}", asked.elapsed());
        }
        writers.into_iter().map(|writer| writer.join().unwrap()).collect()
    });
    println!(
        "writers were refused after {:?} to {:?}",
        statuses.iter().map(|one| one.2).min(),
        statuses.iter().map(|one| one.2).max()
    );
    assert!(statuses.iter().all(|(status, retry, _)| *status == 503 && retry.is_some()), "{statuses:?}");
    assert!(begun.elapsed() < 14 * SECOND, "{:?}", begun.elapsed());
    let metrics = Metrics::of(&served.url);
    assert!(metrics.value("keywright_database_writers_refused_total") > 0.0);
    assert!(metrics.value("keywright_database_writers_wait_seconds_total") > 10.0);

    drop(let_go);
    holder.join().unwrap();
    soon(3 * SECOND, "changes again", || Browser::new(&served.url).post("/sign-in", &form).status() == 422);
    assert_eq!(browser.post(&format!("{client}/deactivation"), &[]).status(), 303);
    assert!(served.command(&["audit", "verify"]).0);
}

#[test]
fn who_would_have_to_write_at_an_endpoint_is_told_to_come_again() {
    let portal = TestPortal::on_real_time();
    if portal.is_on_postgres() {
        return;
    }
    let company = portal.company("northwind");
    let app = portal.app(&company, ClientType::AuthorizationCode, |_| {});
    let code = portal.code(&company, &app, &["openid"]);
    let served = Served::on(&portal);
    let (let_go, holder) = hold(&portal);
    let begun = Instant::now();
    let redeem = || {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", crate::support::CALLBACK),
            ("code_verifier", crate::support::VERIFIER),
        ];
        let asked = asker().post(format!("{}/oauth2/token", served.url)).basic_auth(&app.client_id, Some(&app.secret));
        let answer = asked.form(&form).send().unwrap();
        let status = answer.status().as_u16();
        (status, answer.json::<serde_json::Value>().unwrap()["error"].as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(redeem(), (503, unavailable().1));
    // Five seconds for its turn, and five for what is held.
    assert!(begun.elapsed() < Duration::from_secs(13), "{:?}", begun.elapsed());
    drop(let_go);
    holder.join().unwrap();
    assert_eq!(redeem().0, 200, "the code was not used up");
}
