//! A forgotten password: an address, then the mailed code and a new password.

use actix_web::HttpResponse;
use actix_web::cookie::time::Duration;
use actix_web::http::StatusCode;
use askama::Template;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::sign_in::blocked_or;
use crate::domain::account::strength;
use crate::domain::field_errors::FieldErrors;
use crate::domain::text::Email;
use crate::operations::Error;
use crate::operations::accounts::codes::Half;
use crate::portal::form::{FormState, Posted};
use crate::portal::guard::{Visitor, title};
use crate::portal::shell::{Notice, Shell, go_on, go_to, html};
use crate::portal::{PageError, cookies, paths};

const COOKIE: &str = "password_reset";

#[derive(Template)]
#[template(path = "account/password_reset.html")]
struct AskPage {
    shell: Shell,
    form: FormState,
}

#[derive(Template)]
#[template(path = "account/password_reset_code.html")]
struct CodePage {
    shell: Shell,
    form: FormState,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct AskForm {
    email: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct CodeForm {
    code: String,
    password: Zeroizing<String>,
}

pub async fn show(visitor: Visitor) -> Result<HttpResponse, PageError> {
    html(StatusCode::OK, &AskPage { shell: visitor.shell("Reset your password"), form: FormState::empty() })
}

pub async fn ask(visitor: Visitor, posted: Posted<AskForm>) -> Result<HttpResponse, PageError> {
    if let Err(fault) = Email::parse(&posted.input.email) {
        let form = posted.typed.with_errors(FieldErrors::one("email", "E-mail", fault));
        let page = AskPage { shell: visitor.shell(title("Reset your password", &form)), form };
        return html(StatusCode::UNPROCESSABLE_ENTITY, &page);
    }
    let (email, address) = (posted.input.email, visitor.address());
    let half = visitor.run(move |operations| operations.request_password_reset(&email, &address)).await?;
    let half = half.map_err(|error| blocked_or(&visitor, error))?;
    let value = serde_json::to_string(&half).unwrap_or_default();
    let cookie =
        cookies::sealed_cookie(&visitor.portal, COOKIE, value, paths::PASSWORD_RESET.into(), Duration::minutes(30));
    let mut response = go_to(paths::PASSWORD_RESET_CODE);
    response.add_cookie(&cookie).map_err(|_| PageError::Bug("a cookie can't be written".into()))?;
    Ok(response)
}

fn kept(visitor: &Visitor) -> Option<Half> {
    serde_json::from_str(&cookies::sealed_value(&visitor.portal, &visitor.request, COOKIE)?).ok()
}

pub async fn code(visitor: Visitor) -> Result<HttpResponse, PageError> {
    if kept(&visitor).is_none() {
        return Ok(go_to(paths::PASSWORD_RESET));
    }
    html(StatusCode::OK, &CodePage { shell: visitor.shell("Choose a new password"), form: FormState::empty() })
}

pub async fn give_code(visitor: Visitor, posted: Posted<CodeForm>) -> Result<HttpResponse, PageError> {
    let Some(half) = kept(&visitor) else { return Ok(go_to(paths::PASSWORD_RESET)) };
    let CodeForm { code, password } = posted.input;
    let word = strength(&password, &[]).word;
    let address = visitor.address();
    let done = visitor.run(move |operations| operations.reset_password(&half, &code, password, &address)).await?;
    let mut typed = posted.typed.without("password");
    let errors = match done {
        Ok(Some(_)) => {
            let notice = Notice::done(format!(
                "Your password is changed and all your sessions have ended. Sign in with the new one; its strength: \
                 {word}."
            ));
            let mut response = go_on(&visitor.portal, paths::SIGN_IN, notice);
            let removal = cookies::removal(&visitor.portal, COOKIE, paths::PASSWORD_RESET.into());
            response.add_cookie(&removal).map_err(|_| PageError::Bug("a cookie can't be removed".into()))?;
            return Ok(response);
        }
        Ok(None) => {
            typed = typed.without("code");
            let fault =
                "This is not the code, or it is too old or was tried too often. Check it, or ask for a new one.";
            FieldErrors::one("code", "Code", fault)
        }
        // The code has not been looked at and is still good: it need not be typed again.
        Err(Error::Invalid(errors)) => errors,
        Err(error) => return Err(blocked_or(&visitor, error)),
    };
    let form = typed.with_errors(errors);
    html(
        StatusCode::UNPROCESSABLE_ENTITY,
        &CodePage { shell: visitor.shell(title("Choose a new password", &form)), form },
    )
}
