//! `keywright backup` and `restore`: what was acknowledged is in the copy, the copy comes back exactly, and a refusal
//! leaves everything as it was.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use keywright::db::DatabaseUrl;

use crate::support::{Ran, Served, Snapshot, TestPortal, command};

/// A portal on SQLite, whatever the rest of the suite runs on.
fn embedded() -> TestPortal {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("keywright.db");
    let mut portal =
        TestPortal::spawn_with(|config| config.database_url = format!("sqlite://{}", file.display()).parse().unwrap());
    portal.folder = folder;
    portal
}

fn file_of(portal: &TestPortal) -> PathBuf {
    portal.config.database_url.file().expect("a file").into()
}

fn run(database: &Path, arguments: &[&str]) -> Ran {
    command(database.parent().expect("a folder"), &format!("sqlite://{}", database.display()), arguments)
}

fn snapshot(database: &Path) -> Snapshot {
    Snapshot::of(&DatabaseUrl::Sqlite(database.display().to_string()))
}

fn open(database: &Path) -> SqliteConnection {
    SqliteConnection::establish(&database.display().to_string()).expect("it opens")
}

#[derive(QueryableByName)]
struct Word {
    #[diesel(sql_type = Text)]
    word: String,
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

fn count(database: &Path, table: &str) -> i64 {
    diesel::sql_query(format!("SELECT count(*) AS n FROM {table}"))
        .get_result::<Number>(&mut open(database))
        .expect("a number")
        .n
}

/// Every file of a folder with its bytes. SQLite's index of the WAL changes by reading.
fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.is_file() && !path.to_string_lossy().ends_with("-shm"))
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(&path).expect("a file")))
        .collect()
}

/// Tells writers to stop, also when the test fails.
struct StopsAtTheEnd<'a>(&'a AtomicBool);

impl Drop for StopsAtTheEnd<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// `TEST_BACKUPS=200` takes a minute.
fn how_many() -> usize {
    std::env::var("TEST_BACKUPS").ok().and_then(|count| count.parse().ok()).unwrap_or(6)
}

#[test]
fn every_backup_under_load_is_whole_and_holds_what_was_acknowledged() {
    let portal = embedded();
    let company = portal.company("northwind");
    let (acknowledged, stop) = (Mutex::new(Vec::<String>::new()), AtomicBool::new(false));
    let so_far = || acknowledged.lock().unwrap().clone();
    thread::scope(|scope| {
        let _stops = StopsAtTheEnd(&stop);
        for writer in 0..4 {
            let (portal, company, acknowledged, stop) = (&portal, &company, &acknowledged, &stop);
            scope.spawn(move || {
                for number in 0.. {
                    if stop.load(Ordering::SeqCst) {
                        return;
                    }
                    let name = format!("Shop {writer} {number}");
                    portal.service(company, &name);
                    acknowledged.lock().unwrap().push(name);
                }
            });
        }
        for number in 0..how_many() {
            let file = portal.folder.path().join(format!("copy {number}.db"));
            while so_far().is_empty() {
                thread::yield_now();
            }
            let before = so_far();
            let ran = run(&file_of(&portal), &["backup", file.to_str().unwrap()]);
            let after = so_far().len();
            assert_eq!((ran.code, ran.reason.as_str()), (0, ""));
            assert!(after > before.len(), "nobody wrote meanwhile: {after}");
            assert!(ran.printed.contains("events is whole"), "{}", ran.printed);
            assert!(ran.printed.contains("keywright.key"), "the key file is needed too: {}", ran.printed);
            assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);

            let services: Vec<Word> =
                diesel::sql_query("SELECT name AS word FROM services").load(&mut open(&file)).unwrap();
            let kept: Vec<String> = services.into_iter().map(|row| row.word).collect();
            let missing: Vec<&String> = before.iter().filter(|name| !kept.contains(name)).collect();
            assert!(missing.is_empty(), "acknowledged and not in the backup: {missing:?}");
            // Of each service one event, of the same transaction.
            let events = diesel::sql_query("SELECT count(*) AS n FROM audit_events WHERE action = 'service.added'");
            assert_eq!(events.get_result::<Number>(&mut open(&file)).unwrap().n, kept.len() as i64);
            // What it said of the chain, another look confirms.
            let verified = run(&file, &["audit", "verify"]);
            assert_eq!(verified.code, 0, "{}", verified.reason);
            let hash = verified.printed.split_whitespace().last().unwrap();
            assert!(ran.printed.contains(hash), "{} and {}", ran.printed, verified.printed);
        }
    });
    let left: Vec<String> = contents(portal.folder.path()).into_keys().filter(|name| name.contains(".part")).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_restore_gives_exactly_what_was_backed_up_and_keeps_what_was_there() {
    let portal = embedded();
    let company = portal.company("northwind");
    portal.things(&company);
    let before = portal.snapshot();
    let backup = portal.folder.path().join("backup.db");
    assert_eq!(run(&file_of(&portal), &["backup", "backup.db"]).code, 0);
    portal.service(&company, "Added since");
    assert_ne!(before.differences(&portal.snapshot()), [""; 0]);

    // Another database with a life of its own, cut off in the middle: not everything is in its main file yet.
    let served = Served::start("off,keywright=info", &[]);
    let folder = std::sync::Arc::clone(&served.folder);
    served.stop();
    let place = folder.path().join("keywright.db");
    assert!(fs::metadata(folder.path().join("keywright.db-wal")).unwrap().len() > 0);

    let ran = run(&place, &["restore", backup.to_str().unwrap()]);
    assert_eq!((ran.code, ran.reason.as_str()), (0, ""));
    assert_eq!(before.differences(&snapshot(&place)), [""; 0]);
    assert_eq!(fs::metadata(&place).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(run(&place, &["audit", "verify"]).code, 0);
    assert!(backup.exists(), "a backup can be restored again");

    // What stood there is named, and is all there.
    let aside = folder.path().join("keywright.db.before-restore-1");
    assert!(ran.printed.contains(aside.to_str().unwrap()), "{}", ran.printed);
    assert_eq!((count(&aside, "setup_links"), count(&place, "setup_links")), (1, 0));

    // A second time: the first one put aside stays.
    let ran = run(&place, &["restore", backup.to_str().unwrap()]);
    assert_eq!(ran.code, 0, "{}", ran.reason);
    assert!(ran.printed.contains("before-restore-2"), "{}", ran.printed);
    assert_eq!(count(&aside, "setup_links"), 1);
    assert_eq!(before.differences(&snapshot(&place)), [""; 0]);
}

/// A portal that is set up, with a service, and a backup of it.
fn backed_up() -> (TestPortal, PathBuf) {
    let portal = embedded();
    portal.operator();
    let company = portal.company("northwind");
    portal.service(&company, "Kept");
    assert_eq!(run(&file_of(&portal), &["backup", "backup.db"]).code, 0);
    let backup = portal.folder.path().join("backup.db");
    (portal, backup)
}

#[test]
fn the_server_goes_on_with_what_was_restored() {
    let (_portal, backup) = backed_up();
    let served = Served::start("off,keywright=info", &[]);
    let database = served.folder.path().join("keywright.db");

    let refused = run(&database, &["restore", backup.to_str().unwrap()]);
    assert_eq!(refused.code, 1);
    assert!(refused.reason.contains("the server is running on it"), "{}", refused.reason);
    assert_eq!((count(&database, "services"), count(&database, "tenants")), (0, 0));
    assert!(!served.folder.path().join("keywright.db.before-restore-1").exists());
    let ready = |served: &Served| reqwest::blocking::get(format!("{}/readyz", served.url)).unwrap().status().as_u16();
    assert_eq!(ready(&served), 200);

    let (folder, restored) = (std::sync::Arc::clone(&served.folder), std::cell::Cell::new(false));
    let served = served.restart_after(|| {
        restored.set(run(&database, &["restore", backup.to_str().unwrap()]).code == 0);
    });
    assert!(restored.get());
    assert_eq!(ready(&served), 200);
    assert!(served.setup_link().is_none(), "it is set up");
    assert_eq!(count(&folder.path().join("keywright.db"), "services"), count(&backup, "services"));
}

#[test]
fn a_link_to_the_database_stays_a_link() {
    let (portal, backup) = backed_up();
    let served = Served::start("off,keywright=info", &[]);
    let database = served.folder.path().join("keywright.db");
    let elsewhere = tempfile::tempdir().unwrap();
    let link = elsewhere.path().join("link.db");
    std::os::unix::fs::symlink(&database, &link).unwrap();

    // Who has the file open under its own name holds it under the other too.
    let refused = run(&link, &["restore", backup.to_str().unwrap()]);
    assert!(refused.reason.contains("the server is running on it"), "{}", refused.reason);
    let folder = std::sync::Arc::clone(&served.folder);
    assert!(served.terminate());
    let ran = run(&link, &["restore", backup.to_str().unwrap()]);
    assert_eq!(ran.code, 0, "{}", ran.reason);
    assert!(link.is_symlink() && !database.is_symlink());
    assert_eq!(count(&database, "services"), count(&file_of(&portal), "services"));
    assert!(folder.path().join("keywright.db.before-restore-1").exists());

    // The file is lost, and the link is left.
    fs::remove_file(&database).unwrap();
    let ran = run(&link, &["restore", backup.to_str().unwrap()]);
    assert_eq!(ran.code, 0, "{}", ran.reason);
    assert!(link.is_symlink() && !database.is_symlink());
    assert_eq!(count(&database, "services"), count(&file_of(&portal), "services"));
}

#[test]
fn a_refused_restore_changes_nothing() {
    let portal = embedded();
    let company = portal.company("northwind");
    portal.things(&company);
    let folder = portal.folder.path();
    assert_eq!(run(&file_of(&portal), &["backup", "good.db"]).code, 0);
    let good = fs::read(folder.join("good.db")).unwrap();
    let variant = |name: &str, change: &dyn Fn(&mut SqliteConnection)| {
        let path = folder.join(name);
        fs::write(&path, &good).unwrap();
        change(&mut open(&path));
        path
    };
    let bytes = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        fs::write(&path, bytes).unwrap();
        path
    };
    let mut torn = good.clone();
    torn[4_096 * 3..4_096 * 5].fill(0xAA);
    let in_use = bytes("in-use.db", &good);
    fs::write(folder.join("in-use.db-wal"), "pages that are not in it").unwrap();
    let cases = [
        (folder.join("nowhere.db"), "can't read"),
        (bytes("text.db", b"Dear operator,\n"), "not a database"),
        (bytes("empty.db", b""), "not a database of Keywright's"),
        (bytes("cut.db", &good[..good.len() / 2]), "can't be restored"),
        (bytes("torn.db", &torn), "can't be restored"),
        (
            variant("another.db", &|conn| conn.batch_execute("DROP TABLE audit_head").unwrap()),
            "not a database of Keywright's",
        ),
        (
            variant("edited.db", &|conn| {
                conn.batch_execute("UPDATE audit_events SET actor_name = 'Nobody' WHERE seq = 3").unwrap();
            }),
            "event 3 was changed",
        ),
        (
            variant("newer.db", &|conn| {
                let version = "INSERT INTO __diesel_schema_migrations (version) VALUES ('29990101000001')";
                conn.batch_execute(version).unwrap();
            }),
            "newer release",
        ),
        (in_use, "a database in use"),
    ];
    let elsewhere = tempfile::tempdir().unwrap();
    let place = elsewhere.path().join("keywright.db");
    assert_eq!(run(&place, &["migrate"]).code, 0);
    // Once, so that the file of the lock is there.
    assert_eq!(run(&place, &["restore", "nowhere.db"]).code, 1);
    let before = contents(elsewhere.path());
    for (file, reason) in &cases {
        let was = fs::read(file).ok();
        let ran = run(&place, &["restore", file.to_str().unwrap()]);
        assert_eq!((ran.code, ran.printed.as_str()), (1, ""), "{}", file.display());
        assert!(ran.reason.contains(reason), "{}: {}", file.display(), ran.reason);
        assert_eq!(ran.reason.lines().count(), 1, "{}", ran.reason);
        assert!(contents(elsewhere.path()) == before, "{} changed something", file.display());
        assert_eq!(fs::read(file).ok(), was, "the file stays as it is");
    }
    let itself = run(&place, &["restore", "keywright.db"]);
    assert!(itself.code == 1 && itself.reason.contains("the database itself"), "{}", itself.reason);
    // Some other program has it open.
    let mut shell = open(&place);
    shell.batch_execute("PRAGMA journal_mode = WAL; BEGIN; SELECT * FROM accounts").unwrap();
    let in_use = run(&place, &["restore", folder.join("good.db").to_str().unwrap()]);
    assert!(in_use.code == 1 && in_use.reason.contains("some other program"), "{}", in_use.reason);
    drop(shell);
    assert_eq!(count(&place, "tenants"), 0);
    assert!(contents(elsewhere.path()).keys().all(|name| !name.contains(".part") && !name.contains("before-restore")));
}

#[test]
fn a_damaged_database_is_put_aside_as_it_is() {
    let portal = embedded();
    portal.company("northwind");
    assert_eq!(run(&file_of(&portal), &["backup", "good.db"]).code, 0);
    let good = portal.folder.path().join("good.db");
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("keywright.db");
    fs::write(&place, "what a broken disk left").unwrap();
    fs::write(folder.path().join("keywright.db-wal"), "and of its log").unwrap();
    let ran = run(&place, &["restore", good.to_str().unwrap()]);
    assert_eq!((ran.code, ran.reason.as_str()), (0, ""));
    assert_eq!(count(&place, "tenants"), 1);
    let aside = |ending: &str| fs::read_to_string(folder.path().join(format!("keywright.db.before-restore-1{ending}")));
    assert_eq!(aside("").unwrap(), "what a broken disk left");
    assert_eq!(aside("-wal").unwrap(), "and of its log");
}

#[test]
fn a_refused_backup_changes_nothing() {
    let portal = embedded();
    let company = portal.company("northwind");
    portal.service(&company, "Shop");
    let (folder, database) = (portal.folder.path(), file_of(&portal));
    fs::write(folder.join("taken.db"), "mine").unwrap();
    let names = || contents(folder).into_keys().collect::<Vec<_>>();
    let before = names();
    let cases = [
        (&database, "taken.db", "is there already"),
        (&database, "keywright.db", "is there already"),
        (&database, "no/such/folder.db", "can't write"),
        (&folder.join("nowhere.db"), "copy.db", "there is no database"),
    ];
    for (database, to, reason) in cases {
        let ran = run(database, &["backup", to]);
        assert_eq!((ran.code, ran.printed.as_str()), (1, ""), "{to}");
        assert!(ran.reason.contains(reason), "{to}: {}", ran.reason);
        assert_eq!(names(), before, "{to}");
    }
    assert_eq!(fs::read_to_string(folder.join("taken.db")).unwrap(), "mine");

    // A trail that was edited is not called sound.
    portal.sql("UPDATE audit_events SET actor_name = 'Nobody' WHERE seq = 1");
    let ran = run(&database, &["backup", "edited.db"]);
    assert!(ran.code == 1 && ran.reason.contains("the audit trail is not whole"), "{} {}", ran.code, ran.reason);
    assert_eq!(names(), before);
}

#[test]
fn postgresql_is_told_its_own_tools_and_never_its_password() {
    let folder = tempfile::tempdir().unwrap();
    let url = "postgres://keywright:hunter2@db1:5432,db2:5432/portal?target_session_attrs=read-write&password=hunter2";
    for (arguments, wanted) in [
        (
            ["backup", "my copy"],
            "pg_dump --format=custom --file='my copy' \
             --dbname='postgres://keywright@db1:5432,db2:5432/portal?target_session_attrs=read-write'",
        ),
        (
            ["restore", "it's"],
            "pg_restore --no-owner --single-transaction \
             --dbname='postgres://keywright@db1:5432,db2:5432/portal?target_session_attrs=read-write' 'it'\\''s'",
        ),
    ] {
        let ran = command(folder.path(), url, &arguments);
        assert_eq!((ran.code, ran.printed.as_str()), (2, ""));
        assert!(ran.reason.contains(wanted), "{}", ran.reason);
        assert!(!ran.reason.contains("hunter2"), "{}", ran.reason);
    }
    assert!(contents(folder.path()).is_empty());
}
