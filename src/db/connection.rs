//! One connection type over both databases, a pool of it, and the two ways in: reading and writing.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use diesel::connection::{AnsiTransactionManager, InstrumentationEvent, SimpleConnection, TransactionManager};
use diesel::dsl::Limit;
use diesel::pg::PgConnection;
use diesel::query_dsl::methods::{LimitDsl, LoadQuery};
use diesel::sqlite::SqliteConnection;
use diesel::{Connection, ConnectionError, MultiConnection, RunQueryDsl};

use super::error::{Error, Result};
use super::turns::{Turn, Turns};

#[derive(MultiConnection)]
pub enum AnyConnection {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

/// Runs one body against the inner connection, compiled once for each database: for what the enum can't express
/// (ON CONFLICT, batch inserts), and for lists whose filters are put together, which it would write anew each time.
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

    /// As it can be shown: without its passwords. Not read by a library for URLs, since libpq lets it name several hosts.
    pub fn without_password(&self) -> String {
        let url = match self {
            Self::Sqlite(file) => return format!("sqlite://{file}"),
            Self::Postgres(url) => url,
        };
        let (scheme, rest) = url.split_once("://").unwrap_or(("postgres", ""));
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (user, hosts) = match authority.rsplit_once('@') {
            Some((user, hosts)) => (format!("{}@", user.split(':').next().unwrap_or_default()), hosts),
            None => (String::new(), authority),
        };
        let shown = format!("{scheme}://{user}{hosts}{path}");
        let Some((address, query)) = shown.split_once('?') else { return shown };
        let secret = |part: &&str| !part.starts_with("password=") && !part.starts_with("sslpassword=");
        let query: Vec<&str> = query.split('&').filter(secret).collect();
        if query.is_empty() { address.to_owned() } else { format!("{address}?{}", query.join("&")) }
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
/// What a connection to SQLite keeps of the file, in KiB: half of what it would by itself. There are many connections, and
/// behind them the system keeps the file too.
const KIB_OF_PAGES: u32 = 1_000;
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

/// Who else has a database open.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Opened {
    /// Any number of instances and commands.
    Shared,
    /// Nobody: a copy under a name that nobody knows. Nothing is to stand beside the file.
    Alone,
}

struct Manager {
    url: DatabaseUrl,
    opened: Opened,
    counts: Arc<Counts>,
}

impl Manager {
    fn establish(&self) -> Result<AnyConnection, ConnectionError> {
        let mut conn = match &self.url {
            DatabaseUrl::Sqlite(file) => {
                let mut conn = SqliteConnection::establish(file)?;
                // synchronous=FULL: what was answered "done" survives a power cut. A shared file may be another program's, so
                // nothing here writes to it: that it is in WAL stands in the file itself, since its migration.
                let journal = if self.opened == Opened::Alone { "PRAGMA journal_mode = DELETE;" } else { "" };
                conn.batch_execute(&format!(
                    "PRAGMA busy_timeout = {}; {journal} PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
                     PRAGMA secure_delete = ON; PRAGMA cache_size = -{KIB_OF_PAGES};",
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
        let counts = Arc::clone(&self.counts);
        conn.set_instrumentation(move |event: InstrumentationEvent<'_>| {
            if matches!(event, InstrumentationEvent::StartQuery { .. }) {
                counts.queries.fetch_add(1, Ordering::Relaxed);
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

/// What was counted since the start, for whoever watches.
#[derive(Debug, Default)]
struct Counts {
    queries: AtomicU64,
    checkouts: AtomicU64,
    waited_micros: AtomicU64,
    timeouts: AtomicU64,
    writers_waited_micros: AtomicU64,
    writers_refused: AtomicU64,
}

/// How the pool of connections does.
#[derive(Clone, Copy, Debug)]
pub struct PoolState {
    pub connections: u32,
    pub idle: u32,
    /// Statements begun since the start.
    pub queries: u64,
    /// Connections handed out since the start, and how long requests and jobs waited for them in all.
    pub checkouts: u64,
    pub waited: Duration,
    /// Requests and jobs that got none in time.
    pub timeouts: u64,
    /// Who waits for their turn to write, before they take a connection.
    pub writers_waiting: usize,
    /// How long writers waited for their turns in all, and how many got none.
    pub writers_waited: Duration,
    pub writers_refused: u64,
}

/// The database, shared by all requests and jobs.
#[derive(Clone)]
pub struct Db {
    pool: r2d2::Pool<Manager>,
    backend: Backend,
    counts: Arc<Counts>,
    turns: Arc<Turns>,
    opened: Opened,
    /// Says to `restore` that somebody has the file open. After the pool: it is let go of last.
    _in_use: Option<Arc<File>>,
}

impl Db {
    /// Opens a pool of `size` connections. Nothing is migrated yet.
    pub fn open(url: &DatabaseUrl, size: u32) -> Result<Self> {
        let in_use = match url {
            DatabaseUrl::Sqlite(file) => {
                let in_use = lock_of(file)?;
                match in_use.try_lock_shared() {
                    Ok(()) => {}
                    Err(TryLockError::WouldBlock) => {
                        return Err(Error::Unavailable("a backup is being restored here".into()));
                    }
                    Err(TryLockError::Error(error)) => return Err(Error::Unavailable(error.to_string())),
                }
                make_private(file);
                Some(Arc::new(in_use))
            }
            DatabaseUrl::Postgres(_) => None,
        };
        Self::pooled(url, size, Opened::Shared, in_use)
    }

    /// Opens a copy of an embedded database that nobody else knows, by one connection.
    pub(super) fn open_alone(file: &str) -> Result<Self> {
        Self::pooled(&DatabaseUrl::Sqlite(file.to_owned()), 1, Opened::Alone, None)
    }

    fn pooled(url: &DatabaseUrl, size: u32, opened: Opened, in_use: Option<Arc<File>>) -> Result<Self> {
        let counts = Arc::new(Counts::default());
        let manager = Manager { url: url.clone(), opened, counts: Arc::clone(&counts) };
        // Fails early and with the database's own words; the pool would only say that it timed out.
        manager.establish().map_err(|error| Error::Unavailable(error.to_string()))?;
        let pool = r2d2::Pool::builder()
            .max_size(size)
            .min_idle(Some(1))
            .connection_timeout(CONNECTION_PATIENCE)
            .test_on_check_out(url.backend() == Backend::Postgres)
            .error_handler(Box::new(LogPoolErrors))
            .event_handler(Box::new(CountCheckouts(Arc::clone(&counts))))
            .build(manager)
            .map_err(|error| Error::Unavailable(error.to_string()))?;
        // SQLite has one writer at a time anyway.
        let turns = match url.backend() {
            Backend::Sqlite => 1,
            Backend::Postgres => size.saturating_sub(FOR_READERS),
        };
        let turns = Arc::new(Turns::new(turns as usize));
        Ok(Self { pool, backend: url.backend(), counts, turns, opened, _in_use: in_use })
    }

    pub fn backend(&self) -> Backend {
        self.backend
    }

    /// Nobody else has it open, and nothing is to stand beside its file.
    pub(super) fn is_alone(&self) -> bool {
        self.opened == Opened::Alone
    }

    /// Statements begun since the start.
    pub fn queries(&self) -> u64 {
        self.counts.queries.load(Ordering::Relaxed)
    }

    pub fn pool_state(&self) -> PoolState {
        let (state, counts) = (self.pool.state(), &self.counts);
        PoolState {
            connections: state.connections,
            idle: state.idle_connections,
            queries: self.queries(),
            checkouts: counts.checkouts.load(Ordering::Relaxed),
            waited: Duration::from_micros(counts.waited_micros.load(Ordering::Relaxed)),
            timeouts: counts.timeouts.load(Ordering::Relaxed),
            writers_waiting: self.turns.waiting(),
            writers_waited: Duration::from_micros(counts.writers_waited_micros.load(Ordering::Relaxed)),
            writers_refused: counts.writers_refused.load(Ordering::Relaxed),
        }
    }

    pub fn reads(&self) -> ReadHandle {
        ReadHandle(self.clone())
    }

    /// Blocks: call it off the async threads.
    pub fn read<T, E: From<Error>>(&self, work: impl FnOnce(&mut Reader<'_>) -> Result<T, E>) -> Result<T, E> {
        let mut conn = self.checkout()?;
        work(&mut Reader { conn: &mut conn })
    }

    /// The same where several statements follow each other. On SQLite all that `work` reads is of one moment, and the file
    /// is locked once and not for each statement; on PostgreSQL the same would cost two more round trips.
    pub fn read_together<T, E: From<Error>>(&self, work: impl FnOnce(&mut Reader<'_>) -> Result<T, E>) -> Result<T, E> {
        self.read(|reader| {
            if let AnyConnection::Sqlite(conn) = reader.conn {
                AnsiTransactionManager::begin_transaction(conn).map_err(Error::from)?;
            }
            let done = work(reader);
            if let AnyConnection::Sqlite(conn) = reader.conn {
                // Nothing was written: the end of the transaction only lets the file go.
                AnsiTransactionManager::rollback_transaction(conn).map_err(Error::from)?;
            }
            done
        })
    }

    /// One transaction: everything that `work` did stands, or nothing. Blocks: call it off the async threads.
    pub fn write<T, E: From<Error>>(&self, work: impl FnOnce(&mut Writer<'_>) -> Result<T, E>) -> Result<T, E> {
        let _turn = self.turn()?;
        let mut conn = self.checkout()?;
        transaction(&mut conn, work)
    }

    fn turn(&self) -> Result<Turn<'_>> {
        let began = Instant::now();
        let turn = self.turns.wait(PATIENCE);
        let micros = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.counts.writers_waited_micros.fetch_add(micros, Ordering::Relaxed);
        if turn.is_none() {
            self.counts.writers_refused.fetch_add(1, Ordering::Relaxed);
        }
        turn.ok_or_else(too_many)
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

/// The file beside an embedded database that whoever has it open holds a lock of: shared, and alone while a backup takes
/// its place. The lock ends with the process, however that ends; the file stays, or two could hold a lock of it each.
/// Reading it is enough to lock it, so that it doesn't matter who made it.
pub(super) fn lock_of(file: &str) -> Result<File> {
    // Of the file itself: it may have several names, and they must not be locked apart.
    let mut name = place_of(file).into_os_string();
    name.push("-lock");
    let mut making = OpenOptions::new();
    making.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut making, 0o644);
    // It exists, or it can't be made: then it can't be opened either, and that says why.
    making.open(&name).ok();
    File::open(&name).map_err(|error| Error::Unavailable(format!("{}: {error}", name.display())))
}

/// Where a database file lies, or will: where the name is a link, what it leads to, which need not be there yet.
pub fn place_of(file: &str) -> PathBuf {
    let named = PathBuf::from(file);
    let led_to = || Some(named.parent()?.join(std::fs::read_link(&named).ok()?));
    std::fs::canonicalize(&named).ok().or_else(led_to).unwrap_or(named.clone())
}

/// A new database file is its owner's alone; SQLite gives the files beside it the same rights.
fn make_private(file: &str) {
    let mut options = OpenOptions::new();
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
    /// See [`Db::read_together`]. Blocks: call it off the async threads.
    pub fn read<T, E: From<Error>>(&self, work: impl FnOnce(&mut Reader<'_>) -> Result<T, E>) -> Result<T, E> {
        self.0.read_together(work)
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

    /// All rows of a query that pages or tokens are made of, by the database's own connection: asked through the enum,
    /// Diesel writes the SQL of a query anew, and more than once, each time.
    pub(super) fn all<'q, Q, T>(&mut self, query: Q) -> diesel::QueryResult<Vec<T>>
    where
        Q: RunQueryDsl<SqliteConnection> + LoadQuery<'q, SqliteConnection, T>,
        Q: RunQueryDsl<PgConnection> + LoadQuery<'q, PgConnection, T>,
    {
        match self.conn {
            AnyConnection::Sqlite(conn) => RunQueryDsl::<SqliteConnection>::load(query, conn),
            AnyConnection::Postgres(conn) => RunQueryDsl::<PgConnection>::load(query, conn),
        }
    }

    /// The one row of such a query, or its first.
    pub(super) fn one<'q, Q, T>(&mut self, query: Q) -> diesel::QueryResult<T>
    where
        Q: LimitDsl,
        Limit<Q>: RunQueryDsl<SqliteConnection> + LoadQuery<'q, SqliteConnection, T>,
        Limit<Q>: RunQueryDsl<PgConnection> + LoadQuery<'q, PgConnection, T>,
    {
        match self.conn {
            AnyConnection::Sqlite(conn) => RunQueryDsl::<SqliteConnection>::get_result(query.limit(1), conn),
            AnyConnection::Postgres(conn) => RunQueryDsl::<PgConnection>::get_result(query.limit(1), conn),
        }
    }
}

/// A reader inside a transaction that may write.
pub struct Writer<'c> {
    reader: Reader<'c>,
}

impl Writer<'_> {
    /// Lets SQLite keep in memory what a transaction of very many rows touches, from now on as long as the connection
    /// lasts: its indexes are written all over, and what has no room is written out and read again.
    pub(crate) fn make_room(&mut self) -> Result<()> {
        if let AnyConnection::Sqlite(conn) = self.reader.conn {
            conn.batch_execute("PRAGMA cache_size = -256000;")?;
        }
        Ok(())
    }
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

#[derive(Debug)]
struct CountCheckouts(Arc<Counts>);

impl r2d2::HandleEvent for CountCheckouts {
    fn handle_checkout(&self, event: r2d2::event::CheckoutEvent) {
        let micros = u64::try_from(event.duration().as_micros()).unwrap_or(u64::MAX);
        self.0.checkouts.fetch_add(1, Ordering::Relaxed);
        self.0.waited_micros.fetch_add(micros, Ordering::Relaxed);
    }

    fn handle_timeout(&self, _: r2d2::event::TimeoutEvent) {
        self.0.timeouts.fetch_add(1, Ordering::Relaxed);
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

    /// As `.cargo/config.toml` says, which Cargo reads where it is run.
    #[test]
    fn sqlite_is_compiled_as_meant() {
        #[derive(diesel::QueryableByName)]
        struct Compiled {
            #[diesel(sql_type = diesel::sql_types::Text)]
            compile_options: String,
        }
        let mut conn = SqliteConnection::establish(":memory:").unwrap();
        let options: Vec<Compiled> = diesel::sql_query("PRAGMA compile_options").load(&mut conn).unwrap();
        let has = |name: &str| options.iter().any(|option| option.compile_options == name);
        assert!(has("ENABLE_QPSG") && has("THREADSAFE=2") && has("DEFAULT_MEMSTATUS=0"));
        assert!(!has("ENABLE_STAT4") && !has("ENABLE_MEMORY_MANAGEMENT"));
    }

    #[test]
    fn a_password_is_not_shown() {
        let shown = |text: &str| text.parse::<DatabaseUrl>().unwrap().without_password();
        for (url, wanted) in [
            ("sqlite://k.db", "sqlite://k.db"),
            ("postgres://h/d", "postgres://h/d"),
            ("postgres://u:p@h:5432/d", "postgres://u@h:5432/d"),
            ("postgres://u:p@ss@h/d", "postgres://u@h/d"),
            ("postgres://u:p?q@h", "postgres://u@h"),
            (
                "postgresql://u:p@a:1,b:2/d?target_session_attrs=read-write",
                "postgresql://u@a:1,b:2/d?target_session_attrs=read-write",
            ),
            ("postgres://h/d?password=p", "postgres://h/d"),
            ("postgres://h/d?user=u&password=p&sslpassword=q&sslmode=require", "postgres://h/d?user=u&sslmode=require"),
        ] {
            assert_eq!(shown(url), wanted);
        }
    }
}
