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
use crate::portal::sessions::Identity;
use crate::portal::shell::{Notice, Shell, go_on, go_to, html};
use crate::portal::{PageError, Portal, paths};

#[derive(Template)]
#[template(path = "account/sign_in.html")]
struct SignInPage {
    shell: Shell,
    form: FormState,
    registration_open: bool,
    set_up: bool,
    /// A form waits to be sent once the person is signed in.
    carrying: bool,
}

#[derive(Template)]
#[template(path = "account/send_again.html")]
struct SendAgainPage {
    shell: Shell,
    action: String,
    carried: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "account/no_company.html")]
struct NoCompanyPage {
    shell: Shell,
    email: String,
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
    /// The address of a form that was sent after its session had ended, and its fields.
    carried_to: String,
    carried: String,
}

/// The sign-in page for somebody whose session ended over a form: it takes the form along, without passwords.
pub fn sign_in_and_send(portal: &Portal, request: &HttpRequest, form: &FormState) -> Result<HttpResponse, PageError> {
    let kept = form.pairs().iter().filter(|(name, _)| !name.contains("password"));
    let carried: String = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(kept).finish();
    let page = SignInPage {
        shell: Shell::plain(portal, request, "Sign in"),
        form: FormState::empty().with("carried_to", request.path()).with("carried", &carried),
        registration_open: portal.site.registration_open,
        set_up: true,
        carrying: true,
    };
    html(StatusCode::UNAUTHORIZED, &page)
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
        carrying: !form.value("carried_to").is_empty(),
        form,
    };
    html(status, &page)
}

pub async fn sign_in(visitor: Visitor, posted: Posted<SignInForm>) -> Result<HttpResponse, PageError> {
    let SignInForm { email, password, return_to, carried_to, carried } = posted.input;
    let address = visitor.address();
    let found = visitor
        .run(move |operations| match operations.sign_in(&email, password, &address)? {
            Some(account) => Ok(Some((account, operations.is_member(account)?))),
            None => Ok(None),
        })
        .await?;
    match found {
        Ok(Some((_, false))) if !paths::is_for_outsiders(&return_to) => {
            let email = posted.typed.value("email").trim().to_owned();
            html(StatusCode::FORBIDDEN, &NoCompanyPage { shell: visitor.shell("No company"), email })
        }
        Ok(Some((account, _))) => {
            begin(&visitor, account)?;
            if carried_to.is_empty() {
                return Ok(go_to(paths::local(&return_to)));
            }
            let page = SendAgainPage {
                shell: visitor.shell("You are signed in again"),
                action: paths::local(&carried_to).to_owned(),
                carried: url::form_urlencoded::parse(carried.as_bytes()).into_owned().collect(),
            };
            html(StatusCode::OK, &page)
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

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct SignOutForm {
    /// Where to go on; a page that is not for everybody asks to sign in first.
    return_to: String,
}

pub async fn sign_out(visitor: Visitor, posted: Posted<SignOutForm>) -> HttpResponse {
    visitor.session.purge();
    let wanted = paths::local(&posted.input.return_to);
    let to = if paths::is_for_outsiders(wanted) { wanted.to_owned() } else { paths::sign_in_and_return(wanted) };
    go_on(&visitor.portal, &to, Notice::done("You are signed out."))
}
