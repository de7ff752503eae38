//! The journeys of `tests/browser` in a real Chromium, each on a portal of its own. They run where `tests/run` has
//! installed their modules, and say so where they don't.

use std::process::Command;
use std::sync::{Condvar, Mutex, PoisonError};

use crate::support::TestPortal;

/// Chromiums at a time: each wants a core.
const AT_ONCE: usize = 2;

static RUNNING: Mutex<usize> = Mutex::new(0);
static ENDED: Condvar = Condvar::new();

/// A place among the Chromiums that run.
struct Turn;

impl Turn {
    fn wait() -> Self {
        let running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        let mut running =
            ENDED.wait_while(running, |running| *running >= AT_ONCE).unwrap_or_else(PoisonError::into_inner);
        *running += 1;
        Self
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        *RUNNING.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        ENDED.notify_one();
    }
}

/// `script` on an empty portal that is open for registration.
fn journey(script: &str, variant: &str) {
    if std::env::var_os("TEST_NODE_READY").is_none() {
        eprintln!("skipped: TEST_NODE_READY is not set; tests/run prepares what {script} needs");
        return;
    }
    let _turn = Turn::wait();
    let portal = TestPortal::spawn_with(|config| config.registration_open = true);
    let control = portal.control();
    let setup = portal.application.operations.setup_link().expect("a database").expect("an empty one");
    let output = Command::new("node")
        .arg(format!("{}/tests/browser/{script}", env!("CARGO_MANIFEST_DIR")))
        .env("BASE_URL", &portal.url)
        .env("CONTROL_URL", &control.url)
        .env("SETUP_URL", setup)
        .env("VARIANT", variant)
        .output()
        .expect("node runs");
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    println!("{said}");
    assert!(output.status.success(), "{script} at {variant}:\n{said}");
}

/// Runs `$script` in the variants named.
macro_rules! journeys {
    ($journey:ident, $script:literal, $($name:ident = $variant:literal),+) => {
        mod $journey {
            use super::journey;

            $(#[test]
            fn $name() {
                journey($script, $variant);
            })+
        }
    };
}

journeys!(
    services_and_clients,
    "journey.mjs",
    at_a_desk = "1280",
    at_a_desk_without_scripts = "1280-no-scripts",
    on_a_phone = "390",
    on_a_phone_without_scripts = "390-no-scripts"
);
// Both widths, with scripts and without, in two runs instead of four: these are the long ones.
journeys!(people, "people.mjs", at_a_desk = "1280", on_a_phone_without_scripts = "390-no-scripts");
journeys!(release, "release.mjs", at_a_desk_without_scripts = "1280-no-scripts", on_a_phone = "390");

#[test]
fn with_the_keyboard_alone() {
    journey("keyboard.mjs", "");
}
