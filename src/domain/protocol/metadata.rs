//! Client metadata (RFC 7591 §2, OpenID Connect Dynamic Client Registration §2), read into the form that people fill
//! in: what a client may have is decided there, once. Keywright's own members say what else the form has:
//! `description`, `token_lifetime` (seconds), `require_consent`, `require_pkce` and `cors_origins`. Members that are
//! unknown here are ignored.

use serde_json::{Map, Value, json};

use crate::domain::client::{Client, ClientInput, ClientType, GrantType, ResponseType};
use crate::domain::client_key::{ClientKey, PublicKey};
use crate::domain::field_errors::FieldErrors;
use crate::domain::registration_token::RegisteredClient;
use crate::domain::web_url::WebUrl;

use super::params::words;

/// RFC 7591 §2 `token_endpoint_auth_method`.
const AUTH_METHODS: [&str; 4] = ["client_secret_basic", "client_secret_post", BY_KEYS, "none"];
/// How a client authenticates that has keys and no secret.
pub const BY_KEYS: &str = "private_key_jwt";

/// The warnings that the form asks back about. Whoever writes the metadata means it.
const MEANT: [&str; 2] = ["hosts", "no-pkce"];

/// What a client asks for.
#[derive(Clone, Debug)]
pub struct Metadata {
    pub client_type: ClientType,
    pub input: ClientInput,
    pub keys: Vec<PublicKey>,
    pub auth_method: String,
    pub application_type: String,
}

impl Metadata {
    /// # Errors
    /// Every fault, by the member that it is at.
    pub fn parse(members: &Map<String, Value>) -> Result<Self, FieldErrors> {
        let mut read = Members { members, errors: FieldErrors::default() };
        for elsewhere in ["jwks_uri", "sector_identifier_uri"] {
            if read.of(elsewhere).is_some() {
                read.fault(elsewhere, "is not supported: Keywright fetches nothing from elsewhere.");
            }
        }
        let application_type = read.text("application_type").unwrap_or("web").to_owned();
        if !matches!(application_type.as_str(), "web" | "native") {
            read.fault("application_type", "must be web or native.");
        }
        let asked = read.text("token_endpoint_auth_method");
        let mut auth_method = asked.unwrap_or(AUTH_METHODS[0]).to_owned();
        if !AUTH_METHODS.contains(&auth_method.as_str()) {
            read.fault("token_endpoint_auth_method", format!("must be one of {}.", AUTH_METHODS.join(", ")));
        }
        if application_type == "native" {
            // A native application can't keep a secret (RFC 8252 §8.4).
            auth_method = "none".into();
        }
        let keys = match read.of("jwks").map(PublicKey::of_json) {
            Some(Err(fault)) => {
                read.fault("jwks", fault.to_string());
                Vec::new()
            }
            Some(Ok(keys)) => keys,
            None => Vec::new(),
        };
        if auth_method == BY_KEYS && read.of("jwks").is_none() {
            read.fault("jwks", "is missing: with private_key_jwt the client must say its public keys.");
        }
        let (grants, responses) = read.grants_and_responses();
        let client_type = client_type(&grants, &responses, auth_method == "none");
        let secret_wanted = grants.iter().any(|grant| grant != GrantType::Implicit.as_str());
        if auth_method == "none" && client_type != ClientType::Native && secret_wanted {
            let text =
                "can be none only with the grants authorization_code and refresh_token and the response type code.";
            read.fault("token_endpoint_auth_method", text);
        }
        let input = read.input(client_type, grants, responses);
        if read.errors.is_empty() {
            Ok(Self { client_type, input, keys, auth_method, application_type })
        } else {
            Err(read.errors)
        }
    }

    /// The edit form of a client, with what the metadata says in place of what stood there. What metadata can't say
    /// stays.
    pub fn over(&self, form: ClientInput) -> ClientInput {
        let new = self.input.clone();
        let description = if new.description.is_empty() { form.description } else { new.description };
        ClientInput {
            description,
            roles: form.roles,
            community_roles: form.community_roles,
            status: form.status,
            version: form.version,
            ..new
        }
    }
}

/// The type whose grants and response types are exactly these, or else a custom client, whose rules decide.
fn client_type(grants: &[String], responses: &[String], public: bool) -> ClientType {
    let code = GrantType::AuthorizationCode.as_str();
    let for_users = grants.iter().any(|grant| grant == code)
        && grants.iter().all(|grant| grant == code || grant == GrantType::RefreshToken.as_str());
    let code_alone = responses == [ResponseType::Code.as_str()];
    match (for_users, public) {
        (true, true) if code_alone => ClientType::Native,
        (true, false) if code_alone => ClientType::AuthorizationCode,
        (true, false) if !responses.is_empty() && responses.iter().all(|kind| is_code_or_hybrid(kind)) => {
            ClientType::Hybrid
        }
        (false, false) if grants == [GrantType::ClientCredentials.as_str()] && responses.is_empty() => {
            ClientType::ClientCredentials
        }
        _ => ClientType::Custom,
    }
}

fn is_code_or_hybrid(response_type: &str) -> bool {
    words(response_type).contains(&"code")
}

/// The words of a response type have no order (RFC 6749 §3.1.1).
fn in_order(response_type: &str) -> String {
    let mut parts = words(response_type);
    parts.sort_unstable();
    parts.join(" ")
}

/// The members of a request, and what is wrong with them so far. A member that is null counts as left out.
struct Members<'j> {
    members: &'j Map<String, Value>,
    errors: FieldErrors,
}

impl<'j> Members<'j> {
    fn of(&self, name: &str) -> Option<&'j Value> {
        self.members.get(name).filter(|value| !value.is_null())
    }

    fn fault(&mut self, name: &'static str, text: impl Into<String>) {
        self.errors.add(name, name, text);
    }

    fn text(&mut self, name: &'static str) -> Option<&'j str> {
        let value = self.of(name)?;
        if value.as_str().is_none() {
            self.fault(name, "must be text.");
        }
        value.as_str()
    }

    fn list(&mut self, name: &'static str) -> Option<Vec<String>> {
        let value = self.of(name)?;
        let items: Option<Vec<String>> =
            value.as_array().and_then(|items| items.iter().map(|item| item.as_str().map(ToOwned::to_owned)).collect());
        if items.is_none() {
            self.fault(name, "must be a list of texts.");
        }
        items
    }

    /// A list as the form has it: one item a line.
    fn lines(&mut self, name: &'static str) -> String {
        let items = self.list(name).unwrap_or_default();
        if items.iter().any(|item| item.trim().is_empty() || item.contains(['\n', '\r'])) {
            self.fault(name, "has an item that is empty or holds a line break.");
        }
        items.join("\n")
    }

    fn switch(&mut self, name: &'static str, usual: bool) -> String {
        let on = match self.of(name) {
            None => usual,
            Some(Value::Bool(on)) => *on,
            Some(_) => {
                self.fault(name, "must be true or false.");
                usual
            }
        };
        if on { "yes".into() } else { String::new() }
    }

    /// With the defaults of RFC 7591 §2, and without the grant `implicit` where OpenID Connect Registration §2 wants it
    /// only for the ID token of a hybrid response type, which needs no grant of its own here.
    fn grants_and_responses(&mut self) -> (Vec<String>, Vec<String>) {
        let code = GrantType::AuthorizationCode.as_str();
        let mut grants = self.list("grant_types").unwrap_or_else(|| vec![code.to_owned()]);
        let has_code = grants.iter().any(|grant| grant == code);
        let usual = || if has_code { vec![ResponseType::Code.as_str().to_owned()] } else { Vec::new() };
        let responses = self.list("response_types").unwrap_or_else(usual);
        let responses: Vec<String> = responses.iter().map(|kind| in_order(kind)).collect();
        let hybrid = |kind: &String| is_code_or_hybrid(kind) && kind != ResponseType::Code.as_str();
        if has_code && responses.iter().any(hybrid) && responses.iter().all(|kind| is_code_or_hybrid(kind)) {
            grants.retain(|grant| grant != GrantType::Implicit.as_str());
        }
        (grants, responses)
    }

    fn input(&mut self, client_type: ClientType, grants: Vec<String>, responses: Vec<String>) -> ClientInput {
        let blank = ClientInput::blank(client_type);
        let owned = |text: Option<&str>| text.map(ToOwned::to_owned);
        let scopes = self.text("scope").map(|scope| words(scope).into_iter().map(ToOwned::to_owned).collect());
        let token_lifetime = match self.of("token_lifetime") {
            None => blank.token_lifetime.clone(),
            Some(Value::Number(seconds)) => seconds.to_string(),
            Some(_) => {
                self.fault("token_lifetime", "must be a number of seconds.");
                blank.token_lifetime.clone()
            }
        };
        let refresh = grants.iter().any(|grant| grant == GrantType::RefreshToken.as_str());
        ClientInput {
            name: owned(self.text("client_name")).unwrap_or_else(|| "Registered client".into()),
            description: owned(self.text("description")).unwrap_or_default(),
            grant_types: grants,
            response_types: responses,
            redirect_urls: self.lines("redirect_uris"),
            logout_redirect_urls: self.lines("post_logout_redirect_uris"),
            cors_origins: self.lines("cors_origins"),
            website_url: owned(self.text("client_uri")).unwrap_or_default(),
            privacy_policy_url: owned(self.text("policy_uri")).unwrap_or_default(),
            terms_url: owned(self.text("tos_uri")).unwrap_or_default(),
            scopes: scopes.unwrap_or(blank.scopes),
            token_lifetime,
            allow_refresh: if refresh { "yes".into() } else { String::new() },
            require_consent: self.switch("require_consent", false),
            require_pkce: self.switch("require_pkce", true),
            id_token_signing: owned(self.text("id_token_signed_response_alg")).unwrap_or(blank.id_token_signing),
            subject_type: owned(self.text("subject_type")).unwrap_or(blank.subject_type),
            confirmed: MEANT.map(ToOwned::to_owned).to_vec(),
            ..ClientInput::default()
        }
    }
}

/// The member that a field of the form comes from.
pub fn member_of(field: &str) -> &str {
    match field {
        "name" | "suffix" => "client_name",
        "redirect_urls" => "redirect_uris",
        "logout_redirect_urls" => "post_logout_redirect_uris",
        "website_url" => "client_uri",
        "privacy_policy_url" => "policy_uri",
        "terms_url" => "tos_uri",
        "scopes" => "scope",
        "allow_refresh" => "grant_types",
        "id_token_signing" => "id_token_signed_response_alg",
        "jwk" => "jwks",
        same => same,
    }
}

/// A client as it is registered (RFC 7591 §3.2.1).
pub fn describe(client: &Client, registered: &RegisteredClient, keys: &[ClientKey]) -> Map<String, Value> {
    let settings = &client.settings;
    let auth_method = if client.has_secrets() { registered.auth_method.as_str() } else { "none" };
    let list = |items: Vec<&str>| json!(items);
    let mut all = Map::new();
    let mut put = |name: &str, value: Value| all.insert(name.to_owned(), value);
    put("client_id", json!(client.client_id.as_str()));
    put("client_id_issued_at", json!(client.created_at.micros() / 1_000_000));
    put("client_name", json!(settings.name));
    put("description", json!(settings.description));
    put("application_type", json!(registered.application_type));
    put("token_endpoint_auth_method", json!(auth_method));
    put("grant_types", list(settings.grants.iter().map(|grant| grant.as_str()).collect()));
    put("response_types", list(settings.response_types.iter().map(|kind| kind.as_str()).collect()));
    put("redirect_uris", list(settings.redirect_urls.iter().map(|url| url.as_str()).collect()));
    put("post_logout_redirect_uris", list(settings.logout_redirect_urls.iter().map(|url| url.as_str()).collect()));
    put("cors_origins", list(settings.cors_origins.iter().map(|origin| origin.as_str()).collect()));
    put("scope", json!(settings.scopes.join(" ")));
    put("id_token_signed_response_alg", json!(settings.id_token_signing.as_str()));
    put("subject_type", json!(settings.subject_type.as_str()));
    put("token_lifetime", json!(settings.token_lifetime));
    put("require_consent", json!(settings.require_consent));
    put("require_pkce", json!(settings.require_pkce));
    let urls =
        [("client_uri", &settings.website), ("policy_uri", &settings.privacy_policy), ("tos_uri", &settings.terms)];
    for (name, url) in urls {
        if let Some(url) = url {
            put(name, json!(WebUrl::as_str(url)));
        }
    }
    if !keys.is_empty() {
        let keys: Vec<Value> = keys.iter().filter_map(|key| serde_json::from_str(&key.key.jwk).ok()).collect();
        put("jwks", json!({ "keys": keys }));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(members: Value) -> Result<Metadata, FieldErrors> {
        Metadata::parse(members.as_object().unwrap())
    }

    #[test]
    fn the_type_follows_from_what_is_asked_for() {
        use ClientType::{AuthorizationCode, ClientCredentials, Custom, Hybrid, Native};
        for (members, expected) in [
            (json!({}), AuthorizationCode),
            (json!({ "grant_types": ["refresh_token", "authorization_code"] }), AuthorizationCode),
            (json!({ "token_endpoint_auth_method": "none" }), Native),
            (json!({ "application_type": "native" }), Native),
            (json!({ "grant_types": ["client_credentials"] }), ClientCredentials),
            (json!({ "grant_types": ["client_credentials", "authorization_code"] }), Custom),
            (json!({ "response_types": ["id_token code"] }), Hybrid),
            (
                json!({ "grant_types": ["authorization_code", "implicit"], "response_types": ["code id_token", "code"] }),
                Hybrid,
            ),
            (json!({ "grant_types": ["authorization_code", "implicit"] }), Custom),
            (json!({ "grant_types": ["implicit"], "response_types": ["id_token"] }), Custom),
            (json!({ "grant_types": ["password"] }), Custom),
        ] {
            assert_eq!(parse(members.clone()).unwrap().client_type, expected, "{members}");
        }
    }

    #[test]
    fn each_fault_is_at_its_member() {
        for (members, member) in [
            (json!({ "jwks_uri": "https://app.example.com/jwks" }), "jwks_uri"),
            (json!({ "sector_identifier_uri": "https://app.example.com/s" }), "sector_identifier_uri"),
            (json!({ "application_type": "desktop" }), "application_type"),
            (json!({ "token_endpoint_auth_method": "tls_client_auth" }), "token_endpoint_auth_method"),
            (
                json!({ "token_endpoint_auth_method": "none", "grant_types": ["client_credentials"] }),
                "token_endpoint_auth_method",
            ),
            (json!({ "token_endpoint_auth_method": "private_key_jwt" }), "jwks"),
            (json!({ "jwks": { "keys": [] } }), "jwks"),
            (json!({ "redirect_uris": "https://app.example.com/" }), "redirect_uris"),
            (json!({ "redirect_uris": [1] }), "redirect_uris"),
            (json!({ "redirect_uris": ["https://app.example.com/\nhttps://evil.example/"] }), "redirect_uris"),
            (json!({ "grant_types": "authorization_code" }), "grant_types"),
            (json!({ "scope": ["openid"] }), "scope"),
            (json!({ "client_name": 7 }), "client_name"),
            (json!({ "token_lifetime": "60" }), "token_lifetime"),
            (json!({ "require_consent": "yes" }), "require_consent"),
        ] {
            let errors = parse(members.clone()).unwrap_err();
            assert!(errors.of(member).next().is_some(), "{members}: {errors:?}");
        }
        assert!(parse(json!({ "jwks_uri": null, "unknown": { "a": 1 } })).is_ok());
    }
}
