//! Checks, requests and differences as pages show them.

use crate::access::Membership;
use crate::clock::Timestamp;
use crate::domain::id::ServiceId;
use crate::domain::release::checks::{Check, Outcome, Place};
use crate::domain::release::differences::{Difference, Level, LineKind};
use crate::domain::release::{ReleaseRequest, RequestState};
use crate::portal::paths;
use crate::portal::view::Badge;
use crate::portal::when::When;

pub struct CheckRow {
    pub rule: &'static str,
    pub badge: Badge,
    pub findings: Vec<FindingRow>,
}

pub struct FindingRow {
    pub text: String,
    /// Where it can be mended, for who may.
    pub href: Option<String>,
}

pub fn check_rows(checks: &[Check], service: ServiceId, may_mend: bool) -> Vec<CheckRow> {
    let row = |check: &Check| CheckRow {
        rule: check.rule,
        badge: outcome_badge(check.outcome()),
        findings: check
            .findings
            .iter()
            .map(|finding| FindingRow {
                text: finding.text.clone(),
                href: may_mend.then(|| address(&finding.place, service)),
            })
            .collect(),
    };
    // What stands in the way comes first.
    let mut sorted: Vec<&Check> = checks.iter().collect();
    sorted.sort_by_key(|check| std::cmp::Reverse(check.outcome()));
    sorted.into_iter().map(row).collect()
}

fn outcome_badge(outcome: Outcome) -> Badge {
    let tone = match outcome {
        Outcome::Pass => "ok",
        Outcome::Warning => "warning",
        Outcome::Blocking => "danger",
    };
    Badge { word: outcome.word(), tone }
}

fn address(place: &Place, service: ServiceId) -> String {
    match place {
        Place::Service(field) => format!("{}#{field}", paths::edit_service(service)),
        Place::NewClient => paths::new_client(service),
        Place::Client(uid, field) => format!("{}#{field}", paths::edit_client(*uid)),
        Place::Secrets(uid) => format!("{}#secrets", paths::client(*uid)),
    }
}

/// A request in a list or at the head of its page.
pub struct RequestRow {
    pub href: String,
    /// The reader may open the review page.
    pub reviewable: bool,
    pub badge: Badge,
    pub requester: String,
    pub requested: When,
    pub message: String,
    pub decider: String,
    pub decided: Option<When>,
    pub reason: String,
    pub withdrawal: String,
}

impl RequestRow {
    pub fn new(request: &ReleaseRequest, now: Timestamp, reader: &Membership) -> Self {
        Self {
            href: paths::review(request.id),
            reviewable: reader.roles.approver || reader.platform_approver,
            badge: request_badge(request.state),
            requester: request.requester_name.clone(),
            requested: When::new(request.created_at, now),
            message: request.message.clone(),
            decider: request.decider_name.clone(),
            decided: When::maybe(request.decided_at, now),
            reason: request.reason.clone(),
            withdrawal: paths::release_withdrawal(request.id),
        }
    }
}

pub fn request_badge(state: RequestState) -> Badge {
    let tone = match state {
        RequestState::Waiting => "info",
        RequestState::Approved => "ok",
        RequestState::Rejected => "danger",
        RequestState::Withdrawn | RequestState::Replaced => "off",
    };
    Badge { word: state.word(), tone }
}

/// The differences at the service or at one client.
pub struct Group {
    pub title: String,
    pub rows: Vec<DifferenceRow>,
}

pub struct DifferenceRow {
    pub field: String,
    pub badge: Badge,
    pub risk: &'static str,
    pub lines: Vec<LineRow>,
}

pub struct LineRow {
    /// `same`, `added` or `removed`.
    pub kind: &'static str,
    pub text: String,
}

pub fn groups(differences: Vec<Difference>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for difference in differences {
        let title = difference.client.clone().unwrap_or_else(|| "The service itself".to_owned());
        let row = difference_row(difference);
        match groups.last_mut().filter(|last| last.title == title) {
            Some(group) => group.rows.push(row),
            None => groups.push(Group { title, rows: vec![row] }),
        }
    }
    groups
}

pub fn difference_row(difference: Difference) -> DifferenceRow {
    let kind = |kind| match kind {
        LineKind::Same => "same",
        LineKind::Added => "added",
        LineKind::Removed => "removed",
    };
    let tone = match difference.level {
        Level::Low => "off",
        Level::Medium => "warning",
        Level::High => "danger",
    };
    DifferenceRow {
        field: difference.field,
        badge: Badge { word: difference.level.word(), tone },
        risk: difference.risk,
        lines: difference.lines.into_iter().map(|line| LineRow { kind: kind(line.kind), text: line.text }).collect(),
    }
}
