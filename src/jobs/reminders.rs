//! Writes to people about what ends soon. One instance does it, by lease; the reminders themselves are marked, so that
//! two at once would write none twice.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::crypto::random;
use crate::domain::job::Job;
use crate::operations::reminders::Reminded;
use crate::operations::{Operations, Result};

const EVERY: Duration = Duration::from_secs(3_600);
const LEASE: &str = "reminders";
/// Longer than looking at what ends takes; prolonged while reminders are written.
const LEASE_LASTS: Duration = Duration::from_secs(120);

pub async fn run(operations: Arc<Operations>, stop: CancellationToken) {
    let holder = random::token();
    let mut timer = tokio::time::interval(EVERY);
    timer.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = timer.tick() => {}
        }
        let (operations, holder, stopping) = (Arc::clone(&operations), holder.clone(), stop.clone());
        let ran = tokio::task::spawn_blocking(move || once(&operations, &holder, || stopping.is_cancelled())).await;
        match ran {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => tracing::warn!(%error, "reminders could not be written; it will be tried again"),
            Err(error) => tracing::error!(%error, "the reminders were cut off"),
        }
    }
}

/// One run, if no other instance is at it: `None` then.
pub fn once(operations: &Operations, holder: &str, stopping: impl Fn() -> bool) -> Result<Option<Reminded>> {
    let began_at = operations.now();
    if !operations.take_lease(LEASE, holder, LEASE_LASTS)? {
        return Ok(None);
    }
    let mut prolonged = began_at;
    let reminded = operations.remind(|| {
        let now = operations.now();
        if now.since(prolonged) > LEASE_LASTS / 4 {
            prolonged = now;
            return !stopping() && operations.take_lease(LEASE, holder, LEASE_LASTS).unwrap_or(false);
        }
        !stopping()
    });
    let outcome = reminded.as_ref().map(|reminded| {
        let Reminded { secrets, purges } = reminded;
        format!("Reminded of {secrets} secrets and {purges} removals.")
    });
    super::note(operations, Job::Reminders, began_at, outcome);
    operations.release_lease(LEASE, holder)?;
    reminded.map(Some)
}
