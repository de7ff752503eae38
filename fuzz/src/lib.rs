//! What the fuzz targets hold the parsers to. It stands with the suite, which replays the seeds on stable Rust.

#[path = "../../tests/suite/parsers/invariants/mod.rs"]
pub mod invariants;
