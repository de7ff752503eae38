//! Where the process counts what happens in it.

use std::sync::OnceLock;
use std::time::Duration;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use crate::domain::client::GrantType;
use crate::domain::protocol::fault::ErrorCode;

/// One recorder for the process, however many applications tests run in it.
static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();

/// Upper edges in seconds: a page, a token with its hash, a sign-in with its password, and what somebody would notice.
const BUCKETS: [f64; 8] = [0.005, 0.02, 0.05, 0.1, 0.25, 1.0, 2.5, 10.0];

/// Single durations wait in memory until they are put into their buckets: by a scrape, or by this.
const SORTED_EVERY: Duration = Duration::from_secs(10);

pub fn of_this_process() -> PrometheusHandle {
    RECORDER.get_or_init(install).clone()
}

fn install() -> PrometheusHandle {
    let durations = Matcher::Full("keywright_request_duration_seconds".into());
    let builder = match PrometheusBuilder::new().set_buckets_for_metric(durations, &BUCKETS) {
        Ok(builder) => builder,
        Err(error) => {
            tracing::warn!(%error, "durations are not sorted into buckets");
            PrometheusBuilder::new()
        }
    };
    let recorder = builder.build_recorder();
    let handle = recorder.handle();
    if metrics::set_global_recorder(recorder).is_err() {
        tracing::warn!("another recorder of metrics is installed: what happens is not counted in /metrics");
    }
    describe();
    let sorting = handle.clone();
    std::thread::spawn(move || {
        loop {
            std::thread::sleep(SORTED_EVERY);
            sorting.run_upkeep();
        }
    });
    handle
}

/// What a collector shows beside the names. Each is counted where it happens.
fn describe() {
    metrics::describe_counter!(
        "keywright_requests_total",
        "Requests answered, by method, pattern of the route and status."
    );
    metrics::describe_histogram!(
        "keywright_request_duration_seconds",
        "How long requests took until their answer began, by pattern of the route."
    );
    metrics::describe_counter!(
        "keywright_token_requests_total",
        "Requests to the token endpoint, by grant type and outcome: granted, or the error of the answer."
    );
    metrics::describe_counter!(
        "keywright_sign_ins_total",
        "Sign-ins by outcome: ok, failed (password or second factor wrong), locked (too many failures before)."
    );
    // Known from the start, so that a first failure shows as a rise.
    for outcome in ["ok", "failed", "locked"] {
        metrics::counter!("keywright_sign_ins_total", "outcome" => outcome).increment(0);
    }
    for grant_type in GrantType::ALL {
        for outcome in ["granted", ErrorCode::ServerError.as_str(), ErrorCode::TemporarilyUnavailable.as_str()] {
            let labels = [("grant_type", grant_type.as_str()), ("outcome", outcome)];
            metrics::counter!("keywright_token_requests_total", &labels).increment(0);
        }
    }
}
