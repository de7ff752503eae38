//! The scope catalogue: what a tenant's clients may ask for.

/// The scopes that every tenant has. The sync scopes are what the sync connector's preset fills in.
pub const BUILT_IN_SCOPES: [(&str, &str); 8] = [
    ("openid", "Sign the user in and learn a stable identifier"),
    ("profile", "Name and picture of the user"),
    ("email", "E-mail address of the user"),
    ("groups", "Groups the user belongs to"),
    ("roles", "Roles of the user or of the client"),
    ("offline_access", "Refresh tokens while the user is away"),
    ("directory.read", "Read users and groups for synchronisation"),
    ("directory.write", "Write users and groups for synchronisation"),
];

pub const SYNC_SCOPES: [&str; 2] = ["directory.read", "directory.write"];

/// An entry of a tenant's catalogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    pub name: String,
    pub description: String,
}
