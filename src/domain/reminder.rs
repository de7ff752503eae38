//! When people are reminded of what ends: a few times before, and for a secret once after.

use std::time::Duration;

use crate::clock::Timestamp;

/// Days before the end of a secret; 0 says that it has ended.
pub const SECRET_DAYS: &[u32] = &[30, 7, 1, 0];
/// Days before something deleted is removed for good. There is nothing to do about it afterwards.
pub const PURGE_DAYS: &[u32] = &[3, 1];

/// Looking further ahead or back than this finds nothing to remind of. Whoever starts Keywright again after a long
/// pause is not told what ended long ago.
pub const HORIZON: Duration = days(30);
/// Marks of reminders are of no use later than this: by then what they are about is beyond the horizon.
pub const MARKS_KEPT_FOR: Duration = days(90);

const fn days(count: u32) -> Duration {
    Duration::from_secs(count as u64 * 86_400)
}

/// Something that ends, with the instant since which its end is known.
#[derive(Clone, Copy, Debug)]
pub struct Ending {
    pub known_since: Timestamp,
    pub ends_at: Timestamp,
}

impl Ending {
    /// The latest reminder that is due, by its days. None for one whose moment was before the end was known: whoever
    /// makes a secret for five days need not be told a second later.
    pub fn due(self, stages: &[u32], now: Timestamp) -> Option<u32> {
        let moment = |stage: u32| self.ends_at.minus(days(stage));
        let latest = stages.iter().copied().filter(|stage| moment(*stage) <= now).min()?;
        (moment(latest) > self.known_since).then_some(latest)
    }
}

/// The key of a reminder. It names the instant of the end, too: what is brought back and deleted again ends anew.
pub fn key(id: &str, ends_at: Timestamp, stage: u32) -> String {
    format!("{id} {} {stage}", ends_at.micros())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_reminder_is_due_and_those_missed_are_not() {
        let made = Timestamp::from_micros(1_800_000_000_000_000);
        let year = Ending { known_since: made, ends_at: made.plus(days(365)) };
        let before_end = |count: u32| year.ends_at.minus(days(count));
        let second = Duration::from_secs(1);
        for (now, due) in [
            (made, None),
            (before_end(30).minus(second), None),
            (before_end(30), Some(30)),
            (before_end(8), Some(30)),
            (before_end(7), Some(7)),
            (before_end(1), Some(1)),
            (year.ends_at.minus(second), Some(1)),
            (year.ends_at, Some(0)),
            (year.ends_at.plus(days(400)), Some(0)),
        ] {
            assert_eq!(year.due(SECRET_DAYS, now), due, "{now}");
        }
        let short = Ending { known_since: made, ends_at: made.plus(days(5)) };
        assert_eq!(short.due(SECRET_DAYS, made.plus(days(1))), None, "nobody was to be told 7 days before");
        assert_eq!(short.due(SECRET_DAYS, made.plus(days(4))), Some(1));
        assert_eq!(Ending { known_since: made, ends_at: made.plus(days(3)) }.due(PURGE_DAYS, made), None);
    }
}
