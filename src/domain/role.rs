//! The roles that clients hold: their tenant's, and those of the communities that the tenant is in.

use super::audit::{Change, changes};
use super::field_errors::FieldErrors;
use super::id::{CommunityRoleId, RoleId};
use super::tenant::{TENANT_ADMINISTRATOR, TENANT_MEMBER};
use super::text;

/// What a client holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientRoles {
    pub tenant: Vec<(RoleId, String)>,
    pub community: Vec<CommunityRoleHeld>,
}

/// A community's role, held by a client or a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommunityRoleHeld {
    pub id: CommunityRoleId,
    /// With the community's name before it: "Harbour: Pilot".
    pub name: String,
    /// It has full rights over what the community shares.
    pub administrator: bool,
}

impl ClientRoles {
    /// Whether it is more than the one role that all clients have.
    pub fn has_more(&self) -> bool {
        !self.community.is_empty() || self.tenant.iter().any(|(_, name)| name != TENANT_MEMBER)
    }

    /// The names of the roles that administer something: what an approver is to see.
    pub fn administering(&self) -> Vec<&str> {
        let tenant = self.tenant.iter().map(|(_, name)| name.as_str()).filter(|name| *name == TENANT_ADMINISTRATOR);
        let community = self.community.iter().filter(|role| role.administrator).map(|role| role.name.as_str());
        tenant.chain(community).collect()
    }
}

/// A role that a tenant's clients can hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenantRole {
    pub id: RoleId,
    pub settings: RoleSettings,
    /// It came with the tenant and can't be changed.
    pub built_in: bool,
    pub version: i32,
}

impl TenantRole {
    /// As a client holds it.
    pub fn named(&self) -> (RoleId, String) {
        (self.id, self.settings.name.clone())
    }
}

/// The form of a role, of a tenant's or a community's own.
#[derive(Clone, Debug, Default, serde::Deserialize, serde::Serialize)]
#[serde(default)]
pub struct RoleInput {
    pub name: String,
    pub description: String,
    /// The edit form's: the version that the person saw.
    pub version: String,
}

/// What a person says of a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleSettings {
    pub name: String,
    pub description: String,
}

/// Every form that gives roles shows them all.
pub const MAX_OWN_ROLES: usize = 100;

impl RoleSettings {
    pub const MAX_NAME: usize = 100;
    pub const MAX_DESCRIPTION: usize = 500;

    pub fn parse(input: &RoleInput) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::default();
        let name = errors.take("name", "Name", role_name(&input.name));
        let description =
            errors.take("description", "Description", text::paragraph(&input.description, Self::MAX_DESCRIPTION));
        match (name, description) {
            (Some(name), Some(description)) => Ok(Self { name, description }),
            _ => Err(errors),
        }
    }

    /// What the trail says of a new one.
    pub fn added(&self) -> Vec<Change> {
        changes(&Self::none().facts(), &self.facts())
    }

    /// What the trail says of one that went.
    pub fn removed(&self) -> Vec<Change> {
        changes(&self.facts(), &Self::none().facts())
    }

    fn none() -> Self {
        Self { name: String::new(), description: String::new() }
    }

    /// What the trail compares.
    pub fn facts(&self) -> Vec<(&'static str, String)> {
        vec![("Name", self.name.clone()), ("Description", self.description.clone())]
    }
}

/// Tokens set a community's name apart from its role by a colon: no role of a tenant's own may look like that.
fn role_name(typed: &str) -> Result<String, String> {
    let name = text::name(typed, "a name", RoleSettings::MAX_NAME)?;
    match name.contains(": ") {
        true => Err("Leave out the colon: in tokens it sets a community apart from its role.".into()),
        false => Ok(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(tenant: &[&str], community: &[(&str, bool)]) -> ClientRoles {
        let role = |name: &&str| (RoleId::new(1, [0; 10]), (*name).to_owned());
        let of_community = |(name, administrator): &(&str, bool)| CommunityRoleHeld {
            id: CommunityRoleId::new(1, [0; 10]),
            name: (*name).to_owned(),
            administrator: *administrator,
        };
        ClientRoles {
            tenant: tenant.iter().map(role).collect(),
            community: community.iter().map(of_community).collect(),
        }
    }

    #[test]
    fn any_role_of_a_community_is_more_than_tenant_member() {
        assert!(!held(&["Tenant Member"], &[]).has_more());
        assert!(held(&["Tenant Member", "Tenant Viewer"], &[]).has_more());
        assert!(held(&["Tenant Member"], &[("Harbour: Community Member", false)]).has_more());
    }

    #[test]
    fn what_administers_is_named() {
        let roles =
            held(&["Tenant Administrator", "Tenant Member"], &[("A: Community Administrator", true), ("A: B", false)]);
        assert_eq!(roles.administering(), ["Tenant Administrator", "A: Community Administrator"]);
    }
}
