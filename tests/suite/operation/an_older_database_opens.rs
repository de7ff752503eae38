//! A database of every release that there was opens in this one: its pages, its audit trail, the secrets that its clients
//! hold. `tests/fixtures/make` keeps one of each release.

use std::fs;
use std::path::{Path, PathBuf};

use diesel::connection::SimpleConnection;
use diesel::sql_types::BigInt;
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, SqliteConnection};
use reqwest::blocking::Client;
use serde_json::Value;

use crate::support::{Browser, EmptyDatabase, Served, command};

/// What `tests/fixtures/make` writes beside the databases.
struct Fixture {
    /// The ids of the keys that sign.
    kids: Vec<String>,
    client_id: String,
    secret: String,
    /// Administrators of companies: their addresses and passwords.
    people: Vec<(String, String)>,
}

/// The folder of each release.
fn releases() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let folders = fs::read_dir(root).expect("the fixtures").map(|entry| entry.expect("an entry").path());
    let mut folders: Vec<PathBuf> = folders.filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

impl Fixture {
    /// What is kept of the database with this name.
    fn read(folder: &Path, database: &str) -> Self {
        let kept: Value =
            serde_json::from_slice(&fs::read(folder.join("kept.json")).expect("kept.json")).expect("JSON");
        let kept = &kept[database];
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let kids = kept["kids"].as_array().expect("a list").iter().map(text).collect();
        let people = kept["people"].as_array().expect("a list").iter();
        let people = people.map(|person| (text(&person["email"]), text(&person["password"]))).collect();
        Self { kids, client_id: text(&kept["client_id"]), secret: text(&kept["secret"]), people }
    }
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

/// Secrets that are not noted as their client's company's: the start page would miss them.
const ASTRAY: &str = "SELECT count(*) AS n FROM secrets JOIN clients ON clients.uid = secrets.client_uid
    WHERE secrets.tenant_id IS DISTINCT FROM clients.tenant_id";

/// Marks of last use that have a table of their own now, and those that were lost on the way.
const MARKS: &str = "SELECT (SELECT count(*) FROM client_last_uses) + (SELECT count(*) FROM secret_last_uses) AS n";
const LOST_MARKS: &str = "SELECT
    (SELECT count(*) FROM clients LEFT JOIN client_last_uses AS mark
        ON mark.client_uid = clients.uid AND mark.tenant_id = clients.tenant_id
        WHERE clients.last_used_at > coalesce(mark.at, 0))
    + (SELECT count(*) FROM secrets LEFT JOIN secret_last_uses AS mark ON mark.secret_id = secrets.id
        WHERE secrets.last_used_at > coalesce(mark.at, 0)) AS n";

fn count(url: &str, query: &str) -> i64 {
    let query = diesel::sql_query(query);
    let count: Count = match url.strip_prefix("sqlite://") {
        Some(file) => query.get_result(&mut SqliteConnection::establish(file).expect("the file")),
        None => query.get_result(&mut PgConnection::establish(url).expect("the database")),
    }
    .expect("a count");
    count.n
}

const PAGES: [&str; 10] =
    ["/", "/services", "/clients", "/members", "/roles", "/scopes", "/communities", "/audit", "/settings", "/account"];

/// Visits every page that an administrator has from the menu, and from the lists each thing on them. Answers with how
/// many those were.
fn look_around(browser: &mut Browser, version: &str) -> usize {
    for path in PAGES {
        let page = browser.visit(path);
        assert_eq!((page.status, page.path.as_str()), (200, path), "{version}");
    }
    let mut things = 0;
    for list in ["/services", "/clients", "/members"] {
        let beginning = format!("href=\"{list}/");
        let html = browser.visit(list).html.clone();
        let ids = html.split(&beginning).skip(1).filter_map(|rest| rest.split('"').next());
        for id in ids.filter(|id| id.len() == 36) {
            things += 1;
            assert_eq!(browser.visit(&format!("{list}/{id}")).status, 200, "{version}: {list}/{id}");
        }
    }
    things
}

#[test]
fn each_release_keeps_its_people_its_trail_and_its_secrets() {
    let releases = releases();
    assert!(!releases.is_empty(), "tests/fixtures/make keeps them");
    for folder in releases {
        let version = folder.file_name().expect("a version").to_string_lossy().into_owned();
        let home = tempfile::tempdir().expect("a folder");
        let key_file = home.path().join("keywright.key");
        fs::copy(folder.join("keywright.key"), &key_file).expect("the key file");
        let postgres = EmptyDatabase::on_postgres();
        let database = if postgres.is_some() { "postgres" } else { "sqlite" };
        let fixture = Fixture::read(&folder, database);
        let dump = fs::read_to_string(folder.join(format!("{database}.sql"))).expect("a dump");
        let url = match &postgres {
            Some(database) => {
                // What starts with a backslash is for psql alone.
                let sql: Vec<&str> = dump.lines().filter(|line| !line.starts_with('\\')).collect();
                PgConnection::establish(&database.url).unwrap().batch_execute(&sql.join("\n")).expect("the dump");
                database.url.clone()
            }
            None => {
                let file = home.path().join("keywright.db");
                SqliteConnection::establish(file.to_str().unwrap()).unwrap().batch_execute(&dump).expect("the dump");
                format!("sqlite://{}", file.display())
            }
        };

        let migrated = command(home.path(), &url, &["migrate"]);
        assert_eq!((migrated.code, migrated.reason.as_str()), (0, ""), "{version}");
        assert_eq!(count(&url, ASTRAY), 0, "{version}");
        assert!(count(&url, MARKS) > 0, "{version}");
        assert_eq!(count(&url, LOST_MARKS), 0, "{version}");
        let again = command(home.path(), &url, &["migrate"]);
        assert!(again.printed.contains("up to date"), "{version}: {}", again.printed);
        let verified = command(home.path(), &url, &["audit", "verify"]);
        assert_eq!(verified.code, 0, "{version}: {}", verified.reason);
        assert!(!verified.printed.contains("chain of 0 events"), "{version}: {}", verified.printed);
        let keys = command(home.path(), &url, &["keys", "list"]);
        for kid in &fixture.kids {
            assert!(keys.printed.contains(kid), "{version}: {kid} is not among\n{}", keys.printed);
        }

        let key_file = key_file.display().to_string();
        let wanted = [("KEYWRIGHT_DATABASE_URL", url.as_str()), ("KEYWRIGHT_KEY_FILE", key_file.as_str())];
        let served = Served::start("info", &wanted);
        let form = [("grant_type", "client_credentials")];
        let asked = Client::new()
            .post(format!("{}/oauth2/token", served.url))
            .basic_auth(&fixture.client_id, Some(&fixture.secret))
            .form(&form)
            .send()
            .unwrap();
        assert_eq!(asked.status().as_u16(), 200, "{version}: {}", asked.text().unwrap());

        // The keys of then sign, and are published.
        let published: Value =
            reqwest::blocking::get(format!("{}/oauth2/jwks", served.url)).unwrap().json().expect("JSON");
        for kid in &fixture.kids {
            let there = published["keys"].as_array().unwrap().iter().any(|key| key["kid"] == kid.as_str());
            assert!(there, "{version}: {kid} in {published}");
        }

        for (email, password) in &fixture.people {
            let mut browser = Browser::new(&served.url);
            browser.sign_in(email, password);
            assert!(look_around(&mut browser, &version) > 0, "{version}: {email} sees nothing");
        }
        let (_, log) = served.stop();
        assert!(!log.contains("ERROR"), "{version}: {log}");
    }
}
