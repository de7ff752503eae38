//! What an application's users see: the way to it through sign-in and consent, and the way out.

pub mod connected;
pub mod logout;
mod purpose;
pub mod request;
pub mod waiting;

pub use purpose::Purpose;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, http::header};
use askama::Template;

use super::guard::Visitor;
use super::middleware::{self, LeadsTo};
use super::sessions::Identity;
use super::shell::{Shell, html};
use super::{PageError, paths};
use crate::domain::protocol::event::{self, Endpoint, ProtocolEvent};
use crate::domain::protocol::fault::{ErrorCode, Fault, Refusal};
use crate::domain::protocol::registered::Registered;
use crate::domain::protocol::return_to::Answer;
use crate::operations::protocol::authorization::{AtBrowser, Declined};
use crate::operations::protocol::{Refused, Whose};

/// An application, as its users know it.
pub struct Application {
    pub name: String,
    pub service: String,
    pub company: String,
    /// Where its picture is, or nothing.
    pub logo: String,
    pub website: Option<String>,
    pub privacy_policy: Option<String>,
    pub terms: Option<String>,
}

impl Application {
    /// `token` is that of the request that waits.
    fn of(registered: &Registered, token: &str) -> Self {
        let (client, service) = (&registered.client.settings, &registered.service.settings);
        let text = |own: &Option<crate::domain::web_url::WebUrl>| own.as_ref().map(|url| url.as_str().to_owned());
        Self {
            name: client.name.clone(),
            service: service.name.clone(),
            company: registered.tenant.name.clone(),
            logo: registered.service.logo_digest.as_ref().map_or(String::new(), |_| paths::waiting_logo(token)),
            website: text(&client.website),
            privacy_policy: text(&client.privacy_policy).or_else(|| text(&service.privacy_policy)),
            terms: text(&client.terms).or_else(|| text(&service.terms)),
        }
    }
}

impl From<&Identity> for AtBrowser {
    fn from(identity: &Identity) -> Self {
        let Identity { session, account, signed_in_at, by_password, .. } = *identity;
        Self { session, account, signed_in_at, by_password }
    }
}

/// The longest that is noted of what was attempted, in characters.
const MAX_NOTED: usize = 100;

/// Notes how a request ended, for the client's developers.
fn note(visitor: &Visitor, endpoint: Endpoint, whose: Option<Whose>, attempted: &str, refusal: Option<&Refusal>) {
    let Some(Whose { tenant, client }) = whose else { return };
    visitor.portal.operations.protocol_log().note(ProtocolEvent {
        reference: middleware::reference(&visitor.request),
        tenant,
        client,
        at: visitor.portal.clock.now(),
        endpoint,
        attempted: attempted.chars().take(MAX_NOTED).collect(),
        refusal: refusal.cloned(),
        network: event::network(&visitor.address()),
    });
}

/// The answer to a request that is declined: to the application where it may go there, else a page.
fn declined(visitor: &Visitor, declined: Declined) -> Result<HttpResponse, PageError> {
    let Declined { refused, return_to, attempted } = declined;
    let Some(return_to) = return_to else { return refused_page(visitor, Endpoint::Authorize, refused, &attempted) };
    note(visitor, Endpoint::Authorize, refused.whose, &attempted, Some(&refused.refusal));
    let issuer = &visitor.portal.site.public_url;
    let explained_at = format!("{issuer}{}", paths::rejection_of(&middleware::reference(&visitor.request)));
    carry(visitor, return_to.refusal(&refused.refusal, explained_at, issuer), return_to.as_source())
}

#[derive(Template)]
#[template(path = "authorization/refused.html")]
struct RefusedPage {
    shell: Shell,
    text: &'static str,
    sentence: &'static str,
    reference: String,
    explained_at: String,
}

fn refused_page(
    visitor: &Visitor,
    endpoint: Endpoint,
    refused: Refused,
    attempted: &str,
) -> Result<HttpResponse, PageError> {
    let fault = refused.refusal.fault;
    note(visitor, endpoint, refused.whose, attempted, Some(&refused.refusal));
    match fault.error() {
        ErrorCode::TemporarilyUnavailable => return Err(PageError::Unavailable("a protocol request".into())),
        ErrorCode::ServerError => return Err(PageError::Bug("a protocol request failed".into())),
        _ => {}
    }
    let reference = middleware::reference(&visitor.request);
    let page = RefusedPage {
        shell: visitor.shell("The application's request is refused"),
        text: in_plain_words(fault),
        sentence: fault.sentence(),
        explained_at: paths::rejection_of(&reference),
        reference,
    };
    html(StatusCode::BAD_REQUEST, &page)
}

/// For whoever sits at the browser, and has done nothing wrong.
fn in_plain_words(fault: Fault) -> &'static str {
    match fault {
        Fault::ClientUnknown => "The application that sent you here is not known to Keywright.",
        Fault::ClientInactive => "The application that sent you here is switched off at the moment.",
        Fault::RedirectUrlUnknown | Fault::RedirectUrlMissing | Fault::LogoutRedirectUrlUnknown => {
            "The application asked to send you on to an address that it has not registered. You stay here, so that \
             nothing of yours gets to somebody else."
        }
        _ => "The application that sent you here asked in a way that can't be answered.",
    }
}

#[derive(Template)]
#[template(path = "authorization/form_post.html")]
struct FormPostPage {
    shell: Shell,
    action: String,
    fields: Vec<(&'static str, String)>,
}

/// Sends the browser to the application with its answer.
fn carry(visitor: &Visitor, answer: Answer, source: String) -> Result<HttpResponse, PageError> {
    match answer {
        Answer::Location(to) => Ok(HttpResponse::SeeOther().insert_header((header::LOCATION, to)).finish()),
        Answer::Form { action, fields } => {
            let page = FormPostPage { shell: visitor.shell("Back to the application"), action, fields };
            Ok(leading_to(html(StatusCode::OK, &page)?, source))
        }
    }
}

/// Lets the forms of this page lead on to where an application gets its answers.
fn leading_to(mut response: HttpResponse, source: String) -> HttpResponse {
    response.extensions_mut().insert(LeadsTo(source));
    response
}
