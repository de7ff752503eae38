//! What ends a client for a while or for good, and what brings it back.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Path;
use askama::Template;

use crate::access::{Confirmed, act};
use crate::db;
use crate::domain::id::ClientUid;
use crate::operations::Operations;
use crate::operations::clients::reach;
use crate::portal::form::{Nothing, Posted};
use crate::portal::guard::Guarded;
use crate::portal::services::lifecycle::Reactivation;
use crate::portal::shell::{Notice, Shell, go_on, html};
use crate::portal::when::{self, When};
use crate::portal::{PageError, paths};

pub async fn deactivate(
    guarded: Guarded<act::EditClients>,
    uid: Path<ClientUid>,
    _posted: Posted<Nothing>,
) -> Result<HttpResponse, PageError> {
    let uid = uid.into_inner();
    let client = guarded.act(move |permit, operations| operations.deactivate_client(permit, uid)).await??;
    let text = format!("Client {} deactivated. It gets no tokens any more.", client.settings.name);
    let version = client.version.to_string();
    let notice = Notice::done(text).undo(paths::client_reactivation(uid), &[("version", &version)]);
    Ok(go_on(&guarded.portal, &paths::client(uid), notice))
}

pub async fn reactivate(
    guarded: Guarded<act::EditClients>,
    uid: Path<ClientUid>,
    posted: Posted<Reactivation>,
) -> Result<HttpResponse, PageError> {
    let (uid, Reactivation { undo, version }) = (uid.into_inner(), posted.input);
    let client = guarded
        .act(move |permit, operations| operations.reactivate_client(permit, uid, undo == "yes", &version))
        .await??;
    let text = format!("Client {} is back.", client.settings.name);
    Ok(go_on(&guarded.portal, &paths::client(uid), Notice::done(text)))
}

pub async fn revoke_registration_access_token(
    guarded: Guarded<act::EditClients>,
    uid: Path<ClientUid>,
    posted: Posted<Nothing>,
) -> Result<HttpResponse, PageError> {
    let uid = uid.into_inner();
    let revoke = move |permit: &Confirmed<act::EditClients>, operations: &Operations| {
        operations.revoke_registration_access_token(permit, uid)
    };
    match guarded.act_confirmed(&posted, revoke).await {
        Ok(done) => done?,
        Err(interrupted) => return interrupted.answer(),
    };
    let notice = Notice::done("Registration access token revoked. The client stays as it is.");
    Ok(go_on(&guarded.portal, &paths::client(uid), notice))
}

#[derive(Template)]
#[template(path = "clients/deletion.html")]
struct DeletionPage {
    shell: Shell,
    name: String,
    service: String,
    service_href: String,
    secrets: usize,
    default_purpose: Option<String>,
    grace: String,
    gone: When,
    action: String,
    back: String,
}

pub async fn confirm_deletion(
    guarded: Guarded<act::EditClients>,
    uid: Path<ClientUid>,
) -> Result<HttpResponse, PageError> {
    let uid = uid.into_inner();
    let seen = guarded
        .read(move |permit, reader| {
            let client = db::clients::find(reader, permit.scope(), uid)?;
            reach(reader, permit, &client)?;
            let service = db::services::find(reader, permit.scope(), client.service_id)?;
            let secrets = db::secrets::count(reader, uid)?;
            Ok((client, service, secrets))
        })
        .await?;
    let (client, service, secrets) = &seen.data;
    if client.state.is_deleted() {
        return Err(PageError::WrongState("This client is deleted already.".into()));
    }
    let (now, grace) =
        (guarded.portal.clock.now(), guarded.portal.operations.grace(&seen.permit.actor().membership().policy));
    let page = DeletionPage {
        shell: guarded.shell(&seen, "Delete client"),
        name: client.settings.name.clone(),
        service: service.settings.name.clone(),
        service_href: paths::service(service.id),
        secrets: *secrets,
        default_purpose: client.default_purpose.clone(),
        grace: when::days(grace.days()),
        gone: When::new(grace.ends(now), now),
        action: paths::client_deletion(uid),
        back: paths::client(uid),
    };
    html(StatusCode::OK, &page)
}

pub async fn delete(
    guarded: Guarded<act::EditClients>,
    uid: Path<ClientUid>,
    posted: Posted<Nothing>,
) -> Result<HttpResponse, PageError> {
    let uid = uid.into_inner();
    let done = guarded.act_confirmed(&posted, move |permit, operations| operations.delete_client(permit, uid)).await;
    let client = match done {
        Ok(done) => done?,
        Err(interrupted) => return interrupted.answer(),
    };
    let text = format!("Client {} deleted. Its credentials have stopped working.", client.settings.name);
    let version = client.version.to_string();
    let notice = Notice::done(text).undo(paths::client_reactivation(uid), &[("undo", "yes"), ("version", &version)]);
    Ok(go_on(&guarded.portal, &paths::client(uid), notice))
}
