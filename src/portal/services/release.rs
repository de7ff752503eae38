//! Asking for the release of a service: the checks, the request, and what became of earlier ones.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Path;
use askama::Template;
use serde::Deserialize;

use crate::access::{Act, Action, act};
use crate::db;
use crate::domain::id::{ReleaseRequestId, ServiceId};
use crate::domain::release::checks::{Outcome, holds};
use crate::domain::service::Environment;
use crate::operations::releases;
use crate::portal::form::{FormState, Nothing, Posted};
use crate::portal::guard::{Guarded, title};
use crate::portal::reviews::shown::{CheckRow, RequestRow, check_rows};
use crate::portal::shell::{Notice, Shell, go_on, html};
use crate::portal::{PageError, paths};

#[derive(Template)]
#[template(path = "services/release.html")]
struct ReleasePage {
    shell: Shell,
    form: FormState,
    service: String,
    service_href: String,
    action: String,
    live: bool,
    checks: Vec<CheckRow>,
    passed: usize,
    blocking: usize,
    warnings: usize,
    /// A request that waits, and whether something has overtaken it.
    waiting: Option<RequestRow>,
    stale: bool,
    earlier: Vec<RequestRow>,
    /// The hash of what this page shows: what is asked for is exactly this.
    shown: String,
    can_request: bool,
    may_request: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct RequestForm {
    message: String,
    shown: String,
}

pub async fn show(guarded: Guarded<act::See>, id: Path<ServiceId>) -> Result<HttpResponse, PageError> {
    draw(&guarded, id.into_inner(), FormState::empty(), StatusCode::OK).await
}

async fn draw<A: Act>(
    guarded: &Guarded<A>,
    id: ServiceId,
    form: FormState,
    status: StatusCode,
) -> Result<HttpResponse, PageError> {
    const EARLIER: i64 = 20;
    let seen = guarded
        .read(move |permit, reader| {
            let judgement = releases::judge(reader, permit.scope(), id)?;
            let requests = db::releases::of_service(reader, permit.scope(), id, EARLIER)?;
            Ok((judgement, requests))
        })
        .await?;
    let (judgement, requests) = &seen.data;
    let now = guarded.portal.clock.now();
    let actor = seen.permit.actor();
    let may_request = actor.may(Action::EditServices) && !judgement.service.state.is_deleted();
    let live = judgement.service.environment == Environment::Live;
    let row = |request| RequestRow::new(request, now, actor.membership());
    let waiting = requests.iter().find(|request| request.state == crate::domain::release::RequestState::Waiting);
    let stale = waiting.is_some_and(|request| request.evidence_hash != judgement.hash);
    let page = ReleasePage {
        shell: guarded.shell(&seen, title("Request service release", &form)),
        service: judgement.service.settings.name.clone(),
        service_href: paths::service(id),
        action: paths::release_requests(id),
        live,
        checks: check_rows(&judgement.checks, id, may_request),
        passed: releases::count(&judgement.checks, Outcome::Pass),
        blocking: releases::count(&judgement.checks, Outcome::Blocking),
        warnings: releases::count(&judgement.checks, Outcome::Warning),
        can_request: may_request && !live && holds(&judgement.checks) && (waiting.is_none() || stale),
        may_request,
        waiting: waiting.map(row),
        stale,
        earlier: requests.iter().filter(|request| waiting != Some(*request)).map(row).collect(),
        shown: judgement.hash.clone(),
        form,
    };
    html(status, &page)
}

pub async fn request(
    guarded: Guarded<act::EditServices>,
    id: Path<ServiceId>,
    posted: Posted<RequestForm>,
) -> Result<HttpResponse, PageError> {
    let id = id.into_inner();
    let submission = posted.submission();
    let RequestForm { message, shown } = posted.input;
    let done = guarded
        .act(move |permit, operations| operations.request_release(permit, id, &shown, &message, &submission))
        .await?;
    match done {
        Ok(_) => {
            let notice = Notice::done("Release requested. The approvers have been told.");
            Ok(go_on(&guarded.portal, &paths::service(id), notice))
        }
        Err(error) => {
            let again = guarded.again(posted.typed, error)?;
            draw(&guarded, id, again.form, again.status).await
        }
    }
}

pub async fn withdraw(
    guarded: Guarded<act::EditServices>,
    id: Path<ReleaseRequestId>,
    _posted: Posted<Nothing>,
) -> Result<HttpResponse, PageError> {
    let id = id.into_inner();
    let service = guarded.act(move |permit, operations| operations.withdraw_release(permit, id)).await??;
    let notice = Notice::done("Release request withdrawn. You can ask again at any time.");
    Ok(go_on(&guarded.portal, &paths::release_requests(service.id), notice))
}
