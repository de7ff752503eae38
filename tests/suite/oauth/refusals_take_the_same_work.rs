//! Who guesses learns nothing from how long a refusal takes: whether there is such a client, or a secret that ends as
//! the guess does, the server does the same work.

use std::time::{Duration, Instant};

use keywright::crypto::random;
use keywright::domain::client::ClientType;
use keywright::domain::protocol::fault::Fault;
use keywright::domain::secret::PlainSecret;
use keywright::domain::service::Environment;
use keywright::operations::protocol::clients::Credentials;
use zeroize::Zeroizing;

use crate::support::TestPortal;

/// How often each guess is timed. `TEST_TIMED_GUESSES=5000` on a machine with nothing else to do prints the times, and
/// fails where two of them are a tenth apart; without it they are not looked at, since any other program disturbs them.
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
    assert!(queries.iter().all(|count| *count == queries[0]), "{queries:?}");

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
    let (least, most) = (medians.iter().min().expect("three"), medians.iter().max().expect("three"));
    assert!(most.as_secs_f64() / least.as_secs_f64() < 1.1, "{medians:?}");
}
