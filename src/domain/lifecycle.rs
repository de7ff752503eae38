//! The life of services and clients: active ⇄ inactive, either → deleted, back within the grace period, gone after it.

use std::time::Duration;

use crate::clock::Timestamp;

/// Where a service or client stands while it is not deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Standing {
    Active,
    Inactive,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    Active,
    Inactive,
    /// `before` is what an undo brings back. `purge_at` is when it goes for good, as promised at the deletion: a
    /// grace period that is changed later is for what is deleted later.
    Deleted {
        at: Timestamp,
        purge_at: Timestamp,
        before: Standing,
    },
}

/// The word for a state, ordered from best to worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    Active,
    Inactive,
    Deleted,
}

impl Status {
    pub const ALL: [Status; 3] = [Status::Active, Status::Inactive, Status::Deleted];

    pub const fn as_str(self) -> &'static str {
        match self {
            Status::Active => "active",
            Status::Inactive => "inactive",
            Status::Deleted => "deleted",
        }
    }

    pub const fn word(self) -> &'static str {
        match self {
            Status::Active => "Active",
            Status::Inactive => "Inactive",
            Status::Deleted => "Deleted",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }
}

impl Standing {
    pub const fn as_str(self) -> &'static str {
        State::standing(self).status().as_str()
    }

    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "active" => Some(Standing::Active),
            "inactive" => Some(Standing::Inactive),
            _ => None,
        }
    }
}

/// Why an act does not fit the state a thing is in; a sentence for the person who tried.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct WrongState(pub String);

impl WrongState {
    pub fn because(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}

impl State {
    pub const fn standing(standing: Standing) -> Self {
        match standing {
            Standing::Active => State::Active,
            Standing::Inactive => State::Inactive,
        }
    }

    pub const fn status(&self) -> Status {
        match self {
            State::Active => Status::Active,
            State::Inactive => Status::Inactive,
            State::Deleted { .. } => Status::Deleted,
        }
    }

    pub const fn is_deleted(&self) -> bool {
        matches!(self, State::Deleted { .. })
    }

    pub fn deactivated(self) -> Result<Self, WrongState> {
        match self {
            State::Active => Ok(State::Inactive),
            State::Inactive => Err(WrongState::because("It is inactive already.")),
            State::Deleted { .. } => Err(WrongState::because("It is deleted. Reactivate it first.")),
        }
    }

    pub fn deleted(self, now: Timestamp, grace: Grace) -> Result<Self, WrongState> {
        let gone = |before| State::Deleted { at: now, purge_at: grace.ends(now), before };
        match self {
            State::Active => Ok(gone(Standing::Active)),
            State::Inactive => Ok(gone(Standing::Inactive)),
            State::Deleted { .. } => Err(WrongState::because("It is deleted already.")),
        }
    }

    /// Back to `active`, or with `undo` to what it was before the deletion; only before the purge is due.
    pub fn reactivated(self, now: Timestamp, undo: bool) -> Result<Self, WrongState> {
        match self {
            State::Active => Err(WrongState::because("It is active already.")),
            State::Inactive => Ok(State::Active),
            State::Deleted { purge_at, .. } if purge_at <= now => {
                Err(WrongState::because("The time to bring it back is over."))
            }
            State::Deleted { before, .. } if undo => Ok(State::standing(before)),
            State::Deleted { .. } => Ok(State::Active),
        }
    }

    /// When the purge removes it for good, if it is deleted.
    pub const fn purge_at(&self) -> Option<Timestamp> {
        match self {
            State::Deleted { purge_at, .. } => Some(*purge_at),
            _ => None,
        }
    }
}

/// How long a deleted thing can be brought back; 14 days unless configured otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grace(Duration);

impl Grace {
    pub const fn of_days(days: u32) -> Self {
        Self(Duration::from_secs(days as u64 * 86_400))
    }

    pub const fn days(self) -> u64 {
        self.0.as_secs() / 86_400
    }

    pub fn ends(self, deleted_at: Timestamp) -> Timestamp {
        deleted_at.plus(self.0)
    }
}

/// What a client's credentials are worth now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effective {
    pub status: Status,
    /// The service, not the client itself, holds the client back.
    pub held_by_service: bool,
}

/// The worse of service and client. Every page and every protocol endpoint asks this one function.
pub fn effective(service: &State, client: &State) -> Effective {
    let (service, client) = (service.status(), client.status());
    Effective { status: service.max(client), held_by_service: service > client }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_secs(86_400);
    const SECOND: Duration = Duration::from_secs(1);
    const GRACE: Grace = Grace::of_days(14);
    const NOON: Timestamp = Timestamp::from_micros(1_800_000_000_000_000);

    #[test]
    fn grace_has_two_edges() {
        let deleted = State::Active.deleted(NOON, GRACE).unwrap();
        let edge = NOON.plus(14 * DAY);
        assert_eq!(deleted.purge_at(), Some(edge));
        assert_eq!(deleted.reactivated(edge.minus(SECOND), false), Ok(State::Active));
        assert!(deleted.reactivated(edge, false).is_err());
        assert!(deleted.reactivated(edge.plus(SECOND), false).is_err());
    }

    #[test]
    fn undo_restores_what_was() {
        let deleted = State::Inactive.deleted(NOON, GRACE).unwrap();
        assert_eq!(deleted.reactivated(NOON, true), Ok(State::Inactive));
        assert_eq!(deleted.reactivated(NOON, false), Ok(State::Active));
    }

    #[test]
    fn every_act_in_every_state() {
        let gone = State::Active.deleted(NOON, GRACE).unwrap();
        assert_eq!(State::Active.deactivated(), Ok(State::Inactive));
        assert!(State::Inactive.deactivated().is_err());
        assert!(gone.deactivated().is_err());
        assert!(gone.deleted(NOON, GRACE).is_err());
        assert!(State::Active.reactivated(NOON, false).is_err());
        assert_eq!(State::Inactive.reactivated(NOON, false), Ok(State::Active));
    }

    #[test]
    fn a_client_is_worth_the_worse_of_the_two() {
        let gone = State::Active.deleted(NOON, GRACE).unwrap();
        let table = [
            (State::Active, State::Active, Status::Active, false),
            (State::Active, State::Inactive, Status::Inactive, false),
            (State::Active, gone, Status::Deleted, false),
            (State::Inactive, State::Active, Status::Inactive, true),
            (State::Inactive, State::Inactive, Status::Inactive, false),
            (State::Inactive, gone, Status::Deleted, false),
            (gone, State::Active, Status::Deleted, true),
            (gone, State::Inactive, Status::Deleted, true),
            (gone, gone, Status::Deleted, false),
        ];
        for (service, client, status, held_by_service) in table {
            assert_eq!(effective(&service, &client), Effective { status, held_by_service }, "{service:?} {client:?}");
        }
    }
}
