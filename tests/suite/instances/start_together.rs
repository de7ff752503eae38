//! Several instances start at the same moment on an empty database: one brings it up to date, all become ready.

use std::thread;

use crate::support::{Browser, Served, TestPortal};

#[test]
fn on_an_empty_database_one_migrates_and_all_become_ready() {
    let portal = TestPortal::on_real_time();
    let database = match portal.is_on_postgres() {
        true => {
            portal.sql("DROP SCHEMA public CASCADE");
            portal.sql("CREATE SCHEMA public");
            portal.database_url()
        }
        false => format!("sqlite://{}", portal.folder.path().join("new.db").display()),
    };
    let key = portal.folder.path().join("new.key").display().to_string();
    let wanted = [
        ("KEYWRIGHT_DATABASE_URL", &*database),
        ("KEYWRIGHT_KEY_FILE", &*key),
        ("KEYWRIGHT_PUBLIC_URL", "http://127.0.0.1:1"),
    ];
    let instances: Vec<Served> = thread::scope(|scope| {
        let starting: Vec<_> = (0..3).map(|_| scope.spawn(|| Served::start("info", &wanted))).collect();
        starting.into_iter().map(|instance| instance.join().unwrap()).collect()
    });
    let mut published = Vec::new();
    for instance in &instances {
        let ready = portal.http().get(format!("{}/readyz", instance.url)).send().unwrap();
        assert_eq!(ready.status(), 200);
        let keys = portal.http().get(format!("{}/oauth2/jwks", instance.url)).send().unwrap().text().unwrap();
        published.push(keys);
    }
    assert!(published.iter().all(|keys| *keys == published[0]), "one made the keys, with the one key file");
    assert_eq!(published[0].matches("\"kid\"").count(), keywright::domain::client::Signing::ALL.len());

    // Each prints a link, and the newest takes the place of the others. It works at any instance, and then none does.
    let links: Vec<String> = instances
        .iter()
        .map(|instance| instance.printed())
        .map(|said| said.split_whitespace().find(|word| word.contains("/setup?")).expect("a link").to_owned())
        .map(|link| link.trim_start_matches("http://127.0.0.1:1").to_owned())
        .collect();
    let works = |link: &&String| Browser::new(&instances[0].url).visit(link).status == 200;
    let working: Vec<&String> = links.iter().filter(works).collect();
    assert_eq!(working.len(), 1, "{links:?}");
    let mut browser = Browser::new("http://127.0.0.1:1").through(&instances[1].url);
    browser.visit(working[0]);
    browser.fill("Company name", "Northwind").fill("Your name", "Otis").fill("E-mail", "otis@northwind.example");
    browser.fill("Password", "granite lantern orchard");
    browser.press("Set up Keywright");
    assert_eq!(browser.page().status, 200, "{}", browser.page().text());
    for (instance, link) in instances.iter().zip(&links) {
        assert_eq!(Browser::new(&instance.url).visit(link).status, 410);
    }
}
