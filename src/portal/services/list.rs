//! The list of services.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;
use serde::{Deserialize, Serialize};

use crate::access::{Action, act};
use crate::db;
use crate::db::services::{ServiceQuery, ServiceSort};
use crate::domain::lifecycle::Status;
use crate::domain::service::Environment;
use crate::portal::form::Query;
use crate::portal::guard::Guarded;
use crate::portal::pager::{self, Pager, SortHeader};
use crate::portal::shell::{Shell, go_to, html};
use crate::portal::view::{self, Badge};
use crate::portal::when::When;
use crate::portal::{PageError, paths};

/// The state of the list, all of it in the address.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct Wanted {
    search: String,
    status: String,
    environment: String,
    sort: String,
    order: String,
    page: String,
}

#[derive(Template)]
#[template(path = "services/list.html")]
struct ListPage {
    shell: Shell,
    wanted: Wanted,
    filtered: bool,
    statuses: Vec<(&'static str, &'static str)>,
    environments: Vec<(&'static str, &'static str)>,
    headers: [SortHeader; 2],
    rows: Vec<Row>,
    pager: Pager,
    can_add: bool,
}

struct Row {
    href: String,
    name: String,
    domain: String,
    logo: String,
    status: Badge,
    environment: &'static str,
    clients: i64,
    clients_href: String,
    created: When,
}

pub async fn show(guarded: Guarded<act::See>, wanted: Query<Wanted>) -> Result<HttpResponse, PageError> {
    let wanted = wanted.0;
    let number = wanted.page.parse().unwrap_or(1);
    let (sort, descending) = match (wanted.sort.as_str(), wanted.order.as_str()) {
        ("created", order) => (ServiceSort::Created, order == "descending"),
        (_, order) => (ServiceSort::Name, order == "descending"),
    };
    let query = ServiceQuery {
        search: wanted.search.trim().to_owned(),
        status: Status::parse(&wanted.status),
        environment: Environment::parse(&wanted.environment),
        sort,
        descending,
        offset: pager::offset(number),
        limit: pager::ROWS_PER_PAGE,
    };
    let seen = guarded.read(move |permit, reader| Ok(db::services::list(reader, permit.scope(), &query)?)).await?;
    let now = guarded.portal.clock.now();
    let (services, total) = &seen.data;
    let link = |page: u32| pager::address(paths::SERVICES, &Wanted { page: page.to_string(), ..wanted.clone() });
    if services.is_empty() && *total > 0 {
        // The list has become shorter than the address thinks.
        return Ok(go_to(&link(pager::last_page(*total))));
    }
    let header = |label, column: &str, current: bool| {
        SortHeader::new(label, current, descending, |order| {
            let sorted = Wanted { sort: column.into(), order: order.into(), page: String::new(), ..wanted.clone() };
            pager::address(paths::SERVICES, &sorted)
        })
    };
    let page = ListPage {
        shell: guarded.shell(&seen, "Services"),
        filtered: !(wanted.search.is_empty() && wanted.status.is_empty() && wanted.environment.is_empty()),
        statuses: Status::ALL.map(|status| (status.as_str(), status.word())).to_vec(),
        environments: Environment::ALL.map(|environment| (environment.as_str(), environment.word())).to_vec(),
        headers: [
            header("Name", "name", sort == ServiceSort::Name),
            header("Created", "created", sort == ServiceSort::Created),
        ],
        rows: services
            .iter()
            .map(|(service, clients)| Row {
                href: paths::service(service.id),
                name: service.settings.name.clone(),
                domain: service.settings.domain.clone(),
                logo: view::logo(service),
                status: view::status_badge(service.state.status()),
                environment: service.environment.word(),
                clients: *clients,
                clients_href: paths::clients_of(service.id),
                created: When::new(service.created_at, now),
            })
            .collect(),
        pager: pager::pager(number, *total, link),
        can_add: seen.permit.actor().may(Action::EditServices),
        wanted: wanted.clone(),
    };
    html(StatusCode::OK, &page)
}
