//! What a client asked for and was answered: over time, and the latest one by one.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Path, Query};
use askama::Template;
use serde::Deserialize;

use super::chart::{Chart, Span};
use crate::access::act;
use crate::clock::Timestamp;
use crate::db::{self, Reader};
use crate::domain::id::ClientUid;
use crate::domain::protocol::event::ProtocolEvent;
use crate::portal::guard::Guarded;
use crate::portal::shell::{Shell, html};
use crate::portal::when::When;
use crate::portal::{PageError, paths};

/// How many events the page shows.
const SHOWN: i64 = 25;

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Wanted {
    span: String,
}

#[derive(Template)]
#[template(path = "clients/activity.html")]
struct ActivityPage {
    shell: Shell,
    client: String,
    client_href: String,
    client_id: String,
    issuer: String,
    redirect_url: Option<String>,
    acts_alone: bool,
    spans: Vec<SpanLink>,
    span: &'static str,
    chart: Chart,
    steps: Vec<StepRow>,
    from: String,
    events: Vec<EventRow>,
}

struct SpanLink {
    href: String,
    label: &'static str,
    current: bool,
}

/// A row of the chart's table.
struct StepRow {
    begins: String,
    iso: String,
    granted: i64,
    refused: i64,
}

struct EventRow {
    when: When,
    endpoint: &'static str,
    attempted: String,
    refused: Option<RefusedWords>,
    reference: String,
    network: String,
}

struct RefusedWords {
    error: &'static str,
    sentence: &'static str,
    href: String,
}

impl EventRow {
    fn new(event: &ProtocolEvent, now: Timestamp) -> Self {
        let words = |fault: crate::domain::protocol::fault::Fault| RefusedWords {
            error: fault.error().as_str(),
            sentence: fault.sentence(),
            href: paths::rejection_of(&event.reference),
        };
        Self {
            when: When::new(event.at, now),
            endpoint: event.endpoint.label(),
            attempted: event.attempted.clone(),
            refused: event.refusal.as_ref().map(|refusal| words(refusal.fault)),
            reference: event.reference.clone(),
            network: event.network.clone(),
        }
    }
}

pub async fn show(
    guarded: Guarded<act::See>,
    uid: Path<ClientUid>,
    wanted: Query<Wanted>,
) -> Result<HttpResponse, PageError> {
    let (uid, span, now) = (uid.into_inner(), Span::parse(&wanted.span), guarded.portal.clock.now());
    let seen = guarded
        .read(move |permit, reader| {
            let client = db::clients::find(reader, permit.scope(), uid)?;
            let hours = db::usage::hours_of(reader, uid, span.since(now))?;
            let events = db::protocol_events::of_client(reader, uid, SHOWN)?;
            Ok((client, hours, events))
        })
        .await?;
    let (client, hours, events) = &seen.data;
    let chart = Chart::new(span, hours, now);
    let link = |other: Span| SpanLink {
        href: format!("{}?span={}", paths::client_activity(uid), other.as_str()),
        label: other.label(),
        current: other == span,
    };
    let page = ActivityPage {
        shell: guarded.shell(&seen, format!("Activity of {}", client.settings.name)),
        client: client.settings.name.clone(),
        client_href: paths::client(uid),
        client_id: client.client_id.to_string(),
        issuer: guarded.portal.site.public_url.clone(),
        redirect_url: client.settings.redirect_urls.first().map(|url| url.as_str().to_owned()),
        acts_alone: client.client_type.acts_alone(),
        spans: Span::ALL.into_iter().map(link).collect(),
        span: span.label(),
        steps: chart.steps.iter().rev().map(|step| StepRow::new(step.begins, step.granted, step.refused)).collect(),
        from: span.since(now).readable(),
        chart,
        events: events.iter().map(|event| EventRow::new(event, now)).collect(),
    };
    html(StatusCode::OK, &page)
}

impl StepRow {
    fn new(begins: Timestamp, granted: i64, refused: i64) -> Self {
        Self { begins: begins.readable(), iso: begins.iso(), granted, refused }
    }
}

/// The last 24 hours in short, for the page of a client.
pub struct Summary {
    pub granted: i64,
    pub refused: i64,
    pub href: String,
}

impl Summary {
    pub fn read(reader: &mut Reader<'_>, uid: ClientUid, now: Timestamp) -> db::Result<Self> {
        let hours = db::usage::hours_of(reader, uid, Span::Day.since(now))?;
        let href = paths::client_activity(uid);
        let granted = hours.iter().map(|hour| hour.granted).sum();
        Ok(Self { granted, refused: hours.iter().map(|hour| hour.refused).sum(), href })
    }
}
