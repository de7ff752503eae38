//! Addresses that people follow: a client's website, privacy policy and terms, a service's policies. Never redirected
//! to, never fetched by the server; that one may be shown as a link is all that is decided here.

use super::redirect_url::{self, UrlFault, characters, host};

/// An https URL on a host that looks public: printable ASCII, scheme and host in lower case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WebUrl(String);

impl WebUrl {
    /// Checks an address. Spaces and tabs around it are dropped, and scheme and host put in lower case, which changes
    /// nothing for a browser (RFC 3986 §6.2.2.1). A fragment is allowed: a policy may be a section of a page.
    ///
    /// # Errors
    /// The first fault that was found. Positions count characters from 1, from the first that isn't a space or a tab.
    pub fn parse(typed: &str) -> Result<Self, UrlFault> {
        let typed = typed.trim_matches([' ', '\t']);
        characters::check_readable(typed)?;
        let text = host::with_lower_case_start(typed);
        let scheme = redirect_url::scheme(&text)?;
        if scheme != "https" {
            return Err(UrlFault::HttpsOnly { scheme: scheme.to_owned() });
        }
        let authority = host::authority(&text, scheme)?;
        if host::is_internal(authority.host) {
            return Err(UrlFault::HostNotPublic { host: authority.host.to_owned() });
        }
        characters::check_tail(&text, authority.tail)?;
        Ok(Self(text))
    }

    /// The same for a field that may stay empty.
    pub fn parse_optional(typed: &str) -> Result<Option<Self>, UrlFault> {
        let typed = typed.trim_matches([' ', '\t']);
        if typed.is_empty() { Ok(None) } else { Self::parse(typed).map(Some) }
    }

    /// From the database, where only checked addresses are kept.
    pub fn stored(text: String) -> Self {
        Self(text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const GOOD: [(&str, &str); 12] = [
        ("https://example.com", "https://example.com"),
        ("https://example.com/", "https://example.com/"),
        (" https://example.com/privacy\t", "https://example.com/privacy"),
        ("Https://Example.com/Privacy", "https://example.com/Privacy"),
        ("https://example.com/legal?lang=de&v=2", "https://example.com/legal?lang=de&v=2"),
        ("https://example.com/legal#privacy", "https://example.com/legal#privacy"),
        ("https://example.com/#", "https://example.com/#"),
        ("https://example.com:8443/a", "https://example.com:8443/a"),
        ("https://xn--bcher-kva.example/a", "https://xn--bcher-kva.example/a"),
        ("https://example.com/caf%C3%A9", "https://example.com/caf%C3%A9"),
        ("https://example.com/@ada/*", "https://example.com/@ada/*"),
        ("https://8.8.8.8/", "https://8.8.8.8/"),
    ];

    /// Typed, and a part of the sentence.
    const BAD: [(&str, &str); 32] = [
        ("", "Enter a URL"),
        (" \t", "Enter a URL"),
        ("example.com", "Start with https://"),
        ("/privacy", "Start with https://"),
        ("//example.com/privacy", "Start with https://"),
        ("http://example.com", "https:// instead of http:"),
        ("http://127.0.0.1", "https:// instead of http:"),
        ("com.example.app:/privacy", "https:// instead of com.example.app:"),
        ("javascript:alert(1)", "never allowed"),
        ("JavaScript://example.com/%0aalert(1)", "never allowed"),
        ("java\tscript:alert(1)", "U+0009 (TAB) at character 5"),
        ("data:text/html,x", "never allowed"),
        ("https://localhost/", "localhost leads nowhere"),
        ("https://intranet/", "intranet leads nowhere"),
        ("https://printer.local/", "printer.local leads nowhere"),
        ("https://wiki.internal/", "wiki.internal leads nowhere"),
        ("https://127.0.0.1/", "127.0.0.1 leads nowhere"),
        ("https://10.0.0.1/", "10.0.0.1 leads nowhere"),
        ("https://[fd00::1]/", "[fd00::1] leads nowhere"),
        ("https://[::ffff:127.0.0.1]/", "Type the host as 127.0.0.1"),
        ("https://ada@example.com/", "“@” at character 12"),
        ("https://example.com@evil.example/", "“@” at character 20"),
        ("https://*.example.com/", "wildcard “*” at character 9"),
        ("https://example.com/a b", "U+0020 (SPACE) at character 22"),
        ("https://example.com/\u{202E}moc", "U+202E (RIGHT-TO-LEFT OVERRIDE) at character 21"),
        ("https://example.com\\a", "backslash"),
        ("https://example.com/é", "with %C3%A9"),
        ("https://example.com/<b>", "Replace “<” at character 21 with %3C"),
        ("https://example.com/#a#b", "Replace “#” at character 23 with %23"),
        ("https://example.com/%zz", "percent sign at character 21"),
        ("https://example.com/a/../b", "path segment “..” at character 23"),
        ("https://bücher.example/", "type xn--bcher-kva.example instead"),
    ];

    #[test]
    fn https_addresses_on_public_hosts_are_kept() {
        for (typed, kept) in GOOD {
            assert_eq!(WebUrl::parse(typed).unwrap().as_str(), kept, "{typed}");
        }
    }

    #[test]
    fn anything_else_is_refused_with_a_reason() {
        for (typed, part) in BAD {
            let sentence = WebUrl::parse(typed).expect_err(typed).to_string();
            assert!(sentence.contains(part), "{typed:?}: {sentence}");
        }
    }

    #[test]
    fn an_optional_address_may_stay_empty() {
        assert_eq!(WebUrl::parse_optional(" \t"), Ok(None));
        let kept = WebUrl::stored("https://example.com/a".into());
        assert_eq!(WebUrl::parse_optional(" https://example.com/a "), Ok(Some(kept)));
        assert_eq!(WebUrl::parse_optional("\n"), Err(UrlFault::Invisible { at: 1, c: '\n' }));
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic_and_what_is_kept_is_a_plain_https_link(typed: String, tail in "[ -~]{0,20}") {
            for typed in [typed, format!("https://example.com{tail}")] {
                match WebUrl::parse(&typed) {
                    Ok(kept) => {
                        prop_assert!(kept.as_str().starts_with("https://"));
                        prop_assert!(kept.as_str().bytes().all(|byte| byte.is_ascii_graphic()));
                        prop_assert!(!kept.as_str().contains(['"', '<', '>']));
                        prop_assert_eq!(WebUrl::parse(kept.as_str()), Ok(kept));
                    }
                    Err(fault) => prop_assert!(!fault.to_string().contains(char::is_control)),
                }
            }
        }
    }
}
