//! A community: several tenants that give each other's clients and people roles in what they share.

/// The roles that every community has, with what they are for.
pub const BUILT_IN_COMMUNITY_ROLES: [(&str, &str); 2] = [
    (COMMUNITY_ADMINISTRATOR, "Full rights over what the community shares."),
    (COMMUNITY_MEMBER, "May read what the community shares."),
];

pub const COMMUNITY_ADMINISTRATOR: &str = "Community Administrator";
pub const COMMUNITY_MEMBER: &str = "Community Member";
