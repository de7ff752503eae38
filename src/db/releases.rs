//! Release requests, and what changed at live services since an approver last looked.

use std::collections::HashMap;

use diesel::prelude::*;

use super::connection::{Reader, Writer};
use super::error::{Error, Result};
use super::schema::{changes_to_review, release_requests, services, tenants};
use super::{known, like_literal, stored};
use crate::access::TenantScope;
use crate::clock::Timestamp;
use crate::domain::id::{AccountId, ReleaseRequestId, ServiceId, TenantId};
use crate::domain::release::{ChangeToReview, ReleaseRequest, RequestState};
use crate::domain::text::search_key;

#[derive(Queryable, Insertable)]
#[diesel(table_name = release_requests)]
struct Row {
    id: String,
    tenant_id: String,
    service_id: String,
    waits_for: Option<String>,
    state: String,
    requested_by: String,
    requester_name: String,
    message: String,
    evidence: String,
    evidence_hash: String,
    created_at: i64,
    decided_by: Option<String>,
    decider_name: String,
    reason: String,
    decided_at: Option<i64>,
}

impl TryFrom<Row> for ReleaseRequest {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: stored(&row.id, "release request id")?,
            tenant_id: stored(&row.tenant_id, "tenant id")?,
            service_id: stored(&row.service_id, "service id")?,
            state: known(RequestState::parse(&row.state), "state of a release request")?,
            requested_by: stored(&row.requested_by, "account id")?,
            requester_name: row.requester_name,
            message: row.message,
            evidence: row.evidence,
            evidence_hash: row.evidence_hash,
            created_at: Timestamp::from_micros(row.created_at),
            decided_by: row.decided_by.map(|id| stored(&id, "account id")).transpose()?,
            decider_name: row.decider_name,
            reason: row.reason,
            decided_at: row.decided_at.map(Timestamp::from_micros),
        })
    }
}

/// The caller has locked the service, and no other request of it waits.
pub fn insert(writer: &mut Writer<'_>, request: &ReleaseRequest) -> Result<()> {
    let row = Row {
        id: request.id.to_string(),
        tenant_id: request.tenant_id.to_string(),
        service_id: request.service_id.to_string(),
        waits_for: (request.state == RequestState::Waiting).then(|| request.service_id.to_string()),
        state: request.state.as_str().to_owned(),
        requested_by: request.requested_by.to_string(),
        requester_name: request.requester_name.clone(),
        message: request.message.clone(),
        evidence: request.evidence.clone(),
        evidence_hash: request.evidence_hash.clone(),
        created_at: request.created_at.micros(),
        decided_by: request.decided_by.map(|id| id.to_string()),
        decider_name: request.decider_name.clone(),
        reason: request.reason.clone(),
        decided_at: request.decided_at.map(Timestamp::micros),
    };
    diesel::insert_into(release_requests::table).values(row).execute(writer.conn())?;
    Ok(())
}

/// The tenant of a request; whether it may be seen is asked of the permit.
pub fn tenant_of(reader: &mut Reader<'_>, id: ReleaseRequestId) -> Result<TenantId> {
    let tenant: String =
        release_requests::table.find(id.to_string()).select(release_requests::tenant_id).first(reader.conn())?;
    stored(&tenant, "tenant id")
}

pub fn find(reader: &mut Reader<'_>, scope: TenantScope, id: ReleaseRequestId) -> Result<ReleaseRequest> {
    release_requests::table
        .find(id.to_string())
        .filter(release_requests::tenant_id.eq(scope.id().to_string()))
        .first::<Row>(reader.conn())?
        .try_into()
}

/// The requests of a service: the one that waits, then the newest first.
pub fn of_service(
    reader: &mut Reader<'_>,
    scope: TenantScope,
    service: ServiceId,
    limit: i64,
) -> Result<Vec<ReleaseRequest>> {
    let newest = release_requests::table
        .filter(release_requests::service_id.eq(service.to_string()))
        .filter(release_requests::tenant_id.eq(scope.id().to_string()))
        .order((
            release_requests::waits_for.is_null().asc(),
            release_requests::created_at.desc(),
            release_requests::id.desc(),
        ))
        .limit(limit);
    let rows: Vec<Row> = reader.all(newest)?;
    rows.into_iter().map(ReleaseRequest::try_from).collect()
}

/// The request of a service that was decided last in this way.
pub fn last_decided(
    reader: &mut Reader<'_>,
    scope: TenantScope,
    service: ServiceId,
    state: RequestState,
) -> Result<Option<ReleaseRequest>> {
    let found: Option<Row> = release_requests::table
        .filter(release_requests::service_id.eq(service.to_string()))
        .filter(release_requests::tenant_id.eq(scope.id().to_string()))
        .filter(release_requests::state.eq(state.as_str()))
        .order((release_requests::decided_at.desc(), release_requests::id.desc()))
        .first(reader.conn())
        .optional()?;
    found.map(ReleaseRequest::try_from).transpose()
}

/// The end of a waiting request.
pub struct Decision<'a> {
    pub state: RequestState,
    pub by: AccountId,
    pub name: &'a str,
    pub reason: &'a str,
    pub at: Timestamp,
}

/// Ends a waiting request. Of two that decide at once, one gets `true`.
pub fn decide(writer: &mut Writer<'_>, id: ReleaseRequestId, decision: &Decision<'_>) -> Result<bool> {
    let decided = diesel::update(
        release_requests::table
            .filter(release_requests::id.eq(id.to_string()))
            .filter(release_requests::state.eq(RequestState::Waiting.as_str())),
    )
    .set((
        release_requests::waits_for.eq(None::<String>),
        release_requests::state.eq(decision.state.as_str()),
        release_requests::decided_by.eq(Some(decision.by.to_string())),
        release_requests::decider_name.eq(decision.name),
        release_requests::reason.eq(decision.reason),
        release_requests::decided_at.eq(Some(decision.at.micros())),
    ))
    .execute(writer.conn())?;
    Ok(decided == 1)
}

/// What the queue asks for. Without a scope, every tenant's.
#[derive(Clone, Debug, Default)]
pub struct ReviewQuery {
    pub scope: Option<TenantScope>,
    pub waiting: bool,
    pub search: String,
    pub offset: i64,
    pub limit: i64,
}

/// A request in the queue.
pub struct ListedRequest {
    pub request: ReleaseRequest,
    pub service_name: String,
    pub tenant_name: String,
}

/// A page of requests and how many match in all: those that wait by age, those that are decided the newest first.
pub fn list(reader: &mut Reader<'_>, query: &ReviewQuery) -> Result<(Vec<ListedRequest>, i64)> {
    let matching = || {
        let mut wanted = release_requests::table.inner_join(services::table).inner_join(tenants::table).into_boxed();
        if let Some(scope) = query.scope {
            wanted = wanted.filter(release_requests::tenant_id.eq(scope.id().to_string()));
        }
        wanted = match query.waiting {
            true => wanted
                .filter(release_requests::state.eq(RequestState::Waiting.as_str()))
                .filter(services::status.ne("deleted")),
            false => wanted.filter(release_requests::state.eq_any([
                RequestState::Approved.as_str(),
                RequestState::Rejected.as_str(),
                RequestState::Withdrawn.as_str(),
            ])),
        };
        if !query.search.is_empty() {
            let pattern = format!("%{}%", like_literal(&search_key(&query.search)));
            wanted = wanted.filter(services::name_key.like(pattern).escape('\\'));
        }
        wanted
    };
    let total: i64 = matching().count().get_result(reader.conn())?;
    let page = matching().offset(query.offset).limit(query.limit);
    let page = match query.waiting {
        true => page.order((release_requests::created_at.asc(), release_requests::id.asc())),
        false => page.order((release_requests::decided_at.desc(), release_requests::id.desc())),
    };
    let rows: Vec<(Row, String, String)> =
        page.select((release_requests::all_columns, services::name, tenants::name)).load(reader.conn())?;
    let listed = rows
        .into_iter()
        .map(|(row, service_name, tenant_name)| {
            Ok(ListedRequest { request: row.try_into()?, service_name, tenant_name })
        })
        .collect::<Result<_>>()?;
    Ok((listed, total))
}

/// How many requests wait for this person, who does not decide on their own.
pub fn count_waiting(reader: &mut Reader<'_>, scope: Option<TenantScope>, not_of: AccountId) -> Result<i64> {
    let waiting = release_requests::table
        .inner_join(services::table)
        .filter(release_requests::state.eq(RequestState::Waiting.as_str()))
        .filter(release_requests::requested_by.ne(not_of.to_string()))
        .filter(services::status.ne("deleted"));
    Ok(match scope {
        Some(scope) => reader.one(waiting.filter(release_requests::tenant_id.eq(scope.id().to_string())).count())?,
        None => reader.one(waiting.count())?,
    })
}

/// A live service with changes that no approver has looked at.
pub struct ChangedService {
    pub id: ServiceId,
    pub name: String,
    pub tenant_name: String,
    pub changes: i64,
    pub last: Timestamp,
}

/// Live services that changed, those first that changed last.
pub fn changed_services(reader: &mut Reader<'_>, scope: Option<TenantScope>) -> Result<Vec<ChangedService>> {
    let ids = changed(reader, scope)?;
    let counted: HashMap<String, (i64, Option<i64>)> = changes_to_review::table
        .filter(changes_to_review::service_id.eq_any(&ids))
        .group_by(changes_to_review::service_id)
        .select((
            changes_to_review::service_id,
            (diesel::dsl::count_star(), diesel::dsl::max(changes_to_review::created_at)),
        ))
        .load::<(String, (i64, Option<i64>))>(reader.conn())?
        .into_iter()
        .collect();
    let named: Vec<(String, String, String)> = services::table
        .inner_join(tenants::table)
        .filter(services::id.eq_any(&ids))
        .select((services::id, services::name, tenants::name))
        .load(reader.conn())?;
    let mut found = named
        .into_iter()
        .map(|(id, name, tenant_name)| {
            let (changes, last) = counted.get(&id).copied().unwrap_or_default();
            let last = Timestamp::from_micros(last.unwrap_or_default());
            Ok(ChangedService { id: stored(&id, "service id")?, name, tenant_name, changes, last })
        })
        .collect::<Result<Vec<_>>>()?;
    found.sort_by_key(|service| std::cmp::Reverse(service.last));
    Ok(found)
}

/// How many live services changed since an approver last looked.
pub fn count_changed(reader: &mut Reader<'_>, scope: Option<TenantScope>) -> Result<usize> {
    Ok(changed(reader, scope)?.len())
}

fn changed(reader: &mut Reader<'_>, scope: Option<TenantScope>) -> Result<Vec<String>> {
    let changed = changes_to_review::table
        .inner_join(services::table)
        .filter(services::environment.eq("live"))
        .filter(services::status.ne("deleted"))
        .select(changes_to_review::service_id)
        .distinct();
    Ok(match scope {
        Some(scope) => reader.all(changed.filter(changes_to_review::tenant_id.eq(scope.id().to_string())))?,
        None => reader.all(changed)?,
    })
}

pub fn insert_change(
    writer: &mut Writer<'_>,
    scope: TenantScope,
    service: ServiceId,
    change: &ChangeToReview,
) -> Result<()> {
    diesel::insert_into(changes_to_review::table)
        .values((
            changes_to_review::id.eq(change.id.to_string()),
            changes_to_review::tenant_id.eq(scope.id().to_string()),
            changes_to_review::service_id.eq(service.to_string()),
            changes_to_review::client_uid.eq(&change.client_uid),
            changes_to_review::client_name.eq(&change.client_name),
            changes_to_review::changed_by.eq(change.changed_by.to_string()),
            changes_to_review::changed_by_name.eq(&change.changed_by_name),
            changes_to_review::field.eq(&change.field),
            changes_to_review::value_before.eq(&change.before),
            changes_to_review::value_after.eq(&change.after),
            changes_to_review::created_at.eq(change.at.micros()),
        ))
        .execute(writer.conn())?;
    Ok(())
}

/// What changed at a service since an approver last looked, oldest first; at most `limit`.
pub fn changes_of(
    reader: &mut Reader<'_>,
    scope: TenantScope,
    service: ServiceId,
    limit: i64,
) -> Result<Vec<ChangeToReview>> {
    type Found = (String, String, String, String, String, String, String, String, i64);
    let rows: Vec<Found> = changes_to_review::table
        .filter(changes_to_review::service_id.eq(service.to_string()))
        .filter(changes_to_review::tenant_id.eq(scope.id().to_string()))
        .order((changes_to_review::created_at.asc(), changes_to_review::id.asc()))
        .limit(limit)
        .select((
            changes_to_review::id,
            changes_to_review::client_uid,
            changes_to_review::client_name,
            changes_to_review::changed_by,
            changes_to_review::changed_by_name,
            changes_to_review::field,
            changes_to_review::value_before,
            changes_to_review::value_after,
            changes_to_review::created_at,
        ))
        .load(reader.conn())?;
    rows.into_iter()
        .map(|(id, client_uid, client_name, changed_by, changed_by_name, field, before, after, at)| {
            Ok(ChangeToReview {
                id: stored(&id, "change id")?,
                client_uid,
                client_name,
                changed_by: stored(&changed_by, "account id")?,
                changed_by_name,
                field,
                before,
                after,
                at: Timestamp::from_micros(at),
            })
        })
        .collect()
}

/// How many changes of a service wait to be looked at.
pub fn count_changes(reader: &mut Reader<'_>, service: ServiceId) -> Result<i64> {
    Ok(reader.one(changes_to_review::table.filter(changes_to_review::service_id.eq(service.to_string())).count())?)
}

/// Forgets exactly the changes that an approver has looked at.
pub fn remove_these_changes(writer: &mut Writer<'_>, service: ServiceId, seen: &[ChangeToReview]) -> Result<()> {
    let ids: Vec<String> = seen.iter().map(|change| change.id.to_string()).collect();
    diesel::delete(
        changes_to_review::table
            .filter(changes_to_review::service_id.eq(service.to_string()))
            .filter(changes_to_review::id.eq_any(ids)),
    )
    .execute(writer.conn())?;
    Ok(())
}

/// Forgets all changes of a service: it was judged as a whole, or is no longer live.
pub fn remove_changes(writer: &mut Writer<'_>, service: ServiceId) -> Result<()> {
    diesel::delete(changes_to_review::table.filter(changes_to_review::service_id.eq(service.to_string())))
        .execute(writer.conn())?;
    Ok(())
}

/// What goes with a service that is removed for good.
pub(super) fn remove_of_service(writer: &mut Writer<'_>, service: ServiceId) -> Result<()> {
    remove_changes(writer, service)?;
    diesel::delete(release_requests::table.filter(release_requests::service_id.eq(service.to_string())))
        .execute(writer.conn())?;
    Ok(())
}
