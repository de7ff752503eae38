//! The manual's way to back PostgreSQL up and to restore it, by its own tools, while people work.

use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use keywright::domain::client::ClientType;

use crate::support::{Browser, EmptyDatabase, PASSWORD, Person, Served, TestPortal, command};

fn run(program: &str, arguments: &[&str]) {
    let ran = Command::new(program).args(arguments).output().expect("Debian's postgresql-client has it");
    assert!(ran.status.success(), "{program}: {}", String::from_utf8_lossy(&ran.stderr));
}

#[test]
fn a_dump_under_load_comes_back_with_what_was_acknowledged() {
    let Some(restored) = EmptyDatabase::on_postgres() else { return };
    let portal = TestPortal::on_real_time();
    let company = portal.company("northwind");
    let app = portal.app(&company, ClientType::ClientCredentials, |_| {});
    let dump = portal.folder.path().join("portal.dump").display().to_string();
    let (acknowledged, over) = (Mutex::new(Vec::<String>::new()), AtomicBool::new(false));
    let before = thread::scope(|scope| {
        for writer in 0..4 {
            let (portal, company, acknowledged, over) = (&portal, &company, &acknowledged, &over);
            scope.spawn(move || {
                for number in 0.. {
                    if over.load(Ordering::SeqCst) {
                        return;
                    }
                    let name = format!("Shop {writer} {number}");
                    portal.service(company, &name);
                    acknowledged.lock().expect("the list").push(name);
                }
            });
        }
        while acknowledged.lock().expect("the list").len() < 40 {
            thread::yield_now();
        }
        let before = acknowledged.lock().expect("the list").clone();
        run("pg_dump", &["--format=custom", &format!("--file={dump}"), &format!("--dbname={}", portal.database_url())]);
        over.store(true, Ordering::SeqCst);
        before
    });
    assert!(acknowledged.into_inner().expect("the list").len() > before.len(), "they worked meanwhile");

    run("pg_restore", &["--no-owner", "--single-transaction", &format!("--dbname={}", restored.url), &dump]);
    let verified = command(portal.folder.path(), &restored.url, &["audit", "verify"]);
    assert_eq!(verified.code, 0, "{}", verified.reason);
    let served = Served::on_through(&portal, &restored.url);
    let asked =
        portal.http().post(format!("{}/oauth2/token", served.url)).basic_auth(&app.client_id, Some(&app.secret));
    let answer = asked.form(&[("grant_type", "client_credentials")]).send().expect("an answer");
    assert_eq!(answer.status(), 200, "secrets and signing keys are those of the dump, with the same key file");
    let mut browser = Browser::new(&served.url);
    browser.sign_in(&Person::Administrator.email("northwind"), PASSWORD);
    for name in before {
        let page = browser.visit(&format!("/services?search={}", name.replace(' ', "+")));
        assert!(page.has_link(&name), "{name} was acknowledged before the dump began");
    }
}
