//! Copies of an embedded database: made while others write, looked at, and let in the place of the present one.

use std::fs::{File, TryLockError};
use std::io::Read;
use std::path::Path;
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;

use super::connection::{AnyConnection, Db, lock_of};
use super::error::{Error, Result};

#[derive(QueryableByName)]
struct Verdict {
    #[diesel(sql_type = Text)]
    integrity_check: String,
}

#[derive(QueryableByName)]
struct Mode {
    #[diesel(sql_type = Text)]
    journal_mode: String,
}

/// Writes the database as it stands at one moment into a file, which must be there and empty. Others go on reading and
/// writing meanwhile.
pub fn copy_into(db: &Db, file: &str) -> Result<()> {
    db.read(|reader| match reader.conn() {
        AnyConnection::Sqlite(conn) => {
            diesel::sql_query("VACUUM INTO ?").bind::<Text, _>(file).execute(conn)?;
            Ok(())
        }
        AnyConnection::Postgres(_) => Err(Error::Bug("only an embedded database is copied so".into())),
    })
}

/// Opens a copy that nobody else has open. Nothing stays beside the file afterwards.
pub fn open_copy(file: &str) -> Result<Db> {
    Db::open_alone(file)
}

/// Where a copy is damaged.
pub fn damage_of(copy: &Db) -> Result<Option<String>> {
    copy.read(|reader| {
        let AnyConnection::Sqlite(conn) = reader.conn() else {
            return Err(Error::Bug("only an embedded database is copied so".into()));
        };
        // One row a fault, or a single one that says ok. A page that makes no sense at all is an error instead.
        match diesel::sql_query("PRAGMA integrity_check(1)").get_result::<Verdict>(conn) {
            Ok(verdict) => Ok((verdict.integrity_check != "ok").then_some(verdict.integrity_check)),
            Err(error) => Ok(Some(error.to_string())),
        }
    })
}

/// The right to take a database's file away: as long as it is held, no instance and no command opens it.
pub struct Held {
    _lock: File,
}

/// `Unavailable` while an instance or a command has it open.
pub fn hold(file: &str) -> Result<Held> {
    let lock = lock_of(file)?;
    match lock.try_lock() {
        Ok(()) => Ok(Held { _lock: lock }),
        Err(TryLockError::WouldBlock) => {
            Err(Error::Unavailable("the server is running on it, or another command; stop that first".into()))
        }
        Err(TryLockError::Error(error)) => Err(Error::Unavailable(error.to_string())),
    }
}

/// Brings what SQLite keeps beside the file into it, so that the file is the whole database. `Unavailable` while some
/// other program has it open. A file that is too damaged to be SQLite's stays as it is, with all that is beside it: SQLite
/// would take the log for somebody else's, and delete it.
pub fn fold(file: &Path, _held: &Held) -> Result<()> {
    const PATIENCE: Duration = Duration::from_secs(2);
    const BEGINNING: &[u8; 16] = b"SQLite format 3\0";
    let mut beginning = [0; 16];
    let read = File::open(file).and_then(|mut file| file.read_exact(&mut beginning));
    if read.is_err() || &beginning != BEGINNING {
        return Ok(());
    }
    let folded = SqliteConnection::establish(&file.to_string_lossy()).ok().and_then(|mut conn| {
        conn.batch_execute(&format!("PRAGMA busy_timeout = {}", PATIENCE.as_millis())).ok()?;
        // To leave WAL one must be the only one who has the file open.
        Some(diesel::sql_query("PRAGMA journal_mode = DELETE").get_result::<Mode>(&mut conn))
    });
    let in_use = match folded {
        Some(Ok(mode)) => mode.journal_mode != "delete",
        Some(Err(error)) => error.to_string().contains("locked"),
        None => false,
    };
    if in_use {
        return Err(Error::Unavailable("some other program has it open; end that first".into()));
    }
    Ok(())
}
