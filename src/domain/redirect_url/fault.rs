//! What can be wrong with a typed URL, in sentences for the person who typed it. A sentence never repeats a control or
//! direction-changing character of the input: those are named by code point.

use thiserror::Error;

use super::MAX_URL_CHARS;
use super::characters::{named, percent_encoded};

/// One fault of one URL. `at` counts characters from 1. `Display` is what the form shows.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum UrlFault {
    #[error("Enter a URL, like https://app.example.com/callback.")]
    Empty,
    #[error("Use at most {MAX_URL_CHARS} characters; this has {count}.")]
    TooLong { count: usize },
    #[error("Take out the invisible character {} at character {at}.", named(*.c))]
    Invisible { at: usize, c: char },
    #[error(
        "Replace the backslash “\\” (U+005C) at character {at} with a slash “/”: some programs read one as the \
         other, some don't."
    )]
    Backslash { at: usize },
    #[error(
        "Replace {} at character {at} with {}: outside the host a URL has ASCII characters only.",
        named(*.c), percent_encoded(*.c)
    )]
    NonAscii { at: usize, c: char },
    #[error("Replace “{c}” at character {at} with {}: a URL has it only in this form.", percent_encoded(*.c))]
    Character { at: usize, c: char },
    #[error(
        "Complete the percent sign at character {at} with two hexadecimal digits, as in %20, or type %25 for the \
         sign itself."
    )]
    Percent { at: usize },
    #[error("Take out {code} at character {at}: it stands for the invisible character {}.", named(*.c))]
    PercentControl { at: usize, code: String, c: char },
    #[error(
        "Take out the path segment “{segment}” at character {at}: programs disagree on where it leads; type the path \
         it stands for."
    )]
    DotSegment { at: usize, segment: String },
    #[error(
        "Take out the wildcard “*” at character {at}: URLs are compared character by character, so type each one in \
         full."
    )]
    Wildcard { at: usize },
    #[error(
        "Leave out the fragment, from the “#” at character {at} to the end; a redirect can't have one (RFC 6749, \
         section 3.1.2)."
    )]
    Fragment { at: usize },

    #[error("Start with https:// and a host, like https://app.example.com/callback.")]
    SchemeMissing,
    #[error("Type the scheme in lower case, {lower}:.")]
    SchemeUpperCase { lower: String },
    #[error("The scheme {scheme}: is never allowed; type an address that starts with https://.")]
    SchemeForbidden { scheme: String },
    #[error("Type an address that starts with https:// instead of {scheme}:.")]
    HttpsOnly { scheme: String },
    #[error("Type exactly two slashes after the scheme, {scheme}://, and then the host.")]
    Slashes { scheme: String },
    #[error(
        "Type https://; http:// is only for the loopback addresses 127.0.0.1 and [::1], where nothing leaves the \
         machine (RFC 8252, section 7.3)."
    )]
    HttpHost,
    #[error(
        "Type http://127.0.0.1 or http://[::1] instead of localhost, which is a name that can lead elsewhere and is \
         allowed only while the service is in sandbox."
    )]
    LocalhostNotAllowed,
    #[error(
        "Type an address that starts with https:// instead of {scheme}:; schemes of an app's own are only for native \
         clients."
    )]
    PrivateUseNotNative { scheme: String },
    #[error(
        "Type a domain of yours in reverse instead of {scheme}:, like com.example.app:/callback, so that no other \
         app claims the scheme (RFC 8252, section 7.1)."
    )]
    PrivateUseForm { scheme: String },
    #[error(
        "Type one slash and a path after the scheme, like {scheme}:/callback, without a host (RFC 8252, section 7.1)."
    )]
    PrivateUseSlash { scheme: String },

    #[error(
        "Leave out everything before the host, up to the “@” at character {at}: a URL here has no user name or \
         password."
    )]
    UserInfo { at: usize },
    #[error("Type a host after {scheme}://, like {scheme}://app.example.com.")]
    HostMissing { scheme: String },
    #[error("Type the host in lower case, {lower}.")]
    HostUpperCase { lower: String },
    #[error("The host has characters outside ASCII; type {ascii} instead.")]
    HostUnicode { ascii: String },
    #[error(
        "Replace {} at character {at}: a host has ASCII letters, digits, hyphens and dots, or the xn-- form of an \
         internationalised name.",
        named(*.c)
    )]
    HostNonAscii { at: usize, c: char },
    #[error("Type the host without the percent sign at character {at}; an internationalised host has the xn-- form.")]
    HostPercent { at: usize },
    #[error("Replace “{c}” at character {at}: a host has ASCII letters, digits, hyphens and dots.")]
    HostCharacter { at: usize, c: char },
    #[error("Leave out the dot at the end of the host, {without}.")]
    HostTrailingDot { without: String },
    #[error(
        "Type a host of at most 253 characters whose parts between single dots have 1 to 63 characters and don't \
         start or end with a hyphen."
    )]
    HostShape,
    #[error("Check the part of the host that starts with xn--: it isn't the ASCII form of any name.")]
    HostPunycode,
    #[error("Type the host as {canonical}, the one spelling that is compared.")]
    HostSpelling { canonical: String },
    #[error("Type an IPv4 address as four numbers from 0 to 255, like 127.0.0.1; a name can't end in a number.")]
    HostNumber,
    #[error("Type an IPv6 address in brackets, like [::1].")]
    HostIpv6,
    #[error("Type the host as {v4}: this IPv6 address only stands for that IPv4 address.")]
    HostIpv4Mapped { v4: String },
    #[error("Type a host that anyone can reach: {host} leads nowhere on the public internet.")]
    HostNotPublic { host: String },
    #[error("Leave out the colon after the host, or type a port after it.")]
    PortEmpty,
    #[error("Leave out :{port}, the port that {scheme}: has anyway; browsers leave it out, too.")]
    PortDefault { port: u16, scheme: String },
    #[error(
        "Type the port after the host as a number from 1 to 65535 without zeros in front; an IPv6 address needs \
         brackets, like [::1]."
    )]
    PortInvalid,
}
