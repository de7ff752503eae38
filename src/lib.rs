//! Keywright, a self-hosted developer portal for OAuth 2.0 and OpenID Connect clients.
//!
//! The rooms, from the bottom up; arrows between them point one way (ARCHITECTURE.md).

/// What time it is.
pub mod clock;
/// What things are and what they may become.
pub mod domain;
/// Randomness, hashing, sealing.
pub mod crypto;
/// Who may do what.
pub mod access;
/// The database.
pub mod db;
/// What is written to people, and how it is handed over.
pub mod mail;
/// What people do, one function per act.
pub mod operations;
/// The HTML pages.
pub mod portal;
/// Alive, ready, and what it has done.
pub mod probes;
/// What runs by itself.
pub mod jobs;
/// The environment and the configuration file.
pub mod config;
/// The running application.
pub mod app;
/// A portal to look around in.
pub mod demo;
/// A database full of plausible data.
pub mod generate;
