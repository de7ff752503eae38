//! Hands waiting mail over. Every instance may: each mail is taken by one. A mail server that is down loses nothing.

use std::sync::Arc;
use std::time::Duration;

use anyhow::anyhow;
use tokio::time::{MissedTickBehavior, timeout};
use tokio_util::sync::CancellationToken;

use crate::domain::job::Job;
use crate::mail::Transport;
use crate::operations::Operations;
use crate::operations::mail::CLAIM_LASTS;

/// How often to look. People wait for their codes.
const EVERY: Duration = Duration::from_secs(2);

/// All steps of one delivery together. Well before the claim ends, so that no other instance sends it a second time.
const TAKES_AT_MOST: Duration = Duration::from_secs(CLAIM_LASTS.as_secs() * 3 / 4);

/// How often an idle run is noted: one that stands still must show.
const NOTED_EVERY: Duration = Duration::from_secs(60);

pub async fn run(operations: Arc<Operations>, transport: Transport, stop: CancellationToken) {
    let mut timer = tokio::time::interval(EVERY);
    timer.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut noted = None;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = timer.tick() => {}
        }
        let began_at = operations.now();
        let ran = deliver_while(&operations, &transport, || !stop.is_cancelled()).await;
        if let Err(error) = &ran {
            tracing::warn!(%error, "the outbox can't be read; it will be tried again");
        }
        let idle = ran.as_ref().is_ok_and(|delivered| *delivered == Delivered::default());
        if idle && noted.is_some_and(|at| began_at.since(at) < NOTED_EVERY) {
            continue;
        }
        noted = Some(began_at);
        let noting = Arc::clone(&operations);
        let outcome = tokio::task::spawn_blocking(move || {
            let outcome = ran.as_ref().map(|done| format!("Sent {}, postponed {}.", done.sent, done.postponed));
            super::note(&noting, Job::Mail, began_at, outcome);
        });
        if let Err(error) = outcome.await {
            tracing::error!(%error, "noting a delivery was cut off");
        }
    }
}

/// How many mails were handed over and how many will be tried again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Delivered {
    pub sent: usize,
    pub postponed: usize,
}

/// Hands over everything that is due.
pub async fn deliver_due(operations: &Arc<Operations>, transport: &Transport) -> anyhow::Result<Delivered> {
    deliver_while(operations, transport, || true).await
}

/// The same, one mail after the other for as long as `keep_going` says so: a mail server that doesn't answer must not
/// hold up the end of the process by more than one mail.
async fn deliver_while(
    operations: &Arc<Operations>,
    transport: &Transport,
    keep_going: impl Fn() -> bool,
) -> anyhow::Result<Delivered> {
    let mut delivered = Delivered::default();
    while keep_going() {
        let claiming = Arc::clone(operations);
        let Some(mail) = tokio::task::spawn_blocking(move || claiming.claim_mail()).await?? else {
            break;
        };
        let id = mail.id.to_string();
        let outcome = match timeout(TAKES_AT_MOST, transport.deliver(&id, &mail.recipient, &mail.letter)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(anyhow!("the mail server took longer than {} s", TAKES_AT_MOST.as_secs())),
        };
        let noting = Arc::clone(operations);
        tokio::task::spawn_blocking(move || match &outcome {
            Ok(()) => {
                delivered.sent += 1;
                noting.mail_delivered(&mail).map(|()| delivered)
            }
            Err(error) => {
                // Servers like to quote whom a mail was for. The operator's page shows it; the log names nobody.
                let told = format!("{error:#}").replace(&mail.recipient, "the recipient");
                tracing::warn!(mail = %mail.id, error = told, "a mail was not taken; it will be tried again");
                delivered.postponed += 1;
                noting.mail_failed(&mail, &format!("{error:#}")).map(|()| delivered)
            }
        })
        .await?
        .map(|noted| delivered = noted)?;
    }
    Ok(delivered)
}
