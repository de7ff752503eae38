//! Grants, with their codes and refresh tokens. Codes and tokens are found by their SHA-256.

use diesel::prelude::*;

use super::connection::{Reader, Writer, on_both};
use super::error::{Error, Result};
use super::schema::{authorization_codes, clients, grants, refresh_tokens, revoked_tokens};
use super::{from_json_list, json_list, known, stored};
use crate::clock::Timestamp;
use crate::domain::id::{AccountId, ClientUid, GrantId, ServiceId, TenantId};
use crate::domain::protocol::grant::Grant;
use crate::domain::service::Environment;

#[derive(Queryable, Insertable)]
#[diesel(table_name = grants)]
struct Row {
    id: String,
    client_uid: String,
    account_id: String,
    scopes: String,
    environment: String,
    redirect_url: String,
    authenticated_at: i64,
    second_factor: bool,
    nonce: String,
    claims: String,
    created_at: i64,
    expires_at: i64,
    ended_at: Option<i64>,
    by_password: bool,
}

impl TryFrom<Row> for Grant {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: stored(&row.id, "grant id")?,
            client: stored(&row.client_uid, "client uid")?,
            account: stored(&row.account_id, "account id")?,
            scopes: from_json_list(&row.scopes)?,
            environment: known(Environment::parse(&row.environment), "environment")?,
            redirect_url: row.redirect_url,
            authenticated_at: Timestamp::from_micros(row.authenticated_at),
            by_password: row.by_password,
            second_factor: row.second_factor,
            nonce: row.nonce,
            claims: row.claims,
            created_at: Timestamp::from_micros(row.created_at),
            expires_at: Timestamp::from_micros(row.expires_at),
            ended_at: row.ended_at.map(Timestamp::from_micros),
        })
    }
}

pub fn insert(writer: &mut Writer<'_>, grant: &Grant) -> Result<()> {
    let row = Row {
        id: grant.id.to_string(),
        client_uid: grant.client.to_string(),
        account_id: grant.account.to_string(),
        scopes: json_list(grant.scopes.iter()),
        environment: grant.environment.as_str().to_owned(),
        redirect_url: grant.redirect_url.clone(),
        authenticated_at: grant.authenticated_at.micros(),
        second_factor: grant.second_factor,
        nonce: grant.nonce.clone(),
        claims: grant.claims.clone(),
        created_at: grant.created_at.micros(),
        expires_at: grant.expires_at.micros(),
        ended_at: grant.ended_at.map(Timestamp::micros),
        by_password: grant.by_password,
    };
    diesel::insert_into(grants::table).values(row).execute(writer.conn())?;
    Ok(())
}

pub fn find(reader: &mut Reader<'_>, id: GrantId) -> Result<Option<Grant>> {
    let row: Option<Row> = grants::table.find(id.to_string()).first(reader.conn()).optional()?;
    row.map(Grant::try_from).transpose()
}

/// Ends a grant, and with it its code, its refresh tokens and its access tokens. Nothing of it can be used any more, so
/// it needn't be kept for as long as it might have lasted.
pub fn end(writer: &mut Writer<'_>, id: GrantId, now: Timestamp) -> Result<()> {
    diesel::update(grants::table.find(id.to_string()).filter(grants::ended_at.is_null()))
        .set((grants::ended_at.eq(Some(now.micros())), grants::expires_at.eq(now.micros())))
        .execute(writer.conn())?;
    diesel::update(refresh_tokens::table.filter(refresh_tokens::grant_id.eq(id.to_string())))
        .set(refresh_tokens::live_of.eq(None::<String>))
        .execute(writer.conn())?;
    Ok(())
}

/// Ends everything that a user let a client do, or all clients. Answers how many grants it were.
pub fn end_of_account(
    writer: &mut Writer<'_>,
    account: AccountId,
    client: Option<ClientUid>,
    now: Timestamp,
) -> Result<usize> {
    let of_account =
        grants::table.filter(grants::account_id.eq(account.to_string())).filter(grants::ended_at.is_null());
    let open: Vec<String> = match client {
        Some(client) => {
            of_account.filter(grants::client_uid.eq(client.to_string())).select(grants::id).load(writer.conn())?
        }
        None => of_account.select(grants::id).load(writer.conn())?,
    };
    end_all(writer, &open, now)?;
    Ok(open.len())
}

/// Ends the oldest of what a user let a client do, but for the `newest` that stay.
pub fn end_oldest(
    writer: &mut Writer<'_>,
    account: AccountId,
    client: ClientUid,
    newest: usize,
    now: Timestamp,
) -> Result<()> {
    // There is one too many, unless a release before this one left more: those go little by little.
    let at_once = 100;
    let open: Vec<String> = grants::table
        .filter(grants::account_id.eq(account.to_string()))
        .filter(grants::client_uid.eq(client.to_string()))
        .filter(grants::ended_at.is_null())
        .order((grants::created_at.desc(), grants::id.desc()))
        .offset(i64::try_from(newest).unwrap_or(i64::MAX))
        .limit(at_once)
        .select(grants::id)
        .load(writer.conn())?;
    end_all(writer, &open, now)
}

/// Ends everything that users let a service's clients do while it was live.
pub fn end_live_of_service(writer: &mut Writer<'_>, service: ServiceId, now: Timestamp) -> Result<()> {
    let open: Vec<String> = grants::table
        .inner_join(clients::table)
        .filter(clients::service_id.eq(service.to_string()))
        .filter(grants::environment.eq(Environment::Live.as_str()))
        .filter(grants::ended_at.is_null())
        .select(grants::id)
        .load(writer.conn())?;
    end_all(writer, &open, now)
}

/// Ends everything that a person let the clients of a tenant do.
pub fn end_of_member(writer: &mut Writer<'_>, account: AccountId, tenant: TenantId, now: Timestamp) -> Result<()> {
    let open: Vec<String> = grants::table
        .inner_join(clients::table)
        .filter(grants::account_id.eq(account.to_string()))
        .filter(clients::tenant_id.eq(tenant.to_string()))
        .filter(grants::ended_at.is_null())
        .select(grants::id)
        .load(writer.conn())?;
    end_all(writer, &open, now)
}

/// Ends grants that have not ended. Refresh tokens stay as they are: whoever comes with one that was never used is told
/// that the grant has ended, and not that it was used.
fn end_all(writer: &mut Writer<'_>, open: &[String], now: Timestamp) -> Result<()> {
    for portion in open.chunks(500) {
        diesel::update(grants::table.filter(grants::id.eq_any(portion)))
            .set((grants::ended_at.eq(Some(now.micros())), grants::expires_at.eq(now.micros())))
            .execute(writer.conn())?;
    }
    Ok(())
}

/// A code, as it is kept.
pub struct Code {
    pub grant: Grant,
    /// The request named the redirect URL, so the token request must name it too (RFC 6749 §4.1.3).
    pub redirect_url_given: bool,
    /// The S256 challenge; empty where the request had none.
    pub code_challenge: String,
    pub expires_at: Timestamp,
    pub redeemed_at: Option<Timestamp>,
}

pub fn insert_code(
    writer: &mut Writer<'_>,
    code_hash: &str,
    grant: GrantId,
    redirect_url_given: bool,
    code_challenge: &str,
    expires_at: Timestamp,
) -> Result<()> {
    diesel::insert_into(authorization_codes::table)
        .values((
            authorization_codes::code_hash.eq(code_hash),
            authorization_codes::grant_id.eq(grant.to_string()),
            authorization_codes::redirect_url_given.eq(redirect_url_given),
            authorization_codes::code_challenge.eq(code_challenge),
            authorization_codes::expires_at.eq(expires_at.micros()),
        ))
        .execute(writer.conn())?;
    Ok(())
}

pub fn code(reader: &mut Reader<'_>, code_hash: &str) -> Result<Option<Code>> {
    let found: Option<(Row, bool, String, i64, Option<i64>)> = authorization_codes::table
        .inner_join(grants::table)
        .filter(authorization_codes::code_hash.eq(code_hash))
        .select((
            grants::all_columns,
            authorization_codes::redirect_url_given,
            authorization_codes::code_challenge,
            authorization_codes::expires_at,
            authorization_codes::redeemed_at,
        ))
        .first(reader.conn())
        .optional()?;
    found
        .map(|(row, redirect_url_given, code_challenge, expires_at, redeemed_at)| {
            Ok(Code {
                grant: row.try_into()?,
                redirect_url_given,
                code_challenge,
                expires_at: Timestamp::from_micros(expires_at),
                redeemed_at: redeemed_at.map(Timestamp::from_micros),
            })
        })
        .transpose()
}

/// Uses a code up. Of several that try at once, one gets `true`.
pub fn redeem(writer: &mut Writer<'_>, code_hash: &str, now: Timestamp) -> Result<bool> {
    let redeemed = diesel::update(
        authorization_codes::table
            .filter(authorization_codes::code_hash.eq(code_hash))
            .filter(authorization_codes::redeemed_at.is_null()),
    )
    .set(authorization_codes::redeemed_at.eq(Some(now.micros())))
    .execute(writer.conn())?;
    Ok(redeemed == 1)
}

/// The first or next refresh token of a grant, which has no other live one.
pub fn insert_refresh_token(writer: &mut Writer<'_>, token_hash: &str, grant: GrantId, now: Timestamp) -> Result<()> {
    diesel::insert_into(refresh_tokens::table)
        .values((
            refresh_tokens::token_hash.eq(token_hash),
            refresh_tokens::grant_id.eq(grant.to_string()),
            refresh_tokens::live_of.eq(Some(grant.to_string())),
            refresh_tokens::created_at.eq(now.micros()),
        ))
        .execute(writer.conn())?;
    Ok(())
}

/// The grant of a refresh token, and whether the token lives.
pub fn refresh_token(reader: &mut Reader<'_>, token_hash: &str) -> Result<Option<(Grant, bool)>> {
    let found: Option<(Row, Option<String>)> = refresh_tokens::table
        .inner_join(grants::table)
        .filter(refresh_tokens::token_hash.eq(token_hash))
        .select((grants::all_columns, refresh_tokens::live_of))
        .first(reader.conn())
        .optional()?;
    found.map(|(row, live_of)| Ok((row.try_into()?, live_of.is_some()))).transpose()
}

/// Uses a refresh token up. Of several that try at once, one gets `true`.
pub fn use_refresh_token(writer: &mut Writer<'_>, token_hash: &str) -> Result<bool> {
    let used = diesel::update(
        refresh_tokens::table
            .filter(refresh_tokens::token_hash.eq(token_hash))
            .filter(refresh_tokens::live_of.is_not_null()),
    )
    .set(refresh_tokens::live_of.eq(None::<String>))
    .execute(writer.conn())?;
    Ok(used == 1)
}

/// Notes that an access token ended early. It is forgotten when it would have ended anyway.
pub fn revoke_token(writer: &mut Writer<'_>, jti: &str, expires_at: Timestamp) -> Result<()> {
    let row = (revoked_tokens::jti.eq(jti), revoked_tokens::expires_at.eq(expires_at.micros()));
    on_both!(writer.conn(), conn => {
        diesel::insert_into(revoked_tokens::table).values(row).on_conflict_do_nothing().execute(conn)
    })?;
    Ok(())
}

pub fn is_revoked(reader: &mut Reader<'_>, jti: &str) -> Result<bool> {
    let known: i64 = revoked_tokens::table.filter(revoked_tokens::jti.eq(jti)).count().get_result(reader.conn())?;
    Ok(known == 1)
}

/// Removes marks of revoked tokens that would have ended by now anyway.
pub fn remove_marks(writer: &mut Writer<'_>, now: Timestamp) -> Result<usize> {
    Ok(diesel::delete(revoked_tokens::table.filter(revoked_tokens::expires_at.le(now.micros())))
        .execute(writer.conn())?)
}

/// Which grants are removed.
pub enum Gone {
    EndedBefore(Timestamp),
    OfClient(ClientUid),
}

/// Removes some of these grants, or of their refresh tokens, of which a grant may have very many. Answers with how many rows:
/// fewer than `portion` only when nothing is left.
pub fn remove_some(writer: &mut Writer<'_>, which: &Gone, portion: i64) -> Result<usize> {
    let some: Vec<String> = on_both!(writer.conn(), conn => {
        let all = grants::table.select(grants::id).limit(portion).into_boxed();
        let these = match which {
            Gone::EndedBefore(instant) => all.filter(grants::expires_at.le(instant.micros())),
            Gone::OfClient(client) => all.filter(grants::client_uid.eq(client.to_string())),
        };
        these.load(conn)
    })?;
    let tokens: Vec<String> = refresh_tokens::table
        .filter(refresh_tokens::grant_id.eq_any(&some))
        .select(refresh_tokens::token_hash)
        .limit(portion)
        .load(writer.conn())?;
    let of_these = refresh_tokens::table.filter(refresh_tokens::token_hash.eq_any(&tokens));
    let removed = diesel::delete(of_these).execute(writer.conn())?;
    if tokens.len() as i64 == portion {
        return Ok(removed);
    }
    Ok(removed + diesel::delete(grants::table.filter(grants::id.eq_any(&some))).execute(writer.conn())?)
}
