//! Dynamic client registration (RFC 7591) and its management (RFC 7592).

use actix_web::http::{StatusCode, header};
use actix_web::web::{Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Map, Value};

use super::{Call, Refused, bearer};
use crate::domain::protocol::event::Endpoint;
use crate::domain::protocol::fault::{Fault, Refusal};
use crate::operations::protocol::registration::Machine;

pub async fn register(request: HttpRequest, payload: Payload) -> Result<HttpResponse, Refused> {
    let call = Call::of(&request, Endpoint::Register);
    let (by, members) = (machine(&call, &request)?, members(&call, &request, payload).await?);
    let done = call.run(move |operations| operations.register_client(&by, &members)).await?;
    answer(&call, StatusCode::CREATED, done)
}

pub async fn read(request: HttpRequest, client_id: Path<String>) -> Result<HttpResponse, Refused> {
    let call = Call::of(&request, Endpoint::Register);
    let by = machine(&call, &request)?;
    let done = call.run(move |operations| operations.read_registered_client(&by, &client_id)).await?;
    answer(&call, StatusCode::OK, done)
}

pub async fn update(request: HttpRequest, client_id: Path<String>, payload: Payload) -> Result<HttpResponse, Refused> {
    let call = Call::of(&request, Endpoint::Register);
    let (by, members) = (machine(&call, &request)?, members(&call, &request, payload).await?);
    let done = call.run(move |operations| operations.update_registered_client(&by, &client_id, &members)).await?;
    answer(&call, StatusCode::OK, done)
}

pub async fn delete(request: HttpRequest, client_id: Path<String>) -> Result<HttpResponse, Refused> {
    let call = Call::of(&request, Endpoint::Register);
    let by = machine(&call, &request)?;
    let done = call.run(move |operations| operations.delete_registered_client(&by, &client_id)).await?;
    done.map_err(|refusal| refused(&call, refusal))?;
    Ok(HttpResponse::NoContent().insert_header((header::CACHE_CONTROL, "no-store")).finish())
}

/// Who asks, by the bearer token (RFC 6750 §2.1).
fn machine(call: &Call, request: &HttpRequest) -> Result<Machine, Refused> {
    let sent = request.headers().get(header::AUTHORIZATION);
    let token =
        sent.and_then(|value| bearer::token(value.as_bytes())).ok_or_else(|| call.refused(Fault::TokenMissing))?;
    Ok(Machine { token, address: call.address.clone(), network: call.network(), reference: call.reference.clone() })
}

async fn members(call: &Call, request: &HttpRequest, mut payload: Payload) -> Result<Map<String, Value>, Refused> {
    let malformed = |received: &str| {
        let expected = "a JSON object, sent as Content-Type: application/json";
        call.refused(Refusal::comparing(Fault::Malformed, expected, received))
    };
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json") {
        return Err(malformed(kind));
    }
    let body = call.body(&mut payload).await?;
    // How deep it may be nested, serde_json limits.
    serde_json::from_slice(&body).map_err(|_| malformed(""))
}

fn answer(call: &Call, status: StatusCode, done: Result<Value, Refusal>) -> Result<HttpResponse, Refused> {
    let body = done.map_err(|refusal| refused(call, refusal))?;
    Ok(HttpResponse::build(status).insert_header((header::CACHE_CONTROL, "no-store")).json(body))
}

fn refused(call: &Call, refusal: Refusal) -> Refused {
    let described = match refusal.fault {
        // What is wrong with it is the client's own to read.
        Fault::MetadataInvalid | Fault::MetadataRedirectUri => Some(in_ascii(&refusal.expected)),
        _ => None,
    };
    let status = match refusal.fault {
        Fault::RegistrationServiceLive | Fault::RegistrationServiceDeleted => Some(403),
        Fault::RegistrationTooMany => Some(429),
        _ => None,
    };
    let mut refused = call.refused(refusal);
    if let Some(description) = described {
        refused = refused.with_description(description);
    }
    if let Some(status) = status {
        refused = refused.with_status(status);
    }
    refused
}

/// RFC 7591 §3.2.2 allows nothing else in a description.
fn in_ascii(text: &str) -> String {
    let letter = |c: char| match c {
        '“' | '”' | '‘' | '’' => "'".to_owned(),
        '…' => "...".to_owned(),
        '–' => "-".to_owned(),
        '\n' => " ".to_owned(),
        ' '..='~' => c.to_string(),
        other => format!("U+{:04X}", u32::from(other)),
    };
    text.chars().map(letter).collect()
}
