//! Connections on which little or nothing comes: others are served, and the slow ones are closed in bounded time.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::{asker, machine, status, token};
use crate::support::{SECOND, Served, TestPortal};

/// `TEST_SLOW_CONNECTIONS=10000` opens as many, half a minute for their bodies included; the process and the test need
/// twice as many open files (`ulimit -n`).
fn wanted() -> Option<usize> {
    std::env::var("TEST_SLOW_CONNECTIONS").ok().and_then(|count| count.parse().ok())
}

const HALF_A_HEAD: &str = "GET /sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ";
const HALF_A_BODY: &str = "POST /oauth2/token HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n\
    Content-Type: application/x-www-form-urlencoded\r\n\r\ngrant_type=";
const HALF_A_FORM: &str = "POST /sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\nSec-Fetch-Site: same-origin\r\n\
    Content-Type: application/x-www-form-urlencoded\r\n\r\nemail=";

fn open(served: &Served, count: usize, begin: &str) -> Vec<TcpStream> {
    let address = served.url.strip_prefix("http://").expect("an address");
    let connect = |_| {
        let mut stream = TcpStream::connect(address).expect("it is let in");
        stream.write_all(begin.as_bytes()).expect("it is heard");
        stream
    };
    (0..count).map(connect).collect()
}

/// Waits until all are closed by the other side, sending a byte now and then where there is one to send; answers how long
/// it took.
fn closed(mut streams: Vec<TcpStream>, since: Instant, at_most: Duration, drip: Option<u8>) -> Duration {
    for stream in &streams {
        stream.set_nonblocking(true).expect("it can be asked");
    }
    let mut last_drip = Instant::now();
    while !streams.is_empty() {
        assert!(since.elapsed() < at_most, "{} are still open after {at_most:?}", streams.len());
        let drips = drip.filter(|_| last_drip.elapsed() > SECOND);
        if drips.is_some() {
            last_drip = Instant::now();
        }
        streams.retain_mut(|stream| {
            if let Some(byte) = drips {
                stream.write_all(&[byte]).ok();
            }
            let mut answer = [0; 4096];
            match stream.read(&mut answer) {
                Ok(read) => read > 0,
                Err(error) => error.kind() == std::io::ErrorKind::WouldBlock,
            }
        });
        std::thread::sleep(Duration::from_millis(50));
    }
    since.elapsed()
}

#[test]
fn slow_connections_keep_nobody_out_and_end() {
    let portal = TestPortal::on_real_time();
    let app = machine(&portal);
    let served = Served::on(&portal);
    let http = asker();
    assert_eq!(token(&http, &served.url, &app).0, 200);
    let (count, idle) = (wanted().unwrap_or(500), served.most_memory());
    let begun = Instant::now();
    let (silent, heads) = (open(&served, count / 2, ""), open(&served, count / 2, HALF_A_HEAD));
    println!("{count} were opened in {:?}", begun.elapsed());
    for _ in 0..5 {
        let asked = Instant::now();
        assert_eq!(token(&http, &served.url, &app).0, 200);
        assert_eq!(status(&http, &format!("{}/sign-in", served.url)), 200);
        assert!(asked.elapsed() < 2 * SECOND, "{:?}", asked.elapsed());
    }
    let opened = Instant::now();
    println!("with half a head they ended after {:?}", closed(heads, opened, 12 * SECOND, Some(b'x')));
    println!("silent ones after {:?}", closed(silent, opened, 12 * SECOND, None));
    let more = served.most_memory() - idle;
    println!("the process held {idle} MiB before and {more} MiB more at most");
    assert!(more < 60 + count as u64 / 32, "{more} MiB for {count} connections");

    // A body may take half a minute, so this is for the long run.
    if wanted().is_some() {
        let bodies = open(&served, count / 2, HALF_A_BODY);
        let forms = open(&served, count / 2, HALF_A_FORM);
        let opened = Instant::now();
        for _ in 0..5 {
            assert_eq!(token(&http, &served.url, &app).0, 200, "who sends a body slowly takes nobody's place");
        }
        println!("with half a body they ended after {:?}", closed(bodies, opened, 40 * SECOND, Some(b'x')));
        println!("with half a form after {:?}", closed(forms, opened, 45 * SECOND, None));
        println!("the process held {} MiB more at most", served.most_memory() - idle);
    }
}
