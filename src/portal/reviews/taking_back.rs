//! Taking a live service back to sandbox: what stops, and why.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Path;
use askama::Template;
use serde::Deserialize;

use crate::access::act;
use crate::db;
use crate::domain::id::ServiceId;
use crate::domain::service::Environment;
use crate::operations;
use crate::portal::form::{FormState, Posted};
use crate::portal::guard::{Guarded, title};
use crate::portal::services::impact::Impact;
use crate::portal::shell::{Notice, Shell, go_on, html};
use crate::portal::{PageError, paths};

#[derive(Template)]
#[template(path = "reviews/taking_back.html")]
struct TakingBackPage {
    shell: Shell,
    form: FormState,
    service: String,
    impact: Impact,
    action: String,
    back: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct TakingBackForm {
    reason: String,
}

pub async fn show(guarded: Guarded<act::DecideReleases>, id: Path<ServiceId>) -> Result<HttpResponse, PageError> {
    draw(&guarded, id.into_inner(), FormState::empty(), StatusCode::OK).await
}

async fn draw(
    guarded: &Guarded<act::DecideReleases>,
    id: ServiceId,
    form: FormState,
    status: StatusCode,
) -> Result<HttpResponse, PageError> {
    let now = guarded.portal.clock.now();
    let seen = guarded
        .read(move |permit, reader| {
            let tenant = db::services::tenant_of(reader, id)?;
            let scope = permit.scope_of(tenant).ok_or(operations::Error::NotFound)?;
            let service = db::services::find(reader, scope, id)?;
            let impact = Impact::read(reader, scope, id, now)?;
            Ok((service, impact))
        })
        .await?;
    let (seen, impact) = seen.split();
    let service = &seen.data;
    if service.environment != Environment::Live {
        return Err(PageError::WrongState("This service is in sandbox already.".into()));
    }
    let own_company = seen.permit.actor().membership().tenant_id == service.tenant_id;
    let page = TakingBackPage {
        shell: guarded.shell(&seen, title("Take back to sandbox", &form)),
        service: service.settings.name.clone(),
        impact,
        action: paths::taking_back(id),
        back: if own_company { paths::service(id) } else { paths::REVIEWS.to_owned() },
        form,
    };
    html(status, &page)
}

pub async fn take_back(
    guarded: Guarded<act::DecideReleases>,
    id: Path<ServiceId>,
    posted: Posted<TakingBackForm>,
) -> Result<HttpResponse, PageError> {
    let id = id.into_inner();
    let reason = posted.input.reason.clone();
    let done =
        guarded.act_confirmed(&posted, move |permit, operations| operations.take_back(permit, id, &reason)).await;
    match done {
        Ok(Ok(service)) => {
            let text = format!("{} is back in sandbox. Its live secrets are gone.", service.settings.name);
            Ok(go_on(&guarded.portal, paths::REVIEWS, Notice::done(text)))
        }
        Ok(Err(error)) => {
            let again = guarded.again(posted.typed, error)?;
            draw(&guarded, id, again.form, again.status).await
        }
        Err(interrupted) => interrupted.answer(),
    }
}
