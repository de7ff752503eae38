//! What stands in the database, whole, to see whether anything changed.

use std::collections::BTreeMap;

use diesel::sql_types::Text;
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, SqliteConnection, sql_query};
use keywright::crypto::hashing::sha256;
use keywright::db::DatabaseUrl;

use super::TestPortal;

/// Every row, by table. Left out: sessions and throttles, which live by every request, and how often a mailed code was
/// tried, which counts wrong ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot(BTreeMap<String, (usize, String)>);

impl Snapshot {
    /// The tables in which the two differ, with the numbers of rows.
    pub fn differences(&self, later: &Snapshot) -> Vec<String> {
        let pairs = self.0.iter().map(|(table, before)| (table, before, &later.0[table]));
        pairs
            .filter(|(_, before, after)| before != after)
            .map(|(table, before, after)| format!("{table}: {} rows, then {}", before.0, after.0))
            .collect()
    }
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

const LEFT_OUT: [&str; 3] = ["sessions", "throttles", "__diesel_schema_migrations"];

impl TestPortal {
    pub fn snapshot(&self) -> Snapshot {
        Snapshot::of(&self.config.database_url)
    }
}

impl Snapshot {
    pub fn of(database: &DatabaseUrl) -> Self {
        let tables = match database {
            DatabaseUrl::Sqlite(file) => {
                let mut conn = SqliteConnection::establish(file).expect("the database opens");
                sql_query("PRAGMA busy_timeout = 10000").execute(&mut conn).expect("a setting");
                let mut lines = |query: &str| {
                    let lines: Vec<Line> = sql_query(query).load(&mut conn).expect("rows");
                    lines.into_iter().map(|row| row.line).collect::<Vec<_>>()
                };
                let tables = lines("SELECT name AS line FROM sqlite_master WHERE type = 'table' ORDER BY name");
                let tables = tables.into_iter().filter(|table| !LEFT_OUT.contains(&table.as_str()));
                tables
                    .map(|table| {
                        let columns = lines(&format!(
                            "SELECT 'quote(' || name || ')' AS line FROM pragma_table_info('{table}')
                             WHERE NOT ('{table}' = 'mailed_codes' AND name = 'attempts')"
                        ));
                        let rows = lines(&format!("SELECT {} AS line FROM {table} ORDER BY 1", columns.join(" || ")));
                        (table, rows)
                    })
                    .collect::<Vec<_>>()
            }
            DatabaseUrl::Postgres(url) => {
                let mut conn = PgConnection::establish(url).expect("the database opens");
                let mut lines = |query: &str| {
                    let lines: Vec<Line> = sql_query(query).load(&mut conn).expect("rows");
                    lines.into_iter().map(|row| row.line).collect::<Vec<_>>()
                };
                let tables = lines(
                    "SELECT table_name::text AS line FROM information_schema.tables
                     WHERE table_schema = 'public' ORDER BY 1",
                );
                let tables = tables.into_iter().filter(|table| !LEFT_OUT.contains(&table.as_str()));
                tables
                    .map(|table| {
                        let row = if table == "mailed_codes" { "id" } else { "t::text" };
                        let rows = lines(&format!("SELECT {row} AS line FROM {table} t ORDER BY 1"));
                        (table, rows)
                    })
                    .collect()
            }
        };
        Self(tables.into_iter().map(|(table, rows)| (table, (rows.len(), sha256(&rows.join("\n"))))).collect())
    }
}
