//! The people of the company, for its administrators.

pub mod details;
pub mod invitations;
pub mod list;
pub mod removal;

use crate::access::Role;

/// A role among the boxes of a form.
pub struct RoleOption {
    pub value: &'static str,
    pub label: &'static str,
    pub hint: &'static str,
    pub badge: &'static str,
    pub locked: bool,
}

fn role_options() -> Vec<RoleOption> {
    let option = |role: Role, hint| RoleOption {
        value: role.as_str(),
        label: role.word(),
        hint,
        badge: "",
        locked: role == Role::Member,
    };
    vec![
        option(
            Role::Member,
            "Everybody has it: sees services, clients and what is known of secrets, never their values.",
        ),
        option(Role::Developer, "Adds and edits services, clients and secrets, and asks for releases."),
        option(Role::Approver, "Decides on release requests, never on their own."),
        option(
            Role::Administrator,
            "Manages members, roles, communities, scopes and settings, and reads the audit log.",
        ),
    ]
}
