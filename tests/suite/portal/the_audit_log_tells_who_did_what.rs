//! An administrator finds every event of the company, narrows the log down, and takes out what is found.

use std::time::Instant;

use keywright::access::act;
use keywright::domain::client::ClientType;
use reqwest::blocking::Response;
use scraper::{Html, Selector};

use crate::support::{Browser, DAY, Person, SECOND, TestPortal};

/// The words of each row, with the link of its first cell.
fn rows(browser: &Browser) -> Vec<(String, String)> {
    let page = Html::parse_document(&browser.page().html);
    let (row, link) = (Selector::parse("tbody tr").unwrap(), Selector::parse("th a").unwrap());
    let words =
        |row: scraper::ElementRef<'_>| row.text().collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ");
    page.select(&row)
        .map(|row| (words(row), row.select(&link).next().unwrap().value().attr("href").unwrap().to_owned()))
        .collect()
}

fn names(browser: &Browser, pattern: &[&str]) -> Vec<String> {
    let found = rows(browser);
    let found = found.iter().filter_map(|(words, _)| pattern.iter().find(|name| words.contains(**name)));
    found.map(|name| (*name).to_owned()).collect()
}

fn csv_rows(response: Response) -> Vec<csv::StringRecord> {
    assert_eq!(response.status(), 200);
    let text = response.bytes().unwrap();
    csv::Reader::from_reader(text.as_ref()).records().map(Result::unwrap).collect()
}

#[test]
fn it_is_narrowed_by_who_what_on_what_and_when() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    portal.company("elsewhere");
    let shop = portal.service(&company, "Shop");
    portal.clock.advance(DAY);
    portal.service(&company, "Billing");
    portal.clock.advance(DAY);
    let till = portal.client(&company, shop, ClientType::ClientCredentials, "Till");
    let member = portal.permit::<act::See>(&company, Person::Member);
    portal.application.operations.rename_account(member.actor(), "Ödön").unwrap();
    let all = ["Shop", "Billing", "Till", "Ödön"];

    let mut browser = portal.signed_in(Person::Administrator, "northwind");
    browser.visit("/");
    browser.follow("Audit log");
    assert_eq!(names(&browser, &all), ["Ödön", "Till", "Billing", "Shop"], "newest first");
    assert!(browser.page().sees("from 192.0.2.1"));

    for (label, text, found) in [
        ("Who", "administrator", vec!["Till", "Billing", "Shop"]),
        ("Who", "MEMBER OF", vec!["Ödön"]),
        ("Who", "%", vec![]),
        ("On what", "till", vec!["Till"]),
        ("On what", "Ödön", vec!["Ödön"]),
        ("On what", "_", vec![]),
        ("What", "services", vec!["Billing", "Shop"]),
        ("What", "client.added", vec!["Till"]),
        ("From (UTC)", "2026-11-22", vec!["Ödön", "Till", "Billing"]),
        ("To (UTC)", "2026-11-22", vec!["Billing", "Shop"]),
    ] {
        browser.visit("/audit");
        browser.fill(label, text).press("Search");
        assert_eq!(names(&browser, &all), found, "{label}: {text}");
        assert_eq!(browser.page().sees("No event matches"), found.is_empty());
    }
    browser.visit("/audit?from=2026-11-22&to=2026-11-22");
    assert_eq!(names(&browser, &all), ["Billing"]);

    // From the pages of things, for who may read the log.
    browser.visit(&format!("/clients/{till}"));
    browser.follow("All in the audit log");
    assert!(browser.page().sees("Only events of the client Till."));
    assert_eq!(names(&browser, &all), ["Till"]);
    browser.visit(&format!("/services/{shop}"));
    browser.follow("All in the audit log");
    assert_eq!(names(&browser, &all), ["Till", "Shop"], "the service with its clients");
    let mut developer = portal.signed_in(Person::Developer, "northwind");
    assert!(!developer.visit(&format!("/services/{shop}")).has_link("All in the audit log"));
    assert!(!developer.visit("/").has_link("Audit log"));

    // Another company's log holds its own events alone.
    let mut elsewhere = portal.signed_in(Person::Administrator, "elsewhere");
    elsewhere.visit(&format!("/audit?service={shop}"));
    assert!(elsewhere.page().sees("No event matches") && !elsewhere.page().sees("Shop"));
    elsewhere.visit("/audit");
    assert_eq!(names(&elsewhere, &all), [""; 0]);
}

#[test]
fn pages_stay_what_they_are_while_events_come_in() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let service = |number: usize| {
        // Every third has the time of the one before.
        if !number.is_multiple_of(3) {
            portal.clock.advance(SECOND);
        }
        portal.service(&company, &format!("Service-{number:02}."));
    };
    (0..60).for_each(service);
    let mut browser = portal.signed_in(Person::Administrator, "northwind");
    let numbers = |browser: &Browser| -> Vec<String> {
        let found = rows(browser).into_iter();
        found.map(|(words, _)| words.split_once("Service-").unwrap().1[..2].to_owned()).collect()
    };
    let expected = |range: std::ops::Range<usize>| -> Vec<String> { range.rev().map(|n| format!("{n:02}")).collect() };

    browser.visit("/audit?what=service.added");
    assert_eq!(numbers(&browser), expected(35..60));
    assert!(browser.page().sees("Events 1 to 25") && !browser.page().has_link("Newer events"));
    browser.follow("Older events");
    assert_eq!(numbers(&browser), expected(10..35));
    assert!(browser.page().sees("Events 26 to 50"));
    let middle = browser.page().path.clone();
    service(60);
    browser.visit(&middle);
    assert_eq!(numbers(&browser), expected(10..35), "the same page");
    assert!(browser.page().sees("Events 27 to 51"));
    browser.follow("Older events");
    assert_eq!(numbers(&browser), expected(0..10));
    assert!(!browser.page().has_link("Older events"));
    browser.follow("Newer events");
    assert_eq!(numbers(&browser), expected(10..35));
    browser.follow("Newer events");
    assert_eq!(numbers(&browser), expected(35..60));
    browser.follow("Newer events");
    assert_eq!(numbers(&browser), expected(36..61), "the newest page is whole");
    browser.visit(&middle);
    browser.follow("Newest events");
    assert_eq!(numbers(&browser), expected(36..61));
}

#[test]
fn an_event_shows_before_and_after_and_its_place_in_the_chain() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let shop = portal.service(&company, "Shop");
    let mut browser = portal.signed_in(Person::Administrator, "northwind");
    browser.visit(&format!("/services/{shop}/edit"));
    browser.fill("Name", "Corner shop").press("Update service");
    browser.visit("/audit");
    let (words, event) = rows(&browser).swap_remove(0);
    assert!(words.contains("Updated the service") && words.contains("1 detail"), "{words}");
    let (_, earlier) = rows(&browser).swap_remove(1);
    let hash_of = |browser: &mut Browser, path: &str| {
        let page = browser.visit(path);
        (page.text_by_id("hash").unwrap(), page.text_by_id("previous-hash"))
    };
    let (hash, _) = hash_of(&mut browser, &earlier);
    assert_eq!(hash.len(), 64);
    assert_eq!(hash_of(&mut browser, &event).1, Some(hash));
    for words in [
        "Updated the service",
        "service.updated",
        "From where",
        "Corner shop",
        "version 2",
        "Administrator of northwind",
    ] {
        assert!(browser.page().text().contains(words), "{words}");
    }
    let change = Html::parse_document(&browser.page().html);
    let text = |css: &str| change.select(&Selector::parse(css).unwrap()).next().unwrap().text().collect::<String>();
    assert_eq!(
        (text(".change dt"), text(".change del"), text(".change ins")),
        ("Name".into(), "Shop".into(), "Corner shop".into())
    );
    assert_eq!(browser.follow("Corner shop").path, format!("/services/{shop}"));

    // What is gone for good has no page any more; its events stay.
    let permit = portal.confirmed::<act::ChangeServiceStatus>(&company, Person::Administrator);
    portal.application.operations.delete_service(&permit, shop).unwrap();
    portal.clock.advance(15 * DAY);
    portal.application.operations.purge(|| true).unwrap();
    let mut browser = portal.signed_in(Person::Administrator, "northwind");
    browser.visit(&format!("/audit?service={shop}"));
    assert!(browser.page().sees("Only events of a service that is gone."));
    assert_eq!(rows(&browser).len(), 4);
    assert!(!browser.page().has_link("Corner shop"));
    assert!(browser.page().sees("Keywright (purge)"));
}

#[test]
fn what_is_taken_out_is_what_is_shown_and_the_taking_is_noted() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let elsewhere = portal.company("elsewhere");
    portal.service(&elsewhere, "Theirs");
    let shop = portal.service(&company, "=1+1");
    for number in 0..1_200 {
        portal.sql(&format!(
            "INSERT INTO audit_events SELECT seq + {}, at, tenant_id, actor_id, actor_name, address, action, target_kind,
             target_id, target_name, service_id, client_uid, target_version, changes, previous_hash, hash
             FROM audit_events WHERE target_name = '=1+1' AND seq < 10",
            number + 10
        ));
    }
    portal.sql("UPDATE audit_head SET seq = (SELECT max(seq) FROM audit_events)");
    portal.client(&company, shop, ClientType::ClientCredentials, "Till, \"the\" one");
    let browser = portal.signed_in(Person::Administrator, "northwind");

    let taken = browser.post("/audit/export", &[("format", "csv"), ("what", "services"), ("before", "1-1")]);
    assert_eq!(taken.headers()["content-type"], "text/csv; charset=utf-8; header=present");
    assert_eq!(taken.headers()["content-disposition"], "attachment; filename=\"audit-log-2026-11-21.csv\"");
    assert_eq!(taken.headers()["cache-control"], "no-store");
    let rows = csv_rows(taken);
    assert_eq!(rows.len(), 1_201, "every page of it");
    assert!(rows.iter().all(|row| &row[9] == "'=1+1" && &row[6] == "service.added"));

    let taken = browser.post("/audit/export", &[("format", "jsonl"), ("on", "till")]);
    assert_eq!(taken.headers()["content-type"], "application/jsonl; charset=utf-8");
    let text = taken.text().unwrap();
    let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0]["target_name"], "Till, \"the\" one");
    assert_eq!(lines[0]["tenant_id"], company.tenant.id.to_string());

    // Both were noted, with what was asked for; oldest first.
    let rows = csv_rows(browser.post("/audit/export", &[("format", "csv"), ("what", "company")]));
    let noted: Vec<_> = rows.iter().filter(|row| &row[6] == "audit.exported").map(|row| row[13].to_owned()).collect();
    assert_eq!(noted.len(), 2);
    assert!(noted[0].contains("what: services") && noted[1].contains("on: till"), "{noted:?}");

    // A link takes nothing out, and an unknown format neither.
    assert_eq!(browser.http.get(format!("{}/audit/export?format=csv", browser.base)).send().unwrap().status(), 404);
    assert_eq!(browser.post("/audit/export", &[("format", "exe")]).status(), 400);
    assert_eq!(browser.post("/audit/export", &[("format", "csv"), ("who", "a\0b")]).status(), 200);
    let theirs = portal.signed_in(Person::Administrator, "elsewhere");
    let rows = csv_rows(theirs.post("/audit/export", &[("format", "csv"), ("service", &shop.to_string())]));
    assert_eq!(rows.len(), 0);
}

#[test]
fn a_hundred_thousand_events_are_read_and_taken_out_quickly() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    portal.service(&company, "Shop");
    let many = 100_000;
    portal.sql(&format!(
        "WITH RECURSIVE numbers (n) AS (SELECT CAST(10 AS BIGINT) UNION ALL SELECT n + 1 FROM numbers WHERE n < {})
         INSERT INTO audit_events SELECT n, at + n * 1000000, tenant_id, actor_id, actor_name, address, 'client.updated',
         target_kind, target_id, target_name, service_id, client_uid, target_version, changes, previous_hash, hash
         FROM numbers, audit_events WHERE seq = (SELECT max(seq) FROM audit_events)",
        many + 9
    ));
    let mut browser = portal.signed_in(Person::Administrator, "northwind");
    let middle = portal.number("SELECT at AS n FROM audit_events WHERE seq = 50000");
    for path in [
        "/audit".to_owned(),
        format!("/audit?before={middle}-50000"),
        format!("/audit?after={middle}-50000"),
        "/audit?from=2020-01-01&to=2026-11-21".to_owned(),
        "/audit?what=service.added".to_owned(),
        "/audit?what=services".to_owned(),
        "/audit?on=nothing%20is%20called%20so".to_owned(),
    ] {
        let begun = Instant::now();
        assert_eq!(browser.visit(&path).status, 200);
        let took = begun.elapsed();
        assert!(took < 3 * SECOND, "{path} took {took:?}");
    }
    browser.visit(&format!("/audit?before={middle}-50000"));
    assert!(browser.page().sees("25 events, after more than 1000 newer ones"));
    assert_eq!(csv_rows(browser.post("/audit/export", &[("format", "csv"), ("what", "clients")])).len(), many);
}
