//! Every endpoint, on one screen. A contract test walks the list.

use actix_web::http::{Method, header};
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;

use super::{cors, discovery, introspect, jwks, par, register, revoke, token, userinfo};

macro_rules! routes {
    ($($method:ident $path:literal $handler:path;)*) => {
        pub const ROUTES: &[(&str, &str)] = &[$((stringify!($method), $path)),*];

        pub fn configure(config: &mut ServiceConfig) {
            $(config.route($path, web::method(Method::$method).to($handler));)*
            $(config.service(web::resource($path).to(another_method));)*
        }
    };
}

routes! {
    GET     "/.well-known/openid-configuration"        discovery::answer;
    GET     "/.well-known/oauth-authorization-server"  discovery::answer;
    GET     "/oauth2/jwks"                             jwks::answer;
    POST    "/oauth2/token"                            token::answer;
    OPTIONS "/oauth2/token"                            cors::preflight;
    POST    "/oauth2/par"                              par::answer;
    OPTIONS "/oauth2/par"                              cors::preflight;
    GET     "/oauth2/userinfo"                         userinfo::answer;
    POST    "/oauth2/userinfo"                         userinfo::answer;
    OPTIONS "/oauth2/userinfo"                         cors::preflight;
    POST    "/oauth2/introspect"                       introspect::answer;
    POST    "/oauth2/revoke"                           revoke::answer;
    OPTIONS "/oauth2/revoke"                           cors::preflight;
    POST    "/oauth2/register"                         register::register;
    GET     "/oauth2/register/{client_id}"             register::read;
    PUT     "/oauth2/register/{client_id}"             register::update;
    DELETE  "/oauth2/register/{client_id}"             register::delete;
}

/// An endpoint is there, and not for this method: it says for which (RFC 9110 §15.5.6).
async fn another_method(request: HttpRequest) -> HttpResponse {
    let path = request.match_pattern().unwrap_or_default();
    let allowed: Vec<&str> = ROUTES.iter().filter(|(_, own)| *own == path).map(|(method, _)| *method).collect();
    let allowed = allowed.join(", ");
    let body = json!({ "error": "invalid_request", "error_description": format!("Asked by {allowed} alone.") });
    HttpResponse::MethodNotAllowed().insert_header((header::ALLOW, allowed)).json(body)
}
