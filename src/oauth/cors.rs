//! Which web pages may read what is granted: those of the client's CORS origins. No cookies go along, so no answer allows
//! credentials. A refusal holds nothing that its sender didn't send; the page that asked may read it.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse};

use super::Call;
use crate::domain::cors_origin::CorsOrigin;
use crate::domain::protocol::fault::{Fault, Refusal};
use crate::domain::protocol::registered::Registered;

/// Answers a browser that asks before it sends the request itself. It doesn't say for which client, so every origin is
/// told what may be sent; the answer to the request itself is for the client's own origins.
pub async fn preflight(request: HttpRequest) -> HttpResponse {
    let mut response = HttpResponse::NoContent();
    if let Some(origin) = request.headers().get(header::ORIGIN) {
        response
            .insert_header((header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone()))
            .insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST"))
            .insert_header((header::ACCESS_CONTROL_ALLOW_HEADERS, "authorization, content-type"))
            .insert_header((header::ACCESS_CONTROL_MAX_AGE, "600"));
    }
    response.insert_header((header::VARY, "Origin, Access-Control-Request-Headers")).finish()
}

/// # Errors
/// `Fault::CrossOrigin` where a web page asks whose origin is not one of the client's.
pub fn check(call: &Call, registered: &Registered) -> Result<(), Refusal> {
    let Some(origin) = &call.origin else { return Ok(()) };
    let allowed = &registered.client.settings.cors_origins;
    if allowed.iter().any(|allowed| allowed.as_str() == origin) {
        return Ok(());
    }
    let expected: Vec<&str> = allowed.iter().map(CorsOrigin::as_str).collect();
    Err(Refusal::comparing(Fault::CrossOrigin, expected.join("\n"), origin))
}
