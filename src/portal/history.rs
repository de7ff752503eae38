//! The short history on the pages of services and clients.

use super::when::When;
use crate::clock::Timestamp;
use crate::domain::audit::{AuditAction, AuditEvent, Change};

/// How many events a page shows.
pub const SHOWN: i64 = 10;

pub struct HistoryEntry {
    pub actor: String,
    pub what: String,
    pub target: String,
    pub when: When,
    pub changes: Vec<Change>,
}

pub fn entries(events: &[AuditEvent], now: Timestamp) -> Vec<HistoryEntry> {
    events
        .iter()
        .map(|event| HistoryEntry {
            actor: event.actor_name.clone(),
            what: AuditAction::parse(&event.action)
                .map_or_else(|| event.action.clone(), |action| action.phrase().to_owned()),
            target: event.target_name.clone(),
            when: When::new(event.at, now),
            changes: event.change_list(),
        })
        .collect()
}
