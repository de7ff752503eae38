//! One connection type over both databases, a pool of it, and the two ways in: reading and writing.

use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use diesel::connection::{AnsiTransactionManager, InstrumentationEvent, SimpleConnection, TransactionManager};
use diesel::pg::PgConnection;
use diesel::sqlite::SqliteConnection;
use diesel::{Connection, ConnectionError, MultiConnection};

use super::error::{Error, Result};
use super::turns::Turns;

#[derive(MultiConnection)]
pub enum AnyConnection {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

/// Runs one body against the inner connection, compiled once for each database: for what the enum can't express
/// (ON CONFLICT, batch inserts). Used rarely.
macro_rules! on_both {
    ($conn:expr, $inner:ident => $body:expr) => {
        match $conn {
            $crate::db::AnyConnection::Sqlite($inner) => $body,
            $crate::db::AnyConnection::Postgres($inner) => $body,
        }
    };
}
pub(super) use on_both;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    Sqlite,
    Postgres,
}

/// Chosen strictly by its scheme: a mistyped PostgreSQL address must never become a new SQLite file.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    Sqlite(String),
    Postgres(String),
}

impl DatabaseUrl {
    pub fn backend(&self) -> Backend {
        match self {
            Self::Sqlite(_) => Backend::Sqlite,
            Self::Postgres(_) => Backend::Postgres,
        }
    }

    /// The file of an embedded database.
    pub fn file(&self) -> Option<&str> {
        match self {
            Self::Sqlite(file) => Some(file),
            Self::Postgres(_) => None,
        }
    }
}

impl FromStr for DatabaseUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(file) = text.strip_prefix("sqlite://") {
            if file.is_empty() {
                return Err("the database URL names no file: write sqlite://keywright.db".into());
            }
            return Ok(Self::Sqlite(file.to_owned()));
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres(text.to_owned()));
        }
        Err("the database URL must begin with sqlite:// or postgres://".into())
    }
}

/// How long a writer waits for its turn, and then for what another process holds locked, before it says 503.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);
/// The same for what isn't worth waiting for.
const BRIEFLY: Duration = Duration::from_millis(100);
/// The longest statement, in the database itself.
pub(super) const LONGEST_STATEMENT: Duration = Duration::from_secs(30);
/// How long a request waits for a free connection: when the database is gone, that is how long it takes to say so.
const CONNECTION_PATIENCE: Duration = Duration::from_secs(3);
/// Connections that writers leave to those who read.
const FOR_READERS: u32 = 4;

/// Without these libpq waits for minutes for a server that has vanished without a word: for the answer to a new connection,
/// for what was sent to be received (milliseconds), and between the signs of life on an idle one.
const NOTICE_ITS_ABSENCE: [(&str, &str); 5] = [
    ("connect_timeout", "3"),
    ("tcp_user_timeout", "5000"),
    ("keepalives_idle", "10"),
    ("keepalives_interval", "5"),
    ("keepalives_count", "3"),
];

struct Manager {
    url: DatabaseUrl,
    queries: Arc<AtomicU64>,
}

impl Manager {
    fn establish(&self) -> Result<AnyConnection, ConnectionError> {
        let mut conn = match &self.url {
            DatabaseUrl::Sqlite(file) => {
                let mut conn = SqliteConnection::establish(file)?;
                // synchronous=FULL: what was answered "done" survives a power cut. Nothing here writes to the file: it may
                // be another program's. That it is in WAL stands in the file itself, since its migration.
                conn.batch_execute(&format!(
                    "PRAGMA busy_timeout = {}; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
                     PRAGMA secure_delete = ON;",
                    PATIENCE.as_millis()
                ))
                .map_err(ConnectionError::CouldntSetupConfiguration)?;
                AnyConnection::Sqlite(conn)
            }
            DatabaseUrl::Postgres(url) => {
                let mut conn = PgConnection::establish(&noticing(url))?;
                conn.batch_execute(&format!(
                    "SET TIME ZONE 'UTC'; SET lock_timeout = {}; SET statement_timeout = {};",
                    PATIENCE.as_millis(),
                    LONGEST_STATEMENT.as_millis()
                ))
                .map_err(ConnectionError::CouldntSetupConfiguration)?;
                AnyConnection::Postgres(conn)
            }
        };
        let queries = Arc::clone(&self.queries);
        conn.set_instrumentation(move |event: InstrumentationEvent<'_>| {
            if matches!(event, InstrumentationEvent::StartQuery { .. }) {
                queries.fetch_add(1, Ordering::Relaxed);
            }
        });
        Ok(conn)
    }
}

/// The address with what it doesn't say itself about a server that is gone.
fn noticing(url: &str) -> String {
    let missing = NOTICE_ITS_ABSENCE.iter().filter(|(name, _)| !url.contains(&format!("{name}=")));
    missing.fold(url.to_owned(), |url, (name, value)| {
        let joined_by = if url.contains('?') { '&' } else { '?' };
        format!("{url}{joined_by}{name}={value}")
    })
}

impl r2d2::ManageConnection for Manager {
    type Connection = AnyConnection;
    type Error = ConnectionError;

    fn connect(&self) -> Result<AnyConnection, ConnectionError> {
        self.establish()
    }

    fn is_valid(&self, conn: &mut AnyConnection) -> Result<(), ConnectionError> {
        match conn {
            // A file can't hang up.
            AnyConnection::Sqlite(_) => Ok(()),
            AnyConnection::Postgres(conn) => {
                conn.batch_execute("SELECT 1").map_err(ConnectionError::CouldntSetupConfiguration)
            }
        }
    }

    fn has_broken(&self, conn: &mut AnyConnection) -> bool {
        std::thread::panicking() || on_both!(conn, conn => AnsiTransactionManager::is_broken_transaction_manager(conn))
    }
}

/// The database, shared by all requests and jobs.
#[derive(Clone)]
pub struct Db {
    pool: r2d2::Pool<Manager>,
    backend: Backend,
    queries: Arc<AtomicU64>,
    turns: Arc<Turns>,
}

impl Db {
    /// Opens a pool of `size` connections. Nothing is migrated yet.
    pub fn open(url: &DatabaseUrl, size: u32) -> Result<Self> {
        let queries = Arc::new(AtomicU64::new(0));
        if let DatabaseUrl::Sqlite(file) = url {
            make_private(file);
        }
        let manager = Manager { url: url.clone(), queries: Arc::clone(&queries) };
        // Fails early and with the database's own words; the pool would only say that it timed out.
        manager.establish().map_err(|error| Error::Unavailable(error.to_string()))?;
        let pool = r2d2::Pool::builder()
            .max_size(size)
            .min_idle(Some(1))
            .connection_timeout(CONNECTION_PATIENCE)
            .test_on_check_out(url.backend() == Backend::Postgres)
            .error_handler(Box::new(LogPoolErrors))
            .build(manager)
            .map_err(|error| Error::Unavailable(error.to_string()))?;
        // SQLite has one writer at a time anyway.
        let turns = match url.backend() {
            Backend::Sqlite => 1,
            Backend::Postgres => size.saturating_sub(FOR_READERS),
        };
        Ok(Self { pool, backend: url.backend(), queries, turns: Arc::new(Turns::new(turns as usize)) })
    }

    pub fn backend(&self) -> Backend {
        self.backend
    }

    /// Statements begun since the start.
    pub fn queries(&self) -> u64 {
        self.queries.load(Ordering::Relaxed)
    }

    pub fn pool_state(&self) -> r2d2::State {
        self.pool.state()
    }

    pub fn reads(&self) -> ReadHandle {
        ReadHandle(self.clone())
    }

    /// Blocks: call it off the async threads.
    pub fn read<T, E: From<Error>>(&self, work: impl FnOnce(&mut Reader<'_>) -> Result<T, E>) -> Result<T, E> {
        let mut conn = self.checkout()?;
        work(&mut Reader { conn: &mut conn })
    }

    /// One transaction: everything that `work` did stands, or nothing. Blocks: call it off the async threads.
    pub fn write<T, E: From<Error>>(&self, work: impl FnOnce(&mut Writer<'_>) -> Result<T, E>) -> Result<T, E> {
        let _turn = self.turns.wait(PATIENCE).ok_or_else(too_many)?;
        let mut conn = self.checkout()?;
        transaction(&mut conn, work)
    }

    /// The same for what isn't worth waiting for: where others hold what it needs, it is not done.
    pub fn write_briefly<T, E: From<Error>>(&self, work: impl FnOnce(&mut Writer<'_>) -> Result<T, E>) -> Result<T, E> {
        let _turn = self.turns.wait(BRIEFLY).ok_or_else(too_many)?;
        let mut conn = self.checkout()?;
        wait_for_locks(&mut conn, BRIEFLY).map_err(Error::from)?;
        let done = transaction(&mut conn, work);
        wait_for_locks(&mut conn, PATIENCE).map_err(Error::from)?;
        done
    }

    fn checkout(&self) -> Result<r2d2::PooledConnection<Manager>> {
        self.pool.get().map_err(|error| Error::Unavailable(error.to_string()))
    }
}

fn too_many() -> Error {
    Error::Unavailable("too many wait to write".into())
}

fn transaction<T, E: From<Error>>(
    conn: &mut AnyConnection,
    work: impl FnOnce(&mut Writer<'_>) -> Result<T, E>,
) -> Result<T, E> {
    begin(conn).map_err(Error::from)?;
    let done = work(&mut Writer { reader: Reader { conn } });
    match done {
        Ok(value) => {
            on_both!(conn, conn => AnsiTransactionManager::commit_transaction(conn)).map_err(Error::from)?;
            Ok(value)
        }
        Err(error) => {
            let undone = on_both!(conn, conn => AnsiTransactionManager::rollback_transaction(conn));
            if let Err(fault) = undone {
                tracing::warn!(%fault, "a transaction could not be rolled back; its connection is dropped");
            }
            Err(error)
        }
    }
}

/// How long this connection waits for what others hold locked.
fn wait_for_locks(conn: &mut AnyConnection, at_most: Duration) -> diesel::QueryResult<()> {
    let millis = at_most.as_millis();
    match conn {
        AnyConnection::Sqlite(conn) => conn.batch_execute(&format!("PRAGMA busy_timeout = {millis}")),
        AnyConnection::Postgres(conn) => conn.batch_execute(&format!("SET lock_timeout = {millis}")),
    }
}

/// A new database file is its owner's alone; SQLite gives the files beside it the same rights.
fn make_private(file: &str) {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    // It exists, or it can't be made: SQLite then says why.
    options.open(file).ok();
}

/// SQLite takes the write lock at once: a transaction that reads first and then wants to write would fail half-way.
fn begin(conn: &mut AnyConnection) -> diesel::QueryResult<()> {
    match conn {
        AnyConnection::Sqlite(conn) => AnsiTransactionManager::begin_transaction_sql(conn, "BEGIN IMMEDIATE"),
        AnyConnection::Postgres(conn) => AnsiTransactionManager::begin_transaction(conn),
    }
}

/// What pages get: reading only.
#[derive(Clone)]
pub struct ReadHandle(Db);

impl ReadHandle {
    /// Blocks: call it off the async threads.
    pub fn read<T, E: From<Error>>(&self, work: impl FnOnce(&mut Reader<'_>) -> Result<T, E>) -> Result<T, E> {
        self.0.read(work)
    }

    /// Statements begun since the start.
    pub fn queries(&self) -> u64 {
        self.0.queries()
    }
}

pub struct Reader<'c> {
    conn: &'c mut AnyConnection,
}

impl Reader<'_> {
    pub(super) fn conn(&mut self) -> &mut AnyConnection {
        self.conn
    }
}

/// A reader inside a transaction that may write.
pub struct Writer<'c> {
    reader: Reader<'c>,
}

impl<'c> std::ops::Deref for Writer<'c> {
    type Target = Reader<'c>;

    fn deref(&self) -> &Reader<'c> {
        &self.reader
    }
}

impl std::ops::DerefMut for Writer<'_> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.reader
    }
}

/// The pool's own default prints to the log crate; here it goes where everything else goes.
#[derive(Debug)]
struct LogPoolErrors;

impl r2d2::HandleError<ConnectionError> for LogPoolErrors {
    fn handle_error(&self, error: ConnectionError) {
        tracing::warn!(%error, "the database can't be reached");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_keeps_what_it_says_of_a_server_that_is_gone() {
        let plain = noticing("postgres://u@h/d");
        assert!(plain.starts_with("postgres://u@h/d?connect_timeout=3&tcp_user_timeout=5000&"), "{plain}");
        let own = noticing("postgres://u@h/d?connect_timeout=9&application_name=x");
        assert!(own.starts_with("postgres://u@h/d?connect_timeout=9&application_name=x&tcp_user_timeout"), "{own}");
    }

    #[test]
    fn the_scheme_decides() {
        assert!(matches!("sqlite://k.db".parse(), Ok(DatabaseUrl::Sqlite(file)) if file == "k.db"));
        assert!(matches!("postgres://u@h/d".parse(), Ok(DatabaseUrl::Postgres(_))));
        for bad in ["", "k.db", "postgre://u@h/d", "sqlite://", "mysql://h", "POSTGRES://h"] {
            assert!(bad.parse::<DatabaseUrl>().is_err(), "{bad}");
        }
    }
}
