//! What dashboard, alerts and manual say of metrics is what /metrics says.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use keywright::domain::client::ClientType;
use keywright::domain::job::Job;
use serde_json::Value;

use crate::support::{Metrics, Person, TestPortal};

fn document(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The words of a text that are names of metrics of ours, or of the process.
fn metrics_in(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words
        .filter(|word| {
            let named = word.strip_prefix("keywright_").or_else(|| word.strip_prefix("process_"));
            named.is_some_and(|rest| rest.contains('_') || rest == "threads")
        })
        .map(ToOwned::to_owned)
        .collect()
}

/// Everything that is exported, once there was a reason for each of it.
fn exported() -> Metrics {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let app = portal.app(&company, ClientType::ClientCredentials, |_| {});
    assert_eq!(portal.client_credentials(&app).status, 200);
    portal.signed_in(Person::Developer, "northwind");
    for job in Job::ALL {
        portal.application.operations.note_job_run(job, portal.clock.now(), Ok("Done.".into())).expect("it is noted");
    }
    Metrics::of(&portal.url)
}

#[test]
fn what_is_watched_is_exported_and_what_is_exported_is_explained() {
    let metrics = exported();
    let exported: BTreeSet<String> = metrics.names().into_iter().collect();
    let mut wrong = Vec::new();
    for name in ["operations/alerts.yml", "operations/dashboard.json", "operations.md"] {
        let used = metrics_in(&document(name));
        assert!(used.len() > 5, "{name} is read");
        // The manual may name a histogram as a whole.
        let known = |used: &&String| exported.contains(*used) || metrics.kinds.contains_key(*used);
        wrong.extend(used.iter().filter(|used| !known(used)).map(|used| format!("{name}: {used} is not exported")));
    }
    let explained = metrics_in(&document("operations.md"));
    let ours = metrics.kinds.keys();
    wrong
        .extend(ours.filter(|name| !explained.contains(*name)).map(|name| format!("operations.md: no word of {name}")));
    for name in metrics.kinds.keys() {
        assert!(metrics.text.contains(&format!("# HELP {name} ")), "{name} has no words beside it");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_dashboard_is_one_and_each_alert_is_explained() {
    let dashboard: Value = serde_json::from_str(&document("operations/dashboard.json")).expect("JSON");
    let panels = dashboard["panels"].as_array().expect("panels");
    assert!(panels.iter().filter(|panel| panel["type"] != "row").all(|panel| {
        let queries = panel["targets"].as_array().map_or(0, Vec::len);
        queries > 0 && panel["title"].as_str().is_some_and(|title| !title.is_empty())
    }));
    let (alerts, manual) = (document("operations/alerts.yml"), document("operations.md"));
    let names: Vec<&str> = alerts.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    assert!(names.len() > 8, "{names:?}");
    for name in names {
        assert!(manual.contains(&format!("| `{name}` |")), "operations.md says nothing of the alert {name}");
    }
}
