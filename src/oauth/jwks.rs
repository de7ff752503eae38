//! The public keys that tokens are verified with (RFC 7517 §5).

use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;

use super::discovery::for_everybody;
use super::{Call, Refused};
use crate::domain::protocol::event::Endpoint;

/// Seconds for which a copy is good: far less than a new key is published ahead of its first signature.
const MAX_AGE: u32 = 300;

pub async fn answer(request: HttpRequest) -> Result<HttpResponse, Refused> {
    let call = Call::of(&request, Endpoint::Keys);
    let keys = call.run(|operations| operations.published_keys()).await?.map_err(|error| call.refused(error))?;
    Ok(for_everybody(MAX_AGE).json(json!({ "keys": keys })))
}
