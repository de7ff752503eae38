//! What whoever runs the deployment sees of it: every tenant, and how the machinery does.

use std::collections::HashMap;

use diesel::dsl::count_star;
use diesel::prelude::*;

use super::client_lists::mark_of_client;
use super::connection::{Reader, Writer};
use super::error::Result;
use super::schema::{accounts, client_last_uses, clients, invitations, job_runs, members, outbox, services, tenants};
use super::{known, like_literal, stored};
use crate::clock::Timestamp;
use crate::domain::id::{AccountId, ClientUid, MailId, TenantId};
use crate::domain::lifecycle::Status;
use crate::domain::text::search_key;

/// A tenant as the operator sees it.
#[derive(Clone, Debug)]
pub struct TenantSeen {
    pub id: TenantId,
    pub name: String,
    pub created_at: Timestamp,
    pub members: i64,
    pub administrators: i64,
    pub services: i64,
    pub clients: i64,
    /// Who was invited to be its first administrator, and until when.
    pub invited: Option<(String, Timestamp)>,
}

#[derive(Clone, Debug, Default)]
pub struct TenantQuery {
    pub search: String,
    pub offset: i64,
    pub limit: i64,
}

/// A page of tenants, and how many match in all. Things that are deleted are not counted.
pub fn tenants(reader: &mut Reader<'_>, query: &TenantQuery) -> Result<(Vec<TenantSeen>, i64)> {
    let matching = || {
        let wanted = tenants::table.into_boxed();
        if query.search.is_empty() {
            return wanted;
        }
        let pattern = format!("%{}%", like_literal(&search_key(&query.search)));
        wanted.filter(tenants::name_key.like(pattern).escape('\\'))
    };
    let total: i64 = matching().count().get_result(reader.conn())?;
    let rows: Vec<(String, String, i64)> = matching()
        .order((tenants::name_key.asc(), tenants::id.asc()))
        .offset(query.offset)
        .limit(query.limit)
        .select((tenants::id, tenants::name, tenants::created_at))
        .load(reader.conn())?;
    let ids: Vec<String> = rows.iter().map(|(id, ..)| id.clone()).collect();
    let members: HashMap<String, i64> = members::table
        .filter(members::tenant_id.eq_any(ids.clone()))
        .group_by(members::tenant_id)
        .select((members::tenant_id, count_star()))
        .load::<(String, i64)>(reader.conn())?
        .into_iter()
        .collect();
    let administrators: HashMap<String, i64> = members::table
        .filter(members::tenant_id.eq_any(ids.clone()))
        .filter(members::administrator.eq(true))
        .group_by(members::tenant_id)
        .select((members::tenant_id, count_star()))
        .load::<(String, i64)>(reader.conn())?
        .into_iter()
        .collect();
    let services: HashMap<String, i64> = services::table
        .filter(services::tenant_id.eq_any(ids.clone()))
        .filter(services::status.ne(Status::Deleted.as_str()))
        .group_by(services::tenant_id)
        .select((services::tenant_id, count_star()))
        .load::<(String, i64)>(reader.conn())?
        .into_iter()
        .collect();
    let clients: HashMap<String, i64> = clients::table
        .filter(clients::tenant_id.eq_any(ids.clone()))
        .filter(clients::status.ne(Status::Deleted.as_str()))
        .group_by(clients::tenant_id)
        .select((clients::tenant_id, count_star()))
        .load::<(String, i64)>(reader.conn())?
        .into_iter()
        .collect();
    let mut invited: HashMap<String, (String, Timestamp)> = invitations::table
        .filter(invitations::tenant_id.eq_any(ids))
        .filter(invitations::administrator.eq(true))
        .order(invitations::sent_at.asc())
        .select((invitations::tenant_id, invitations::email, invitations::expires_at))
        .load::<(String, String, i64)>(reader.conn())?
        .into_iter()
        .map(|(tenant, email, until)| (tenant, (email, Timestamp::from_micros(until))))
        .collect();
    let count = |counts: &HashMap<String, i64>, id: &str| counts.get(id).copied().unwrap_or(0);
    let seen = rows
        .into_iter()
        .map(|(id, name, created_at)| {
            Ok(TenantSeen {
                members: count(&members, &id),
                administrators: count(&administrators, &id),
                services: count(&services, &id),
                clients: count(&clients, &id),
                invited: invited.remove(&id),
                id: stored(&id, "tenant id")?,
                name,
                created_at: Timestamp::from_micros(created_at),
            })
        })
        .collect::<Result<_>>()?;
    Ok((seen, total))
}

/// The name of a tenant.
pub fn tenant_name(reader: &mut Reader<'_>, id: TenantId) -> Result<String> {
    Ok(tenants::table.find(id.to_string()).select(tenants::name).first(reader.conn())?)
}

/// The address of whoever was invited last to administer a tenant.
pub fn invited_administrator(reader: &mut Reader<'_>, tenant: TenantId) -> Result<Option<String>> {
    Ok(invitations::table
        .filter(invitations::tenant_id.eq(tenant.to_string()))
        .filter(invitations::administrator.eq(true))
        .order(invitations::sent_at.desc())
        .select(invitations::email)
        .first(reader.conn())
        .optional()?)
}

/// Those who decide on every tenant's release requests: id, name, address.
pub fn platform_approvers(reader: &mut Reader<'_>) -> Result<Vec<(AccountId, String, String)>> {
    accounts::table
        .filter(accounts::platform_approver.eq(true))
        .order((accounts::name_key.asc(), accounts::id.asc()))
        .select((accounts::id, accounts::name, accounts::email))
        .load::<(String, String, String)>(reader.conn())?
        .into_iter()
        .map(|(id, name, email)| Ok((stored(&id, "account id")?, name, email)))
        .collect()
}

/// Answers whether it changed anything: of two who do it at once, one does.
pub fn set_platform_approver(writer: &mut Writer<'_>, id: AccountId, approves: bool) -> Result<bool> {
    let changed = diesel::update(
        accounts::table.filter(accounts::id.eq(id.to_string())).filter(accounts::platform_approver.ne(approves)),
    )
    .set(accounts::platform_approver.eq(approves))
    .execute(writer.conn())?;
    Ok(changed == 1)
}

/// A client that came with Keywright.
#[derive(Clone, Debug)]
pub struct DefaultClientSeen {
    pub uid: ClientUid,
    pub tenant_id: TenantId,
    pub tenant: String,
    pub name: String,
    pub client_id: String,
    pub purpose: String,
    pub status: Status,
    pub service_status: Status,
    pub last_used_at: Option<Timestamp>,
}

pub fn default_clients(reader: &mut Reader<'_>) -> Result<Vec<DefaultClientSeen>> {
    type Columns = ((String, String, String, String, Option<String>), (String, String, String, Option<i64>));
    let rows: Vec<Columns> = clients::table
        .inner_join(services::table)
        .inner_join(tenants::table.on(tenants::id.eq(clients::tenant_id)))
        .left_join(client_last_uses::table.on(mark_of_client()))
        .filter(clients::default_purpose.is_not_null())
        .order((tenants::name_key.asc(), clients::uid.asc()))
        .select((
            (clients::uid, clients::tenant_id, clients::name, clients::client_id, clients::default_purpose),
            (tenants::name, clients::status, services::status, client_last_uses::at.nullable()),
        ))
        .load(reader.conn())?;
    rows.into_iter()
        .map(|((uid, tenant_id, name, client_id, purpose), (tenant, status, service_status, used))| {
            Ok(DefaultClientSeen {
                uid: stored(&uid, "client uid")?,
                tenant_id: stored(&tenant_id, "tenant id")?,
                tenant,
                name,
                client_id,
                purpose: purpose.unwrap_or_default(),
                status: known(Status::parse(&status), "status")?,
                service_status: known(Status::parse(&service_status), "status")?,
                last_used_at: used.map(Timestamp::from_micros),
            })
        })
        .collect()
}

/// How a job's last run went.
#[derive(Clone, Debug)]
pub struct JobRun {
    pub name: String,
    pub ended_at: Timestamp,
    pub succeeded_at: Option<Timestamp>,
    pub outcome: String,
}

pub fn job_runs(reader: &mut Reader<'_>) -> Result<Vec<JobRun>> {
    let rows: Vec<(String, i64, Option<i64>, String)> = job_runs::table
        .order(job_runs::name.asc())
        .select((job_runs::name, job_runs::ended_at, job_runs::succeeded_at, job_runs::outcome))
        .load(reader.conn())?;
    let run = |(name, ended, succeeded, outcome): (String, i64, Option<i64>, String)| JobRun {
        name,
        ended_at: Timestamp::from_micros(ended),
        succeeded_at: succeeded.map(Timestamp::from_micros),
        outcome,
    };
    Ok(rows.into_iter().map(run).collect())
}

/// A mail that could not be handed over.
#[derive(Clone, Debug)]
pub struct FailedMail {
    pub id: MailId,
    pub recipient: String,
    pub subject: String,
    pub created_at: Timestamp,
    pub attempts: i32,
    /// When it is tried again; in the far future once it was given up.
    pub next_attempt_at: Timestamp,
    pub last_error: String,
}

/// What waits in the outbox.
#[derive(Clone, Debug)]
pub struct OutboxSeen {
    pub waiting: i64,
    pub oldest: Option<Timestamp>,
    pub failed: Vec<FailedMail>,
    pub failed_count: i64,
}

/// The outbox, with the mails of it that failed, the latest first.
pub fn outbox(reader: &mut Reader<'_>, limit: i64) -> Result<OutboxSeen> {
    let (waiting, oldest): (i64, Option<i64>) = (
        outbox::table.count().get_result(reader.conn())?,
        outbox::table.select(diesel::dsl::min(outbox::created_at)).first(reader.conn())?,
    );
    let failed_count = outbox::table.filter(outbox::last_error.ne("")).count().get_result(reader.conn())?;
    type Columns = (String, String, String, i64, i32, i64, String);
    let rows: Vec<Columns> = outbox::table
        .filter(outbox::last_error.ne(""))
        .order(outbox::id.desc())
        .limit(limit)
        .select((
            outbox::id,
            outbox::recipient,
            outbox::subject,
            outbox::created_at,
            outbox::attempts,
            outbox::next_attempt_at,
            outbox::last_error,
        ))
        .load(reader.conn())?;
    let failed = rows
        .into_iter()
        .map(|(id, recipient, subject, created, attempts, next, last_error)| {
            Ok(FailedMail {
                id: stored(&id, "mail id")?,
                recipient,
                subject,
                created_at: Timestamp::from_micros(created),
                attempts,
                next_attempt_at: Timestamp::from_micros(next),
                last_error,
            })
        })
        .collect::<Result<_>>()?;
    Ok(OutboxSeen { waiting, oldest: oldest.map(Timestamp::from_micros), failed, failed_count })
}

/// The subject of a mail that failed. `NotFound` for one that didn't, or that has gone out.
pub fn failed_mail(reader: &mut Reader<'_>, id: MailId) -> Result<String> {
    Ok(outbox::table
        .find(id.to_string())
        .filter(outbox::last_error.ne(""))
        .select(outbox::subject)
        .first(reader.conn())?)
}

/// A mail begins anew, as if it had just been written. Answers whether it was there.
pub fn retry_mail(writer: &mut Writer<'_>, id: MailId, now: Timestamp) -> Result<bool> {
    let due = diesel::update(outbox::table.find(id.to_string()))
        .set((outbox::attempts.eq(0), outbox::next_attempt_at.eq(now.micros())))
        .execute(writer.conn())?;
    Ok(due == 1)
}

/// Answers whether it was there.
pub fn discard_mail(writer: &mut Writer<'_>, id: MailId) -> Result<bool> {
    Ok(diesel::delete(outbox::table.find(id.to_string())).execute(writer.conn())? == 1)
}
