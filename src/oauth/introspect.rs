//! Whether a token is alive, for the client that it was issued to (RFC 7662).

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::json;

use super::answer::{Refused, granted};
use super::{Call, client_auth};
use crate::domain::protocol::event::Endpoint;
use crate::operations::protocol;

pub async fn answer(request: HttpRequest, mut payload: web::Payload) -> Result<HttpResponse, Refused> {
    let call = Call::of(&request, Endpoint::Introspect);
    let params = call.form(&request, &mut payload).await?;
    let credentials = call.credentials(&request, &params)?;
    let network = call.network();
    let told = call
        .run(move |operations| {
            let caller = operations.authenticate_client(credentials, &network)?;
            let token = params.need("token").map_err(|fault| protocol::Refused::of(&caller.registered, fault))?;
            Ok((operations.introspect(&caller, token)?, (&caller.registered).into()))
        })
        .await?;
    match call.outcome(told, "", client_auth::is_basic(&request))? {
        Some(told) => Ok(granted(&told)),
        None => Ok(granted(&json!({ "active": false }))),
    }
}
