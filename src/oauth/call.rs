//! One request to an endpoint: its parameters, where it comes from, and the way to the operations.

use std::sync::Arc;

use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};
use futures_util::StreamExt;

use super::{Endpoints, Refused, client_auth};
use crate::crowd::CutOff;
use crate::domain::protocol::event::{self, Endpoint, ProtocolEvent};
use crate::domain::protocol::fault::{Fault, Refusal};
use crate::domain::protocol::params::Params;
use crate::operations::Operations;
use crate::operations::protocol::clients::Credentials;
use crate::operations::protocol::{self, Whose};
use crate::portal::middleware;

/// The largest body, in bytes.
const MAX_BYTES: usize = 64 * 1024;

/// How much of what was tried is kept, in characters.
const MAX_NOTED: usize = 100;

/// A request on its way to the operations.
#[derive(Clone)]
pub struct Call {
    pub endpoint: Endpoint,
    pub endpoints: web::Data<Endpoints>,
    /// Ties the answer to its lines in the log, and to what the portal explains.
    pub reference: String,
    pub address: String,
    /// The origin of the web page that asks, if one does.
    pub origin: Option<String>,
}

impl Call {
    /// # Panics
    /// Never in a running application: `app` hands the endpoints to every route.
    pub fn of(request: &HttpRequest, endpoint: Endpoint) -> Self {
        let endpoints =
            request.app_data::<web::Data<Endpoints>>().cloned().expect("app gives every route its endpoints");
        let origin = request.headers().get(header::ORIGIN).map(|value| value.to_str().unwrap_or("null").to_owned());
        // A page of the portal itself is at home here.
        let origin = origin.filter(|origin| origin != endpoints.issuer());
        let (reference, address) = (middleware::reference(request), middleware::client_address(request));
        Self { endpoint, endpoints, reference, address, origin }
    }

    /// From which network, as it is kept.
    pub fn network(&self) -> String {
        event::network(&self.address)
    }

    /// The parameters of a form body (RFC 6749, appendix B).
    pub async fn form(&self, request: &HttpRequest, payload: &mut web::Payload) -> Result<Params, Refused> {
        if !has_form(request) {
            let expected = "Content-Type: application/x-www-form-urlencoded";
            return Err(self.refused(Refusal::comparing(Fault::Malformed, expected, content_type(request))));
        }
        let body = self.body(payload).await?;
        Params::parse(&body).map_err(|refusal| self.refused(refusal))
    }

    /// Who the client says it is, and how it proves it.
    pub fn credentials(&self, request: &HttpRequest, params: &Params) -> Result<Credentials, Refused> {
        let basic = client_auth::is_basic(request);
        client_auth::credentials(request, params).map_err(|refusal| self.refused(refusal).with_basic(basic))
    }

    pub async fn body(&self, payload: &mut web::Payload) -> Result<Vec<u8>, Refused> {
        let mut body = Vec::new();
        while let Some(chunk) = payload.next().await {
            let chunk = chunk.map_err(|_| self.refused(Fault::Malformed))?;
            if body.len() + chunk.len() > MAX_BYTES {
                let expected = format!("at most {MAX_BYTES} bytes");
                return Err(self.refused(Refusal::comparing(Fault::ParameterTooLong, expected, "")).with_status(413));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    /// Runs blocking work with the operations.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Operations) -> T + Send + 'static,
    ) -> Result<T, Refused> {
        let operations = Arc::clone(&self.endpoints.operations);
        let place = self.endpoints.crowd.place().map_err(|cut_off| self.cut_off(cut_off))?;
        place.run(move || work(&operations)).await.map_err(|cut_off| self.cut_off(cut_off))
    }

    fn cut_off(&self, why: CutOff) -> Refused {
        tracing::warn!(cause = %why, "a protocol request failed");
        self.refused(match why {
            CutOff::Full | CutOff::TooSlow => Fault::Unavailable,
            CutOff::Panicked => Fault::Bug,
        })
    }

    /// Notes how a request ended, for the client's developers, and turns a refusal into its answer.
    pub fn outcome<T>(
        &self,
        ended: Result<(T, Whose), protocol::Refused>,
        attempted: &str,
        basic: bool,
    ) -> Result<T, Refused> {
        let (whose, refusal) = match &ended {
            Ok((_, whose)) => (Some(*whose), None),
            Err(refused) => (refused.whose, Some(refused.refusal.clone())),
        };
        if let Some(Whose { tenant, client }) = whose {
            self.endpoints.operations.protocol_log().note(ProtocolEvent {
                reference: self.reference.clone(),
                tenant,
                client,
                at: self.endpoints.clock.now(),
                endpoint: self.endpoint,
                attempted: attempted.chars().take(MAX_NOTED).collect(),
                refusal,
                network: self.network(),
            });
        }
        ended.map(|(granted, _)| granted).map_err(|refused| {
            let readable_by = (refused.refusal.fault != Fault::CrossOrigin).then(|| self.origin.clone()).flatten();
            self.refused(refused.refusal).with_basic(basic).with_reader(readable_by)
        })
    }

    /// The answer may be read by the web page that asked: its origin was found to be one of the client's.
    pub fn readable(&self, mut response: HttpResponse) -> HttpResponse {
        if let Some(origin) = self.origin.as_deref().and_then(|origin| HeaderValue::from_str(origin).ok()) {
            response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            response.headers_mut().insert(header::VARY, HeaderValue::from_static("Origin"));
        }
        response
    }

    pub fn refused(&self, refusal: impl Into<Refusal>) -> Refused {
        Refused::new(self, refusal.into())
    }
}

/// Whether the body says that it is a form.
pub fn has_form(request: &HttpRequest) -> bool {
    let bare = content_type(request).split(';').next().unwrap_or_default().trim();
    bare.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

fn content_type(request: &HttpRequest) -> &str {
    request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default()
}
