//! *Safe to delete?* When, how often and from which networks a secret was last accepted, and what that means.

use std::time::Duration;

use super::when::{When, span_in_words};
use crate::clock::Timestamp;
use crate::db::usage::DayOfSecret;
use crate::db::{self, Reader};
use crate::domain::secret::Secret;

const DAY: Duration = Duration::from_secs(86_400);

/// What was not used for so long is taken for forgotten.
const LOOKED_BACK: Duration = Duration::from_secs(30 * 86_400);

/// How many networks a page names.
const SHOWN: usize = 10;

pub struct SecretUse {
    pub verdict: String,
    /// That of a callout.
    pub tone: &'static str,
    pub last: Option<When>,
    /// In the last 30 days.
    pub times: i64,
    /// The one that used it last comes first.
    pub networks: Vec<Network>,
}

pub struct Network {
    pub name: String,
    pub times: i64,
    pub last: When,
}

impl SecretUse {
    pub fn read(reader: &mut Reader<'_>, secret: &Secret, now: Timestamp) -> db::Result<Self> {
        let days = db::usage::days_of(reader, secret.id, now.minus(LOOKED_BACK).start_of(DAY))?;
        let marked = db::usage::marks_of_secrets(reader, &[secret.id])?.remove(&secret.id).flatten();
        Ok(Self::of(marked, days, now))
    }

    fn of(marked: Option<Timestamp>, days: Vec<DayOfSecret>, now: Timestamp) -> Self {
        let mut networks: Vec<(String, i64, Timestamp)> = Vec::new();
        for day in days {
            match networks.iter_mut().find(|(name, ..)| *name == day.network) {
                Some((_, times, last)) => (*times, *last) = (*times + day.accepted, (*last).max(day.last_at)),
                None => networks.push((day.network, day.accepted, day.last_at)),
            }
        }
        networks.sort_by_key(|(.., last)| std::cmp::Reverse(*last));
        // The mark moves once a minute; the days know the very last time.
        let last = marked.max(networks.first().map(|(.., last)| *last));
        let (tone, verdict) = verdict(last, networks.len(), now);
        Self {
            verdict,
            tone,
            last: When::maybe(last, now),
            times: networks.iter().map(|(_, times, _)| times).sum(),
            networks: networks
                .into_iter()
                .map(|(name, times, last)| Network { name, times, last: When::new(last, now) })
                .collect(),
        }
    }

    pub fn shown(&self) -> &[Network] {
        &self.networks[..self.networks.len().min(SHOWN)]
    }

    pub fn more(&self) -> usize {
        self.networks.len().saturating_sub(SHOWN)
    }
}

fn verdict(last: Option<Timestamp>, networks: usize, now: Timestamp) -> (&'static str, String) {
    let Some(last) = last else { return ("ok", "Never used: nothing that we saw would break.".into()) };
    let ago = span_in_words(now.since(last));
    if now.since(last) >= LOOKED_BACK {
        let ago = ago.unwrap_or_default();
        return ("ok", format!("Not used for {ago}: nothing that we saw would break."));
    }
    let ago = ago.map_or_else(|| "just now".to_owned(), |ago| format!("{ago} ago"));
    let from = match networks {
        0 => String::new(),
        1 => " from 1 network".to_owned(),
        many => format!(", and from {many} networks in 30 days"),
    };
    ("warning", format!("Used {ago}{from}: deploy the new one first."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_verdict_is_clear() {
        let now = Timestamp::from_form_value("2026-11-21T12:00").unwrap();
        let minute = Duration::from_secs(60);
        let table = [
            (None, 0, "ok", "Never used: nothing that we saw would break."),
            (Some(31 * DAY), 0, "ok", "Not used for 31 days: nothing that we saw would break."),
            (Some(30 * DAY), 0, "ok", "Not used for 30 days: nothing that we saw would break."),
            (Some(29 * DAY), 1, "warning", "Used 29 days ago from 1 network: deploy the new one first."),
            (
                Some(4 * minute),
                2,
                "warning",
                "Used 4 minutes ago, and from 2 networks in 30 days: deploy the new one first.",
            ),
            (Some(Duration::ZERO), 1, "warning", "Used just now from 1 network: deploy the new one first."),
        ];
        for (ago, networks, tone, words) in table {
            assert_eq!(verdict(ago.map(|ago| now.minus(ago)), networks, now), (tone, words.to_owned()));
        }
    }

    #[test]
    fn days_of_a_network_are_one_row() {
        let now = Timestamp::from_form_value("2026-11-21T12:00").unwrap();
        let day = |network: &str, days: u32, accepted| {
            let last_at = now.minus(days * DAY);
            DayOfSecret { day: last_at.start_of(DAY), network: network.into(), accepted, last_at }
        };
        let days = vec![day("192.0.2.0/24", 0, 5), day("198.51.100.0/24", 1, 2), day("192.0.2.0/24", 3, 1)];
        let used = SecretUse::of(Some(now.minus(DAY)), days, now);
        assert_eq!((used.times, used.networks.len(), used.networks[0].times), (8, 2, 6));
        assert_eq!(used.last.unwrap().relative(), "just now");
    }
}
