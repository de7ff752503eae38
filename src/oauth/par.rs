//! Pushed authorization requests (RFC 9126): a client hands its request over before it sends the browser.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use super::answer::{Refused, made};
use super::{Call, client_auth, cors};
use crate::domain::protocol::event::Endpoint;
use crate::operations::protocol;
use crate::operations::protocol::authorization::PUSHED_LASTS;

#[derive(Serialize)]
struct PushedBody {
    request_uri: String,
    /// Seconds.
    expires_in: u64,
}

pub async fn answer(request: HttpRequest, mut payload: web::Payload) -> Result<HttpResponse, Refused> {
    let call = Call::of(&request, Endpoint::PushedAuthorization);
    let params = call.form(&request, &mut payload).await?;
    let attempted = params.get("response_type").unwrap_or_default().to_owned();
    let credentials = call.credentials(&request, &params)?;
    let at = call.clone();
    let pushed = call
        .run(move |operations| {
            let caller = operations.authenticate_client(credentials, &at.network())?;
            let registered = &caller.registered;
            cors::check(&at, registered)?;
            // What proved the client is not part of its request; which client it is stands there in any case.
            let mut kept = params.without(&["client_secret", "client_assertion", "client_assertion_type", "client_id"]);
            kept.insert("client_id", registered.client.client_id.as_str());
            let request_uri = operations
                .push_request(&caller, &kept, &at.address)
                .map_err(|refusal| protocol::Refused::of(registered, refusal))?;
            Ok((request_uri, registered.into()))
        })
        .await?;
    let request_uri = call.outcome(pushed, &attempted, client_auth::is_basic(&request))?;
    Ok(call.readable(made(&PushedBody { request_uri, expires_in: PUSHED_LASTS.as_secs() })))
}
