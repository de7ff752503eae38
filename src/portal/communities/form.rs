//! The forms that add and edit a community.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Path;
use askama::Template;

use crate::access::act;
use crate::db;
use crate::domain::community::CommunityInput;
use crate::domain::id::CommunityId;
use crate::portal::form::{FormState, Posted};
use crate::portal::guard::{Guarded, title};
use crate::portal::history::HistoryEntry;
use crate::portal::shell::{Notice, Shell, go_on, html};
use crate::portal::{PageError, paths};

#[derive(Template)]
#[template(path = "communities/form.html")]
struct FormPage {
    shell: Shell,
    form: FormState,
    /// The name of the community that is edited, if one is.
    editing: Option<String>,
    action: String,
    back: String,
    /// Somebody else changed the community since the form was served; and what.
    stale: bool,
    meanwhile: Vec<HistoryEntry>,
}

pub async fn new(guarded: Guarded<act::ManageTenant>) -> Result<HttpResponse, PageError> {
    new_page(&guarded, FormState::of(&CommunityInput::default()), StatusCode::OK).await
}

async fn new_page(
    guarded: &Guarded<act::ManageTenant>,
    form: FormState,
    status: StatusCode,
) -> Result<HttpResponse, PageError> {
    let seen = guarded.read(|_, _| Ok(())).await?;
    let page = FormPage {
        shell: guarded.shell(&seen, title("Add community", &form)),
        form,
        editing: None,
        action: paths::COMMUNITIES.into(),
        back: paths::COMMUNITIES.into(),
        stale: false,
        meanwhile: Vec::new(),
    };
    html(status, &page)
}

pub async fn add(
    guarded: Guarded<act::ManageTenant>,
    posted: Posted<CommunityInput>,
) -> Result<HttpResponse, PageError> {
    let (submission, input) = (posted.submission(), posted.input);
    let name = input.name.trim().to_owned();
    match guarded.act(move |permit, operations| operations.add_community(permit, &input, &submission)).await? {
        Ok((id, _)) => {
            let notice = Notice::done(format!("Community {name} added. Now invite other companies."));
            Ok(go_on(&guarded.portal, &paths::community(id), notice))
        }
        Err(error) => {
            let again = guarded.again(posted.typed, error)?;
            new_page(&guarded, again.form, again.status).await
        }
    }
}

pub async fn edit(guarded: Guarded<act::ManageTenant>, id: Path<CommunityId>) -> Result<HttpResponse, PageError> {
    edit_page(&guarded, id.into_inner(), None, None, StatusCode::OK).await
}

pub async fn update(
    guarded: Guarded<act::ManageTenant>,
    id: Path<CommunityId>,
    posted: Posted<CommunityInput>,
) -> Result<HttpResponse, PageError> {
    let (id, input) = (id.into_inner(), posted.input);
    match guarded.act(move |permit, operations| operations.update_community(permit, id, &input)).await? {
        Ok(()) => Ok(go_on(&guarded.portal, &paths::community(id), Notice::done("Community updated."))),
        Err(error) => {
            let again = guarded.again(posted.typed, error)?;
            edit_page(&guarded, id, Some(again.form), again.meanwhile, again.status).await
        }
    }
}

async fn edit_page(
    guarded: &Guarded<act::ManageTenant>,
    id: CommunityId,
    form: Option<FormState>,
    meanwhile: Option<Vec<HistoryEntry>>,
    status: StatusCode,
) -> Result<HttpResponse, PageError> {
    let seen = guarded.read(move |permit, reader| Ok(db::communities::find_owned(reader, permit.scope(), id)?)).await?;
    let community = &seen.data;
    let form = form.unwrap_or_else(|| {
        FormState::of(&CommunityInput {
            name: community.settings.name.clone(),
            description: community.settings.description.clone(),
            version: community.version.to_string(),
        })
    });
    let page = FormPage {
        shell: guarded.shell(&seen, title("Edit community", &form)),
        form,
        editing: Some(community.settings.name.clone()),
        action: paths::edit_community(id),
        back: paths::community(id),
        stale: meanwhile.is_some(),
        meanwhile: meanwhile.unwrap_or_default(),
    };
    html(status, &page)
}
