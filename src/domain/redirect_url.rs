//! Redirect URLs and logout redirect URLs: what a developer may register, and which request matches a registered one.
//! The faults and their sentences are in `fault`; hosts, ports and characters, shared with CORS origins and web
//! addresses, in `host` and `characters`. What a *release* asks for (https on a public host) is decided elsewhere.
//!
//! A registered URL is kept and compared character by character (RFC 6749 §3.1.2.3, RFC 9700 §4.1.3). Exact comparison
//! only protects if everyone who reads the URL afterwards sees the same host and path in it, so whatever parsers are
//! known to read differently is refused when it is typed, rather than repaired.

pub(super) mod characters;
mod fault;
pub(super) mod host;

#[cfg(test)]
mod tests;

use std::fmt::Display;

pub use fault::UrlFault;
use host::Authority;

/// The longest URL, in characters.
pub const MAX_URL_CHARS: usize = 2000;
/// At most so many redirect URLs, and as many logout redirect URLs, per client.
pub const MAX_URLS: usize = 10;

/// The only hosts that plain http may name: no resolver can make them mean another machine (RFC 8252 §7.3, §8.3).
const LOOPBACK: [&str; 2] = ["http://127.0.0.1", "http://[::1]"];

/// Schemes that run, read or send something. Refused by name, so that the fault doesn't send people looking for
/// another spelling; every scheme that isn't listed is refused too, unless it is in reverse-domain form.
const NEVER: [&str; 30] = [
    "about",
    "blob",
    "chrome",
    "chrome-extension",
    "content",
    "data",
    "feed",
    "file",
    "filesystem",
    "ftp",
    "ftps",
    "gopher",
    "intent",
    "jar",
    "javascript",
    "ldap",
    "livescript",
    "mailto",
    "moz-extension",
    "mocha",
    "resource",
    "sftp",
    "sms",
    "tel",
    "urn",
    "vbscript",
    "view-source",
    "ws",
    "wss",
    "wyciwyg",
];

/// What the client and its service allow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UrlRules {
    /// A native client: private-use schemes are allowed (RFC 8252 §7.1).
    pub native: bool,
    /// `localhost` is allowed: only while the service is in sandbox.
    pub localhost: bool,
}

/// How the answer gets back to the app.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RedirectKind {
    Https,
    /// `http` on 127.0.0.1 or \[::1\]; a native client may use any port (RFC 8252 §7.3).
    Loopback,
    /// `http` on `localhost`: sandbox only (RFC 8252 §8.3).
    Localhost,
    /// A scheme of the app's own, such as `com.example.app:/callback` (RFC 8252 §7.1).
    PrivateUse,
}

/// A registered URL, exactly as typed: printable ASCII, at most [`MAX_URL_CHARS`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RedirectUrl(String);

impl RedirectUrl {
    /// Checks a URL without changing it: not even spaces around it are trimmed.
    ///
    /// # Errors
    /// The first fault that was found. Positions count characters from 1.
    pub fn parse(typed: &str, rules: UrlRules) -> Result<Self, UrlFault> {
        characters::check_readable(typed)?;
        if let Some(byte) = typed.find('*') {
            return Err(UrlFault::Wildcard { at: characters::position(typed, byte) });
        }
        let scheme = scheme(typed)?;
        // RFC 6749 §3.1.2: no fragment. An empty one counts, because appending `?code=` after `#` would hide the code.
        if let Some(byte) = typed.find('#') {
            return Err(UrlFault::Fragment { at: characters::position(typed, byte) });
        }
        match scheme {
            "https" | "http" => check_web(typed, scheme, rules.localhost)?,
            _ => check_private_use(typed, scheme, rules.native)?,
        }
        Ok(Self(typed.to_owned()))
    }

    /// From the database, where only checked URLs are kept.
    pub fn stored(text: String) -> Self {
        Self(text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The host as it is compared: ASCII, lower case, IPv6 addresses in brackets. `None` for private-use schemes.
    pub fn host(&self) -> Option<String> {
        host::split(&self.0).map(|authority| authority.host.to_owned())
    }

    /// The host as its owner writes it, where that differs from the ASCII form. Show both: the readable form alone
    /// can be made to look like another host. `None` also where it has symbols that pass for a slash or for nothing.
    pub fn unicode_host(&self) -> Option<String> {
        host::split(&self.0).and_then(|authority| host::unicode(authority.host))
    }

    pub fn kind(&self) -> RedirectKind {
        match host::split(&self.0) {
            None => RedirectKind::PrivateUse,
            Some(_) if self.0.starts_with("https://") => RedirectKind::Https,
            Some(_) if loopback(&self.0).is_some() => RedirectKind::Loopback,
            Some(_) => RedirectKind::Localhost,
        }
    }

    /// Whether a request for `requested` may be answered at this URL: the two are the same, character by character.
    /// For a `native` client's loopback URL the port of the request is free, because the operating system hands it
    /// out at run time (RFC 8252 §7.3); everything else is still the same.
    pub fn accepts(&self, requested: &str, native: bool) -> bool {
        requested == self.0 || (native && same_but_for_port(&self.0, requested))
    }

    /// Whether the host can't be reached from the public internet: a loopback, private, link-local, documentation or
    /// otherwise reserved address, `localhost`, a name without a dot, or a name under a domain that is only resolved
    /// inside a network. `false` for private-use schemes, which have no host.
    pub fn is_private_or_loopback_host(&self) -> bool {
        host::split(&self.0).is_some_and(|authority| host::is_internal(authority.host))
    }
}

/// Reads a text area: one URL per line, ended by CRLF or LF. Spaces and tabs around a line and empty lines are ignored.
///
/// # Errors
/// A sentence per bad line. Each starts with `Line 3: ` when there is more than one non-empty line; lines are counted
/// as the text area shows them, characters from the first that isn't a space or a tab.
pub fn parse_url_lines(text: &str, rules: UrlRules) -> Result<Vec<RedirectUrl>, Vec<String>> {
    parse_lines(text, MAX_URLS, "URLs", |line| RedirectUrl::parse(line, rules))
}

/// Reads one value per line; no more than `max`, and none twice.
pub(super) fn parse_lines<T: PartialEq, E: Display>(
    text: &str,
    max: usize,
    what: &str,
    parse: impl Fn(&str) -> Result<T, E>,
) -> Result<Vec<T>, Vec<String>> {
    let lines = filled_lines(text);
    let mut good: Vec<(usize, T)> = Vec::new();
    let mut faults: Vec<(usize, String)> = Vec::new();
    for &(number, line) in lines.iter().take(max) {
        match parse(line) {
            Err(fault) => faults.push((number, fault.to_string())),
            Ok(value) => match good.iter().find(|(_, earlier)| *earlier == value) {
                Some((first, _)) => faults.push((number, format!("Leave out this line: it repeats line {first}."))),
                None => good.push((number, value)),
            },
        }
    }
    // The lines after the limit aren't parsed: a pasted book gets one fault, not a thousand.
    if let Some((number, _)) = lines.get(max) {
        let count = lines.len();
        let fault =
            format!("Leave out this line and those after it: at most {max} {what} are allowed, and there are {count}.");
        faults.push((*number, fault));
    }
    if faults.is_empty() {
        return Ok(good.into_iter().map(|(_, value)| value).collect());
    }
    let several = lines.len() > 1;
    Err(faults.into_iter().map(|(line, fault)| if several { format!("Line {line}: {fault}") } else { fault }).collect())
}

fn filled_lines(text: &str) -> Vec<(usize, &str)> {
    text.split('\n')
        .map(|line| line.strip_suffix('\r').unwrap_or(line).trim_matches([' ', '\t']))
        .zip(1..)
        .filter(|(line, _)| !line.is_empty())
        .map(|(line, number)| (number, line))
        .collect()
}

/// The scheme, in lower case as typed (RFC 3986 §3.1). It is the caller's to decide which schemes it wants.
pub(super) fn scheme(typed: &str) -> Result<&str, UrlFault> {
    let (scheme, rest) = typed.split_once(':').ok_or(UrlFault::SchemeMissing)?;
    let well_formed = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    if !well_formed {
        return Err(UrlFault::SchemeMissing);
    }
    let lower = scheme.to_ascii_lowercase();
    if NEVER.contains(&lower.as_str()) {
        return Err(UrlFault::SchemeForbidden { scheme: lower });
    }
    // `example.com:8443/callback` and `localhost:3000`: a host and a port, read as a scheme by every parser.
    let web = matches!(lower.as_str(), "https" | "http");
    if !web && rest.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(UrlFault::SchemeMissing);
    }
    if lower != scheme {
        return Err(UrlFault::SchemeUpperCase { lower });
    }
    Ok(scheme)
}

fn check_web(typed: &str, scheme: &str, localhost: bool) -> Result<(), UrlFault> {
    let authority = host::authority(typed, scheme)?;
    check_host_for_scheme(&authority, localhost)?;
    characters::check_tail(typed, authority.tail)
}

/// Plain http stays on the machine. `localhost` is a name, and a resolver may send it elsewhere (RFC 8252 §8.3); with
/// https that is harmless, but it can't work for anyone except the developer, so it ends with the sandbox as well.
pub(super) fn check_host_for_scheme(authority: &Authority<'_>, localhost: bool) -> Result<(), UrlFault> {
    match (authority.scheme, authority.host) {
        ("http", "127.0.0.1" | "[::1]") => Ok(()),
        ("http", "localhost") | ("https", _) if host::is_localhost(authority.host) && !localhost => {
            Err(UrlFault::LocalhostNotAllowed)
        }
        ("http", "localhost") | ("https", _) => Ok(()),
        _ => Err(UrlFault::HttpHost),
    }
}

/// RFC 8252 §7.1: the scheme is a domain of the app's owner in reverse, followed by a path and no host. Two slashes
/// would make a host of the first part of the path, for some parsers and not for others.
fn check_private_use(typed: &str, scheme: &str, native: bool) -> Result<(), UrlFault> {
    let named = || scheme.to_owned();
    if !native {
        return Err(UrlFault::PrivateUseNotNative { scheme: named() });
    }
    if !is_reverse_domain(scheme) {
        return Err(UrlFault::PrivateUseForm { scheme: named() });
    }
    let tail = &typed[scheme.len() + 1..];
    if !tail.starts_with('/') || tail.starts_with("//") {
        return Err(UrlFault::PrivateUseSlash { scheme: named() });
    }
    characters::check_tail(typed, tail)
}

fn is_reverse_domain(scheme: &str) -> bool {
    scheme.contains('.') && scheme.len() <= host::MAX_HOST_CHARS && scheme.split('.').all(host::is_label)
}

/// Both are http on the same loopback literal, and what follows the port is the same.
fn same_but_for_port(registered: &str, requested: &str) -> bool {
    matches!((loopback(registered), loopback(requested)), (Some(a), Some(b)) if a == b)
}

/// Takes `http://127.0.0.1:port/path?query` apart into the literal and what follows the port. No general parser: the
/// request comes from an attacker, and only these two spellings, with one way to write a port, can be registered.
fn loopback(text: &str) -> Option<(&'static str, &str)> {
    LOOPBACK.iter().find_map(|literal| {
        let after = text.strip_prefix(literal)?;
        let tail = match after.strip_prefix(':') {
            None => after,
            Some(port_and_tail) => without_port(port_and_tail)?,
        };
        (tail.is_empty() || tail.starts_with(['/', '?'])).then_some((*literal, tail))
    })
}

fn without_port(text: &str) -> Option<&str> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (port, tail) = text.split_at(end);
    host::port_number(port).map(|_| tail)
}
