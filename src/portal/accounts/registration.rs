//! Registration in three steps: account, company, activation code. What was given travels sealed with the browser.

use actix_web::HttpResponse;
use actix_web::cookie::time::Duration;
use actix_web::http::StatusCode;
use askama::Template;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::sign_in::{begin, blocked_or};
use crate::domain::account::strength_in_words;
use crate::domain::field_errors::FieldErrors;
use crate::operations::Error;
use crate::operations::accounts::Introduction;
use crate::operations::accounts::registration::Newcomer;
use crate::portal::form::{FormState, Posted};
use crate::portal::guard::{Visitor, title};
use crate::portal::shell::{Notice, Shell, go_on, go_to, html};
use crate::portal::{PageError, cookies, paths};

const COOKIE: &str = "registration";
const KEPT: Duration = Duration::minutes(30);

/// How far somebody has come.
#[derive(Serialize, Deserialize)]
enum Progress {
    Introduced(Introduction),
    Waiting(Newcomer),
}

#[derive(Template)]
#[template(path = "account/register.html")]
struct RegisterPage {
    shell: Shell,
    form: FormState,
}

#[derive(Template)]
#[template(path = "account/register_company.html")]
struct CompanyPage {
    shell: Shell,
    form: FormState,
    /// Of the password given a step before.
    password_score: u8,
    password_strength: &'static str,
}

#[derive(Template)]
#[template(path = "account/activate.html")]
struct ActivatePage {
    shell: Shell,
    form: FormState,
    email: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct AccountForm {
    name: String,
    email: String,
    password: Zeroizing<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct CompanyForm {
    company: String,
    contact_email: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct CodeForm {
    code: String,
}

fn open(visitor: &Visitor) -> Result<(), PageError> {
    if visitor.portal.site.registration_open { Ok(()) } else { Err(PageError::NotFound) }
}

fn progress(visitor: &Visitor) -> Option<Progress> {
    let kept = Zeroizing::new(cookies::sealed_value(&visitor.portal, &visitor.request, COOKIE)?);
    serde_json::from_str(&kept).ok()
}

/// On to the next step, with what was given so far.
fn keep(visitor: &Visitor, progress: &Progress, to: &str) -> Result<HttpResponse, PageError> {
    let fault = |_| PageError::Bug("a registration can't be kept".into());
    let value = serde_json::to_string(progress).map_err(|_| PageError::Bug("a registration can't be kept".into()))?;
    let mut response = go_to(to);
    let cookie = cookies::sealed_cookie(&visitor.portal, COOKIE, value, "/".into(), KEPT);
    response.add_cookie(&cookie).map_err(fault)?;
    Ok(response)
}

pub async fn account(visitor: Visitor) -> Result<HttpResponse, PageError> {
    open(&visitor)?;
    html(StatusCode::OK, &RegisterPage { shell: visitor.shell("Register"), form: FormState::empty() })
}

pub async fn give_account(visitor: Visitor, posted: Posted<AccountForm>) -> Result<HttpResponse, PageError> {
    open(&visitor)?;
    let AccountForm { name, email, password } = posted.input;
    let address = visitor.address();
    let begun = visitor.run(move |operations| operations.begin_registration(&name, &email, password, &address)).await?;
    match begun {
        Ok(person) => keep(&visitor, &Progress::Introduced(person), paths::REGISTER_COMPANY),
        Err(Error::Invalid(errors)) => {
            let form = posted.typed.without("password").with_errors(errors);
            html(
                StatusCode::UNPROCESSABLE_ENTITY,
                &RegisterPage { shell: visitor.shell(title("Register", &form)), form },
            )
        }
        Err(error) => Err(blocked_or(&visitor, error)),
    }
}

pub async fn company(visitor: Visitor) -> Result<HttpResponse, PageError> {
    open(&visitor)?;
    match progress(&visitor) {
        None => Ok(go_to(paths::REGISTER)),
        Some(Progress::Waiting(_)) => Ok(go_to(paths::ACTIVATE)),
        Some(Progress::Introduced(person)) => {
            let form = FormState::empty().with("contact_email", &person.email);
            draw_company(&visitor, form, person.password_score, StatusCode::OK)
        }
    }
}

fn draw_company(visitor: &Visitor, form: FormState, score: u8, status: StatusCode) -> Result<HttpResponse, PageError> {
    let page = CompanyPage {
        shell: visitor.shell(title("Your company", &form)),
        form,
        password_score: score,
        password_strength: strength_in_words(score),
    };
    html(status, &page)
}

pub async fn give_company(visitor: Visitor, posted: Posted<CompanyForm>) -> Result<HttpResponse, PageError> {
    open(&visitor)?;
    let person = match progress(&visitor) {
        None => return Ok(go_to(paths::REGISTER)),
        Some(Progress::Introduced(person)) => person,
        Some(Progress::Waiting(newcomer)) => newcomer.person,
    };
    let score = person.password_score;
    let CompanyForm { company, contact_email } = posted.input;
    let address = visitor.address();
    let done =
        visitor.run(move |operations| operations.register_company(person, &company, &contact_email, &address)).await?;
    match done {
        Ok(newcomer) => keep(&visitor, &Progress::Waiting(newcomer), paths::ACTIVATE),
        Err(Error::Invalid(errors)) => {
            let form = posted.typed.with_errors(errors);
            draw_company(&visitor, form, score, StatusCode::UNPROCESSABLE_ENTITY)
        }
        Err(error) => Err(blocked_or(&visitor, error)),
    }
}

pub async fn code(visitor: Visitor) -> Result<HttpResponse, PageError> {
    open(&visitor)?;
    match progress(&visitor) {
        Some(Progress::Waiting(newcomer)) => draw_code(&visitor, &newcomer, FormState::empty(), StatusCode::OK),
        _ => Ok(go_to(paths::REGISTER)),
    }
}

fn draw_code(
    visitor: &Visitor,
    newcomer: &Newcomer,
    form: FormState,
    status: StatusCode,
) -> Result<HttpResponse, PageError> {
    let page = ActivatePage {
        shell: visitor.shell(title("Activate your account", &form)),
        email: newcomer.person.email.clone(),
        form,
    };
    html(status, &page)
}

pub async fn give_code(visitor: Visitor, posted: Posted<CodeForm>) -> Result<HttpResponse, PageError> {
    open(&visitor)?;
    let Some(Progress::Waiting(newcomer)) = progress(&visitor) else { return Ok(go_to(paths::REGISTER)) };
    let (trying, typed, address) = (newcomer.clone(), posted.input.code, visitor.address());
    match visitor.run(move |operations| operations.activate(&trying, &typed, &address)).await? {
        Ok(Some(account)) => {
            begin(&visitor, account)?;
            let notice = Notice::done("Your account is active and your company is here.");
            let mut response = go_on(&visitor.portal, paths::START, notice);
            let removal = cookies::removal(&visitor.portal, COOKIE, "/".into());
            response.add_cookie(&removal).map_err(|_| PageError::Bug("a cookie can't be removed".into()))?;
            Ok(response)
        }
        Ok(None) => {
            let fault = "This is not the code, or it is too old or was tried too often. Check it, or begin again.";
            let form = posted.typed.without("code").with_errors(FieldErrors::one("code", "Activation code", fault));
            draw_code(&visitor, &newcomer, form, StatusCode::UNPROCESSABLE_ENTITY)
        }
        Err(error) => Err(blocked_or(&visitor, error)),
    }
}
