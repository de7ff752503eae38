//! The way from sandbox to live: what an approver judges, the checks that hold or don't, and what became of a request.

pub mod checks;
pub mod differences;
pub mod evidence;

use super::id::{AccountId, ReleaseRequestId, ReviewChangeId, ServiceId, TenantId};
use crate::clock::Timestamp;

/// What became of a request. Only a waiting one can be decided, withdrawn or replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RequestState {
    Waiting,
    Approved,
    Rejected,
    Withdrawn,
    /// Asked for again after something had changed.
    Replaced,
}

impl RequestState {
    pub const ALL: [RequestState; 5] = [Self::Waiting, Self::Approved, Self::Rejected, Self::Withdrawn, Self::Replaced];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Withdrawn => "withdrawn",
            Self::Replaced => "replaced",
        }
    }

    pub const fn word(self) -> &'static str {
        match self {
            Self::Waiting => "Waiting",
            Self::Approved => "Approved",
            Self::Rejected => "Rejected",
            Self::Withdrawn => "Withdrawn",
            Self::Replaced => "Replaced",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// A request to release a service, with the evidence as it was shown to whoever asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleaseRequest {
    pub id: ReleaseRequestId,
    pub tenant_id: TenantId,
    pub service_id: ServiceId,
    pub state: RequestState,
    pub requested_by: AccountId,
    pub requester_name: String,
    /// What the requester wants the approver to know; may be empty.
    pub message: String,
    /// JSON of [`evidence::Evidence`], kept as written so that its hash can be recomputed.
    pub evidence: String,
    pub evidence_hash: String,
    pub created_at: Timestamp,
    pub decided_by: Option<AccountId>,
    pub decider_name: String,
    /// Why it was rejected; may be empty otherwise.
    pub reason: String,
    pub decided_at: Option<Timestamp>,
}

/// The longest message and the longest reason, in characters.
pub const MAX_WORDS: usize = 1_000;

/// A change at a live service that no approver has looked at yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeToReview {
    pub id: ReviewChangeId,
    pub client_uid: String,
    pub client_name: String,
    pub changed_by: AccountId,
    pub changed_by_name: String,
    pub field: String,
    pub before: String,
    pub after: String,
    pub at: Timestamp,
}

/// The settings of a live service's clients whose change an approver wants to see, by their labels.
pub const REVIEWED_FIELDS: [&str; 10] = [
    "Redirect URLs",
    "Logout redirect URLs",
    "CORS origins",
    "Grant types",
    "Response types",
    "Scopes",
    "Require PKCE",
    "Tenant roles",
    "Community roles",
    "Keys",
];
