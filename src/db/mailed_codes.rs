//! Codes sent by mail, and the link of the first set-up: hashes only.

use diesel::prelude::*;

use super::connection::{Reader, Writer};
use super::error::Result;
use super::schema::{mailed_codes, setup_links};
use super::stored;
use crate::clock::Timestamp;
use crate::domain::id::{AccountId, CodeId};

/// A code that was mailed, as stored.
pub struct MailedCode {
    pub id: CodeId,
    pub purpose: String,
    /// `None` where the address had no account: the page then behaves the same and no code is right.
    pub account: Option<AccountId>,
    pub code_hash: String,
    pub attempts: i32,
    pub expires_at: Timestamp,
}

pub fn insert(writer: &mut Writer<'_>, code: &MailedCode, now: Timestamp) -> Result<()> {
    diesel::insert_into(mailed_codes::table)
        .values((
            mailed_codes::id.eq(code.id.to_string()),
            mailed_codes::purpose.eq(&code.purpose),
            mailed_codes::account_id.eq(code.account.map(|id| id.to_string())),
            mailed_codes::code_hash.eq(&code.code_hash),
            mailed_codes::attempts.eq(code.attempts),
            mailed_codes::created_at.eq(now.micros()),
            mailed_codes::expires_at.eq(code.expires_at.micros()),
        ))
        .execute(writer.conn())?;
    Ok(())
}

/// Counts a try and returns the code, unless it has ended or was tried too often.
pub fn count_try(
    writer: &mut Writer<'_>,
    id: CodeId,
    purpose: &str,
    max_attempts: i32,
    now: Timestamp,
) -> Result<Option<MailedCode>> {
    let found: Option<(String, Option<String>, String, i32, i64)> = diesel::update(
        mailed_codes::table
            .filter(mailed_codes::id.eq(id.to_string()))
            .filter(mailed_codes::purpose.eq(purpose))
            .filter(mailed_codes::attempts.lt(max_attempts))
            .filter(mailed_codes::expires_at.gt(now.micros())),
    )
    .set(mailed_codes::attempts.eq(mailed_codes::attempts + 1))
    .returning((
        mailed_codes::purpose,
        mailed_codes::account_id,
        mailed_codes::code_hash,
        mailed_codes::attempts,
        mailed_codes::expires_at,
    ))
    .get_result(writer.conn())
    .optional()?;
    found
        .map(|(purpose, account, code_hash, attempts, expires_at)| {
            Ok(MailedCode {
                id,
                purpose,
                account: account.map(|id| stored(&id, "account id")).transpose()?,
                code_hash,
                attempts,
                expires_at: Timestamp::from_micros(expires_at),
            })
        })
        .transpose()
}

/// Uses a code up. Of several that try at once, one gets `true`.
pub fn remove(writer: &mut Writer<'_>, id: CodeId) -> Result<bool> {
    Ok(diesel::delete(mailed_codes::table.find(id.to_string())).execute(writer.conn())? == 1)
}

/// Ends every code of an account: one that was asked for before a password changed must not change it again.
pub fn remove_of(writer: &mut Writer<'_>, account: AccountId) -> Result<usize> {
    Ok(diesel::delete(mailed_codes::table.filter(mailed_codes::account_id.eq(account.to_string())))
        .execute(writer.conn())?)
}

pub fn remove_ended(writer: &mut Writer<'_>, now: Timestamp) -> Result<usize> {
    let codes =
        diesel::delete(mailed_codes::table.filter(mailed_codes::expires_at.le(now.micros()))).execute(writer.conn())?;
    let links =
        diesel::delete(setup_links::table.filter(setup_links::expires_at.le(now.micros()))).execute(writer.conn())?;
    Ok(codes + links)
}

/// The set-up link, in place of any before it.
pub fn put_setup_link(writer: &mut Writer<'_>, token_hash: &str, expires_at: Timestamp) -> Result<()> {
    diesel::delete(setup_links::table).execute(writer.conn())?;
    diesel::insert_into(setup_links::table)
        .values((setup_links::token_hash.eq(token_hash), setup_links::expires_at.eq(expires_at.micros())))
        .execute(writer.conn())?;
    Ok(())
}

pub fn is_setup_link(reader: &mut Reader<'_>, token_hash: &str, now: Timestamp) -> Result<bool> {
    let found: i64 = setup_links::table
        .find(token_hash)
        .filter(setup_links::expires_at.gt(now.micros()))
        .count()
        .get_result(reader.conn())?;
    Ok(found == 1)
}

/// Uses the set-up link up. Of several that try at once, one gets `true`.
pub fn take_setup_link(writer: &mut Writer<'_>, token_hash: &str, now: Timestamp) -> Result<bool> {
    let taken = diesel::delete(
        setup_links::table
            .filter(setup_links::token_hash.eq(token_hash))
            .filter(setup_links::expires_at.gt(now.micros())),
    )
    .execute(writer.conn())?;
    Ok(taken == 1)
}
