//! A portal as people run it: a process of its own, on SQLite unless told otherwise, told what to do by its environment.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

use super::TestPortal;

/// The file that its standard output goes to.
const PRINTED: &str = "printed.txt";

/// The program itself.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_keywright");

pub struct Served {
    pub url: String,
    /// Database, key file and mail.
    pub folder: Arc<tempfile::TempDir>,
    wanted: Vec<(String, String)>,
    log_level: String,
    /// What it is started by, if not directly.
    started_by: Vec<String>,
    child: Child,
    log: Arc<Mutex<String>>,
    reads_log: Option<thread::JoinHandle<()>>,
}

impl Served {
    /// Runs `keywright serve` in a folder of its own until it says that it serves.
    pub fn start(log_level: &str, wanted: &[(&str, &str)]) -> Self {
        let wanted = wanted.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self::in_folder(Arc::new(tempfile::tempdir().expect("a folder")), log_level.to_owned(), wanted, Vec::new())
    }

    /// The same, started by another program: what it is told to run comes last.
    pub fn start_by(program: &[&str], wanted: &[(&str, &str)]) -> Self {
        let wanted = wanted.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let program = program.iter().map(ToString::to_string).collect();
        Self::in_folder(Arc::new(tempfile::tempdir().expect("a folder")), "info".into(), wanted, program)
    }

    /// An instance on a portal's database.
    pub fn on(portal: &TestPortal) -> Self {
        Self::on_through(portal, &portal.database_url())
    }

    /// The same, with another address of that database.
    pub fn on_through(portal: &TestPortal, database_url: &str) -> Self {
        let key_file = portal.folder.path().join("keywright.key").display().to_string();
        Self::start("info", &[("KEYWRIGHT_DATABASE_URL", database_url), ("KEYWRIGHT_KEY_FILE", &key_file)])
    }

    /// Another instance of the same deployment: the same database, key file and public address, and a port of its own.
    pub fn another(&self) -> Self {
        let mut wanted = self.wanted.clone();
        let shared = [
            ("KEYWRIGHT_PUBLIC_URL", self.url.clone()),
            ("KEYWRIGHT_KEY_FILE", self.folder.path().join("keywright.key").display().to_string()),
        ];
        for (name, value) in shared {
            if !wanted.iter().any(|(given, _)| given == name) {
                wanted.push((name.to_owned(), value));
            }
        }
        Self::in_folder(
            Arc::new(tempfile::tempdir().expect("a folder")),
            self.log_level.clone(),
            wanted,
            self.started_by.clone(),
        )
    }

    /// Ends it and starts it anew on the same database.
    pub fn restart(self) -> Self {
        self.restart_after(|| {})
    }

    /// The same, with something done while it doesn't run.
    pub fn restart_after(self, meanwhile: impl FnOnce()) -> Self {
        let (folder, log_level, wanted) = (Arc::clone(&self.folder), self.log_level.clone(), self.wanted.clone());
        let started_by = self.started_by.clone();
        drop(self);
        meanwhile();
        Self::in_folder(folder, log_level, wanted, started_by)
    }

    fn in_folder(
        folder: Arc<tempfile::TempDir>,
        log_level: String,
        wanted: Vec<(String, String)>,
        started_by: Vec<String>,
    ) -> Self {
        // Free a moment ago; nobody else here asks for this port.
        let listen = TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a free port");
        let database = folder.path().join("keywright.db");
        let printed = std::fs::File::create(folder.path().join(PRINTED)).expect("a file");
        let mut command = match started_by.split_first() {
            Some((program, arguments)) => {
                let mut command = Command::new(program);
                command.args(arguments).arg(PROGRAM);
                command
            }
            None => Command::new(PROGRAM),
        };
        let mut child = command
            .arg("serve")
            .current_dir(folder.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("KEYWRIGHT_LISTEN", listen.to_string())
            .env("KEYWRIGHT_DATABASE_URL", format!("sqlite://{}", database.display()))
            .env("KEYWRIGHT_MAIL", format!("file:{}", folder.path().join("mail").display()))
            .env("KEYWRIGHT_LOG", &log_level)
            .envs(wanted.iter().cloned())
            .stdin(Stdio::null())
            .stdout(printed)
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");

        let log = Arc::new(Mutex::new(String::new()));
        let mut stderr = BufReader::new(child.stderr.take().expect("a pipe"));
        // The link is printed before the line that says it serves.
        let mut line = String::new();
        while !line.contains("serving") {
            line.clear();
            let read = stderr.read_line(&mut line).expect("a line of the log");
            log.lock().expect("the log").push_str(&line);
            assert!(read > 0, "it did not start: {}", log.lock().expect("the log"));
        }
        let collected = Arc::clone(&log);
        let reads_log = thread::spawn(move || {
            let mut line = Vec::new();
            while stderr.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
                collected.lock().expect("the log").push_str(&String::from_utf8_lossy(&line));
                line.clear();
            }
        });
        let url = format!("http://{listen}");
        Self { url, folder, wanted, log_level, started_by, child, log, reads_log: Some(reads_log) }
    }

    /// Runs another command of the program with the same configuration: whether it succeeded, and what it said.
    pub fn command(&self, arguments: &[&str]) -> (bool, String) {
        let output = Command::new(PROGRAM)
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .env("KEYWRIGHT_DATABASE_URL", format!("sqlite://{}", self.folder.path().join("keywright.db").display()))
            .envs(self.wanted.iter().cloned())
            .output()
            .expect("the program runs");
        let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
        (output.status.success(), said)
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// All that it has logged until now.
    pub fn log(&self) -> String {
        self.log.lock().expect("the log").clone()
    }

    /// The most memory that it ever held, in mebibytes.
    pub fn most_memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).expect("Linux tells it");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a line");
        line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") / 1024
    }

    /// Sends it a signal: STOP makes it stand still until CONT.
    pub fn signal(&self, name: &str) {
        let pid = self.pid().to_string();
        assert!(Command::new("kill").args(["-s", name, &pid]).status().expect("kill runs").success(), "{name}");
    }

    /// Asks it to end, as a service manager does, and waits until it has. Answers whether it ended well.
    pub fn terminate(mut self) -> bool {
        self.signal("TERM");
        self.child.wait().is_ok_and(|status| status.success())
    }

    /// All that it printed.
    pub fn printed(&self) -> String {
        std::fs::read_to_string(self.folder.path().join(PRINTED)).expect("what was printed")
    }

    /// The path of the set-up link that it printed.
    pub fn setup_link(&self) -> Option<String> {
        let printed = self.printed();
        let link = printed.split_whitespace().find(|word| word.contains("/setup"))?;
        Some(link.strip_prefix(&self.url).expect("a link to here").to_owned())
    }

    /// Ends it. Answers with all that it printed and logged.
    pub fn stop(mut self) -> (String, String) {
        self.end();
        (self.printed(), self.log.lock().expect("the log").clone())
    }

    fn end(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
        if let Some(reader) = self.reads_log.take() {
            reader.join().ok();
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.end();
    }
}
