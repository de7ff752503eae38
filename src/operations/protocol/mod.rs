//! What clients and end users do at the protocol endpoints: authenticate, ask for tokens, authorize, revoke.

pub mod log;
