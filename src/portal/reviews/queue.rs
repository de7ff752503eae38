//! What waits for an approver.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;
use serde::{Deserialize, Serialize};

use super::shown::RequestRow;
use crate::access::act;
use crate::db;
use crate::db::releases::ReviewQuery;
use crate::portal::form::Query;
use crate::portal::guard::Guarded;
use crate::portal::pager::{self, Pager};
use crate::portal::shell::{Shell, go_to, html};
use crate::portal::when::When;
use crate::portal::{PageError, paths};

/// The state of the list, all of it in the address.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct Wanted {
    /// Empty for what waits, or `decided`.
    show: String,
    search: String,
    page: String,
}

#[derive(Template)]
#[template(path = "reviews/queue.html")]
struct QueuePage {
    shell: Shell,
    wanted: Wanted,
    waiting: bool,
    decided_href: String,
    /// Requests of every company are listed.
    everywhere: bool,
    rows: Vec<Row>,
    pager: Pager,
    changed: Vec<ChangedRow>,
}

struct Row {
    request: RequestRow,
    service: String,
    company: String,
    own: bool,
}

struct ChangedRow {
    href: String,
    service: String,
    company: String,
    changes: i64,
    last: When,
}

pub async fn show(guarded: Guarded<act::DecideReleases>, wanted: Query<Wanted>) -> Result<HttpResponse, PageError> {
    let wanted = wanted.0;
    let number = wanted.page.parse().unwrap_or(1);
    let waiting = wanted.show != "decided";
    let search = wanted.search.trim().to_owned();
    let seen = guarded
        .read(move |permit, reader| {
            let query = ReviewQuery {
                scope: permit.queue(),
                waiting,
                search,
                offset: pager::offset(number),
                limit: pager::ROWS_PER_PAGE,
            };
            let listed = db::releases::list(reader, &query)?;
            let changed = db::releases::changed_services(reader, permit.queue())?;
            Ok((listed, changed, permit.queue().is_none()))
        })
        .await?;
    let ((listed, total), changed, everywhere) = &seen.data;
    let now = guarded.portal.clock.now();
    let link = |page: u32| pager::address(paths::REVIEWS, &Wanted { page: page.to_string(), ..wanted.clone() });
    if listed.is_empty() && *total > 0 {
        return Ok(go_to(&link(pager::last_page(*total))));
    }
    let me = seen.permit.actor().membership();
    let page = QueuePage {
        shell: guarded.shell(&seen, "Reviews"),
        waiting,
        decided_href: pager::address(paths::REVIEWS, &[("show", "decided")]),
        everywhere: *everywhere,
        rows: listed
            .iter()
            .map(|listed| Row {
                request: RequestRow::new(&listed.request, now, me),
                service: listed.service_name.clone(),
                company: listed.tenant_name.clone(),
                own: listed.request.requested_by == me.account_id,
            })
            .collect(),
        pager: pager::pager(number, *total, link),
        changed: changed
            .iter()
            .map(|service| ChangedRow {
                href: paths::changes_to_review(service.id),
                service: service.name.clone(),
                company: service.tenant_name.clone(),
                changes: service.changes,
                last: When::new(service.last, now),
            })
            .collect(),
        wanted: wanted.clone(),
    };
    html(StatusCode::OK, &page)
}
