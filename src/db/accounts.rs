//! Accounts of people.

use diesel::prelude::*;

use super::connection::{Reader, Writer};
use super::error::{Error, Result};
use super::schema::accounts;
use super::{from_json_list, json_list, known, stored};
use crate::clock::Timestamp;
use crate::domain::account::Account;
use crate::domain::id::AccountId;
use crate::domain::mail_kind::MailKind;
use crate::domain::text::{Email, search_key};

#[derive(Queryable, Insertable)]
#[diesel(table_name = accounts)]
struct Row {
    id: String,
    email: String,
    email_key: String,
    name: String,
    password_hash: String,
    operator: bool,
    activated_at: Option<i64>,
    password_changed_at: i64,
    created_at: i64,
    platform_approver: bool,
    totp_sealed: Option<Vec<u8>>,
    totp_last_step: i64,
    muted_mail: String,
    name_key: String,
}

impl TryFrom<Row> for Account {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: stored(&row.id, "account id")?,
            email: known(Email::parse(&row.email).ok(), "e-mail address")?,
            name: row.name,
            operator: row.operator,
            platform_approver: row.platform_approver,
            activated_at: row.activated_at.map(Timestamp::from_micros),
            password_changed_at: Timestamp::from_micros(row.password_changed_at),
            created_at: Timestamp::from_micros(row.created_at),
        })
    }
}

/// `Conflict::EmailTaken` when there is an account with this address.
pub fn insert(writer: &mut Writer<'_>, account: &Account, password_hash: &str) -> Result<()> {
    let row = Row {
        id: account.id.to_string(),
        email: account.email.as_str().to_owned(),
        email_key: account.email.key(),
        name: account.name.clone(),
        password_hash: password_hash.to_owned(),
        operator: account.operator,
        activated_at: account.activated_at.map(Timestamp::micros),
        password_changed_at: account.password_changed_at.micros(),
        created_at: account.created_at.micros(),
        platform_approver: account.platform_approver,
        totp_sealed: None,
        totp_last_step: 0,
        muted_mail: "[]".into(),
        name_key: search_key(&account.name),
    };
    diesel::insert_into(accounts::table).values(row).execute(writer.conn())?;
    Ok(())
}

/// The account and its password hash.
pub fn by_email(reader: &mut Reader<'_>, email_key: &str) -> Result<Option<(Account, String)>> {
    // No address has one, and PostgreSQL would take the question for a fault.
    if email_key.contains('\0') {
        return Ok(None);
    }
    let row: Option<Row> = accounts::table.filter(accounts::email_key.eq(email_key)).first(reader.conn()).optional()?;
    row.map(with_hash).transpose()
}

/// The account and its password hash.
pub fn find(reader: &mut Reader<'_>, id: AccountId) -> Result<(Account, String)> {
    with_hash(accounts::table.find(id.to_string()).first(reader.conn())?)
}

fn with_hash(row: Row) -> Result<(Account, String)> {
    let hash = row.password_hash.clone();
    Ok((row.try_into()?, hash))
}

/// Locks the account until the commit, and reads it with its hash: whoever relies on how it stands takes turns with those
/// who change it. Lock it before what belongs to it.
pub fn lock(writer: &mut Writer<'_>, id: AccountId) -> Result<(Account, String)> {
    diesel::update(accounts::table.find(id.to_string()))
        .set(accounts::name.eq(accounts::name))
        .execute(writer.conn())?;
    find(writer, id)
}

/// The kinds of mail that the person has switched off.
pub fn muted_mail(reader: &mut Reader<'_>, id: AccountId) -> Result<Vec<MailKind>> {
    let stored: String = accounts::table.find(id.to_string()).select(accounts::muted_mail).first(reader.conn())?;
    // A kind that is no longer written is no longer switched off.
    Ok(from_json_list(&stored)?.iter().filter_map(|kind| MailKind::parse(kind)).collect())
}

pub fn set_muted_mail(writer: &mut Writer<'_>, id: AccountId, kinds: &[MailKind]) -> Result<()> {
    diesel::update(accounts::table.find(id.to_string()))
        .set(accounts::muted_mail.eq(json_list(kinds.iter().map(|kind| kind.as_str()))))
        .execute(writer.conn())?;
    Ok(())
}

/// The people who decide on every tenant's release requests.
pub fn platform_approvers(reader: &mut Reader<'_>) -> Result<Vec<AccountId>> {
    let ids: Vec<String> =
        accounts::table.filter(accounts::platform_approver.eq(true)).select(accounts::id).load(reader.conn())?;
    ids.iter().map(|id| stored(id, "account id")).collect()
}

pub fn set_password(writer: &mut Writer<'_>, id: AccountId, password_hash: &str, now: Timestamp) -> Result<()> {
    diesel::update(accounts::table.find(id.to_string()))
        .set((accounts::password_hash.eq(password_hash), accounts::password_changed_at.eq(now.micros())))
        .execute(writer.conn())?;
    Ok(())
}

pub fn rename(writer: &mut Writer<'_>, id: AccountId, name: &str) -> Result<()> {
    diesel::update(accounts::table.find(id.to_string()))
        .set((accounts::name.eq(name), accounts::name_key.eq(search_key(name))))
        .execute(writer.conn())?;
    Ok(())
}

/// Answers whether it was not active before.
pub fn activate(writer: &mut Writer<'_>, id: AccountId, now: Timestamp) -> Result<bool> {
    let activated = diesel::update(
        accounts::table.filter(accounts::id.eq(id.to_string())).filter(accounts::activated_at.is_null()),
    )
    .set(accounts::activated_at.eq(Some(now.micros())))
    .execute(writer.conn())?;
    Ok(activated == 1)
}
