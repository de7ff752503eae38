//! Two databases, one schema: the migrations of both say the same but for the names of column types, and each can be
//! taken back.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use diesel::sql_types::Text;
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, SqliteConnection, sql_query};
use diesel_migrations::{FileBasedMigrations, MigrationHarness};

fn tree(database: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(database)
}

/// The statements of each file, without comments and white space, in the words of one database.
fn statements(database: &str) -> BTreeMap<String, Vec<String>> {
    let mut found = BTreeMap::new();
    for folder in fs::read_dir(tree(database)).expect("a folder of migrations") {
        let folder = folder.expect("a folder").path();
        let name = folder.file_name().expect("a name").to_string_lossy().into_owned();
        for file in ["up.sql", "down.sql"] {
            let text = fs::read_to_string(folder.join(file)).expect("both ways");
            let bare: Vec<&str> = text.lines().map(|line| line.split("--").next().unwrap_or_default()).collect();
            let lines = bare.join(" ").split(';').map(in_common_words).filter(|one| !one.is_empty()).collect();
            found.insert(format!("{name}/{file}"), lines);
        }
    }
    found
}

fn in_common_words(statement: &str) -> String {
    let words = statement.split_whitespace().map(|word| match word.trim_end_matches(',') {
        "BYTEA" => word.replace("BYTEA", "BLOB"),
        // A text that the database makes of others: each has one way to add it later.
        "STORED" => "VIRTUAL".to_owned(),
        "chr(10)" => "char(10)".to_owned(),
        _ => word.to_owned(),
    });
    // SQLite has no other order. PostgreSQL has no tables that are their primary key's index.
    words.collect::<Vec<_>>().join(" ").replace("TEXT COLLATE \"C\"", "TEXT").replace(") WITHOUT ROWID", ")")
}

#[test]
fn both_databases_get_the_same_statements() {
    let (sqlite, postgres) = (statements("sqlite"), statements("postgres"));
    let (names, twins): (Vec<_>, Vec<_>) = (sqlite.keys().collect(), postgres.keys().collect());
    assert_eq!(names, twins, "the two trees have the same folders");
    assert!(!names.is_empty());
    for (name, statements) in &sqlite {
        assert!(!statements.is_empty(), "{name} is empty");
        for (here, there) in statements.iter().zip(&postgres[name]) {
            assert_eq!(here, there, "{name}");
        }
        assert_eq!(statements.len(), postgres[name].len(), "{name}");
    }
}

/// What a statement would take from instances of the release before, which serve while it runs and until they are replaced.
fn takes_away(statement: &str) -> bool {
    let words = format!(" {} ", statement.to_uppercase());
    let adds_what_must_be_given =
        words.contains(" ADD COLUMN ") && words.contains(" NOT NULL ") && !words.contains(" DEFAULT ");
    let taken = [" DROP TABLE ", " DROP COLUMN ", " RENAME ", " TYPE ", " SET NOT NULL ", " ADD CONSTRAINT "];
    adds_what_must_be_given || taken.iter().any(|words_of| words.contains(words_of))
}

/// What nothing reads any more may go a release later, named here.
#[test]
fn a_release_only_adds() {
    for (name, statements) in [statements("sqlite"), statements("postgres")].into_iter().flatten() {
        let taking = statements.iter().find(|statement| takes_away(statement));
        match name.ends_with("/up.sql") {
            true => assert_eq!(taking, None, "{name} breaks instances of the release before"),
            // The way back takes what was added, or its index.
            false => assert!(taking.is_some() || statements.iter().all(|one| one.contains("INDEX")), "{name}"),
        }
    }
    for (statement, taking) in [
        ("ALTER TABLE clients ADD COLUMN later TEXT NOT NULL DEFAULT ''", false),
        ("ALTER TABLE clients ADD COLUMN later TEXT NOT NULL", true),
        ("ALTER TABLE clients RENAME COLUMN name TO title", true),
        ("CREATE INDEX later ON clients (later)", false),
    ] {
        assert_eq!(takes_away(statement), taking, "{statement}");
    }
}

#[test]
fn a_difference_would_be_seen() {
    assert_eq!(
        in_common_words("CREATE TABLE a (\n  b BYTEA NOT NULL,\n c BYTEA)"),
        "CREATE TABLE a ( b BLOB NOT NULL, c BYTEA)"
    );
    assert_ne!(in_common_words("a TEXT NOT NULL"), in_common_words("a TEXT"));
    assert_eq!(in_common_words("a TEXT COLLATE \"C\" NOT NULL"), in_common_words("a TEXT NOT NULL"));
    assert_eq!(in_common_words("CREATE TABLE a (b TEXT) WITHOUT ROWID"), in_common_words("CREATE TABLE a (b TEXT)"));
}

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

/// Up, down and up again; after the way down nothing is left.
macro_rules! there_and_back {
    ($conn:expr, $database:literal, $tables:expr $(,)?) => {{
        let migrations = FileBasedMigrations::from_path(tree($database)).expect("migrations");
        let conn = $conn;
        let left = |conn: &mut _| {
            let names: Vec<Name> = sql_query($tables).load(conn).expect("the tables");
            names.into_iter().map(|row| row.name).collect::<Vec<_>>()
        };
        conn.run_pending_migrations(migrations.clone()).expect("up");
        let first = left(conn);
        assert!(first.len() > 15, "{first:?}");
        conn.revert_all_migrations(migrations.clone()).expect("down");
        assert_eq!(left(conn), Vec::<String>::new(), "the way down takes everything away");
        conn.run_pending_migrations(migrations).expect("up again");
        assert_eq!(left(conn), first);
    }};
}

#[test]
fn sqlite_goes_up_and_down() {
    let mut conn = SqliteConnection::establish(":memory:").expect("a database");
    sql_query("PRAGMA foreign_keys = ON").execute(&mut conn).expect("a setting");
    there_and_back!(
        &mut conn,
        "sqlite",
        "SELECT name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' AND name <> '__diesel_schema_migrations' ORDER BY 1",
    );
}

#[test]
fn postgres_goes_up_and_down() {
    let Ok(server) = std::env::var("TEST_POSTGRES") else { return };
    let name = format!("keywright_{}", &keywright::crypto::random::token()[..16]);
    let mut maintenance = PgConnection::establish(&server).expect("the server answers");
    sql_query(format!("CREATE DATABASE {name}")).execute(&mut maintenance).expect("a database");
    let mut url = url::Url::parse(&server).expect("a URL");
    url.set_path(&name);
    let mut conn = PgConnection::establish(url.as_str()).expect("the database answers");
    there_and_back!(
        &mut conn,
        "postgres",
        "SELECT relname::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE n.nspname = 'public' AND relname NOT LIKE '\\_\\_diesel%' ORDER BY 1",
    );
    drop(conn);
    sql_query(format!("DROP DATABASE {name} WITH (FORCE)")).execute(&mut maintenance).expect("it goes");
}
