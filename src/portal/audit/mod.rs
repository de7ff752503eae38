//! The audit log: the list, one event, and the export.

pub mod event;
pub mod export;
pub mod list;

use std::collections::HashSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{pager, paths};
use crate::clock::Timestamp;
use crate::db::audit::{AuditFilter, Place, Turn};
use crate::domain::audit::{ActionGroup, AuditAction, AuditEvent};

/// The state of the list, all of it in the address, and what the form of the export carries. A page begins at an event,
/// so that it stays what it is while new events come in at the top.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct Wanted {
    who: String,
    what: String,
    on: String,
    from: String,
    to: String,
    service: String,
    client: String,
    /// The event that the page comes after, going back in time.
    before: String,
    /// The event that the page leads up to, coming forward.
    after: String,
}

impl Wanted {
    /// What narrows the list, without what is empty.
    fn narrowing(&self) -> Vec<(&'static str, &str)> {
        let fields: [(&'static str, &str); 7] = [
            ("who", &self.who),
            ("what", &self.what),
            ("on", &self.on),
            ("from", &self.from),
            ("to", &self.to),
            ("service", &self.service),
            ("client", &self.client),
        ];
        fields.into_iter().filter(|(_, value)| !value.is_empty()).collect()
    }

    /// Without what no name holds and PostgreSQL does not take, and no longer than a name.
    fn cleaned(self) -> Self {
        let clean = |text: String| text.chars().filter(|c| !c.is_control()).take(100).collect();
        Self {
            who: clean(self.who),
            what: clean(self.what),
            on: clean(self.on),
            from: clean(self.from),
            to: clean(self.to),
            service: clean(self.service),
            client: clean(self.client),
            before: clean(self.before),
            after: clean(self.after),
        }
    }

    /// What can't be read narrows nothing.
    fn filter(&self) -> AuditFilter {
        let actions = match (ActionGroup::parse(&self.what), AuditAction::parse(&self.what)) {
            (Some(group), _) => Some(group.actions().collect()),
            (None, Some(action)) => Some(vec![action]),
            (None, None) => None,
        };
        AuditFilter {
            actor: self.who.trim().to_owned(),
            actions,
            target: self.on.trim().to_owned(),
            service: self.service.parse().ok(),
            client: self.client.parse().ok(),
            from: Timestamp::from_form_value(&self.from),
            until: Timestamp::from_form_value(&self.to).map(|day| day.plus(Duration::from_secs(86_400))),
        }
    }

    fn turn(&self) -> Turn {
        match (read_place(&self.after), read_place(&self.before)) {
            (Some(place), _) => Turn::After(place),
            (None, Some(place)) => Turn::Before(place),
            (None, None) => Turn::Newest,
        }
    }

    /// The same list from its newest event on.
    fn newest(&self) -> Self {
        Self { before: String::new(), after: String::new(), ..self.clone() }
    }

    fn address(&self) -> String {
        pager::address(paths::AUDIT, self)
    }
}

/// `1800000000000000-17`
fn read_place(text: &str) -> Option<Place> {
    let (at, seq) = text.split_once('-')?;
    Some(Place { at: Timestamp::from_micros(at.parse().ok()?), seq: seq.parse().ok()? })
}

fn write_place(event: &AuditEvent) -> String {
    format!("{}-{}", event.at.micros(), event.seq)
}

/// The act as people read it, after the actor's name.
fn phrase(event: &AuditEvent) -> String {
    AuditAction::parse(&event.action).map_or_else(|| event.action.clone(), |action| action.phrase().to_owned())
}

/// The stored word for a kind of thing, as people read it.
fn kind_in_words(kind: &str) -> String {
    let word = if kind == "tenant" { "company".to_owned() } else { kind.replace('_', " ") };
    sentence(&word)
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

/// Where the thing is that an event is about, if it is still there. A secret or a key is found at its client.
fn target_href(event: &AuditEvent, still_there: &HashSet<String>) -> Option<String> {
    let place = match event.target_kind.as_str() {
        "service" => paths::SERVICES,
        "client" | "secret" | "key" => paths::CLIENTS,
        "member" => "/members",
        _ => return None,
    };
    still_there.contains(&event.target_id).then(|| format!("{place}/{}", event.target_id))
}
