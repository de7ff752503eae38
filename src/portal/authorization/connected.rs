//! The part of the account page about the applications that somebody has let in.

use actix_web::HttpResponse;
use actix_web::web::Path;

use crate::access::act;
use crate::clock::Timestamp;
use crate::db::consents::Connected;
use crate::domain::id::ClientUid;
use crate::portal::form::{Nothing, Posted};
use crate::portal::guard::Guarded;
use crate::portal::shell::{Notice, go_on};
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

pub async fn remove(
    guarded: Guarded<act::See>,
    client: Path<ClientUid>,
    _posted: Posted<Nothing>,
) -> Result<HttpResponse, PageError> {
    let client = client.into_inner();
    guarded
        .act(move |permit, operations| operations.remove_access(permit.actor().membership().account_id, client))
        .await??;
    let text = "The application has no access any more. If you use it again, it asks again.";
    Ok(go_on(&guarded.portal, paths::ACCOUNT, Notice::done(text)))
}
