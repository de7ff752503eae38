//! Requests that wait: for the browser that a client sends with what it has pushed, or for the user.

use std::time::Duration;

use super::{Asked, Declined};
use crate::clock::Timestamp;
use crate::crypto::hashing::sha256;
use crate::crypto::random;
use crate::db::authorization_requests::{self as requests, Kept};
use crate::domain::protocol::fault::{Fault, Refusal};
use crate::domain::protocol::params::Params;
use crate::domain::protocol::registered::Registered;
use crate::operations::accounts::sign_in::address_bucket;
use crate::operations::protocol::clients::Caller;
use crate::operations::{Error, Operations, Result};

/// What begins the `request_uri` of a pushed request (RFC 9126 §2.2).
pub const PUSHED: &str = "urn:ietf:params:oauth:request_uri:";
/// How long a pushed request waits for its user's browser.
pub const PUSHED_LASTS: Duration = Duration::from_secs(60);
/// How long a user may take to sign in and to consent.
const WAITS: Duration = Duration::from_secs(3_600);

/// How many requests of one address may begin to wait within a quarter of an hour: all people of a large company may
/// have the same.
const REQUESTS_PER_ADDRESS: i32 = 1_000;
/// How many a client that proves who it is may push in that time: eleven sign-ins a second.
const REQUESTS_PER_CLIENT: i32 = 10_000;
const QUARTER_OF_AN_HOUR: Duration = Duration::from_secs(900);

/// The longest request, in bytes as it is kept: room for an ID token and the largest `claims`, and for little more.
const LONGEST: usize = 24 * 1024;

/// What a request can mean something by. Nothing else is kept: anybody can send one.
const KNOWN: [&str; 17] = [
    "response_type",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "response_mode",
    "prompt",
    "max_age",
    "login_hint",
    "id_token_hint",
    "claims",
    "request",
    "request_uri",
    "registration",
];

fn as_kept(params: &Params) -> String {
    params.only(&KNOWN).encoded()
}

/// # Errors
/// `Fault::ParameterTooLong` where a request could not be kept, whether it will have to wait or not.
pub(super) fn check_length(params: &Params) -> std::result::Result<(), Refusal> {
    match as_kept(params).len() > LONGEST {
        true => Err(Refusal::comparing(Fault::ParameterTooLong, format!("at most {LONGEST} bytes in all"), "more")),
        false => Ok(()),
    }
}

impl Operations {
    /// Keeps what a client has pushed. Answers with its `request_uri`. Counted are those of a client, or, as anybody can
    /// push for a client that proves nothing, those from one address.
    pub fn push_request(
        &self,
        caller: &Caller,
        params: &Params,
        address: &str,
    ) -> std::result::Result<String, Refusal> {
        let registered = &caller.registered;
        self.check_pushed_request(registered, params)?;
        match caller.is_confidential {
            true => self.count_pushed(registered)?,
            false => self.count_from_address(address)?,
        }
        let token = self.keep_request(registered, params, true, PUSHED_LASTS)?;
        Ok(format!("{PUSHED}{token}"))
    }

    /// Lets a request wait for its user. Answers with a token that finds it again. Anybody can begin one, so those from
    /// one address are counted.
    pub fn let_wait(&self, asked: &Asked, address: &str) -> Result<String> {
        self.count_from_address(address)?;
        self.keep_request(&asked.registered, &asked.params, false, WAITS)
    }

    fn count_pushed(&self, by: &Registered) -> std::result::Result<(), Refusal> {
        match self.count_request(&format!("client:{}", by.client.uid), REQUESTS_PER_CLIENT) {
            Err(Error::Blocked { .. }) => Err(Fault::TooManyPushed.into()),
            counted => Ok(counted?),
        }
    }

    fn count_from_address(&self, address: &str) -> Result<()> {
        self.count_request(&address_bucket("address", address), REQUESTS_PER_ADDRESS)
    }

    fn count_request(&self, of: &str, allowed: i32) -> Result<()> {
        // Each quarter of an hour has a count of its own: who is never quiet begins anew all the same.
        let quarter = self.now().start_of(QUARTER_OF_AN_HOUR).micros();
        self.count(&format!("requests:{quarter}:{of}"), allowed).map(drop)
    }

    fn keep_request(&self, registered: &Registered, params: &Params, pushed: bool, lasts: Duration) -> Result<String> {
        let (token, now) = (random::token(), self.now());
        let parameters = as_kept(params);
        let request = Kept { client: registered.client.uid, parameters, created_at: now };
        self.db.write(|writer| requests::insert(writer, &sha256(&token), pushed, &request, now.plus(lasts)))?;
        Ok(token)
    }

    /// The request that waits under a token, with when it came; `None` once it was answered, or an hour has gone by.
    /// It is read anew: what the client may ask for can have changed.
    pub fn waiting_request(&self, token: &str) -> std::result::Result<Option<(Asked, Timestamp)>, Declined> {
        let now = self.now();
        let found = self.db.read(|reader| requests::waiting(reader, &sha256(token), now))?;
        let Some(kept) = found else { return Ok(None) };
        let params = Params::parse(kept.parameters.as_bytes())?;
        Ok(Some((self.read_authorization_request(params)?, kept.created_at)))
    }

    pub(super) fn take_pushed_request(
        &self,
        token: &str,
        registered: &Registered,
    ) -> std::result::Result<Option<Params>, Refusal> {
        let (now, client) = (self.now(), registered.client.uid);
        let taken = self.db.write(|writer| requests::take_pushed(writer, &sha256(token), client, now))?;
        taken.map(|parameters| Params::parse(parameters.as_bytes())).transpose()
    }

    /// The picture of the service that a waiting request is for.
    pub fn waiting_logo(&self, token: &str) -> Result<(String, Vec<u8>)> {
        let now = self.now();
        Ok(self.db.read(|reader| requests::logo(reader, &sha256(token), now))?)
    }
}
