//! What whoever watches asks of the whole deployment at night, in a fixed number of queries. Counts alone, no names.

use std::time::Duration;

use diesel::dsl::{count_star, min};
use diesel::prelude::*;

use super::audit;
use super::connection::Reader;
use super::error::Result;
use super::jobs::{self, JobRun};
use super::outbox::NEVER;
use super::schema::{clients, outbox, secrets, services};
use crate::clock::Timestamp;

#[derive(Clone, Debug)]
pub struct Vitals {
    pub jobs: Vec<JobRun>,
    pub mail: MailCounts,
    pub secrets: SecretCounts,
    pub audit_events: i64,
}

#[derive(Clone, Copy, Debug)]
pub struct MailCounts {
    /// Mails that are still tried, and when the oldest of them was written.
    pub waiting: i64,
    pub oldest: Option<Timestamp>,
    /// Mails that were refused at least once, and those of them that are not tried any more.
    pub failed: i64,
    pub given_up: i64,
}

/// Of clients and services that are not deleted.
#[derive(Clone, Copy, Debug)]
pub struct SecretCounts {
    /// Those that end without having been rotated.
    pub ending_in_7_days: i64,
    pub ending_in_30_days: i64,
    /// Those that have ended and were not deleted.
    pub ended: i64,
}

const DAY: Duration = Duration::from_secs(86_400);

pub fn read(reader: &mut Reader<'_>, now: Timestamp) -> Result<Vitals> {
    Ok(Vitals {
        jobs: jobs::runs(reader)?,
        mail: mail(reader)?,
        secrets: SecretCounts {
            ending_in_7_days: ending(reader, now, now.plus(7 * DAY))?,
            ending_in_30_days: ending(reader, now, now.plus(30 * DAY))?,
            ended: ended(reader, now)?,
        },
        // The end of the chain counts the events; nobody has to.
        audit_events: audit::head(reader)?.0,
    })
}

fn mail(reader: &mut Reader<'_>) -> Result<MailCounts> {
    let (waiting, oldest): (i64, Option<i64>) = outbox::table
        .filter(outbox::next_attempt_at.lt(NEVER.micros()))
        .select((count_star(), min(outbox::created_at)))
        .first(reader.conn())?;
    let failed = outbox::table.filter(outbox::last_error.ne("")).count().get_result(reader.conn())?;
    let given_up =
        outbox::table.filter(outbox::next_attempt_at.eq(NEVER.micros())).count().get_result(reader.conn())?;
    Ok(MailCounts { waiting, oldest: oldest.map(Timestamp::from_micros), failed, given_up })
}

/// Through the index of ends.
fn ending(reader: &mut Reader<'_>, after: Timestamp, until: Timestamp) -> Result<i64> {
    Ok(secrets::table
        .inner_join(clients::table.inner_join(services::table))
        .filter(secrets::expires_at.gt(after.micros()))
        .filter(secrets::expires_at.le(until.micros()))
        .filter(secrets::ends_by_rotation.eq(false))
        .filter(clients::status.ne("deleted"))
        .filter(services::status.ne("deleted"))
        .count()
        .get_result(reader.conn())?)
}

fn ended(reader: &mut Reader<'_>, now: Timestamp) -> Result<i64> {
    Ok(secrets::table
        .inner_join(clients::table.inner_join(services::table))
        .filter(secrets::expires_at.le(now.micros()))
        .filter(clients::status.ne("deleted"))
        .filter(services::status.ne("deleted"))
        .count()
        .get_result(reader.conn())?)
}
