//! The parameters of a request, before anyone asks what they mean.

use super::fault::{Fault, Refusal};

/// Names and values, each name once. A parameter without a value counts as left out (RFC 6749 §3.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Params(Vec<(String, String)>);

impl Params {
    /// The longest value, in bytes: room for a signed assertion and for the largest `claims`.
    pub const MAX_VALUE: usize = 8 * 1024;
    /// At most so many; the longest request of the RFCs has some twenty.
    pub const MAX_COUNT: usize = 100;

    /// Reads `application/x-www-form-urlencoded`, from a body or an address.
    ///
    /// # Errors
    /// A name that is there twice (RFC 6749 §3.1 and §3.2), be it without a value: what reads the request before us may
    /// take the other one. A value that is too long, control characters.
    pub fn parse(encoded: &[u8]) -> Result<Self, Refusal> {
        Self::from_pairs(url::form_urlencoded::parse(encoded).into_owned())
    }

    pub fn from_pairs(pairs: impl IntoIterator<Item = (String, String)>) -> Result<Self, Refusal> {
        let mut kept: Vec<(String, String)> = Vec::new();
        for (name, value) in pairs {
            if value.len() > Self::MAX_VALUE || name.len() > Self::MAX_VALUE || kept.len() >= Self::MAX_COUNT {
                let name: String = name.chars().take(100).collect();
                let limit = format!("at most {} bytes for each of {} parameters", Self::MAX_VALUE, Self::MAX_COUNT);
                return Err(Refusal::comparing(Fault::ParameterTooLong, limit, name));
            }
            if kept.iter().any(|(earlier, _)| *earlier == name) {
                return Err(Refusal::comparing(Fault::ParameterRepeated, "each parameter once", name));
            }
            // U+FFFD stands for bytes that are no UTF-8.
            if value.chars().any(|c| (c.is_control() && !matches!(c, '\t' | '\n' | '\r')) || c == '\u{FFFD}') {
                return Err(Refusal::comparing(Fault::Malformed, "text without control characters", name));
            }
            kept.push((name, value));
        }
        kept.retain(|(_, value)| !value.is_empty());
        Ok(Self(kept))
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// # Errors
    /// `Fault::ParameterMissing`, naming the parameter.
    pub fn need(&self, name: &'static str) -> Result<&str, Refusal> {
        self.get(name).ok_or_else(|| Refusal::comparing(Fault::ParameterMissing, name, ""))
    }

    /// Adds a parameter that is not there yet.
    pub fn insert(&mut self, name: &str, value: &str) {
        self.0.push((name.to_owned(), value.to_owned()));
    }

    pub fn pairs(&self) -> &[(String, String)] {
        &self.0
    }

    /// As `application/x-www-form-urlencoded`, which [`Params::parse`] reads.
    pub fn encoded(&self) -> String {
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.0).finish()
    }

    /// The same with these parameters alone.
    pub fn only(&self, names: &[&str]) -> Self {
        Self(self.0.iter().filter(|(name, _)| names.contains(&name.as_str())).cloned().collect())
    }

    /// The same without these parameters.
    pub fn without(&self, names: &[&str]) -> Self {
        Self(self.0.iter().filter(|(name, _)| !names.contains(&name.as_str())).cloned().collect())
    }
}

/// The values of a list that is separated by spaces, each once, in the order given.
pub fn words(list: &str) -> Vec<&str> {
    let mut found: Vec<&str> = Vec::new();
    for word in list.split(' ').filter(|word| !word.is_empty()) {
        if !found.contains(&word) {
            found.push(word);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_there_once() {
        let params = Params::parse(b"scope=openid+email&state=&nonce=a%20b").unwrap();
        assert_eq!(params.get("scope"), Some("openid email"));
        assert_eq!(params.get("state"), None);
        assert_eq!(params.need("state").unwrap_err().fault, Fault::ParameterMissing);
        for (bad, fault) in [
            ("a=1&a=2", Fault::ParameterRepeated),
            ("a=1&a=1", Fault::ParameterRepeated),
            ("a=&a=1", Fault::ParameterRepeated),
            ("a=1&a=", Fault::ParameterRepeated),
            ("a=%00", Fault::Malformed),
            ("a=%FF", Fault::Malformed),
        ] {
            assert_eq!(Params::parse(bad.as_bytes()).unwrap_err().fault, fault, "{bad}");
        }
        let many: String = (0..=Params::MAX_COUNT).map(|n| format!("p{n}=&")).collect();
        assert_eq!(Params::parse(many.as_bytes()).unwrap_err().fault, Fault::ParameterTooLong);
        let long = format!("a={}", "x".repeat(Params::MAX_VALUE + 1));
        assert_eq!(Params::parse(long.as_bytes()).unwrap_err().fault, Fault::ParameterTooLong);
    }

    #[test]
    fn words_are_separated_by_spaces_alone() {
        assert_eq!(words("  openid  email openid "), ["openid", "email"]);
        assert_eq!(words("a\tb"), ["a\tb"]);
    }
}
