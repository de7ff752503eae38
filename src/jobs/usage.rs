//! Writes down what happened at this instance's protocol endpoints. Every instance does, each its own; so there is no
//! lease, and no one run that would say how it goes: what can't be written stands in the log and waits.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::operations::Operations;

/// Developers look at their client's page right after a request.
const EVERY: Duration = Duration::from_secs(1);

pub async fn run(operations: Arc<Operations>, stop: CancellationToken) {
    let mut timer = tokio::time::interval(EVERY);
    timer.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let stopping = tokio::select! {
            () = stop.cancelled() => true,
            _ = timer.tick() => false,
        };
        let flushing = Arc::clone(&operations);
        match tokio::task::spawn_blocking(move || flushing.flush_protocol_log()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "protocol events can't be written; it will be tried again"),
            Err(error) => tracing::error!(%error, "writing protocol events was cut off"),
        }
        // Once more at the end: the server has answered its last request by then.
        if stopping {
            return;
        }
    }
}
