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
        let (mut seq, mut hash, mut read) = (0, String::new(), i64::MIN);
        loop {
            let mut events = self.db.read(|reader| db::audit::after(reader, read, AT_ONCE))?;
            events.retain(|event| event.seq <= head.0);
            if events.is_empty() {
                break;
            }
            for event in events {
                if event.seq <= seq {
                    return Ok(Err(format!("event {} was inserted", event.seq)));
                }
                if event.seq != seq + 1 {
                    return Ok(Err(format!("event {} is missing", seq + 1)));
                }
                if event.hash != event.computed_hash() {
                    return Ok(Err(format!("event {} was changed", event.seq)));
                }
                if event.previous_hash != hash {
                    return Ok(Err(format!("event {} does not follow the one before it", event.seq)));
                }
                (seq, hash, read) = (event.seq, event.hash, event.seq);
            }
        }
        if seq < head.0 {
            return Ok(Err(format!("event {} is missing", seq + 1)));
        }
        if hash != head.1 {
            return Ok(Err("the end of the chain was changed".into()));
        }
        // An event and the end of the chain are written in one transaction: whatever stands in the trail now, an end
        // that is read after it is not before it.
        let last = self.db.read(db::audit::last)?;
        let end = self.db.read(db::audit::head)?;
        Ok(if last > end.0 { Err(format!("event {last} was inserted")) } else { Ok(seq) })
    }
}
