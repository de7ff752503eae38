//! Counts of failed tries, shared by all instances.

use std::time::Duration;

use diesel::prelude::*;

use super::connection::{Reader, Writer, on_both};
use super::error::Result;
use super::schema::throttles;
use crate::clock::Timestamp;

/// Twice the longest block. One that seems to be longer was set before the clock was set back, and locks nobody out until
/// the clock is there again.
const BELIEVED: Duration = Duration::from_secs(2 * 3_600);

/// The latest end of a block among the buckets; `None` when none is blocked now.
pub fn blocked_until(reader: &mut Reader<'_>, buckets: &[String], now: Timestamp) -> Result<Option<Timestamp>> {
    let until: Option<i64> = throttles::table
        .filter(throttles::bucket.eq_any(buckets.to_vec()))
        .filter(throttles::blocked_until.gt(now.micros()))
        .filter(throttles::blocked_until.le(now.plus(BELIEVED).micros()))
        .select(diesel::dsl::max(throttles::blocked_until))
        .first(reader.conn())?;
    Ok(until.map(Timestamp::from_micros))
}

/// Counts one more failure; those before `forget_before` no longer count. Answers how many there are now.
pub fn count_failure(writer: &mut Writer<'_>, bucket: &str, now: Timestamp, forget_before: Timestamp) -> Result<i32> {
    let row = (
        throttles::bucket.eq(bucket),
        throttles::failures.eq(0),
        throttles::last_failure_at.eq(now.micros()),
        throttles::blocked_until.eq(0i64),
    );
    on_both!(writer.conn(), conn => {
        diesel::insert_into(throttles::table).values(row).on_conflict_do_nothing().execute(conn)
    })?;
    diesel::update(
        throttles::table
            .filter(throttles::bucket.eq(bucket))
            .filter(throttles::last_failure_at.lt(forget_before.micros())),
    )
    .set(throttles::failures.eq(0))
    .execute(writer.conn())?;
    Ok(diesel::update(throttles::table.find(bucket))
        .set((throttles::failures.eq(throttles::failures + 1), throttles::last_failure_at.eq(now.micros())))
        .returning(throttles::failures)
        .get_result(writer.conn())?)
}

pub fn block(writer: &mut Writer<'_>, bucket: &str, until: Timestamp) -> Result<()> {
    diesel::update(throttles::table.find(bucket))
        .set(throttles::blocked_until.eq(until.micros()))
        .execute(writer.conn())?;
    Ok(())
}

pub fn clear(writer: &mut Writer<'_>, bucket: &str) -> Result<()> {
    diesel::delete(throttles::table.find(bucket)).execute(writer.conn())?;
    Ok(())
}

pub fn remove_older(writer: &mut Writer<'_>, than: Timestamp) -> Result<usize> {
    Ok(diesel::delete(
        throttles::table
            .filter(throttles::last_failure_at.lt(than.micros()))
            .filter(throttles::blocked_until.lt(than.micros())),
    )
    .execute(writer.conn())?)
}
