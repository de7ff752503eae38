//! Ending a token before its time, by the client that it was issued to (RFC 7009).

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};

use super::answer::Refused;
use super::{Call, client_auth, cors};
use crate::domain::protocol::event::Endpoint;
use crate::operations::protocol;

pub async fn answer(request: HttpRequest, mut payload: web::Payload) -> Result<HttpResponse, Refused> {
    let call = Call::of(&request, Endpoint::Revoke);
    let params = call.form(&request, &mut payload).await?;
    let credentials = call.credentials(&request, &params)?;
    let at = call.clone();
    let revoked = call
        .run(move |operations| {
            let caller = operations.authenticate_client(credentials, &at.network())?;
            cors::check(&at, &caller.registered)?;
            let token = params.need("token").map_err(|fault| protocol::Refused::of(&caller.registered, fault))?;
            Ok((operations.revoke(&caller, token)?, (&caller.registered).into()))
        })
        .await?;
    call.outcome(revoked, "", client_auth::is_basic(&request))?;
    Ok(call.readable(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).finish()))
}
