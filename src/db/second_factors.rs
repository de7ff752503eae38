//! Second factors of accounts: the sealed secret, the last time step that was accepted, and recovery codes.

use diesel::prelude::*;

use super::connection::{Reader, Writer};
use super::error::Result;
use super::schema::{accounts, recovery_codes};
use crate::clock::Timestamp;
use crate::domain::id::{AccountId, RecoveryCodeId};

/// The sealed secret of a person's second factor, if they have one.
pub fn sealed(reader: &mut Reader<'_>, account: AccountId) -> Result<Option<Vec<u8>>> {
    Ok(accounts::table.find(account.to_string()).select(accounts::totp_sealed).first(reader.conn())?)
}

/// Gives a person a second factor whose codes up to `step` are used. Answers whether they had none.
pub fn set(writer: &mut Writer<'_>, account: AccountId, sealed: &[u8], step: i64) -> Result<bool> {
    let wanted = accounts::table.filter(accounts::id.eq(account.to_string())).filter(accounts::totp_sealed.is_null());
    let set = diesel::update(wanted)
        .set((accounts::totp_sealed.eq(Some(sealed.to_vec())), accounts::totp_last_step.eq(step)))
        .execute(writer.conn())?;
    Ok(set == 1)
}

/// Takes the factor and its recovery codes away. Answers whether there was one.
pub fn remove(writer: &mut Writer<'_>, account: AccountId) -> Result<bool> {
    let wanted =
        accounts::table.filter(accounts::id.eq(account.to_string())).filter(accounts::totp_sealed.is_not_null());
    let removed = diesel::update(wanted).set(accounts::totp_sealed.eq(None::<Vec<u8>>)).execute(writer.conn())?;
    remove_codes(writer, account)?;
    Ok(removed == 1)
}

/// Locks a person's factor for this transaction. Answers whether there is one.
pub fn lock(writer: &mut Writer<'_>, account: AccountId) -> Result<bool> {
    let wanted =
        accounts::table.filter(accounts::id.eq(account.to_string())).filter(accounts::totp_sealed.is_not_null());
    let locked =
        diesel::update(wanted).set(accounts::totp_last_step.eq(accounts::totp_last_step)).execute(writer.conn())?;
    Ok(locked == 1)
}

/// Uses a time step up. Answers `false` when it, or a later one, was used before.
pub fn use_step(writer: &mut Writer<'_>, account: AccountId, step: i64) -> Result<bool> {
    let wanted = accounts::table
        .filter(accounts::id.eq(account.to_string()))
        .filter(accounts::totp_sealed.is_not_null())
        .filter(accounts::totp_last_step.lt(step));
    Ok(diesel::update(wanted).set(accounts::totp_last_step.eq(step)).execute(writer.conn())? == 1)
}

pub fn add_code(
    writer: &mut Writer<'_>,
    id: RecoveryCodeId,
    account: AccountId,
    code_hash: &str,
    now: Timestamp,
) -> Result<()> {
    diesel::insert_into(recovery_codes::table)
        .values((
            recovery_codes::id.eq(id.to_string()),
            recovery_codes::account_id.eq(account.to_string()),
            recovery_codes::code_hash.eq(code_hash),
            recovery_codes::created_at.eq(now.micros()),
        ))
        .execute(writer.conn())?;
    Ok(())
}

/// Uses a recovery code up. Answers whether it was there.
pub fn use_code(writer: &mut Writer<'_>, account: AccountId, code_hash: &str) -> Result<bool> {
    let wanted = recovery_codes::table
        .filter(recovery_codes::account_id.eq(account.to_string()))
        .filter(recovery_codes::code_hash.eq(code_hash));
    Ok(diesel::delete(wanted).execute(writer.conn())? == 1)
}

pub fn remove_codes(writer: &mut Writer<'_>, account: AccountId) -> Result<()> {
    diesel::delete(recovery_codes::table.filter(recovery_codes::account_id.eq(account.to_string())))
        .execute(writer.conn())?;
    Ok(())
}

pub fn codes_left(reader: &mut Reader<'_>, account: AccountId) -> Result<i64> {
    let of_account = recovery_codes::table.filter(recovery_codes::account_id.eq(account.to_string()));
    Ok(of_account.count().get_result(reader.conn())?)
}

/// Whether the account has a second factor.
pub fn is_set_up(reader: &mut Reader<'_>, account: AccountId) -> Result<bool> {
    let with: i64 = accounts::table
        .find(account.to_string())
        .filter(accounts::totp_sealed.is_not_null())
        .count()
        .get_result(reader.conn())?;
    Ok(with == 1)
}
