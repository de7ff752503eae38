//! The list of events, newest first.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

use super::{Wanted, kind_in_words, phrase, sentence, target_href, write_place};
use crate::access::act;
use crate::db;
use crate::domain::audit::{ActionGroup, Change};
use crate::portal::form::Query;
use crate::portal::guard::Guarded;
use crate::portal::shell::{Shell, html};
use crate::portal::when::When;
use crate::portal::{PageError, pager, paths};

/// Counting what is newer than a page ends here.
const COUNTED: i64 = 1_000;

#[derive(Template)]
#[template(path = "audit/list.html")]
struct ListPage {
    shell: Shell,
    wanted: Wanted,
    narrowing: Vec<(&'static str, String)>,
    groups: Vec<Group>,
    /// The thing whose events are shown alone.
    only: Option<Only>,
    rows: Vec<Row>,
    position: String,
    newest: String,
    newer: Option<String>,
    older: Option<String>,
}

struct Group {
    value: &'static str,
    label: &'static str,
    actions: Vec<(&'static str, String)>,
}

struct Only {
    text: String,
    all: String,
}

struct Row {
    href: String,
    seq: i64,
    when: When,
    actor: String,
    address: String,
    what: String,
    changes: Vec<Change>,
    kind: String,
    target: String,
    target_href: Option<String>,
}

pub async fn show(guarded: Guarded<act::ManageTenant>, wanted: Query<Wanted>) -> Result<HttpResponse, PageError> {
    let wanted = wanted.0.cleaned();
    let (filter, turn) = (wanted.filter(), wanted.turn());
    let seen = guarded
        .read(move |permit, reader| {
            let scope = permit.scope();
            let only = match (filter.client, filter.service) {
                (Some(uid), _) => {
                    Some(("client", named(db::clients::find(reader, scope, uid))?.map(|c| c.settings.name)))
                }
                (None, Some(id)) => {
                    Some(("service", named(db::services::find(reader, scope, id))?.map(|s| s.settings.name)))
                }
                (None, None) => None,
            };
            let page = db::audit::page(reader, scope, &filter, turn, pager::ROWS_PER_PAGE, COUNTED + 1)?;
            let ids: Vec<String> = page.events.iter().map(|event| event.target_id.clone()).collect();
            let still_there = db::audit::still_there(reader, scope, &ids)?;
            Ok((only, page, still_there))
        })
        .await?;
    let (only, events, still_there) = &seen.data;
    let now = guarded.portal.clock.now();
    let newest = wanted.newest();
    let (first, last) = (events.events.first(), events.events.last());
    let page = ListPage {
        shell: guarded.shell(&seen, "Audit log"),
        narrowing: wanted.narrowing().into_iter().map(|(name, value)| (name, value.to_owned())).collect(),
        groups: groups(),
        only: only.as_ref().map(|(kind, name)| Only {
            text: match name {
                Some(name) => format!("Only events of the {kind} {name}."),
                None => format!("Only events of a {kind} that is gone."),
            },
            all: Wanted { service: String::new(), client: String::new(), ..newest.clone() }.address(),
        }),
        position: position(events),
        newer: first
            .filter(|_| events.newer > 0)
            .map(|event| Wanted { after: write_place(event), ..newest.clone() }.address()),
        older: last
            .filter(|_| events.older)
            .map(|event| Wanted { before: write_place(event), ..newest.clone() }.address()),
        newest: newest.address(),
        rows: events
            .events
            .iter()
            .map(|event| Row {
                href: paths::audit_event(event.seq),
                seq: event.seq,
                when: When::new(event.at, now),
                actor: event.actor_name.clone(),
                address: event.address.clone(),
                what: sentence(&phrase(event)),
                changes: event.change_list(),
                kind: kind_in_words(&event.target_kind),
                target: event.target_name.clone(),
                target_href: target_href(event, still_there),
            })
            .collect(),
        wanted,
    };
    html(StatusCode::OK, &page)
}

/// What is gone has no name to show here.
fn named<T>(found: Result<T, db::Error>) -> Result<Option<T>, db::Error> {
    match found {
        Ok(thing) => Ok(Some(thing)),
        Err(db::Error::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

fn groups() -> Vec<Group> {
    let group = |group: ActionGroup| Group {
        value: group.as_str(),
        label: group.label(),
        actions: group.actions().map(|action| (action.as_str(), sentence(action.phrase()))).collect(),
    };
    ActionGroup::ALL.into_iter().map(group).collect()
}

/// "Events 26 to 50", as long as those before can be counted.
fn position(page: &db::audit::AuditPage) -> String {
    let (newer, shown) = (page.newer, page.events.len());
    let over = usize::try_from(COUNTED).is_ok_and(|counted| newer > counted);
    match (over, shown) {
        (_, 0) => "No events".into(),
        (true, _) => format!("{shown} events, after more than {COUNTED} newer ones"),
        (false, _) if newer == 0 && !page.older => format!("{shown} {}", if shown == 1 { "event" } else { "events" }),
        (false, _) => format!("Events {} to {}", newer + 1, newer + shown),
    }
}
