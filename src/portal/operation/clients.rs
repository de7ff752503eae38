//! The clients that came with Keywright.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

use crate::access::act;
use crate::db;
use crate::domain::lifecycle::Status;
use crate::portal::guard::Guarded;
use crate::portal::shell::{Shell, html};
use crate::portal::view::{self, Badge};
use crate::portal::when::When;
use crate::portal::{PageError, paths};

#[derive(Template)]
#[template(path = "operation/clients.html")]
struct ClientsPage {
    shell: Shell,
    rows: Vec<Row>,
}

struct Row {
    uid: String,
    name: String,
    /// Nothing for a client of another tenant than the one that the person is in.
    href: Option<String>,
    tenant: String,
    client_id: String,
    purpose: String,
    status: Badge,
    service_rests: bool,
    last_used: Option<When>,
}

pub async fn show(guarded: Guarded<act::Operate>) -> Result<HttpResponse, PageError> {
    let seen = guarded.read(|_, reader| Ok(db::deployment::default_clients(reader)?)).await?;
    let (now, own) = (guarded.portal.clock.now(), seen.permit.actor().membership().tenant_id);
    let page = ClientsPage {
        shell: guarded.shell(&seen, "Default clients"),
        rows: seen
            .data
            .iter()
            .map(|client| Row {
                uid: client.uid.to_string(),
                name: client.name.clone(),
                href: (client.tenant_id == own).then(|| paths::client(client.uid)),
                tenant: client.tenant.clone(),
                client_id: client.client_id.clone(),
                purpose: client.purpose.clone(),
                status: view::status_badge(client.status),
                service_rests: client.service_status != Status::Active,
                last_used: When::maybe(client.last_used_at, now),
            })
            .collect(),
    };
    html(StatusCode::OK, &page)
}
