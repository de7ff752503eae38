use keywright::domain::redirect_url::{MAX_URL_CHARS, MAX_URLS, RedirectKind, RedirectUrl, UrlRules, parse_url_lines};
use url::{Host, Url};

use super::{choice, harms_a_sentence, text};

/// Whatever is accepted is kept as it is, means the same to browsers, and is matched by nothing else.
pub fn redirect_url(data: &[u8]) {
    let Some((chosen, rest)) = choice(data) else { return };
    let Some(typed) = text(rest) else { return };
    let rules = UrlRules { native: chosen & 1 == 1, localhost: chosen & 2 == 2 };
    match RedirectUrl::parse(typed, rules) {
        Ok(url) => accepted(&url, typed, rules),
        Err(fault) => assert!(!fault.to_string().contains(harms_a_sentence), "{fault}"),
    }
    if let Ok(urls) = parse_url_lines(typed, rules) {
        assert!(urls.len() <= MAX_URLS);
        for (at, url) in urls.iter().enumerate() {
            assert_eq!(RedirectUrl::parse(url.as_str(), rules).as_ref(), Ok(url));
            assert!(!urls[..at].contains(url), "twice: {typed:?}");
        }
    }
}

fn accepted(url: &RedirectUrl, typed: &str, rules: UrlRules) {
    assert_eq!(url.as_str(), typed);
    assert_eq!(RedirectUrl::parse(url.as_str(), rules).as_ref(), Ok(url));
    assert!(typed.len() <= MAX_URL_CHARS && typed.bytes().all(|byte| byte.is_ascii_graphic()));
    assert!(!typed.contains(['#', '*', '\\', '"', '<', '>']));

    let browser = Url::parse(typed).expect("a browser reads it");
    assert_eq!((browser.username(), browser.password(), browser.fragment()), ("", None, None));
    assert_eq!(browser.host_str().map(ToOwned::to_owned), url.host());
    match url.kind() {
        RedirectKind::Https => assert_eq!(browser.scheme(), "https"),
        RedirectKind::Loopback => {
            assert_eq!(browser.scheme(), "http");
            assert!(matches!(browser.host_str(), Some("127.0.0.1" | "[::1]")));
        }
        RedirectKind::Localhost => {
            assert!(rules.localhost);
            assert_eq!((browser.scheme(), browser.host_str()), ("http", Some("localhost")));
        }
        RedirectKind::PrivateUse => {
            assert!(rules.native && browser.scheme().contains('.') && browser.host().is_none());
        }
    }
    if let Some(Host::Domain(name)) = browser.host() {
        assert!(rules.localhost || (name != "localhost" && !name.ends_with(".localhost")));
    }
    assert!(browser.port() != Some(0));
    matches_itself_alone(url, &browser, rules.native);
}

/// Everything that a browser takes for the same place, and is written otherwise, is another URL.
fn matches_itself_alone(url: &RedirectUrl, browser: &Url, native: bool) {
    let typed = url.as_str();
    assert!(url.accepts(typed, native) && url.accepts(typed, false));
    let upper = typed.to_ascii_uppercase();
    let mut others = vec![
        format!("{typed}/"),
        format!("{typed}#"),
        format!("{typed}%20"),
        format!(" {typed}"),
        typed.replacen("://", "://user@", 1),
        typed.replacen("https://", "http://", 1),
        upper,
    ];
    others.extend((0..typed.len()).step_by(1 + typed.len() / 16).map(|end| typed[..end].to_owned()));
    for other in others.iter().filter(|other| *other != typed) {
        assert!(!url.accepts(other, false), "{typed} accepts {other}");
    }
    let moved = typed.replacen(browser.authority(), &format!("{}:49152", url.host().unwrap_or_default()), 1);
    let is_loopback = url.kind() == RedirectKind::Loopback;
    if is_loopback {
        assert!(url.accepts(&moved, true), "{typed} on another port: {moved}");
    }
    assert!(moved == typed || !url.accepts(&moved, false));
}
