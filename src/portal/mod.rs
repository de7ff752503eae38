//! The HTML pages: addresses, guards, forms, page structs, errors; one file per place in the portal.
//! Pages read through a read-only handle; whatever changes goes through `operations`.

mod accounts;
mod again;
pub mod assets;
mod audit;
mod authorization;
mod client_keys;
mod clients;
mod communities;
mod company;
pub mod compression;
mod cookies;
mod error;
pub mod form;
mod guard;
mod history;
mod members;
pub mod middleware;
mod operation;
mod pager;
pub mod paths;
mod registration_tokens;
mod rejections;
mod reviews;
mod roles;
pub mod routes;
mod scopes;
mod secret_use;
mod secrets;
mod services;
mod sessions;
mod shell;
mod start;
mod view;
mod when;

pub use error::PageError;
pub use sessions::{know_who_posts, session_middleware};

use std::sync::Arc;

use crate::clock::Clock;
use crate::crowd::Crowd;
use crate::crypto::keys::Keys;
use crate::db::{Db, ReadHandle};
use crate::operations::Operations;
use crate::provider::Provider;

/// What every request needs.
pub struct Portal {
    pub operations: Arc<Operations>,
    pub reads: ReadHandle,
    pub clock: Clock,
    pub site: Site,
    /// Another OpenID provider, where one is configured.
    pub provider: Option<Arc<Provider>>,
    crowd: Crowd,
    cookie_key: actix_web::cookie::Key,
}

/// Where the portal stands in the world.
#[derive(Clone, Debug)]
pub struct Site {
    /// Without a slash at the end; also the OAuth issuer.
    pub public_url: String,
    pub registration_open: bool,
    /// Proxies whose word about the client's address is believed.
    pub trusted_proxies: Vec<ipnet::IpNet>,
}

impl Site {
    /// Scheme, host and port, as browsers send it in `Origin`.
    pub fn origin(&self) -> String {
        url::Url::parse(&self.public_url).map_or(String::new(), |url| url.origin().ascii_serialization())
    }

    /// What authenticator apps tell this portal from others by.
    pub fn host(&self) -> String {
        let url = url::Url::parse(&self.public_url).ok();
        url.and_then(|url| url.host_str().map(ToOwned::to_owned)).unwrap_or_default()
    }

    /// On one's own machine `localhost` and `127.0.0.1` are the same portal to people, and to browsers two.
    fn is_own_origin(&self, origin: &str) -> bool {
        let port_of_loopback = |text: &str| {
            let url = url::Url::parse(text).ok().filter(|url| url.scheme() == "http")?;
            let loopback = matches!(url.host_str()?, "localhost" | "127.0.0.1" | "[::1]");
            loopback.then(|| url.port_or_known_default())
        };
        origin == self.origin()
            || port_of_loopback(origin).is_some_and(|port| port_of_loopback(&self.public_url) == Some(port))
    }

    pub fn is_https(&self) -> bool {
        self.public_url.starts_with("https://")
    }
}

impl Portal {
    pub fn new(
        operations: Arc<Operations>,
        db: &Db,
        clock: Clock,
        site: Site,
        provider: Option<Arc<Provider>>,
        keys: &Keys,
        crowd: Crowd,
    ) -> Self {
        let cookie_key = actix_web::cookie::Key::from(keys.derive::<64>("portal cookies").as_slice());
        Self { operations, reads: db.reads(), clock, site, provider, crowd, cookie_key }
    }
}
