//! The tenant-wide list of clients.

use std::collections::HashMap;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;
use serde::{Deserialize, Serialize};

use crate::access::act;
use crate::db;
use crate::db::client_lists::{ClientQuery, ClientSort};
use crate::domain::client::ClientType;
use crate::domain::lifecycle::Status;
use crate::domain::role::ClientRoles;
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
    r#type: String,
    status: String,
    environment: String,
    service: String,
    sort: String,
    order: String,
    page: String,
}

#[derive(Template)]
#[template(path = "clients/list.html")]
struct ListPage {
    shell: Shell,
    wanted: Wanted,
    filtered: bool,
    types: Vec<(&'static str, &'static str)>,
    statuses: Vec<(&'static str, &'static str)>,
    environments: Vec<(&'static str, &'static str)>,
    services: Vec<(String, String)>,
    /// There are more services than the filter offers.
    more_services: bool,
    name_header: SortHeader,
    created_header: SortHeader,
    used_header: SortHeader,
    rows: Vec<Row>,
    pager: Pager,
}

struct Row {
    uid: String,
    href: String,
    edit: String,
    name: String,
    client_id: String,
    service: String,
    service_href: String,
    client_type: &'static str,
    grants: Vec<&'static str>,
    default: bool,
    status: Badge,
    environment: &'static str,
    created: When,
    last_used: Option<When>,
    can_edit: bool,
}

/// Enough services to choose from; the clients of any other are found from the list of services.
const SERVICES_IN_FILTER: usize = 200;

pub async fn show(guarded: Guarded<act::See>, wanted: Query<Wanted>) -> Result<HttpResponse, PageError> {
    let wanted = wanted.0;
    let number = wanted.page.parse().unwrap_or(1);
    let sort = match wanted.sort.as_str() {
        "created" => ClientSort::Created,
        "used" => ClientSort::LastUsed,
        _ => ClientSort::Name,
    };
    let descending = wanted.order == "descending";
    let query = ClientQuery {
        search: wanted.search.trim().to_owned(),
        client_type: ClientType::parse(&wanted.r#type),
        status: Status::parse(&wanted.status),
        environment: Environment::parse(&wanted.environment),
        service: wanted.service.parse().ok(),
        sort,
        descending,
        offset: pager::offset(number),
        limit: pager::ROWS_PER_PAGE,
    };
    let seen = guarded
        .read(move |permit, reader| {
            let found = db::client_lists::list(reader, permit.scope(), &query)?;
            let uids: Vec<_> = found.0.iter().map(|listed| listed.client.uid).collect();
            let roles = match permit.actor().roles_decide() {
                true => db::clients::all_roles_of(reader, &uids)?,
                false => HashMap::new(),
            };
            let mut services = db::services::names(reader, permit.scope(), SERVICES_IN_FILTER as i64 + 1)?;
            let more_services = services.len() > SERVICES_IN_FILTER;
            services.truncate(SERVICES_IN_FILTER);
            if let Some(id) = query.service {
                // One that is not among them is offered all the same: the next search would lose it.
                let name = db::services::name_of(reader, permit.scope(), id)?;
                let offered = services.iter().any(|(offered, _)| *offered == id);
                services.extend(name.filter(|_| !offered).map(|name| (id, name)));
            }
            Ok((found, services, more_services, roles))
        })
        .await?;
    let ((clients, total), services, more_services, roles) = &seen.data;
    let (now, actor) = (guarded.portal.clock.now(), seen.permit.actor());
    let link = |page: u32| pager::address(paths::CLIENTS, &Wanted { page: page.to_string(), ..wanted.clone() });
    if clients.is_empty() && *total > 0 {
        // The list has become shorter than the address thinks.
        return Ok(go_to(&link(pager::last_page(*total))));
    }
    let header = |label, column: &str, current: bool| {
        SortHeader::new(label, current, descending, |order| {
            let sorted = Wanted { sort: column.into(), order: order.into(), page: String::new(), ..wanted.clone() };
            pager::address(paths::CLIENTS, &sorted)
        })
    };
    let narrowed = [&wanted.search, &wanted.r#type, &wanted.status, &wanted.environment, &wanted.service];
    let page = ListPage {
        shell: guarded.shell(&seen, "Clients"),
        filtered: narrowed.iter().any(|filter| !filter.is_empty()),
        types: ClientType::ALL.iter().map(|kind| (kind.as_str(), kind.label())).collect(),
        statuses: Status::ALL.map(|status| (status.as_str(), status.word())).to_vec(),
        environments: Environment::ALL.map(|environment| (environment.as_str(), environment.word())).to_vec(),
        services: services.iter().map(|(id, name)| (id.to_string(), name.clone())).collect(),
        more_services: *more_services,
        name_header: header("Client", "name", sort == ClientSort::Name),
        created_header: header("Created", "created", sort == ClientSort::Created),
        used_header: header("Last used", "used", sort == ClientSort::LastUsed),
        rows: clients
            .iter()
            .map(|listed| {
                let client = &listed.client;
                let deleted = client.state.is_deleted() || listed.service_state.is_deleted();
                Row {
                    uid: client.uid.to_string(),
                    href: paths::client(client.uid),
                    edit: paths::edit_client(client.uid),
                    name: client.name.clone(),
                    client_id: client.client_id.to_string(),
                    service: listed.service_name.clone(),
                    service_href: paths::service(client.service_id),
                    client_type: client.client_type.label(),
                    grants: view::grants(&client.grants),
                    default: client.default_purpose.is_some(),
                    status: view::effective_badge(&listed.service_state, &client.state),
                    environment: listed.environment.word(),
                    created: When::new(client.created_at, now),
                    last_used: When::maybe(client.last_used_at, now),
                    can_edit: actor
                        .may_edit(client.acts_alone(), roles.get(&client.uid).is_some_and(ClientRoles::has_more))
                        && !deleted,
                }
            })
            .collect(),
        pager: pager::pager(number, *total, link),
        wanted: wanted.clone(),
    };
    html(StatusCode::OK, &page)
}
