//! What happened at the protocol endpoints, gathered in memory and written in the background: no request waits for it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::clock::Timestamp;
use crate::domain::id::SecretId;
use crate::domain::protocol::event::ProtocolEvent;

/// What was noted since it was last written.
#[derive(Default)]
pub struct Noted {
    pub events: Vec<ProtocolEvent>,
    /// How often each secret was accepted from each network, and when last.
    pub secrets: HashMap<(SecretId, String), (u64, Timestamp)>,
}

#[derive(Default)]
pub struct ProtocolLog(Mutex<Noted>);

impl ProtocolLog {
    pub fn note(&self, event: ProtocolEvent) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).events.push(event);
    }

    /// A secret was accepted.
    pub fn note_secret(&self, secret: SecretId, network: String, at: Timestamp) {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = noted.secrets.entry((secret, network)).or_insert((0, at));
        *entry = (entry.0 + 1, at.max(entry.1));
    }

    /// Takes out what waits to be written.
    pub fn take(&self) -> Noted {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
