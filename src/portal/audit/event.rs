//! One event, whole: what changed, and its place in the chain.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Path;
use askama::Template;

use super::{Wanted, kind_in_words, phrase, sentence, target_href};
use crate::access::act;
use crate::db;
use crate::domain::audit::Change;
use crate::portal::PageError;
use crate::portal::guard::Guarded;
use crate::portal::shell::{Shell, html};
use crate::portal::when::When;

#[derive(Template)]
#[template(path = "audit/event.html")]
struct EventPage {
    shell: Shell,
    title: String,
    when: When,
    precise: String,
    actor: String,
    address: String,
    what: String,
    action: String,
    kind: String,
    target: String,
    target_href: Option<String>,
    version: Option<i32>,
    changes: Vec<Change>,
    hash: String,
    previous_hash: String,
    /// The other events of the service or client, and which of the two it is.
    others: Option<(String, &'static str)>,
}

pub async fn show(guarded: Guarded<act::ManageTenant>, seq: Path<i64>) -> Result<HttpResponse, PageError> {
    let seq = seq.into_inner();
    let seen = guarded
        .read(move |permit, reader| {
            let event = db::audit::find(reader, permit.scope(), seq)?;
            let still_there = db::audit::still_there(reader, permit.scope(), std::slice::from_ref(&event.target_id))?;
            Ok((event, still_there))
        })
        .await?;
    let (event, still_there) = &seen.data;
    let others = match (&event.client_uid, &event.service_id) {
        (Some(uid), _) => Some((Wanted { client: uid.clone(), ..Wanted::default() }, "client")),
        (None, Some(id)) => Some((Wanted { service: id.clone(), ..Wanted::default() }, "service")),
        (None, None) => None,
    };
    let title = format!("Event {seq}");
    let page = EventPage {
        shell: guarded.shell(&seen, title.clone()),
        title,
        when: When::new(event.at, guarded.portal.clock.now()),
        precise: event.at.precise(),
        actor: event.actor_name.clone(),
        address: event.address.clone(),
        what: sentence(&phrase(event)),
        action: event.action.clone(),
        kind: kind_in_words(&event.target_kind),
        target: event.target_name.clone(),
        target_href: target_href(event, still_there),
        version: event.target_version,
        changes: event.change_list(),
        hash: event.hash.clone(),
        previous_hash: event.previous_hash.clone(),
        others: others.map(|(wanted, kind)| (wanted.address(), kind)),
    };
    html(StatusCode::OK, &page)
}
