//! A portal for one test: its own database, port, mail folder and clock. It ends with the test.

use std::net::TcpListener;
use std::sync::{OnceLock, mpsc};
use std::thread;

use actix_web::dev::{Server, ServerHandle};
use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection, RunQueryDsl, SqliteConnection};
use keywright::app::Application;
use keywright::clock::{Clock, Timestamp};
use keywright::config::{Config, Mail};
use keywright::crypto::keys::Keys;
use keywright::crypto::random;
use keywright::db::DatabaseUrl;
use keywright::operations::fill::Company;

pub struct TestPortal {
    pub url: String,
    pub application: Application,
    pub clock: Clock,
    /// Holds the database file and the mail.
    pub folder: tempfile::TempDir,
    pub config: Config,
    /// See `partner`.
    pub(super) partner: OnceLock<Company>,
    server: ServerHandle,
    running: Option<thread::JoinHandle<()>>,
    /// Dropped last: the database goes with it.
    _postgres: Option<EmptyDatabase>,
}

impl TestPortal {
    /// A portal with an empty database, at noon of a fixed day.
    pub fn spawn() -> Self {
        Self::spawn_with(|_| {})
    }

    pub fn spawn_with(change: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let listen = listener.local_addr().expect("its address");
        let postgres = EmptyDatabase::on_postgres();
        let database_url = match &postgres {
            Some(database) => database.url.clone(),
            None => format!("sqlite://{}", folder.path().join("keywright.db").display()),
        };
        let mut config = Config {
            listen,
            public_url: format!("http://{listen}"),
            database_url: database_url.parse().expect("a database URL"),
            key_file: folder.path().join("keywright.key"),
            mail: Mail::Folder(folder.path().join("mail")),
            mail_from: "Keywright <keywright@localhost>".into(),
            registration_open: false,
            trusted_proxies: Vec::new(),
            log: "off".into(),
            log_json: false,
            purge_interval_seconds: 3_600,
            grace_days: 14,
            provider: None,
        };
        change(&mut config);
        let clock = Clock::movable(Timestamp::from_form_value("2026-11-21T12:00").expect("a time"));
        let application =
            Application::open_with(&config, clock.clone(), Keys::ephemeral()).expect("the application opens");
        let serving = application.clone();
        let (server, running) = run_on(listener, move |listener| serving.server(listener).expect("the server starts"));
        Self {
            url: config.public_url.clone(),
            application,
            clock,
            folder,
            config,
            partner: OnceLock::new(),
            server,
            running,
            _postgres: postgres,
        }
    }

    /// The same on the system's time, for tests that start the program itself: its clock can't be moved.
    pub fn on_real_time() -> Self {
        let portal = Self::spawn();
        portal.clock.set(Clock::System.now());
        portal
    }

    /// The address of the database, as the program is told it.
    pub fn database_url(&self) -> String {
        match &self.config.database_url {
            DatabaseUrl::Sqlite(file) => format!("sqlite://{file}"),
            DatabaseUrl::Postgres(url) => url.clone(),
        }
    }

    pub fn is_on_postgres(&self) -> bool {
        matches!(self.config.database_url, DatabaseUrl::Postgres(_))
    }

    /// A second instance on the same database, with the same keys and clock.
    pub fn another_instance(&self) -> Instance {
        let application = self.application.clone();
        run(move |listener| application.server(listener).expect("the server starts"))
    }
}

/// A further server beside a portal, on a port of its own.
pub struct Instance {
    pub url: String,
    server: ServerHandle,
    running: Option<thread::JoinHandle<()>>,
}

/// Runs a server on a free port until the instance is dropped.
pub fn run(build: impl FnOnce(TcpListener) -> Server + Send + 'static) -> Instance {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("its address"));
    let (server, running) = run_on(listener, build);
    Instance { url, server, running }
}

fn run_on(
    listener: TcpListener,
    build: impl FnOnce(TcpListener) -> Server + Send + 'static,
) -> (ServerHandle, Option<thread::JoinHandle<()>>) {
    // The server is built inside its own thread: actix ties it to the runtime there.
    let (handle_out, handle_in) = mpsc::channel();
    let running = thread::spawn(move || {
        actix_web::rt::System::new().block_on(async move {
            let server = build(listener);
            handle_out.send(server.handle()).expect("the test waits");
            server.await.expect("the server runs");
        });
    });
    (handle_in.recv().expect("the server starts"), Some(running))
}

fn stop(server: &ServerHandle, running: &mut Option<thread::JoinHandle<()>>) {
    let stopping = server.stop(false);
    actix_web::rt::System::new().block_on(stopping);
    if let Some(running) = running.take() {
        running.join().ok();
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        stop(&self.server, &mut self.running);
    }
}

impl Drop for TestPortal {
    fn drop(&mut self) {
        stop(&self.server, &mut self.running);
    }
}

/// A PostgreSQL database for one test, dropped after it.
pub struct EmptyDatabase {
    maintenance: String,
    name: String,
    pub url: String,
}

impl EmptyDatabase {
    /// `None` when the suite runs on SQLite.
    pub fn on_postgres() -> Option<Self> {
        let maintenance = std::env::var("TEST_DATABASE").ok().filter(|url| url.starts_with("postgres"))?;
        let name = format!("keywright_{}", &random::token()[..16]);
        let mut conn = PgConnection::establish(&maintenance).expect("the test server answers");
        diesel::sql_query(format!("CREATE DATABASE {name}")).execute(&mut conn).expect("a database for the test");
        let mut url = url::Url::parse(&maintenance).expect("a URL");
        url.set_path(&name);
        Some(Self { url: url.to_string(), maintenance, name })
    }
}

impl Drop for EmptyDatabase {
    fn drop(&mut self) {
        if let Ok(mut conn) = PgConnection::establish(&self.maintenance) {
            diesel::sql_query(format!("DROP DATABASE {} WITH (FORCE)", self.name)).execute(&mut conn).ok();
        }
    }
}

#[derive(diesel::QueryableByName)]
struct Number {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    n: i64,
}

#[derive(diesel::QueryableByName)]
struct Words {
    #[diesel(sql_type = diesel::sql_types::Text)]
    words: String,
}

/// What somebody with the database's own tools can do.
impl TestPortal {
    /// Runs one statement, and answers with how many rows it touched.
    pub fn sql(&self, statement: &str) -> usize {
        match &self.config.database_url {
            DatabaseUrl::Sqlite(file) => diesel::sql_query(statement).execute(&mut sqlite(file)),
            DatabaseUrl::Postgres(url) => diesel::sql_query(statement).execute(&mut postgres(url)),
        }
        .expect("the statement runs")
    }

    /// A number, by a query that calls it `n`.
    pub fn number(&self, query: &str) -> i64 {
        let number: Number = match &self.config.database_url {
            DatabaseUrl::Sqlite(file) => diesel::sql_query(query).get_result(&mut sqlite(file)),
            DatabaseUrl::Postgres(url) => diesel::sql_query(query).get_result(&mut postgres(url)),
        }
        .expect("the query runs");
        number.n
    }

    /// A text, by a query that calls it `words`.
    pub fn text(&self, query: &str) -> String {
        let words: Words = match &self.config.database_url {
            DatabaseUrl::Sqlite(file) => diesel::sql_query(query).get_result(&mut sqlite(file)),
            DatabaseUrl::Postgres(url) => diesel::sql_query(query).get_result(&mut postgres(url)),
        }
        .expect("the query runs");
        words.words
    }

    /// The audit events whose word begins so, oldest first: the word, and the changes as they are stored.
    pub fn events(&self, beginning: &str) -> Vec<(String, String)> {
        let all = self.application.db.read(|reader| keywright::db::audit::after(reader, 0, 10_000)).expect("the trail");
        let wanted = all.into_iter().filter(|event| event.action.starts_with(beginning));
        wanted.map(|event| (event.action, event.changes)).collect()
    }

    /// Everything that the database keeps: the bytes of its files, or every row of every table as text.
    pub fn everything_kept(&self) -> Vec<u8> {
        match &self.config.database_url {
            DatabaseUrl::Sqlite(file) => ["", "-wal", "-shm"]
                .into_iter()
                .flat_map(|ending| std::fs::read(format!("{file}{ending}")).unwrap_or_default())
                .collect(),
            DatabaseUrl::Postgres(url) => {
                let mut conn = postgres(url);
                let rows = |conn: &mut PgConnection, query: &str| -> Vec<String> {
                    let rows: Vec<Words> = diesel::sql_query(query).load(conn).expect("the query runs");
                    rows.into_iter().map(|row| row.words).collect()
                };
                let tables = "SELECT tablename::text AS words FROM pg_tables WHERE schemaname = 'public'";
                rows(&mut conn, tables)
                    .iter()
                    .flat_map(|table| rows(&mut conn, &format!("SELECT t::text AS words FROM {table} t")))
                    .collect::<Vec<_>>()
                    .join("\n")
                    .into_bytes()
            }
        }
    }
}

fn sqlite(file: &str) -> SqliteConnection {
    let mut conn = SqliteConnection::establish(file).expect("the file opens");
    conn.batch_execute("PRAGMA busy_timeout = 10000").expect("a pragma");
    conn
}

fn postgres(url: &str) -> PgConnection {
    PgConnection::establish(url).expect("the test server answers")
}
