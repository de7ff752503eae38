//! The place of clients: list, type chooser, forms, the page of a client, and what ends and brings back one.

pub mod details;
pub mod form;
pub mod lifecycle;
pub mod list;
