//! The place of clients: list, activity, type chooser, forms, trial, the page of a client, and what ends and brings back one.

pub mod activity;
mod chart;
pub mod details;
pub mod form;
pub mod lifecycle;
pub mod list;
pub mod trial;
