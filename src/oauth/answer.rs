//! Answers in JSON: what was granted, or the error (RFC 6749 §5).

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;

use super::Call;
use crate::domain::protocol::fault::{ErrorCode, Fault, Refusal};

/// A refused request. The body names the error, and a reference that the portal explains.
#[derive(Debug, thiserror::Error)]
#[error("{}", .refusal.fault.as_str())]
pub struct Refused {
    pub refusal: Refusal,
    reference: String,
    explained_at: String,
    status: u16,
    /// In place of the fault's own sentence.
    described: Option<String>,
    /// The client tried HTTP Basic, so that is what the answer asks for (RFC 6749 §5.2).
    basic: bool,
    /// The origin that may read the answer.
    readable_by: Option<String>,
}

#[derive(Serialize)]
struct ErrorBody<'a> {
    error: &'static str,
    error_description: &'a str,
    /// Where the portal explains it to the client's developers.
    error_uri: &'a str,
    reference: &'a str,
}

impl Refused {
    pub(super) fn new(call: &Call, refusal: Refusal) -> Self {
        let status = refusal.fault.error().status();
        let explained_at = explained_at(call.endpoints.issuer(), &call.reference);
        let reference = call.reference.clone();
        Self { refusal, reference, explained_at, status, described: None, basic: false, readable_by: None }
    }

    pub(super) fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// Says more than the fault's own sentence.
    pub(super) fn with_description(mut self, description: String) -> Self {
        self.described = Some(description);
        self
    }

    /// The client tried HTTP Basic.
    pub(super) fn with_basic(mut self, basic: bool) -> Self {
        self.basic = basic;
        self
    }

    /// The origin that may read the answer.
    pub(super) fn with_reader(mut self, origin: Option<String>) -> Self {
        self.readable_by = origin;
        self
    }
}

/// The portal's page about a refused request.
pub fn explained_at(issuer: &str, reference: &str) -> String {
    format!("{issuer}/rejections/{reference}")
}

impl ResponseError for Refused {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::BAD_REQUEST)
    }

    fn error_response(&self) -> HttpResponse {
        let error = self.refusal.fault.error();
        tracing::debug!(fault = self.refusal.fault.as_str(), "a protocol request was refused");
        let body = ErrorBody {
            error: error.as_str(),
            error_description: self.described.as_deref().unwrap_or(self.refusal.fault.sentence()),
            error_uri: &self.explained_at,
            reference: &self.reference,
        };
        let mut response = HttpResponse::build(self.status_code());
        match error {
            ErrorCode::InvalidClient if self.basic => {
                response.insert_header((header::WWW_AUTHENTICATE, "Basic realm=\"Keywright\", charset=\"UTF-8\""));
            }
            // Who shows no token is told what to show, and of no error (RFC 6750 §3.1).
            ErrorCode::InvalidToken if self.refusal.fault == Fault::TokenMissing => {
                response.insert_header((header::WWW_AUTHENTICATE, "Bearer realm=\"Keywright\""));
            }
            ErrorCode::InvalidToken | ErrorCode::InsufficientScope => {
                let challenge = format!(
                    "Bearer realm=\"Keywright\", error=\"{}\", error_description=\"{}\"",
                    error.as_str(),
                    self.refusal.fault.sentence()
                );
                response.insert_header((header::WWW_AUTHENTICATE, challenge));
            }
            ErrorCode::TemporarilyUnavailable => {
                response.insert_header((header::RETRY_AFTER, "5"));
            }
            _ => {}
        }
        if let Some(origin) = &self.readable_by {
            response.insert_header((header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.as_str()));
            response.insert_header((header::VARY, "Origin"));
        }
        response.insert_header((header::CACHE_CONTROL, "no-store")).json(body)
    }
}

/// A granted request: never kept by anyone on the way (RFC 6749 §5.1).
pub fn granted(body: &impl Serialize) -> HttpResponse {
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(body)
}

/// Something was made (RFC 9126 §2.2, RFC 7591 §3.2.1).
pub fn made(body: &impl Serialize) -> HttpResponse {
    HttpResponse::Created().insert_header((header::CACHE_CONTROL, "no-store")).json(body)
}
