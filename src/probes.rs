//! For whoever watches: is it alive, can it serve, what has it done. No session, no page.

mod measured;
mod process;
mod recorder;
mod text;

use std::time::Duration;

use actix_web::http::header;
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::sync::Mutex;

use crate::clock::{Clock, Timestamp};
use crate::crowd::off_the_async_threads;
use crate::db::vitals::{self, Vitals};
use crate::db::{self, Db};
use crate::portal::PageError;

/// Whoever probes has little patience, and a database that is slower than this serves nobody.
const PROBE_LASTS: Duration = Duration::from_secs(2);

pub struct Probes {
    db: Db,
    clock: Clock,
    version: &'static str,
    counted: PrometheusHandle,
    /// What the database was last asked, and when. `None` in it: there was no answer.
    seen: Mutex<Option<(Timestamp, Option<Vitals>)>>,
}

/// For so long several collectors, or an eager one, get the same answer of the database.
const SEEN_FOR: Duration = Duration::from_secs(15);

/// A collector gives up after ten seconds, and would then know nothing at all.
const DATABASE_MAY_TAKE: Duration = Duration::from_secs(3);

impl Probes {
    pub fn new(db: Db, clock: Clock, version: &'static str) -> Self {
        Self { db, clock, version, counted: recorder::of_this_process(), seen: Mutex::new(None) }
    }

    /// What the database knows; `None` if it doesn't answer. One scrape asks, and others at the same moment wait for it.
    async fn vitals(&self) -> Option<Vitals> {
        let (mut seen, now) = (self.seen.lock().await, self.clock.now());
        if let Some((at, vitals)) = seen.as_ref()
            && now.since(*at) < SEEN_FOR
        {
            return vitals.clone();
        }
        let db = self.db.clone();
        let asking = off_the_async_threads(move || db.read(|reader| vitals::read(reader, now)));
        let vitals = match tokio::time::timeout(DATABASE_MAY_TAKE, asking).await {
            Ok(Ok(Ok(vitals))) => Some(vitals),
            Ok(Ok(Err(error))) => {
                tracing::warn!(%error, "the database can't be asked for metrics");
                None
            }
            _ => None,
        };
        *seen = Some((now, vitals.clone()));
        vitals
    }
}

pub fn configure(config: &mut ServiceConfig) {
    config
        .route("/healthz", web::get().to(alive))
        .route("/healthz", web::head().to(alive))
        .route("/readyz", web::get().to(ready))
        .route("/readyz", web::head().to(ready))
        .route("/metrics", web::get().to(metrics_text));
}

async fn alive() -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain").body("alive\n")
}

/// The database answers and is up to date.
async fn ready(probes: web::Data<Probes>) -> HttpResponse {
    let asked = off_the_async_threads(move || db::migrations::is_current(&probes.db));
    match tokio::time::timeout(PROBE_LASTS, asked).await {
        Ok(Ok(Ok(true))) => HttpResponse::Ok().content_type("text/plain").body("ready\n"),
        Ok(Ok(Ok(false))) => not_ready("the database is not up to date\n"),
        _ => not_ready("the database does not answer\n"),
    }
}

fn not_ready(reason: &'static str) -> HttpResponse {
    HttpResponse::ServiceUnavailable()
        .insert_header((header::RETRY_AFTER, "5"))
        // A probe wants a word, not the page that would be drawn for a plain text.
        .content_type("text/x-probe")
        .body(reason)
}

/// Prometheus text, for a collector on this machine: not for the world, and not through a proxy.
async fn metrics_text(request: HttpRequest, probes: web::Data<Probes>) -> Result<HttpResponse, PageError> {
    let local = request.peer_addr().is_some_and(|peer| peer.ip().is_loopback());
    let proxied = ["forwarded", "x-forwarded-for"].iter().any(|name| request.headers().contains_key(*name));
    if !local || proxied {
        return Err(PageError::NotFound);
    }
    let vitals = probes.vitals().await;
    let measured = measured::text(probes.version, &probes.db.pool_state(), vitals.as_ref(), probes.clock.now());
    let body = format!("{}{measured}", probes.counted.render());
    Ok(HttpResponse::Ok().content_type("text/plain; version=0.0.4").body(body))
}
