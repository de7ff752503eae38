//! Invitations that nobody has accepted yet. A row holds the hash of the token that its mail carries, and goes once it
//! is accepted or withdrawn.

use diesel::prelude::*;

use super::connection::{Reader, Writer};
use super::error::{Error, Result};
use super::schema::{invitations, tenants};
use super::{known, stored};
use crate::access::{Roles, TenantScope};
use crate::clock::Timestamp;
use crate::domain::id::{InvitationId, TenantId};
use crate::domain::text::Email;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    pub id: InvitationId,
    pub tenant_id: TenantId,
    pub email: Email,
    pub roles: Roles,
    /// The name of whoever sent it last: somebody to ask.
    pub invited_by: String,
    pub created_at: Timestamp,
    pub sent_at: Timestamp,
    pub expires_at: Timestamp,
}

impl Invitation {
    pub fn has_expired(&self, now: Timestamp) -> bool {
        self.expires_at <= now
    }
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = invitations)]
struct Row {
    id: String,
    tenant_id: String,
    email: String,
    email_key: String,
    developer: bool,
    approver: bool,
    administrator: bool,
    token_hash: String,
    invited_by: String,
    created_at: i64,
    sent_at: i64,
    expires_at: i64,
}

impl TryFrom<Row> for Invitation {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: stored(&row.id, "invitation id")?,
            tenant_id: stored(&row.tenant_id, "tenant id")?,
            email: known(Email::parse(&row.email).ok(), "e-mail address")?,
            roles: Roles { developer: row.developer, approver: row.approver, administrator: row.administrator },
            invited_by: row.invited_by,
            created_at: Timestamp::from_micros(row.created_at),
            sent_at: Timestamp::from_micros(row.sent_at),
            expires_at: Timestamp::from_micros(row.expires_at),
        })
    }
}

pub fn insert(writer: &mut Writer<'_>, invitation: &Invitation, token_hash: &str) -> Result<()> {
    let row = Row {
        id: invitation.id.to_string(),
        tenant_id: invitation.tenant_id.to_string(),
        email: invitation.email.as_str().to_owned(),
        email_key: invitation.email.key(),
        developer: invitation.roles.developer,
        approver: invitation.roles.approver,
        administrator: invitation.roles.administrator,
        token_hash: token_hash.to_owned(),
        invited_by: invitation.invited_by.clone(),
        created_at: invitation.created_at.micros(),
        sent_at: invitation.sent_at.micros(),
        expires_at: invitation.expires_at.micros(),
    };
    diesel::insert_into(invitations::table).values(row).execute(writer.conn())?;
    Ok(())
}

/// A tenant's open invitations, the latest sent first; and how many there are in all.
pub fn of_tenant(reader: &mut Reader<'_>, scope: TenantScope, limit: i64) -> Result<(Vec<Invitation>, i64)> {
    let own = || invitations::table.filter(invitations::tenant_id.eq(scope.id().to_string()));
    let total = own().count().get_result(reader.conn())?;
    let rows: Vec<Row> =
        own().order((invitations::sent_at.desc(), invitations::id.desc())).limit(limit).load(reader.conn())?;
    Ok((rows.into_iter().map(Invitation::try_from).collect::<Result<_>>()?, total))
}

pub fn find(reader: &mut Reader<'_>, scope: TenantScope, id: InvitationId) -> Result<Invitation> {
    invitations::table
        .find(id.to_string())
        .filter(invitations::tenant_id.eq(scope.id().to_string()))
        .first::<Row>(reader.conn())?
        .try_into()
}

pub fn is_invited(reader: &mut Reader<'_>, tenant: TenantId, email_key: &str) -> Result<bool> {
    let found: i64 = invitations::table
        .filter(invitations::tenant_id.eq(tenant.to_string()))
        .filter(invitations::email_key.eq(email_key))
        .count()
        .get_result(reader.conn())?;
    Ok(found > 0)
}

/// The invitation that a token opens, with the name of its company; also one that has expired.
pub fn by_token(reader: &mut Reader<'_>, token_hash: &str) -> Result<Option<(Invitation, String)>> {
    let found: Option<(Row, String)> = invitations::table
        .inner_join(tenants::table)
        .filter(invitations::token_hash.eq(token_hash))
        .select((invitations::all_columns, tenants::name))
        .first(reader.conn())
        .optional()?;
    found.map(|(row, company)| Ok((row.try_into()?, company))).transpose()
}

/// A new token and a new end; the token before is worth nothing from now on.
pub fn renew(
    writer: &mut Writer<'_>,
    id: InvitationId,
    token_hash: &str,
    invited_by: &str,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<()> {
    diesel::update(invitations::table.find(id.to_string()))
        .set((
            invitations::token_hash.eq(token_hash),
            invitations::invited_by.eq(invited_by),
            invitations::sent_at.eq(now.micros()),
            invitations::expires_at.eq(expires_at.micros()),
        ))
        .execute(writer.conn())?;
    Ok(())
}

/// Answers whether it was there: of two that withdraw it, one does.
pub fn remove(writer: &mut Writer<'_>, id: InvitationId) -> Result<bool> {
    Ok(diesel::delete(invitations::table.find(id.to_string())).execute(writer.conn())? == 1)
}

/// What invites people to administer a tenant.
pub fn of_administrators(reader: &mut Reader<'_>, tenant: TenantId) -> Result<Vec<Invitation>> {
    let rows: Vec<Row> = invitations::table
        .filter(invitations::tenant_id.eq(tenant.to_string()))
        .filter(invitations::administrator.eq(true))
        .order(invitations::id)
        .load(reader.conn())?;
    rows.into_iter().map(Invitation::try_from).collect()
}

/// Uses an invitation up, if the token still opens it and it has not expired. Of two that accept it, one does.
pub fn take(writer: &mut Writer<'_>, token_hash: &str, now: Timestamp) -> Result<bool> {
    let taken = diesel::delete(
        invitations::table
            .filter(invitations::token_hash.eq(token_hash))
            .filter(invitations::expires_at.gt(now.micros())),
    )
    .execute(writer.conn())?;
    Ok(taken == 1)
}
