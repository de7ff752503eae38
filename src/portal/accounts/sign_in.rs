//! Signing in and out.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::domain::field_errors::FieldErrors;
use crate::domain::id::AccountId;
use crate::operations::Error;
use crate::portal::form::{FormState, Posted, Query};
use crate::portal::guard::{Visitor, title};
use crate::portal::services::lifecycle::Nothing;
use crate::portal::sessions::Identity;
use crate::portal::shell::{Notice, Shell, go_on, go_to, html};
use crate::portal::{PageError, paths};

#[derive(Template)]
#[template(path = "account/sign_in.html")]
struct SignInPage {
    shell: Shell,
    form: FormState,
    registration_open: bool,
    set_up: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Wanted {
    return_to: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct SignInForm {
    email: String,
    password: Zeroizing<String>,
    return_to: String,
}

pub async fn show(visitor: Visitor, wanted: Query<Wanted>) -> Result<HttpResponse, PageError> {
    let return_to = paths::local(&wanted.0.return_to).to_owned();
    if visitor.identity().is_some() {
        return Ok(go_to(&return_to));
    }
    let form = FormState::empty().with("return_to", &return_to);
    draw(&visitor, form, StatusCode::OK).await
}

async fn draw(visitor: &Visitor, form: FormState, status: StatusCode) -> Result<HttpResponse, PageError> {
    let set_up = visitor.run(|operations| operations.is_set_up()).await??;
    let page = SignInPage {
        shell: visitor.shell(title("Sign in", &form)),
        registration_open: visitor.portal.site.registration_open,
        set_up,
        form,
    };
    html(status, &page)
}

pub async fn sign_in(visitor: Visitor, posted: Posted<SignInForm>) -> Result<HttpResponse, PageError> {
    let SignInForm { email, password, return_to } = posted.input;
    let address = visitor.address();
    let found = visitor.run(move |operations| operations.sign_in(&email, password, &address)).await?;
    match found {
        Ok(Some(account)) => {
            begin(&visitor, account)?;
            Ok(go_to(paths::local(&return_to)))
        }
        Ok(None) => {
            let fault = "This e-mail address and password don't go together. Check both and try again.";
            let form = posted.typed.without("password").with_errors(FieldErrors::one("email", "E-mail", fault));
            draw(&visitor, form, StatusCode::UNPROCESSABLE_ENTITY).await
        }
        Err(error) => Err(blocked_or(&visitor, error)),
    }
}

/// Begins the session of somebody who has proved who they are.
pub(super) fn begin(visitor: &Visitor, account: AccountId) -> Result<(), PageError> {
    let agent = user_agent(&visitor.request);
    Identity::begin(&visitor.session, account, visitor.portal.clock.now(), &visitor.address(), &agent)
}

pub(super) fn blocked_or(visitor: &Visitor, error: Error) -> PageError {
    match error {
        Error::Blocked { until } => PageError::TooMany { until, now: visitor.portal.clock.now() },
        other => other.into(),
    }
}

fn user_agent(request: &HttpRequest) -> String {
    let value = request.headers().get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    value.unwrap_or_default().to_owned()
}

pub async fn sign_out(visitor: Visitor, _posted: Posted<Nothing>) -> HttpResponse {
    visitor.session.purge();
    go_on(&visitor.portal, paths::SIGN_IN, Notice::done("You are signed out."))
}
