//! Brings the database up to date.

use diesel::connection::SimpleConnection;
use diesel::migration::{Migration, MigrationSource, MigrationVersion};
use diesel::{QueryableByName, RunQueryDsl, SqliteConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::connection::{AnyConnection, Db, LONGEST_STATEMENT, PATIENCE};
use super::error::{Error, Result};

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// Any number will do, as long as every instance uses the same.
const ADVISORY_LOCK: i64 = 0x6b65_7977_7269;

/// Runs what is missing and returns the names. Several instances may start at once: on PostgreSQL an advisory lock
/// makes the others wait; on SQLite whoever finds that another was faster looks again.
pub fn run(db: &Db) -> Result<Vec<String>> {
    db.read(|reader| match reader.conn() {
        AnyConnection::Sqlite(conn) => {
            if !db.is_alone() {
                // Readers and a writer don't wait for each other then.
                conn.batch_execute("PRAGMA journal_mode = WAL")?;
            }
            run_beside_others(conn)
        }
        AnyConnection::Postgres(conn) => {
            // A migration, and waiting for another instance's, may take longer than any page may wait.
            conn.batch_execute("SET lock_timeout = 0; SET statement_timeout = 0")?;
            diesel::sql_query(format!("SELECT pg_advisory_lock({ADVISORY_LOCK})")).execute(conn)?;
            let done = names(conn.run_pending_migrations(POSTGRES));
            diesel::sql_query(format!("SELECT pg_advisory_unlock({ADVISORY_LOCK})")).execute(conn)?;
            conn.batch_execute(&format!(
                "SET lock_timeout = {}; SET statement_timeout = {}",
                PATIENCE.as_millis(),
                LONGEST_STATEMENT.as_millis()
            ))?;
            done
        }
    })
}

fn run_beside_others(conn: &mut SqliteConnection) -> Result<Vec<String>> {
    let fault = |error: Box<dyn std::error::Error + Send + Sync>| Error::Unavailable(error.to_string());
    loop {
        let before = conn.pending_migrations(SQLITE).map_err(fault)?.len();
        let ran = names(conn.run_pending_migrations(SQLITE));
        if ran.is_err() && conn.pending_migrations(SQLITE).map_err(fault)?.len() < before {
            continue;
        }
        return ran;
    }
}

/// Whether every migration has run: part of being ready.
pub fn is_current(db: &Db) -> Result<bool> {
    db.read(|reader| {
        match reader.conn() {
            AnyConnection::Sqlite(conn) => conn.has_pending_migration(SQLITE),
            AnyConnection::Postgres(conn) => conn.has_pending_migration(POSTGRES),
        }
        .map(|pending| !pending)
        .map_err(|error| Error::Unavailable(error.to_string()))
    })
}

/// Whose a database is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// It has no tables.
    Nobody,
    /// Keywright's, of this release or an older one.
    Ours,
    /// It knows a migration that this program doesn't.
    NewerRelease,
    /// It has tables, and not those of Keywright's first migration.
    AnotherProgram,
}

/// Reads whose the database is, and writes nothing.
pub fn owner(db: &Db) -> Result<Owner> {
    db.read(|reader| {
        let tables: Vec<Table> = match reader.conn() {
            AnyConnection::Sqlite(conn) => diesel::sql_query(SQLITE_TABLES).load(conn)?,
            AnyConnection::Postgres(conn) => diesel::sql_query(POSTGRES_TABLES).load(conn)?,
        };
        let (notes, others): (Vec<_>, Vec<_>) = tables.iter().partition(|table| table.name == NOTES);
        if others.is_empty() {
            return Ok(Owner::Nobody);
        }
        if notes.is_empty() || !others.iter().any(|table| table.name == OF_EVERY_RELEASE) {
            return Ok(Owner::AnotherProgram);
        }
        let fault = |error: Box<dyn std::error::Error + Send + Sync>| Error::Unavailable(error.to_string());
        let (applied, known) = match reader.conn() {
            AnyConnection::Sqlite(conn) => {
                let known = MigrationSource::<diesel::sqlite::Sqlite>::migrations(&SQLITE).map_err(fault)?;
                (conn.applied_migrations().map_err(fault)?, versions(&known))
            }
            AnyConnection::Postgres(conn) => {
                let known = MigrationSource::<diesel::pg::Pg>::migrations(&POSTGRES).map_err(fault)?;
                (conn.applied_migrations().map_err(fault)?, versions(&known))
            }
        };
        let first = known.iter().min();
        Ok(if !applied.iter().any(|version| Some(version) == first) {
            Owner::AnotherProgram
        } else if applied.iter().any(|version| !known.contains(version)) {
            Owner::NewerRelease
        } else {
            Owner::Ours
        })
    })
}

/// Where Diesel notes which migrations have run.
const NOTES: &str = "__diesel_schema_migrations";
/// A table that there has been since the first migration.
const OF_EVERY_RELEASE: &str = "audit_head";
const SQLITE_TABLES: &str = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
const POSTGRES_TABLES: &str = "SELECT table_name::text AS name FROM information_schema.tables \
    WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'";

#[derive(QueryableByName)]
struct Table {
    #[diesel(sql_type = diesel::sql_types::Text)]
    name: String,
}

fn versions<B: diesel::backend::Backend>(migrations: &[Box<dyn Migration<B>>]) -> Vec<MigrationVersion<'static>> {
    migrations.iter().map(|known| known.name().version().as_owned()).collect()
}

fn names(ran: diesel::migration::Result<Vec<MigrationVersion<'_>>>) -> Result<Vec<String>> {
    ran.map(|versions| versions.iter().map(ToString::to_string).collect())
        .map_err(|error| Error::Bug(format!("a migration failed: {error}")))
}
