//! *Explain this rejection*: whoever holds the reference of a refused request sees what was expected, what came, and
//! what mends it. Only what concerns one's own company is there.

mod remedy;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Path, Query};
use askama::Template;
use serde::Deserialize;

use super::guard::Guarded;
use super::shell::{Shell, go_to, html};
use super::when::When;
use super::{PageError, paths};
use crate::access::act;
use crate::db;
use crate::domain::protocol::explanation::{Comparison, Piece, compare, pieces};
use crate::domain::protocol::fault::{Fault, Refusal};
pub use remedy::Cure;
use remedy::accepted_now;

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Wanted {
    reference: String,
}

#[derive(Template)]
#[template(path = "rejections/search.html")]
struct SearchPage {
    shell: Shell,
    /// What was looked for, and is not there.
    missing: Option<String>,
}

#[derive(Template)]
#[template(path = "rejections/rejection.html")]
struct RejectionPage {
    shell: Shell,
    reference: String,
    when: When,
    endpoint: &'static str,
    attempted: String,
    error: &'static str,
    sentence: &'static str,
    network: String,
    client: Option<(String, String)>,
    /// What would have been accepted, beside what came, the nearest first.
    compared: Vec<Comparison>,
    /// What was expected where comparing tells nothing.
    expected: Vec<Vec<Piece>>,
    received: Vec<Vec<Piece>>,
    mended: bool,
    cure: Cure,
}

/// A reference as it was given out, however it was typed: in small letters, with spaces or dashes, or as a whole address.
fn cleaned(typed: &str) -> String {
    let last = typed.trim().trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let letters = last.chars().filter(char::is_ascii_alphanumeric).take(40);
    letters.map(|letter| letter.to_ascii_uppercase()).collect()
}

pub async fn search(guarded: Guarded<act::See>, wanted: Query<Wanted>) -> Result<HttpResponse, PageError> {
    let reference = cleaned(&wanted.reference);
    if !reference.is_empty() {
        return Ok(go_to(&paths::rejection_of(&reference)));
    }
    let seen = guarded.read(|_, _| Ok(())).await?;
    html(StatusCode::OK, &SearchPage { shell: guarded.shell(&seen, "Explain a rejection"), missing: None })
}

pub async fn show(guarded: Guarded<act::See>, reference: Path<String>) -> Result<HttpResponse, PageError> {
    let reference = cleaned(&reference);
    let (wanted, now) = (reference.clone(), guarded.portal.clock.now());
    let seen = guarded
        .read(move |permit, reader| {
            let Some(event) = db::protocol_events::refused(reader, permit.scope(), &wanted)? else { return Ok(None) };
            // It may be purged by now, or there never was one.
            let Some(uid) = event.client else { return Ok(Some((event, None))) };
            match db::clients::find(reader, permit.scope(), uid) {
                Ok(client) => {
                    let service = db::services::find(reader, permit.scope(), client.service_id)?;
                    let roles = db::clients::roles_of_one(reader, uid)?;
                    Ok(Some((event, Some((client, service, roles.has_more())))))
                }
                Err(db::Error::NotFound) => Ok(Some((event, None))),
                Err(error) => Err(error.into()),
            }
        })
        .await?;
    let Some((event, refusal, client)) =
        seen.data.as_ref().and_then(|(event, client)| Some((event, event.refusal.as_ref()?, client)))
    else {
        let page =
            SearchPage { shell: guarded.shell(&seen, "No rejection with this reference"), missing: Some(reference) };
        return html(StatusCode::NOT_FOUND, &page);
    };
    let Sides { compared, expected, received } = Sides::of(refusal);
    let page = RejectionPage {
        shell: guarded.shell(&seen, format!("Rejection {}", event.reference)),
        reference: event.reference.clone(),
        when: When::new(event.at, now),
        endpoint: event.endpoint.label(),
        attempted: event.attempted.clone(),
        error: refusal.fault.error().as_str(),
        sentence: refusal.fault.sentence(),
        network: event.network.clone(),
        client: client.as_ref().map(|(client, _, _)| (paths::client(client.uid), client.settings.name.clone())),
        compared,
        expected,
        received,
        mended: client.as_ref().is_some_and(|(client, service, _)| accepted_now(refusal, client, service)),
        cure: Cure::of(refusal.fault, client.as_ref(), seen.permit.actor()),
    };
    html(StatusCode::OK, &page)
}

/// What was expected and what came: side by side where one looks like a version of the other.
struct Sides {
    compared: Vec<Comparison>,
    expected: Vec<Vec<Piece>>,
    received: Vec<Vec<Piece>>,
}

impl Sides {
    fn of(refusal: &Refusal) -> Self {
        let lines = |text: &str| text.lines().map(pieces).collect::<Vec<_>>();
        let expected = lines(&refusal.expected);
        if matches!(refusal.fault, Fault::ScopeNotAllowed | Fault::ScopeUnknown | Fault::ScopeExceedsGrant) {
            let received = refusal.received.split_whitespace().map(|scope| {
                let differs = !refusal.expected.split_whitespace().any(|known| known == scope);
                pieces(scope).into_iter().map(|piece| Piece { differs, ..piece }).collect()
            });
            return Self { compared: Vec::new(), expected, received: received.collect() };
        }
        let mut compared = compare(&refusal.expected, &refusal.received);
        let telling = |comparison: &Comparison| comparison.is_close() || !comparison.hints.is_empty();
        if refusal.received.is_empty() || !compared.first().is_some_and(telling) {
            return Self { compared: Vec::new(), expected, received: lines(&refusal.received) };
        }
        let others = compared.split_off(1).into_iter().map(|other| plain(&other.expected)).collect();
        Self { compared, expected: others, received: Vec::new() }
    }
}

/// The same text without its differences.
fn plain(differing: &[Piece]) -> Vec<Piece> {
    pieces(&differing.iter().map(|piece| piece.text.as_str()).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_found_however_it_is_typed() {
        let ways = ["1F2E3D4C5B", " 1f2e 3d4c 5b ", "1f2e-3d4c-5b", "https://id.example/rejections/1F2E3D4C5B/"];
        for typed in ways {
            assert_eq!(cleaned(typed), "1F2E3D4C5B");
        }
        assert_eq!(cleaned(" / "), "");
        assert_eq!(cleaned("<script>"), "SCRIPT");
    }
}
