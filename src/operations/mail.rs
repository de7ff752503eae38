//! The outbox: mail is written in the transaction of what it tells about, and handed over later.

use std::time::Duration;

use super::{Operations, Result, Target, Who, new_id, record};
use crate::access::Actor;
use crate::db::{self, Writer};
use crate::domain::audit::{AuditAction, Change};
use crate::domain::id::{AccountId, MailId};
use crate::domain::mail_kind::MailKind;
use crate::mail::{Letter, Message};

/// What seals the bodies: a mail may hold a code.
const SEAL: &str = "mail";
/// How long somebody who took a mail has to hand it over, before others may.
pub const CLAIM_LASTS: Duration = Duration::from_secs(120);

/// Three days' worth, at the waits below.
const TRIES: i32 = 77;
/// The longest wait between two tries.
const LONGEST_WAIT: Duration = Duration::from_secs(3_600);

/// How long to wait after so many tries; `None` after the last.
fn wait_after(tries: i32) -> Option<Duration> {
    let doublings = u32::try_from(tries - 1).unwrap_or(0).min(6);
    (tries < TRIES).then_some((Duration::from_secs(60) * 2u32.pow(doublings)).min(LONGEST_WAIT))
}

/// A mail to be handed over now.
pub struct DueMail {
    pub id: MailId,
    pub recipient: String,
    pub letter: Letter,
    attempts: i32,
}

impl Operations {
    pub(super) fn enqueue(&self, writer: &mut Writer<'_>, recipient: &str, message: &Message) -> Result<()> {
        let letter = message.letter();
        let body = serde_json::to_vec(&letter).unwrap_or_default();
        let sealed = self.keys.seal(SEAL, &body);
        Ok(db::outbox::insert(writer, new_id!(self, MailId), recipient, &letter.subject, &sealed, self.now())?)
    }

    /// Writes to a person, unless they have switched this kind of mail off. `message` is given their name.
    pub(super) fn tell(
        &self,
        writer: &mut Writer<'_>,
        account: AccountId,
        message: impl FnOnce(String) -> Message,
    ) -> Result<()> {
        let (person, _) = db::accounts::find(writer, account)?;
        let message = message(person.name);
        let muted = db::accounts::muted_mail(writer, account)?;
        match message.kind() {
            Some(kind) if muted.contains(&kind) => Ok(()),
            _ => self.enqueue(writer, person.email.as_str(), &message),
        }
    }

    /// Chooses which mails one gets, of those that can be switched off.
    pub fn choose_mail(&self, actor: &Actor, wanted: &[MailKind]) -> Result<()> {
        let person = actor.membership();
        let muted: Vec<MailKind> = MailKind::ALL.into_iter().filter(|kind| !wanted.contains(kind)).collect();
        self.db.write(|writer| {
            let before = db::accounts::muted_mail(writer, person.account_id)?;
            let word = |muted: &[MailKind], kind| if muted.contains(&kind) { "no" } else { "yes" };
            let changed: Vec<Change> = MailKind::ALL
                .into_iter()
                .filter(|kind| before.contains(kind) != muted.contains(kind))
                .map(|kind| Change {
                    field: kind.label().into(),
                    before: word(&before, kind).into(),
                    after: word(&muted, kind).into(),
                })
                .collect();
            if changed.is_empty() {
                return Ok(());
            }
            db::accounts::set_muted_mail(writer, person.account_id, &muted)?;
            let target = Target::Account { id: person.account_id.to_string(), name: &person.name };
            record(writer, self.now(), Who::Person(actor), AuditAction::MailChoicesChanged, &target, &changed)
        })
    }

    /// Takes the oldest mail that is due, for this instance alone.
    pub fn claim_mail(&self) -> Result<Option<DueMail>> {
        loop {
            let now = self.now();
            let claimed = self
                .db
                .write(|writer| db::outbox::claim(writer, now, now.plus(CLAIM_LASTS), now.plus(2 * LONGEST_WAIT)))?;
            let Some(waiting) = claimed else { return Ok(None) };
            let opened = self.keys.open(SEAL, &waiting.sealed_body);
            if let Some(letter) = opened.and_then(|body| serde_json::from_slice(&body).ok()) {
                let db::outbox::WaitingMail { id, recipient, attempts, .. } = waiting;
                return Ok(Some(DueMail { id, recipient, letter, attempts }));
            }
            // Sealed with another key file: nobody can read it any more, and it must not hold up the others.
            tracing::error!(mail = %waiting.id, "a waiting mail was sealed with another key file and is dropped");
            self.db.write(|writer| db::outbox::remove(writer, waiting.id))?;
        }
    }

    pub fn mail_delivered(&self, mail: &DueMail) -> Result<()> {
        Ok(self.db.write(|writer| db::outbox::remove(writer, mail.id))?)
    }

    /// Tried again after 1, 2, 4 … 60 minutes, and then every hour for three days. After that the mail stays in the
    /// outbox, with its last error, for whoever runs the portal to see, and is not tried any more.
    pub fn mail_failed(&self, mail: &DueMail, error: &str) -> Result<()> {
        let until = wait_after(mail.attempts).map_or(db::outbox::NEVER, |wait| self.now().plus(wait));
        if until == db::outbox::NEVER {
            tracing::error!(mail = %mail.id, "a mail was refused for three days and is not tried any more");
        }
        let short: String = error.chars().take(500).collect();
        Ok(self.db.write(|writer| db::outbox::postpone(writer, mail.id, until, &short))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_to_an_hour_and_end_after_three_days() {
        let minutes = |tries| wait_after(tries).map(|wait| wait.as_secs() / 60);
        assert_eq!([1, 2, 3, 6, 7, 8].map(minutes), [Some(1), Some(2), Some(4), Some(32), Some(60), Some(60)]);
        let total: Duration = (1..).map_while(wait_after).sum();
        assert_eq!(total.as_secs() / 3_600, 71);
    }
}
