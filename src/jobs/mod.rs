//! What runs by itself: timers that call operations.

pub mod mail;
pub mod purge;
pub mod reminders;
pub mod usage;

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::app::Application;
use crate::clock::Timestamp;
use crate::config::Config;
use crate::domain::job::Job;
use crate::mail::Transport;
use crate::operations::Operations;

/// The jobs of one instance. They end when told to, in the middle of their work at a safe point.
pub struct Jobs {
    stop: CancellationToken,
    running: Vec<JoinHandle<()>>,
}

impl Jobs {
    pub fn start(application: &Application, config: &Config) -> anyhow::Result<Self> {
        let stop = CancellationToken::new();
        let purge_every = Duration::from_secs(config.purge_interval_seconds);
        let transport = Transport::new(&config.mail, &config.mail_from)?;
        let operations = &application.operations;
        let running = vec![
            tokio::spawn(purge::run(Arc::clone(operations), purge_every, stop.clone())),
            tokio::spawn(reminders::run(Arc::clone(operations), stop.clone())),
            tokio::spawn(mail::run(Arc::clone(operations), transport, stop.clone())),
            tokio::spawn(usage::run(Arc::clone(operations), stop.clone())),
        ];
        Ok(Self { stop, running })
    }

    pub async fn stop(self) {
        self.stop.cancel();
        for job in self.running {
            if let Err(error) = job.await {
                tracing::error!(%error, "a job did not end as it should");
            }
        }
    }
}

/// Notes how a run went, for whoever watches. Causes stay in the log: they may quote what stands in the database.
fn note<E>(operations: &Operations, job: Job, began_at: Timestamp, outcome: Result<String, &E>) {
    let outcome = outcome.map_err(|_| "It failed; the log of the instance says why.".to_owned());
    if let Err(error) = operations.note_job_run(job, began_at, outcome) {
        tracing::warn!(%error, job = job.as_str(), "how the job went can't be noted");
    }
}
