//! Communities: those that the company is in or invited to, who is in them, their roles, and who of its own holds one.

pub mod details;
pub mod endings;
pub mod form;
pub mod list;
pub mod people;
pub mod roles;
