//! The place of services: list, forms, details view, and what ends and brings back a service.

pub mod details;
pub mod form;
pub mod impact;
pub mod lifecycle;
pub mod list;
pub mod release;
pub mod test_users;
