//! One's own account: name, password, sessions.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Path;
use askama::Template;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::mail;
use crate::access::{Role, act};
use crate::db;
use crate::domain::account::strength;
use crate::domain::id::SessionId;
use crate::operations::Error;
use crate::operations::sessions::open_sessions;
use crate::portal::authorization::connected::ConnectedRow;
use crate::portal::form::{FormState, Nothing, Posted};
use crate::portal::guard::{Guarded, title};
use crate::portal::shell::{Notice, Shell, go_on, html};
use crate::portal::when::When;
use crate::portal::{PageError, paths, sessions};

#[derive(Template)]
#[template(path = "account/account.html")]
struct AccountPage {
    shell: Shell,
    email: String,
    tenant: String,
    roles: Vec<&'static str>,
    name_form: FormState,
    password_form: FormState,
    second_factor: bool,
    recovery_codes_left: i64,
    mail_form: FormState,
    mail_kinds: Vec<mail::Kind>,
    /// Another provider, where one is configured: what people call it, and the way to be linked.
    provider: Option<(String, String)>,
    identities: Vec<IdentityRow>,
    sessions: Vec<SessionRow>,
    connected: Vec<ConnectedRow>,
    /// How long a session lasts in this company, unused and at most.
    session_idle: String,
    session_total: String,
}

struct IdentityRow {
    provider: String,
    email: String,
    linked: When,
    used: Option<When>,
    removal: String,
}

struct SessionRow {
    browser: String,
    address: String,
    this: bool,
    begun: When,
    seen: When,
    end: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct NameForm {
    name: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct PasswordForm {
    current_password: Zeroizing<String>,
    new_password: Zeroizing<String>,
}

pub async fn show(guarded: Guarded<act::See>) -> Result<HttpResponse, PageError> {
    draw(&guarded, None, None, StatusCode::OK).await
}

async fn draw(
    guarded: &Guarded<act::See>,
    name_form: Option<FormState>,
    password_form: Option<FormState>,
    status: StatusCode,
) -> Result<HttpResponse, PageError> {
    let now = guarded.portal.clock.now();
    let seen = guarded
        .read(move |permit, reader| {
            let account = permit.actor().membership().account_id;
            let sessions = open_sessions(reader, account, now)?;
            let codes_left = db::second_factors::codes_left(reader, account)?;
            let identities = db::identities::of_account(reader, account)?;
            let connected = db::consents::connected(reader, account, now)?;
            Ok((sessions, codes_left, db::accounts::muted_mail(reader, account)?, identities, connected))
        })
        .await?;
    let person = seen.permit.actor().membership();
    let (sessions, recovery_codes_left, muted, identities, connected) = &seen.data;
    let provider = guarded.portal.provider.as_ref();
    let this = seen.session;
    let name_form = name_form.unwrap_or_else(|| FormState::empty().with("name", &person.name));
    let password_form = password_form.unwrap_or_else(FormState::empty);
    let faulty = if name_form.has_errors() { &name_form } else { &password_form };
    let page = AccountPage {
        shell: guarded.shell(&seen, title("Account", faulty)),
        email: person.email.clone(),
        tenant: person.tenant_name.clone(),
        roles: person.held().map(Role::word).collect(),
        second_factor: person.second_factor,
        recovery_codes_left: *recovery_codes_left,
        provider: provider.map(|known| (known.name().to_owned(), format!("{}?link=yes", paths::EXTERNAL))),
        identities: identities
            .iter()
            .map(|one| IdentityRow {
                // One that was configured before is known by its address alone.
                provider: provider
                    .filter(|known| known.issuer() == one.issuer)
                    .map_or_else(|| one.issuer.clone(), |known| known.name().to_owned()),
                email: one.email.clone(),
                linked: When::new(one.linked_at, now),
                used: When::maybe(one.last_used_at, now),
                removal: paths::identity_removal(one.id),
            })
            .collect(),
        connected: connected.iter().map(|one| ConnectedRow::new(one, now)).collect(),
        session_idle: in_words(person.policy.sessions.idle_minutes),
        session_total: in_words(person.policy.sessions.hours * 60),
        mail_form: mail::form(muted),
        mail_kinds: mail::kinds(),
        sessions: sessions
            .iter()
            .map(|session| SessionRow {
                browser: browser_in_words(&session.user_agent),
                address: session.address.clone(),
                this: session.id == this,
                begun: When::new(session.created_at, now),
                seen: When::new(session.last_seen_at, now),
                end: paths::end_session(session.id),
            })
            .collect(),
        name_form,
        password_form,
    };
    html(status, &page)
}

pub async fn rename(guarded: Guarded<act::See>, posted: Posted<NameForm>) -> Result<HttpResponse, PageError> {
    let name = posted.input.name;
    match guarded.act(move |permit, operations| operations.rename_account(permit.actor(), &name)).await? {
        Ok(()) => Ok(go_on(&guarded.portal, paths::ACCOUNT, Notice::done("Name updated."))),
        Err(error) => {
            let again = guarded.again(posted.typed, error)?;
            draw(&guarded, Some(again.form), None, again.status).await
        }
    }
}

pub async fn change_password(
    guarded: Guarded<act::See>,
    posted: Posted<PasswordForm>,
) -> Result<HttpResponse, PageError> {
    let PasswordForm { current_password, new_password } = posted.input;
    let word = strength(&new_password, &[]).word;
    let session = guarded.sender()?.session;
    let done = guarded
        .act(move |permit, operations| {
            operations.change_password(permit.actor(), current_password, new_password, session)
        })
        .await?;
    match done {
        Ok(unlinked) => {
            sessions::Identity::confirmed_at(guarded.session(), guarded.portal.clock.now())?;
            let unlinked =
                if unlinked { " Other sign-ins were unlinked: link them again where you want them." } else { "" };
            let text = format!("Password changed; its strength: {word}. Your other sessions have ended.{unlinked}");
            Ok(go_on(&guarded.portal, paths::ACCOUNT, Notice::done(text)))
        }
        Err(Error::Invalid(errors)) => {
            let form = posted.typed.without("current_password").without("new_password").with_errors(errors);
            draw(&guarded, None, Some(form), StatusCode::UNPROCESSABLE_ENTITY).await
        }
        Err(Error::Blocked { until }) => Err(PageError::TooMany { until, now: guarded.portal.clock.now() }),
        Err(error) => Err(error.into()),
    }
}

pub async fn end_session(
    guarded: Guarded<act::See>,
    id: Path<SessionId>,
    _posted: Posted<Nothing>,
) -> Result<HttpResponse, PageError> {
    let id = id.into_inner();
    guarded.act(move |permit, operations| operations.end_own_session(permit.actor(), id)).await??;
    Ok(go_on(&guarded.portal, paths::ACCOUNT, Notice::done("The session has ended.")))
}

pub async fn end_other_sessions(
    guarded: Guarded<act::See>,
    _posted: Posted<Nothing>,
) -> Result<HttpResponse, PageError> {
    let keep = Some(guarded.sender()?.session);
    guarded.act(move |permit, operations| operations.end_other_sessions(permit.actor(), keep)).await??;
    let text = "All your other sessions have ended, and so has what applications held.";
    Ok(go_on(&guarded.portal, paths::ACCOUNT, Notice::done(text)))
}

/// "12 hours", "90 minutes": exactly.
fn in_words(minutes: u32) -> String {
    let (count, unit) = if minutes.is_multiple_of(60) { (minutes / 60, "hour") } else { (minutes, "minute") };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

/// "Firefox on Linux": enough to recognise one's own browser by.
fn browser_in_words(agent: &str) -> String {
    let first =
        |known: &[(&str, &'static str)]| known.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, word)| *word);
    // The order matters: Edge and Opera call themselves Chrome too, and Chrome calls itself Safari.
    let browser = first(&[
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ]);
    let system = first(&[
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("Linux", "Linux"),
    ]);
    match (browser, system) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => "Unknown browser".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::browser_in_words;

    #[test]
    fn browsers_are_told_apart() {
        let chrome =
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0 Safari/537.36";
        assert_eq!(browser_in_words(chrome), "Chrome on Linux");
        assert_eq!(browser_in_words(&format!("{chrome} Edg/156.0")), "Edge on Linux");
        assert_eq!(
            browser_in_words("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19 Safari/604"),
            "Safari on iPhone"
        );
        assert_eq!(browser_in_words(""), "Unknown browser");
    }
}
