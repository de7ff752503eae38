//! What stops when a service stops: counted and named, before anybody decides.

use crate::access::TenantScope;
use crate::clock::Timestamp;
use crate::db::{self, Reader};
use crate::domain::client::Client;
use crate::domain::id::ServiceId;
use crate::domain::lifecycle::Status;
use crate::domain::secret::{Expiry, Secret};
use crate::domain::service::Environment;
use crate::portal::paths;
use crate::portal::when::When;

/// A service with more clients than this names the first of them.
const NAMED: usize = 20;

pub struct Impact {
    /// Clients that work now and stop.
    pub clients: Vec<Stops>,
    pub client_count: usize,
    /// How many of them were used within the last 30 days.
    pub in_use: usize,
    pub live_secret_count: usize,
    pub test_user_count: usize,
    /// A release request waits.
    pub request_waits: bool,
}

pub struct Stops {
    pub name: String,
    pub href: String,
    pub secrets: usize,
    pub live_secrets: usize,
    pub last_used: Option<When>,
}

impl Impact {
    pub fn read(
        reader: &mut Reader<'_>,
        scope: TenantScope,
        id: ServiceId,
        now: Timestamp,
    ) -> Result<Self, crate::operations::Error> {
        let mut clients = db::clients::remaining(reader, scope, id)?;
        clients.retain(|client| client.state.status() == Status::Active);
        let uids: Vec<_> = clients.iter().map(|client| client.uid).collect();
        let secrets = db::secrets::of_clients(reader, &uids)?;
        let marks = db::usage::marks_of_clients(reader, &uids)?;
        let last_used = |client: &Client| marks.get(&client.uid).and_then(|mark| mark.last_used);
        let working = |secret: &&Secret| secret.expiry(now) != Expiry::Over;
        let live = |secret: &&Secret| secret.environment == Environment::Live;
        let month = std::time::Duration::from_secs(30 * 86_400);
        let in_use = clients.iter().filter(|client| last_used(client).is_some_and(|at| at > now.minus(month))).count();
        let client_count = clients.len();
        // Those that are in use come first: they are what somebody will miss.
        clients.sort_by_key(|client| std::cmp::Reverse(last_used(client)));
        Ok(Self {
            client_count,
            in_use,
            live_secret_count: secrets.values().flatten().filter(live).count(),
            clients: clients
                .iter()
                .take(NAMED)
                .map(|client| {
                    let own = secrets.get(&client.uid).map_or(&[][..], Vec::as_slice);
                    Stops {
                        name: client.settings.name.clone(),
                        href: paths::client(client.uid),
                        secrets: own.iter().filter(working).count(),
                        live_secrets: own.iter().filter(live).count(),
                        last_used: When::maybe(last_used(client), now),
                    }
                })
                .collect(),
            test_user_count: db::test_users::of_service(reader, scope, id)?.len(),
            request_waits: crate::operations::releases::waiting_of(reader, scope, id)?.is_some(),
        })
    }
}
