//! The only place that asks for the time. Everything else gets a `Clock` or a `Timestamp`.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use chrono::{DateTime, Datelike, NaiveDateTime, Timelike, Utc};

/// An instant in UTC, in whole microseconds since 1970-01-01: what both databases hold exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970, as tokens count (RFC 7519 §2).
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// The instant `span` later; saturates far outside any real date.
    pub fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add(micros(span)))
    }

    pub fn minus(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(micros(span)))
    }

    /// The time from `earlier` to this instant; zero when `earlier` is later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    fn date_time(self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.0).unwrap_or(DateTime::<Utc>::MAX_UTC)
    }

    /// RFC 3339 in whole seconds, for machines: `2026-12-04T10:12:00Z`.
    pub fn iso(self) -> String {
        let at = self.date_time();
        // Field by field: a page shows some hundred instants, and a pattern is read anew for each.
        let (year, month, day) = (at.year(), at.month(), at.day());
        format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", at.hour(), at.minute(), at.second())
    }

    /// RFC 3339 with everything that is known: `2026-12-04T10:12:00.000001Z`.
    pub fn precise(self) -> String {
        self.date_time().format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
    }

    /// For people: `4 Dec 2026 10:12 UTC`.
    pub fn readable(self) -> String {
        const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        let at = self.date_time();
        let (day, month, year) = (at.day(), MONTHS[at.month0() as usize], at.year());
        format!("{day} {month} {year} {:02}:{:02} UTC", at.hour(), at.minute())
    }

    /// The value of an HTML `datetime-local` field, read as UTC: `2026-12-04T10:12`.
    pub fn form_value(self) -> String {
        self.date_time().format("%Y-%m-%dT%H:%M").to_string()
    }

    /// Reads an HTML `datetime-local` value as UTC, with or without seconds, or a date alone (its first minute).
    pub fn from_form_value(text: &str) -> Option<Self> {
        let text = text.trim();
        let parsed = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M")
            .or_else(|_| NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S"))
            .or_else(|_| NaiveDateTime::parse_from_str(&format!("{text}T00:00"), "%Y-%m-%dT%H:%M"))
            .ok()?;
        Some(Self(parsed.and_utc().timestamp_micros()))
    }

    /// The same day and time one year later; 29 February becomes 28 February.
    pub fn one_year_later(self) -> Self {
        let at = self.date_time();
        let later = at.with_year(at.year() + 1).or_else(|| at.with_day(28).and_then(|d| d.with_year(at.year() + 1)));
        later.map_or(self, |later| Self(later.timestamp_micros()))
    }

    /// The start of this instant's hour or day, as long as `span` is one, in UTC.
    pub fn start_of(self, span: Duration) -> Self {
        Self(self.0 - self.0.rem_euclid(micros(span).max(1)))
    }

    /// The start of this instant's minute, which is all that a form field shows.
    pub fn whole_minute(self) -> Self {
        let at = self.date_time();
        at.with_second(0).and_then(|at| at.with_nanosecond(0)).map_or(self, |at| Self(at.timestamp_micros()))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.iso())
    }
}

fn micros(span: Duration) -> i64 {
    i64::try_from(span.as_micros()).unwrap_or(i64::MAX)
}

/// Tells the time: the system's, or one that tests and the demo's history move by hand.
#[derive(Clone, Debug)]
pub enum Clock {
    System,
    Movable(Arc<AtomicI64>),
}

impl Clock {
    pub fn movable(start: Timestamp) -> Self {
        Self::Movable(Arc::new(AtomicI64::new(start.micros())))
    }

    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => Timestamp(Utc::now().timestamp_micros()),
            Self::Movable(at) => Timestamp(at.load(Ordering::SeqCst)),
        }
    }

    /// Moves a movable clock; the system's clock stays where it is.
    pub fn set(&self, to: Timestamp) {
        if let Self::Movable(at) = self {
            at.store(to.micros(), Ordering::SeqCst);
        }
    }

    /// Moves a movable clock forward; the system's clock stays where it is.
    pub fn advance(&self, span: Duration) {
        self.set(self.now().plus(span));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_value_is_read_back_as_written() {
        let at = Timestamp::from_form_value("2026-12-04T10:12").unwrap();
        assert_eq!(at.form_value(), "2026-12-04T10:12");
        assert_eq!(at.iso(), "2026-12-04T10:12:00Z");
        assert_eq!(at.readable(), "4 Dec 2026 10:12 UTC");
        assert_eq!(Timestamp::from_form_value("tomorrow"), None);
    }

    #[test]
    fn one_year_after_a_leap_day_is_the_last_of_february() {
        let leap = Timestamp::from_form_value("2028-02-29T08:00").unwrap();
        assert_eq!(leap.one_year_later().form_value(), "2029-02-28T08:00");
    }

    #[test]
    fn hours_and_days_begin_in_utc() {
        let at = Timestamp::from_form_value("2026-12-04T10:12").unwrap();
        assert_eq!(at.start_of(Duration::from_secs(3_600)).form_value(), "2026-12-04T10:00");
        assert_eq!(at.start_of(Duration::from_secs(86_400)).form_value(), "2026-12-04T00:00");
    }

    #[test]
    fn spans_never_run_backwards() {
        let at = Timestamp::from_micros(5);
        assert_eq!(at.since(Timestamp::from_micros(9)), Duration::ZERO);
    }
}
