//! Texts leave as gzip where the client takes it, and as they are where it doesn't; what is on them stays the same.

use std::io::Read;

use flate2::read::GzDecoder;
use reqwest::blocking::Response;

use crate::support::{Browser, Person, TestPortal};

fn asked(browser: &Browser, path: &str, taken: Option<&str>) -> Response {
    let request = browser.http.get(format!("{}{path}", browser.base));
    let request = match taken {
        Some(taken) => request.header("accept-encoding", taken),
        None => request,
    };
    request.send().unwrap()
}

fn header<'a>(answer: &'a Response, name: &str) -> &'a str {
    answer.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

/// The address of a static file that a page names.
fn style_sheet(browser: &mut Browser) -> String {
    let html = &browser.visit("/sign-in").html;
    let begins = html.find("/static/").expect("a style sheet");
    html[begins..].split('"').next().unwrap().to_owned()
}

#[test]
fn as_the_client_takes_them() {
    let portal = TestPortal::spawn();
    portal.company("northwind");
    let mut browser = portal.signed_in(Person::Administrator, "northwind");
    let style_sheet = style_sheet(&mut browser);
    for path in ["/services", "/clients", "/settings", &style_sheet] {
        let plain = asked(&browser, path, None);
        assert_eq!((plain.status().as_u16(), header(&plain, "content-encoding")), (200, ""), "{path}");
        assert_eq!(header(&plain, "vary"), "Accept-Encoding", "{path}");
        let plain = plain.text().unwrap();
        for taken in ["gzip", "gzip, deflate, br, zstd", "br;q=1.0, gzip;q=0.8, *;q=0.1"] {
            let answer = asked(&browser, path, Some(taken));
            assert_eq!(header(&answer, "content-encoding"), "gzip", "{path}: {taken}");
            let compressed = answer.bytes().unwrap();
            assert!(compressed.len() * 2 < plain.len(), "{path}: {} of {}", compressed.len(), plain.len());
            let mut read = String::new();
            GzDecoder::new(compressed.as_ref()).read_to_string(&mut read).unwrap();
            assert!(read == plain, "{path}");
        }
        for refused in ["br", "identity", "gzip;q=0", "deflate"] {
            let answer = asked(&browser, path, Some(refused));
            assert_eq!(header(&answer, "content-encoding"), "", "{path}: {refused}");
            assert!(answer.text().unwrap() == plain, "{path}");
        }
    }
}

#[test]
fn what_is_short_or_leaves_in_pieces_stays_as_it_is() {
    let portal = TestPortal::spawn();
    portal.company("northwind");
    let browser = portal.signed_in(Person::Administrator, "northwind");
    assert_eq!(header(&asked(&browser, "/oauth2/jwks", Some("gzip")), "content-encoding"), "");
    let export = || {
        let export = browser.http.post(format!("{}/audit/export", browser.base)).header("origin", &browser.base);
        export.header("accept-encoding", "gzip").form(&[("format", "csv")]).send().unwrap()
    };
    assert_eq!(export().status(), 200);
    let second = export();
    assert_eq!((second.status().as_u16(), header(&second, "content-encoding")), (200, ""));
    assert!(second.text().unwrap().contains("audit.exported"));
}
