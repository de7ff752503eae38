//! The disk is full: a file system of a few megabytes in a mount namespace of the program's own. Where the system doesn't
//! let a test have one, nothing is tried.

use std::path::PathBuf;
use std::process::Command;

use super::{asker, soon, status};
use crate::support::{Browser, SECOND, Served};

const PASSWORD: &str = "correct horse battery staple nine";

/// Whether this system lets us mount.
fn may_mount() -> bool {
    let tried = Command::new("unshare").args(["--mount", "sh", "-c", "mount -t tmpfs none /mnt"]).output();
    tried.is_ok_and(|output| output.status.success())
}

#[test]
fn what_can_not_be_kept_is_not_acknowledged_and_reading_goes_on() {
    if !may_mount() {
        eprintln!("not tried: this system lets nobody mount a file system here");
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let small = place.path().join("small");
    std::fs::create_dir(&small).unwrap();
    let mount = format!("mount -t tmpfs -o size=6m none {} && exec \"$@\"", small.display());
    let url = format!("sqlite://{}/keywright.db", small.display());
    let served =
        Served::start_by(&["unshare", "--mount", "sh", "-c", &mount, "sh"], &[("KEYWRIGHT_DATABASE_URL", &url)]);
    // The file system as the program sees it.
    let seen = PathBuf::from(format!("/proc/{}/root{}", served.pid(), small.display()));
    let mut browser = set_up(&served);
    let before = add_services(&browser, "Before", 3);
    assert_eq!(before, vec![303; 3]);

    let filler = seen.join("filler");
    fill(&filler);
    let during = add_services(&browser, "During", 40);
    let refused = during.iter().filter(|status| **status == 503).count();
    let done = during.iter().filter(|status| **status == 303).count();
    println!("with a full disk {done} were done and {refused} refused");
    assert!(refused >= 30 && refused + done == 40, "{during:?}");
    let page = browser.visit("/services");
    assert_eq!(page.status, 200, "reading goes on");
    assert!(page.sees("Before 2"));
    assert_eq!(status(&asker(), &format!("{}/healthz", served.url)), 200);

    std::fs::remove_file(filler).unwrap();
    soon(5 * SECOND, "changes again", || add_services(&browser, "After", 1) == [303]);
    // Everything acknowledged is there, and nothing else.
    for (name, statuses) in [("Before", &before), ("During", &during)] {
        for (number, status) in statuses.iter().enumerate() {
            let found = browser.visit(&format!("/services?search={name}+{number}")).sees(&format!("{name} {number} "));
            assert_eq!(found, *status == 303, "{name} {number}: {status}");
        }
    }
    drop(browser);
    let log = served.log();
    assert!(log.contains("database or disk is full"), "the log says why: {log}");
    assert!(!log.contains("ERROR"), "{log}");
}

/// Sets the portal up by its printed link, as an operator does.
fn set_up(served: &Served) -> Browser {
    let mut browser = Browser::new(&served.url);
    browser.visit(&served.setup_link().expect("a link"));
    browser.fill("Company name", "Northwind").fill("Your name", "Otis").fill("E-mail", "otis@northwind.example");
    browser.fill("Password", PASSWORD);
    assert_eq!(browser.press("Set up Keywright").status, 200);
    browser
}

/// Adds so many services; the statuses of the answers.
fn add_services(browser: &Browser, name: &str, count: usize) -> Vec<u16> {
    let add = |number| {
        let name = format!("{name} {number} {}", "x".repeat(40));
        let pairs = [("name", name.as_str()), ("domain", "app.example.com"), ("submission", name.as_str())];
        browser.post("/services", &pairs).status().as_u16()
    };
    (0..count).map(add).collect()
}

/// Fills what is left, to the last byte.
fn fill(filler: &std::path::Path) {
    use std::io::Write;
    let mut file = std::fs::File::create(filler).unwrap();
    for size in [1 << 16, 1 << 12, 1] {
        while file.write_all(&vec![0; size]).is_ok() {}
    }
}
