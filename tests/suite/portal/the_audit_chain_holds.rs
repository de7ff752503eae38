//! Every change is in the audit trail, in one chain, and whoever changes the trail is found out.

use std::process::Command;
use std::thread;

use keywright::access::act;
use keywright::db::DatabaseUrl;
use keywright::domain::client::ClientType;

use crate::support::{DAY, Person, TestPortal};

fn verdict(portal: &TestPortal) -> Result<i64, String> {
    portal.application.operations.verify_audit_chain().unwrap().map(|whole| whole.events)
}

/// A portal with a short trail, of services alone and then of a client.
fn with_a_trail() -> (TestPortal, i64) {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    for name in ["One", "Two", "Three", "Four"] {
        portal.service(&company, name);
    }
    let service = portal.service(&company, "Shop");
    let client = portal.client(&company, service, ClientType::ClientCredentials, "Till");
    portal.secret(&company, client, "first");
    let length = portal.number("SELECT count(*) AS n FROM audit_events");
    assert_eq!(verdict(&portal), Ok(length));
    (portal, length)
}

#[test]
fn it_verifies_after_a_busy_life_with_eight_writers() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let service = portal.service(&company, "Shop");
    let operations = &portal.application.operations;
    thread::scope(|scope| {
        for writer in 0..8 {
            let (portal, company) = (&portal, &company);
            scope.spawn(move || {
                for number in 0..8 {
                    let name = format!("Till {writer} {number}");
                    let client = portal.client(company, service, ClientType::ClientCredentials, &name);
                    portal.secret(company, client, "one");
                    let permit = portal.confirmed::<act::EditClients>(company, Person::Administrator);
                    operations.deactivate_client(&permit, client).unwrap();
                    operations.delete_client(&permit, client).unwrap();
                    operations.reactivate_client(&permit, client, true, "").unwrap();
                    let person = portal.permit::<act::See>(company, Person::ALL[writer % 4]);
                    operations.rename_account(person.actor(), &name).unwrap();
                    let verified = operations.verify_audit_chain().unwrap();
                    assert!(verified.is_ok(), "while others write: {verified:?}");
                }
            });
        }
    });
    // A service, and of each of 64 clients: added, secret added, revealed, deactivated, deleted, reactivated, renamed.
    assert_eq!(verdict(&portal), Ok(1 + 64 * 7));
}

#[test]
fn a_change_of_any_column_is_found() {
    let (portal, length) = with_a_trail();
    let texts = [
        "tenant_id",
        "actor_id",
        "actor_name",
        "address",
        "action",
        "target_kind",
        "target_id",
        "target_name",
        "service_id",
        "client_uid",
        "changes",
        "previous_hash",
        "hash",
    ];
    let target = portal.number("SELECT seq AS n FROM audit_events WHERE action = 'client.added'");
    for (change, undo) in texts
        .iter()
        .map(|column| {
            (format!("{column} = {column} || 'x'"), format!("{column} = substr({column}, 1, length({column}) - 1)"))
        })
        .chain(
            ["at", "target_version"]
                .iter()
                .map(|column| (format!("{column} = {column} + 1"), format!("{column} = {column} - 1"))),
        )
        .chain([(
            "service_id = NULL".to_owned(),
            "service_id = (SELECT id FROM services WHERE name = 'Shop')".to_owned(),
        )])
    {
        assert_eq!(portal.sql(&format!("UPDATE audit_events SET {change} WHERE seq = {target}")), 1);
        assert_eq!(verdict(&portal), Err(format!("event {target} was changed")), "{change}");
        portal.sql(&format!("UPDATE audit_events SET {undo} WHERE seq = {target}"));
        assert_eq!(verdict(&portal), Ok(length), "{undo}");
    }
}

#[test]
fn text_moved_from_one_column_to_the_next_is_found() {
    let (portal, _) = with_a_trail();
    portal.sql("UPDATE audit_events SET target_kind = 'servic', target_id = 'e' || target_id WHERE seq = 3");
    assert_eq!(verdict(&portal), Err("event 3 was changed".into()));
}

#[test]
fn a_removed_event_is_found() {
    for gone in ["first", "middle", "last", "all"] {
        let (portal, length) = with_a_trail();
        let (condition, missing) = match gone {
            "first" => ("seq = 1".to_owned(), 1),
            "middle" => ("seq = 4".to_owned(), 4),
            "last" => (format!("seq = {length}"), length),
            _ => ("seq > 0".to_owned(), 1),
        };
        portal.sql(&format!("DELETE FROM audit_events WHERE {condition}"));
        assert_eq!(verdict(&portal), Err(format!("event {missing} is missing")), "{gone}");
    }
}

#[test]
fn removed_events_are_found_though_the_others_move_up() {
    let (portal, length) = with_a_trail();
    portal.sql("DELETE FROM audit_events WHERE seq = 2");
    for seq in 3..=length {
        portal.sql(&format!("UPDATE audit_events SET seq = {} WHERE seq = {seq}", seq - 1));
    }
    portal.sql(&format!("UPDATE audit_head SET seq = {}", length - 1));
    assert_eq!(verdict(&portal), Err("event 2 was changed".into()));
}

#[test]
fn a_shortened_end_is_found() {
    let (portal, length) = with_a_trail();
    portal.sql(&format!("DELETE FROM audit_events WHERE seq = {length}"));
    portal.sql(&format!("UPDATE audit_head SET seq = {}", length - 1));
    assert_eq!(verdict(&portal), Err("the end of the chain was changed".into()));
}

#[test]
fn swapped_events_are_found() {
    let (portal, _) = with_a_trail();
    for (from, to) in [(2, 1_000), (3, 2), (1_000, 3)] {
        portal.sql(&format!("UPDATE audit_events SET seq = {to} WHERE seq = {from}"));
    }
    assert_eq!(verdict(&portal), Err("event 2 was changed".into()));
}

#[test]
fn an_inserted_event_is_found() {
    let (portal, length) = with_a_trail();
    let columns = "at, tenant_id, actor_id, actor_name, address, action, target_kind, target_id, target_name, service_id, \
         client_uid, target_version, changes, previous_hash, hash";
    for seq in [-5, 0, length + 1, length + 70] {
        portal.sql(&format!(
            "INSERT INTO audit_events (seq, {columns}) SELECT {seq}, {columns} FROM audit_events WHERE seq = 2"
        ));
        assert_eq!(verdict(&portal), Err(format!("event {seq} was inserted")));
        portal.sql(&format!("DELETE FROM audit_events WHERE seq = {seq}"));
        assert_eq!(verdict(&portal), Ok(length));
    }
    // In the middle, with the others moved down.
    for seq in (3..=length).rev() {
        portal.sql(&format!("UPDATE audit_events SET seq = {} WHERE seq = {seq}", seq + 1));
    }
    portal
        .sql(&format!("INSERT INTO audit_events (seq, {columns}) SELECT 3, {columns} FROM audit_events WHERE seq = 2"));
    portal.sql(&format!("UPDATE audit_head SET seq = {}", length + 1));
    assert_eq!(verdict(&portal), Err("event 3 was changed".into()));
}

#[test]
fn events_removed_at_the_start_with_the_others_moved_up_are_found() {
    let (portal, length) = with_a_trail();
    portal.sql("DELETE FROM audit_events WHERE seq <= 2");
    for seq in 3..=length {
        portal.sql(&format!("UPDATE audit_events SET seq = {} WHERE seq = {seq}", seq - 2));
    }
    portal.sql(&format!("UPDATE audit_head SET seq = {}", length - 2));
    assert_eq!(verdict(&portal), Err("event 1 was changed".into()));
}

#[test]
fn a_changed_end_is_found() {
    let (portal, length) = with_a_trail();
    for (change, undo, fault) in [
        ("hash = 'x' || hash", "hash = substr(hash, 2)", "the end of the chain was changed".to_owned()),
        ("seq = seq + 1", "seq = seq - 1", format!("event {} is missing", length + 1)),
        ("seq = seq - 1", "seq = seq + 1", "the end of the chain was changed".to_owned()),
        ("seq = 0, hash = ''", "seq = 0", format!("event {length} was inserted")),
    ] {
        portal.sql(&format!("UPDATE audit_head SET {change}"));
        assert_eq!(verdict(&portal), Err(fault), "{change}");
        portal.sql(&format!("UPDATE audit_head SET {undo}"));
    }
    portal.sql("DELETE FROM audit_head");
    assert_eq!(verdict(&portal), Err("the end of the chain is missing".into()));
}

#[test]
fn it_holds_across_the_purge_while_others_write() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let service = portal.service(&company, "Shop");
    let operations = &portal.application.operations;
    let permit = portal.confirmed::<act::EditClients>(&company, Person::Administrator);
    for number in 0..20 {
        let name = format!("Till {number}");
        let client = portal.client(&company, service, ClientType::ClientCredentials, &name);
        operations.delete_client(&permit, client).unwrap();
    }
    portal.clock.advance(15 * DAY);
    thread::scope(|scope| {
        let purges: Vec<_> = (0..2).map(|_| scope.spawn(|| operations.purge(|| true).unwrap().clients.len())).collect();
        for number in 0..10 {
            portal.service(&company, &format!("Service {number}"));
        }
        assert_eq!(purges.into_iter().map(|purge| purge.join().unwrap()).sum::<usize>(), 20);
    });
    // A service, 20 clients added, deleted and purged, and ten services.
    assert_eq!(verdict(&portal), Ok(1 + 20 * 3 + 10));
    assert_eq!(portal.number("SELECT count(*) AS n FROM clients"), 0);
}

#[test]
fn the_command_says_so_too() {
    let (portal, length) = with_a_trail();
    let database = match &portal.config.database_url {
        DatabaseUrl::Sqlite(file) => format!("sqlite://{file}"),
        DatabaseUrl::Postgres(url) => url.clone(),
    };
    let run = |arguments: &[&str]| {
        let ran = Command::new(env!("CARGO_BIN_EXE_keywright"))
            .arg("audit")
            .args(arguments)
            .current_dir(portal.folder.path())
            .env_clear()
            .env("KEYWRIGHT_DATABASE_URL", &database)
            .output()
            .unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (ran.status.code(), text(ran.stdout), text(ran.stderr))
    };
    let (code, lines, _) = run(&["export", "--format", "jsonl"]);
    let events: Vec<serde_json::Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((code, events.len()), (Some(0), usize::try_from(length).unwrap()));
    let hash = events.last().unwrap()["hash"].as_str().unwrap();
    let (code, printed, _) = run(&["verify"]);
    let whole = format!("The chain of {length} events is whole.\nHash of the last: {hash}\n");
    assert_eq!((code, printed), (Some(0), whole));

    let elsewhere = portal.company("elsewhere");
    portal.service(&elsewhere, "Theirs");
    let tenant = elsewhere.tenant.id.to_string();
    let (_, rows, _) = run(&["export", "--format", "csv", "--tenant", &tenant]);
    assert_eq!(rows.split_terminator("\r\n").count(), 2, "the heads of the columns, and one event");
    assert!(rows.contains("Theirs") && rows.ends_with("\r\n"));
    assert_eq!(run(&["export", "--format", "xml"]).0, Some(2));
    assert_eq!(run(&["export", "--format", "csv", "--tenant", "no id"]).0, Some(2));
    portal.sql("UPDATE audit_events SET actor_name = 'Nobody' WHERE seq = 3");
    let (code, printed, fault) = run(&["verify"]);
    assert_eq!((code, printed.as_str()), (Some(1), ""));
    assert_eq!(fault, "keywright: event 3 was changed\n");
}
