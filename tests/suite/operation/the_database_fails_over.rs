//! Two addresses of a PostgreSQL database, of which one answers at a time: the pool finds the other by itself.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use keywright::domain::client::ClientType;
use reqwest::blocking::Client;

use crate::support::{EmptyDatabase, Metrics, Served, TestPortal};

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
