//! Those who decide on every tenant's release requests.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Path;
use askama::Template;
use serde::Deserialize;

use crate::access::act;
use crate::db;
use crate::domain::id::AccountId;
use crate::portal::form::{FormState, Nothing, Posted};
use crate::portal::guard::{Guarded, title};
use crate::portal::shell::{Notice, Shell, go_on, html};
use crate::portal::{PageError, paths};

#[derive(Template)]
#[template(path = "operation/approvers.html")]
struct ApproversPage {
    shell: Shell,
    form: FormState,
    approvers: Vec<Approver>,
}

struct Approver {
    name: String,
    email: String,
    dismissal: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct ApproverForm {
    email: String,
}

pub async fn show(guarded: Guarded<act::Operate>) -> Result<HttpResponse, PageError> {
    draw(&guarded, FormState::empty(), StatusCode::OK).await
}

async fn draw(guarded: &Guarded<act::Operate>, form: FormState, status: StatusCode) -> Result<HttpResponse, PageError> {
    let seen = guarded.read(|_, reader| Ok(db::deployment::platform_approvers(reader)?)).await?;
    let page = ApproversPage {
        shell: guarded.shell(&seen, title("Platform approvers", &form)),
        form,
        approvers: seen
            .data
            .iter()
            .map(|(id, name, email)| Approver {
                name: name.clone(),
                email: email.clone(),
                dismissal: paths::approver_dismissal(*id),
            })
            .collect(),
    };
    html(status, &page)
}

pub async fn name(guarded: Guarded<act::Operate>, posted: Posted<ApproverForm>) -> Result<HttpResponse, PageError> {
    let email = posted.input.email.clone();
    let done = guarded
        .act_confirmed(&posted, move |permit, operations| operations.name_platform_approver(permit, &email))
        .await;
    let done = match done {
        Ok(done) => done,
        Err(interrupted) => return interrupted.answer(),
    };
    match done {
        Ok(account) => {
            let text = format!("{} decides on the release requests of every tenant from now on.", account.name);
            Ok(go_on(&guarded.portal, paths::APPROVERS, Notice::done(text)))
        }
        Err(error) => {
            let again = guarded.again(posted.typed, error)?;
            draw(&guarded, again.form, again.status).await
        }
    }
}

pub async fn dismiss(
    guarded: Guarded<act::Operate>,
    id: Path<AccountId>,
    posted: Posted<Nothing>,
) -> Result<HttpResponse, PageError> {
    let id = id.into_inner();
    let done = guarded
        .act_confirmed(&posted, move |permit, operations| operations.dismiss_platform_approver(permit, id))
        .await;
    let account = match done {
        Ok(done) => done?,
        Err(interrupted) => return interrupted.answer(),
    };
    let text = format!("{} is no platform approver any more.", account.name);
    let notice = Notice::done(text).undo(paths::APPROVERS.to_owned(), &[("email", account.email.as_str())]);
    Ok(go_on(&guarded.portal, paths::APPROVERS, notice))
}
