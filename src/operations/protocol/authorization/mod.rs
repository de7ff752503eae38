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

use super::Refused;
use crate::db;
use crate::domain::protocol::fault::{Fault, Refusal};
use crate::domain::protocol::params::Params;
use crate::domain::protocol::registered::Registered;
use crate::domain::protocol::request::AuthorizationRequest;
use crate::domain::protocol::return_to::ReturnTo;
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

/// Why nothing is issued, and who learns it.
#[derive(Clone, Debug)]
pub enum Declined {
    /// Whoever sits at the browser: it is not known where else the answer could go.
    ToUser(Refused),
    ToApplication(Box<ReturnTo>, Refused),
}

impl<R: Into<Refusal>> From<R> for Declined {
    fn from(refusal: R) -> Self {
        Self::ToUser(refusal.into().into())
    }
}

impl Asked {
    pub fn declined(&self, refusal: impl Into<Refusal>) -> Declined {
        let refused = Refused::of(&self.registered, refusal);
        Declined::ToApplication(Box::new(self.return_to.clone()), refused)
    }

    /// What was asked for, in one word for the client's developers.
    pub fn attempted(&self) -> &'static str {
        self.request.response_type.as_str()
    }
}

impl Operations {
    /// Gives a request its meaning.
    pub fn read_authorization_request(&self, params: Params) -> Result<Asked, Declined> {
        let registered = self.registered(params.need("client_id")?).map_err(Declined::ToUser)?;
        let to_user = |refusal: Refusal| Declined::ToUser(Refused::of(&registered, refusal));
        registered.check_status().map_err(to_user)?;
        let params = self.pushed_parameters(params, &registered)?;
        let return_to = ReturnTo::read(&params, &registered).map_err(to_user)?;
        match self.meaning_of(&params, &registered, &return_to) {
            Ok((request, catalogue)) => Ok(Asked { registered, return_to, request, catalogue, params }),
            Err(refusal) => {
                let refused = Refused::of(&registered, refusal);
                Err(Declined::ToApplication(Box::new(return_to), refused))
            }
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
        let tenant = registered.tenant.id;
        let catalogue = self.db.read(|reader| db::registered::catalogue(reader, tenant))?;
        let names: Vec<String> = catalogue.iter().map(|scope| scope.name.clone()).collect();
        Ok((AuthorizationRequest::read(params, registered, return_to, &names)?, catalogue))
    }

    /// What stands behind the request's `request_uri`, if it has one of ours.
    fn pushed_parameters(&self, params: Params, registered: &Registered) -> Result<Params, Declined> {
        let Some(id) = params.get("request_uri").and_then(|uri| uri.strip_prefix(kept::PUSHED)) else {
            return Ok(params);
        };
        match self.take_pushed_request(id, registered)? {
            Some(pushed) => Ok(pushed),
            None => {
                let refused = Refused::of(registered, Fault::RequestUriUnknown);
                // Where the request says itself where the answer goes, it goes there.
                match ReturnTo::read(&params, registered) {
                    Ok(return_to) => Err(Declined::ToApplication(Box::new(return_to), refused)),
                    Err(_) => Err(Declined::ToUser(refused)),
                }
            }
        }
    }
}
