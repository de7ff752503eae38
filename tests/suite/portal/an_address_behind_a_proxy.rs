//! Whose address counts behind a proxy: the one that the proxy itself saw, whatever a stranger writes before it.

use crate::support::{Browser, PASSWORD, Person, TestPortal};

/// Signs in through a trusted proxy that forwards this chain; answers whether the session noted the address.
fn notes(chain: &str, address: &str) -> bool {
    let portal = TestPortal::spawn_with(|config| config.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()]);
    portal.company("northwind");
    let body = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("email", &Person::Developer.email("northwind"))
        .append_pair("password", PASSWORD)
        .finish();
    let answer = Browser::new(&portal.url)
        .http
        .post(format!("{}/sign-in", portal.url))
        .header("origin", &portal.url)
        .header("x-forwarded-for", chain)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body)
        .send()
        .unwrap();
    assert_eq!(answer.status(), 303);
    portal.number(&format!("SELECT count(*) AS n FROM sessions WHERE address = '{address}'")) == 1
}

#[test]
fn the_last_address_that_no_trusted_proxy_has_counts() {
    assert!(notes("203.0.113.9", "203.0.113.9"));
    assert!(notes("1.2.3.4, 203.0.113.9", "203.0.113.9"));
    assert!(notes("1.2.3.4, nonsense, 203.0.113.9", "203.0.113.9"));
    assert!(notes("203.0.113.9, 127.0.0.1", "203.0.113.9"));
    // Nothing readable at the end: the proxy's own address is all that is known.
    assert!(notes("203.0.113.9, nonsense", "127.0.0.1"));
}
