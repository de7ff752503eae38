//! Mail waiting to be delivered. Bodies are sealed, and rows go once the mail has been handed over.

use diesel::prelude::*;

use super::connection::Writer;
use super::error::Result;
use super::schema::outbox;
use super::stored;
use crate::clock::Timestamp;
use crate::domain::id::MailId;

pub struct WaitingMail {
    pub id: MailId,
    pub recipient: String,
    pub subject: String,
    pub sealed_body: Vec<u8>,
    pub attempts: i32,
}

pub fn insert(
    writer: &mut Writer<'_>,
    id: MailId,
    recipient: &str,
    subject: &str,
    sealed_body: &[u8],
    now: Timestamp,
) -> Result<()> {
    diesel::insert_into(outbox::table)
        .values((
            outbox::id.eq(id.to_string()),
            outbox::recipient.eq(recipient),
            outbox::subject.eq(subject),
            outbox::sealed_body.eq(sealed_body),
            outbox::created_at.eq(now.micros()),
            outbox::attempts.eq(0),
            outbox::next_attempt_at.eq(now.micros()),
            outbox::last_error.eq(""),
        ))
        .execute(writer.conn())?;
    Ok(())
}

/// A mail that is given up has this for its next attempt.
pub const NEVER: Timestamp = Timestamp::from_micros(i64::MAX);

/// Takes the oldest mail that is due and keeps others from it until `until`: whoever took it delivers it. No mail waits
/// beyond `longest`: one that seems to was put off before the clock was set back, and is due.
pub fn claim(
    writer: &mut Writer<'_>,
    now: Timestamp,
    until: Timestamp,
    longest: Timestamp,
) -> Result<Option<WaitingMail>> {
    let is_due = || {
        let beyond = outbox::next_attempt_at.gt(longest.micros()).and(outbox::next_attempt_at.ne(NEVER.micros()));
        outbox::next_attempt_at.le(now.micros()).or(beyond)
    };
    let due: Option<String> = outbox::table
        .filter(is_due())
        .order(outbox::next_attempt_at.asc())
        .select(outbox::id)
        .first(writer.conn())
        .optional()?;
    let Some(due) = due else { return Ok(None) };
    let claimed: Option<(String, String, String, Vec<u8>, i32)> =
        diesel::update(outbox::table.filter(outbox::id.eq(due)).filter(is_due()))
            .set((outbox::next_attempt_at.eq(until.micros()), outbox::attempts.eq(outbox::attempts + 1)))
            .returning((outbox::id, outbox::recipient, outbox::subject, outbox::sealed_body, outbox::attempts))
            .get_result(writer.conn())
            .optional()?;
    claimed
        .map(|(id, recipient, subject, sealed_body, attempts)| {
            Ok(WaitingMail { id: stored(&id, "mail id")?, recipient, subject, sealed_body, attempts })
        })
        .transpose()
}

pub fn remove(writer: &mut Writer<'_>, id: MailId) -> Result<()> {
    diesel::delete(outbox::table.find(id.to_string())).execute(writer.conn())?;
    Ok(())
}

pub fn postpone(writer: &mut Writer<'_>, id: MailId, until: Timestamp, error: &str) -> Result<()> {
    diesel::update(outbox::table.find(id.to_string()))
        .set((outbox::next_attempt_at.eq(until.micros()), outbox::last_error.eq(error)))
        .execute(writer.conn())?;
    Ok(())
}
