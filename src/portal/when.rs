//! Instants as people read them: near and exact.

use std::time::Duration;

use crate::clock::Timestamp;

/// An instant and the moment at which a page shows it. Words are made of it where the page has a place for them.
#[derive(Clone, Copy)]
pub struct When {
    pub at: Timestamp,
    now: Timestamp,
}

impl When {
    pub fn new(at: Timestamp, now: Timestamp) -> Self {
        Self { at, now }
    }

    pub fn maybe(at: Option<Timestamp>, now: Timestamp) -> Option<Self> {
        at.map(|at| Self::new(at, now))
    }

    /// For machines.
    pub fn iso(self) -> String {
        self.at.iso()
    }

    /// "in 13 days"
    pub fn relative(self) -> String {
        relative(self.at, self.now)
    }

    /// "4 Dec 2026 10:12 UTC"
    pub fn exact(self) -> String {
        self.at.readable()
    }
}

/// "in 13 days", "3 hours ago", "just now". Rounded down, as clocks and calendars are.
fn relative(at: Timestamp, now: Timestamp) -> String {
    let ahead = at > now;
    let span = if ahead { at.since(now) } else { now.since(at) };
    match (span_in_words(span), ahead) {
        (None, true) => "in a moment".into(),
        (None, false) => "just now".into(),
        (Some(words), true) => format!("in {words}"),
        (Some(words), false) => format!("{words} ago"),
    }
}

/// "1 day", "14 days"
pub fn days(count: u64) -> String {
    if count == 1 { "1 day".into() } else { format!("{count} days") }
}

/// `None` for less than a minute.
pub fn span_in_words(span: Duration) -> Option<String> {
    const UNITS: [(u64, &str); 5] =
        [(365 * 86_400, "year"), (60 * 86_400, "month"), (86_400, "day"), (3_600, "hour"), (60, "minute")];
    let seconds = span.as_secs();
    let (size, unit) = UNITS.into_iter().find(|(size, _)| seconds >= *size)?;
    let count = if unit == "month" { seconds / (30 * 86_400) } else { seconds / size };
    Some(if count == 1 { format!("1 {unit}") } else { format!("{count} {unit}s") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_and_far_in_words() {
        let now = Timestamp::from_micros(1_800_000_000_000_000);
        let day = Duration::from_secs(86_400);
        let table = [
            (now, "just now"),
            (now.plus(Duration::from_secs(59)), "in a moment"),
            (now.plus(Duration::from_secs(60)), "in 1 minute"),
            (now.plus(13 * day), "in 13 days"),
            (now.minus(Duration::from_secs(7_200)), "2 hours ago"),
            (now.minus(59 * day), "59 days ago"),
            (now.minus(61 * day), "2 months ago"),
            (now.plus(366 * day), "in 1 year"),
        ];
        for (at, words) in table {
            assert_eq!(relative(at, now), words);
        }
    }
}
