//! What ends a service for a while or for good, and what brings it back.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Path;
use askama::Template;
use serde::Deserialize;

use crate::access::act;
use crate::db;
use crate::domain::id::ServiceId;
use crate::domain::lifecycle::Status;
use crate::domain::service::Service;
use crate::portal::form::{Nothing, Posted};
use crate::portal::guard::{Guarded, Seen};
use crate::portal::services::impact::Impact;
use crate::portal::shell::{Notice, Shell, go_on, html};
use crate::portal::when::{self, When};
use crate::portal::{PageError, paths};

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Reactivation {
    /// `yes` brings back what was before the deletion, not just an active service.
    pub undo: String,
    /// The version that was made by what is undone.
    pub version: String,
}

#[derive(Template)]
#[template(path = "services/deactivation.html")]
struct DeactivationPage {
    shell: Shell,
    name: String,
    impact: Impact,
    action: String,
    back: String,
}

pub async fn confirm_deactivation(
    guarded: Guarded<act::ChangeServiceStatus>,
    id: Path<ServiceId>,
) -> Result<HttpResponse, PageError> {
    let id = id.into_inner();
    let (seen, impact) = with_impact(&guarded, id).await?;
    let service = &seen.data;
    if service.state.status() != Status::Active {
        return Err(PageError::WrongState("This service is not active.".into()));
    }
    let page = DeactivationPage {
        shell: guarded.shell(&seen, "Deactivate service"),
        name: service.settings.name.clone(),
        impact,
        action: paths::service_deactivation(id),
        back: paths::service(id),
    };
    html(StatusCode::OK, &page)
}

/// A service, and what stops when it stops.
async fn with_impact(
    guarded: &Guarded<act::ChangeServiceStatus>,
    id: ServiceId,
) -> Result<(Seen<act::ChangeServiceStatus, Service>, Impact), PageError> {
    let now = guarded.portal.clock.now();
    let seen = guarded
        .read(move |permit, reader| {
            let service = db::services::find(reader, permit.scope(), id)?;
            Ok((service, Impact::read(reader, permit.scope(), id, now)?))
        })
        .await?;
    Ok(seen.split())
}

pub async fn deactivate(
    guarded: Guarded<act::ChangeServiceStatus>,
    id: Path<ServiceId>,
    _posted: Posted<Nothing>,
) -> Result<HttpResponse, PageError> {
    let id = id.into_inner();
    let service = guarded.act(move |permit, operations| operations.deactivate_service(permit, id)).await??;
    Ok(go_on(&guarded.portal, &paths::service(id), deactivated(&service)))
}

/// Whether by the button or by the form: what it means is said, and it can be undone.
pub fn deactivated(service: &Service) -> Notice {
    let text = format!("Service {} deactivated. Its clients get no tokens any more.", service.settings.name);
    let version = service.version.to_string();
    Notice::done(text).undo(paths::service_reactivation(service.id), &[("version", &version)])
}

pub fn reactivated(service: &Service) -> Notice {
    Notice::done(format!("Service {} is back.", service.settings.name))
}

pub async fn reactivate(
    guarded: Guarded<act::ChangeServiceStatus>,
    id: Path<ServiceId>,
    posted: Posted<Reactivation>,
) -> Result<HttpResponse, PageError> {
    let (id, Reactivation { undo, version }) = (id.into_inner(), posted.input);
    let service = guarded
        .act(move |permit, operations| operations.reactivate_service(permit, id, undo == "yes", &version))
        .await??;
    Ok(go_on(&guarded.portal, &paths::service(id), reactivated(&service)))
}

#[derive(Template)]
#[template(path = "services/deletion.html")]
struct DeletionPage {
    shell: Shell,
    name: String,
    impact: Impact,
    grace: String,
    gone: When,
    action: String,
    back: String,
}

pub async fn confirm_deletion(
    guarded: Guarded<act::ChangeServiceStatus>,
    id: Path<ServiceId>,
) -> Result<HttpResponse, PageError> {
    let id = id.into_inner();
    let (seen, impact) = with_impact(&guarded, id).await?;
    let service = &seen.data;
    if service.state.is_deleted() {
        return Err(PageError::WrongState("This service is deleted already.".into()));
    }
    let (now, grace) =
        (guarded.portal.clock.now(), guarded.portal.operations.grace(&seen.permit.actor().membership().policy));
    let page = DeletionPage {
        shell: guarded.shell(&seen, "Delete service"),
        name: service.settings.name.clone(),
        impact,
        grace: when::days(grace.days()),
        gone: When::new(grace.ends(now), now),
        action: paths::service_deletion(id),
        back: paths::service(id),
    };
    html(StatusCode::OK, &page)
}

pub async fn delete(
    guarded: Guarded<act::ChangeServiceStatus>,
    id: Path<ServiceId>,
    posted: Posted<Nothing>,
) -> Result<HttpResponse, PageError> {
    let id = id.into_inner();
    let done = guarded.act_confirmed(&posted, move |permit, operations| operations.delete_service(permit, id)).await;
    let service = match done {
        Ok(done) => done?,
        Err(interrupted) => return interrupted.answer(),
    };
    let text = format!("Service {} deleted, with its clients.", service.settings.name);
    let version = service.version.to_string();
    let notice = Notice::done(text).undo(paths::service_reactivation(id), &[("undo", "yes"), ("version", &version)]);
    Ok(go_on(&guarded.portal, &paths::service(id), notice))
}
