//! What things are and what they may become: types, parsing, state machines.
//! No SQL, no HTTP, no HTML, no clock and no randomness of its own belong here.

pub mod account;
pub mod audit;
pub mod audit_export;
pub mod client;
pub mod client_id;
pub mod client_key;
pub mod community;
pub mod company;
pub mod cors_origin;
pub mod credential;
pub mod external_person;
pub mod field_errors;
pub mod id;
pub mod job;
pub mod lifecycle;
pub mod mail_kind;
pub mod protocol;
pub mod redirect_url;
pub mod registration_token;
pub mod release;
pub mod reminder;
pub mod role;
pub mod scope;
pub mod secret;
pub mod service;
pub mod tenant;
pub mod text;
pub mod web_url;
