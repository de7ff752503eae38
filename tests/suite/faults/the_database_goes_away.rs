//! The database server is gone, comes back, stands still, is slow: what is asked is told so in bounded time, and nothing
//! has to be restarted. An embedded database has no server.

use std::thread;
use std::time::{Duration, Instant};

use super::{asker, machine, soon, status, token, unavailable};
use crate::support::{Browser, PASSWORD, Person, Proxy, SECOND, Served, TestPortal};

/// How long it may take until 503 is answered, and until everything works again.
const SAYS_SO_WITHIN: Duration = Duration::from_secs(6);
const RECOVERS_WITHIN: Duration = Duration::from_secs(8);

#[test]
fn everybody_is_told_so_and_it_recovers_by_itself() {
    let portal = TestPortal::on_real_time();
    if !portal.is_on_postgres() {
        return;
    }
    let app = machine(&portal);
    let (proxy, through) = Proxy::before(&portal.database_url());
    let served = Served::on_through(&portal, &through);
    let http = asker();
    let mut browser = Browser::new(&served.url);
    browser.sign_in(&Person::Administrator.email("northwind"), PASSWORD);
    assert_eq!(token(&http, &served.url, &app).0, 200);
    assert_eq!(status(&http, &format!("{}/readyz", served.url)), 200);

    proxy.cut();
    let begun = Instant::now();
    thread::scope(|scope| {
        let asked = scope.spawn(|| token(&asker(), &served.url, &app));
        let ready = scope.spawn(|| status(&asker(), &format!("{}/readyz", served.url)));
        let page = browser.visit("/clients");
        assert_eq!((page.status, page.heading().as_str()), (503, "Not available just now"));
        assert_eq!(page.headers["retry-after"], "5");
        assert_eq!(asked.join().unwrap(), unavailable());
        assert_eq!(ready.join().unwrap(), 503);
    });
    let said_so = begun.elapsed();
    assert!(said_so < SAYS_SO_WITHIN, "{said_so:?}");
    for path in ["/oauth2/userinfo", "/oauth2/introspect", "/oauth2/revoke", "/oauth2/register", "/oauth2/par"] {
        let asked = http.post(format!("{}{path}", served.url)).bearer_auth("a.b.c");
        let asked = match path {
            "/oauth2/register" => asked.json(&serde_json::json!({ "client_name": "x" })),
            "/oauth2/userinfo" => asked.form(&[("a", "b")]),
            _ => http
                .post(format!("{}{path}", served.url))
                .basic_auth(&app.client_id, Some(&app.secret))
                .form(&[("token", "x")]),
        };
        let answer = asked.send().unwrap();
        let status = answer.status().as_u16();
        let body: serde_json::Value = answer.json().unwrap();
        // A token that is none needs no database to be refused.
        assert!(
            status == 503 && body["error"] == "temporarily_unavailable" || status == 401,
            "{path}: {status} {body}"
        );
    }
    let form = [("email", "somebody@northwind.example"), ("password", PASSWORD)];
    assert_eq!(Browser::new(&served.url).post("/sign-in", &form).status(), 503);
    assert_eq!(status(&http, &format!("{}/healthz", served.url)), 200);
    assert_eq!(status(&http, &format!("{}/.well-known/openid-configuration", served.url)), 200);

    proxy.mend();
    let took = soon(RECOVERS_WITHIN, "tokens again", || token(&http, &served.url, &app).0 == 200);
    assert_eq!(status(&http, &format!("{}/readyz", served.url)), 200);
    assert_eq!(browser.visit("/clients").status, 200, "the session is still there");
    println!("503 within {said_so:?}; recovered in {took:?}");
}

#[test]
fn one_that_stands_still_holds_nobody_up_for_long() {
    let portal = TestPortal::on_real_time();
    if !portal.is_on_postgres() {
        return;
    }
    let app = machine(&portal);
    let (proxy, through) = Proxy::before(&portal.database_url());
    let served = Served::on_through(&portal, &through);
    assert_eq!(token(&asker(), &served.url, &app).0, 200);
    proxy.freeze();
    let (begun, http) = (Instant::now(), asker());
    thread::scope(|scope| {
        let asked: Vec<_> = (0..40).map(|_| scope.spawn(|| token(&http, &served.url, &app))).collect();
        // Meanwhile: what needs no database, and whoever probes.
        assert_eq!(status(&asker(), &format!("{}/healthz", served.url)), 200);
        let probed = Instant::now();
        assert_eq!(status(&asker(), &format!("{}/readyz", served.url)), 503);
        assert!(probed.elapsed() < 3 * SECOND, "{:?}", probed.elapsed());
        assert!(asked.into_iter().all(|asked| asked.join().unwrap() == unavailable()));
    });
    println!("answered 503 within {:?}", begun.elapsed());
    assert!(begun.elapsed() < 17 * SECOND, "{:?}", begun.elapsed());
    proxy.mend();
    soon(RECOVERS_WITHIN, "tokens again", || token(&asker(), &served.url, &app).0 == 200);
}

#[test]
fn a_slow_one_is_waited_for_and_nothing_piles_up() {
    let portal = TestPortal::on_real_time();
    if !portal.is_on_postgres() {
        return;
    }
    let app = machine(&portal);
    let (proxy, through) = Proxy::before(&portal.database_url());
    let served = Served::on_through(&portal, &through);
    assert_eq!(token(&asker(), &served.url, &app).0, 200);
    proxy.slow(Duration::from_millis(200));
    let http = asker();
    let one = || {
        let begun = Instant::now();
        (token(&http, &served.url, &app).0, begun.elapsed())
    };
    let answers: Vec<_> = thread::scope(|scope| {
        let asked: Vec<_> = (0..500).map(|_| scope.spawn(one)).collect();
        assert_eq!(status(&asker(), &format!("{}/healthz", served.url)), 200);
        asked.into_iter().map(|asked| asked.join().unwrap()).collect()
    });
    let granted = answers.iter().filter(|(status, _)| *status == 200).count();
    let refused = answers.iter().filter(|(status, _)| *status == 503).count();
    let longest = answers.iter().map(|(_, took)| *took).max().unwrap();
    println!("of 500: {granted} granted, {refused} refused, the longest took {longest:?}");
    assert_eq!(granted + refused, 500);
    assert!(granted >= 16 && longest < 17 * SECOND, "{granted} in {longest:?}");
    proxy.mend();
    soon(RECOVERS_WITHIN, "tokens again", || token(&asker(), &served.url, &app).0 == 200);
}
