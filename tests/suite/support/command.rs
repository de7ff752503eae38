//! The program on the command line, told its database by the environment.

use std::path::Path;
use std::process::{Command, Stdio};

/// How a command ended.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub printed: String,
    /// What stands on standard error, which is the reason of a failure.
    pub reason: String,
}

/// Runs `keywright` in a folder.
pub fn command(folder: &Path, database_url: &str, arguments: &[&str]) -> Ran {
    let ran = Command::new(env!("CARGO_BIN_EXE_keywright"))
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("KEYWRIGHT_DATABASE_URL", database_url)
        .env("KEYWRIGHT_LOG", "off")
        .stdin(Stdio::null())
        .output()
        .expect("the program runs");
    Ran {
        code: ran.status.code().expect("it ended by itself"),
        printed: String::from_utf8(ran.stdout).expect("text"),
        reason: String::from_utf8(ran.stderr).expect("text"),
    }
}
