//! Two addresses of a PostgreSQL database, of which one takes writes at a time: the pool finds the other by itself.

use std::io::{BufRead, BufReader, Lines, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use keywright::domain::client::ClientType;
use keywright::generate;
use reqwest::blocking::Client;

use crate::support::{Browser, EmptyDatabase, Metrics, PROGRAM, Served, TestPortal};

/// A way to the database that can be closed as a machine that died is: what is under way breaks, and nobody listens.
struct Way {
    address: String,
    port: u16,
    open: Arc<AtomicBool>,
    listening: Option<thread::JoinHandle<()>>,
    under_way: Arc<Mutex<Vec<TcpStream>>>,
}

impl Way {
    /// Closed at first.
    fn to(address: &str) -> Self {
        // Free a moment ago; nobody else here asks for this port.
        let port = TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a free port").port();
        Self { address: address.to_owned(), port, open: Arc::default(), listening: None, under_way: Arc::default() }
    }

    fn open(&mut self) {
        let listener = TcpListener::bind(("127.0.0.1", self.port)).expect("the port is free");
        listener.set_nonblocking(true).expect("a setting");
        self.open.store(true, Ordering::SeqCst);
        let (address, open, under_way) = (self.address.clone(), Arc::clone(&self.open), Arc::clone(&self.under_way));
        self.listening = Some(thread::spawn(move || {
            while open.load(Ordering::SeqCst) {
                let Ok((near, _)) = listener.accept() else {
                    thread::sleep(Duration::from_millis(5));
                    continue;
                };
                let Ok(far) = TcpStream::connect(&address) else { continue };
                let copy = |stream: &TcpStream| stream.try_clone().expect("a second handle");
                under_way.lock().expect("the streams").extend([copy(&near), copy(&far)]);
                pass_on(copy(&near), copy(&far));
                pass_on(far, near);
            }
        }));
    }

    fn close(&mut self) {
        self.open.store(false, Ordering::SeqCst);
        if let Some(listening) = self.listening.take() {
            listening.join().expect("it ends");
        }
        for stream in self.under_way.lock().expect("the streams").drain(..) {
            stream.shutdown(Shutdown::Both).ok();
        }
    }
}

impl Drop for Way {
    fn drop(&mut self) {
        self.close();
    }
}

fn pass_on(mut from: TcpStream, mut to: TcpStream) {
    thread::spawn(move || {
        let mut bytes = [0; 16_384];
        while let Ok(read @ 1..) = from.read(&mut bytes) {
            if to.write_all(&bytes[..read]).is_err() {
                break;
            }
        }
        to.shutdown(Shutdown::Both).ok();
    });
}

#[test]
fn the_other_address_is_found_without_a_restart() {
    if EmptyDatabase::on_postgres().is_none() {
        return;
    }
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let app = portal.app(&company, ClientType::ClientCredentials, |_| {});
    let direct = url::Url::parse(&portal.database_url()).expect("a URL");
    let (host, port) = (direct.host_str().expect("a host"), direct.port().expect("a port"));
    let address = format!("{host}:{port}");
    let (mut first, mut second) = (Way::to(&address), Way::to(&address));
    first.open();
    let url = format!(
        "postgres://{}@127.0.0.1:{},127.0.0.1:{}{}?target_session_attrs=read-write&connect_timeout=3",
        direct.username(),
        first.port,
        second.port,
        direct.path()
    );
    let served = Served::start("info", &[("KEYWRIGHT_DATABASE_URL", url.as_str())]);
    let http = Client::new();
    let token = || {
        let asked = http.post(format!("{}/oauth2/token", served.url)).basic_auth(&app.client_id, Some(&app.secret));
        asked.form(&[("grant_type", "client_credentials")]).send().unwrap().status().as_u16()
    };
    assert_eq!(token(), 200);

    // Neither answers: it says so, and says it soon.
    first.close();
    let begun = Instant::now();
    let metrics = Metrics::of(&served.url);
    assert_eq!(metrics.value("keywright_database_up"), 0.0);
    assert!(begun.elapsed() < Duration::from_secs(8), "a collector waits ten seconds at most");
    let alive = http.get(format!("{}/healthz", served.url)).send().unwrap();
    assert_eq!(alive.status().as_u16(), 200);

    second.open();
    let (begun, mut answers) = (Instant::now(), Vec::new());
    while answers.last() != Some(&200) {
        assert!(begun.elapsed() < Duration::from_secs(30), "{answers:?}\n{}", served.log());
        answers.push(token());
    }
    assert!(answers.iter().all(|status| matches!(status, 200 | 503)), "{answers:?}");
    for _ in 0..20 {
        assert_eq!(token(), 200);
    }
    let ready = http.get(format!("{}/readyz", served.url)).send().unwrap();
    assert_eq!(ready.status().as_u16(), 200);
}

/// The manual's example: a primary, a standby that every commit waits for, and three instances.
struct Example {
    script: Child,
    says: Lines<BufReader<ChildStdout>>,
}

impl Example {
    fn start() -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/operations/three-instances");
        let mut command = Command::new(script);
        let mut script =
            command.arg(PROGRAM).stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("bash runs it");
        let says = BufReader::new(script.stdout.take().expect("a pipe")).lines();
        Self { script, says }
    }

    /// What follows this word on the next line.
    fn told(&mut self, word: &str) -> String {
        let line = self.says.next().expect("it goes on").expect("a line");
        line.strip_prefix(word).unwrap_or_else(|| panic!("{word} is not in: {line}")).trim().to_owned()
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        Command::new("kill").args(["-s", "TERM", &self.script.id().to_string()]).status().ok();
        self.script.wait().ok();
    }
}

fn program(database: &str, key_file: &str, arguments: &[&str]) -> String {
    let ran = Command::new(PROGRAM)
        .args(arguments)
        .env_clear()
        .envs([("KEYWRIGHT_DATABASE_URL", database), ("KEYWRIGHT_KEY_FILE", key_file)])
        .output()
        .expect("the program runs");
    let said = [ran.stdout, ran.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    assert!(ran.status.success(), "{said}");
    said
}

/// Somebody who changes their name again and again at one instance: the last change that was acknowledged.
fn rename(browser: &Browser, over: &AtomicBool, acknowledged: &AtomicUsize, odd: &Mutex<Vec<u16>>) {
    for number in 1.. {
        if over.load(Ordering::SeqCst) {
            return;
        }
        match browser.post("/account/name", &[("name", &format!("Somebody {number}"))]).status().as_u16() {
            303 => acknowledged.store(number, Ordering::SeqCst),
            // The database is gone: a moment later it may be back.
            503 => thread::sleep(Duration::from_millis(50)),
            other => odd.lock().expect("the list").push(other),
        }
    }
}

#[test]
fn a_standby_takes_over_from_a_killed_primary_and_nothing_acknowledged_is_lost() {
    if EmptyDatabase::on_postgres().is_none() {
        return;
    }
    let mut example = Example::start();
    let database = example.told("database");
    let instances = [(); 3].map(|()| example.told("instance"));
    let key_file = example.told("key-file");
    example.told("set-up");
    let kill = example.told("primary");
    let folder = tempfile::tempdir().expect("a folder");
    let secrets = folder.path().join("secrets.txt").display().to_string();
    let of = ["generate", "--seed", "1", "--tenants", "1", "--services", "2", "--clients", "20", "--members", "3"];
    program(&database, &key_file, &[&of[..], &["--secrets-out", &secrets]].concat());
    let clients = std::fs::read_to_string(&secrets).expect("the secrets");
    let http = Client::new();
    let token = |url: &str, client: (&str, &str)| {
        let asked = http.post(format!("{url}/oauth2/token")).basic_auth(client.0, Some(client.1));
        asked.form(&[("grant_type", "client_credentials")]).send().expect("an answer").status().as_u16()
    };
    let mut known = clients.lines().filter_map(|line| line.split_once(char::is_whitespace));
    let client = known.find(|client| token(&instances[0], *client) == 200).expect("one that acts on its own");
    let people: Vec<Browser> = (0..3)
        .map(|at| {
            let mut browser = Browser::new(&instances[0]).through(&instances[at]);
            browser.sign_in(&format!("member{}@tenant1-1.example", at + 1), generate::PASSWORD);
            browser
        })
        .collect();

    let (over, odd) = (AtomicBool::new(false), Mutex::new(Vec::new()));
    let acknowledged = [(); 3].map(|()| AtomicUsize::new(0));
    let tokens = [(); 3].map(|()| AtomicUsize::new(0));
    thread::scope(|scope| {
        let ends = StopsAtTheEnd(&over);
        for at in 0..3 {
            let (over, odd, url) = (&over, &odd, &instances[at]);
            let (acknowledged, tokens, browser) = (&acknowledged[at], &tokens[at], &people[at]);
            scope.spawn(move || rename(browser, over, acknowledged, odd));
            scope.spawn(move || {
                while !over.load(Ordering::SeqCst) {
                    match token(url, client) {
                        200 => drop(tokens.fetch_add(1, Ordering::SeqCst)),
                        503 => thread::sleep(Duration::from_millis(50)),
                        other => odd.lock().expect("the list").push(other),
                    }
                }
            });
        }
        let now = |counts: &[AtomicUsize; 3]| counts.each_ref().map(|count| count.load(Ordering::SeqCst));
        let wait_for_more = |than: ([usize; 3], [usize; 3])| {
            let begun = Instant::now();
            let grew =
                |before: [usize; 3], now: [usize; 3]| before.iter().zip(now).all(|(before, now)| now > before + 10);
            while !(grew(than.0, now(&acknowledged)) && grew(than.1, now(&tokens))) {
                let so_far = (now(&acknowledged), now(&tokens));
                assert!(begun.elapsed() < Duration::from_secs(60), "{than:?}, then {so_far:?}");
                thread::sleep(Duration::from_millis(20));
            }
        };
        wait_for_more(([0; 3], [0; 3]));
        let killed = Command::new("bash").args(["-c", &kill]).status().expect("bash runs");
        assert!(killed.success());
        example.told("the primary is gone");
        example.told("the standby is the primary now");
        // Changes and tokens at each instance, none of which was started anew.
        wait_for_more((now(&acknowledged), now(&tokens)));
        drop(ends);
    });
    let odd = odd.into_inner().expect("the list");
    assert!(odd.is_empty(), "nobody hears anything but that the database is gone: {odd:?}");
    for (mut browser, acknowledged) in people.into_iter().zip(acknowledged) {
        let kept = browser.visit("/account").value("name").expect("a field");
        let number: usize = kept.trim_start_matches("Somebody ").parse().expect("a number");
        assert!(number >= acknowledged.into_inner(), "{kept}");
    }
    program(&database, &key_file, &["audit", "verify"]);
}

/// Tells everybody to stop, also when the test fails.
struct StopsAtTheEnd<'a>(&'a AtomicBool);

impl Drop for StopsAtTheEnd<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}
