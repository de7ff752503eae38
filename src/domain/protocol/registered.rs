//! A client as the endpoints meet it: with its service and its tenant.

use super::fault::{Fault, Refusal};
use crate::domain::client::{Client, ClientType};
use crate::domain::lifecycle::{Status, effective};
use crate::domain::redirect_url::RedirectUrl;
use crate::domain::service::{Environment, Service};
use crate::domain::tenant::Tenant;

#[derive(Clone, Debug)]
pub struct Registered {
    pub client: Client,
    pub service: Service,
    pub tenant: Tenant,
}

impl Registered {
    /// Every endpoint asks this of every request, with what the database says now.
    ///
    /// # Errors
    /// `Fault::ClientInactive` unless both client and service are active.
    pub fn check_status(&self) -> Result<(), Refusal> {
        let worth = effective(&self.service.state, &self.client.state);
        if worth.status == Status::Active {
            return Ok(());
        }
        let whose = if worth.held_by_service { "service" } else { "client" };
        Err(Refusal::comparing(Fault::ClientInactive, "Active", format!("The {whose} is {}", worth.status.as_str())))
    }

    /// Whether an answer may go to this URL.
    pub fn accepts(&self, redirect_url: &str) -> bool {
        let native = self.client.client_type == ClientType::Native;
        self.client.settings.redirect_urls.iter().any(|registered| registered.accepts(redirect_url, native))
    }

    /// The redirect URLs, a line each: what a refused one is compared with.
    pub fn redirect_urls(&self) -> String {
        let urls: Vec<&str> = self.client.settings.redirect_urls.iter().map(RedirectUrl::as_str).collect();
        urls.join("\n")
    }

    /// The environment of tokens for who authenticated with something of `credential`'s environment: a live one counts
    /// only while the service is live.
    pub fn environment(&self, credential: Environment) -> Environment {
        match (self.service.environment, credential) {
            (Environment::Live, Environment::Live) => Environment::Live,
            _ => Environment::Sandbox,
        }
    }
}
