//! Rules for the short texts that people type: names, descriptions, e-mail addresses, domains.

/// A name on one line, 1 to `max` characters of which one can be seen, without control or direction-changing characters.
pub fn name(typed: &str, what: &str, max: usize) -> Result<String, String> {
    let text = typed.trim();
    if text.chars().all(shows_nothing) {
        return Err(format!("Enter {what}."));
    }
    line(text, max)
}

/// An optional text on one line.
pub fn line(typed: &str, max: usize) -> Result<String, String> {
    let text = typed.trim();
    if let Some((position, c)) = text.chars().enumerate().find(|(_, c)| is_control(*c)) {
        return Err(unprintable(position, c));
    }
    limited(text, max)
}

/// An optional text of several lines. Line ends become LF, as browsers count them.
pub fn paragraph(typed: &str, max: usize) -> Result<String, String> {
    let text = typed.trim().replace("\r\n", "\n");
    if let Some((position, c)) = text.chars().enumerate().find(|(_, c)| *c != '\n' && *c != '\t' && is_control(*c)) {
        return Err(unprintable(position, c));
    }
    limited(&text, max)
}

/// The form in which texts are searched and sorted on both databases.
pub fn search_key(text: &str) -> String {
    text.to_lowercase()
}

/// An e-mail address as typed and the key under which it is unique.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email(String);

impl Email {
    pub const MAX_CHARS: usize = 254;

    pub fn parse(typed: &str) -> Result<Self, String> {
        use validator::ValidateEmail;
        let text = typed.trim();
        if text.is_empty() {
            return Err("Enter an e-mail address, like ada@example.com.".into());
        }
        if text.chars().count() > Self::MAX_CHARS {
            return Err(format!("Use an e-mail address of at most {} characters.", Self::MAX_CHARS));
        }
        // Mail headers are ASCII here; an address that no mail can reach is no use to anyone.
        if !text.is_ascii() || text.chars().any(char::is_control) || !text.to_owned().validate_email() {
            return Err("Enter an e-mail address in the form name@example.com.".into());
        }
        Ok(Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Mail providers treat letter case alike in practice; two accounts that differ only in it would be a trap.
    pub fn key(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

/// A service's domain: a bare host name such as `example.com`, in lower case.
pub fn domain_name(typed: &str) -> Result<String, String> {
    let text = typed.trim().to_lowercase();
    if text.is_empty() {
        return Err("Enter the domain of the service, like example.com.".into());
    }
    if text.contains("://") || text.contains('/') {
        return Err("Enter the domain alone, like example.com, without https:// and without a path.".into());
    }
    if text.contains(':') {
        return Err("Enter the domain without a port, like example.com.".into());
    }
    if text.len() > 253 {
        return Err("Use a domain of at most 253 characters.".into());
    }
    let host = url::Host::parse(&text).map_err(|_| bad_domain(&text))?;
    match host {
        url::Host::Domain(ascii) if ascii != text => Err(format!("Type the domain in its ASCII form: {ascii}")),
        url::Host::Domain(_) if text.split('.').all(is_label) && text.contains('.') => Ok(text),
        url::Host::Domain(_) => Err(bad_domain(&text)),
        _ => Err("Enter a domain name, not an IP address.".into()),
    }
}

fn is_label(label: &str) -> bool {
    !label.is_empty()
        && label.len() <= 63
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

fn bad_domain(text: &str) -> String {
    match text.chars().enumerate().find(|(_, c)| !(c.is_ascii_alphanumeric() || *c == '-' || *c == '.')) {
        Some((position, c)) => unprintable_or_bad(position, c),
        None => "Enter a domain with at least one dot, like example.com.".into(),
    }
}

fn unprintable_or_bad(position: usize, c: char) -> String {
    if is_control(c) {
        unprintable(position, c)
    } else {
        format!("Take out “{c}” at character {}: a domain has letters, digits, hyphens and dots.", position + 1)
    }
}

fn limited(text: &str, max: usize) -> Result<String, String> {
    let count = text.chars().count();
    if count > max {
        return Err(format!("Use at most {max} characters; this has {count}."));
    }
    Ok(text.to_owned())
}

/// Control characters, and the marks that reorder or hide text and so let one name pass for another.
fn is_control(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{061C}')
}

/// Spaces, and what only joins or varies its neighbours: fine inside a name, which needs something else too.
fn shows_nothing(c: char) -> bool {
    c.is_whitespace()
        || matches!(
            c,
            '\u{AD}' | '\u{34F}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180F}'
        )
        || matches!(c, '\u{200C}' | '\u{200D}' | '\u{2800}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FFA0}')
        || matches!(c, '\u{E0100}'..='\u{E01EF}')
}

fn unprintable(position: usize, c: char) -> String {
    let name = match c {
        '\0' => " (NUL)",
        '\r' => " (CARRIAGE RETURN)",
        '\n' => " (LINE FEED)",
        '\t' => " (TAB)",
        '\u{200E}' => " (LEFT-TO-RIGHT MARK)",
        '\u{200F}' => " (RIGHT-TO-LEFT MARK)",
        '\u{202E}' => " (RIGHT-TO-LEFT OVERRIDE)",
        _ => "",
    };
    format!("Take out the invisible character U+{:04X}{name} at character {}.", u32::from(c), position + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_limits_and_no_hidden_characters() {
        assert_eq!(name("  Till 7 ", "a name", 100).unwrap(), "Till 7");
        assert!(name(" ", "a name", 100).unwrap_err().contains("Enter a name"));
        assert!(name("\u{200D}\u{2800}", "a name", 100).unwrap_err().contains("Enter a name"));
        assert!(name("क\u{94D}\u{200D}ष", "a name", 100).is_ok());
        assert!(name(&"x".repeat(100), "a name", 100).is_ok());
        assert!(name(&"x".repeat(101), "a name", 100).unwrap_err().contains("at most 100"));
        assert!(name("a\u{202E}b", "a name", 100).unwrap_err().contains("U+202E"));
        assert!(name("a\0b", "a name", 100).unwrap_err().contains("character 2"));
        assert!(paragraph("a\r\nb", 5).is_ok());
    }

    #[test]
    fn domains_are_bare_host_names() {
        for good in ["example.com", "a.b.example.co.uk", "xn--bcher-kva.example"] {
            assert_eq!(domain_name(good).unwrap(), good);
        }
        for bad in [
            "",
            "https://example.com",
            "example",
            "exa mple.com",
            "bücher.example",
            "-a.com",
            "127.0.0.1",
            "a..b",
            "example.com:80",
        ] {
            assert!(domain_name(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn addresses_differ_not_by_case() {
        assert_eq!(Email::parse("Ada@Example.com").unwrap().key(), "ada@example.com");
        for bad in [
            "",
            "ada",
            "ada@",
            "@example.com",
            "a b@example.com",
            "ada@example.com\r\nBcc: x@example.com",
            "ädä@example.com",
        ] {
            assert!(Email::parse(bad).is_err(), "{bad}");
        }
    }
}
