//! What is read when a collector asks: the pool, the process, and what the database knows of the deployment.

use super::process;
use super::text::Text;
use crate::clock::Timestamp;
use crate::db::PoolState;
use crate::db::jobs::JobRun;
use crate::db::vitals::Vitals;

pub fn text(version: &str, pool: &PoolState, vitals: Option<&Vitals>, now: Timestamp) -> String {
    let mut text = Text::default();
    let labels = format!("version=\"{version}\"");
    text.gauge("keywright_build_info", "The release that runs.", &[(labels.as_str(), 1.0)]);
    of_pool(&mut text, pool);
    let up = if vitals.is_some() { 1.0 } else { 0.0 };
    text.gauge(
        "keywright_database_up",
        "Whether the database answered when it was last asked for metrics.",
        &[("", up)],
    );
    if let Some(vitals) = vitals {
        of_jobs(&mut text, &vitals.jobs);
        of_deployment(&mut text, vitals, now);
    }
    process::describe(&mut text);
    text.into_string()
}

fn of_pool(text: &mut Text, pool: &PoolState) {
    text.gauge(
        "keywright_database_connections",
        "Connections to the database that this instance has open.",
        &[("", f64::from(pool.connections))],
    );
    text.gauge("keywright_database_connections_idle", "Those that nobody uses now.", &[("", f64::from(pool.idle))]);
    text.counter("keywright_database_queries_total", "Statements begun.", &[("", pool.queries as f64)]);
    text.counter(
        "keywright_database_checkouts_total",
        "Connections taken from the pool.",
        &[("", pool.checkouts as f64)],
    );
    text.counter(
        "keywright_database_wait_seconds_total",
        "How long requests and jobs waited for a connection of the pool, all together.",
        &[("", pool.waited.as_secs_f64())],
    );
    text.counter(
        "keywright_database_timeouts_total",
        "Requests and jobs that got no connection in time.",
        &[("", pool.timeouts as f64)],
    );
    text.gauge(
        "keywright_database_writers_waiting",
        "Requests and jobs that wait for their turn to write.",
        &[("", pool.writers_waiting as f64)],
    );
    text.counter(
        "keywright_database_writers_wait_seconds_total",
        "How long requests and jobs waited for their turn to write, all together.",
        &[("", pool.writers_waited.as_secs_f64())],
    );
    text.counter(
        "keywright_database_writers_refused_total",
        "Requests and jobs that got no turn to write in time, or found too many waiting.",
        &[("", pool.writers_refused as f64)],
    );
}

/// From the database, so that every instance tells the same. The label isn't `job`: collectors give every sample one of
/// that name.
fn of_jobs(text: &mut Text, runs: &[JobRun]) {
    let each = |value: &dyn Fn(&JobRun) -> Option<f64>| -> Vec<(String, f64)> {
        let label = |run: &JobRun| format!("name=\"{}\"", run.job.as_str());
        runs.iter().filter_map(|run| Some((label(run), value(run)?))).collect()
    };
    let mut gauge = |name: &str, help: &str, samples: Vec<(String, f64)>| {
        let samples: Vec<(&str, f64)> = samples.iter().map(|(labels, value)| (labels.as_str(), *value)).collect();
        text.gauge(name, help, &samples);
    };
    gauge(
        "keywright_job_last_run_timestamp_seconds",
        "When the job last ended, on whichever instance.",
        each(&|run| Some(seconds(run.ended_at))),
    );
    gauge(
        "keywright_job_last_success_timestamp_seconds",
        "When the job last ended well.",
        each(&|run| run.succeeded_at.map(seconds)),
    );
    gauge(
        "keywright_job_last_duration_seconds",
        "How long its last run took.",
        each(&|run| Some(run.ended_at.since(run.began_at).as_secs_f64())),
    );
    gauge(
        "keywright_job_last_run_failed",
        "Whether its last run failed.",
        each(&|run| Some(if run.succeeded_at.is_some_and(|at| at >= run.ended_at) { 0.0 } else { 1.0 })),
    );
}

fn of_deployment(text: &mut Text, vitals: &Vitals, now: Timestamp) {
    let (mail, secrets) = (&vitals.mail, &vitals.secrets);
    let oldest = mail.oldest.map_or(0.0, |at| now.since(at).as_secs_f64());
    text.gauge("keywright_mail_waiting", "Mails in the outbox that are still tried.", &[("", mail.waiting as f64)]);
    text.gauge("keywright_mail_oldest_waiting_seconds", "How long the oldest of them waits.", &[("", oldest)]);
    text.gauge(
        "keywright_mail_failed",
        "Mails in the outbox that were refused at least once.",
        &[("", mail.failed as f64)],
    );
    text.gauge("keywright_mail_given_up", "Those that are not tried any more.", &[("", mail.given_up as f64)]);
    text.gauge(
        "keywright_secrets_ending",
        "Client secrets that end soon and were not rotated.",
        &[("within=\"7d\"", secrets.ending_in_7_days as f64), ("within=\"30d\"", secrets.ending_in_30_days as f64)],
    );
    text.gauge(
        "keywright_secrets_ended",
        "Client secrets that have ended and are still there.",
        &[("", secrets.ended as f64)],
    );
    text.counter("keywright_audit_events_total", "Events in the audit trail.", &[("", vitals.audit_events as f64)]);
}

fn seconds(at: Timestamp) -> f64 {
    at.micros() as f64 / 1_000_000.0
}
