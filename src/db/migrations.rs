//! Brings the database up to date.

use diesel::RunQueryDsl;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::connection::{AnyConnection, Db, PATIENCE};
use super::error::{Error, Result};

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// Any number will do, as long as every instance uses the same.
const ADVISORY_LOCK: i64 = 0x6b65_7977_7269;

/// Runs what is missing and returns the names. Several instances may start at once: on PostgreSQL an advisory lock
/// makes the others wait; on SQLite each migration takes the write lock.
pub fn run(db: &Db) -> Result<Vec<String>> {
    db.read(|reader| match reader.conn() {
        AnyConnection::Sqlite(conn) => names(conn.run_pending_migrations(SQLITE)),
        AnyConnection::Postgres(conn) => {
            // Waiting for another instance's migration may take longer than any page may wait for a lock.
            diesel::sql_query("SET lock_timeout = 0").execute(conn)?;
            diesel::sql_query(format!("SELECT pg_advisory_lock({ADVISORY_LOCK})")).execute(conn)?;
            let done = names(conn.run_pending_migrations(POSTGRES));
            diesel::sql_query(format!("SELECT pg_advisory_unlock({ADVISORY_LOCK})")).execute(conn)?;
            diesel::sql_query(format!("SET lock_timeout = {}", PATIENCE.as_millis())).execute(conn)?;
            done
        }
    })
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

/// The database knows a migration that this program doesn't: it was written by a newer release.
pub fn is_newer(db: &Db) -> Result<bool> {
    use diesel::migration::MigrationSource;
    db.read(|reader| {
        let fault = |error: Box<dyn std::error::Error + Send + Sync>| Error::Unavailable(error.to_string());
        let (applied, known) = match reader.conn() {
            AnyConnection::Sqlite(conn) => {
                let applied = conn.applied_migrations().map_err(fault)?;
                let known = MigrationSource::<diesel::sqlite::Sqlite>::migrations(&SQLITE).map_err(fault)?;
                (applied, known.iter().map(|known| known.name().version().as_owned()).collect::<Vec<_>>())
            }
            AnyConnection::Postgres(conn) => {
                let applied = conn.applied_migrations().map_err(fault)?;
                let known = MigrationSource::<diesel::pg::Pg>::migrations(&POSTGRES).map_err(fault)?;
                (applied, known.iter().map(|known| known.name().version().as_owned()).collect::<Vec<_>>())
            }
        };
        Ok(applied.iter().any(|version| !known.contains(version)))
    })
}

fn names(ran: diesel::migration::Result<Vec<diesel::migration::MigrationVersion<'_>>>) -> Result<Vec<String>> {
    ran.map(|versions| versions.iter().map(ToString::to_string).collect())
        .map_err(|error| Error::Bug(format!("a migration failed: {error}")))
}
