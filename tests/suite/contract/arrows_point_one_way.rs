//! Which room of the house may use which (ARCHITECTURE.md), read from the source as it stands.

use std::fs;
use std::path::{Path, PathBuf};

/// Every room with those it may use. A room may always use itself.
const MAY_USE: [(&str, &[&str]); 18] = [
    ("clock", &[]),
    ("domain", &["clock"]),
    ("crowd", &[]),
    ("crypto", &["domain", "clock"]),
    ("access", &["domain", "clock"]),
    ("db", &["access", "domain", "clock"]),
    // Which way mail goes is configured.
    ("mail", &["config", "domain", "clock"]),
    // A database address is read when the configuration is.
    ("config", &["db"]),
    // Which provider it is, is configured.
    ("provider", &["config", "crypto", "domain", "clock"]),
    ("operations", &["db", "access", "mail", "crypto", "domain", "clock"]),
    ("portal", &["crowd", "operations", "provider", "db", "access", "crypto", "domain", "clock"]),
    // What both need to know of a request, its address and reference, the portal's middleware tells.
    ("oauth", &["crowd", "portal", "operations", "db", "access", "crypto", "domain", "clock"]),
    ("jobs", &["app", "operations", "mail", "config", "crypto", "domain", "clock"]),
    ("probes", &["crowd", "portal", "db", "domain", "clock"]),
    (
        "app",
        &["crowd", "oauth", "portal", "probes", "provider", "operations", "db", "config", "crypto", "domain", "clock"],
    ),
    ("demo", &["app", "jobs", "operations", "access", "config", "crypto", "domain", "clock"]),
    ("generate", &["app", "operations", "db", "access", "crypto", "domain", "clock"]),
    ("main", &["app", "jobs", "demo", "generate", "operations", "db", "config", "crypto", "clock", "domain"]),
];

struct Source {
    /// `src/portal/form.rs`
    name: String,
    room: String,
    /// Without comments and without the tests at the end.
    text: String,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    collect(&root.join("src"), &mut files);
    assert!(files.len() > 60, "the source is read");
    files
        .into_iter()
        .map(|file| {
            let name = file.strip_prefix(root).expect("inside").to_string_lossy().replace('\\', "/");
            let room = name.trim_start_matches("src/").split('/').next().expect("a name").trim_end_matches(".rs");
            let text = fs::read_to_string(&file).expect("a source");
            Source { room: room.to_owned(), text: bare(&text), name }
        })
        .collect()
}

fn collect(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("tests.rs") {
            into.push(path);
        }
    }
}

fn bare(text: &str) -> String {
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

/// The rooms named after `crate::` (in `main`, after the crate's name), also inside `use crate::{a, b};`.
fn used(source: &Source) -> Vec<String> {
    let root = if source.room == "main" { "keywright::" } else { "crate::" };
    let mut rooms = Vec::new();
    for after in source.text.split(root).skip(1) {
        let named: Vec<&str> = match after.strip_prefix('{') {
            Some(list) => first_of_each(list.split(';').next().unwrap_or_default()),
            None => vec![after],
        };
        for name in named {
            let end = name.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(name.len());
            rooms.push(name[..end].to_owned());
        }
    }
    rooms
}

/// What stands at the beginning of each item of a list in braces, whatever braces the items have.
fn first_of_each(list: &str) -> Vec<&str> {
    let (mut depth, mut from, mut items) = (0, 0, Vec::new());
    for (at, c) in list.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                items.push(list[from..at].trim());
                return items;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                items.push(list[from..at].trim());
                from = at + 1;
            }
            _ => {}
        }
    }
    items
}

#[test]
fn rooms_use_only_what_they_may() {
    let mut wrong = Vec::new();
    for source in sources() {
        if source.room == "lib" {
            continue;
        }
        let Some((_, may)) = MAY_USE.iter().find(|(room, _)| *room == source.room) else {
            wrong.push(format!("{}: no row says what this room may use", source.name));
            continue;
        };
        for room in used(&source) {
            if room != source.room && !may.contains(&room.as_str()) {
                wrong.push(format!("{} uses {room}", source.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_rows_make_no_circle() {
    let uses = |room: &str| MAY_USE.iter().find(|(name, _)| *name == room).expect("a row").1;
    for (room, _) in MAY_USE {
        let (mut reached, mut open) = (Vec::new(), uses(room).to_vec());
        while let Some(next) = open.pop() {
            if !reached.contains(&next) {
                reached.push(next);
                open.extend(uses(next));
            }
        }
        assert!(!reached.contains(&room), "{room} leads back to itself");
    }
}

fn nowhere_but(words: &[&str], allowed: impl Fn(&Source) -> bool) {
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| !allowed(source)) {
        wrong.extend(
            words.iter().filter(|word| source.text.contains(**word)).map(|word| format!("{}: {word}", source.name)),
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn pages_only_read() {
    nowhere_but(&[".write(", "Writer", "db::Db", "Db::"], |source| {
        source.room != "portal" || source.name == "src/portal/mod.rs"
    });
    nowhere_but(&[".write(", "Writer"], |source| source.room != "portal");
    nowhere_but(&["db.write("], |source| matches!(source.room.as_str(), "operations" | "db"));
}

#[test]
fn only_the_database_room_has_diesel() {
    nowhere_but(&["diesel"], |source| source.room == "db");
}

#[test]
fn only_the_clock_tells_the_time() {
    nowhere_but(&["Utc::now", "Local::now", "SystemTime"], |source| source.room == "clock");
    // How long something took, for the log and for whoever watches, is no time of day.
    nowhere_but(&["Instant::now"], |source| {
        matches!(source.name.as_str(), "src/portal/middleware.rs" | "src/generate.rs" | "src/db/connection.rs")
    });
}

#[test]
fn only_one_room_draws_at_random() {
    let words = ["rand::", "getrandom", "OsRng", "thread_rng"];
    // Generated data is drawn from a seed.
    nowhere_but(&words, |source| matches!(source.room.as_str(), "crypto" | "generate"));
}

#[test]
fn the_domain_knows_no_web_and_no_file() {
    let words = ["actix", "askama", "std::fs", "std::env", "tracing::", "reqwest", "tokio"];
    nowhere_but(&words, |source| !matches!(source.room.as_str(), "domain" | "access"));
    nowhere_but(&["actix", "askama"], |source| !matches!(source.room.as_str(), "operations" | "db"));
}

#[test]
fn only_the_configuration_reads_the_environment() {
    nowhere_but(&["env::var", "env::args", "env!("], |source| source.room == "config");
}

#[test]
fn a_wrong_arrow_would_be_seen() {
    let source = |room: &str, text: &str| Source { name: room.to_owned(), room: room.to_owned(), text: bare(text) };
    let text = "use crate::{db::{self, Error}, domain::id::{A, B}};\n// crate::portal\nlet x = crate::jobs::run();\n";
    assert_eq!(used(&source("mail", text)), ["db", "domain", "jobs"]);
    assert_eq!(used(&source("main", "use keywright::app::Application;")), ["app"]);
    assert_eq!(used(&source("db", "a();\n#[cfg(test)]\nmod tests {\n    use crate::portal;\n}\n")), [""; 0]);
}
