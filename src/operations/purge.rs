//! Removing for good what was deleted long enough ago. Killed at any point it leaves whole things behind, and the next
//! run goes on; of two runs at once each thing is removed by one.

use std::time::Duration;

use super::protocol::signing;
use super::{Operations, Result, Target, Who, record};
use crate::db;
use crate::domain::audit::AuditAction;
use crate::domain::client::Client;
use crate::domain::service::Service;
use crate::domain::tenant::SessionLengths;

/// Each thing is a transaction of its own, so that a purge never holds others up for long.
const LOOK_AT: i64 = 100;

const PURGE: &str = "Keywright (purge)";

/// What was removed, or would be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Purged {
    pub clients: Vec<Named>,
    pub services: Vec<Named>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    pub id: String,
    pub name: String,
}

/// How long a grant is kept after its last refresh token has ended: whoever comes with one is told so.
const GRANTS_KEPT_FOR: Duration = Duration::from_secs(86_400);

impl Operations {
    /// Removes what is due now, clients before services. `keep_going` is asked before each removal.
    pub fn purge(&self, mut keep_going: impl FnMut() -> bool) -> Result<Purged> {
        let mut purged = Purged::default();
        let now = self.now();
        loop {
            let due = self.db.read(|reader| db::clients::due(reader, now, LOOK_AT))?;
            let mut progress = false;
            for client in &due {
                if !keep_going() {
                    return Ok(purged);
                }
                if self.purge_client(client, now)? {
                    progress = true;
                    purged.clients.push(named_client(client));
                }
            }
            if !progress {
                break;
            }
        }
        loop {
            let due = self.db.read(|reader| db::services::due(reader, now, LOOK_AT))?;
            let mut progress = false;
            for service in &due {
                if !keep_going() {
                    return Ok(purged);
                }
                if self.purge_service(service, now)? {
                    progress = true;
                    purged.services.push(named_service(service));
                }
            }
            if !progress {
                break;
            }
        }
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
        })
    }

    fn purge_client(&self, client: &Client, now: crate::clock::Timestamp) -> Result<bool> {
        self.db.write(|writer| {
            let removed = db::clients::remove(writer, client.uid, now)?;
            if removed {
                let who = Who::Job { name: PURGE, tenant: client.tenant_id };
                record(writer, now, who, AuditAction::ClientPurged, &Target::Client(client), &[])?;
            }
            Ok(removed)
        })
    }

    fn purge_service(&self, service: &Service, now: crate::clock::Timestamp) -> Result<bool> {
        self.db.write(|writer| {
            let removed = db::services::remove(writer, service.id, now)?;
            if removed {
                let who = Who::Job { name: PURGE, tenant: service.tenant_id };
                record(writer, now, who, AuditAction::ServicePurged, &Target::Service(service), &[])?;
            }
            Ok(removed)
        })
    }

    /// Removes what has ended and nobody will ask for again: sessions, codes, tickets, tokens of forms, old failures,
    /// signing keys whose last token has ended, and what happened at the endpoints long ago.
    pub fn tidy_up(&self) -> Result<()> {
        let now = self.now();
        self.db.write(|writer| {
            db::sessions::remove_ended(writer, now, now.minus(SessionLengths::LONGEST.idle()))?;
            db::mailed_codes::remove_ended(writer, now)?;
            db::authorization_requests::remove_ended(writer, now)?;
            db::secrets::remove_stale_tickets(writer, now)?;
            db::submissions::remove_older(writer, now.minus(super::SUBMISSIONS_KEPT_FOR))?;
            db::throttles::remove_older(writer, now.minus(super::SUBMISSIONS_KEPT_FOR))?;
            db::grants::remove_ended(writer, now, now.minus(GRANTS_KEPT_FOR))?;
            db::used_assertions::remove_ended(writer, now)?;
            self.forget_protocol(writer, now)?;
            signing::remove_retired_keys(writer, now)
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

fn named_client(client: &Client) -> Named {
    Named { id: client.client_id.to_string(), name: client.settings.name.clone() }
}

fn named_service(service: &Service) -> Named {
    Named { id: service.id.to_string(), name: service.settings.name.clone() }
}
