//! Builds the running application from its configuration. Tests come in through the same door.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::middleware::from_fn;
use actix_web::{App, HttpResponse, HttpServer, web};
use anyhow::{Context, bail};
use socket2::SockRef;

use crate::clock::Clock;
use crate::config::{Config, VERSION};
use crate::crowd::{self, Crowd};
use crate::crypto::hashing::Passwords;
use crate::crypto::keys::Keys;
use crate::db::migrations::Owner;
use crate::db::{self, Db};
use crate::domain::lifecycle::Grace;
use crate::oauth::{self, Endpoints};
use crate::operations::{Operations, Rules};
use crate::portal::{self, PageError, Portal, Site};
use crate::probes;
use crate::provider::Provider;

/// Connections to the database, each for one request or job at a time.
const CONNECTIONS: u32 = 16;
/// Threads that wait for the database or hash, for each of the server's workers: nobody who has a place waits for a
/// thread, nor does what remains to be stored. They are made when needed, and go when they have been idle.
const BLOCKING_THREADS: usize = 2 * crowd::PLACES;
/// How long the head of a request may take to arrive, and the answer's last bytes to be taken after the end. Whoever is
/// slower holds nothing but a connection, and not for long.
const HEAD_LASTS: Duration = Duration::from_secs(5);
const GOODBYE_LASTS: Duration = Duration::from_secs(1);
/// How long an idle connection stays open for another request.
const IDLE_LASTS: Duration = Duration::from_secs(5);
/// Connections of each worker. Beyond them nobody is let in, so they must outnumber the slow ones that somebody may open
/// on purpose; each weighs some ten kilobytes. The process needs as many open files (`ulimit -n`).
const CONNECTIONS_AT_ONCE: usize = 25_000;
/// Connections that the system keeps until a worker takes them; it caps this (`net.core.somaxconn`). Whoever finds the
/// queue full hears nothing and tries again a second later, so the standard library's 128 are too few for a burst.
const WAITING_AT_THE_DOOR: i32 = 4096;
/// Passwords hashed at once, of 19 MiB each.
const HASHES_AT_ONCE: usize = 4;
/// How long requests under way may take to end when the server is told to stop, in seconds.
const SHUTDOWN_SECONDS: u64 = 10;

/// The application before it listens: what commands, jobs and the server share.
#[derive(Clone)]
pub struct Application {
    pub db: Db,
    pub clock: Clock,
    pub operations: Arc<Operations>,
    /// Migrations that ran when it was opened.
    pub migrated: Vec<String>,
    keys: Keys,
    site: Site,
    provider: Option<Arc<Provider>>,
}

impl Application {
    /// Opens the database, brings it up to date and reads the key file. Blocks.
    pub fn open(config: &Config, clock: Clock) -> anyhow::Result<Self> {
        let keys = Keys::load_or_create(&config.key_file)?;
        Self::open_with(config, clock, keys)
    }

    /// The same with keys from elsewhere: the demo's and the tests' end with the process.
    pub fn open_with(config: &Config, clock: Clock, keys: Keys) -> anyhow::Result<Self> {
        let db = Db::open(&config.database_url, CONNECTIONS).map_err(|error| cant_be_opened(&error))?;
        match db::migrations::owner(&db).map_err(|error| cant_be_opened(&error))? {
            Owner::Nobody | Owner::Ours => {}
            Owner::NewerRelease => {
                bail!("the database was written by a newer release of Keywright: run that release, or restore a backup")
            }
            Owner::AnotherProgram => {
                bail!("the database belongs to another program, and nothing was changed in it: name another database")
            }
        }
        let migrated = db::migrations::run(&db).context("the database can't be brought up to date")?;
        let rules = Rules {
            grace: Grace::of_days(config.grace_days),
            registration_open: config.registration_open,
            public_url: config.public_url.clone(),
        };
        let operations =
            Operations::new(db.clone(), clock.clone(), keys.clone(), Passwords::new(HASHES_AT_ONCE), rules);
        let site = Site {
            public_url: config.public_url.clone(),
            registration_open: config.registration_open,
            trusted_proxies: config.trusted_proxies.clone(),
        };
        let provider = config.provider.clone().map(|settings| {
            let callback = format!("{}{}", config.public_url, portal::paths::EXTERNAL_CALLBACK);
            Provider::new(settings, callback, clock.clone()).map(Arc::new)
        });
        let provider = provider.transpose().context("sign-in through another provider can't be set up")?;
        Ok(Self { db, clock, operations: Arc::new(operations), migrated, keys, site, provider })
    }

    /// The server on a listener that is bound already. It runs once it is awaited.
    pub fn server(&self, listener: TcpListener) -> anyhow::Result<Server> {
        SockRef::from(&listener).listen(WAITING_AT_THE_DOOR)?;
        let crowd = Crowd::default();
        let portal = web::Data::new(Portal::new(
            Arc::clone(&self.operations),
            &self.db,
            self.clock.clone(),
            self.site.clone(),
            self.provider.clone(),
            &self.keys,
            crowd.clone(),
        ));
        let endpoints = web::Data::new(Endpoints::new(Arc::clone(&self.operations), self.clock.clone(), crowd));
        let probes = web::Data::new(probes::Probes::new(self.db.clone(), self.clock.clone(), VERSION));
        let server = HttpServer::new(move || {
            App::new()
                .app_data(portal.clone())
                .app_data(endpoints.clone())
                .app_data(probes.clone())
                .app_data(web::PathConfig::default().error_handler(|_, _| PageError::NotFound.into()))
                .wrap(from_fn(portal::middleware::slow_bodies_end))
                .wrap(from_fn(portal::middleware::pages_for_errors))
                .wrap(from_fn(portal::compression::compress))
                .wrap(from_fn(portal::middleware::log))
                .wrap(from_fn(portal::middleware::head_as_get))
                .configure(probes::configure)
                .configure(oauth::routes::configure)
                .service(
                    web::scope("")
                        .wrap(from_fn(portal::know_who_posts))
                        .wrap(portal::session_middleware(&portal))
                        .configure(portal::routes::configure),
                )
                // Also of each place in the portal.
                .default_service(web::to(not_found))
        })
        // An export leaves in pieces, and a piece must not wait for the receipt of the one before.
        .tcp_nodelay(true)
        .worker_max_blocking_threads(BLOCKING_THREADS)
        .max_connections(CONNECTIONS_AT_ONCE)
        .client_request_timeout(HEAD_LASTS)
        .client_disconnect_timeout(GOODBYE_LASTS)
        .keep_alive(IDLE_LASTS)
        .shutdown_timeout(SHUTDOWN_SECONDS)
        .listen(listener)?
        .run();
        Ok(server)
    }
}

/// Says what to do where waiting doesn't help.
fn cant_be_opened(error: &db::Error) -> anyhow::Error {
    let damaged = ["file is not a database", "database disk image is malformed"];
    let cause = error.to_string();
    match damaged.iter().any(|text| cause.contains(text)) {
        true => anyhow::anyhow!(
            "the file named as the database is none, or is damaged ({cause}): name the right one, or restore a backup"
        ),
        false => anyhow::anyhow!("the database can't be opened: {cause}"),
    }
}

async fn not_found() -> Result<HttpResponse, PageError> {
    Err(PageError::NotFound)
}
