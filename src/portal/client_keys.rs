//! The pages of client keys: add by pasting, and delete.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Path;
use askama::Template;
use serde::Deserialize;

use super::form::{FormState, Nothing, Posted};
use super::guard::{Guarded, title};
use super::shell::{Notice, Shell, go_on, html};
use super::when::When;
use super::{PageError, paths};
use crate::access::{Permit, act};
use crate::clock::Timestamp;
use crate::db::{self, Reader};
use crate::domain::client::Client;
use crate::domain::client_key::{ClientKey, KeyFault, PublicKey};
use crate::domain::credential::Credential;
use crate::domain::field_errors::FieldErrors;
use crate::domain::id::{ClientKeyId, ClientUid};
use crate::domain::service::Environment;
use crate::operations;
use crate::operations::clients::reach;

/// A row of the list of keys.
pub struct KeyRow {
    /// Empty where the key has none.
    pub kid: String,
    pub algorithm: &'static str,
    pub thumbprint: String,
    pub added_by: String,
    pub created: When,
    pub last_used: Option<When>,
    pub deletion: String,
}

impl KeyRow {
    pub fn new(key: &ClientKey, now: Timestamp) -> Self {
        Self {
            kid: key.key.kid.clone(),
            algorithm: key.key.algorithm.label(),
            thumbprint: key.key.thumbprint.clone(),
            added_by: key.added_by.clone(),
            created: When::new(key.created_at, now),
            last_used: When::maybe(key.last_used_at, now),
            deletion: paths::client_key_deletion(key.id),
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct KeyForm {
    jwk: String,
}

#[derive(Template)]
#[template(path = "client_keys/form.html")]
struct FormPage {
    shell: Shell,
    form: FormState,
    client: String,
    client_href: String,
    issuer: String,
    live: bool,
    left: usize,
    action: String,
}

pub async fn new(guarded: Guarded<act::EditClients>, uid: Path<ClientUid>) -> Result<HttpResponse, PageError> {
    draw_form(&guarded, uid.into_inner(), FormState::empty(), StatusCode::OK).await
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
            let count = db::client_keys::of_client(reader, uid)?.len();
            Credential::Key.check_more(&service, &client, count, 1)?;
            Ok((client, service, count))
        })
        .await?;
    let (client, service, count) = &seen.data;
    let page = FormPage {
        shell: guarded.shell(&seen, title("Add key", &form)),
        client: client.settings.name.clone(),
        client_href: paths::client(uid),
        issuer: guarded.portal.site.public_url.clone(),
        live: service.environment == Environment::Live,
        left: Credential::Key.max() - count,
        action: paths::client_keys(uid),
        form,
    };
    html(status, &page)
}

pub async fn add(
    guarded: Guarded<act::EditClients>,
    uid: Path<ClientUid>,
    posted: Posted<KeyForm>,
) -> Result<HttpResponse, PageError> {
    let (uid, typed, submission) = (uid.into_inner(), posted.input.jwk.clone(), posted.submission());
    if let Err(KeyFault::Private) = PublicKey::parse(&typed) {
        // The one thing typed that no page carries on.
        let fault = FieldErrors::one("jwk", "Public key", KeyFault::Private.to_string());
        let form = posted.typed.without("jwk").with_errors(fault);
        return draw_form(&guarded, uid, form, StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    let done = guarded
        .act_confirmed(&posted, move |permit, operations| operations.add_client_keys(permit, uid, &typed, &submission))
        .await;
    match done {
        Ok(Ok(_)) => {
            let text = "Key added. Assertions that are signed with its private half are accepted from now on.";
            Ok(go_on(&guarded.portal, &paths::client(uid), Notice::done(text)))
        }
        Ok(Err(error)) => {
            let again = guarded.again(posted.typed, error)?;
            draw_form(&guarded, uid, again.form, again.status).await
        }
        Err(interrupted) => interrupted.answer(),
    }
}

#[derive(Template)]
#[template(path = "client_keys/deletion.html")]
struct DeletionPage {
    shell: Shell,
    client: String,
    client_href: String,
    key: KeyRow,
    action: String,
}

pub async fn confirm_deletion(
    guarded: Guarded<act::EditClients>,
    id: Path<ClientKeyId>,
) -> Result<HttpResponse, PageError> {
    let id = id.into_inner();
    let seen = guarded.read(move |permit, reader| key_with_client(reader, permit, id)).await?;
    let (key, client) = &seen.data;
    let page = DeletionPage {
        shell: guarded.shell(&seen, "Delete key"),
        client: client.settings.name.clone(),
        client_href: paths::client(client.uid),
        key: KeyRow::new(key, guarded.portal.clock.now()),
        action: paths::client_key_deletion(id),
    };
    html(StatusCode::OK, &page)
}

fn key_with_client(
    reader: &mut Reader<'_>,
    permit: &Permit<act::EditClients>,
    id: ClientKeyId,
) -> operations::Result<(ClientKey, Client)> {
    let key = db::client_keys::find(reader, permit.scope(), id)?;
    let client = db::clients::find(reader, permit.scope(), key.client_uid)?;
    reach(reader, permit, &client)?;
    Ok((key, client))
}

pub async fn delete(
    guarded: Guarded<act::EditClients>,
    id: Path<ClientKeyId>,
    posted: Posted<Nothing>,
) -> Result<HttpResponse, PageError> {
    let id = id.into_inner();
    let done = guarded.act_confirmed(&posted, move |permit, operations| operations.delete_client_key(permit, id)).await;
    let (client, key) = match done {
        Ok(done) => done?,
        Err(interrupted) => return interrupted.answer(),
    };
    let text = format!("The key {} is deleted and has stopped working.", key.key.name());
    Ok(go_on(&guarded.portal, &paths::client(client), Notice::done(text)))
}
