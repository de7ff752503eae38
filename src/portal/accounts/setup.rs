//! The first run.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::sign_in::begin;
use crate::domain::account::strength;
use crate::operations::Error;
use crate::operations::accounts::setup::SetupInput;
use crate::portal::form::{FormState, Posted, Query};
use crate::portal::guard::{Visitor, title};
use crate::portal::shell::{Notice, Shell, go_on, html};
use crate::portal::{PageError, paths};

#[derive(Template)]
#[template(path = "account/setup.html")]
struct SetupPage {
    shell: Shell,
    form: FormState,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Link {
    token: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct SetupForm {
    token: String,
    company: String,
    name: String,
    email: String,
    password: Zeroizing<String>,
}

fn used_link() -> PageError {
    PageError::Gone(
        "This set-up link has been used or is too old. Restart `keywright serve`: where Keywright is not set up yet, \
         it prints a new one."
            .into(),
    )
}

/// Looking at the page uses nothing up.
pub async fn show(visitor: Visitor, link: Query<Link>) -> Result<HttpResponse, PageError> {
    let token = link.0.token;
    let checked = token.clone();
    if !visitor.run(move |operations| operations.is_setup_link(&checked)).await?? {
        return Err(used_link());
    }
    let form = FormState::empty().with("token", &token);
    html(StatusCode::OK, &SetupPage { shell: visitor.shell("Set up Keywright"), form })
}

pub async fn set_up(visitor: Visitor, posted: Posted<SetupForm>) -> Result<HttpResponse, PageError> {
    let SetupForm { token, company, name, email, password } = posted.input;
    let strength = strength(&password, &[&company, &name, &email]).word;
    let address = visitor.address();
    let input = SetupInput { company, name, email, password };
    match visitor.run(move |operations| operations.set_up(&token, input, &address)).await? {
        Ok(account) => {
            begin(&visitor, account)?;
            let text = format!("Keywright is set up, and you are signed in. Strength of your password: {strength}.");
            Ok(go_on(&visitor.portal, paths::START, Notice::done(text)))
        }
        Err(Error::NotFound) => Err(used_link()),
        Err(Error::Invalid(errors)) => {
            let form = posted.typed.without("password").with_errors(errors);
            let page = SetupPage { shell: visitor.shell(title("Set up Keywright", &form)), form };
            html(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
        Err(error) => Err(error.into()),
    }
}
