//! Communities, the tenants in them, their roles and who holds those.

use super::error::Result;
use super::stored;
use crate::domain::community::COMMUNITY_ADMINISTRATOR;
use crate::domain::role::CommunityRoleHeld;

/// A role as it is held: its id, its name and whether it is built in, and its community's name.
pub(super) fn held((id, name, built_in): (String, String, bool), community: &str) -> Result<CommunityRoleHeld> {
    Ok(CommunityRoleHeld {
        id: stored(&id, "community role id")?,
        administrator: built_in && name == COMMUNITY_ADMINISTRATOR,
        name: format!("{community}: {name}"),
    })
}
