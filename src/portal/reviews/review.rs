//! One request, with everything that an approver judges by, and the decision.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Path;
use askama::Template;
use serde::Deserialize;

use super::shown::{CheckRow, Group, RequestRow, check_rows, groups};
use crate::access::act;
use crate::db::{self, Reader};
use crate::domain::id::ReleaseRequestId;
use crate::domain::release::checks::holds;
use crate::domain::release::differences::{Level, differences};
use crate::domain::release::evidence::{ClientEvidence, Evidence, Fact};
use crate::domain::release::{ReleaseRequest, RequestState};
use crate::operations;
use crate::operations::releases::{self, Verdict};
use crate::portal::form::{FormState, Posted};
use crate::portal::guard::{Guarded, title};
use crate::portal::history::{self, HistoryEntry};
use crate::portal::shell::{Notice, Shell, go_on, html};
use crate::portal::{PageError, paths};

#[derive(Template)]
#[template(path = "reviews/review.html")]
struct ReviewPage {
    shell: Shell,
    form: FormState,
    service: String,
    /// Where the service is, for members of its company.
    service_href: Option<String>,
    company: String,
    request: RequestRow,
    waiting: bool,
    /// What the service and its clients are now is not what was asked for.
    stale: bool,
    deleted: bool,
    own: bool,
    blocked: bool,
    checks: Vec<CheckRow>,
    /// The earlier request that the differences are to.
    base: Option<RequestRow>,
    groups: Vec<Group>,
    facts: Vec<Fact>,
    clients: Vec<ClientEvidence>,
    history: Vec<HistoryEntry>,
    shown: String,
    approval: String,
    rejection: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct DecisionForm {
    shown: String,
    reason: String,
}

pub async fn show(
    guarded: Guarded<act::DecideReleases>,
    id: Path<ReleaseRequestId>,
) -> Result<HttpResponse, PageError> {
    draw(&guarded, id.into_inner(), FormState::empty(), StatusCode::OK).await
}

async fn draw(
    guarded: &Guarded<act::DecideReleases>,
    id: ReleaseRequestId,
    form: FormState,
    status: StatusCode,
) -> Result<HttpResponse, PageError> {
    let seen = guarded
        .read(move |permit, reader| {
            let tenant = db::releases::tenant_of(reader, id)?;
            let scope = permit.scope_of(tenant).ok_or(operations::Error::NotFound)?;
            let request = db::releases::find(reader, scope, id)?;
            let judgement = releases::judge(reader, scope, request.service_id)?;
            let decided =
                |reader: &mut Reader<'_>, state| db::releases::last_decided(reader, scope, request.service_id, state);
            let approved = decided(reader, RequestState::Approved)?;
            let rejected = decided(reader, RequestState::Rejected)?;
            let events = db::audit::of_service(reader, scope, request.service_id, history::SHOWN)?;
            let company = db::tenants::find(reader, scope)?.name;
            Ok((request, judgement, (approved, rejected), events, company))
        })
        .await?;
    let (request, judgement, (approved, rejected), events, company) = &seen.data;
    let me = seen.permit.actor().membership();
    let now = guarded.portal.clock.now();
    let waiting = request.state == RequestState::Waiting;
    let asked = Evidence::from_json(&request.evidence).unwrap_or_default();
    // What is live is what the request is compared with; without that, what was sent back the last time.
    let earlier =
        |last: &&ReleaseRequest| last.id != request.id && last.decided_at.is_some_and(|at| at <= request.created_at);
    let base = approved.as_ref().filter(earlier).or(rejected.as_ref().filter(earlier));
    let before = base.and_then(|base| Evidence::from_json(&base.evidence));
    let mut found = differences(before.as_ref(), &asked);
    if before.is_none() {
        // Everything is new then; what carries no risk stands in the full list below.
        found.retain(|difference| difference.level != Level::Low);
    }
    let own_company = me.tenant_id == request.tenant_id;
    let page = ReviewPage {
        shell: guarded.shell(&seen, title(&format!("Review of {}", judgement.service.settings.name), &form)),
        service: judgement.service.settings.name.clone(),
        service_href: own_company.then(|| paths::service(request.service_id)),
        company: company.clone(),
        waiting,
        stale: waiting && request.evidence_hash != judgement.hash,
        deleted: judgement.service.state.is_deleted(),
        own: request.requested_by == me.account_id,
        blocked: !holds(&judgement.checks),
        checks: check_rows(&judgement.checks, request.service_id, false),
        base: base.filter(|_| before.is_some()).map(|base| RequestRow::new(base, now, me)),
        groups: groups(found),
        facts: asked.service,
        clients: asked.clients,
        history: history::entries(events, now),
        shown: request.evidence_hash.clone(),
        approval: paths::approval(id),
        rejection: paths::rejection(id),
        request: RequestRow::new(request, now, me),
        form,
    };
    html(status, &page)
}

pub async fn approve(
    guarded: Guarded<act::DecideReleases>,
    id: Path<ReleaseRequestId>,
    posted: Posted<DecisionForm>,
) -> Result<HttpResponse, PageError> {
    decide(guarded, id.into_inner(), posted, Verdict::Approve).await
}

pub async fn reject(
    guarded: Guarded<act::DecideReleases>,
    id: Path<ReleaseRequestId>,
    posted: Posted<DecisionForm>,
) -> Result<HttpResponse, PageError> {
    decide(guarded, id.into_inner(), posted, Verdict::Reject).await
}

async fn decide(
    guarded: Guarded<act::DecideReleases>,
    id: ReleaseRequestId,
    posted: Posted<DecisionForm>,
    verdict: Verdict,
) -> Result<HttpResponse, PageError> {
    let (shown, reason) = (posted.input.shown.clone(), posted.input.reason.clone());
    let done = guarded
        .act_confirmed(&posted, move |permit, operations| {
            operations.decide_release(permit, id, verdict, &shown, &reason)
        })
        .await;
    let done = match done {
        Ok(done) => done,
        Err(interrupted) => return interrupted.answer(),
    };
    match done {
        Ok(service) => {
            let text = match verdict {
                Verdict::Approve => format!("{} is live. Live secrets can be added now.", service.settings.name),
                Verdict::Reject => {
                    format!("{} is not released. The requester has been told why.", service.settings.name)
                }
            };
            Ok(go_on(&guarded.portal, paths::REVIEWS, Notice::done(text)))
        }
        Err(error) => {
            let again = guarded.again(posted.typed, error)?;
            draw(&guarded, id, again.form, again.status).await
        }
    }
}
