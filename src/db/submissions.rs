//! What a served form has made already. A form carries a random token; the first POST with it makes the thing and
//! notes its id here, in the same transaction; a repeated POST finds the id.

use diesel::prelude::*;

use super::connection::{Reader, Writer};
use super::error::Result;
use super::schema::submissions;
use crate::clock::Timestamp;

pub fn made(reader: &mut Reader<'_>, token: &str) -> Result<Option<String>> {
    Ok(submissions::table.find(token).select(submissions::made).first(reader.conn()).optional()?)
}

/// `Conflict::SubmissionRepeated` when another request with the same token got there first.
pub fn claim(writer: &mut Writer<'_>, token: &str, now: Timestamp) -> Result<()> {
    diesel::insert_into(submissions::table)
        .values((submissions::token.eq(token), submissions::made.eq(""), submissions::created_at.eq(now.micros())))
        .execute(writer.conn())?;
    Ok(())
}

/// Notes what the claimed token has made.
pub fn note(writer: &mut Writer<'_>, token: &str, made: &str) -> Result<()> {
    diesel::update(submissions::table.find(token)).set(submissions::made.eq(made)).execute(writer.conn())?;
    Ok(())
}

pub fn remove_older(writer: &mut Writer<'_>, than: Timestamp) -> Result<usize> {
    Ok(diesel::delete(submissions::table.filter(submissions::created_at.lt(than.micros()))).execute(writer.conn())?)
}
