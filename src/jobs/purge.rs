//! Removes for good what was deleted long enough ago, and what has ended anyway. One instance does it, by lease.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::crypto::random;
use crate::domain::job::Job;
use crate::operations::purge::Purged;
use crate::operations::{Operations, Result};

const LEASE: &str = "purge";
/// Longer than any one removal takes; prolonged while the purge goes on.
const LEASE_LASTS: Duration = Duration::from_secs(120);

pub async fn run(operations: Arc<Operations>, every: Duration, stop: CancellationToken) {
    let holder = random::token();
    let mut timer = tokio::time::interval(every);
    timer.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = timer.tick() => {}
        }
        let (operations, holder, stopping) = (Arc::clone(&operations), holder.clone(), stop.clone());
        let ran = tokio::task::spawn_blocking(move || once(&operations, &holder, || stopping.is_cancelled())).await;
        match ran {
            Ok(Ok(Some(purged))) if !(purged.clients.is_empty() && purged.services.is_empty()) => {
                tracing::info!(clients = purged.clients.len(), services = purged.services.len(), "purged");
            }
            Ok(Ok(_)) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the purge failed; it will be tried again"),
            Err(error) => tracing::error!(%error, "the purge was cut off"),
        }
    }
}

/// One purge, if no other instance is at it: `None` then.
pub fn once(operations: &Operations, holder: &str, stopping: impl Fn() -> bool) -> Result<Option<Purged>> {
    let began_at = operations.now();
    if !operations.take_lease(LEASE, holder, LEASE_LASTS)? {
        return Ok(None);
    }
    let purged = under_lease(operations, holder, stopping);
    // One that leaves something behind has failed, for whoever watches.
    let outcome = match &purged {
        Ok(Purged { clients, services, failed: 0 }) => {
            Ok(format!("Removed {} clients and {} services for good.", clients.len(), services.len()))
        }
        _ => Err(&purged),
    };
    super::note(operations, Job::Purge, began_at, outcome);
    purged.map(Some)
}

fn under_lease(operations: &Operations, holder: &str, stopping: impl Fn() -> bool) -> Result<Purged> {
    let mut prolonged = operations.now();
    let mut over = false;
    let mut keep_going = || {
        let now = operations.now();
        if now.since(prolonged) > LEASE_LASTS / 4 {
            prolonged = now;
            // A purge that lost its lease leaves the rest to whoever holds it now.
            over |= !operations.take_lease(LEASE, holder, LEASE_LASTS).unwrap_or(false);
        }
        over |= stopping();
        !over
    };
    // Neither keeps the other from being done.
    let purged = operations.purge(&mut keep_going);
    let tidied = operations.tidy_up(&mut keep_going);
    operations.release_lease(LEASE, holder)?;
    if let Err(error) = tidied {
        tracing::error!(%error, "what has ended can't all be removed");
        return purged.map(|purged| Purged { failed: purged.failed + 1, ..purged });
    }
    purged
}
