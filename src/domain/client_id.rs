//! The OAuth `client_id`: the tenant's fixed prefix, a dot, and a suffix that the developer chooses.

use std::fmt;

/// 64 lower-case hexadecimal digits, drawn once for a tenant and never changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientIdPrefix(String);

impl ClientIdPrefix {
    pub fn new(random: [u8; 32]) -> Self {
        Self(random.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    pub fn stored(text: String) -> Self {
        Self(text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// `[0-9a-z]{1,64}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientIdSuffix(String);

impl ClientIdSuffix {
    pub const MAX_CHARS: usize = 64;

    pub fn parse(typed: &str) -> Result<Self, String> {
        let text = typed.trim();
        if text.is_empty() {
            return Err("Enter a suffix of 1 to 64 digits and lower-case letters, like superpedometer.".into());
        }
        if let Some((position, c)) = text.chars().enumerate().find(|(_, c)| !Self::may_hold(*c)) {
            let shown =
                if c.is_control() || !c.is_ascii() { format!("U+{:04X}", u32::from(c)) } else { format!("“{c}”") };
            return Err(format!(
                "Use only the digits 0–9 and the letters a–z: {shown} at character {} isn't one of them.",
                position + 1
            ));
        }
        if text.len() > Self::MAX_CHARS {
            return Err(format!("Use at most {} characters; this has {}.", Self::MAX_CHARS, text.len()));
        }
        Ok(Self(text.to_owned()))
    }

    fn may_hold(c: char) -> bool {
        matches!(c, '0'..='9' | 'a'..='z')
    }

    /// A suffix made from a client's name: its digits and ASCII letters, or `client` where it has none.
    pub fn propose(name: &str) -> Self {
        let kept: String = name.to_lowercase().chars().filter(|c| Self::may_hold(*c)).take(Self::MAX_CHARS).collect();
        Self(if kept.is_empty() { "client".into() } else { kept })
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientId(String);

impl ClientId {
    pub fn new(prefix: &ClientIdPrefix, suffix: &ClientIdSuffix) -> Self {
        Self(format!("{}.{}", prefix.0, suffix.0))
    }

    pub fn stored(text: String) -> Self {
        Self(text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What a suffix begins with where this text is a part of an identifier that reaches over the dot: nothing else has one.
    pub fn beginning_of_suffix(part: &str) -> Option<&str> {
        let (prefix, suffix) = part.split_once('.')?;
        let is_part =
            prefix.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f')) && suffix.chars().all(ClientIdSuffix::may_hold);
        is_part.then_some(suffix)
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suffixes_keep_to_their_alphabet_and_length() {
        assert!(ClientIdSuffix::parse("0").is_ok());
        assert!(ClientIdSuffix::parse(&"z".repeat(64)).is_ok());
        for bad in ["", "A", "a-b", "a.b", "ä", "a b", "a\0", &"z".repeat(65)] {
            assert!(ClientIdSuffix::parse(bad).is_err(), "{bad:?}");
        }
        assert!(ClientIdSuffix::parse("ab-c").unwrap_err().contains("“-” at character 3"));
    }

    #[test]
    fn proposals_are_valid() {
        for name in ["Super Pedometer 2", "日本語", "", &"Z".repeat(200)] {
            let proposed = ClientIdSuffix::propose(name);
            assert_eq!(ClientIdSuffix::parse(proposed.as_str()), Ok(proposed));
        }
    }

    #[test]
    fn an_id_is_prefix_dot_suffix() {
        let prefix = ClientIdPrefix::new([0xa3; 32]);
        let id = ClientId::new(&prefix, &ClientIdSuffix::parse("till7").unwrap());
        assert_eq!(id.as_str(), format!("{}.till7", "a3".repeat(32)));
        for (part, suffix) in [(id.as_str(), "till7"), ("3.ti", "ti"), (".t", "t"), ("a3.", "")] {
            assert_eq!(ClientId::beginning_of_suffix(part), Some(suffix), "{part}");
        }
        for other in ["till7", "shop.till7", "a3.Till", "a3.till 7", "a3.till.7", "%.t", ""] {
            assert_eq!(ClientId::beginning_of_suffix(other), None, "{other}");
        }
    }
}
