//! What an approver judges: a service with its clients, as it stood at one moment, and the hash that says whether it
//! still stands so.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::domain::client::{Client, ClientType};
use crate::domain::client_key::ClientKey;
use crate::domain::secret::Secret;
use crate::domain::service::Service;

/// A service and its clients that are not deleted, to be judged.
pub struct Judged<'a> {
    pub service: &'a Service,
    pub clients: Vec<JudgedClient<'a>>,
}

pub struct JudgedClient<'a> {
    pub client: &'a Client,
    pub secrets: &'a [Secret],
    pub keys: &'a [ClientKey],
    /// The names of its roles, tenant's and communities'.
    pub tenant_roles: Vec<String>,
    pub community_roles: Vec<String>,
    /// One of the roles has full rights over somebody's resources.
    pub administers: bool,
}

/// The same in words, as it is kept and shown. The order of fields is part of the hash: append, never reorder.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    pub service: Vec<Fact>,
    pub clients: Vec<ClientEvidence>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientEvidence {
    pub uid: String,
    pub name: String,
    pub facts: Vec<Fact>,
}

/// A setting by its label; lists have one item per line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    pub label: String,
    pub value: String,
}

impl Fact {
    fn new(label: &str, value: impl Into<String>) -> Self {
        Self { label: label.to_owned(), value: value.into() }
    }
}

impl Evidence {
    /// In the order of the clients given, which the caller keeps stable.
    pub fn of(judged: &Judged<'_>) -> Self {
        let service = judged.service;
        let mut facts: Vec<Fact> =
            service.settings.facts().into_iter().map(|(label, value)| Fact::new(label, value)).collect();
        facts.push(Fact::new("Logo", service.logo_digest.clone().unwrap_or_default()));
        facts.push(Fact::new("Status", service.state.status().word()));
        Self { service: facts, clients: judged.clients.iter().map(client_evidence).collect() }
    }

    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// `None` for what this version can't read; it is then shown as absent.
    pub fn from_json(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// SHA-256 of the JSON, in hexadecimal.
    pub fn hash(&self) -> String {
        Sha256::digest(self.to_json()).iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

fn client_evidence(judged: &JudgedClient<'_>) -> ClientEvidence {
    let client = judged.client;
    let mut facts = vec![
        Fact::new("Client ID", client.client_id.to_string()),
        Fact::new("Client type", client.client_type.label()),
        Fact::new("Status", client.state.status().word()),
    ];
    let for_users_only = ["Response types", "Redirect URLs", "Logout redirect URLs", "CORS origins"];
    for (label, value) in client.settings.facts() {
        // What the type doesn't have is no evidence; a custom client may have everything.
        let shown =
            client.client_type == ClientType::Custom || !client.acts_alone() || !for_users_only.contains(&label);
        // Lists one item per line, so that a difference is a line.
        let value = match label {
            "Grant types" | "Response types" => value.replace(", ", "\n"),
            "Scopes" => value.replace(' ', "\n"),
            _ => value,
        };
        if shown {
            facts.push(Fact::new(label, value));
        }
    }
    facts.push(Fact::new("Tenant roles", judged.tenant_roles.join("\n")));
    facts.push(Fact::new("Community roles", judged.community_roles.join("\n")));
    let secrets: Vec<String> = judged.secrets.iter().map(secret_line).collect();
    facts.push(Fact::new("Secrets", secrets.join("\n")));
    // Only where there are some: what was asked for before clients had keys stays what it was.
    if !judged.keys.is_empty() {
        let keys: Vec<String> = judged.keys.iter().map(|key| key.key.in_words()).collect();
        facts.push(Fact::new("Keys", keys.join("\n")));
    }
    ClientEvidence { uid: client.uid.to_string(), name: client.settings.name.clone(), facts }
}

fn secret_line(secret: &Secret) -> String {
    let name = if secret.description.is_empty() { "No description" } else { &secret.description };
    let end = secret.expires_at.map_or("never expires".to_owned(), |at| format!("expires {}", at.readable()));
    format!("{name}, {}, ends in {}, {end}", secret.environment.word(), secret.last_four)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_of_what_is_shown() {
        let evidence = |value: &str| Evidence { service: vec![Fact::new("Name", value)], clients: Vec::new() };
        assert_eq!(evidence("a").hash(), evidence("a").hash());
        assert_ne!(evidence("a").hash(), evidence("b").hash());
        assert_eq!(Evidence::from_json(&evidence("a").to_json()), Some(evidence("a")));
    }
}
