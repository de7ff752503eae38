//! Initial access tokens (RFC 7591 §3): the list, the form, the page that shows one exactly once, and its end.
//!
//! The POST that makes a token answers with the page that shows it. Sent again, by a reload or a double click, the same
//! form makes nothing and shows nothing.

use actix_web::HttpResponse;
use actix_web::http::{StatusCode, header};
use actix_web::web::Path;
use askama::Template;

use super::form::{FormState, Nothing, Posted};
use super::guard::{Guarded, title};
use super::shell::{Notice, Shell, go_on, html};
use super::view::Badge;
use super::when::When;
use super::{PageError, paths};
use crate::access::act;
use crate::clock::Timestamp;
use crate::db;
use crate::domain::id::RegistrationTokenId;
use crate::domain::registration_token::{MAX_TOKENS, RegistrationToken, RegistrationTokenInput, USUAL_LIFE};

/// How many services the form offers.
const SERVICES_OFFERED: i64 = 1_000;

#[derive(Template)]
#[template(path = "registration_tokens/list.html")]
struct ListPage {
    shell: Shell,
    rows: Vec<Row>,
    endpoint: String,
    full: bool,
    max_tokens: usize,
}

struct Row {
    description: String,
    service: String,
    service_href: String,
    issued_by: String,
    created: When,
    expires: When,
    badge: Badge,
    last_used: Option<When>,
    revocation: String,
}

impl Row {
    fn new(token: &RegistrationToken, service: &str, now: Timestamp) -> Self {
        let badge = match token.expires_at <= now {
            true => Badge { word: "Expired", tone: "danger" },
            false => Badge { word: "Works", tone: "ok" },
        };
        Self {
            description: token.description.clone(),
            service: service.to_owned(),
            service_href: paths::service(token.service_id),
            issued_by: token.issued_by_name.clone(),
            created: When::new(token.created_at, now),
            expires: When::new(token.expires_at, now),
            badge,
            last_used: When::maybe(token.last_used_at, now),
            revocation: paths::registration_token_revocation(token.id),
        }
    }
}

fn endpoint(issuer: &str) -> String {
    format!("{issuer}/oauth2/register")
}

pub async fn list(guarded: Guarded<act::ManageTenant>) -> Result<HttpResponse, PageError> {
    let seen = guarded.read(|permit, reader| Ok(db::registration_tokens::of_tenant(reader, permit.scope())?)).await?;
    let now = guarded.portal.clock.now();
    let page = ListPage {
        shell: guarded.shell(&seen, "Registration tokens"),
        rows: seen.data.iter().map(|(token, service)| Row::new(token, service, now)).collect(),
        endpoint: endpoint(&guarded.portal.site.public_url),
        full: seen.data.len() >= MAX_TOKENS,
        max_tokens: MAX_TOKENS,
    };
    html(StatusCode::OK, &page)
}

#[derive(Template)]
#[template(path = "registration_tokens/form.html")]
struct FormPage {
    shell: Shell,
    form: FormState,
    services: Vec<(String, String)>,
}

pub async fn new(guarded: Guarded<act::ManageTenant>) -> Result<HttpResponse, PageError> {
    let in_a_month = guarded.portal.clock.now().plus(USUAL_LIFE).whole_minute();
    let blank = RegistrationTokenInput { expires_at: in_a_month.form_value(), ..RegistrationTokenInput::default() };
    draw_form(&guarded, FormState::of(&blank), StatusCode::OK).await
}

async fn draw_form(
    guarded: &Guarded<act::ManageTenant>,
    form: FormState,
    status: StatusCode,
) -> Result<HttpResponse, PageError> {
    let seen =
        guarded.read(|permit, reader| Ok(db::services::in_sandbox(reader, permit.scope(), SERVICES_OFFERED)?)).await?;
    let choose = [(String::new(), "Choose a service".to_owned())];
    let offered = seen.data.iter().map(|(id, name)| (id.to_string(), name.clone()));
    let page = FormPage {
        shell: guarded.shell(&seen, title("Issue registration token", &form)),
        services: choose.into_iter().chain(offered).collect(),
        form,
    };
    html(status, &page)
}

#[derive(Template)]
#[template(path = "registration_tokens/shown.html")]
struct ShownPage {
    shell: Shell,
    description: String,
    /// `None` where the form was sent again.
    token: Option<String>,
    endpoint: String,
}

pub async fn issue(
    guarded: Guarded<act::ManageTenant>,
    posted: Posted<RegistrationTokenInput>,
) -> Result<HttpResponse, PageError> {
    // Read before: once the token is made nothing may come between it and its page.
    let seen = guarded.read(|_, _| Ok(())).await?;
    let (input, submission) = (posted.input.clone(), posted.submission());
    let done = guarded
        .act_confirmed(&posted, move |permit, operations| {
            operations.issue_registration_token(permit, &input, &submission)
        })
        .await;
    match done {
        Ok(Ok((_, token))) => {
            let (status, heading) = match &token {
                Some(_) => (StatusCode::OK, "Your new registration token"),
                None => (StatusCode::GONE, "This token was shown already"),
            };
            let page = ShownPage {
                shell: guarded.shell(&seen, heading),
                description: posted.input.description.trim().to_owned(),
                token: token.map(|token| token.expose().to_owned()),
                endpoint: endpoint(&guarded.portal.site.public_url),
            };
            let mut response = html(status, &page)?;
            response.headers_mut().insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
            Ok(response)
        }
        Ok(Err(error)) => {
            let again = guarded.again(posted.typed, error)?;
            draw_form(&guarded, again.form, again.status).await
        }
        Err(interrupted) => interrupted.answer(),
    }
}

#[derive(Template)]
#[template(path = "registration_tokens/revocation.html")]
struct RevocationPage {
    shell: Shell,
    token: Row,
}

pub async fn confirm_revocation(
    guarded: Guarded<act::ManageTenant>,
    id: Path<RegistrationTokenId>,
) -> Result<HttpResponse, PageError> {
    let id = id.into_inner();
    let seen = guarded
        .read(move |permit, reader| {
            let token = db::registration_tokens::find(reader, permit.scope(), id)?;
            let service = db::services::find(reader, permit.scope(), token.service_id)?;
            Ok((token, service.settings.name))
        })
        .await?;
    let (token, service) = &seen.data;
    let page = RevocationPage {
        shell: guarded.shell(&seen, "Revoke registration token"),
        token: Row::new(token, service, guarded.portal.clock.now()),
    };
    html(StatusCode::OK, &page)
}

pub async fn revoke(
    guarded: Guarded<act::ManageTenant>,
    id: Path<RegistrationTokenId>,
    _posted: Posted<Nothing>,
) -> Result<HttpResponse, PageError> {
    let id = id.into_inner();
    let token = guarded.act(move |permit, operations| operations.revoke_registration_token(permit, id)).await??;
    let text = format!("The token {} is revoked. The clients that were registered with it stay.", token.description);
    Ok(go_on(&guarded.portal, paths::REGISTRATION_TOKENS, Notice::done(text)))
}
