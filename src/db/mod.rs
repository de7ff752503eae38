//! The database: connection, schema, one file per noun. The only room with Diesel.
//! It decides nothing about permission; it takes the tenant from what `access` has granted.

pub mod accounts;
mod any_of;
pub mod audit;
pub mod authorization_requests;
pub mod backup;
pub mod client_keys;
pub mod client_lists;
pub mod clients;
pub mod communities;
mod connection;
pub mod consents;
pub mod deployment;
mod error;
mod expression;
pub mod grants;
mod holds;
pub mod identities;
pub mod invitations;
pub mod jobs;
pub mod leases;
pub mod mailed_codes;
pub mod members;
pub mod migrations;
pub mod outbox;
pub mod protocol_events;
pub mod registered;
pub mod registration_tokens;
pub mod releases;
pub mod reminders;
pub mod roles;
pub mod scopes;
mod search_key;
pub mod second_factors;
pub mod secrets;
pub mod services;
pub mod sessions;
pub mod signing_keys;
pub mod submissions;
pub mod tenants;
pub mod test_users;
pub mod throttles;
mod turns;
pub mod usage;
pub mod used_assertions;
pub mod vitals;

#[rustfmt::skip]
mod schema;

pub use connection::{AnyConnection, Backend, DatabaseUrl, Db, PoolState, ReadHandle, Reader, Writer, place_of};
pub use error::{Conflict, Error, Result};

use std::str::FromStr;

/// Reads a stored word or id; what the database holds was checked on its way in, so a fault is a bug or a damaged file.
fn stored<T: FromStr>(text: &str, what: &'static str) -> Result<T> {
    text.parse().map_err(|_| Error::Bug(format!("the database holds an unreadable {what}")))
}

fn known<T>(parsed: Option<T>, what: &'static str) -> Result<T> {
    parsed.ok_or_else(|| Error::Bug(format!("the database holds an unknown {what}")))
}

fn json_list(items: impl Iterator<Item = impl AsRef<str>>) -> String {
    serde_json::Value::from(items.map(|item| item.as_ref().to_owned()).collect::<Vec<_>>()).to_string()
}

fn from_json_list(text: &str) -> Result<Vec<String>> {
    serde_json::from_str(text).map_err(|_| Error::Bug("the database holds an unreadable list".into()))
}

/// Part of a LIKE pattern that stands for itself, with `\` as the escape character.
fn like_literal(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}
