//! Differences between two values in sentences: what people overlook in an address, mostly.

use super::characters::{ascii_twin, invisible};

/// The parts of an address as they are written. Nothing is made equal that is not: values are compared exactly.
#[derive(PartialEq, Eq)]
struct Parts<'t> {
    scheme: &'t str,
    user: &'t str,
    host: &'t str,
    port: &'t str,
    path: &'t str,
    query: &'t str,
    fragment: &'t str,
}

fn parts(text: &str) -> Option<Parts<'_>> {
    let (scheme, rest) = text.split_once(':')?;
    let (rest, fragment) = rest.split_once('#').unwrap_or((rest, ""));
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let Some(rest) = rest.strip_prefix("//") else {
        return Some(Parts { scheme, user: "", host: "", port: "", path: rest, query, fragment });
    };
    let (authority, path) = rest.find('/').map_or((rest, ""), |slash| rest.split_at(slash));
    let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    let ends_in_a_port = |split: &(&str, &str)| split.1.bytes().all(|byte| byte.is_ascii_digit());
    let (host, port) = host.rsplit_once(':').filter(ends_in_a_port).unwrap_or((host, ""));
    Some(Parts { scheme, user, host, port, path, query, fragment })
}

/// What is different, the most telling first.
pub fn between(expected: &str, received: &str) -> Vec<String> {
    if expected == received {
        return Vec::new();
    }
    let whole = of_the_whole(expected, received);
    // A difference of the whole explains those of the parts.
    if !whole.is_empty() {
        return whole;
    }
    match (parts(expected), parts(received)) {
        (Some(wanted), Some(came)) if !wanted.host.is_empty() && !came.host.is_empty() => of_the_parts(&wanted, &came),
        _ => Vec::new(),
    }
}

fn of_the_whole(expected: &str, received: &str) -> Vec<String> {
    let mut hints = Vec::new();
    let mut say = |text: &str| hints.push(text.to_owned());
    let seen = || received.chars().filter(|c| invisible(*c).is_none());
    if received.is_empty() {
        say("Nothing came.");
    } else if received.trim() == expected {
        say("White space stands before or after the value.");
    } else if seen().map(|c| ascii_twin(c).unwrap_or(c)).eq(expected.chars()) {
        if seen().count() < received.chars().count() {
            say("There are characters in it that can't be seen.");
        }
        if seen().any(|c| ascii_twin(c).is_some()) {
            say("There are characters in it that look like others: a letter of another alphabet, perhaps.");
        }
    } else if expected.strip_suffix('/') == Some(received) {
        say("The slash at the end is missing.");
    } else if received.strip_suffix('/') == Some(expected) {
        say("There is a slash at the end that is not expected.");
    } else if received.trim_matches(['"', '\'', '<', '>']) == expected {
        say("The value stands in quotation marks or brackets, which belong to it then.");
    } else if decoded(received).as_deref() == Some(expected) {
        say("It is percent-encoded once too often.");
    } else if decoded(expected).as_deref() == Some(received) {
        say("What is percent-encoded where it is registered came decoded.");
    } else if decoded(expected).is_some() && decoded(expected) == decoded(received) {
        say(
            "Both mean the same, and one is percent-encoded where the other is not, or with letters of the other case. Values are compared exactly.",
        );
    } else if received.replace("&amp;", "&") == expected {
        say("It holds &amp;, as in HTML, where & is meant.");
    } else if received.replace('\\', "/") == expected {
        say("There are backslashes where slashes are expected.");
    } else if received.eq_ignore_ascii_case(expected) {
        say("Capital and small letters differ. Values are compared exactly.");
    } else if !expected.contains(':') && received.replace([',', ';', '+'], " ") == expected {
        say("The words of a list are separated by spaces, by nothing else.");
    } else if received.len() >= 8 && expected.starts_with(received) && cut_inside_a_part(expected, received) {
        say("It ends too early: the value was cut off.");
    }
    hints
}

/// An address that merely lacks its path or query says more by its parts.
fn cut_inside_a_part(expected: &str, received: &str) -> bool {
    !expected[received.len()..].starts_with(['/', '?', '#', ':'])
}

fn of_the_parts(wanted: &Parts<'_>, came: &Parts<'_>) -> Vec<String> {
    let mut hints = Vec::new();
    if wanted.scheme != came.scheme {
        hints.push(format!("It begins with {}:// instead of {}://.", came.scheme, wanted.scheme));
    }
    if came.user != wanted.user {
        hints.push("There is a user name before the host, ended by @.".into());
    }
    if wanted.host != came.host {
        hints.push(of_the_hosts(wanted.host, came.host));
    }
    if wanted.port != came.port {
        hints.push(of_the_ports(wanted, came));
    }
    if wanted.path != came.path {
        hints.push(of_the_paths(wanted.path, came.path));
    }
    if wanted.query != came.query {
        hints.push(of_the_queries(wanted.query, came.query));
    }
    if wanted.fragment != came.fragment {
        hints.push("There is a fragment, after #, which a redirect URL can't have.".into());
    }
    hints
}

fn of_the_hosts(wanted: &str, came: &str) -> String {
    let loopback = |host: &str| matches!(host, "localhost" | "127.0.0.1" | "[::1]");
    if wanted.eq_ignore_ascii_case(came) {
        "Capital and small letters differ in the host.".into()
    } else if loopback(wanted) && loopback(came) {
        format!("{came} and {wanted} are the same machine, but not the same value.")
    } else if came.strip_prefix("www.") == Some(wanted) {
        "The host begins with www., which is not expected.".into()
    } else if wanted.strip_prefix("www.") == Some(came) {
        "The host lacks the www. at its beginning.".into()
    } else if came.strip_suffix('.') == Some(wanted) {
        "There is a full stop after the host.".into()
    } else if came.ends_with(&format!(".{wanted}")) {
        format!("{came} is below {wanted}, and another host.")
    } else {
        "The host is another one.".into()
    }
}

fn of_the_ports(wanted: &Parts<'_>, came: &Parts<'_>) -> String {
    let usual = |scheme: &str, port: &str| matches!((scheme, port), ("https", "443") | ("http", "80"));
    match (wanted.port, came.port) {
        ("", port) if usual(came.scheme, port) => {
            format!("The port {port} is written out. Values are compared exactly.")
        }
        (port, "") if usual(wanted.scheme, port) => {
            format!("The port {port} is not written out, as it is where the value is registered.")
        }
        ("", port) => format!("There is a port, {port}, where none is expected."),
        (port, "") => format!("The port {port} is missing."),
        (wanted, came) => format!("The port is {came} instead of {wanted}."),
    }
}

fn of_the_paths(wanted: &str, came: &str) -> String {
    let plain = |path: &str| path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect::<Vec<_>>();
    let dots = |path: &str| path.split('/').any(|part| matches!(part, "." | ".."));
    if dots(came) {
        "The path holds . or .. as a part, which nobody resolves.".into()
    } else if came.contains("//") && plain(came) == plain(wanted) {
        "There are two slashes in a row in the path.".into()
    } else if came.strip_suffix('/') == Some(wanted) {
        "There is a slash at the end of the path that is not expected.".into()
    } else if wanted.strip_suffix('/') == Some(came) {
        "The slash at the end of the path is missing.".into()
    } else if wanted.eq_ignore_ascii_case(came) {
        "Capital and small letters differ in the path.".into()
    } else if decoded(wanted).is_some() && decoded(wanted) == decoded(came) {
        "The path is percent-encoded in another way.".into()
    } else {
        "The path is another one.".into()
    }
}

fn of_the_queries(wanted: &str, came: &str) -> String {
    let sorted = |query: &str| {
        let mut pairs: Vec<String> = query.split('&').map(str::to_owned).collect();
        pairs.sort();
        pairs
    };
    if wanted.is_empty() {
        "There is a query, after ?, where none is expected. What an application needs to remember belongs into state."
            .into()
    } else if came.is_empty() {
        "The query, after ?, is missing.".into()
    } else if sorted(wanted) == sorted(came) {
        "The parameters of the query stand in another order.".into()
    } else {
        "The query, after ?, is another one.".into()
    }
}

/// `None` where nothing is percent-encoded.
fn decoded(text: &str) -> Option<String> {
    text.contains('%').then(|| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const REGISTERED: &str = "https://app.example.com/callback";

    #[test]
    fn what_people_overlook_is_said_in_a_sentence() {
        let table = [
            ("https://app.example.com/callback/", "There is a slash at the end that is not expected."),
            (" https://app.example.com/callback", "White space stands before or after the value."),
            ("https://app.example.com/call\u{200B}back", "There are characters in it that can't be seen."),
            ("https://аpp.example.com/callback", "There are characters in it that look like others"),
            ("https://app.example.com/Callback", "Capital and small letters differ."),
            ("http://app.example.com/callback", "It begins with http:// instead of https://."),
            ("https://app.example.com:8443/callback", "There is a port, 8443, where none is expected."),
            ("https://app.example.com:443/callback", "The port 443 is written out."),
            ("https://www.app.example.com/callback", "The host begins with www."),
            ("https://eu.app.example.com/callback", "eu.app.example.com is below app.example.com"),
            ("https://app.example.com./callback", "There is a full stop after the host."),
            ("https://app.example.org/callback", "The host is another one."),
            ("https://evil@app.example.com/callback", "There is a user name before the host"),
            ("https://app.example.com/return", "The path is another one."),
            ("https://app.example.com//callback", "There are two slashes in a row"),
            ("https://app.example.com/x/../callback", "The path holds . or .."),
            ("https://app.example.com/callback?a=1", "There is a query"),
            ("https://app.example.com/callback#top", "There is a fragment"),
            ("https%3A%2F%2Fapp.example.com%2Fcallback", "It is percent-encoded once too often."),
            ("\"https://app.example.com/callback\"", "The value stands in quotation marks"),
            ("https:\\\\app.example.com\\callback", "There are backslashes"),
            ("https://app.example.com/callb", "It ends too early"),
            ("", "Nothing came."),
        ];
        for (received, said) in table {
            let hints = between(REGISTERED, received);
            assert!(hints.first().is_some_and(|hint| hint.starts_with(said)), "{received}: {hints:?}");
        }
    }

    #[test]
    fn what_is_registered_in_a_special_way_is_told_too() {
        let table = [
            ("https://a.example/cb/", "https://a.example/cb", "The slash at the end is missing."),
            ("https://a.example/a%20b", "https://a.example/a b", "What is percent-encoded where it is registered"),
            ("https://a.example/%c3%a9", "https://a.example/%C3%A9", "Both mean the same"),
            ("https://a.example/cb?a=1&b=2", "https://a.example/cb?b=2&a=1", "The parameters of the query stand in"),
            ("https://a.example/cb?a=1&b=2", "https://a.example/cb?a=1&amp;b=2", "It holds &amp;"),
            ("https://a.example/cb?a=1", "https://a.example/cb", "The query, after ?, is missing."),
            ("http://127.0.0.1:3000/cb", "http://localhost:3000/cb", "localhost and 127.0.0.1 are the same machine"),
            ("http://127.0.0.1:3000/cb", "http://127.0.0.1:8080/cb", "The port is 8080 instead of 3000."),
            ("http://127.0.0.1:3000/cb", "http://127.0.0.1/cb", "The port 3000 is missing."),
            ("openid profile", "openid,profile", "The words of a list are separated by spaces"),
        ];
        for (expected, received, said) in table {
            let hints = between(expected, received);
            assert!(hints.first().is_some_and(|hint| hint.starts_with(said)), "{received}: {hints:?}");
        }
    }

    #[test]
    fn several_differences_are_all_said() {
        let deceiving = "https://\u{430}pp.example.com/call\u{200B}back";
        assert_eq!(between("https://app.example.com/callback", deceiving).len(), 2);
        let hints = between("https://app.example.com/callback", "http://app.example.com:8080/return");
        assert_eq!(hints.len(), 3, "{hints:?}");
    }

    #[test]
    fn nothing_is_said_of_what_has_no_parts() {
        assert_eq!(between("authorization_code", "password"), Vec::<String>::new());
    }
}
