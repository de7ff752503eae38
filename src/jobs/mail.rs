//! Hands waiting mail over. Every instance may: each mail is taken by one. A mail server that is down loses nothing.

use std::sync::Arc;
use std::time::Duration;

use anyhow::anyhow;
use tokio::time::{MissedTickBehavior, timeout};
use tokio_util::sync::CancellationToken;

use crate::mail::Transport;
use crate::operations::Operations;
use crate::operations::mail::CLAIM_LASTS;

/// How often to look. People wait for their codes.
const EVERY: Duration = Duration::from_secs(2);

/// All steps of one delivery together. Well before the claim ends, so that no other instance sends it a second time.
const TAKES_AT_MOST: Duration = Duration::from_secs(CLAIM_LASTS.as_secs() * 3 / 4);

pub async fn run(operations: Arc<Operations>, transport: Transport, stop: CancellationToken) {
    let mut timer = tokio::time::interval(EVERY);
    timer.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = timer.tick() => {}
        }
        if let Err(error) = deliver_while(&operations, &transport, || !stop.is_cancelled()).await {
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
                tracing::warn!(mail = %mail.id, error = format!("{error:#}"), "a mail was not taken; it will be tried again");
                delivered.postponed += 1;
                noting.mail_failed(&mail, &format!("{error:#}")).map(|()| delivered)
            }
        })
        .await?
        .map(|noted| delivered = noted)?;
    }
    Ok(delivered)
}
