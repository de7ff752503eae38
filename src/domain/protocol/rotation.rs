//! When a signing key is published, when it signs, and when it goes: every token that is out can be verified with what
//! is published, at every moment.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::domain::client::Signing;

/// A new key is published for so long before it signs: everybody who keeps a copy of the published keys has read it then.
pub const PUBLISHED_AHEAD: Duration = Duration::from_secs(3_600);

/// A key stays published for so long after the next one signs: the longest life of a token, and five minutes for
/// instances that learn of the new key late and for clocks that differ.
pub const PUBLISHED_AFTER: Duration = Duration::from_secs(3_600 + 300);

/// What rotation asks of a key.
pub trait Rotated {
    fn kid(&self) -> &str;
    fn algorithm(&self) -> Signing;
    fn active_from(&self) -> Timestamp;
}

/// Of two keys that sign from the same instant one counts as the younger, on every instance the same.
fn age<K: Rotated>(key: &K) -> (Timestamp, &str) {
    (key.active_from(), key.kid())
}

/// The keys that may sign now, the youngest first, which is the one that does.
pub fn active<K: Rotated>(keys: &[K], algorithm: Signing, now: Timestamp) -> Vec<&K> {
    let mut active: Vec<&K> =
        keys.iter().filter(|key| key.algorithm() == algorithm && key.active_from() <= now).collect();
    active.sort_by(|a, b| age(*b).cmp(&age(*a)));
    active
}

/// When a key stops being published; `None` while no other one follows it.
pub fn published_until<K: Rotated>(keys: &[K], key: &K) -> Option<Timestamp> {
    let followers = keys.iter().filter(|other| other.algorithm() == key.algorithm() && age(*other) > age(key));
    followers.map(Rotated::active_from).min().map(|next| next.plus(PUBLISHED_AFTER))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Key(&'static str, Signing, i64);

    impl Rotated for Key {
        fn kid(&self) -> &str {
            self.0
        }

        fn algorithm(&self) -> Signing {
            self.1
        }

        fn active_from(&self) -> Timestamp {
            at(self.2)
        }
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    fn signs(keys: &[Key], now: i64) -> Option<&str> {
        active(keys, Signing::Es256, at(now)).first().map(|key| key.kid())
    }

    #[test]
    fn the_youngest_key_that_is_due_signs() {
        let keys = [
            Key("old", Signing::Es256, 0),
            Key("new", Signing::Es256, 100),
            Key("twin", Signing::Es256, 100),
            Key("rsa", Signing::Rs256, 50),
        ];
        for (now, kid) in [(-1, None), (0, Some("old")), (99, Some("old")), (100, Some("twin"))] {
            assert_eq!(signs(&keys, now), kid, "{now}");
        }
    }

    #[test]
    fn a_key_goes_after_the_last_token_that_it_signed() {
        let keys = [
            Key("old", Signing::Es256, 0),
            Key("new", Signing::Es256, 100),
            Key("newest", Signing::Es256, 200),
            Key("rsa", Signing::Rs256, 50),
        ];
        let until = |index: usize| published_until(&keys, &keys[index]);
        assert_eq!(until(0), Some(at(100 + 3_900)));
        assert_eq!(until(1), Some(at(200 + 3_900)));
        assert_eq!(until(2), None);
        assert_eq!(until(3), None);
    }
}
