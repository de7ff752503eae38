//! The applications that somebody has let in: on their account page, and on one of its own for who has no company and so
//! no account page.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Path;
use askama::Template;
use serde::Deserialize;

use crate::clock::Timestamp;
use crate::db;
use crate::db::consents::Connected;
use crate::domain::id::ClientUid;
use crate::operations::protocol::authorization::{AtBrowser, User};
use crate::portal::form::Posted;
use crate::portal::guard::Visitor;
use crate::portal::shell::{Notice, Shell, go_on, html};
use crate::portal::when::When;
use crate::portal::{PageError, paths};

pub struct ConnectedRow {
    pub name: String,
    pub service: String,
    pub company: String,
    pub scopes: Vec<String>,
    pub since: When,
    pub last: When,
    pub removal: String,
}

impl ConnectedRow {
    pub fn new(one: &Connected, now: Timestamp) -> Self {
        Self {
            name: one.name.clone(),
            service: one.service.clone(),
            company: one.company.clone(),
            scopes: one.scopes.clone(),
            since: When::new(one.since, now),
            last: When::new(one.last, now),
            removal: paths::access_removal(one.client),
        }
    }
}

#[derive(Template)]
#[template(path = "authorization/connected.html")]
struct ConnectedPage {
    shell: Shell,
    email: String,
    connected: Vec<ConnectedRow>,
}

/// Whoever is signed in, member of a company or not.
async fn user(visitor: &Visitor) -> Result<User, PageError> {
    let sign_in = || PageError::SignIn { return_to: paths::APPLICATIONS.to_owned() };
    let browser = visitor.identity.as_ref().map(AtBrowser::from).ok_or_else(sign_in)?;
    visitor.run(move |operations| operations.user_at(browser)).await??.ok_or_else(sign_in)
}

pub async fn show(visitor: Visitor) -> Result<HttpResponse, PageError> {
    let user = user(&visitor).await?;
    let (reads, now, account) = (visitor.portal.reads.clone(), visitor.portal.clock.now(), user.account.id);
    let found = visitor.run(move |_| reads.read(|reader| db::consents::connected(reader, account, now))).await??;
    let page = ConnectedPage {
        shell: visitor.shell("Connected applications"),
        email: user.account.email.as_str().to_owned(),
        connected: found.iter().map(|one| ConnectedRow::new(one, now)).collect(),
    };
    html(StatusCode::OK, &page)
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Removal {
    /// The page that showed it.
    return_to: String,
}

pub async fn remove(
    visitor: Visitor,
    client: Path<ClientUid>,
    posted: Posted<Removal>,
) -> Result<HttpResponse, PageError> {
    let (user, client) = (user(&visitor).await?, client.into_inner());
    visitor.run(move |operations| operations.remove_access(user.account.id, client)).await??;
    let text = "The application has no access any more. If you use it again, it asks again.";
    Ok(go_on(&visitor.portal, paths::local(&posted.input.return_to), Notice::done(text)))
}
