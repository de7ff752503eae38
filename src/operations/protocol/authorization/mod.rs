//! A user lets an application in (RFC 6749 §4.1.1, OpenID Connect Core §3.1.2): what the application asks for, what is
//! needed from the user first, and what is issued at the end.

pub mod connected;
mod hints;
mod issue;
mod kept;
pub mod logout;
mod steps;

pub use issue::Issued;
pub use kept::PUSHED_LASTS;
pub use steps::{AtBrowser, Step, User};

use super::{Refused, claims};
use crate::db;
use crate::domain::protocol::fault::{Fault, Refusal};
use crate::domain::protocol::params::Params;
use crate::domain::protocol::registered::Registered;
use crate::domain::protocol::request::AuthorizationRequest;
use crate::domain::protocol::return_to::ReturnTo;
use crate::domain::redirect_url::{RedirectKind, RedirectUrl};
use crate::domain::scope::Scope;
use crate::operations::Operations;

/// A request that an application may make.
#[derive(Clone, Debug)]
pub struct Asked {
    pub registered: Registered,
    pub return_to: ReturnTo,
    pub request: AuthorizationRequest,
    /// The tenant's scopes, as it words them for users.
    pub catalogue: Vec<Scope>,
    params: Params,
}

/// Why nothing is issued.
#[derive(Clone, Debug)]
pub struct Declined {
    pub refused: Refused,
    /// Where the application learns it. Without, only whoever sits at the browser does.
    pub return_to: Option<Box<ReturnTo>>,
    /// The response type.
    pub attempted: String,
}

impl<R: Into<Refusal>> From<R> for Declined {
    fn from(refusal: R) -> Self {
        Self { refused: refusal.into().into(), return_to: None, attempted: String::new() }
    }
}

impl Asked {
    pub fn declined(&self, refusal: impl Into<Refusal>) -> Declined {
        Declined {
            refused: Refused::of(&self.registered, refusal),
            return_to: Some(Box::new(self.return_to.clone())),
            attempted: self.attempted().to_owned(),
        }
    }

    /// What the user is asked to consent to: the scopes, and those that stand for the claims named beside them.
    pub fn to_consent(&self) -> Vec<String> {
        let mut scopes = self.request.scopes.clone();
        for scope in claims::scopes_of_named_claims(&self.registered, &self.request.claims) {
            if !scopes.iter().any(|known| known == scope) {
                scopes.push(scope.to_owned());
            }
        }
        scopes
    }

    /// Whether any program of the user's could have sent the request and get the answer: a public client's that goes to a
    /// scheme or a port of the machine. Its user has to see each request (RFC 8252 §8.6).
    pub fn may_be_imitated(&self) -> bool {
        let redirect_url = RedirectUrl::stored(self.return_to.redirect_url().to_owned());
        !self.registered.client.has_secrets() && redirect_url.kind() != RedirectKind::Https
    }

    /// What was asked for, in one word for the client's developers.
    pub fn attempted(&self) -> &'static str {
        self.request.response_type.as_str()
    }
}

impl Operations {
    /// Gives a request its meaning.
    pub fn read_authorization_request(&self, params: Params) -> Result<Asked, Declined> {
        let attempted = params.get("response_type").unwrap_or_default().to_owned();
        let declined = |refused, return_to: Option<ReturnTo>| Declined {
            refused,
            return_to: return_to.map(Box::new),
            attempted: attempted.clone(),
        };
        let registered = self.registered(params.need("client_id")?).map_err(|refused| declined(refused, None))?;
        let refused = |refusal: Refusal| Refused::of(&registered, refusal);
        registered.check_status().map_err(|refusal| declined(refused(refusal), None))?;
        let params = match self.pushed_parameters(&params, &registered)? {
            Some(params) => params,
            None => {
                // Where the request says itself where the answer goes, it goes there.
                let return_to = ReturnTo::read(&params, &registered).ok();
                return Err(declined(refused(Fault::RequestUriUnknown.into()), return_to));
            }
        };
        let return_to = ReturnTo::read(&params, &registered).map_err(|refusal| declined(refused(refusal), None))?;
        match self.meaning_of(&params, &registered, &return_to) {
            Ok((request, catalogue)) => Ok(Asked { registered, return_to, request, catalogue, params }),
            Err(refusal) => Err(declined(refused(refusal), Some(return_to))),
        }
    }

    /// Whether a client may push this request (RFC 9126 §2.1): everything that needs no user is looked at.
    pub fn check_pushed_request(&self, registered: &Registered, params: &Params) -> Result<(), Refusal> {
        if params.get("request_uri").is_some() {
            return Err(Refusal::comparing(
                Fault::ParameterInvalid,
                "No request_uri in a pushed request",
                "request_uri",
            ));
        }
        let return_to = ReturnTo::read(params, registered)?;
        self.meaning_of(params, registered, &return_to).map(drop)
    }

    fn meaning_of(
        &self,
        params: &Params,
        registered: &Registered,
        return_to: &ReturnTo,
    ) -> Result<(AuthorizationRequest, Vec<Scope>), Refusal> {
        kept::check_length(params)?;
        let tenant = registered.tenant.id;
        let catalogue = self.db.read(|reader| db::scopes::catalogue(reader, tenant))?;
        let names: Vec<String> = catalogue.iter().map(|scope| scope.name.clone()).collect();
        Ok((AuthorizationRequest::read(params, registered, return_to, &names)?, catalogue))
    }

    /// The request's parameters, or what was pushed where its `request_uri` is one of ours; `None` where nothing is there.
    fn pushed_parameters(&self, params: &Params, registered: &Registered) -> Result<Option<Params>, Refusal> {
        match params.get("request_uri").and_then(|uri| uri.strip_prefix(kept::PUSHED)) {
            Some(id) => self.take_pushed_request(id, registered),
            None => Ok(Some(params.clone())),
        }
    }
}
