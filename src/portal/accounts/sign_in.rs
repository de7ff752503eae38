//! Signing in, by password and a second factor, and out.

use std::time::Duration;

use actix_web::cookie::time::Duration as CookieDuration;
use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::clock::Timestamp;
use crate::domain::external_person::ExternalPerson;
use crate::domain::field_errors::FieldErrors;
use crate::domain::id::AccountId;
use crate::operations::Error;
use crate::operations::accounts::second_factor::{Factor, Proved};
use crate::portal::authorization::Purpose;
use crate::portal::form::{FormState, Posted, Query};
use crate::portal::guard::{Visitor, title};
use crate::portal::sessions::{Identity, Proof};
use crate::portal::shell::{Notice, Shell, go_on, go_to, html};
use crate::portal::{PageError, Portal, cookies, paths};

#[derive(Template)]
#[template(path = "account/sign_in.html")]
struct SignInPage {
    shell: Shell,
    form: FormState,
    registration_open: bool,
    set_up: bool,
    /// A form waits to be sent once the person is signed in.
    carrying: bool,
    /// Another provider: what people call it, and the way there.
    external: Option<(String, String)>,
    purpose: Option<Purpose>,
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
    /// Also where somebody is signed in: an application wants to know it anew, or they are somebody else.
    again: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct SignInForm {
    email: String,
    password: Zeroizing<String>,
    return_to: String,
    again: String,
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
        // The form would be lost on the way there.
        external: None,
        purpose: None,
    };
    html(StatusCode::UNAUTHORIZED, &page)
}

pub async fn show(visitor: Visitor, wanted: Query<Wanted>) -> Result<HttpResponse, PageError> {
    let Wanted { return_to, again } = wanted.0;
    let return_to = paths::local(&return_to).to_owned();
    if visitor.identity.is_some() && again.is_empty() {
        return Ok(go_to(&return_to));
    }
    let form = FormState::empty().with("return_to", &return_to).with("again", &again);
    draw(&visitor, form, StatusCode::OK).await
}

async fn draw(visitor: &Visitor, mut form: FormState, status: StatusCode) -> Result<HttpResponse, PageError> {
    let set_up = visitor.run(|operations| operations.is_set_up()).await??;
    let purpose = Purpose::of(visitor, form.value("return_to")).await?;
    if let (Some(purpose), "") = (&purpose, form.value("email")) {
        form = form.with("email", &purpose.login_hint);
    }
    let page = SignInPage {
        shell: visitor.shell(title("Sign in", &form)),
        registration_open: visitor.portal.site.registration_open,
        set_up,
        carrying: !form.value("carried_to").is_empty(),
        external: visitor.portal.provider.as_ref().filter(|_| form.value("carried_to").is_empty()).map(|provider| {
            let again = !form.value("again").is_empty();
            let href = paths::external_and_return(paths::local(form.value("return_to")), again);
            (provider.name().to_owned(), href)
        }),
        purpose,
        form,
    };
    let response = html(status, &page)?;
    Ok(Purpose::reaches(page.purpose.as_ref(), response))
}

pub async fn sign_in(visitor: Visitor, posted: Posted<SignInForm>) -> Result<HttpResponse, PageError> {
    let SignInForm { email, password, return_to, carried_to, carried, .. } = posted.input;
    let address = visitor.address();
    // Before the password is looked at: one that is changed meanwhile was not this one.
    let at = visitor.portal.clock.now();
    let found = visitor.run(move |operations| operations.sign_in(&email, password, &address)).await?;
    count_first_step(&found);
    match found {
        Ok(Some(account)) => {
            let email = posted.typed.value("email").trim().to_owned();
            let account = account.to_string();
            let half = Half { account, at: at.micros(), by_password: true, return_to, link: None };
            go_through(&visitor, half, &email, Carried { to: carried_to, form: carried }).await
        }
        Ok(None) => {
            let fault = "This e-mail address and password don't go together. Check both and try again.";
            let form = posted.typed.without("password").with_errors(FieldErrors::one("email", "E-mail", fault));
            draw(&visitor, form, StatusCode::UNPROCESSABLE_ENTITY).await
        }
        Err(error) => Err(blocked_or(&visitor, error)),
    }
}

/// For whoever watches: `ok`, `failed` or `locked`.
fn count(outcome: &'static str) {
    metrics::counter!("keywright_sign_ins_total", "outcome" => outcome).increment(1);
}

/// Who is right may have another step before them, and counts once they are in.
pub(super) fn count_first_step(found: &Result<Option<AccountId>, Error>) {
    match found {
        Ok(None) => count("failed"),
        Err(Error::Blocked { .. }) => count("locked"),
        Ok(Some(_)) | Err(_) => {}
    }
}

/// Somebody who has proved who they are, and may still have to show a second factor. It waits sealed in the browser.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Half {
    pub account: String,
    /// When they proved it, in microseconds.
    pub at: i64,
    pub by_password: bool,
    pub return_to: String,
    /// Whom the account is linked to at another provider, once everything is proved.
    pub link: Option<Linking>,
}

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Linking {
    pub person: ExternalPerson,
    /// What people call the provider.
    pub provider: String,
}

/// The address of a form that was sent after its session had ended, and its fields.
#[derive(Default)]
pub(super) struct Carried {
    pub to: String,
    pub form: String,
}

const HALF: &str = "half_sign_in";
/// How long somebody may take to show their second factor.
const HALF_LASTS: Duration = Duration::from_secs(10 * 60);

impl Half {
    fn kept(visitor: &Visitor) -> Option<(Self, AccountId)> {
        let half: Self = serde_json::from_str(&cookies::sealed_value(&visitor.portal, &visitor.request, HALF)?).ok()?;
        let now = visitor.portal.clock.now();
        let account = half.account.parse().ok()?;
        (now.since(Timestamp::from_micros(half.at)) < HALF_LASTS).then_some((half, account))
    }

    fn keep(&self, visitor: &Visitor, response: &mut HttpResponse) -> Result<(), PageError> {
        let fault = |_| PageError::Bug("a cookie can't be written".into());
        let value = serde_json::to_string(self).map_err(|_| PageError::Bug("a cookie can't be written".into()))?;
        let lives = CookieDuration::seconds(HALF_LASTS.as_secs() as i64);
        let path = paths::SIGN_IN.to_owned();
        // Another provider may have led the browser here.
        let cookie = cookies::sealed_cookie_from_elsewhere(&visitor.portal, HALF, value, path, lives);
        response.add_cookie(&cookie).map_err(fault)
    }
}

/// Goes on with who has proved who they are: to the second factor, or in.
pub(super) async fn go_through(
    visitor: &Visitor,
    half: Half,
    email: &str,
    carried: Carried,
) -> Result<HttpResponse, PageError> {
    let account: AccountId = half.account.parse().map_err(|_| PageError::Bug("no account's id".into()))?;
    let standing = visitor.run(move |operations| operations.standing(account)).await??;
    // Who belongs to no company has nothing to see, unless an invitation brought them.
    if !standing.is_member && !paths::is_for_outsiders(&half.return_to) {
        let page = NoCompanyPage { shell: visitor.shell("No company"), email: email.to_owned() };
        return html(StatusCode::FORBIDDEN, &page);
    }
    if !standing.needs_factor {
        return enter(visitor, half, account, carried).await;
    }
    // A form that waits is too large for a cookie: it stays on the page.
    let mut response = match carried.to.is_empty() {
        true => go_to(paths::SIGN_IN_CODE),
        false => draw_code(visitor, &half.return_to, carrying(FormState::empty(), &carried), StatusCode::OK).await?,
    };
    half.keep(visitor, &mut response)?;
    Ok(response)
}

fn carrying(form: FormState, carried: &Carried) -> FormState {
    form.with("carried_to", &carried.to).with("carried", &carried.form)
}

/// Begins the session of who has proved all that is needed.
async fn enter(visitor: &Visitor, half: Half, account: AccountId, carried: Carried) -> Result<HttpResponse, PageError> {
    let proof = Proof { at: Timestamp::from_micros(half.at), by_password: half.by_password };
    count("ok");
    if let Some(Linking { person, provider }) = half.link {
        let (name, address) = (provider.clone(), visitor.address());
        let linked = visitor
            .run(move |operations| operations.link_at_sign_in(account, proof.at, &person, &provider, &address))
            .await?;
        let notice = match linked {
            Ok(()) => Notice::done(format!("From now on you can also sign in with {name}.")),
            // They are who they are all the same.
            Err(Error::WrongState(reason)) => Notice::info(reason.to_string()),
            Err(error) => return Err(error.into()),
        };
        begin_proved(visitor, account, proof)?;
        return Ok(go_on(&visitor.portal, paths::local(&half.return_to), notice));
    }
    begin_proved(visitor, account, proof)?;
    if carried.to.is_empty() {
        return Ok(go_to(paths::local(&half.return_to)));
    }
    let page = SendAgainPage {
        shell: visitor.shell("You are signed in again"),
        action: paths::local(&carried.to).to_owned(),
        carried: url::form_urlencoded::parse(carried.form.as_bytes()).into_owned().collect(),
    };
    html(StatusCode::OK, &page)
}

#[derive(Template)]
#[template(path = "account/sign_in_code.html")]
struct CodePage {
    shell: Shell,
    form: FormState,
    carrying: bool,
    /// To sign in as somebody else.
    other: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct CodeForm {
    code: String,
    recovery_code: String,
    carried_to: String,
    carried: String,
}

pub async fn ask_for_code(visitor: Visitor) -> Result<HttpResponse, PageError> {
    let Some((half, _)) = Half::kept(&visitor) else {
        let text = "Sign in with your password first. A code is asked for within ten minutes after it.";
        return Ok(go_on(&visitor.portal, paths::SIGN_IN, Notice::info(text)));
    };
    draw_code(&visitor, &half.return_to, FormState::empty(), StatusCode::OK).await
}

async fn draw_code(
    visitor: &Visitor,
    return_to: &str,
    form: FormState,
    status: StatusCode,
) -> Result<HttpResponse, PageError> {
    let purpose = Purpose::of(visitor, return_to).await?;
    let page = CodePage {
        shell: visitor.shell(title("Your second factor", &form)),
        carrying: !form.value("carried_to").is_empty(),
        other: match purpose {
            Some(_) => paths::sign_in_again(return_to),
            None => paths::SIGN_IN.to_owned(),
        },
        form,
    };
    Ok(Purpose::reaches(purpose.as_ref(), html(status, &page)?))
}

pub async fn give_code(visitor: Visitor, posted: Posted<CodeForm>) -> Result<HttpResponse, PageError> {
    let CodeForm { code, recovery_code, carried_to, carried } = posted.input;
    let carried = Carried { to: carried_to, form: carried };
    let Some((half, account)) = Half::kept(&visitor) else { return begin_anew(&visitor, &carried).await };
    let (field, label, factor) = match recovery_code.trim().is_empty() {
        true => ("code", "Code", Factor::Code(code)),
        false => ("recovery_code", "Recovery code", Factor::RecoveryCode(recovery_code)),
    };
    let (at, address) = (Timestamp::from_micros(half.at), visitor.address());
    let proved = visitor.run(move |operations| operations.prove_second_factor(account, at, &factor, &address)).await?;
    match &proved {
        Ok(Proved::Wrong) => count("failed"),
        Err(Error::Blocked { .. }) => count("locked"),
        _ => {}
    }
    match proved.map_err(|error| blocked_or(&visitor, error))? {
        Proved::Right => {
            let mut response = enter(&visitor, half, account, carried).await?;
            let removal = cookies::removal(&visitor.portal, HALF, paths::SIGN_IN.into());
            response.add_cookie(&removal).map_err(|_| PageError::Bug("a cookie can't be removed".into()))?;
            Ok(response)
        }
        Proved::Overtaken => begin_anew(&visitor, &carried).await,
        Proved::Wrong => {
            let fault = match field {
                "code" => "This code is wrong, or it was used before. Wait until the app shows the next one.",
                _ => "This is none of your recovery codes, or it was used before.",
            };
            let form = carrying(FormState::empty(), &carried).with_errors(FieldErrors::one(field, label, fault));
            draw_code(&visitor, &half.return_to, form, StatusCode::UNPROCESSABLE_ENTITY).await
        }
    }
}

/// The first step did not last until the second.
async fn begin_anew(visitor: &Visitor, carried: &Carried) -> Result<HttpResponse, PageError> {
    let fault = "This took too long, or something about your account was changed meanwhile. Sign in again.";
    let form = carrying(FormState::empty(), carried).with_errors(FieldErrors::one("email", "E-mail", fault));
    draw(visitor, form, StatusCode::UNPROCESSABLE_ENTITY).await
}

/// Begins the session of somebody who has just made their account, or proved it in another way than at sign-in.
pub(super) fn begin(visitor: &Visitor, account: AccountId) -> Result<(), PageError> {
    begin_proved(visitor, account, Proof { at: visitor.portal.clock.now(), by_password: true })
}

fn begin_proved(visitor: &Visitor, account: AccountId, proof: Proof) -> Result<(), PageError> {
    let agent = user_agent(&visitor.request);
    Identity::begin(&visitor.session, account, proof, visitor.portal.clock.now(), &visitor.address(), &agent)
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

pub async fn sign_out(visitor: Visitor, posted: Posted<SignOutForm>) -> Result<HttpResponse, PageError> {
    visitor.end_session().await?;
    let wanted = paths::local(&posted.input.return_to);
    let to = if paths::is_for_outsiders(wanted) { wanted.to_owned() } else { paths::sign_in_and_return(wanted) };
    Ok(go_on(&visitor.portal, &to, Notice::done("You are signed out.")))
}
