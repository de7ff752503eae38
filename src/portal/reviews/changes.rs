//! What changed at a live service since an approver last looked.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Path;
use askama::Template;
use serde::Deserialize;

use super::shown::{DifferenceRow, difference_row};
use crate::access::act;
use crate::db;
use crate::domain::id::ServiceId;
use crate::domain::release::differences::difference;
use crate::domain::service::Environment;
use crate::operations;
use crate::operations::releases::{CHANGES_SHOWN, fingerprint};
use crate::portal::form::{FormState, Posted};
use crate::portal::guard::{Guarded, title};
use crate::portal::shell::{Notice, Shell, go_on, html};
use crate::portal::when::When;
use crate::portal::{PageError, paths};

#[derive(Template)]
#[template(path = "reviews/changes.html")]
struct ChangesPage {
    shell: Shell,
    form: FormState,
    service: String,
    service_href: Option<String>,
    company: String,
    changes: Vec<Row>,
    live: bool,
    /// The reader made one of the changes.
    own: bool,
    shown: String,
    action: String,
    taking_back: String,
}

struct Row {
    client: String,
    by: String,
    when: When,
    difference: DifferenceRow,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct AcceptForm {
    shown: String,
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
    let seen = guarded
        .read(move |permit, reader| {
            let tenant = db::services::tenant_of(reader, id)?;
            let scope = permit.scope_of(tenant).ok_or(operations::Error::NotFound)?;
            let service = db::services::find(reader, scope, id)?;
            let changes = db::releases::changes_of(reader, scope, id, CHANGES_SHOWN)?;
            Ok((service, changes, db::tenants::find(reader, scope)?.name))
        })
        .await?;
    let (service, changes, company) = &seen.data;
    let me = seen.permit.actor().membership();
    let now = guarded.portal.clock.now();
    let page = ChangesPage {
        shell: guarded.shell(&seen, title(&format!("Changes at {}", service.settings.name), &form)),
        service: service.settings.name.clone(),
        service_href: (me.tenant_id == service.tenant_id).then(|| paths::service(id)),
        company: company.clone(),
        live: service.environment == Environment::Live,
        own: changes.iter().any(|change| change.changed_by == me.account_id),
        shown: fingerprint(changes),
        changes: changes
            .iter()
            .filter_map(|change| {
                // Lists as they are kept in the trail, one item per line here as well.
                let per_line = |text: &str| match change.field.as_str() {
                    "Grant types" | "Response types" | "Tenant roles" | "Community roles" => text.replace(", ", "\n"),
                    "Scopes" => text.replace(' ', "\n"),
                    _ => text.to_owned(),
                };
                let found = difference(None, &change.field, &per_line(&change.before), &per_line(&change.after))?;
                Some(Row {
                    client: change.client_name.clone(),
                    by: change.changed_by_name.clone(),
                    when: When::new(change.at, now),
                    difference: difference_row(found),
                })
            })
            .collect(),
        action: paths::changes_to_review(id),
        taking_back: paths::taking_back(id),
        form,
    };
    html(status, &page)
}

pub async fn accept(
    guarded: Guarded<act::DecideReleases>,
    id: Path<ServiceId>,
    posted: Posted<AcceptForm>,
) -> Result<HttpResponse, PageError> {
    let id = id.into_inner();
    let shown = posted.input.shown.clone();
    let done =
        guarded.act_confirmed(&posted, move |permit, operations| operations.accept_changes(permit, id, &shown)).await;
    match done {
        Ok(Ok(service)) => {
            let text = format!("The changes at {} are accepted.", service.settings.name);
            Ok(go_on(&guarded.portal, paths::REVIEWS, Notice::done(text)))
        }
        Ok(Err(error)) => {
            let again = guarded.again(FormState::empty(), error)?;
            draw(&guarded, id, again.form, again.status).await
        }
        Err(interrupted) => interrupted.answer(),
    }
}
