use keywright::domain::client::{Client, ClientInput, ClientType};
use keywright::domain::protocol::params::Params;
use keywright::domain::protocol::request::AuthorizationRequest;
use keywright::domain::protocol::return_to::ReturnTo;

use super::choice;
use super::registered::{catalogue, client, registered, settings};

const CALLBACK: &str = "https://app.example.com/callback";

/// Whatever request is understood asks for no more than the client may have. The first byte chooses the client.
pub fn authorize(data: &[u8]) {
    let Some((chosen, query)) = choice(data) else { return };
    let legacy = chosen & 4 == 4;
    let registered = registered(client_of(chosen & 3, legacy), legacy);
    let Ok(params) = Params::parse(query) else { return };
    let Ok(to) = ReturnTo::read(&params, &registered) else { return };
    assert_eq!(to.redirect_url(), CALLBACK);
    let names: Vec<String> = catalogue().into_iter().map(|scope| scope.name).collect();
    let Ok(request) = AuthorizationRequest::read(&params, &registered, &to, &names) else { return };

    let own = &registered.client.settings;
    assert!(own.response_types.contains(&request.response_type));
    assert!(legacy || !request.response_type.exposes_token());
    assert!(request.scopes.iter().all(|scope| own.scopes.contains(scope)));
    if request.response_type.has_id_token() {
        assert!(!request.nonce.is_empty() && request.scopes.iter().any(|scope| scope == "openid"));
    }
    let needs_pkce = request.response_type.has_code() && (own.require_pkce || !registered.client.has_secrets());
    assert!(!needs_pkce || request.code_challenge.len() == 43);
    assert!(request.code_challenge.is_empty() || params.get("code_challenge_method") == Some("S256"));
    let asked = request.prompt;
    assert!(!asked.none || !(asked.login || asked.consent || asked.select_account));
    assert_eq!(request.max_age.map(|age| age.as_secs().to_string()).as_deref(), params.get("max_age").map(plain));
    assert!(["request", "request_uri", "registration"].iter().all(|name| params.get(name).is_none()));
    // What is read once is read the same from what is kept while the user signs in.
    let kept = Params::parse(params.encoded().as_bytes()).expect("what was written");
    assert_eq!(AuthorizationRequest::read(&kept, &registered, &to, &names).as_ref(), Ok(&request));
}

/// A number without the zeros that it may begin with.
fn plain(number: &str) -> &str {
    let digits = number.trim_start_matches('0');
    if digits.is_empty() { "0" } else { digits }
}

fn client_of(chosen: u8, legacy: bool) -> Client {
    let (kind, responses): (ClientType, &[&str]) = match chosen {
        0 => (ClientType::AuthorizationCode, &[]),
        1 => (ClientType::Native, &[]),
        2 if legacy => (ClientType::Hybrid, &["code", "code id_token", "code token", "code id_token token"]),
        2 => (ClientType::Hybrid, &["code", "code id_token"]),
        _ => (ClientType::Custom, &["code"]),
    };
    let mut input = ClientInput { name: "App".into(), redirect_urls: CALLBACK.into(), ..ClientInput::blank(kind) };
    input.response_types = responses.iter().map(ToString::to_string).collect();
    input.scopes = ["openid", "profile", "email"].map(Into::into).to_vec();
    if kind == ClientType::Custom {
        input.require_pkce = String::new();
    }
    client(kind, settings(kind, &input, legacy).expect("a client"))
}
