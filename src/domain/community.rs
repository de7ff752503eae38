//! A community: several tenants whose clients and people hold roles in what they share. The tenant that made it owns it;
//! the others are invited and accept. Nobody has a role by being in it: an administrator of each tenant gives the
//! community's roles to that tenant's own clients and people, and they go when the tenant leaves.

use super::field_errors::FieldErrors;
use super::id::{CommunityId, CommunityRoleId, TenantId};
use super::role::RoleSettings;
use super::text;
use crate::clock::Timestamp;

/// The roles that every community has, with what they are for.
pub const BUILT_IN_COMMUNITY_ROLES: [(&str, &str); 2] = [
    (COMMUNITY_ADMINISTRATOR, "Full rights over what the community shares."),
    (COMMUNITY_MEMBER, "May read what the community shares."),
];

pub const COMMUNITY_ADMINISTRATOR: &str = "Community Administrator";
pub const COMMUNITY_MEMBER: &str = "Community Member";

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Community {
    pub id: CommunityId,
    /// The tenant that owns it.
    pub owner: TenantId,
    pub settings: CommunitySettings,
    pub version: i32,
    pub created_at: Timestamp,
}

/// What the owner says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommunitySettings {
    pub name: String,
    pub description: String,
}

/// The form as typed.
#[derive(Clone, Debug, Default, serde::Deserialize, serde::Serialize)]
#[serde(default)]
pub struct CommunityInput {
    pub name: String,
    pub description: String,
    /// The edit form's: the version that the person saw.
    pub version: String,
}

impl CommunitySettings {
    pub const MAX_NAME: usize = 100;
    pub const MAX_DESCRIPTION: usize = 500;

    pub fn parse(input: &CommunityInput) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::default();
        let name = errors.take("name", "Name", text::name(&input.name, "a name", Self::MAX_NAME));
        let description =
            errors.take("description", "Description", text::paragraph(&input.description, Self::MAX_DESCRIPTION));
        match (name, description) {
            (Some(name), Some(description)) => Ok(Self { name, description }),
            _ => Err(errors),
        }
    }

    /// What the trail compares.
    pub fn facts(&self) -> Vec<(&'static str, String)> {
        vec![("Name", self.name.clone()), ("Description", self.description.clone())]
    }
}

/// A role of a community.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommunityRole {
    pub id: CommunityRoleId,
    pub settings: RoleSettings,
    /// It came with the community and can't be changed.
    pub built_in: bool,
    pub version: i32,
}

impl CommunityRole {
    pub fn is_administrator(&self) -> bool {
        self.built_in && self.settings.name == COMMUNITY_ADMINISTRATOR
    }
}

/// A tenant in a community: all that the others know of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommunityTenant {
    pub id: TenantId,
    pub name: String,
    pub invited_at: Timestamp,
    /// `None` while it has not accepted.
    pub joined_at: Option<Timestamp>,
}

/// A company's page of a community shows them all.
pub const MAX_TENANTS: usize = 100;
