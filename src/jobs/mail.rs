//! Hands waiting mail over. Every instance may: each mail is taken by one. A mail server that is down loses nothing.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::mail::Transport;
use crate::operations::Operations;

/// How often to look. People wait for their codes.
const EVERY: Duration = Duration::from_secs(2);

pub async fn run(operations: Arc<Operations>, transport: Transport, stop: CancellationToken) {
    let mut timer = tokio::time::interval(EVERY);
    timer.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = timer.tick() => {}
        }
        if let Err(error) = deliver_due(&operations, &transport).await {
            tracing::warn!(%error, "the outbox can't be read; it will be tried again");
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
    let mut delivered = Delivered::default();
    loop {
        let claiming = Arc::clone(operations);
        let Some(mail) = tokio::task::spawn_blocking(move || claiming.claim_mail()).await?? else {
            return Ok(delivered);
        };
        let outcome = transport.deliver(&mail.id.to_string(), &mail.recipient, &mail.letter).await;
        let noting = Arc::clone(operations);
        tokio::task::spawn_blocking(move || match &outcome {
            Ok(()) => {
                delivered.sent += 1;
                noting.mail_delivered(&mail).map(|()| delivered)
            }
            Err(error) => {
                tracing::warn!(mail = %mail.id, error = format!("{error:#}"), "a mail was not taken; it will be tried again");
                delivered.postponed += 1;
                noting.mail_failed(&mail, &format!("{error:#}")).map(|()| delivered)
            }
        })
        .await?
        .map(|noted| delivered = noted)?;
    }
}
