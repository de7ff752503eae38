//! Who guesses learns nothing about secrets from how long a refusal takes: whether or not a secret ends as the guess does,
//! the server does the same work. (Whether there is such a client, the answer says itself.)

use std::time::{Duration, Instant};

use keywright::crypto::random;
use keywright::domain::client::ClientType;
use keywright::domain::protocol::fault::Fault;
use keywright::domain::secret::PlainSecret;
use keywright::domain::service::Environment;
use keywright::operations::protocol::clients::Credentials;
use zeroize::Zeroizing;

use crate::support::TestPortal;

/// How often each guess is timed. `TEST_TIMED_GUESSES=5000` prints the times, and fails where those of two guesses at a
/// client's secret are a twentieth apart; without it they are not looked at, since any other program disturbs them.
fn how_often() -> Option<usize> {
    std::env::var("TEST_TIMED_GUESSES").ok().and_then(|count| count.parse().ok())
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

#[test]
fn whatever_is_wrong_with_a_guess() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let app = portal.app(&company, ClientType::ClientCredentials, |_| {});
    let other = portal.app(&company, ClientType::ClientCredentials, |_| {});
    let guess = PlainSecret::generate(Environment::Sandbox, random::byte_source());
    // The other client's secret ends as the guess does, so that there is something to compare it with.
    portal.sql(&format!("UPDATE secrets SET last_four = '{}' WHERE client_uid = '{}'", guess.last_four(), other.uid));
    let guesses = [
        ("no such client", format!("{}x", app.client_id), Fault::ClientUnknown),
        ("no secret with these characters", app.client_id.clone(), Fault::SecretWrong),
        ("a secret with the same last four characters", other.client_id.clone(), Fault::SecretWrong),
    ];
    let refused = |client_id: &str| {
        let secret = Zeroizing::new(guess.expose().to_owned());
        let credentials = Credentials::Secret { client_id: client_id.to_owned(), secret };
        let refused = portal.application.operations.authenticate_client(credentials, "192.0.2.0/24");
        refused.err().expect("it is wrong").refusal.fault
    };
    let mut queries = Vec::new();
    for (_, client_id, fault) in &guesses {
        let before = portal.application.db.queries();
        assert_eq!(refused(client_id), *fault);
        queries.push(portal.application.db.queries() - before);
    }
    assert_eq!(queries[1], queries[2], "{queries:?}");

    let Some(rounds) = how_often() else { return };
    let mut times = [const { Vec::new() }; 3];
    for _ in 0..rounds {
        for ((_, client_id, _), times) in guesses.iter().zip(&mut times) {
            let begun = Instant::now();
            refused(client_id);
            times.push(begun.elapsed());
        }
    }
    let medians = times.map(median);
    for ((what, _, _), median) in guesses.iter().zip(medians) {
        println!("{:>8.1} µs  {what}", median.as_secs_f64() * 1e6);
    }
    let ratio = medians[2].as_secs_f64() / medians[1].as_secs_f64();
    assert!((0.95..1.05).contains(&ratio), "{medians:?}");
}
