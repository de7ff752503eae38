//! CORS origins: which web pages may call the token endpoint from a browser. Only the form of an origin belongs here;
//! comparing the header of a request is a comparison of strings.

use thiserror::Error;

use super::redirect_url::host::{self, Authority};
use super::redirect_url::{self, UrlFault, characters};

/// At most so many origins per client.
pub const MAX_ORIGINS: usize = 10;

/// What is wrong with a typed origin. `at` counts characters from 1. `Display` is what the form shows.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum OriginFault {
    #[error("Enter an origin, like https://app.example.com.")]
    Empty,
    #[error(
        "Take out “null”: sandboxed frames and local files all send it, so it would let anyone in; type the origin \
         of your page."
    )]
    Null,
    #[error(
        "Take out the wildcard “*” at character {at}: each origin is compared as a whole, so type each one in full."
    )]
    Wildcard { at: usize },
    #[error("Start with https:// and a host, like https://app.example.com.")]
    SchemeMissing,
    #[error("Leave out the slash at the end: {origin}.")]
    TrailingSlash { origin: String },
    #[error("Leave out the path, from character {at} to the end: an origin has a scheme, a host and a port only.")]
    Path { at: usize },
    #[error(
        "Leave out the query, from the “?” at character {at} to the end: an origin has a scheme, a host and a port \
         only."
    )]
    Query { at: usize },
    #[error(
        "Leave out the fragment, from the “#” at character {at} to the end: an origin has a scheme, a host and a \
         port only."
    )]
    Fragment { at: usize },
    /// A fault that any URL may have: a character, the scheme, the host or the port.
    #[error(transparent)]
    Url(UrlFault),
}

impl From<UrlFault> for OriginFault {
    /// Sentences that would show a URL with a path as an example are said again with an origin.
    fn from(fault: UrlFault) -> Self {
        match fault {
            UrlFault::Empty => Self::Empty,
            UrlFault::SchemeMissing => Self::SchemeMissing,
            UrlFault::Wildcard { at } => Self::Wildcard { at },
            other => Self::Url(other),
        }
    }
}

/// An origin as a browser sends it in the `Origin` header (RFC 6454 §6.2): `scheme://host`, with `:port` where it isn't
/// the default port, in lower case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CorsOrigin(String);

impl CorsOrigin {
    /// Checks an origin. Upper-case letters become lower case, as in the browser; nothing else is changed.
    /// `localhost`: whether that name is allowed, that is, the service is in sandbox.
    ///
    /// # Errors
    /// The first fault that was found.
    pub fn parse(typed: &str, localhost: bool) -> Result<Self, OriginFault> {
        characters::check_readable(typed)?;
        if typed.eq_ignore_ascii_case("null") {
            return Err(OriginFault::Null);
        }
        if let Some(byte) = typed.find('*') {
            return Err(OriginFault::Wildcard { at: characters::position(typed, byte) });
        }
        let text = host::with_lower_case_start(typed);
        let scheme = redirect_url::scheme(&text)?;
        if !matches!(scheme, "https" | "http") {
            return Err(UrlFault::HttpsOnly { scheme: scheme.to_owned() }.into());
        }
        let authority = host::authority(&text, scheme)?;
        redirect_url::check_host_for_scheme(&authority, localhost)?;
        check_nothing_follows(&text, &authority)?;
        Ok(Self(text))
    }

    /// From the database, where only checked origins are kept.
    pub fn stored(text: String) -> Self {
        Self(text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn check_nothing_follows(text: &str, authority: &Authority<'_>) -> Result<(), OriginFault> {
    let origin = &text[..text.len() - authority.tail.len()];
    let at = characters::position(text, origin.len());
    match authority.tail.chars().next() {
        None => Ok(()),
        Some('?') => Err(OriginFault::Query { at }),
        Some('#') => Err(OriginFault::Fragment { at }),
        Some(_) if authority.tail == "/" => Err(OriginFault::TrailingSlash { origin: origin.to_owned() }),
        Some(_) => Err(OriginFault::Path { at }),
    }
}

/// Reads a text area: one origin per line, ended by CRLF or LF. Spaces and tabs around a line and empty lines are
/// ignored.
///
/// # Errors
/// A sentence per bad line. Each starts with `Line 3: ` when there is more than one non-empty line.
pub fn parse_origin_lines(text: &str, localhost: bool) -> Result<Vec<CorsOrigin>, Vec<String>> {
    redirect_url::parse_lines(text, MAX_ORIGINS, "origins", |line| CorsOrigin::parse(line, localhost))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const GOOD: [(&str, &str); 14] = [
        ("https://app.example.com", "https://app.example.com"),
        ("HTTPS://App.Example.COM", "https://app.example.com"),
        ("https://app.example.com:8443", "https://app.example.com:8443"),
        ("https://app.example.com:80", "https://app.example.com:80"),
        ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example"),
        ("https://XN--BCHER-KVA.example", "https://xn--bcher-kva.example"),
        ("https://192.0.2.7", "https://192.0.2.7"),
        ("https://[2001:db8::7]:8443", "https://[2001:db8::7]:8443"),
        ("https://[2001:DB8::7]", "https://[2001:db8::7]"),
        ("http://127.0.0.1", "http://127.0.0.1"),
        ("http://127.0.0.1:3000", "http://127.0.0.1:3000"),
        ("http://[::1]:3000", "http://[::1]:3000"),
        ("http://127.0.0.1:443", "http://127.0.0.1:443"),
        ("https://intranet", "https://intranet"),
    ];

    /// Typed, and a part of the sentence.
    const BAD: [(&str, &str); 52] = [
        ("", "Enter an origin"),
        ("null", "Take out “null”"),
        ("NULL", "Take out “null”"),
        ("*", "wildcard “*” at character 1"),
        ("https://*", "wildcard “*” at character 9"),
        ("https://*.example.com", "each origin is compared as a whole"),
        ("https://app.example.com:*", "wildcard “*” at character 25"),
        ("https://app.example.com/", "Leave out the slash at the end: https://app.example.com."),
        ("https://App.example.com:8443/", "Leave out the slash at the end: https://app.example.com:8443."),
        ("https://app.example.com//", "Leave out the path, from character 24"),
        ("https://app.example.com/callback", "Leave out the path, from character 24"),
        ("https://app.example.com?", "Leave out the query, from the “?” at character 24"),
        ("https://app.example.com/?a", "Leave out the path"),
        ("https://app.example.com#", "Leave out the fragment, from the “#” at character 24"),
        ("https://app.example.com#a", "Leave out the fragment"),
        ("https://ada@app.example.com", "“@” at character 12"),
        ("https://@app.example.com", "“@” at character 9"),
        ("https://app.example.com@evil.example", "“@” at character 24"),
        ("https://app.example.com:443", "Leave out :443"),
        ("http://127.0.0.1:80", "Leave out :80"),
        ("https://app.example.com:", "Leave out the colon"),
        ("https://app.example.com:0", "from 1 to 65535"),
        ("https://app.example.com:08443", "without zeros in front"),
        ("https://app.example.com:65536", "from 1 to 65535"),
        ("http://app.example.com", "http:// is only for the loopback addresses"),
        ("http://127.0.0.2", "http:// is only for the loopback addresses"),
        ("http://0.0.0.0", "http:// is only for the loopback addresses"),
        ("http://127.1", "Type the host as 127.0.0.1"),
        ("http://0x7f000001", "Type the host as 127.0.0.1"),
        ("http://[0:0:0:0:0:0:0:1]", "Type the host as [::1]"),
        ("http://localhost", "instead of localhost"),
        ("http://localhost:3000", "instead of localhost"),
        ("https://localhost", "instead of localhost"),
        ("app.example.com", "Start with https:// and a host, like https://app.example.com."),
        ("app.example.com:8443", "Start with https://"),
        ("localhost:3000", "Start with https://"),
        ("//app.example.com", "Start with https://"),
        ("https:app.example.com", "two slashes"),
        ("https:///app.example.com", "two slashes"),
        ("https://", "Type a host after https://"),
        ("https://:8443", "Type a host after https://"),
        ("https://bücher.example", "type xn--bcher-kva.example instead"),
        ("https://app.example.com.", "Leave out the dot at the end of the host"),
        ("https://app_1.example.com", "“_” at character 12"),
        ("https://app.example.com, https://b.example", "U+0020 (SPACE) at character 25"),
        (" https://app.example.com", "U+0020 (SPACE) at character 1"),
        ("https://app.example.com\r\nX: y", "U+000D (CARRIAGE RETURN) at character 24"),
        ("https:\\\\app.example.com", "backslash “\\” (U+005C) at character 7"),
        ("file://", "The scheme file: is never allowed"),
        ("Javascript:alert(1)", "The scheme javascript: is never allowed"),
        ("chrome-extension://abcdef", "is never allowed"),
        ("com.example.app:/", "instead of com.example.app:"),
    ];

    #[test]
    fn origins_are_kept_as_a_browser_sends_them() {
        for (typed, kept) in GOOD {
            assert_eq!(CorsOrigin::parse(typed, false).unwrap().as_str(), kept, "{typed}");
        }
    }

    #[test]
    fn anything_else_is_refused_with_a_reason() {
        for (typed, part) in BAD {
            let sentence = CorsOrigin::parse(typed, false).expect_err(typed).to_string();
            assert!(sentence.contains(part), "{typed:?}: {sentence}");
        }
    }

    #[test]
    fn localhost_is_for_the_sandbox() {
        for typed in ["http://localhost", "http://localhost:3000", "https://localhost:8443"] {
            assert!(CorsOrigin::parse(typed, true).is_ok(), "{typed}");
        }
        assert!(CorsOrigin::parse("http://app.localhost", true).is_err());
    }

    #[test]
    fn lines_are_compared_after_normalising() {
        let origins = parse_origin_lines("https://a.example\r\n\r\n\thttp://127.0.0.1:1 \n", false).unwrap();
        assert_eq!(origins, ["https://a.example", "http://127.0.0.1:1"].map(|text| CorsOrigin::stored(text.into())));
        let faults =
            parse_origin_lines("https://a.example\n\nhttps://A.example\nhttps://b.example/", false).unwrap_err();
        assert_eq!(
            faults,
            [
                "Line 3: Leave out this line: it repeats line 1.",
                "Line 4: Leave out the slash at the end: https://b.example."
            ]
        );
        let many: String = (1..=11).map(|n| format!("https://a{n}.example\n")).collect();
        assert!(parse_origin_lines(&many, false).unwrap_err()[0].contains("at most 10 origins"));
    }

    proptest! {
        #[test]
        fn what_is_accepted_is_the_origin_that_a_browser_would_send(
            typed in "(https?|HTTPS|ftp)?(://|:/)[a-zA-Z0-9.:@\\[\\]-]{0,16}[/?#*]?",
            localhost: bool,
        ) {
            if let Ok(origin) = CorsOrigin::parse(&typed, localhost) {
                let parsed = url::Url::parse(&typed).unwrap();
                prop_assert_eq!(parsed.origin().ascii_serialization(), origin.as_str());
                prop_assert_eq!(CorsOrigin::parse(origin.as_str(), localhost), Ok(origin));
            }
        }

        #[test]
        fn nothing_makes_it_panic(typed: String, localhost: bool) {
            if let Err(fault) = CorsOrigin::parse(&typed, localhost) {
                prop_assert!(!fault.to_string().contains(char::is_control));
            }
        }
    }
}
