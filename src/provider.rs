//! Another OpenID provider, by which people may sign in: what it says of itself, the way there and back
//! (authorization code with PKCE, RFC 6749 and 7636), and the checks of what it says of a person (OpenID Connect Core,
//! RFC 9207). It knows nothing of accounts.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jsonwebtoken::jwk::{Jwk, JwkSet, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use crate::clock::{Clock, Timestamp};
use crate::config::ProviderSettings;
use crate::crypto::{hashing, random};
use crate::domain::external_person::ExternalPerson;

/// Signatures that are believed. None that the holder of the client's secret could make, and never `none`.
const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];

const CONNECT_WITHIN: Duration = Duration::from_secs(3);
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// The longest answer that is read.
const MAX_BYTES: usize = 512 * 1024;
/// How long what the provider says of itself is believed. Keys it has not named so far are asked for at once.
const KNOWN_FOR: Duration = Duration::from_secs(3_600);
/// By how much the provider's clock may differ.
const LEEWAY_SECONDS: i64 = 60;

/// Why nobody is known by it. The words are for the log.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// It can't be reached, or says what makes no sense.
    #[error("the provider is not available: {0}")]
    Unavailable(String),
    /// It answered, and the answer is not to be believed, or says no.
    #[error("the sign-in is refused: {0}")]
    Refused(String),
}

fn unavailable(what: &str, cause: impl std::fmt::Display) -> ProviderError {
    ProviderError::Unavailable(format!("{what}: {cause}"))
}

fn refused(why: impl Into<String>) -> ProviderError {
    ProviderError::Refused(why.into())
}

/// What the browser keeps while its person is at the provider.
#[derive(Clone, Serialize, Deserialize)]
pub struct Attempt {
    pub state: String,
    nonce: String,
    verifier: String,
}

/// What the provider has sent the browser back with.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Answer {
    pub state: String,
    code: String,
    error: String,
    iss: Option<String>,
}

#[derive(Clone, Deserialize)]
struct Metadata {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    userinfo_endpoint: Option<String>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

#[derive(Clone)]
struct Known {
    metadata: Metadata,
    keys: JwkSet,
    at: Timestamp,
}

#[derive(Deserialize)]
struct Tokens {
    id_token: String,
    access_token: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

#[derive(Deserialize)]
struct Claims {
    sub: String,
    aud: Audience,
    azp: Option<String>,
    exp: i64,
    iat: i64,
    nbf: Option<i64>,
    nonce: Option<String>,
    #[serde(flatten)]
    email: EmailClaims,
}

#[derive(Deserialize)]
struct UserInfo {
    sub: String,
    #[serde(flatten)]
    email: EmailClaims,
}

#[derive(Deserialize)]
struct EmailClaims {
    email: Option<String>,
    email_verified: Option<serde_json::Value>,
}

impl EmailClaims {
    fn verified(&self) -> bool {
        // Some write the word.
        matches!(&self.email_verified, Some(serde_json::Value::Bool(true)))
            || self.email_verified.as_ref().and_then(serde_json::Value::as_str) == Some("true")
    }
}

pub struct Provider {
    settings: ProviderSettings,
    redirect_uri: String,
    http: reqwest::Client,
    clock: Clock,
    known: Mutex<Option<Known>>,
}

impl Provider {
    pub fn new(settings: ProviderSettings, redirect_uri: String, clock: Clock) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT_WITHIN)
            .timeout(ANSWER_WITHIN)
            // An address that leads elsewhere was not what the provider has named.
            .redirect(reqwest::redirect::Policy::none())
            // Each of the server's workers has a runtime of its own; a connection belongs to one.
            .pool_max_idle_per_host(0)
            .build()?;
        Ok(Self { settings, redirect_uri, http, clock, known: Mutex::new(None) })
    }

    /// What people call it.
    pub fn name(&self) -> &str {
        &self.settings.name
    }

    pub fn issuer(&self) -> &str {
        &self.settings.issuer
    }

    /// The address that the browser goes to, and what it keeps until it is back.
    /// `again`: the person is to prove it there anew, whoever is signed in there.
    pub async fn begin(&self, again: bool) -> Result<(String, Attempt), ProviderError> {
        let known = self.known().await?;
        let attempt = Attempt { state: random::token(), nonce: random::token(), verifier: random::token() };
        let mut address = url::Url::parse(&known.metadata.authorization_endpoint)
            .map_err(|error| unavailable("its authorization endpoint", error))?;
        address
            .query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.settings.client_id)
            .append_pair("redirect_uri", &self.redirect_uri)
            .append_pair("scope", "openid email")
            .append_pair("state", &attempt.state)
            .append_pair("nonce", &attempt.nonce)
            .append_pair("code_challenge", &hashing::sha256_base64url(&attempt.verifier))
            .append_pair("code_challenge_method", "S256");
        if again {
            address.query_pairs_mut().append_pair("prompt", "login");
        }
        Ok((address.into(), attempt))
    }

    /// Who has come back. The state has to be the attempt's; whoever calls sees to it that an attempt counts once.
    pub async fn finish(&self, attempt: &Attempt, answer: &Answer) -> Result<ExternalPerson, ProviderError> {
        if !same(&attempt.state, &answer.state) {
            return Err(refused("the state is another attempt's"));
        }
        let known = self.known().await?;
        match &answer.iss {
            Some(issuer) if *issuer != self.settings.issuer => {
                return Err(refused("the answer comes from another issuer"));
            }
            None if known.metadata.authorization_response_iss_parameter_supported => {
                return Err(refused("the answer names no issuer, though the provider says that its answers do"));
            }
            _ => {}
        }
        if !answer.error.is_empty() || answer.code.is_empty() {
            let error: String = answer.error.chars().filter(|c| c.is_ascii_graphic()).take(60).collect();
            return Err(refused(format!("the provider answers {error:?}")));
        }
        let tokens = self.tokens(&known.metadata, attempt, &answer.code).await?;
        let claims = self.believe(&tokens.id_token, attempt, known.clone()).await?;
        let (subject, mut email) = (claims.sub, claims.email);
        if let (None, Some(endpoint)) = (&email.email, &known.metadata.userinfo_endpoint) {
            let request = self.http.get(allowed(endpoint)?).bearer_auth(&tokens.access_token);
            let told: UserInfo = read(request, "its user info").await?;
            if told.sub != subject {
                return Err(refused("the user info is about somebody else"));
            }
            email = told.email;
        }
        Ok(ExternalPerson {
            issuer: self.settings.issuer.clone(),
            subject,
            email_verified: email.verified(),
            email: email.email.unwrap_or_default(),
        })
    }

    async fn tokens(&self, metadata: &Metadata, attempt: &Attempt, code: &str) -> Result<Tokens, ProviderError> {
        let secret = self.settings.client_secret.as_str();
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.redirect_uri),
            ("code_verifier", &attempt.verifier),
        ];
        let methods = metadata.token_endpoint_auth_methods_supported.as_deref();
        let basic = methods.is_none_or(|methods| methods.iter().any(|method| method == "client_secret_basic"));
        let mut request = self.http.post(allowed(&metadata.token_endpoint)?);
        if basic {
            // RFC 6749, section 2.3.1: both are form-encoded first.
            let encoded = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
            request = request.basic_auth(encoded(&self.settings.client_id), Some(encoded(secret)));
        } else {
            form.extend([("client_id", self.settings.client_id.as_str()), ("client_secret", secret)]);
        }
        read(request.form(&form), "its token endpoint").await
    }

    /// The claims of an ID token, once everything about it holds.
    async fn believe(&self, token: &str, attempt: &Attempt, mut known: Known) -> Result<Claims, ProviderError> {
        // Fails for `none` too, which is no algorithm.
        let header = jsonwebtoken::decode_header(token).map_err(|error| refused(format!("the ID token: {error}")))?;
        if !ALGORITHMS.contains(&header.alg) {
            return Err(refused("the ID token is signed in a way that proves nothing"));
        }
        let fits = |known: &Known| known.keys.keys.iter().any(|key| may_verify(key, header.kid.as_deref(), header.alg));
        if !fits(&known) {
            // The provider has new keys since they were read.
            known = self.ask().await?;
        }
        let mut validation = Validation::new(header.alg);
        validation.set_required_spec_claims(&["iss", "aud", "sub", "exp"]);
        validation.set_issuer(&[&self.settings.issuer]);
        validation.set_audience(&[&self.settings.client_id]);
        // By Keywright's clock, below.
        validation.validate_exp = false;
        let keys = known.keys.keys.iter().filter(|key| may_verify(key, header.kid.as_deref(), header.alg));
        let mut fault = "no key of the provider fits".to_owned();
        let mut found: Option<Claims> = None;
        for key in keys {
            let decoded =
                DecodingKey::from_jwk(key).and_then(|key| jsonwebtoken::decode::<Claims>(token, &key, &validation));
            match decoded {
                Ok(decoded) => found = Some(decoded.claims),
                Err(error) => fault = error.to_string(),
            }
        }
        let claims = found.ok_or_else(|| refused(format!("the ID token: {fault}")))?;
        let now = self.clock.now().micros() / 1_000_000;
        let several = matches!(&claims.aud, Audience::Several(all) if all.len() > 1);
        let azp_fits = match &claims.azp {
            Some(azp) => *azp == self.settings.client_id,
            None => !several,
        };
        if matches!(&claims.aud, Audience::One(one) if *one != self.settings.client_id) || !azp_fits {
            return Err(refused("the ID token is for another client"));
        }
        if claims.exp <= now - LEEWAY_SECONDS {
            return Err(refused("the ID token has expired"));
        }
        if claims.iat > now + LEEWAY_SECONDS || claims.nbf.is_some_and(|from| from > now + LEEWAY_SECONDS) {
            return Err(refused("the ID token is from the future"));
        }
        if !claims.nonce.as_deref().is_some_and(|nonce| same(nonce, &attempt.nonce)) {
            return Err(refused("the nonce is another attempt's"));
        }
        if claims.sub.is_empty() || claims.sub.len() > 255 {
            return Err(refused("the subject has no sound length"));
        }
        Ok(claims)
    }

    async fn known(&self) -> Result<Known, ProviderError> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match known {
            Some(known) if self.clock.now().since(known.at) < KNOWN_FOR => Ok(known),
            _ => self.ask().await,
        }
    }

    /// Asks the provider for what it says of itself, and for its keys.
    async fn ask(&self) -> Result<Known, ProviderError> {
        let address = format!("{}/.well-known/openid-configuration", self.settings.issuer.trim_end_matches('/'));
        let metadata: Metadata = read(self.http.get(address), "its configuration").await.map_err(not_there)?;
        if metadata.issuer != self.settings.issuer {
            return Err(unavailable("its configuration", "it is of another issuer"));
        }
        allowed(&metadata.authorization_endpoint)?;
        // One by one: a key of a kind that is not known here must not hide the others.
        #[derive(Deserialize)]
        struct Keys {
            keys: Vec<serde_json::Value>,
        }
        let keys: Keys = read(self.http.get(allowed(&metadata.jwks_uri)?), "its keys").await.map_err(not_there)?;
        let keys = keys.keys.into_iter().filter_map(|key| serde_json::from_value::<Jwk>(key).ok()).collect();
        let known = Known { metadata, keys: JwkSet { keys }, at: self.clock.now() };
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(known.clone());
        Ok(known)
    }
}

/// Nobody asked for anything yet that could be refused.
fn not_there(error: ProviderError) -> ProviderError {
    match error {
        ProviderError::Refused(why) => ProviderError::Unavailable(why),
        unavailable => unavailable,
    }
}

fn same(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}

/// An address that the provider names is held to what its own address is held to.
fn allowed(address: &str) -> Result<&str, ProviderError> {
    match ProviderSettings::check_address(address) {
        Ok(()) => Ok(address),
        Err(fault) => Err(unavailable("an address that it names", fault)),
    }
}

/// Whether a key of the provider may have made a signature. A key of the wrong kind verifies nothing: the library
/// ties keys to families of algorithms.
fn may_verify(key: &Jwk, kid: Option<&str>, algorithm: Algorithm) -> bool {
    let about = &key.common;
    about.public_key_use.as_ref().is_none_or(|used| *used == PublicKeyUse::Signature)
        && about.key_algorithm.is_none_or(|named| named == KeyAlgorithm::from(algorithm))
        && kid.is_none_or(|kid| about.key_id.as_deref() == Some(kid))
}

async fn read<T: DeserializeOwned>(request: reqwest::RequestBuilder, what: &str) -> Result<T, ProviderError> {
    // Without the address: it may hold what nobody else should read.
    let mut answer = request.send().await.map_err(|error| unavailable(what, error.without_url()))?;
    let status = answer.status();
    if status.is_client_error() {
        return Err(refused(format!("{what} answers {status}")));
    }
    if !status.is_success() {
        return Err(unavailable(what, format!("it answers {status}")));
    }
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| unavailable(what, error.without_url()))? {
        if body.len() + chunk.len() > MAX_BYTES {
            return Err(unavailable(what, "the answer is too long"));
        }
        body.extend_from_slice(&chunk);
    }
    // A body is not named either: it holds tokens.
    serde_json::from_slice(&body).map_err(|_| unavailable(what, "it can't be read"))
}
