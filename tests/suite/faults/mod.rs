//! What breaks, and what the program does about it: the process itself, with real databases, disks and connections.

mod a_crowd_at_the_door;
mod killed_under_load;
mod slow_connections;
mod the_clock_is_set;
mod the_database_goes_away;
mod the_database_is_held;
mod the_disk_is_full;
mod the_wrong_database;

use std::time::{Duration, Instant};

use keywright::domain::client::ClientType;
use reqwest::blocking::Client;

use crate::support::{App, TestPortal};

/// Asks again until it is so, or fails after this time. Answers how long it took.
pub fn soon(at_most: Duration, what: &str, so: impl Fn() -> bool) -> Duration {
    let begun = Instant::now();
    while !so() {
        assert!(begun.elapsed() < at_most, "after {at_most:?}: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
    begun.elapsed()
}

/// A client without patience.
pub fn asker() -> Client {
    Client::builder().timeout(Duration::from_secs(30)).pool_max_idle_per_host(0).build().expect("a client")
}

/// The status of a GET; 0 where there is no answer.
pub fn status(http: &Client, url: &str) -> u16 {
    http.get(url).send().map_or(0, |answer| answer.status().as_u16())
}

/// A client that acts on its own.
pub fn machine(portal: &TestPortal) -> App {
    let company = portal.company("northwind");
    portal.app(&company, ClientType::ClientCredentials, |_| {})
}

/// The answer to a request for a token: its status, its error or nothing, and its Retry-After.
pub fn token(http: &Client, url: &str, app: &App) -> (u16, String, Option<String>) {
    let asked = http
        .post(format!("{url}/oauth2/token"))
        .basic_auth(&app.client_id, Some(&app.secret))
        .form(&[("grant_type", "client_credentials")])
        .send();
    let Ok(answer) = asked else { return (0, String::new(), None) };
    let retry = answer.headers().get("retry-after").and_then(|value| value.to_str().ok()).map(ToOwned::to_owned);
    let status = answer.status().as_u16();
    let body: serde_json::Value = answer.json().unwrap_or_default();
    (status, body["error"].as_str().unwrap_or_default().to_owned(), retry)
}

/// The refusal that every endpoint gives while it can't do its work.
pub fn unavailable() -> (u16, String, Option<String>) {
    (503, "temporarily_unavailable".into(), Some("5".into()))
}
