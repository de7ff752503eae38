//! Checking the audit trail, and handing it out.

use super::{Error, Operations, Result, Target, Who, record};
use crate::access::{Permit, act};
use crate::db::audit::{AuditFilter, Place};
use crate::db::{self, Db};
use crate::domain::audit::{AuditAction, Change};
use crate::domain::audit_export::ExportFormat;
use crate::domain::id::TenantId;

/// A chain without a break. Whoever keeps the hash elsewhere can tell later whether the trail up to there was replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WholeChain {
    pub events: i64,
    pub hash: String,
}

/// An export under way: handed out in pieces, however long the trail is.
pub struct AuditExport {
    /// `None`: the whole chain, in its order.
    tenant: Option<TenantId>,
    filter: AuditFilter,
    format: ExportFormat,
    /// Events after this one are not part of it.
    last: i64,
    progress: Progress,
}

enum Progress {
    Head,
    After(Option<Place>),
}

/// Events in one piece of an export.
const PIECE: i64 = 500;

impl Operations {
    /// Begins to hand out the events that the filter lets through, and notes that it was done; `narrowed` says the
    /// filter in words.
    pub fn export_audit(
        &self,
        permit: &Permit<act::ManageTenant>,
        filter: AuditFilter,
        format: ExportFormat,
        narrowed: &str,
    ) -> Result<AuditExport> {
        let last = self.db.write(|writer| {
            let last = db::audit::last(writer)?;
            let membership = permit.actor().membership();
            let facts = [
                Change { field: "Format".into(), before: String::new(), after: format.label().into() },
                Change { field: "Events".into(), before: String::new(), after: narrowed.into() },
            ];
            let target = Target::Tenant { id: membership.tenant_id, name: &membership.tenant_name };
            record(writer, self.now(), Who::Person(permit.actor()), AuditAction::AuditExported, &target, &facts)?;
            Ok::<_, Error>(last)
        })?;
        Ok(AuditExport { tenant: Some(permit.scope().id()), filter, format, last, progress: Progress::Head })
    }

    /// Hands out everything, or all of one tenant's, to whoever has the machine.
    pub fn export_audit_trail(&self, tenant: Option<TenantId>, format: ExportFormat) -> Result<AuditExport> {
        let last = self.db.read(db::audit::last)?;
        Ok(AuditExport { tenant, filter: AuditFilter::default(), format, last, progress: Progress::Head })
    }

    /// The next piece of an export; `None` after the last.
    pub fn next_of_export(&self, export: &mut AuditExport) -> Result<Option<Vec<u8>>> {
        let bug = |error: anyhow::Error| Error::Db(db::Error::Bug(format!("an event can't be written down: {error}")));
        let after = match export.progress {
            Progress::Head => {
                export.progress = Progress::After(None);
                return export.format.head().map(Some).map_err(bug);
            }
            Progress::After(place) => place,
        };
        let last = export.last;
        let events = self.db.read(|reader| match export.tenant {
            Some(tenant) => db::audit::following(reader, tenant, &export.filter, after, last, PIECE),
            None => db::audit::after(reader, after.map_or(0, |place| place.seq), PIECE)
                .map(|events| events.into_iter().filter(|event| event.seq <= last).collect()),
        })?;
        let Some(end) = events.last() else { return Ok(None) };
        export.progress = Progress::After(Some(Place::from(end)));
        export.format.write(&events).map(Some).map_err(bug)
    }

    /// Recomputes the chain from its first event to its last. Answers with how many events there are and the hash of the
    /// last, or with the first place at which the chain is broken.
    pub fn verify_audit_chain(&self) -> Result<std::result::Result<WholeChain, String>> {
        verify_chain_of(&self.db)
    }
}

/// The same for any database: a copy of one, for example.
pub(super) fn verify_chain_of(db: &Db) -> Result<std::result::Result<WholeChain, String>> {
    const AT_ONCE: i64 = 1_000;
    // Events written while this runs stand behind this end; the next verification covers them.
    let head = match db.read(db::audit::head) {
        Err(db::Error::NotFound) => return Ok(Err("the end of the chain is missing".into())),
        head => head?,
    };
    let (mut seq, mut hash, mut read) = (0, String::new(), i64::MIN);
    loop {
        let mut events = db.read(|reader| db::audit::after(reader, read, AT_ONCE))?;
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
    let last = db.read(db::audit::last)?;
    let end = db.read(db::audit::head)?;
    Ok(if last > end.0 { Err(format!("event {last} was inserted")) } else { Ok(WholeChain { events: seq, hash }) })
}
