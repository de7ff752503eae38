//! The forms that add and edit a service.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Path;
use askama::Template;

use crate::access::{Action, act};
use crate::db;
use crate::domain::id::ServiceId;
use crate::domain::lifecycle::Status;
use crate::domain::service::{Service, ServiceInput};
use crate::operations::services::LogoChange;
use crate::portal::form::{FormState, Posted};
use crate::portal::guard::{Guarded, title};
use crate::portal::history::HistoryEntry;
use crate::portal::services::lifecycle::{deactivated, reactivated};
use crate::portal::shell::{Notice, Shell, go_on, html};
use crate::portal::{PageError, paths, view};

#[derive(Template)]
#[template(path = "services/form.html")]
struct FormPage {
    shell: Shell,
    form: FormState,
    /// The service that is edited, if one is.
    editing: Option<Editing>,
    action: String,
    back: String,
    /// Somebody else changed the service since the form was served; and what.
    stale: bool,
    meanwhile: Vec<HistoryEntry>,
}

struct Editing {
    name: String,
    logo: String,
    can_change_status: bool,
}

pub async fn new(guarded: Guarded<act::EditServices>) -> Result<HttpResponse, PageError> {
    new_page(&guarded, FormState::of(&ServiceInput::default()), StatusCode::OK).await
}

async fn new_page(
    guarded: &Guarded<act::EditServices>,
    form: FormState,
    status: StatusCode,
) -> Result<HttpResponse, PageError> {
    let seen = guarded.read(|_, _| Ok(())).await?;
    let page = FormPage {
        shell: guarded.shell(&seen, title("Add service", &form)),
        form,
        editing: None,
        action: paths::SERVICES.into(),
        back: paths::SERVICES.into(),
        stale: false,
        meanwhile: Vec::new(),
    };
    html(status, &page)
}

pub async fn add(guarded: Guarded<act::EditServices>, posted: Posted<ServiceInput>) -> Result<HttpResponse, PageError> {
    let (submission, file, input) = (posted.submission(), posted.file, posted.input);
    let name = input.name.trim().to_owned();
    let done = guarded.act(move |permit, operations| operations.add_service(permit, &input, file, &submission)).await?;
    match done {
        Ok((id, _)) => Ok(go_on(
            &guarded.portal,
            &paths::service(id),
            Notice::done(format!("Service {name} added. Now add its first client.")),
        )),
        Err(error) => {
            let again = guarded.again(posted.typed, error)?;
            new_page(&guarded, again.form, again.status).await
        }
    }
}

pub async fn edit(guarded: Guarded<act::EditServices>, id: Path<ServiceId>) -> Result<HttpResponse, PageError> {
    let id = id.into_inner();
    let seen = guarded.read(move |permit, reader| Ok(db::services::find(reader, permit.scope(), id)?)).await?;
    if seen.data.state.is_deleted() {
        return Err(PageError::WrongState("This service is deleted. Reactivate it before editing it.".into()));
    }
    let form = FormState::of(&input_of(&seen.data));
    edit_page(&guarded, id, form, None, StatusCode::OK).await
}

pub async fn update(
    guarded: Guarded<act::EditServices>,
    id: Path<ServiceId>,
    posted: Posted<ServiceInput>,
) -> Result<HttpResponse, PageError> {
    let id = id.into_inner();
    let (file, input) = (posted.file, posted.input);
    let logo = match file {
        Some(bytes) => LogoChange::Replace(bytes),
        None if input.remove_logo == "yes" => LogoChange::Remove,
        None => LogoChange::Keep,
    };
    let done = guarded.act(move |permit, operations| operations.update_service(permit, id, &input, logo)).await?;
    match done {
        Ok(changed) => {
            let notice = match changed {
                Some(service) if service.state.status() == Status::Inactive => deactivated(&service),
                Some(service) => reactivated(&service),
                None => Notice::done("Service updated."),
            };
            Ok(go_on(&guarded.portal, &paths::service(id), notice))
        }
        Err(error) => {
            let again = guarded.again(posted.typed, error)?;
            edit_page(&guarded, id, again.form, again.meanwhile, again.status).await
        }
    }
}

async fn edit_page(
    guarded: &Guarded<act::EditServices>,
    id: ServiceId,
    form: FormState,
    meanwhile: Option<Vec<HistoryEntry>>,
    status: StatusCode,
) -> Result<HttpResponse, PageError> {
    let seen = guarded.read(move |permit, reader| Ok(db::services::find(reader, permit.scope(), id)?)).await?;
    let page = FormPage {
        shell: guarded.shell(&seen, title("Edit service", &form)),
        editing: Some(Editing {
            name: seen.data.settings.name.clone(),
            logo: view::logo(&seen.data),
            can_change_status: seen.permit.actor().may(Action::ChangeServiceStatus),
        }),
        action: paths::edit_service(id),
        back: paths::service(id),
        form,
        stale: meanwhile.is_some(),
        meanwhile: meanwhile.unwrap_or_default(),
    };
    html(status, &page)
}

fn input_of(service: &Service) -> ServiceInput {
    let settings = &service.settings;
    let url = |url: &Option<crate::domain::web_url::WebUrl>| {
        url.as_ref().map_or(String::new(), |url| url.as_str().to_owned())
    };
    ServiceInput {
        name: settings.name.clone(),
        domain: settings.domain.clone(),
        description: settings.description.clone(),
        privacy_policy_url: url(&settings.privacy_policy),
        terms_url: url(&settings.terms),
        contact_email: settings.contact.as_ref().map_or(String::new(), |email| email.as_str().to_owned()),
        status: service.state.status().as_str().to_owned(),
        remove_logo: String::new(),
        version: service.version.to_string(),
    }
}
