//! What a client may know about its user (OpenID Connect Core §5.3). The access token comes as RFC 6750 says: in the
//! header, or in the body of a form; never in the address.

use actix_web::http::{Method, header};
use actix_web::{HttpRequest, HttpResponse, web};
use zeroize::Zeroizing;

use super::answer::{Refused, granted};
use super::call::has_form;
use super::{Call, bearer, cors};
use crate::domain::protocol::event::Endpoint;
use crate::domain::protocol::fault::{Fault, Refusal};

pub async fn answer(request: HttpRequest, mut payload: web::Payload) -> Result<HttpResponse, Refused> {
    let call = Call::of(&request, Endpoint::Userinfo);
    let token = token(&call, &request, &mut payload).await?;
    let at = call.clone();
    let told = call
        .run(move |operations| {
            let live = operations.live_token(&token)?;
            cors::check(&at, &live.registered)?;
            Ok((operations.userinfo(&live)?, (&live.registered).into()))
        })
        .await?;
    let told = call.outcome(told, "", false)?;
    Ok(call.readable(granted(&told)))
}

async fn token(call: &Call, request: &HttpRequest, payload: &mut web::Payload) -> Result<Zeroizing<String>, Refused> {
    let mut query = url::form_urlencoded::parse(request.query_string().as_bytes());
    if query.any(|(name, _)| name == "access_token") {
        return Err(call.refused(Fault::TokenInQuery));
    }
    let mut headers = request.headers().get_all(header::AUTHORIZATION);
    let in_header = headers.next().map(|value| bearer::token(value.as_bytes()).ok_or_else(another_header)).transpose();
    let in_header = in_header.map_err(|refusal| call.refused(refusal))?;
    // A body of another kind means nothing here (RFC 6750 §2.2).
    let has_form = request.method() == Method::POST && has_form(request);
    let form = if has_form { Some(call.form(request, payload).await?) } else { None };
    let in_body = form.as_ref().and_then(|form| form.get("access_token"));
    match (in_header, in_body) {
        (Some(token), None) if headers.next().is_none() => Ok(token),
        (None, Some(token)) => Ok(Zeroizing::new(token.to_owned())),
        (None, None) => Err(call.refused(Fault::TokenMissing)),
        _ => Err(call.refused(Refusal::comparing(Fault::Malformed, "one access token", "several"))),
    }
}

fn another_header() -> Refusal {
    Refusal::comparing(Fault::TokenMissing, "Authorization: Bearer …", "another Authorization header")
}
