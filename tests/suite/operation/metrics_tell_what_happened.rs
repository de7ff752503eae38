//! /metrics after real acts: the right numbers, and nobody's name.

use std::thread;
use std::time::{Duration, Instant};

use keywright::clock::Clock;
use keywright::crypto::random;
use keywright::db;
use keywright::domain::client::ClientType;
use keywright::domain::id::MailId;
use keywright::domain::job::Job;
use reqwest::Method;
use reqwest::blocking::Client;

use crate::support::{Browser, DAY, HOUR, Metrics, PASSWORD, Person, SECOND, Served, TestPortal};

const ZEBRA: &str = "zebra";

/// Waits for what another process does by itself.
fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(20), "{what}");
        thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn the_numbers_are_those_of_what_was_done_and_name_nobody() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let app = portal.app(&company, ClientType::ClientCredentials, |_| {});
    // The server that is watched has the system's time.
    let now = Clock::System.now();
    for (name, ends_at) in [
        ("in three days", now.plus(3 * DAY)),
        ("in twenty days", now.plus(20 * DAY)),
        ("in sixty days", now.plus(60 * DAY)),
        ("two days ago", now.minus(2 * DAY)),
    ] {
        let id = portal.secret(&company, app.uid, name).0;
        // Made now, as its time is the watched server's: nobody is to be reminded of it, whatever the day is.
        let (made, ends) = (now.micros(), ends_at.micros());
        portal.sql(&format!("UPDATE secrets SET created_at = {made}, expires_at = {ends} WHERE id = '{id}'"));
    }
    // One that was rotated ends as was wanted.
    let rotated = portal.secret(&company, app.uid, "rotated").0;
    let ends_at = now.plus(DAY).micros();
    portal.sql(&format!("UPDATE secrets SET expires_at = {ends_at}, ends_by_rotation = TRUE WHERE id = '{rotated}'"));
    // A mail that is tried again in an hour, and one that was given up.
    let mails = portal.application.operations.fill(|writer| {
        for until in [now.plus(HOUR), keywright::clock::Timestamp::from_micros(i64::MAX)] {
            let id = MailId::new(1, random::bytes());
            db::outbox::insert(writer, id, "olga@northwind.example", "Hello", b"sealed", now.minus(HOUR))?;
            db::outbox::postpone(writer, id, until, "refused")?;
        }
        Ok(())
    });
    mails.expect("two mails");

    let url = portal.database_url();
    let served = Served::start("info", &[("KEYWRIGHT_DATABASE_URL", url.as_str())]);
    let http = Client::new();
    let token = |secret: &str, grant_type: &str| {
        let form = [("grant_type", grant_type)];
        let asked = http.post(format!("{}/oauth2/token", served.url)).basic_auth(&app.client_id, Some(secret));
        asked.form(&form).send().unwrap().status().as_u16()
    };
    assert_eq!(token(&app.secret, "client_credentials"), 200);
    assert_eq!(token(&app.secret, "client_credentials"), 200);
    assert_eq!(token("wrong", "client_credentials"), 401);
    assert_eq!(token(&app.secret, ZEBRA), 400);

    let (developer, member) = (Person::Developer.email("northwind"), Person::Member.email("northwind"));
    let mut browser = Browser::new(&served.url);
    assert_eq!(browser.try_sign_in(&developer, "not their password").status, 422);
    browser.sign_in(&developer, PASSWORD);
    assert_eq!(browser.visit(&format!("/clients/{}", app.uid)).status, 200);
    assert_eq!(browser.visit(&format!("/clients/{}", app.uid)).status, 200);
    assert_eq!(browser.visit(&format!("/nowhere/{developer}?email={developer}")).status, 404);
    let mut other = Browser::new(&served.url);
    let mut answers = Vec::new();
    while answers.last() != Some(&429) && answers.len() < 10 {
        answers.push(other.try_sign_in(&member, "not their password").status);
    }
    assert_eq!(answers.last(), Some(&429), "{answers:?}");
    let brewed = http.request(Method::from_bytes(b"BREW").unwrap(), format!("{}/sign-in", served.url)).send();
    let brewed = brewed.unwrap().status().as_u16();
    until("the jobs have run", || portal.number("SELECT count(*) AS n FROM job_runs") == Job::ALL.len() as i64);

    let metrics = Metrics::of(&served.url);
    let is = |sample: &str, wanted: f64| assert_eq!(metrics.value(sample), wanted, "{sample}\n{}", metrics.text);
    is(&format!("keywright_build_info{{version=\"{}\"}}", keywright::config::VERSION), 1.0);
    let tokens = |grant_type, outcome| {
        format!("keywright_token_requests_total{{grant_type=\"{grant_type}\",outcome=\"{outcome}\"}}")
    };
    is(&tokens("client_credentials", "granted"), 2.0);
    is(&tokens("client_credentials", "invalid_client"), 1.0);
    is(&tokens("other", "unsupported_grant_type"), 1.0);
    is("keywright_sign_ins_total{outcome=\"ok\"}", 1.0);
    is("keywright_sign_ins_total{outcome=\"failed\"}", answers.len() as f64);
    is("keywright_sign_ins_total{outcome=\"locked\"}", 1.0);

    let requests = |method, route, status| {
        format!("keywright_requests_total{{method=\"{method}\",route=\"{route}\",status=\"{status}\"}}")
    };
    is(&requests("GET", "/clients/{uid}", 200), 2.0);
    is(&requests("POST", "/oauth2/token", 200), 2.0);
    is(&requests("GET", "none", 404), 1.0);
    is(&requests("other", "/sign-in", brewed), 1.0);
    is("keywright_request_duration_seconds_count{route=\"/oauth2/token\"}", 4.0);
    is("keywright_request_duration_seconds_bucket{route=\"/oauth2/token\",le=\"+Inf\"}", 4.0);
    let of =
        |name: &str| metrics.samples.iter().filter(|(sample, _)| sample.starts_with(name)).map(|(_, n)| n).sum::<f64>();
    assert_eq!(of("keywright_requests_total{"), of("keywright_request_duration_seconds_count{"));

    is("keywright_database_up", 1.0);
    is("keywright_database_timeouts_total", 0.0);
    is("keywright_database_writers_waiting", 0.0);
    is("keywright_database_writers_refused_total", 0.0);
    assert!(metrics.value("keywright_database_connections") >= metrics.value("keywright_database_connections_idle"));
    assert!(metrics.value("keywright_database_checkouts_total") > 10.0);
    for job in Job::ALL {
        let about = |name: &str| metrics.value(&format!("keywright_job_{name}{{name=\"{}\"}}", job.as_str()));
        assert_eq!(about("last_run_failed"), 0.0);
        assert_eq!(about("last_run_timestamp_seconds"), about("last_success_timestamp_seconds"));
        let ended = about("last_success_timestamp_seconds") - now.micros() as f64 / 1e6;
        assert!((0.0..60.0).contains(&ended), "{job:?} ended {ended} s after the beginning");
        assert!((0.0..10.0).contains(&about("last_duration_seconds")));
    }
    is("keywright_mail_waiting", 1.0);
    is("keywright_mail_failed", 2.0);
    is("keywright_mail_given_up", 1.0);
    let waits = metrics.value("keywright_mail_oldest_waiting_seconds");
    assert!((3_600.0..3_660.0).contains(&waits), "{waits}");
    is("keywright_secrets_ending{within=\"7d\"}", 1.0);
    is("keywright_secrets_ending{within=\"30d\"}", 2.0);
    is("keywright_secrets_ended", 1.0);
    is("keywright_audit_events_total", portal.number("SELECT count(*) AS n FROM audit_events") as f64);
    assert!(metrics.value("process_resident_memory_bytes") > 1e6);
    assert!(metrics.value("process_cpu_seconds_total") > 0.0);
    assert!(metrics.value("process_open_fds") > 5.0);
    let began = metrics.value("process_start_time_seconds") - now.micros() as f64 / 1e6;
    assert!((-2.0..60.0).contains(&began), "it began {began} s after the test");

    // Nobody and nothing of theirs.
    let (uid, tenant) = (app.uid.to_string(), company.tenant.id.to_string());
    let service = app.service.to_string();
    for personal in
        ["northwind", "olga", "@", ZEBRA, "nowhere", "BREW", &app.client_id, &app.secret, &uid, &tenant, &service]
    {
        assert!(!metrics.text.contains(personal), "{personal} in\n{}", metrics.text);
    }
}

#[test]
fn a_scrape_asks_the_database_little_and_not_each_time() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let scrape = || {
        let before = portal.application.db.queries();
        Metrics::of(&portal.url);
        portal.application.db.queries() - before
    };
    let few = scrape();
    // A connection that is new to the pool is set up by statements too; these are asked each time.
    assert!((5..=16).contains(&few), "{few}");
    assert_eq!(scrape(), 0, "a moment later");
    portal.clock.advance(14 * SECOND);
    assert_eq!(scrape(), 0);
    for number in 0..20 {
        let service = portal.service(&company, &format!("Shop {number}"));
        let client = portal.client(&company, service, ClientType::AuthorizationCode, &format!("Web {number}"));
        portal.secret(&company, client, "one");
    }
    portal.clock.advance(2 * SECOND);
    let many = scrape();
    assert!((5..=few).contains(&many), "{many} and {few}");
}

#[test]
fn a_collector_elsewhere_finds_nothing() {
    let portal = TestPortal::spawn();
    let asked = Client::new().get(format!("{}/metrics", portal.url)).header("X-Forwarded-For", "192.0.2.1");
    assert_eq!(asked.send().unwrap().status().as_u16(), 404);
}

#[test]
fn a_job_that_failed_shows_on_every_instance() {
    let portal = TestPortal::spawn();
    let operations = &portal.application.operations;
    let began = portal.clock.now();
    portal.clock.advance(3 * SECOND);
    operations.note_job_run(Job::Purge, began, Ok("Removed nothing.".into())).unwrap();
    let succeeded = portal.clock.now();
    portal.clock.advance(HOUR);
    let began = portal.clock.now();
    portal.clock.advance(5 * SECOND);
    operations.note_job_run(Job::Purge, began, Err("It failed.".into())).unwrap();
    let other = portal.another_instance();
    for url in [&portal.url, &other.url] {
        let metrics = Metrics::of(url);
        let about = |name: &str| metrics.value(&format!("keywright_job_{name}{{name=\"purge\"}}"));
        assert_eq!(about("last_run_failed"), 1.0);
        assert_eq!(about("last_duration_seconds"), 5.0);
        assert_eq!(about("last_success_timestamp_seconds"), succeeded.micros() as f64 / 1e6);
    }
}

#[test]
fn an_address_makes_no_series_of_its_own() {
    let portal = TestPortal::spawn();
    portal.company("northwind");
    let mut browser = portal.signed_in(Person::Developer, "northwind");
    let ids: Vec<String> = (0..5).map(|_| random::token()[..32].to_owned()).collect();
    for id in &ids {
        assert_eq!(browser.visit(&format!("/services/{id}")).status, 404);
        assert_eq!(browser.visit(&format!("/{id}")).status, 404);
    }
    let text = Metrics::of(&portal.url).text;
    assert!(text.contains("{method=\"GET\",route=\"/services/{id}\",status=\"404\"}"), "{text}");
    assert!(ids.iter().all(|id| !text.contains(id)), "{text}");
}
