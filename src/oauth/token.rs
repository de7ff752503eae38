//! The token endpoint (RFC 6749 §3.2).

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use super::answer::{Refused, granted};
use super::{Call, client_auth, cors};
use crate::domain::client::GrantType;
use crate::domain::protocol::event::Endpoint;
use crate::operations::protocol::requests::Tokens;

#[derive(Serialize)]
struct TokenBody {
    access_token: String,
    token_type: &'static str,
    /// Seconds.
    expires_in: i32,
    scope: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token: Option<String>,
}

impl From<Tokens> for TokenBody {
    fn from(tokens: Tokens) -> Self {
        Self {
            access_token: tokens.access.token,
            token_type: "Bearer",
            expires_in: tokens.access.expires_in,
            scope: tokens.access.scopes.join(" "),
            refresh_token: tokens.refresh_token,
            id_token: tokens.id_token,
        }
    }
}

pub async fn answer(request: HttpRequest, payload: web::Payload) -> Result<HttpResponse, Refused> {
    let mut attempted = String::new();
    let answered = issue(&request, payload, &mut attempted).await;
    count(&attempted, &answered);
    answered
}

/// For whoever watches. What was asked for is a stranger's text: only what is offered counts under its name.
fn count(attempted: &str, answered: &Result<HttpResponse, Refused>) {
    let grant_type = GrantType::parse(attempted).map_or("other", GrantType::as_str);
    let outcome = match answered {
        Ok(_) => "granted",
        Err(refused) => refused.refusal.fault.error().as_str(),
    };
    metrics::counter!("keywright_token_requests_total", "grant_type" => grant_type, "outcome" => outcome).increment(1);
}

/// `attempted` says afterwards which grant type was asked for.
async fn issue(
    request: &HttpRequest,
    mut payload: web::Payload,
    attempted: &mut String,
) -> Result<HttpResponse, Refused> {
    let call = Call::of(request, Endpoint::Token);
    let params = call.form(request, &mut payload).await?;
    *attempted = params.get("grant_type").unwrap_or_default().to_owned();
    let credentials = call.credentials(request, &params)?;
    let at = call.clone();
    let tokens = call
        .run(move |operations| {
            let caller = operations.authenticate_client(credentials, &at.network())?;
            cors::check(&at, &caller.registered)?;
            let tokens = operations.request_tokens(&caller, &params)?;
            Ok((tokens, (&caller.registered).into()))
        })
        .await?;
    let tokens = call.outcome(tokens, attempted, client_auth::is_basic(request))?;
    Ok(call.readable(granted(&TokenBody::from(tokens))))
}
