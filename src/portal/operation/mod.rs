//! The place of whoever runs the deployment.

pub mod approvers;
pub mod clients;
pub mod health;
pub mod tenants;
