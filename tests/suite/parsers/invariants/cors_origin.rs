use keywright::domain::cors_origin::{CorsOrigin, MAX_ORIGINS, parse_origin_lines};
use url::Url;

use super::{choice, harms_a_sentence, text};

/// What is kept is the `Origin` that a browser sends from there, and nothing more.
pub fn cors_origin(data: &[u8]) {
    let Some((chosen, rest)) = choice(data) else { return };
    let Some(typed) = text(rest) else { return };
    let localhost = chosen & 1 == 1;
    match CorsOrigin::parse(typed, localhost) {
        Err(fault) => assert!(!fault.to_string().contains(harms_a_sentence), "{fault}"),
        Ok(origin) => {
            let kept = origin.as_str();
            let browser = Url::parse(typed).expect("a browser reads it");
            assert_eq!(browser.origin().ascii_serialization(), kept);
            assert_eq!(Url::parse(kept).expect("and what is kept").origin(), browser.origin());
            assert!(browser.origin().is_tuple() && browser.path() == "/" && browser.query().is_none());
            assert!(browser.username().is_empty() && browser.password().is_none() && browser.fragment().is_none());
            assert!(kept.len() == typed.len() && kept.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'*'));
            assert_eq!(CorsOrigin::parse(kept, localhost).as_ref(), Ok(&origin));
            let is_local = matches!(browser.host_str(), Some("127.0.0.1" | "[::1]"));
            assert!(browser.scheme() == "https" || is_local || (localhost && browser.host_str() == Some("localhost")));
        }
    }
    if let Ok(origins) = parse_origin_lines(typed, localhost) {
        assert!(origins.len() <= MAX_ORIGINS);
        assert!(origins.iter().enumerate().all(|(at, origin)| !origins[..at].contains(origin)));
    }
}
