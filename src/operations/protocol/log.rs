//! What happened at the protocol endpoints, gathered in memory and written in the background: no request waits for it.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::Timestamp;
use crate::domain::id::{ClientUid, SecretId};
use crate::domain::protocol::event::ProtocolEvent;

/// So many events wait at most. Beyond that the oldest go; they have been counted.
const WAITING: usize = 10_000;

/// So many characters of what came are kept, and of what was tried.
const COMPARED: usize = 4_096;
const ATTEMPTED: usize = 100;

pub const HOUR: Duration = Duration::from_secs(3_600);
pub const DAY: Duration = Duration::from_secs(86_400);

/// The answers that a client got in one hour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Answers {
    pub granted: i64,
    pub refused: i64,
    pub last_granted: Option<Timestamp>,
}

/// How often a secret was accepted on one day from one network, and when last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accepted {
    pub times: i64,
    pub last_at: Timestamp,
}

/// What was noted since it was last written.
#[derive(Default)]
pub struct Noted {
    /// The oldest first.
    pub events: VecDeque<ProtocolEvent>,
    /// By client and beginning of the hour.
    pub answers: HashMap<(ClientUid, Timestamp), Answers>,
    /// By secret, beginning of the day, and network.
    pub secrets: HashMap<(SecretId, Timestamp, String), Accepted>,
}

impl Noted {
    pub fn is_empty(&self) -> bool {
        self.events.is_empty() && self.answers.is_empty() && self.secrets.is_empty()
    }

    fn count(&mut self, client: ClientUid, hour: Timestamp, more: Answers) {
        let answers = self.answers.entry((client, hour)).or_default();
        answers.granted += more.granted;
        answers.refused += more.refused;
        answers.last_granted = answers.last_granted.max(more.last_granted);
    }

    fn accept(&mut self, key: (SecretId, Timestamp, String), more: Accepted) {
        let accepted = self.secrets.entry(key).or_insert(Accepted { times: 0, last_at: more.last_at });
        accepted.times += more.times;
        accepted.last_at = accepted.last_at.max(more.last_at);
    }

    fn drop_the_oldest(&mut self) {
        let beyond = self.events.len().saturating_sub(WAITING);
        self.events.drain(..beyond);
    }
}

#[derive(Default)]
pub struct ProtocolLog(Mutex<Noted>);

impl ProtocolLog {
    pub fn note(&self, mut event: ProtocolEvent) {
        event.attempted = kept(&event.attempted, ATTEMPTED);
        if let Some(refusal) = &mut event.refusal {
            refusal.received = kept(&refusal.received, COMPARED);
            refusal.expected = kept(&refusal.expected, COMPARED);
        }
        let mut noted = self.noted();
        if let Some(client) = event.client {
            let refused = event.refusal.is_some();
            let answers = Answers {
                granted: i64::from(!refused),
                refused: i64::from(refused),
                last_granted: (!refused).then_some(event.at),
            };
            noted.count(client, event.at.start_of(HOUR), answers);
        }
        noted.events.push_back(event);
        noted.drop_the_oldest();
    }

    /// A secret was accepted.
    pub fn note_secret(&self, secret: SecretId, network: String, at: Timestamp) {
        self.noted().accept((secret, at.start_of(DAY), network), Accepted { times: 1, last_at: at });
    }

    /// Takes out what waits to be written.
    pub fn take(&self) -> Noted {
        std::mem::take(&mut *self.noted())
    }

    /// Puts back what could not be written, before what was noted since.
    pub fn put_back(&self, unwritten: Noted) {
        let mut noted = self.noted();
        for ((client, hour), answers) in unwritten.answers {
            noted.count(client, hour, answers);
        }
        for (key, accepted) in unwritten.secrets {
            noted.accept(key, accepted);
        }
        let since = std::mem::replace(&mut noted.events, unwritten.events);
        noted.events.extend(since);
        noted.drop_the_oldest();
    }

    fn noted(&self) -> MutexGuard<'_, Noted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a stranger sent, as it can be kept: not endlessly long, and without the one character that PostgreSQL refuses.
fn kept(text: &str, longest: usize) -> String {
    text.chars().take(longest).map(|character| if character == '\0' { '\u{FFFD}' } else { character }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::TenantId;
    use crate::domain::protocol::event::Endpoint;
    use crate::domain::protocol::fault::{Fault, Refusal};

    fn event(client: ClientUid, micros: i64, refused: bool) -> ProtocolEvent {
        ProtocolEvent {
            reference: micros.to_string(),
            tenant: TenantId::new(1, [0; 10]),
            client: Some(client),
            at: Timestamp::from_micros(micros),
            endpoint: Endpoint::Token,
            attempted: "client_credentials".into(),
            refusal: refused.then(|| Fault::SecretWrong.into()),
            network: "192.0.2.0/24".into(),
        }
    }

    #[test]
    fn what_is_dropped_was_counted() {
        let (log, client) = (ProtocolLog::default(), ClientUid::new(1, [1; 10]));
        for micros in 0..=WAITING as i64 {
            log.note(event(client, micros, micros % 2 == 1));
        }
        let noted = log.take();
        assert_eq!(noted.events.len(), WAITING);
        assert_eq!(noted.events[0].reference, "1");
        let answers = noted.answers[&(client, Timestamp::from_micros(0))];
        assert_eq!((answers.granted, answers.refused), (5_001, 5_000));
        assert!(log.take().is_empty());
    }

    #[test]
    fn what_can_not_be_kept_stops_nothing() {
        let (log, client) = (ProtocolLog::default(), ClientUid::new(1, [1; 10]));
        let received = format!("a\0{}", "x".repeat(100_000));
        let refusal = Some(Refusal::comparing(Fault::RedirectUrlUnknown, "", received));
        log.note(ProtocolEvent { refusal, attempted: "y".repeat(1_000), ..event(client, 1, true) });
        let noted = log.take();
        let received = &noted.events[0].refusal.as_ref().unwrap().received;
        assert!(received.starts_with("a\u{FFFD}x"));
        assert_eq!((received.chars().count(), noted.events[0].attempted.len()), (COMPARED, ATTEMPTED));
    }

    #[test]
    fn what_is_put_back_comes_before_what_was_noted_since() {
        let (log, client, secret) = (ProtocolLog::default(), ClientUid::new(1, [1; 10]), SecretId::new(1, [2; 10]));
        let at = Timestamp::from_micros;
        log.note(event(client, 1, false));
        log.note_secret(secret, "192.0.2.0/24".into(), at(1));
        let unwritten = log.take();
        log.note(event(client, 2, false));
        log.note_secret(secret, "192.0.2.0/24".into(), at(2));
        log.put_back(unwritten);
        let noted = log.take();
        let order: Vec<&str> = noted.events.iter().map(|event| event.reference.as_str()).collect();
        assert_eq!(order, ["1", "2"]);
        let answers = Answers { granted: 2, refused: 0, last_granted: Some(at(2)) };
        assert_eq!(noted.answers[&(client, at(0))], answers);
        assert_eq!(noted.secrets[&(secret, at(0), "192.0.2.0/24".into())], Accepted { times: 2, last_at: at(2) });
    }
}
