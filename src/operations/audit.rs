//! Checking the audit trail.

use super::{Operations, Result};
use crate::db;

impl Operations {
    /// Recomputes the chain from its first event to its last. Answers with how many events there are, or with the
    /// first place at which the chain is broken.
    pub fn verify_audit_chain(&self) -> Result<std::result::Result<i64, String>> {
        const AT_ONCE: i64 = 1_000;
        // Events written while this runs stand behind this end; the next verification covers them.
        let head = self.db.read(db::audit::head)?;
        let (mut seq, mut hash) = (0, String::new());
        while seq < head.0 {
            let events = self.db.read(|reader| db::audit::after(reader, seq, AT_ONCE))?;
            if events.is_empty() {
                return Ok(Err(format!("event {} is missing", seq + 1)));
            }
            for event in events.into_iter().take_while(|event| event.seq <= head.0) {
                if event.seq != seq + 1 {
                    return Ok(Err(format!("event {} is missing", seq + 1)));
                }
                if event.hash != event.computed_hash() {
                    return Ok(Err(format!("event {} was changed", event.seq)));
                }
                if event.previous_hash != hash {
                    return Ok(Err(format!("event {} does not follow the one before it", event.seq)));
                }
                (seq, hash) = (event.seq, event.hash);
            }
        }
        Ok(if hash == head.1 { Ok(seq) } else { Err("the end of the chain was changed".into()) })
    }
}
