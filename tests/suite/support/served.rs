//! A portal as people run it: a process of its own, on SQLite, told what to do by its environment.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

/// The file that its standard output goes to.
const PRINTED: &str = "printed.txt";

pub struct Served {
    pub url: String,
    /// Database, key file and mail.
    pub folder: Arc<tempfile::TempDir>,
    wanted: Vec<(String, String)>,
    log_level: String,
    child: Child,
    log: Arc<Mutex<String>>,
    reads_log: Option<thread::JoinHandle<()>>,
}

impl Served {
    /// Runs `keywright serve` in a folder of its own until it says that it serves.
    pub fn start(log_level: &str, wanted: &[(&str, &str)]) -> Self {
        let wanted = wanted.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self::in_folder(Arc::new(tempfile::tempdir().expect("a folder")), log_level.to_owned(), wanted)
    }

    /// Ends it and starts it anew on the same database.
    pub fn restart(self) -> Self {
        let (folder, log_level, wanted) = (Arc::clone(&self.folder), self.log_level.clone(), self.wanted.clone());
        drop(self);
        Self::in_folder(folder, log_level, wanted)
    }

    fn in_folder(folder: Arc<tempfile::TempDir>, log_level: String, wanted: Vec<(String, String)>) -> Self {
        // Free a moment ago; nobody else here asks for this port.
        let listen = TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a free port");
        let database = folder.path().join("keywright.db");
        let printed = std::fs::File::create(folder.path().join(PRINTED)).expect("a file");
        let mut child = Command::new(env!("CARGO_BIN_EXE_keywright"))
            .arg("serve")
            .current_dir(folder.path())
            .env_clear()
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
        Self { url, folder, wanted, log_level, child, log, reads_log: Some(reads_log) }
    }

    fn printed(&self) -> String {
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
