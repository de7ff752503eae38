//! Inviting people, sending invitations again and taking them back.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Path;
use askama::Template;

use super::{RoleOption, role_options};
use crate::access::act;
use crate::domain::id::InvitationId;
use crate::operations::members::InvitationInput;
use crate::portal::form::{FormState, Nothing, Posted};
use crate::portal::guard::{Guarded, title};
use crate::portal::shell::{Notice, Shell, go_on, html};
use crate::portal::{PageError, paths};

#[derive(Template)]
#[template(path = "members/invitation.html")]
struct InvitationPage {
    shell: Shell,
    form: FormState,
    roles: Vec<RoleOption>,
}

pub async fn new(guarded: Guarded<act::ManageTenant>) -> Result<HttpResponse, PageError> {
    draw(&guarded, FormState::of(&InvitationInput::default()), StatusCode::OK).await
}

async fn draw(
    guarded: &Guarded<act::ManageTenant>,
    form: FormState,
    status: StatusCode,
) -> Result<HttpResponse, PageError> {
    let seen = guarded.read(|_, _| Ok(())).await?;
    let company = seen.permit.actor().membership().tenant_id.to_string();
    // A form that comes back keeps the company it was served for.
    let form = if form.value("company").is_empty() { form.with("company", &company) } else { form };
    let shell = guarded.shell(&seen, title("Invite member", &form));
    html(status, &InvitationPage { shell, form, roles: role_options() })
}

pub async fn invite(
    guarded: Guarded<act::ManageTenant>,
    posted: Posted<InvitationInput>,
) -> Result<HttpResponse, PageError> {
    let (submission, input) = (posted.submission(), posted.input.clone());
    let email = input.email.trim().to_owned();
    let done =
        guarded.act_confirmed(&posted, move |permit, operations| operations.invite(permit, &input, &submission)).await;
    let done = match done {
        Ok(done) => done,
        Err(interrupted) => return interrupted.answer(),
    };
    match done {
        Ok(_) => {
            let text = format!("Invitation sent to {email}. Its link is good for 7 days.");
            Ok(go_on(&guarded.portal, paths::MEMBERS, Notice::done(text)))
        }
        Err(error) => {
            let again = guarded.again(posted.typed, error)?;
            draw(&guarded, again.form, again.status).await
        }
    }
}

pub async fn resend(
    guarded: Guarded<act::ManageTenant>,
    id: Path<InvitationId>,
    posted: Posted<Nothing>,
) -> Result<HttpResponse, PageError> {
    let id = id.into_inner();
    let done =
        guarded.act_confirmed(&posted, move |permit, operations| operations.send_invitation_again(permit, id)).await;
    let invitation = match done {
        Ok(done) => done?,
        Err(interrupted) => return interrupted.answer(),
    };
    let email = invitation.email.as_str();
    let text = format!("Invitation sent to {email} again. The link sent before no longer works.");
    Ok(go_on(&guarded.portal, paths::MEMBERS, Notice::done(text)))
}

pub async fn withdraw(
    guarded: Guarded<act::ManageTenant>,
    id: Path<InvitationId>,
    posted: Posted<Nothing>,
) -> Result<HttpResponse, PageError> {
    let id = id.into_inner();
    let done =
        guarded.act_confirmed(&posted, move |permit, operations| operations.withdraw_invitation(permit, id)).await;
    let invitation = match done {
        Ok(done) => done?,
        Err(interrupted) => return interrupted.answer(),
    };
    let text = format!("Invitation of {} withdrawn. Its link no longer works.", invitation.email.as_str());
    Ok(go_on(&guarded.portal, paths::MEMBERS, Notice::done(text)))
}
