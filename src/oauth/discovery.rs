//! What this issuer offers (OpenID Connect Discovery 1.0 §3, RFC 8414 §2): one document, at both addresses.

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use serde_json::{Value, json};

use super::Endpoints;
use crate::domain::client::{GrantType, ResponseType, Signing, SubjectType};
use crate::domain::scope::BUILT_IN_SCOPES;

/// Seconds for which a copy is good.
const MAX_AGE: u32 = 300;

pub async fn answer(endpoints: web::Data<Endpoints>) -> HttpResponse {
    for_everybody(MAX_AGE).json(document(endpoints.issuer()))
}

/// An answer that is the same for everybody, web pages of any origin among them.
pub(super) fn for_everybody(max_age: u32) -> actix_web::HttpResponseBuilder {
    let mut response = HttpResponse::Ok();
    response
        .insert_header((header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
        .insert_header((header::CACHE_CONTROL, format!("public, max-age={max_age}")));
    response
}

fn document(issuer: &str) -> Value {
    let at = |path: &str| format!("{issuer}/oauth2/{path}");
    let scopes: Vec<&str> = BUILT_IN_SCOPES.iter().map(|(name, _)| *name).collect();
    let response_types: Vec<&str> = ResponseType::ALL.iter().map(|kind| kind.as_str()).collect();
    let grant_types: Vec<&str> = GrantType::ALL.iter().map(|grant| grant.as_str()).collect();
    let subject_types: Vec<&str> = SubjectType::ALL.iter().map(|kind| kind.as_str()).collect();
    let signing: Vec<&str> = Signing::ALL.iter().map(|signing| signing.as_str()).collect();
    let confidential = ["client_secret_basic", "client_secret_post", "private_key_jwt"];
    let any_client = ["client_secret_basic", "client_secret_post", "private_key_jwt", "none"];
    json!({
        "issuer": issuer,
        "authorization_endpoint": at("authorize"),
        "pushed_authorization_request_endpoint": at("par"),
        "token_endpoint": at("token"),
        "userinfo_endpoint": at("userinfo"),
        "introspection_endpoint": at("introspect"),
        "revocation_endpoint": at("revoke"),
        "end_session_endpoint": at("logout"),
        "registration_endpoint": at("register"),
        "jwks_uri": at("jwks"),
        "scopes_supported": scopes,
        // Some of both only where a tenant's switch for legacy grants allows them.
        "response_types_supported": response_types,
        "grant_types_supported": grant_types,
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": subject_types,
        "id_token_signing_alg_values_supported": signing,
        "token_endpoint_auth_methods_supported": any_client,
        "token_endpoint_auth_signing_alg_values_supported": signing,
        "introspection_endpoint_auth_methods_supported": confidential,
        "introspection_endpoint_auth_signing_alg_values_supported": signing,
        "revocation_endpoint_auth_methods_supported": any_client,
        "revocation_endpoint_auth_signing_alg_values_supported": signing,
        "code_challenge_methods_supported": ["S256"],
        "claims_supported": [
            "iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "at_hash", "c_hash",
            "environment", "tenant", "name", "email", "email_verified", "roles", "groups"
        ],
        "claim_types_supported": ["normal"],
        "claims_parameter_supported": true,
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
        "require_pushed_authorization_requests": false,
        "authorization_response_iss_parameter_supported": true,
        "acr_values_supported": ["1", "2"],
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "display_values_supported": ["page"],
        "ui_locales_supported": ["en"],
    })
}
