//! For whoever watches: is it alive, can it serve, what has it done. No session, no page.

use std::sync::OnceLock;
use std::time::Duration;

use actix_web::http::header;
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

use crate::db::{self, Db};
use crate::portal::PageError;

/// Whoever probes has little patience, and a database that is slower than this serves nobody.
const PROBE_LASTS: Duration = Duration::from_secs(2);

pub struct Probes {
    db: Db,
    metrics: PrometheusHandle,
}

/// One recorder for the process, however many applications tests run in it.
static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();

impl Probes {
    pub fn new(db: Db) -> Self {
        let metrics = RECORDER.get_or_init(|| {
            let recorder = PrometheusBuilder::new().build_recorder();
            let handle = recorder.handle();
            if metrics::set_global_recorder(recorder).is_err() {
                tracing::warn!("another recorder of metrics is installed: /metrics will stay empty");
            }
            handle
        });
        Self { db, metrics: metrics.clone() }
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
    let asked = web::block(move || db::migrations::is_current(&probes.db));
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
    let pool = probes.db.pool_state();
    metrics::gauge!("keywright_database_connections").set(f64::from(pool.connections));
    metrics::gauge!("keywright_database_connections_idle").set(f64::from(pool.idle_connections));
    metrics::counter!("keywright_database_queries_total").absolute(probes.db.queries());
    Ok(HttpResponse::Ok().content_type("text/plain; version=0.0.4").body(probes.metrics.render()))
}
