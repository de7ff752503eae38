//! The scope catalogue: what a tenant's clients may ask for.

use super::field_errors::FieldErrors;
use super::id::ScopeId;
use super::text;

/// The scopes that every tenant has. The sync scopes are what the sync connector's preset fills in.
pub const BUILT_IN_SCOPES: [(&str, &str); 8] = [
    ("openid", "Sign the user in and learn a stable identifier"),
    ("profile", "Name of the user"),
    ("email", "E-mail address of the user"),
    ("groups", "Groups the user belongs to"),
    ("roles", "Roles of the user or of the client"),
    ("offline_access", "Refresh tokens while the user is away"),
    ("directory.read", "Read users and groups for synchronisation"),
    ("directory.write", "Write users and groups for synchronisation"),
];

pub const SYNC_SCOPES: [&str; 2] = ["directory.read", "directory.write"];

/// What a client's form may ask for, as its tenant words it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    pub name: String,
    pub description: String,
}

/// An entry of a tenant's catalogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatalogueScope {
    pub id: ScopeId,
    pub scope: Scope,
    /// It came with the tenant and can't be changed.
    pub built_in: bool,
    pub version: i32,
}

/// The form of a scope. An edit takes the description alone: clients are configured with the name.
#[derive(Clone, Debug, Default, serde::Deserialize, serde::Serialize)]
#[serde(default)]
pub struct ScopeInput {
    pub name: String,
    pub description: String,
    /// The edit form's: the version that the person saw.
    pub version: String,
}

/// Every client's form shows them all.
pub const MAX_OWN_SCOPES: usize = 100;

impl Scope {
    pub const MAX_NAME: usize = 64;
    pub const MAX_DESCRIPTION: usize = 500;

    pub fn parse(input: &ScopeInput) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::default();
        let name = errors.take("name", "Name", scope_name(&input.name));
        let description = errors.take("description", "Description", Self::parse_description(&input.description));
        match (name, description) {
            (Some(name), Some(description)) => Ok(Self { name, description }),
            _ => Err(errors),
        }
    }

    pub fn parse_description(typed: &str) -> Result<String, String> {
        text::name(typed, "a description: users see it when they are asked for consent", Self::MAX_DESCRIPTION)
    }
}

/// A scope token (RFC 6749 §3.3), of those characters alone that need no quoting anywhere and aren't mistaken for each
/// other by letter case.
fn scope_name(typed: &str) -> Result<String, String> {
    let name = typed.trim();
    if name.is_empty() {
        return Err("Enter a name, like orders.read.".into());
    }
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '_' | ':' | '/' | '-');
    if let Some((position, c)) = name.chars().enumerate().find(|(_, c)| !allowed(*c)) {
        let what = match c {
            ' ' => "the space".to_owned(),
            c if c.is_ascii_graphic() => format!("“{c}”"),
            c => format!("the character U+{:04X}", u32::from(c)),
        };
        return Err(format!(
            "Take out {what} at position {}: a scope has lower-case letters, digits and the marks . _ : / -",
            position + 1
        ));
    }
    if name.len() > Scope::MAX_NAME {
        return Err(format!("Use at most {} characters; this has {}.", Scope::MAX_NAME, name.len()));
    }
    Ok(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain_tokens() {
        for good in ["orders.read", "a", "urn:northwind:trips/read-all_v2", "0"] {
            assert_eq!(scope_name(good).unwrap(), good);
        }
        assert!(scope_name(&"x".repeat(64)).is_ok());
        for bad in ["", " ", "Orders", "a b", "a\"b", "a\\b", "ä", "a\0b", "a,b", "a%b", "a\u{202E}b"] {
            assert!(scope_name(bad).is_err(), "{bad:?}");
        }
        assert!(scope_name(&"x".repeat(65)).is_err());
        assert!(scope_name("orders read").unwrap_err().contains("the space at position 7"));
    }

    #[test]
    fn what_users_read_is_there() {
        assert!(Scope::parse_description(" ").unwrap_err().contains("users see it"));
        assert!(Scope::parse_description("a\nb").is_err());
        assert!(Scope::parse_description(&"x".repeat(501)).is_err());
    }
}
