//! Writing down what happened at the protocol endpoints: in the background, so that no token request writes for it.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use super::log::Noted;
use crate::clock::Timestamp;
use crate::db::usage::{DayOfSecret, HourOfClient};
use crate::db::{self, Writer};
use crate::domain::id::{ClientUid, ProtocolEventId, SecretId};
use crate::domain::protocol::event::ProtocolEvent;
use crate::operations::tidying::PORTION;
use crate::operations::{Operations, Result, new_id};

/// Of each client so many events at most are written at once, the newest: under load the counts tell the rest.
const EVENTS_AT_ONCE: usize = 50;

/// A mark of last use is this old before it is moved.
const MARKED_EVERY: Duration = Duration::from_secs(60);

const EVENTS_KEPT_FOR: Duration = Duration::from_secs(30 * 86_400);
const EVENTS_KEPT: i64 = 200;
/// Clients, most of which have little too much: each as a write of its own would take longer than what it removes.
const THINNED_AT_ONCE: usize = 100;
const COUNTS_KEPT_FOR: Duration = Duration::from_secs(90 * 86_400);

impl Operations {
    /// Writes what was noted at the endpoints. What can't be written waits for the next time. Clients and secrets that
    /// are gone are passed over.
    pub fn flush_protocol_log(&self) -> Result<()> {
        let noted = self.protocol_log.take();
        if noted.is_empty() {
            return Ok(());
        }
        let written = self.db.write(|writer| {
            self.write_answers(writer, &noted)?;
            self.write_secrets(writer, &noted)?;
            let events: Vec<(ProtocolEventId, &ProtocolEvent)> =
                newest(&noted).map(|event| (new_id!(self, ProtocolEventId), event)).collect();
            db::protocol_events::insert_many(writer, &events)
        });
        if written.is_err() {
            self.protocol_log.put_back(noted);
        }
        Ok(written?)
    }

    fn write_answers(&self, writer: &mut Writer<'_>, noted: &Noted) -> db::Result<()> {
        // Sorted: two instances that write the same rows must not wait for each other.
        let hours: BTreeMap<_, _> = noted.answers.iter().collect();
        let mut last: BTreeMap<ClientUid, Option<Timestamp>> = BTreeMap::new();
        for ((client, _), answers) in &hours {
            let last = last.entry(*client).or_default();
            *last = (*last).max(answers.last_granted);
        }
        let clients: Vec<ClientUid> = last.keys().copied().collect();
        let present = db::usage::marks_of_clients(writer, &clients)?;
        let due: Vec<_> = last
            .into_iter()
            .filter_map(|(client, at)| Some((present.get(&client)?, client, at?)))
            .filter(|(mark, _, at)| is_due(mark.last_used, *at))
            .map(|(mark, client, at)| (mark.tenant, client, at))
            .collect();
        let hours: Vec<(ClientUid, HourOfClient)> = hours
            .into_iter()
            .filter(|((client, _), _)| present.contains_key(client))
            .map(|((client, hour), answers)| {
                (*client, HourOfClient { hour: *hour, granted: answers.granted, refused: answers.refused })
            })
            .collect();
        // Before the marks: with its first row here a client is held, so that whoever removes it waits. Who held its mark, and
        // then waited for the client, might wait for somebody who waits for the mark.
        db::usage::count_answers(writer, &hours)?;
        db::usage::mark_clients(writer, &due)
    }

    fn write_secrets(&self, writer: &mut Writer<'_>, noted: &Noted) -> db::Result<()> {
        let days: BTreeMap<_, _> = noted.secrets.iter().collect();
        let mut last: BTreeMap<SecretId, Timestamp> = BTreeMap::new();
        for ((secret, _, _), accepted) in &days {
            let last = last.entry(*secret).or_insert(accepted.last_at);
            *last = (*last).max(accepted.last_at);
        }
        let secrets: Vec<SecretId> = last.keys().copied().collect();
        let present = db::usage::marks_of_secrets(writer, &secrets)?;
        let due: Vec<_> = last
            .into_iter()
            .filter(|(secret, at)| present.get(secret).is_some_and(|marked| is_due(*marked, *at)))
            .collect();
        let days: Vec<(SecretId, DayOfSecret)> = days
            .into_iter()
            .filter(|((secret, _, _), _)| present.contains_key(secret))
            .map(|((secret, day, network), accepted)| {
                let (accepted, last_at) = (accepted.times, accepted.last_at);
                (*secret, DayOfSecret { day: *day, network: network.clone(), accepted, last_at })
            })
            .collect();
        db::usage::count_secrets(writer, &days)?;
        db::usage::mark_secrets(writer, &due)
    }

    /// Forgets what is told for long enough: of each client, and of each tenant's requests that named none, the newest events
    /// stay.
    pub(in crate::operations) fn forget_protocol(
        &self,
        now: Timestamp,
        keep_going: &mut dyn FnMut() -> bool,
    ) -> Result<()> {
        let (events_until, counts_until) = (now.minus(EVENTS_KEPT_FOR), now.minus(COUNTS_KEPT_FOR));
        let old = |writer: &mut Writer<'_>| db::protocol_events::remove_older(writer, events_until, PORTION);
        let outcome = self.in_portions(keep_going, old).map(drop);
        let outcome = self.thin_out(keep_going).and(outcome);
        self.in_portions(keep_going, |writer| db::usage::remove_older(writer, counts_until)).map(drop).and(outcome)
    }

    fn thin_out(&self, keep_going: &mut dyn FnMut() -> bool) -> Result<()> {
        let overfull = self.db.read(|reader| db::protocol_events::overfull(reader, EVENTS_KEPT))?;
        for some in overfull.chunks(THINNED_AT_ONCE) {
            self.in_portions(keep_going, |writer| {
                let mut removed = 0;
                for whose in some {
                    removed += db::protocol_events::thin_out(writer, whose, EVENTS_KEPT, PORTION)?;
                    if removed as i64 >= PORTION {
                        break;
                    }
                }
                Ok(removed)
            })?;
        }
        Ok(())
    }
}

fn is_due(marked: Option<Timestamp>, at: Timestamp) -> bool {
    marked.is_none_or(|marked| at.since(marked) >= MARKED_EVERY)
}

/// The newest events of each client, and of each tenant those of no client, the oldest first.
fn newest(noted: &Noted) -> impl Iterator<Item = &ProtocolEvent> {
    let mut of_each: HashMap<_, usize> = HashMap::new();
    let mut kept: Vec<&ProtocolEvent> = noted
        .events
        .iter()
        .rev()
        .filter(|event| {
            let count = of_each.entry((event.tenant, event.client)).or_default();
            *count += 1;
            *count <= EVENTS_AT_ONCE
        })
        .collect();
    kept.reverse();
    kept.into_iter()
}
