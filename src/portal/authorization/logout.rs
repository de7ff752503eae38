//! `/oauth2/logout`: an application's user signs out there, and here as well.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, web};
use askama::Template;

use super::{Endpoint, leading_to, note, refused_page};
use crate::domain::protocol::params::Params;
use crate::domain::protocol::return_to::source_of;
use crate::operations::protocol::Refused;
use crate::operations::protocol::authorization::logout::Logout;
use crate::portal::form::{Nothing, Posted};
use crate::portal::guard::Visitor;
use crate::portal::shell::{Shell, go_to, html};
use crate::portal::{PageError, paths};

#[derive(Template)]
#[template(path = "authorization/logout.html")]
struct LogoutPage {
    shell: Shell,
    application: Option<String>,
    fields: Vec<(&'static str, String)>,
}

#[derive(Template)]
#[template(path = "authorization/signed_out.html")]
struct SignedOutPage {
    shell: Shell,
}

pub async fn begin(visitor: Visitor) -> Result<HttpResponse, PageError> {
    let params = Params::parse(visitor.request.query_string().as_bytes());
    let logout = match read(&visitor, params.map_err(Refused::from)).await? {
        Ok(logout) => logout,
        Err(page) => return Ok(page),
    };
    let Some(identity) = visitor.identity else { return done(&visitor, &logout) };
    let (asked, account) = (logout.clone(), identity.account);
    if visitor.run(move |operations| operations.means(&asked, account)).await? {
        return sign_out(&visitor, &logout).await;
    }
    let page = LogoutPage {
        shell: visitor.shell("Sign out?"),
        application: logout.registered.as_ref().map(|known| known.client.settings.name.clone()),
        fields: logout.fields(),
    };
    let response = html(StatusCode::OK, &page)?;
    Ok(match logout.location() {
        Some(url) => leading_to(response, source_of(&url)),
        None => response,
    })
}

/// The same as a form, which may come from anywhere: the session's cookie comes along with a GET alone.
pub async fn begin_posted(body: web::Bytes) -> HttpResponse {
    let query: String =
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(url::form_urlencoded::parse(&body)).finish();
    go_to(&format!("{}?{query}", paths::LOGOUT))
}

/// The user has been asked, and wants to.
pub async fn confirm(visitor: Visitor, posted: Posted<Nothing>) -> Result<HttpResponse, PageError> {
    let params = Params::from_pairs(posted.typed.pairs().to_vec()).map(|params| params.without(&["id_token_hint"]));
    match read(&visitor, params.map_err(Refused::from)).await? {
        Ok(logout) => sign_out(&visitor, &logout).await,
        Err(page) => Ok(page),
    }
}

/// The request's meaning, or the page that refuses it.
async fn read(visitor: &Visitor, params: Result<Params, Refused>) -> Result<Result<Logout, HttpResponse>, PageError> {
    let read = visitor.run(move |operations| operations.read_logout(&params?)).await?;
    match read {
        Ok(logout) => Ok(Ok(logout)),
        Err(refused) => Ok(Err(refused_page(visitor, Endpoint::Logout, refused, "")?)),
    }
}

async fn sign_out(visitor: &Visitor, logout: &Logout) -> Result<HttpResponse, PageError> {
    visitor.end_session().await?;
    done(visitor, logout)
}

fn done(visitor: &Visitor, logout: &Logout) -> Result<HttpResponse, PageError> {
    note(visitor, Endpoint::Logout, logout.registered.as_ref().map(Into::into), "", None);
    match logout.location() {
        Some(to) => Ok(HttpResponse::SeeOther().insert_header((header::LOCATION, to)).finish()),
        None => html(StatusCode::OK, &SignedOutPage { shell: visitor.shell("You are signed out") }),
    }
}
