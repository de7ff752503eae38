//! The endpoints that machines ask: discovery, keys, tokens, and what is done with tokens. They read a request, call the
//! operation and write the answer. What browsers of end users see (authorize, consent, logout) are pages: `portal`.

mod answer;
pub mod bearer;
mod call;
pub mod client_auth;
mod cors;
mod discovery;
mod introspect;
mod jwks;
mod par;
mod register;
mod revoke;
pub mod routes;
mod token;
mod userinfo;

use std::sync::Arc;

use crate::clock::Clock;
use crate::crowd::Crowd;
use crate::operations::Operations;

pub use answer::Refused;
pub use call::Call;

/// What every endpoint needs.
pub struct Endpoints {
    pub operations: Arc<Operations>,
    pub clock: Clock,
    crowd: Crowd,
}

impl Endpoints {
    pub fn new(operations: Arc<Operations>, clock: Clock, crowd: Crowd) -> Self {
        Self { operations, clock, crowd }
    }

    /// The issuer: the portal's public address, without a slash at the end.
    pub fn issuer(&self) -> &str {
        &self.operations.rules().public_url
    }
}
