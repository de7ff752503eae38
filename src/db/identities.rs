//! Links between accounts and people at other OpenID providers.

use diesel::prelude::*;

use super::connection::{Reader, Writer};
use super::error::Result;
use super::schema::external_identities;
use super::stored;
use crate::clock::Timestamp;
use crate::domain::external_person::ExternalPerson;
use crate::domain::id::{AccountId, IdentityId};

/// A link as its person sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    pub id: IdentityId,
    pub issuer: String,
    pub email: String,
    pub linked_at: Timestamp,
    pub last_used_at: Option<Timestamp>,
}

/// `Conflict::IdentityTaken` when the person there is linked to an account already.
pub fn insert(
    writer: &mut Writer<'_>,
    id: IdentityId,
    account: AccountId,
    person: &ExternalPerson,
    now: Timestamp,
) -> Result<()> {
    diesel::insert_into(external_identities::table)
        .values((
            external_identities::id.eq(id.to_string()),
            external_identities::account_id.eq(account.to_string()),
            external_identities::issuer.eq(&person.issuer),
            external_identities::subject.eq(&person.subject),
            external_identities::email.eq(&person.email),
            external_identities::linked_at.eq(now.micros()),
            external_identities::last_used_at.eq(None::<i64>),
        ))
        .execute(writer.conn())?;
    Ok(())
}

/// The account that a person there is linked to.
pub fn account_of(reader: &mut Reader<'_>, issuer: &str, subject: &str) -> Result<Option<AccountId>> {
    let found: Option<String> = external_identities::table
        .filter(external_identities::issuer.eq(issuer))
        .filter(external_identities::subject.eq(subject))
        .select(external_identities::account_id)
        .first(reader.conn())
        .optional()?;
    found.map(|id| stored(&id, "account id")).transpose()
}

pub fn note_use(writer: &mut Writer<'_>, issuer: &str, subject: &str, now: Timestamp) -> Result<()> {
    let used = external_identities::table
        .filter(external_identities::issuer.eq(issuer))
        .filter(external_identities::subject.eq(subject));
    diesel::update(used).set(external_identities::last_used_at.eq(Some(now.micros()))).execute(writer.conn())?;
    Ok(())
}

pub fn of_account(reader: &mut Reader<'_>, account: AccountId) -> Result<Vec<Identity>> {
    let rows: Vec<(String, String, String, i64, Option<i64>)> = external_identities::table
        .filter(external_identities::account_id.eq(account.to_string()))
        .order((external_identities::linked_at.asc(), external_identities::id.asc()))
        .limit(100)
        .select((
            external_identities::id,
            external_identities::issuer,
            external_identities::email,
            external_identities::linked_at,
            external_identities::last_used_at,
        ))
        .load(reader.conn())?;
    rows.into_iter()
        .map(|(id, issuer, email, linked_at, last_used_at)| {
            Ok(Identity {
                id: stored(&id, "identity id")?,
                issuer,
                email,
                linked_at: Timestamp::from_micros(linked_at),
                last_used_at: last_used_at.map(Timestamp::from_micros),
            })
        })
        .collect()
}

/// Unlinks every other sign-in of an account. Answers how many there were.
pub fn remove_all(writer: &mut Writer<'_>, account: AccountId) -> Result<usize> {
    let all = external_identities::table.filter(external_identities::account_id.eq(account.to_string()));
    Ok(diesel::delete(all).execute(writer.conn())?)
}

/// Takes one of a person's own links away. Answers with the issuer, or `None` where it was not theirs.
pub fn remove(writer: &mut Writer<'_>, account: AccountId, id: IdentityId) -> Result<Option<String>> {
    let own = external_identities::table
        .filter(external_identities::id.eq(id.to_string()))
        .filter(external_identities::account_id.eq(account.to_string()));
    Ok(diesel::delete(own).returning(external_identities::issuer).get_result(writer.conn()).optional()?)
}
