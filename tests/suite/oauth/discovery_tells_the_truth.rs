//! What the issuer says of itself is the same at both addresses, and true.

use keywright::domain::client::{GrantType, ResponseType, Signing, SubjectType};
use keywright::oauth::routes::ROUTES;
use serde_json::{Value, json};

use crate::support::{TestPortal, answered};

fn document(portal: &TestPortal, name: &str) -> Value {
    let answer = answered(portal.http().get(format!("{}/.well-known/{name}", portal.url)));
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    assert_eq!(answer.header("access-control-allow-credentials"), "");
    assert_eq!(answer.header("set-cookie"), "");
    assert_eq!(answer.header("cache-control"), "public, max-age=300");
    answer.body
}

#[test]
fn both_addresses_say_the_same() {
    let portal = TestPortal::spawn();
    let openid = document(&portal, "openid-configuration");
    assert_eq!(openid, document(&portal, "oauth-authorization-server"));
    assert_eq!(openid["issuer"], portal.url);
    assert_eq!(openid["jwks_uri"], format!("{}/oauth2/jwks", portal.url));
}

#[test]
fn every_word_of_the_forms_is_offered() {
    let portal = TestPortal::spawn();
    let openid = document(&portal, "openid-configuration");
    let words = |name: &str| -> Vec<String> {
        openid[name].as_array().unwrap().iter().map(|word| word.as_str().unwrap().to_owned()).collect()
    };
    fn all<T: Copy>(known: &[T], word: impl Fn(T) -> &'static str) -> Vec<String> {
        known.iter().map(|known| word(*known).to_owned()).collect()
    }
    assert_eq!(words("grant_types_supported"), all(GrantType::ALL, GrantType::as_str));
    assert_eq!(words("response_types_supported"), all(ResponseType::ALL, ResponseType::as_str));
    assert_eq!(words("subject_types_supported"), all(SubjectType::ALL, SubjectType::as_str));
    assert_eq!(words("id_token_signing_alg_values_supported"), all(Signing::ALL, Signing::as_str));
    assert_eq!(openid["code_challenge_methods_supported"], json!(["S256"]));
    for open in ["request_parameter_supported", "request_uri_parameter_supported"] {
        assert_eq!(openid[open], false);
    }
}

/// An endpoint that is named answers: with a refusal to an empty request, but not that there is no such address.
#[test]
fn every_endpoint_that_is_named_is_there() {
    let portal = TestPortal::spawn();
    let openid = document(&portal, "openid-configuration");
    let named =
        openid.as_object().unwrap().iter().filter(|(name, _)| name.ends_with("_endpoint") || *name == "jwks_uri");
    let mut seen = 0;
    for (name, address) in named {
        let address = address.as_str().unwrap();
        assert!(address.starts_with(&portal.url), "{name}");
        let posted = ["token", "pushed", "introspection", "revocation", "registration"];
        let posts = posted.iter().any(|start| name.starts_with(start));
        let request = if posts { portal.http().post(address) } else { portal.http().get(address) };
        assert_ne!(answered(request).status, 404, "{name}: {address}");
        seen += 1;
    }
    assert_eq!(seen, 9);
    assert!(ROUTES.iter().any(|(_, path)| *path == "/oauth2/jwks"));
}

/// RFC 9110 §9.1 and §15.5.6.
#[test]
fn what_is_read_has_a_head_and_what_is_asked_otherwise_says_so() {
    let portal = TestPortal::spawn();
    for path in ["/.well-known/openid-configuration", "/oauth2/jwks", "/sign-in"] {
        let address = format!("{}{path}", portal.url);
        let (head, get) = (portal.http().head(&address).send().unwrap(), portal.http().get(&address).send().unwrap());
        let length = |answer: &reqwest::blocking::Response| answer.headers()["content-length"].clone();
        assert_eq!((head.status(), length(&head)), (get.status(), length(&get)), "{path}");
        assert_eq!(head.text().unwrap(), "", "{path}");
    }
    for (path, allowed) in
        [("token", "POST, OPTIONS"), ("par", "POST, OPTIONS"), ("introspect", "POST"), ("revoke", "POST, OPTIONS")]
    {
        let answer = answered(portal.http().get(format!("{}/oauth2/{path}", portal.url)));
        assert_eq!((answer.status, answer.header("allow")), (405, allowed), "{path}");
    }
}
