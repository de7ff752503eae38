//! The test users of a service.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Path;
use askama::Template;
use serde::Deserialize;

use crate::access::{Action, act};
use crate::db;
use crate::domain::id::{ServiceId, TestUserId};
use crate::domain::service::Environment;
use crate::operations::test_users::MAX_TEST_USERS;
use crate::portal::form::{FormState, Nothing, Posted};
use crate::portal::guard::{Guarded, title};
use crate::portal::shell::{Notice, Shell, go_on, html};
use crate::portal::when::When;
use crate::portal::{PageError, paths};

#[derive(Template)]
#[template(path = "services/test_users.html")]
struct TestUsersPage {
    shell: Shell,
    form: FormState,
    service: String,
    service_href: String,
    action: String,
    users: Vec<Row>,
    live: bool,
    can_edit: bool,
    max: usize,
}

struct Row {
    email: String,
    added_by: String,
    added: When,
    removal: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct AddForm {
    emails: String,
}

pub async fn show(guarded: Guarded<act::See>, id: Path<ServiceId>) -> Result<HttpResponse, PageError> {
    draw(&guarded, id.into_inner(), FormState::empty(), StatusCode::OK).await
}

async fn draw<A: crate::access::Act>(
    guarded: &Guarded<A>,
    id: ServiceId,
    form: FormState,
    status: StatusCode,
) -> Result<HttpResponse, PageError> {
    let seen = guarded
        .read(move |permit, reader| {
            let service = db::services::find(reader, permit.scope(), id)?;
            Ok((service, db::test_users::of_service(reader, permit.scope(), id)?))
        })
        .await?;
    let (service, users) = &seen.data;
    let now = guarded.portal.clock.now();
    let page = TestUsersPage {
        shell: guarded.shell(&seen, title("Test users", &form)),
        service: service.settings.name.clone(),
        service_href: paths::service(id),
        action: paths::test_users(id),
        users: users
            .iter()
            .map(|user| Row {
                email: user.email.as_str().to_owned(),
                added_by: user.added_by.clone(),
                added: When::new(user.created_at, now),
                removal: paths::test_user_removal(id, user.id),
            })
            .collect(),
        live: service.environment == Environment::Live,
        can_edit: seen.permit.actor().may(Action::EditServices) && !service.state.is_deleted(),
        max: MAX_TEST_USERS,
        form,
    };
    html(status, &page)
}

pub async fn add(
    guarded: Guarded<act::EditServices>,
    id: Path<ServiceId>,
    posted: Posted<AddForm>,
) -> Result<HttpResponse, PageError> {
    let id = id.into_inner();
    let emails = posted.input.emails;
    match guarded.act(move |permit, operations| operations.add_test_users(permit, id, &emails)).await? {
        Ok(added) => {
            let text = match added {
                0 => "These addresses were test users already.".to_owned(),
                1 => "1 test user added.".to_owned(),
                more => format!("{more} test users added."),
            };
            Ok(go_on(&guarded.portal, &paths::test_users(id), Notice::done(text)))
        }
        Err(error) => {
            let again = guarded.again(posted.typed, error)?;
            draw(&guarded, id, again.form, again.status).await
        }
    }
}

pub async fn remove(
    guarded: Guarded<act::EditServices>,
    path: Path<(ServiceId, TestUserId)>,
    _posted: Posted<Nothing>,
) -> Result<HttpResponse, PageError> {
    let (id, user) = path.into_inner();
    let email = guarded.act(move |permit, operations| operations.remove_test_user(permit, id, user)).await??;
    let text = format!("{} is no longer a test user.", email.as_str());
    let notice = Notice::done(text).undo(paths::test_users(id), &[("emails", email.as_str())]);
    Ok(go_on(&guarded.portal, &paths::test_users(id), notice))
}
