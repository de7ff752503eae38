//! One request to an endpoint: its parameters, where it comes from, and the way to the operations.

use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{HttpRequest, web};
use futures_util::StreamExt;

use super::{Endpoints, Refused};
use crate::domain::protocol::event::{self, Endpoint};
use crate::domain::protocol::fault::{Fault, Refusal};
use crate::domain::protocol::params::Params;
use crate::operations::Operations;
use crate::portal::middleware;

/// The largest body, in bytes.
const MAX_BYTES: usize = 64 * 1024;

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
    pub async fn form(&self, request: &HttpRequest, payload: &mut Payload) -> Result<Params, Refused> {
        let kind =
            request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let bare = kind.split(';').next().unwrap_or_default().trim();
        if !bare.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            let expected = "Content-Type: application/x-www-form-urlencoded";
            return Err(self.refused(Refusal::comparing(Fault::Malformed, expected, kind)));
        }
        let body = self.body(payload).await?;
        Params::parse(&body).map_err(|refusal| self.refused(refusal))
    }

    pub async fn body(&self, payload: &mut Payload) -> Result<Vec<u8>, Refused> {
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
        let span = tracing::Span::current();
        web::block(move || span.in_scope(|| work(&operations))).await.map_err(|_| self.refused(Fault::Bug))
    }

    pub fn refused(&self, refusal: impl Into<Refusal>) -> Refused {
        Refused::new(self, refusal.into())
    }
}
