//! The start page: what is there, what wants attention, what to do next. And the theme's switch.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;
use serde::Deserialize;

use super::form::Posted;
use super::guard::{Guarded, Visitor};
use super::shell::{Shell, go_to, html};
use super::view::{self, Badge};
use super::when::When;
use super::{PageError, cookies, paths};
use crate::access::{Action, act};
use crate::db;
use crate::db::services::{ServiceQuery, ServiceSort};
use crate::domain::client::Client;
use crate::domain::lifecycle::{State, Status};
use crate::domain::secret::Secret;
use crate::domain::service::Service;

#[derive(Template)]
#[template(path = "start/start.html")]
struct StartPage {
    shell: Shell,
    tenant: String,
    services: Vec<ServiceCard>,
    service_count: i64,
    active_count: i64,
    client_count: i64,
    waiting: Vec<Waiting>,
    /// Not all that wants attention is shown.
    more_waiting: bool,
    can_add: bool,
}

struct ServiceCard {
    href: String,
    name: String,
    domain: String,
    logo: String,
    status: Badge,
    environment: &'static str,
    clients: i64,
}

/// Something that will end or go unless somebody acts.
struct Waiting {
    href: String,
    text: String,
    when: When,
    badge: Badge,
}

/// What is read for the list of what wants attention: secrets with the names of their clients.
struct Due {
    expiring: Vec<(Secret, String)>,
    expired: Vec<(Secret, String)>,
    deleted_services: Vec<Service>,
    deleted_clients: Vec<Client>,
}

pub async fn show(guarded: Guarded<act::See>) -> Result<HttpResponse, PageError> {
    const CARDS: i64 = 6;
    const WAITING: usize = 10;
    // One more than is shown says whether there are more.
    const READ: i64 = WAITING as i64 + 1;
    let now = guarded.portal.clock.now();
    let soon = now.plus(Duration::from_secs(30 * 86_400));
    // One that ended longer ago was noticed by whoever used it.
    let lately = now.minus(Duration::from_secs(7 * 86_400));
    let seen = guarded
        .read(move |permit, reader| {
            let scope = permit.scope();
            let newest = ServiceQuery {
                status: Some(Status::Active),
                sort: ServiceSort::Created,
                descending: true,
                limit: CARDS,
                ..Default::default()
            };
            let services = db::services::list(reader, scope, &newest)?;
            let deleted_services = db::services::deleted(reader, scope, READ)?;
            let clients = db::client_lists::ClientQuery { limit: 0, ..Default::default() };
            let clients = db::client_lists::list(reader, scope, &clients)?.1;
            let deleted_clients = db::clients::deleted_alone(reader, scope, READ)?;
            // Apart, so that many of last week can't hide the one of tomorrow.
            let expiring = db::secrets::expiring(reader, scope, now, soon, READ)?;
            let expired = db::secrets::expired(reader, scope, lately, now, READ)?;
            let all = ServiceQuery { limit: 0, ..Default::default() };
            let all = db::services::list(reader, scope, &all)?.1;
            Ok((services, all, clients, Due { expiring, expired, deleted_services, deleted_clients }))
        })
        .await?;
    let ((services, active_count), service_count, client_count, due) = &seen.data;
    let read = [due.expiring.len(), due.expired.len(), due.deleted_services.len(), due.deleted_clients.len()];
    let secrets = due.expiring.iter().take(WAITING).chain(due.expired.iter().take(WAITING));
    let mut waiting: Vec<Waiting> = secrets
        .filter_map(|(secret, client)| {
            let at = secret.expires_at?;
            let named =
                if secret.description.is_empty() { String::new() } else { format!(" “{}”", secret.description) };
            Some(Waiting {
                href: paths::client(secret.client_uid),
                text: format!("Secret{named} of {client}, ending in {}", secret.last_four),
                when: When::new(at, now),
                badge: view::expiry_badge(secret.expiry(now)),
            })
        })
        .collect();
    let going = |href: String, what: String, state: &State| {
        let at = state.purge_at()?;
        let text = format!("{what} will be removed for good");
        Some(Waiting { href, text, when: When::new(at, now), badge: view::status_badge(Status::Deleted) })
    };
    waiting.extend(due.deleted_services.iter().take(WAITING).filter_map(|service| {
        going(paths::service(service.id), format!("Service {}", service.settings.name), &service.state)
    }));
    waiting.extend(due.deleted_clients.iter().take(WAITING).filter_map(|client| {
        going(paths::client(client.uid), format!("Client {}", client.settings.name), &client.state)
    }));
    // What is to come, soonest first; then what has ended, the latest first.
    waiting.sort_by_key(|one| match one.when.at > now {
        true => (false, one.when.at.since(now)),
        false => (true, now.since(one.when.at)),
    });
    let page = StartPage {
        shell: guarded.shell(&seen, "Start"),
        tenant: seen.permit.actor().membership().tenant_name.clone(),
        services: services
            .iter()
            .map(|(service, clients)| ServiceCard {
                href: paths::service(service.id),
                name: service.settings.name.clone(),
                domain: service.settings.domain.clone(),
                logo: view::logo(service),
                status: view::status_badge(service.state.status()),
                environment: service.environment.word(),
                clients: *clients,
            })
            .collect(),
        service_count: *service_count,
        active_count: *active_count,
        client_count: *client_count,
        waiting,
        more_waiting: read.iter().any(|count| *count > WAITING),
        can_add: seen.permit.actor().may(Action::EditServices),
    };
    html(StatusCode::OK, &page)
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct ThemeForm {
    theme: String,
    return_to: String,
}

pub async fn set_theme(visitor: Visitor, posted: Posted<ThemeForm>) -> HttpResponse {
    let mut response = go_to(paths::local(&posted.input.return_to));
    let cookie = cookies::theme_cookie(&visitor.portal, &posted.input.theme);
    if response.add_cookie(&cookie).is_err() {
        tracing::warn!("the theme's cookie can't be written");
    }
    response
}
