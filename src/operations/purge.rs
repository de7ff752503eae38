//! Removing for good what was deleted long enough ago. Killed at any point it leaves whole things behind, and the next
//! run goes on; of two runs at once each thing is removed by one. A client with very many grants alone may be left with fewer:
//! it is due, so nobody brings it back.

use std::collections::HashSet;

use super::tidying::PORTION;
use super::{Error, Operations, Result, Target, Who, record};
use crate::clock::Timestamp;
use crate::db;
use crate::db::clients::Removal;
use crate::domain::audit::AuditAction;
use crate::domain::client::Client;
use crate::domain::service::Service;

/// Each thing is a transaction of its own, so that a purge never holds others up for long.
const LOOK_AT: usize = 100;

const PURGE: &str = "Keywright (purge)";

/// What was removed, or would be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Purged {
    pub clients: Vec<Named>,
    pub services: Vec<Named>,
    /// How many things are due and could not be removed, and one more where that is so of what has ended. The log says why;
    /// the next run tries again.
    pub failed: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    pub id: String,
    pub name: String,
}

impl Operations {
    /// Removes what is due now, clients before services. What can't be removed holds up nothing else. `keep_going` is asked
    /// before each removal.
    pub fn purge(&self, mut keep_going: impl FnMut() -> bool) -> Result<Purged> {
        let now = self.now();
        let mut purged = Purged::default();
        purged.clients = remove_due(
            |limit| Ok(self.db.read(|reader| db::clients::due(reader, now, limit))?),
            named_client,
            |client, keep_going| self.purge_client(client, now, keep_going),
            &mut purged.failed,
            &mut keep_going,
        )?;
        purged.services = remove_due(
            |limit| Ok(self.db.read(|reader| db::services::due(reader, now, limit))?),
            named_service,
            |service, _| self.purge_service(service, now),
            &mut purged.failed,
            &mut keep_going,
        )?;
        Ok(purged)
    }

    /// What a purge would remove now; at most some thousands are named.
    pub fn purge_preview(&self) -> Result<Purged> {
        const NAMED: i64 = 10_000;
        let now = self.now();
        let (clients, services) = self.db.read(|reader| {
            Ok::<_, db::Error>((db::clients::due(reader, now, NAMED)?, db::services::due(reader, now, NAMED)?))
        })?;
        Ok(Purged {
            clients: clients.iter().map(named_client).collect(),
            services: services.iter().map(named_service).collect(),
            failed: 0,
        })
    }

    /// What a client may have very many of goes before it, each portion as a transaction of its own.
    fn purge_client(&self, client: &Client, now: Timestamp, keep_going: &mut dyn FnMut() -> bool) -> Result<bool> {
        loop {
            let removal = self.db.write(|writer| {
                let removal = db::clients::remove(writer, client.uid, now, PORTION)?;
                if matches!(removal, Removal::Whole) {
                    let who = Who::Job { name: PURGE, tenant: client.tenant_id };
                    record(writer, now, who, AuditAction::ClientPurged, &Target::Client(client), &[])?;
                }
                Ok::<_, Error>(removal)
            })?;
            match removal {
                Removal::Whole => return Ok(true),
                Removal::None => return Ok(false),
                Removal::Portion if !keep_going() => return Ok(false),
                Removal::Portion => {}
            }
        }
    }

    fn purge_service(&self, service: &Service, now: Timestamp) -> Result<bool> {
        self.db.write(|writer| {
            let removed = db::services::remove(writer, service.id, now)?;
            if removed {
                let who = Who::Job { name: PURGE, tenant: service.tenant_id };
                record(writer, now, who, AuditAction::ServicePurged, &Target::Service(service), &[])?;
            }
            Ok(removed)
        })
    }

    /// Takes or prolongs a job's lease for this instance. `false` while another instance holds it.
    pub fn take_lease(&self, job: &str, holder: &str, lasts: std::time::Duration) -> Result<bool> {
        let now = self.now();
        Ok(self.db.write(|writer| db::leases::take(writer, job, holder, now, now.plus(lasts)))?)
    }

    pub fn release_lease(&self, job: &str, holder: &str) -> Result<()> {
        Ok(self.db.write(|writer| db::leases::release(writer, job, holder))?)
    }
}

/// Removes what is due until nothing of it is left but what fails, and answers with what it removed.
fn remove_due<T>(
    due: impl Fn(i64) -> Result<Vec<T>>,
    named: impl Fn(&T) -> Named,
    remove: impl Fn(&T, &mut dyn FnMut() -> bool) -> Result<bool>,
    failed: &mut usize,
    keep_going: &mut dyn FnMut() -> bool,
) -> Result<Vec<Named>> {
    let mut removed = Vec::new();
    let mut refused: HashSet<String> = HashSet::new();
    loop {
        let before = (removed.len(), refused.len());
        for thing in due((LOOK_AT + refused.len()) as i64)? {
            let name = named(&thing);
            if refused.contains(&name.id) {
                continue;
            }
            if !keep_going() {
                return Ok(removed);
            }
            match remove(&thing, keep_going) {
                Ok(true) => removed.push(name),
                Ok(false) => {}
                Err(error) => {
                    tracing::error!(%error, id = name.id, "this is due for removal, and can't be removed");
                    refused.insert(name.id);
                    *failed += 1;
                }
            }
        }
        if before == (removed.len(), refused.len()) {
            return Ok(removed);
        }
    }
}

fn named_client(client: &Client) -> Named {
    Named { id: client.client_id.to_string(), name: client.settings.name.clone() }
}

fn named_service(service: &Service) -> Named {
    Named { id: service.id.to_string(), name: service.settings.name.clone() }
}
