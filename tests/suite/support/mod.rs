//! What tests are written with: a portal of their own, people in it, a clock that moves, a browser that reads labels.

mod browser;
mod command;
mod company;
mod control;
mod factor;
mod keys;
mod mail;
mod metrics;
mod oauth;
mod op;
mod portal;
mod proxy;
mod releases;
mod requests;
mod served;
mod snapshot;
mod things;

pub use browser::{Browser, Page};
pub use command::{Ran, command};
pub use company::{PASSWORD, Person};
pub use factor::{Authenticator, Enrolled, recovery_codes_on};
pub use keys::{key_pair, public_jwk};
pub use mail::{code_in, letters_in, wait_for};
pub use metrics::Metrics;
pub use oauth::{Answered, App, CALLBACK, CHALLENGE, VERIFIER, answered, claims, jwt_header};
pub use op::{CLIENT_SECRET, FakeProvider, NAME as PROVIDER, Wrong};
pub use portal::{EmptyDatabase, TestPortal};
pub use proxy::Proxy;
pub use served::{PROGRAM, Served};
pub use snapshot::Snapshot;
pub use things::{Things, png};

use std::time::Duration;

pub const MINUTE: Duration = Duration::from_secs(60);
pub const HOUR: Duration = Duration::from_secs(3_600);
pub const DAY: Duration = Duration::from_secs(86_400);
pub const SECOND: Duration = Duration::from_secs(1);
