//! Other OpenID providers: a real one, and one that says whatever a test wants it to say.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::{Mutex, PoisonError};

use actix_web::dev::Server;
use actix_web::http::header;
use actix_web::web::{self, Data, Form, Json, Query};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD, Engine};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use keywright::config::{Config, ProviderSettings};
use keywright::crypto::hashing::sha256_base64url;
use keywright::crypto::random;
use serde::Deserialize;
use serde_json::{Value, json};

use super::TestPortal;
use super::portal::{Instance, run};

const CLIENT: &str = "keywright";
pub const CLIENT_SECRET: &str = "what only the two know";
/// What people call it.
pub const NAME: &str = "Example ID";

fn settings(issuer: &str) -> ProviderSettings {
    ProviderSettings {
        issuer: issuer.to_owned(),
        client_id: CLIENT.into(),
        client_secret: CLIENT_SECRET.to_owned().into(),
        name: NAME.into(),
    }
}

/// `oidc-provider` from npm. It ends with the test.
pub struct RealProvider {
    pub issuer: String,
    child: Child,
    /// Kept open: what prints into a closed pipe dies of it.
    _printed: BufReader<ChildStdout>,
}

impl RealProvider {
    /// `None` where Node's modules are not prepared; tests/run prepares them.
    pub fn start(config: &mut Config) -> Option<Self> {
        if std::env::var_os("TEST_NODE_READY").is_none() {
            eprintln!("skipped: TEST_NODE_READY is not set; tests/run prepares what the provider needs");
            return None;
        }
        let mut child = Command::new("node")
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/oidc/provider.mjs"))
            .env("REDIRECT_URI", format!("{}/sign-in/external/callback", config.public_url))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("node runs");
        let mut issuer = String::new();
        let mut printed = BufReader::new(child.stdout.take().expect("a pipe"));
        printed.read_line(&mut issuer).expect("its address");
        let issuer = issuer.trim().to_owned();
        assert!(issuer.starts_with("http://127.0.0.1:"), "the provider started: {issuer:?}");
        config.provider = Some(settings(&issuer));
        Some(Self { issuer, child, _printed: printed })
    }

    /// Whoever signs in there from now on is this person.
    pub fn person(&self, sub: &str, email: &str, verified: bool) {
        let body = json!({ "sub": sub, "email": email, "email_verified": verified }).to_string();
        let sent = reqwest::blocking::Client::new().post(format!("{}/person", self.issuer)).body(body).send();
        assert_eq!(sent.expect("an answer").status(), 200);
    }
}

impl Drop for RealProvider {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// What the provider does otherwise than it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    Nonce,
    NoNonce,
    Issuer,
    Audience,
    AmongAudiences,
    AuthorizedParty,
    Expired,
    FromTheFuture,
    NoSubject,
    Unsigned,
    SignedByAnother,
    SignedWithTheSecret,
    Garbage,
    UserInfoOfAnother,
    State,
    AnswerFromAnother,
    AnswerWithoutIssuer,
    SaysNo,
    TokenRefused,
    TokenFails,
    Slow,
}

struct Book {
    url: String,
    person: Value,
    wrong: Option<Wrong>,
    /// In the user info alone, as many providers do it.
    email_apart: bool,
    key: Vec<u8>,
    key_id: u32,
    /// By code: nonce, challenge and redirect address.
    codes: HashMap<String, (String, String, String)>,
}

/// A provider that answers as a test wants. It ends when it is dropped.
pub struct FakeProvider {
    book: Data<Mutex<Book>>,
    _instance: Instance,
}

impl FakeProvider {
    pub fn start(config: &mut Config) -> Self {
        let provider = Self::alone();
        config.provider = Some(settings(&provider.url()));
        provider
    }

    pub fn url(&self) -> String {
        with(&self.book, |book| book.url.clone())
    }

    /// What a portal of its own process is told of it.
    pub fn environment(&self) -> [(&'static str, String); 4] {
        [
            ("KEYWRIGHT_OIDC_ISSUER", self.url()),
            ("KEYWRIGHT_OIDC_CLIENT_ID", CLIENT.to_owned()),
            ("KEYWRIGHT_OIDC_CLIENT_SECRET", CLIENT_SECRET.to_owned()),
            ("KEYWRIGHT_OIDC_NAME", NAME.to_owned()),
        ]
    }

    /// For no portal yet.
    pub fn alone() -> Self {
        let book = Data::new(Mutex::new(Book {
            url: String::new(),
            person: json!({ "sub": "nobody" }),
            wrong: None,
            email_apart: false,
            key: new_key(),
            key_id: 1,
            codes: HashMap::new(),
        }));
        let serving = book.clone();
        let instance = run(move |listener| {
            let server: Server = HttpServer::new(move || {
                App::new()
                    .app_data(serving.clone())
                    .route("/.well-known/openid-configuration", web::get().to(metadata))
                    .route("/jwks", web::get().to(jwks))
                    .route("/authorize", web::get().to(authorize))
                    .route("/token", web::post().to(token))
                    .route("/userinfo", web::get().to(userinfo))
            })
            .workers(1)
            .listen(listener)
            .expect("the provider listens")
            .run();
            server
        });
        with(&book, |book| book.url = instance.url.clone());
        Self { book, _instance: instance }
    }

    pub fn person(&self, sub: &str, email: &str, verified: bool) {
        with(&self.book, |book| book.person = json!({ "sub": sub, "email": email, "email_verified": verified }));
    }

    pub fn does(&self, wrong: Option<Wrong>) {
        with(&self.book, |book| book.wrong = wrong);
    }

    pub fn tells_email_apart(&self) {
        with(&self.book, |book| book.email_apart = true);
    }

    /// From now on it signs with another key.
    pub fn rotate_keys(&self) {
        with(&self.book, |book| {
            book.key = new_key();
            book.key_id += 1;
        });
    }
}

fn with<T>(book: &Data<Mutex<Book>>, work: impl FnOnce(&mut Book) -> T) -> T {
    work(&mut book.lock().unwrap_or_else(PoisonError::into_inner))
}

fn new_key() -> Vec<u8> {
    let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).expect("a key");
    key.as_ref().to_vec()
}

async fn metadata(book: Data<Mutex<Book>>) -> Json<Value> {
    let url = with(&book, |book| book.url.clone());
    Json(json!({
        "issuer": url,
        "authorization_endpoint": format!("{url}/authorize"),
        "token_endpoint": format!("{url}/token"),
        "jwks_uri": format!("{url}/jwks"),
        "userinfo_endpoint": format!("{url}/userinfo"),
        "authorization_response_iss_parameter_supported": true,
    }))
}

async fn jwks(book: Data<Mutex<Book>>) -> Json<Value> {
    let (key, kid) = with(&book, |book| (book.key.clone(), book.key_id));
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &key).expect("a key");
    let point = pair.public_key().as_ref();
    let part = |range: std::ops::Range<usize>| BASE64_URL_SAFE_NO_PAD.encode(&point[range]);
    Json(json!({ "keys": [
        { "kty": "something new", "kid": "0" },
        { "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": kid.to_string(), "x": part(1..33), "y": part(33..65) },
    ] }))
}

#[derive(Deserialize)]
struct Authorize {
    client_id: String,
    redirect_uri: String,
    response_type: String,
    state: String,
    nonce: String,
    code_challenge: String,
    code_challenge_method: String,
}

async fn authorize(book: Data<Mutex<Book>>, asked: Query<Authorize>) -> HttpResponse {
    let asked = asked.into_inner();
    assert_eq!(
        (asked.client_id.as_str(), asked.response_type.as_str(), asked.code_challenge_method.as_str()),
        (CLIENT, "code", "S256")
    );
    with(&book, |book| {
        let code = random::token();
        book.codes.insert(code.clone(), (asked.nonce, asked.code_challenge, asked.redirect_uri.clone()));
        let mut back = url::Url::parse(&asked.redirect_uri).expect("a URL");
        let state = if book.wrong == Some(Wrong::State) { random::token() } else { asked.state };
        back.query_pairs_mut().append_pair("state", &state);
        match book.wrong {
            Some(Wrong::SaysNo) => back.query_pairs_mut().append_pair("error", "access_denied"),
            _ => back.query_pairs_mut().append_pair("code", &code),
        };
        match book.wrong {
            Some(Wrong::AnswerWithoutIssuer) => {}
            Some(Wrong::AnswerFromAnother) => {
                back.query_pairs_mut().append_pair("iss", "https://another.example");
            }
            _ => {
                back.query_pairs_mut().append_pair("iss", &book.url);
            }
        }
        HttpResponse::Found().insert_header((header::LOCATION, back.as_str())).finish()
    })
}

#[derive(Deserialize)]
struct TokenRequest {
    grant_type: String,
    code: String,
    redirect_uri: String,
    code_verifier: String,
}

async fn token(request: HttpRequest, book: Data<Mutex<Book>>, form: Form<TokenRequest>) -> HttpResponse {
    let wrong = with(&book, |book| book.wrong);
    match wrong {
        Some(Wrong::TokenRefused) => return HttpResponse::BadRequest().json(json!({ "error": "invalid_grant" })),
        Some(Wrong::TokenFails) => return HttpResponse::InternalServerError().finish(),
        Some(Wrong::Slow) => actix_web::rt::time::sleep(std::time::Duration::from_secs(30)).await,
        _ => {}
    }
    let secret: String = url::form_urlencoded::byte_serialize(CLIENT_SECRET.as_bytes()).collect();
    let basic = format!("Basic {}", BASE64_STANDARD.encode(format!("{CLIENT}:{secret}")));
    let authorization = request.headers().get("authorization").map(|value| value.to_str().expect("text").to_owned());
    assert_eq!(authorization, Some(basic));
    assert_eq!(form.grant_type, "authorization_code");
    with(&book, |book| {
        let Some((nonce, challenge, redirect_uri)) = book.codes.remove(&form.code) else {
            return HttpResponse::BadRequest().json(json!({ "error": "invalid_grant" }));
        };
        assert_eq!(challenge, sha256_base64url(&form.code_verifier));
        assert_eq!(redirect_uri, form.redirect_uri);
        let id_token = if wrong == Some(Wrong::Garbage) { "no token".into() } else { id_token(book, &nonce) };
        HttpResponse::Ok().json(json!({ "access_token": "to ask more", "token_type": "Bearer", "id_token": id_token }))
    })
}

fn id_token(book: &Book, nonce: &str) -> String {
    // Good for long: tests move the portal's clock, and this one stays.
    let now = keywright::clock::Clock::System.now().micros() / 1_000_000;
    let mut claims = json!({
        "iss": book.url, "aud": CLIENT, "sub": book.person["sub"], "iat": now, "exp": now + 86_400, "nonce": nonce,
    });
    if !book.email_apart {
        claims["email"] = book.person["email"].clone();
        claims["email_verified"] = book.person["email_verified"].clone();
    }
    match book.wrong {
        Some(Wrong::Nonce) => claims["nonce"] = random::token().into(),
        Some(Wrong::NoNonce) => claims["nonce"] = Value::Null,
        Some(Wrong::Issuer) => claims["iss"] = "https://another.example".into(),
        Some(Wrong::Audience) => claims["aud"] = "another client".into(),
        Some(Wrong::AmongAudiences) => claims["aud"] = json!([CLIENT, "another client"]),
        Some(Wrong::AuthorizedParty) => claims["azp"] = "another client".into(),
        Some(Wrong::Expired) => claims["exp"] = (now - 120).into(),
        Some(Wrong::FromTheFuture) => claims["iat"] = (now + 3_600).into(),
        Some(Wrong::NoSubject) => claims["sub"] = "".into(),
        _ => {}
    }
    let mut header = Header::new(Algorithm::ES256);
    header.kid = Some(book.key_id.to_string());
    match book.wrong {
        Some(Wrong::Unsigned) => {
            let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
            format!("{}.{}.", part(&json!({ "alg": "none" })), part(&claims))
        }
        Some(Wrong::SignedWithTheSecret) => {
            header.alg = Algorithm::HS256;
            jsonwebtoken::encode(&header, &claims, &EncodingKey::from_secret(CLIENT_SECRET.as_bytes()))
                .expect("a token")
        }
        wrong => {
            let key = if wrong == Some(Wrong::SignedByAnother) { new_key() } else { book.key.clone() };
            jsonwebtoken::encode(&header, &claims, &EncodingKey::from_ec_der(&key)).expect("a token")
        }
    }
}

async fn userinfo(request: HttpRequest, book: Data<Mutex<Book>>) -> HttpResponse {
    let authorization = request.headers().get("authorization").and_then(|value| value.to_str().ok());
    assert_eq!(authorization, Some("Bearer to ask more"));
    with(&book, |book| {
        let mut told = book.person.clone();
        if book.wrong == Some(Wrong::UserInfoOfAnother) {
            told["sub"] = "somebody else".into();
        }
        HttpResponse::Ok().json(told)
    })
}

impl TestPortal {
    /// A portal with a provider that answers as a test wants, at the time that it really is.
    pub fn with_fake_provider() -> (Self, FakeProvider) {
        let mut provider = None;
        let portal = Self::spawn_with(|config| provider = Some(FakeProvider::start(config)));
        portal.clock.set(keywright::clock::Clock::System.now());
        (portal, provider.expect("it was started"))
    }

    pub fn with_real_provider() -> Option<(Self, RealProvider)> {
        let mut provider = None;
        let portal = Self::spawn_with(|config| provider = RealProvider::start(config));
        portal.clock.set(keywright::clock::Clock::System.now());
        Some((portal, provider?))
    }
}
