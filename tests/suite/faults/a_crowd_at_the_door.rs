//! Ten times as many requests at once as there are places: who finds none is told at once, and the process stays well.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use base64::prelude::{BASE64_STANDARD, Engine};

use super::{asker, machine, status, token};
use crate::support::{App, SECOND, Served, TestPortal};

/// See `keywright::crowd::PLACES`.
const PLACES: usize = keywright::crowd::PLACES;

/// A request for a token, as its bytes.
fn request(app: &App) -> Vec<u8> {
    let body = "grant_type=client_credentials";
    let proof = BASE64_STANDARD.encode(format!("{}:{}", app.client_id, app.secret));
    format!(
        "POST /oauth2/token HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nAuthorization: Basic {proof}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

#[test]
fn who_finds_no_place_is_told_at_once() {
    let portal = TestPortal::on_real_time();
    let app = machine(&portal);
    let served = Served::on(&portal);
    assert_eq!(token(&asker(), &served.url, &app).0, 200);
    let idle = served.most_memory();
    let address = served.url.strip_prefix("http://").unwrap().parse().unwrap();
    let bytes = request(&app);
    // The process stands still while they come: none may be turned away before it has seen them, or it would try again
    // a second later, and a longer while later after that. What they ask for lacks its last byte.
    let (last, rest) = bytes.split_last().unwrap();
    let begin = |_| {
        let mut stream = TcpStream::connect_timeout(&address, SECOND).unwrap();
        stream.write_all(rest).unwrap();
        stream
    };
    served.signal("STOP");
    let mut streams: Vec<TcpStream> = (0..10 * PLACES).map(begin).collect();
    served.signal("CONT");
    assert_eq!(token(&asker(), &served.url, &app).0, 200, "they are let in, and hold nobody up");
    // However fast the machine is, the process finds all of them complete at once.
    served.signal("STOP");
    for stream in &mut streams {
        stream.write_all(&[*last]).unwrap();
    }
    let begun = Instant::now();
    served.signal("CONT");
    let answers: Vec<String> = streams
        .into_iter()
        .map(|mut stream| {
            let mut answer = String::new();
            stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
            stream.read_to_string(&mut answer).unwrap();
            answer
        })
        .collect();
    let took = begun.elapsed();
    let granted = answers.iter().filter(|answer| answer.starts_with("HTTP/1.1 200")).count();
    let refused = answers.iter().filter(|answer| answer.starts_with("HTTP/1.1 503")).collect::<Vec<_>>();
    let more = served.most_memory() - idle;
    println!(
        "of {}: {granted} granted, {} refused in {took:?}; {more} MiB more than {idle} MiB",
        answers.len(),
        refused.len()
    );
    assert_eq!(granted + refused.len(), answers.len());
    // Of those who found a place some may wait in vain for a connection to the database where the machine is slow.
    assert!(granted >= PLACES / 4, "those who found a place are served");
    assert!(refused.len() >= PLACES, "no line grows behind those who found one");
    for answer in refused {
        assert!(answer.contains("retry-after: 5") && answer.contains("temporarily_unavailable"), "{answer}");
    }
    assert!(took < 15 * SECOND, "{took:?}");
    assert!(more < 200, "{more} MiB");
    assert_eq!(token(&asker(), &served.url, &app).0, 200);
    assert_eq!(status(&asker(), &format!("{}/readyz", served.url)), 200);
}
