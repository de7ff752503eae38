//! Leases: of several instances, one runs a job.

use std::time::Duration;

use diesel::prelude::*;

use super::connection::{Writer, on_both};
use super::error::Result;
use super::schema::leases;
use crate::clock::Timestamp;

/// Longer than any lease lasts, and than instances' clocks differ.
const BELIEVED: Duration = Duration::from_secs(2 * 3_600);

/// Takes the lease, or prolongs it for its holder. `false` while somebody else holds it. One that seems to last
/// longer than any does was taken before the clock was set back, and holds nobody up.
pub fn take(writer: &mut Writer<'_>, name: &str, holder: &str, now: Timestamp, until: Timestamp) -> Result<bool> {
    let row = (leases::name.eq(name), leases::holder.eq(holder), leases::expires_at.eq(0i64));
    on_both!(writer.conn(), conn => {
        diesel::insert_into(leases::table).values(row).on_conflict_do_nothing().execute(conn)
    })?;
    let taken = diesel::update(
        leases::table.filter(leases::name.eq(name)).filter(
            leases::holder
                .eq(holder)
                .or(leases::expires_at.le(now.micros()))
                .or(leases::expires_at.gt(now.plus(BELIEVED).micros())),
        ),
    )
    .set((leases::holder.eq(holder), leases::expires_at.eq(until.micros())))
    .execute(writer.conn())?;
    Ok(taken == 1)
}

/// Gives the lease back, so that another instance need not wait for its end.
pub fn release(writer: &mut Writer<'_>, name: &str, holder: &str) -> Result<()> {
    diesel::update(leases::table.filter(leases::name.eq(name)).filter(leases::holder.eq(holder)))
        .set(leases::expires_at.eq(0i64))
        .execute(writer.conn())?;
    Ok(())
}
