//! The pages of client secrets: add, rotate, delete, and the one that shows a secret exactly once.
//!
//! The POST that makes a secret answers with the secret sealed in a cookie of the asking browser; the server keeps
//! nothing readable. Looking at the reveal page uses nothing up, so prefetching and restored tabs are harmless; the
//! POST behind *Show secret* does, for one winner.

use actix_web::HttpResponse;
use actix_web::cookie::time::Duration;
use actix_web::http::StatusCode;
use actix_web::web::Path;
use askama::Template;
use serde::Deserialize;

use super::form::{FormState, Nothing, Posted};
use super::guard::{Guarded, title};
use super::secret_use::SecretUse;
use super::shell::{Notice, Shell, go_on, html};
use super::view::SecretRow;
use super::when::When;
use super::{PageError, cookies, paths};
use crate::access::act;
use crate::db;
use crate::db::Reader;
use crate::domain::client::{Client, GrantType};
use crate::domain::credential::Credential;
use crate::domain::id::{ClientUid, RevealId, SecretId};
use crate::domain::secret::{Overlap, PlainSecret, Secret, SecretInput};
use crate::domain::service::Environment;
use crate::operations::clients::reach;
use crate::operations::secrets::{TICKET_LASTS, ToReveal};
use crate::operations::{self, Error};

/// The cookie that keeps a secret until it is shown.
const REVEAL_COOKIE: &str = "reveal";

#[derive(Template)]
#[template(path = "secrets/form.html")]
struct SecretFormPage {
    shell: Shell,
    form: FormState,
    client: String,
    client_href: String,
    first: bool,
    environments: Vec<RadioChoice>,
    live: bool,
    left: usize,
    action: String,
}

/// One radio button.
struct RadioChoice {
    value: &'static str,
    label: &'static str,
    hint: &'static str,
    badge: &'static str,
    locked: bool,
}

pub async fn new(guarded: Guarded<act::EditClients>, uid: Path<ClientUid>) -> Result<HttpResponse, PageError> {
    let now = guarded.portal.clock.now();
    let blank = SecretInput {
        environment: Environment::Sandbox.as_str().into(),
        expires_at: now.one_year_later().whole_minute().form_value(),
        ..SecretInput::default()
    };
    draw_form(&guarded, uid.into_inner(), FormState::of(&blank), StatusCode::OK).await
}

async fn draw_form(
    guarded: &Guarded<act::EditClients>,
    uid: ClientUid,
    form: FormState,
    status: StatusCode,
) -> Result<HttpResponse, PageError> {
    let seen = guarded
        .read(move |permit, reader| {
            let client = db::clients::find(reader, permit.scope(), uid)?;
            reach(reader, permit, &client)?;
            let service = db::services::find(reader, permit.scope(), client.service_id)?;
            let count = db::secrets::count(reader, uid)?;
            Credential::Secret.check_more(&service, &client, count, 1)?;
            Ok((client, service, count))
        })
        .await?;
    let (client, service, count) = &seen.data;
    let live = service.environment == Environment::Live;
    let page = SecretFormPage {
        shell: guarded.shell(&seen, title("Add secret", &form)),
        client: client.settings.name.clone(),
        client_href: paths::client(uid),
        first: *count == 0,
        environments: environments(live),
        live,
        left: Credential::Secret.max() - count,
        action: paths::secrets(uid),
        form,
    };
    html(status, &page)
}

fn environments(live: bool) -> Vec<RadioChoice> {
    let sandbox = RadioChoice {
        value: "sandbox",
        label: "Sandbox",
        hint: "For building and testing: gives sandbox tokens, and only test users can sign in.",
        badge: "",
        locked: false,
    };
    let live_choice = RadioChoice { value: "live", label: "Live", hint: "For production.", badge: "", locked: false };
    if live { vec![sandbox, live_choice] } else { vec![sandbox] }
}

pub async fn add(
    guarded: Guarded<act::EditClients>,
    uid: Path<ClientUid>,
    posted: Posted<SecretInput>,
) -> Result<HttpResponse, PageError> {
    let (uid, input, submission) = (uid.into_inner(), posted.input.clone(), posted.submission());
    let done = guarded
        .act_confirmed(&posted, move |permit, operations| operations.add_secret(permit, uid, &input, &submission))
        .await;
    match done {
        Ok(Ok(made)) => Ok(to_reveal(&guarded, &made)),
        Ok(Err(error)) => {
            let again = guarded.again(posted.typed, error)?;
            draw_form(&guarded, uid, again.form, again.status).await
        }
        Err(interrupted) => interrupted.answer(),
    }
}

/// On to the reveal page, with the secret sealed for this browser and this page alone.
fn to_reveal(guarded: &Guarded<act::EditClients>, made: &ToReveal) -> HttpResponse {
    let path = paths::reveal(made.ticket);
    let lives = Duration::seconds(i64::try_from(TICKET_LASTS.as_secs()).unwrap_or(0));
    let value = made.secret.expose().to_owned();
    let cookie = cookies::sealed_cookie(&guarded.portal, REVEAL_COOKIE, value, path.clone(), lives);
    let mut response = super::shell::go_to(&path);
    if response.add_cookie(&cookie).is_err() {
        tracing::error!("the cookie for a reveal can't be written");
    }
    response
}

#[derive(Template)]
#[template(path = "secrets/reveal.html")]
struct RevealPage {
    shell: Shell,
    client: String,
    client_href: String,
    description: String,
    environment: &'static str,
    expires: Option<When>,
    minutes: u64,
    action: String,
}

#[derive(Template)]
#[template(path = "secrets/shown.html")]
struct ShownPage {
    shell: Shell,
    client: String,
    client_href: String,
    client_id: String,
    secret: String,
    description: String,
    environment: &'static str,
    expires: Option<When>,
    issuer: String,
    scopes: String,
    redirect_url: String,
    acts_alone: bool,
}

#[derive(Template)]
#[template(path = "secrets/already_shown.html")]
struct AlreadyShownPage {
    shell: Shell,
}

/// Uses nothing up.
pub async fn reveal_page(guarded: Guarded<act::EditClients>, id: Path<RevealId>) -> Result<HttpResponse, PageError> {
    let (id, now) = (id.into_inner(), guarded.portal.clock.now());
    let kept = kept_secret(&guarded).is_some();
    let seen = guarded
        .read(move |permit, reader| {
            let account = permit.actor().membership().account_id;
            match db::secrets::ticket(reader, id, account, now)? {
                Some(secret) if kept => Ok(Some(secret_with_client(reader, permit, secret)?)),
                _ => Ok(None),
            }
        })
        .await?;
    match &seen.data {
        Some((secret, client)) => {
            let page = RevealPage {
                shell: guarded.shell(&seen, "Your new secret"),
                client: client.settings.name.clone(),
                client_href: paths::client(client.uid),
                description: secret.description.clone(),
                environment: secret.environment.word(),
                expires: When::maybe(secret.expires_at, now),
                minutes: TICKET_LASTS.as_secs() / 60,
                action: paths::reveal(id),
            };
            html(StatusCode::OK, &page)
        }
        None => {
            html(StatusCode::GONE, &AlreadyShownPage { shell: guarded.shell(&seen, "This secret was shown already") })
        }
    }
}

/// Shows the secret, to the first that asks.
pub async fn reveal(
    guarded: Guarded<act::EditClients>,
    id: Path<RevealId>,
    posted: Posted<Nothing>,
) -> Result<HttpResponse, PageError> {
    let id = id.into_inner();
    let kept = kept_secret(&guarded);
    // Read before: once the ticket is used up nothing may come between the secret and its page.
    let seen = guarded.read(|_, _| Ok(())).await?;
    let done = guarded
        .act_confirmed(&posted, move |permit, operations| match kept {
            Some(secret) => {
                let revealed = operations.reveal_secret(permit, id, &secret)?;
                Ok((revealed, secret))
            }
            None => Err(Error::NotFound),
        })
        .await;
    let mut response = match done {
        Ok(Ok((revealed, secret))) => {
            let client = &revealed.client;
            let page = ShownPage {
                shell: guarded.shell(&seen, "Your new secret"),
                client: client.settings.name.clone(),
                client_href: paths::client(client.uid),
                client_id: client.client_id.to_string(),
                secret: secret.expose().to_owned(),
                description: revealed.secret.description.clone(),
                environment: revealed.secret.environment.word(),
                expires: When::maybe(revealed.secret.expires_at, guarded.portal.clock.now()),
                issuer: guarded.portal.site.public_url.clone(),
                scopes: client.settings.scopes.join(" "),
                redirect_url: client
                    .settings
                    .redirect_urls
                    .first()
                    .map_or(String::new(), |url| url.as_str().to_owned()),
                acts_alone: client.settings.grants.contains(&GrantType::ClientCredentials),
            };
            html(StatusCode::OK, &page)?
        }
        Ok(Err(Error::NotFound)) => {
            html(StatusCode::GONE, &AlreadyShownPage { shell: guarded.shell(&seen, "This secret was shown already") })?
        }
        Ok(Err(error)) => return Err(error.into()),
        Err(interrupted) => return interrupted.answer(),
    };
    let removal = cookies::removal(&guarded.portal, REVEAL_COOKIE, paths::reveal(id));
    if response.add_cookie(&removal).is_err() {
        tracing::warn!("the cookie of a reveal can't be removed");
    }
    Ok(response)
}

fn kept_secret(guarded: &Guarded<act::EditClients>) -> Option<PlainSecret> {
    let text = zeroize::Zeroizing::new(cookies::sealed_value(&guarded.portal, &guarded.request, REVEAL_COOKIE)?);
    PlainSecret::parse(&text).map(|(_, secret)| secret)
}

fn secret_with_client(
    reader: &mut Reader<'_>,
    permit: &crate::access::Permit<act::EditClients>,
    id: SecretId,
) -> operations::Result<(Secret, Client)> {
    let secret = db::secrets::find(reader, permit.scope(), id)?;
    let client = db::clients::find(reader, permit.scope(), secret.client_uid)?;
    reach(reader, permit, &client)?;
    Ok((secret, client))
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct RotationForm {
    overlap: String,
    until: String,
}

#[derive(Template)]
#[template(path = "secrets/rotation.html")]
struct RotationPage {
    shell: Shell,
    form: FormState,
    client: String,
    client_href: String,
    secret: SecretRow,
    used: SecretUse,
    overlaps: Vec<RadioChoice>,
    action: String,
}

pub async fn ask_rotation(guarded: Guarded<act::EditClients>, id: Path<SecretId>) -> Result<HttpResponse, PageError> {
    let in_a_week = guarded.portal.clock.now().plus(std::time::Duration::from_secs(7 * 86_400));
    let form = FormState::empty().with("overlap", "24h").with("until", &in_a_week.whole_minute().form_value());
    draw_rotation(&guarded, id.into_inner(), form, StatusCode::OK).await
}

async fn draw_rotation(
    guarded: &Guarded<act::EditClients>,
    id: SecretId,
    form: FormState,
    status: StatusCode,
) -> Result<HttpResponse, PageError> {
    let now = guarded.portal.clock.now();
    let seen = guarded
        .read(move |permit, reader| {
            let (secret, client) = secret_with_client(reader, permit, id)?;
            let service = db::services::find(reader, permit.scope(), client.service_id)?;
            let used = SecretUse::read(reader, &secret, now)?;
            let count = db::secrets::count(reader, client.uid)?;
            Credential::Secret.check_more(&service, &client, count, 1)?;
            Ok(((secret, client), used))
        })
        .await?;
    let (seen, used) = seen.split();
    let (secret, client) = &seen.data;
    let row = SecretRow::new(secret, used.last, now);
    if !row.can_rotate {
        return Err(PageError::WrongState("This secret no longer works. Add a new one instead.".into()));
    }
    let page = RotationPage {
        shell: guarded.shell(&seen, title("Rotate secret", &form)),
        form,
        client: client.settings.name.clone(),
        client_href: paths::client(client.uid),
        secret: row,
        used,
        overlaps: Overlap::CHOICES
            .into_iter()
            .map(|(value, label)| RadioChoice { value, label, hint: "", badge: "", locked: false })
            .collect(),
        action: paths::secret_rotation(id),
    };
    html(status, &page)
}

pub async fn rotate(
    guarded: Guarded<act::EditClients>,
    id: Path<SecretId>,
    posted: Posted<RotationForm>,
) -> Result<HttpResponse, PageError> {
    let (id, submission) = (id.into_inner(), posted.submission());
    let (overlap, until) = (posted.input.overlap.clone(), posted.input.until.clone());
    let done = guarded
        .act_confirmed(&posted, move |permit, operations| {
            operations.rotate_secret(permit, id, &overlap, &until, &submission)
        })
        .await;
    match done {
        Ok(Ok(made)) => Ok(to_reveal(&guarded, &made)),
        Ok(Err(error)) => {
            let again = guarded.again(posted.typed, error)?;
            draw_rotation(&guarded, id, again.form, again.status).await
        }
        Err(interrupted) => interrupted.answer(),
    }
}

#[derive(Template)]
#[template(path = "secrets/deletion.html")]
struct DeletionPage {
    shell: Shell,
    client: String,
    client_href: String,
    secret: SecretRow,
    used: SecretUse,
    action: String,
}

pub async fn confirm_deletion(
    guarded: Guarded<act::EditClients>,
    id: Path<SecretId>,
) -> Result<HttpResponse, PageError> {
    let (id, now) = (id.into_inner(), guarded.portal.clock.now());
    let seen = guarded
        .read(move |permit, reader| {
            let (secret, client) = secret_with_client(reader, permit, id)?;
            let used = SecretUse::read(reader, &secret, now)?;
            Ok(((secret, client), used))
        })
        .await?;
    let (seen, used) = seen.split();
    let (secret, client) = &seen.data;
    let page = DeletionPage {
        shell: guarded.shell(&seen, "Delete secret"),
        client: client.settings.name.clone(),
        client_href: paths::client(client.uid),
        secret: SecretRow::new(secret, used.last, now),
        used,
        action: paths::secret_deletion(id),
    };
    html(StatusCode::OK, &page)
}

pub async fn delete(
    guarded: Guarded<act::EditClients>,
    id: Path<SecretId>,
    posted: Posted<Nothing>,
) -> Result<HttpResponse, PageError> {
    let id = id.into_inner();
    let done = guarded.act_confirmed(&posted, move |permit, operations| operations.delete_secret(permit, id)).await;
    let (client, secret) = match done {
        Ok(done) => done?,
        Err(interrupted) => return interrupted.answer(),
    };
    let text = format!("The secret ending in {} is deleted and has stopped working.", secret.last_four);
    Ok(go_on(&guarded.portal, &paths::client(client), Notice::done(text)))
}
