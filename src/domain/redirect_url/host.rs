//! The part between the two slashes and the path: one host in its one spelling, and a port. Shared by redirect URLs,
//! CORS origins and web addresses.

use std::net::{Ipv4Addr, Ipv6Addr};

use url::Host;

use super::UrlFault;
use super::characters::position;

/// The longest host name, in characters (RFC 1035 §2.3.4).
pub(super) const MAX_HOST_CHARS: usize = 253;

/// Top-level names that only resolve inside a network: RFC 6762 §3 and its appendix G, RFC 8375 (`home.arpa`), and
/// ICANN's reservation of `internal`.
const INTERNAL: [&str; 9] =
    ["corp", "home", "home.arpa", "internal", "intranet", "lan", "local", "localhost", "private"];

/// An http or https URL taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct Authority<'a> {
    pub scheme: &'a str,
    pub host: &'a str,
    /// Path, query and fragment: what follows the port.
    pub tail: &'a str,
}

/// Takes a *checked* http or https URL apart; `None` for other schemes.
pub(super) fn split(checked: &str) -> Option<Authority<'_>> {
    let (scheme, rest) = checked.split_once("://").filter(|(scheme, _)| matches!(*scheme, "https" | "http"))?;
    let (authority, tail) = split_tail(rest);
    Some(Authority { scheme, host: split_port(authority).0, tail })
}

/// Takes a typed http or https URL apart and checks host and port, but not whether the scheme may name this host.
///
/// Of the ways to write a port that means nothing, none is accepted: an empty one and a default one (`https:` with
/// `:443`) vanish in browsers and most libraries (WHATWG URL, RFC 3986 §6.2.3), so that an exact comparison with what
/// they send would fail; leading zeros do the same, and nothing can listen on port 0.
pub(in super::super) fn authority<'a>(typed: &'a str, scheme: &'a str) -> Result<Authority<'a>, UrlFault> {
    let named = || scheme.to_owned();
    let after_colon = &typed[scheme.len() + 1..];
    let rest = after_colon.strip_prefix("//").filter(|rest| !rest.starts_with('/'));
    let rest = rest.ok_or_else(|| UrlFault::Slashes { scheme: named() })?;
    let (authority, tail) = split_tail(rest);
    let start = typed.len() - rest.len();
    if let Some(byte) = authority.rfind('@') {
        return Err(UrlFault::UserInfo { at: position(typed, start + byte) });
    }
    let (host, port) = split_port(authority);
    if host.is_empty() {
        return Err(UrlFault::HostMissing { scheme: named() });
    }
    // The port first: of an IPv6 address without brackets, the rest looks like one, and its fault says what to do.
    if let Some(port) = port {
        check_port(port, scheme)?;
    }
    check_host(host, position(typed, start))?;
    Ok(Authority { scheme, host, tail })
}

/// The text with scheme, host and port in lower case: those parts mean the same in either (RFC 3986 §6.2.2.1).
pub(in super::super) fn with_lower_case_start(text: &str) -> String {
    let after_slashes = text.find("://").map_or(0, |byte| byte + 3);
    let end = text[after_slashes..].find(['/', '?', '#']).map_or(text.len(), |byte| after_slashes + byte);
    text[..end].to_ascii_lowercase() + &text[end..]
}

fn split_tail(rest: &str) -> (&str, &str) {
    rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()))
}

/// Host, and what stands after its colon. A bracket that isn't closed, or something other than a port behind it, stays
/// part of the host and is refused there.
fn split_port(authority: &str) -> (&str, Option<&str>) {
    let from = if authority.starts_with('[') { authority.find(']').unwrap_or(authority.len()) } else { 0 };
    match authority[from..].find(':') {
        Some(colon) => (&authority[..from + colon], Some(&authority[from + colon + 1..])),
        None => (authority, None),
    }
}

fn check_port(port: &str, scheme: &str) -> Result<(), UrlFault> {
    if port.is_empty() {
        return Err(UrlFault::PortEmpty);
    }
    match (port_number(port), scheme) {
        (Some(port @ 443), "https") | (Some(port @ 80), "http") => {
            Err(UrlFault::PortDefault { port, scheme: scheme.to_owned() })
        }
        (Some(_), _) => Ok(()),
        (None, _) => Err(UrlFault::PortInvalid),
    }
}

/// A port in its one spelling: 1 to 65535, digits only, no zero in front.
pub(super) fn port_number(text: &str) -> Option<u16> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    (digits && !text.starts_with('0')).then(|| text.parse().ok()).flatten()
}

/// The host must be spelled the way every parser would write it back. `start` is the position of its first character.
fn check_host(host: &str, start: usize) -> Result<(), UrlFault> {
    if host.starts_with('[') {
        return check_ipv6(host);
    }
    if let Some((_, at)) = host.chars().zip(start..).find(|(c, _)| *c == '%') {
        return Err(UrlFault::HostPercent { at });
    }
    if !host.is_ascii() {
        return Err(unicode_fault(host, start));
    }
    if let Some((c, at)) = host.chars().zip(start..).find(|(c, _)| !is_host_char(*c)) {
        return Err(if c == '*' { UrlFault::Wildcard { at } } else { UrlFault::HostCharacter { at, c } });
    }
    if let Some(without) = host.strip_suffix('.').filter(|without| !without.is_empty()) {
        return Err(UrlFault::HostTrailingDot { without: without.to_owned() });
    }
    check_name_or_ipv4(host)
}

fn check_name_or_ipv4(host: &str) -> Result<(), UrlFault> {
    if host.len() > MAX_HOST_CHARS || !host.split('.').all(is_label) {
        return Err(UrlFault::HostShape);
    }
    let lower = host.to_ascii_lowercase();
    let canonical = Host::parse(host).map_err(|_| unreadable(&lower))?.to_string();
    if canonical == host {
        Ok(())
    } else if canonical == lower {
        Err(UrlFault::HostUpperCase { lower })
    } else {
        Err(UrlFault::HostSpelling { canonical })
    }
}

/// Which fault a host of good labels has that isn't a name and isn't an IPv4 address in any spelling.
fn unreadable(lower: &str) -> UrlFault {
    if lower.split('.').any(|label| label.starts_with("xn--")) { UrlFault::HostPunycode } else { UrlFault::HostNumber }
}

/// RFC 5952 gives an IPv6 address one spelling. Addresses that wrap an IPv4 address have two in practice, and lead to
/// a host that would be compared under another name.
fn check_ipv6(host: &str) -> Result<(), UrlFault> {
    let Ok(Host::Ipv6(address)) = Host::parse(host) else {
        return Err(UrlFault::HostIpv6);
    };
    if let Some(v4) = address.to_ipv4_mapped() {
        return Err(UrlFault::HostIpv4Mapped { v4: v4.to_string() });
    }
    let canonical = Host::<&str>::Ipv6(address).to_string();
    if canonical == host { Ok(()) } else { Err(UrlFault::HostSpelling { canonical }) }
}

/// Offers the ASCII form (UTS 46) of a host typed in Unicode, if it has one that would be accepted.
fn unicode_fault(host: &str, start: usize) -> UrlFault {
    let ascii = Host::parse(host).map(|host| host.to_string()).ok().filter(|ascii| check_name_or_ipv4(ascii).is_ok());
    let first = host.chars().zip(start..).find(|(c, _)| !c.is_ascii());
    match (ascii, first) {
        (Some(ascii), _) => UrlFault::HostUnicode { ascii },
        (None, Some((c, at))) => UrlFault::HostNonAscii { at, c },
        (None, None) => UrlFault::HostShape,
    }
}

fn is_host_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '.')
}

/// Letters, digits and hyphens, as in RFC 1123 §2.1. No underscores: public certificates can't have them.
pub(super) fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

/// The readable form of an internationalised host. `quirks` is where `url` keeps the only door to it.
pub(super) fn unicode(host: &str) -> Option<String> {
    let readable = url::quirks::domain_to_unicode(host);
    (!readable.is_empty() && readable != host && !readable.contains(misleads)).then_some(readable)
}

/// Characters with which a host is better shown in its ASCII form alone, as browsers do: U+FFFD, for a label that
/// couldn't be read, joiners, and punctuation and symbols that pass for a slash or a dot. UTS 46 admits them all.
fn misleads(c: char) -> bool {
    matches!(c, '\u{2000}'..='\u{2BFF}' | '\u{3001}'..='\u{3004}' | '\u{3008}'..='\u{3020}' | '\u{A789}' | '\u{FFFD}')
}

/// `localhost` and the names below it, which resolvers send to the same machine (RFC 6761 §6.3).
pub(super) fn is_localhost(host: &str) -> bool {
    host == "localhost" || host.ends_with(".localhost")
}

/// Whether a checked host can't be reached from the public internet.
pub(in super::super) fn is_internal(host: &str) -> bool {
    match Host::parse(host) {
        Ok(Host::Ipv4(address)) => is_internal_ipv4(address),
        Ok(Host::Ipv6(address)) => is_internal_ipv6(address),
        Ok(Host::Domain(name)) => !name.contains('.') || INTERNAL.iter().any(|end| is_below(&name, end)),
        Err(_) => true,
    }
}

fn is_below(name: &str, end: &str) -> bool {
    name == end || name.strip_suffix(end).is_some_and(|start| start.ends_with('.'))
}

/// The IANA special-purpose registry (RFC 6890), multicast and the reserved rest.
fn is_internal_ipv4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    matches!(
        (a, b, c),
        (0 | 10 | 127 | 224.., ..)
            | (100, 64..=127, _)
            | (169, 254, _)
            | (172, 16..=31, _)
            | (192, 168, _)
            | (192, 0, 0 | 2)
            | (198, 18 | 19, _)
            | (198, 51, 100)
            | (203, 0, 113)
    )
}

/// Only 2000::/3 has been given out for public use, with holes for protocols (2001::/23) and documentation
/// (2001:db8::/32, 3fff::/20). Addresses that translate to IPv4 (6to4, NAT64) are as public as what they wrap.
fn is_internal_ipv6(address: Ipv6Addr) -> bool {
    let [a, b, c, ..] = address.segments();
    let [.., y, z] = address.segments();
    let wrapped = |high: u16, low: u16| is_internal_ipv4(Ipv4Addr::from((u32::from(high) << 16) | u32::from(low)));
    match (a, b) {
        (0x64, 0xff9b) if address.segments()[2..6] == [0; 4] => wrapped(y, z),
        (0x2002, high) => wrapped(high, c),
        (0x2001, 0x0db8 | 0..=0x01ff) => true,
        (0x3fff, 0..=0x0fff) => true,
        _ => a & 0xe000 != 0x2000,
    }
}
