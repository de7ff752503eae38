//! The whole suite in one binary: one thing to link. It runs on SQLite, or on PostgreSQL when TEST_DATABASE names a
//! server's maintenance database; `tests/run` does both.

mod support;

mod browser;
mod contract;
mod faults;
mod histories;
mod instances;
mod oauth;
mod operation;
mod parsers;
mod portal;
