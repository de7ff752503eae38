//! The crate `oauth2` against a portal.

use oauth2::basic::BasicClient;
use oauth2::http::Response;
use oauth2::{
    AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, HttpRequest, HttpResponse, IntrospectionUrl,
    PkceCodeChallenge, RedirectUrl, RequestTokenError, Scope, TokenIntrospectionResponse, TokenResponse, TokenUrl,
};

use keywright::domain::client::ClientType;

use super::asking::Returned;
use crate::support::{App, CALLBACK, Person, TestPortal};

fn send(request: HttpRequest) -> Result<HttpResponse, reqwest::Error> {
    let (parts, body) = request.into_parts();
    let http = reqwest::blocking::Client::new();
    let sent = http.request(parts.method, parts.uri.to_string()).headers(parts.headers).body(body).send()?;
    let (status, headers) = (sent.status(), sent.headers().clone());
    let mut answer = Response::new(sent.bytes()?.to_vec());
    (*answer.status_mut(), *answer.headers_mut()) = (status, headers);
    Ok(answer)
}

/// What the crate calls a client with every endpoint set.
macro_rules! client {
    ($portal:expr, $app:expr) => {{
        let (portal, app): (&TestPortal, &App) = ($portal, $app);
        let url = |path: &str| format!("{}/oauth2/{path}", portal.url);
        BasicClient::new(ClientId::new(app.client_id.clone()))
            .set_client_secret(ClientSecret::new(app.secret.clone()))
            .set_auth_uri(AuthUrl::new(url("authorize")).expect("a URL"))
            .set_token_uri(TokenUrl::new(url("token")).expect("a URL"))
            .set_introspection_url(IntrospectionUrl::new(url("introspect")).expect("a URL"))
            .set_redirect_uri(RedirectUrl::new(CALLBACK.into()).expect("a URL"))
    }};
}

#[test]
fn a_client_of_its_own() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let app = portal.app(&company, ClientType::ClientCredentials, |_| {});
    let client = client!(&portal, &app);
    let scope = Scope::new("directory.read".into());
    let tokens = client.exchange_client_credentials().add_scope(scope.clone()).request(&send).expect("tokens");
    assert_eq!(tokens.scopes(), Some(&vec![scope]));
    let about = client.introspect(tokens.access_token()).request(&send).expect("an answer");
    assert!(about.active());
}

#[test]
fn a_user_and_refresh_tokens() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let app = portal.app(&company, ClientType::AuthorizationCode, |_| {});
    let client = client!(&portal, &app);
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let (url, state) = client
        .authorize_url(CsrfToken::new_random)
        .add_scope(Scope::new("openid".into()))
        .set_pkce_challenge(challenge)
        .url();
    let mut browser = portal.signed_in(Person::Member, "northwind");
    let path = url.as_str().strip_prefix(&portal.url).expect("an address of the portal").to_owned();
    let back = Returned::on(browser.visit(&path));
    assert_eq!(back.get("state"), state.secret());
    let code = AuthorizationCode::new(back.code().to_owned());
    let tokens = client.exchange_code(code).set_pkce_verifier(verifier).request(&send).expect("tokens");
    let first = tokens.refresh_token().expect("a refresh token");
    let refreshed = client.exchange_refresh_token(first).request(&send).expect("tokens");
    let last = refreshed.refresh_token().expect("another").clone();
    assert_ne!(last.secret(), first.secret());
    // The first comes again: that ends the last, too.
    for token in [first, &last] {
        match client.exchange_refresh_token(token).request(&send) {
            Err(RequestTokenError::ServerResponse(answer)) => assert_eq!(answer.error().as_ref(), "invalid_grant"),
            other => panic!("a used token was taken: {other:?}"),
        }
    }
}
