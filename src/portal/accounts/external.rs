//! Signing in through another OpenID provider, and linking it to an account.
//!
//! The way there and back is two GETs, since a form may lead nowhere else (`form-action`); all that they change is who
//! is signed in. What links an account is a form of this portal, with the password.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::cookie::time::Duration as CookieDuration;
use actix_web::http::{StatusCode, header};
use actix_web::web::Path;
use askama::Template;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::sign_in::{Carried, Half, Linking, blocked_or, count_first_step, go_through};
use crate::access::act;
use crate::clock::Timestamp;
use crate::domain::external_person::ExternalPerson;
use crate::domain::field_errors::FieldErrors;
use crate::domain::id::{AccountId, IdentityId};
use crate::operations::Error;
use crate::operations::accounts::identities::Recognised;
use crate::portal::authorization::Purpose;
use crate::portal::form::{FormState, Nothing, Posted, Query};
use crate::portal::guard::{Guarded, Visitor, title};
use crate::portal::shell::{Notice, Shell, go_on, go_to, html};
use crate::portal::{PageError, Portal, cookies, paths};
use crate::provider::{Answer, Attempt, Provider, ProviderError};

/// What the browser keeps while its person is at the provider.
const AWAY: &str = "external_sign_in";
/// Whom the provider has named, until they are linked to an account.
const NAMED: &str = "external_person";
/// How long each of the two is good.
const KEPT: std::time::Duration = std::time::Duration::from_secs(10 * 60);

#[derive(Serialize, Deserialize)]
struct Away {
    attempt: Attempt,
    /// In microseconds.
    at: i64,
    return_to: String,
    /// The account that asked to be linked, from inside.
    links: Option<String>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Named {
    person: ExternalPerson,
    at: i64,
    return_to: String,
    links: Option<String>,
}

fn provider(portal: &Portal) -> Result<Arc<Provider>, PageError> {
    portal.provider.clone().ok_or(PageError::NotFound)
}

fn fault(provider: &Provider, error: ProviderError) -> PageError {
    tracing::warn!(cause = %error, "a sign-in through another provider failed");
    let name = provider.name().to_owned();
    match error {
        ProviderError::Unavailable(_) => PageError::ProviderUnavailable { name },
        ProviderError::Refused(_) => PageError::ProviderRefused { name },
    }
}

fn lives() -> CookieDuration {
    CookieDuration::seconds(KEPT.as_secs() as i64)
}

fn put(response: &mut HttpResponse, cookie: actix_web::cookie::Cookie<'_>) -> Result<(), PageError> {
    response.add_cookie(&cookie).map_err(|_| PageError::Bug("a cookie can't be written".into()))
}

fn fresh(portal: &Portal, at: i64) -> bool {
    portal.clock.now().since(Timestamp::from_micros(at)) < KEPT
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Wanted {
    return_to: String,
    /// Also where somebody is signed in.
    again: String,
    link: String,
}

/// Leads to the provider.
pub async fn begin(visitor: Visitor, wanted: Query<Wanted>) -> Result<HttpResponse, PageError> {
    let provider = provider(&visitor.portal)?;
    let links = match (wanted.0.link.is_empty(), visitor.identity) {
        (true, None) => None,
        (true, Some(_)) if !wanted.0.again.is_empty() => None,
        (true, Some(_)) => return Ok(go_to(paths::local(&wanted.0.return_to))),
        (false, Some(identity)) => Some(identity.account.to_string()),
        (false, None) => return Err(PageError::SignIn { return_to: paths::ACCOUNT.into() }),
    };
    let (address, attempt) =
        provider.begin(!wanted.0.again.is_empty()).await.map_err(|error| fault(&provider, error))?;
    let at = visitor.portal.clock.now().micros();
    let away = Away { attempt, at, return_to: wanted.0.return_to, links };
    let value = serde_json::to_string(&away).map_err(|_| PageError::Bug("an attempt can't be kept".into()))?;
    let path = paths::EXTERNAL.to_owned();
    let mut response = HttpResponse::SeeOther().insert_header((header::LOCATION, address)).finish();
    put(&mut response, cookies::sealed_cookie_from_elsewhere(&visitor.portal, AWAY, value, path, lives()))?;
    Ok(response)
}

/// Where the provider leads back to.
pub async fn callback(visitor: Visitor, answer: Query<Answer>) -> Result<HttpResponse, PageError> {
    let provider = provider(&visitor.portal)?;
    let came_back = come_back(&visitor, &provider, &answer.0).await;
    let mut response = match came_back {
        Ok(response) => response,
        Err(error) => actix_web::ResponseError::error_response(&error),
    };
    // Whatever came of it, it was this attempt's only time.
    put(&mut response, cookies::removal(&visitor.portal, AWAY, paths::EXTERNAL.into()))?;
    Ok(response)
}

async fn come_back(visitor: &Visitor, provider: &Provider, answer: &Answer) -> Result<HttpResponse, PageError> {
    let refused = |why: &str| fault(provider, ProviderError::Refused(why.into()));
    let away = cookies::sealed_value(&visitor.portal, &visitor.request, AWAY);
    let away = away.and_then(|kept| serde_json::from_str::<Away>(&kept).ok());
    let away = away.filter(|away| fresh(&visitor.portal, away.at));
    let away = away.ok_or_else(|| refused("this browser has no attempt under way"))?;
    if away.attempt.state != answer.state {
        return Err(refused("the state is another attempt's"));
    }
    let state = away.attempt.state.clone();
    // Also where the cookie was copied: the database is what all instances share.
    if !visitor.run(move |operations| operations.use_attempt(&state)).await?? {
        return Err(refused("the answer has come before"));
    }
    let person = provider.finish(&away.attempt, answer).await.map_err(|error| fault(provider, error))?;
    let named = Named { person, at: visitor.portal.clock.now().micros(), return_to: away.return_to, links: away.links };
    if named.links.is_some() {
        return keep_named(visitor, &named, paths::NEW_IDENTITY, "/account/identities");
    }
    let known = named.person.clone();
    let recognised = visitor.run(move |operations| operations.recognise(&known)).await??;
    match recognised {
        Recognised::Linked(account) => {
            let half = Half {
                account: account.to_string(),
                at: named.at,
                by_password: false,
                return_to: named.return_to,
                link: None,
            };
            go_through(visitor, half, &named.person.email, Carried::default()).await
        }
        Recognised::HasAccount => keep_named(visitor, &named, paths::EXTERNAL_LINK, paths::EXTERNAL),
        Recognised::Unverified | Recognised::Unknown => {
            let page = StrangerPage {
                shell: visitor.shell("No account"),
                provider: provider.name().to_owned(),
                email: named.person.email,
                unverified: recognised == Recognised::Unverified,
            };
            html(StatusCode::FORBIDDEN, &page)
        }
    }
}

fn keep_named(visitor: &Visitor, named: &Named, to: &str, path: &str) -> Result<HttpResponse, PageError> {
    let value = serde_json::to_string(named).map_err(|_| PageError::Bug("a person can't be kept".into()))?;
    let mut response = go_to(to);
    let cookie = cookies::sealed_cookie_from_elsewhere(&visitor.portal, NAMED, value, path.to_owned(), lives());
    put(&mut response, cookie)?;
    Ok(response)
}

fn named(portal: &Portal, request: &actix_web::HttpRequest) -> Option<Named> {
    let named: Named = serde_json::from_str(&cookies::sealed_value(portal, request, NAMED)?).ok()?;
    fresh(portal, named.at).then_some(named)
}

#[derive(Template)]
#[template(path = "account/external_stranger.html")]
struct StrangerPage {
    shell: Shell,
    provider: String,
    email: String,
    unverified: bool,
}

#[derive(Template)]
#[template(path = "account/external_link.html")]
struct LinkPage {
    shell: Shell,
    form: FormState,
    provider: String,
    email: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct LinkForm {
    password: Zeroizing<String>,
}

/// Somebody the provider vouches for, whose address has an account here that is not linked.
pub async fn ask_to_link(visitor: Visitor) -> Result<HttpResponse, PageError> {
    let provider = provider(&visitor.portal)?;
    let Some(named) = named(&visitor.portal, &visitor.request) else { return Ok(too_late(&visitor, &provider)) };
    draw_link(&visitor, &provider, &named, FormState::empty(), StatusCode::OK).await
}

fn too_late(visitor: &Visitor, provider: &Provider) -> HttpResponse {
    let text = format!("It took longer than ten minutes. Sign in with {} again.", provider.name());
    go_on(&visitor.portal, paths::SIGN_IN, Notice::info(text))
}

async fn draw_link(
    visitor: &Visitor,
    provider: &Provider,
    named: &Named,
    form: FormState,
    status: StatusCode,
) -> Result<HttpResponse, PageError> {
    let page = LinkPage {
        shell: visitor.shell(title("Link to your account", &form)),
        form,
        provider: provider.name().to_owned(),
        email: named.person.email.clone(),
    };
    let purpose = Purpose::of(visitor, &named.return_to).await?;
    Ok(Purpose::reaches(purpose.as_ref(), html(status, &page)?))
}

pub async fn link_at_sign_in(visitor: Visitor, posted: Posted<LinkForm>) -> Result<HttpResponse, PageError> {
    let provider = provider(&visitor.portal)?;
    let Some(named) = named(&visitor.portal, &visitor.request) else { return Ok(too_late(&visitor, &provider)) };
    let (email, address) = (named.person.email.clone(), visitor.address());
    let (password, at) = (posted.input.password, visitor.portal.clock.now());
    let found = visitor.run(move |operations| operations.sign_in(&email, password, &address)).await?;
    count_first_step(&found);
    match found.map_err(|error| blocked_or(&visitor, error))? {
        Some(account) => {
            let half = Half {
                account: account.to_string(),
                at: at.micros(),
                by_password: true,
                return_to: named.return_to,
                link: Some(Linking { person: named.person.clone(), provider: provider.name().to_owned() }),
            };
            let mut response = go_through(&visitor, half, &named.person.email, Carried::default()).await?;
            put(&mut response, cookies::removal(&visitor.portal, NAMED, paths::EXTERNAL.into()))?;
            Ok(response)
        }
        None => {
            let fault = "This is not the password of your Keywright account. Type it again.";
            let form = FormState::empty().with_errors(FieldErrors::one("password", "Password", fault));
            draw_link(&visitor, &provider, &named, form, StatusCode::UNPROCESSABLE_ENTITY).await
        }
    }
}

#[derive(Template)]
#[template(path = "account/identity.html")]
struct IdentityPage {
    shell: Shell,
    provider: String,
    email: String,
}

/// Whom the provider has named for somebody who is signed in and asked for it.
fn own_named(guarded: &Guarded<act::See>, account: AccountId) -> Option<Named> {
    let named = named(&guarded.portal, &guarded.request)?;
    (named.links.as_deref() == Some(account.to_string().as_str())).then_some(named)
}

fn nobody_named(guarded: &Guarded<act::See>) -> HttpResponse {
    let text = "There is nothing to link, or it took longer than ten minutes. Begin again from here.";
    go_on(&guarded.portal, paths::ACCOUNT, Notice::info(text))
}

pub async fn confirm_identity(guarded: Guarded<act::See>) -> Result<HttpResponse, PageError> {
    let seen = guarded.read(|_, _| Ok(())).await?;
    let account = seen.permit.actor().membership().account_id;
    let (Some(provider), Some(named)) = (&guarded.portal.provider, own_named(&guarded, account)) else {
        return Ok(nobody_named(&guarded));
    };
    let page = IdentityPage {
        shell: guarded.shell(&seen, format!("Link {}", provider.name())),
        provider: provider.name().to_owned(),
        email: named.person.email,
    };
    html(StatusCode::OK, &page)
}

pub async fn add_identity(guarded: Guarded<act::See>, posted: Posted<Nothing>) -> Result<HttpResponse, PageError> {
    let (account, session) = (guarded.sender()?.account, guarded.sender()?.session);
    let (Some(provider), Some(named)) = (guarded.portal.provider.clone(), own_named(&guarded, account)) else {
        guarded.read(|_, _| Ok(())).await?;
        return Ok(nobody_named(&guarded));
    };
    let name = provider.name().to_owned();
    let done = guarded
        .act_confirmed(&posted, move |permit, operations| {
            operations.link_identity(permit, &named.person, &name, session)
        })
        .await;
    let notice = match done {
        Ok(Ok(())) => Notice::done(format!("From now on you can also sign in with {}.", provider.name())),
        Ok(Err(Error::WrongState(reason))) => Notice::info(reason.to_string()),
        Ok(Err(error)) => return Err(error.into()),
        Err(interrupted) => return interrupted.answer(),
    };
    let mut response = go_on(&guarded.portal, paths::ACCOUNT, notice);
    put(&mut response, cookies::removal(&guarded.portal, NAMED, paths::IDENTITIES.into()))?;
    Ok(response)
}

pub async fn remove_identity(
    guarded: Guarded<act::See>,
    id: Path<IdentityId>,
    posted: Posted<Nothing>,
) -> Result<HttpResponse, PageError> {
    let (id, session) = (id.into_inner(), guarded.sender()?.session);
    let done =
        guarded.act_confirmed(&posted, move |permit, operations| operations.unlink_identity(permit, id, session)).await;
    match done {
        Ok(done) => done?,
        Err(interrupted) => return interrupted.answer(),
    }
    let text = "It is unlinked and lets nobody in any more. Your other sessions have ended, and so has \
                what applications held.";
    Ok(go_on(&guarded.portal, paths::ACCOUNT, Notice::done(text)))
}
