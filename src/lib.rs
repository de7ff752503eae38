//! Keywright, a self-hosted developer portal for OAuth 2.0 and OpenID Connect clients.
//!
//! The rooms, from the bottom up; arrows between them point one way (ARCHITECTURE.md).

/// Who may do what.
pub mod access;
/// The running application.
pub mod app;
/// What time it is.
pub mod clock;
/// The environment and the configuration file.
pub mod config;
/// How much may go on at once.
pub mod crowd;
/// Randomness, hashing, sealing.
pub mod crypto;
/// The database.
pub mod db;
/// A portal to look around in.
pub mod demo;
/// What things are and what they may become.
pub mod domain;
/// A database full of plausible data.
pub mod generate;
/// What runs by itself.
pub mod jobs;
/// What is written to people, and how it is handed over.
pub mod mail;
/// The endpoints of OAuth 2.0 and OpenID Connect that machines ask.
pub mod oauth;
/// What people do, one function per act.
pub mod operations;
/// The HTML pages.
pub mod portal;
/// Alive, ready, and what it has done.
pub mod probes;
/// Another OpenID provider, by which people may sign in.
pub mod provider;
