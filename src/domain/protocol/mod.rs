//! The words of OAuth 2.0 and OpenID Connect: requests and what they mean, grants, and every way in which a request can
//! be refused.

pub mod assertion;
pub mod event;
pub mod explanation;
pub mod fault;
pub mod grant;
pub mod metadata;
pub mod params;
pub mod registered;
pub mod request;
pub mod return_to;
pub mod rotation;
