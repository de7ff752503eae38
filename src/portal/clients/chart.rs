//! Granted and refused requests over time, as bars: what was granted above the line, what was refused below it, so that
//! shape tells them apart where colour doesn't.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::db::usage::HourOfClient;

const HOUR: Duration = Duration::from_secs(3_600);

/// How far back a chart goes, and how long each of its steps is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    Day,
    Week,
    Month,
}

impl Span {
    pub const ALL: [Span; 3] = [Self::Day, Self::Week, Self::Month];

    /// In the address.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Day => "24h",
            Self::Week => "7d",
            Self::Month => "30d",
        }
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Day => "24 hours",
            Self::Week => "7 days",
            Self::Month => "30 days",
        }
    }

    /// Anything else is the shortest.
    pub fn parse(text: &str) -> Self {
        Self::ALL.into_iter().find(|span| span.as_str() == text).unwrap_or(Self::Day)
    }

    const fn steps(self) -> u32 {
        match self {
            Self::Day => 24,
            Self::Week => 28,
            Self::Month => 30,
        }
    }

    fn step(self) -> Duration {
        match self {
            Self::Day => HOUR,
            Self::Week => 6 * HOUR,
            Self::Month => 24 * HOUR,
        }
    }

    /// The beginning of the first step; the last one holds `now`.
    pub fn since(self, now: Timestamp) -> Timestamp {
        now.start_of(self.step()).minus(self.step() * (self.steps() - 1))
    }
}

/// One step, with its two bars in the chart's units.
#[derive(Debug, PartialEq, Eq)]
pub struct Step {
    pub begins: Timestamp,
    pub granted: i64,
    pub refused: i64,
    pub x: u32,
    pub up: u32,
    pub down: u32,
}

pub struct Chart {
    pub steps: Vec<Step>,
    pub width: u32,
    pub height: u32,
    pub bar: u32,
    /// Where the line is, from the top.
    pub line: u32,
    pub granted: i64,
    pub refused: i64,
    /// What the tallest bar of each side stands for.
    pub most_granted: i64,
    pub most_refused: i64,
}

/// Height of both sides together.
const TALL: u32 = 120;
const STRIDE: u32 = 24;
const BAR: u32 = 16;
/// The least that can be seen.
const LEAST: u32 = 2;

impl Chart {
    pub fn new(span: Span, hours: &[HourOfClient], now: Timestamp) -> Self {
        let since = span.since(now);
        let mut counts = vec![(0i64, 0i64); span.steps() as usize];
        for hour in hours {
            let place = hour.hour.since(since).as_secs() / span.step().as_secs();
            if let Some(step) = usize::try_from(place).ok().and_then(|place| counts.get_mut(place)) {
                step.0 += hour.granted;
                step.1 += hour.refused;
            }
        }
        let most = |of: fn(&(i64, i64)) -> i64| counts.iter().map(of).max().unwrap_or(0);
        let (most_granted, most_refused) = (most(|count| count.0), most(|count| count.1));
        let tallest = (most_granted + most_refused).max(1);
        let tall = |count: i64| match u32::try_from(count * i64::from(TALL) / tallest).unwrap_or(0) {
            0 if count > 0 => LEAST,
            tall => tall,
        };
        let line = tall(most_granted);
        let step = |(place, (granted, refused)): (u32, &(i64, i64))| Step {
            begins: since.plus(span.step() * place),
            granted: *granted,
            refused: *refused,
            x: place * STRIDE + (STRIDE - BAR) / 2,
            up: tall(*granted),
            down: tall(*refused),
        };
        Self {
            steps: (0..).zip(&counts).map(step).collect(),
            width: span.steps() * STRIDE,
            height: line + tall(most_refused) + 1,
            bar: BAR,
            line,
            granted: counts.iter().map(|count| count.0).sum(),
            refused: counts.iter().map(|count| count.1).sum(),
            most_granted,
            most_refused,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_hour_is_in_its_step_and_none_is_lost() {
        let now = Timestamp::from_form_value("2026-11-21T12:30").unwrap();
        let hour = |text: &str, granted, refused| {
            let hour = Timestamp::from_form_value(text).unwrap();
            HourOfClient { hour, granted, refused }
        };
        let hours = [hour("2026-11-20T13:00", 3, 0), hour("2026-11-21T00:00", 1, 2), hour("2026-11-21T12:00", 100, 20)];
        for (span, last) in [(Span::Day, (100, 20)), (Span::Week, (100, 20)), (Span::Month, (101, 22))] {
            let chart = Chart::new(span, &hours, now);
            let step = chart.steps.last().unwrap();
            assert_eq!((step.granted, step.refused), last, "{span:?}");
            assert_eq!((chart.granted, chart.refused), (104, 22), "{span:?}");
            assert_eq!((step.up, step.down), (chart.line, chart.height - chart.line - 1), "{span:?}");
        }
        assert_eq!(Chart::new(Span::Day, &hours, now).steps[0].granted, 3);
        assert_eq!(Chart::new(Span::Day, &hours, now).steps[0].up, LEAST + 1);
    }

    #[test]
    fn nothing_is_flat() {
        let chart = Chart::new(Span::Week, &[], Timestamp::from_micros(0));
        assert_eq!((chart.line, chart.height, chart.steps.len()), (0, 1, 28));
    }
}
