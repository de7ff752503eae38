//! What clients and end users do at the protocol endpoints: authenticate, ask for tokens, authorize, revoke.

pub mod access_tokens;
mod assertions;
pub mod authorization;
pub mod claims;
pub mod clients;
pub mod log;
pub mod registration;
pub mod requests;
pub mod signing;
pub mod tokens;
mod trial;
mod usage;

use crate::db;
use crate::domain::id::{ClientUid, TenantId};
use crate::domain::protocol::fault::{Fault, Refusal};
use crate::domain::protocol::registered::Registered;
use crate::operations::Error;

/// A refused request, and whose developers may learn why.
#[derive(Clone, Debug)]
pub struct Refused {
    pub refusal: Refusal,
    pub whose: Option<Whose>,
}

/// The tenant, and its client where the request named one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Whose {
    pub tenant: TenantId,
    pub client: Option<ClientUid>,
}

impl From<&Registered> for Whose {
    fn from(registered: &Registered) -> Self {
        Self { tenant: registered.tenant.id, client: Some(registered.client.uid) }
    }
}

impl Refused {
    pub fn of(registered: &Registered, refusal: impl Into<Refusal>) -> Self {
        Self { refusal: refusal.into(), whose: Some(registered.into()) }
    }
}

impl<R: Into<Refusal>> From<R> for Refused {
    fn from(refusal: R) -> Self {
        Self { refusal: refusal.into(), whose: None }
    }
}

/// Causes stay in the log.
impl From<db::Error> for Refusal {
    fn from(error: db::Error) -> Self {
        match error {
            db::Error::Unavailable(cause) => {
                tracing::warn!(cause, "a protocol request failed");
                Fault::Unavailable.into()
            }
            other => {
                tracing::error!(cause = %other, "a protocol request failed");
                Fault::Bug.into()
            }
        }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        match error {
            Error::Db(error) => error.into(),
            Error::Blocked { .. } => Fault::TooManyWaiting.into(),
            other => {
                tracing::error!(cause = %other, "a protocol request failed");
                Fault::Bug.into()
            }
        }
    }
}
