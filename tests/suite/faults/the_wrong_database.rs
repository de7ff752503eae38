//! What can't be served is refused at the start: exit code 1, one line that says what to do, and nothing is written.

use std::path::{Path, PathBuf};
use std::process::Command;

use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};

use crate::support::{PROGRAM, Served, TestPortal};

/// Starts the program; it must refuse. Answers with what it says.
fn refusal(database: &str, key_file: &Path, command: &str) -> String {
    let output = Command::new(PROGRAM)
        .args(command.split(" "))
        .env_clear()
        .env("KEYWRIGHT_LISTEN", "127.0.0.1:0")
        .env("KEYWRIGHT_PUBLIC_URL", "http://127.0.0.1:1")
        .env("KEYWRIGHT_DATABASE_URL", database)
        .env("KEYWRIGHT_KEY_FILE", key_file)
        .env("KEYWRIGHT_LOG", "off")
        .output()
        .expect("the program runs");
    let said = String::from_utf8(output.stderr).expect("a text");
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    said
}

struct Files {
    folder: tempfile::TempDir,
}

impl Files {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn url(&self, name: &str) -> String {
        format!("sqlite://{}", self.path(name).display())
    }

    /// A database that was served once, and its key file.
    fn served(&self) {
        let (url, key) = (self.url("good.db"), self.path("good.key").display().to_string());
        let served = Served::start("info", &[("KEYWRIGHT_DATABASE_URL", &url), ("KEYWRIGHT_KEY_FILE", &key)]);
        assert_eq!(super::status(&super::asker(), &format!("{}/healthz", served.url)), 200);
        assert!(served.terminate());
    }

    fn refuses(&self, database: &str, words: &str) {
        let before = std::fs::read(self.path(database)).unwrap_or_default();
        let said = refusal(&self.url(database), &self.path("good.key"), "serve");
        assert!(said.contains(words), "{database}: {said}");
        assert_eq!(std::fs::read(self.path(database)).unwrap_or_default(), before, "{database} was written to");
    }
}

fn run(file: &Path, statements: &str) {
    let mut conn = SqliteConnection::establish(file.to_str().unwrap()).unwrap();
    conn.batch_execute(statements).unwrap();
}

#[test]
fn a_file_that_is_no_whole_database_of_keywright_is_left_alone() {
    let files = Files::new();
    files.served();
    let good = std::fs::read(files.path("good.db")).unwrap();
    std::fs::write(files.path("text.db"), "Dear diary, this is a text and no database at all.\n".repeat(50)).unwrap();
    files.refuses("text.db", "name the right one, or restore a backup");
    std::fs::write(files.path("cut.db"), &good[..good.len() / 3]).unwrap();
    files.refuses("cut.db", "restore a backup");
    std::fs::write(files.path("stub.db"), &good[..50]).unwrap();
    files.refuses("stub.db", "restore a backup");
    run(&files.path("other.db"), "CREATE TABLE notes (text TEXT); INSERT INTO notes VALUES ('mine');");
    files.refuses("other.db", "belongs to another program, and nothing was changed in it");
    run(&files.path("clients.db"), "CREATE TABLE clients (name TEXT);");
    files.refuses("clients.db", "belongs to another program");
    // Another program that keeps its migrations as this one does.
    run(
        &files.path("diesel.db"),
        "CREATE TABLE posts (id INTEGER); CREATE TABLE __diesel_schema_migrations (version VARCHAR(50) PRIMARY KEY NOT NULL, run_on TIMESTAMP); \
         INSERT INTO __diesel_schema_migrations (version) VALUES ('20200101000001');",
    );
    files.refuses("diesel.db", "belongs to another program");
    std::fs::create_dir(files.path("folder.db")).unwrap();
    let said = refusal(&files.url("folder.db"), &files.path("good.key"), "serve");
    assert!(said.contains("can't be opened"), "{said}");
    std::fs::write(files.path("newer.db"), &good).unwrap();
    run(&files.path("newer.db"), "INSERT INTO __diesel_schema_migrations (version) VALUES ('29990101000001');");
    files.refuses("newer.db", "newer release of Keywright: run that release, or restore a backup");
}

#[test]
fn another_program_s_tables_on_a_server_are_left_alone() {
    let portal = TestPortal::spawn();
    if !portal.is_on_postgres() {
        return;
    }
    let key = portal.folder.path().join("a.key");
    portal.sql("DELETE FROM __diesel_schema_migrations");
    let tables = "SELECT count(*) AS n FROM information_schema.tables WHERE table_schema = 'public'";
    let before = portal.number(tables);
    let said = refusal(&portal.database_url(), &key, "serve");
    assert!(said.contains("belongs to another program"), "{said}");
    portal.sql("INSERT INTO __diesel_schema_migrations (version) VALUES ('20260101000000')");
    assert!(refusal(&portal.database_url(), &key, "migrate").contains("belongs to another program"));
    assert_eq!(portal.number(tables), before);
}

#[test]
fn a_newer_release_s_database_on_a_server_is_left_alone() {
    let portal = TestPortal::spawn();
    if !portal.is_on_postgres() {
        return;
    }
    portal.sql("INSERT INTO __diesel_schema_migrations (version) VALUES ('29990101000001')");
    let key = portal.folder.path().join("a.key");
    for command in ["serve", "migrate"] {
        let said = refusal(&portal.database_url(), &key, command);
        assert!(said.contains("newer release of Keywright: run that release, or restore a backup"), "{said}");
    }
}

#[test]
fn the_key_file_must_be_whole_and_the_database_s_own() {
    let files = Files::new();
    files.served();
    let said = |key: &str| refusal(&files.url("good.db"), &files.path(key), "serve");
    std::fs::write(files.path("short.key"), "short").unwrap();
    assert!(said("short.key").contains("is damaged, it must hold 64 bytes: restore it from a backup"));
    std::fs::create_dir(files.path("folder.key")).unwrap();
    assert!(said("folder.key").contains("can't read the key file"));
    std::fs::write(files.path("other.key"), [7; 64]).unwrap();
    let words = "the database was used with another key file than";
    assert!(said("other.key").contains(words));
    // One that is not there would be made, and is no better.
    assert!(said("missing.key").contains(words));
    // What is sealed with it by the one could not be opened by those that serve with the other.
    let by_command = refusal(&files.url("good.db"), &files.path("other.key"), "keys rotate");
    assert!(by_command.contains(words), "{by_command}");
    // Who has lost it goes on as the line says.
    let (url, key) = (files.url("good.db"), files.path("other.key").display().to_string());
    let wanted = [("KEYWRIGHT_DATABASE_URL", url.as_str()), ("KEYWRIGHT_KEY_FILE", key.as_str())];
    let rotated = Command::new(PROGRAM).args(["keys", "rotate", "--now"]).env_clear().envs(wanted).output().unwrap();
    assert!(rotated.status.success(), "{}", String::from_utf8_lossy(&rotated.stderr));
    Served::start("info", &wanted);
}
