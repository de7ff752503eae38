//! Assertions that were used already, by the SHA-256 of client and `jti`.

use diesel::prelude::*;

use super::connection::{Writer, on_both};
use super::error::Result;
use super::schema::used_assertions;
use crate::clock::Timestamp;

/// Uses an assertion up. Of several that try at once, one gets `true`.
pub fn claim(writer: &mut Writer<'_>, id_hash: &str, expires_at: Timestamp) -> Result<bool> {
    let row = (used_assertions::id_hash.eq(id_hash), used_assertions::expires_at.eq(expires_at.micros()));
    let inserted = on_both!(writer.conn(), conn => {
        diesel::insert_into(used_assertions::table).values(row).on_conflict_do_nothing().execute(conn)
    })?;
    Ok(inserted == 1)
}

/// Those that have ended are refused for that.
pub fn remove_ended(writer: &mut Writer<'_>, now: Timestamp) -> Result<usize> {
    let over = used_assertions::table.filter(used_assertions::expires_at.le(now.micros()));
    Ok(diesel::delete(over).execute(writer.conn())?)
}
