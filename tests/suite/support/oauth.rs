//! Applications at the protocol endpoints, for tests.

use keywright::access::act;
use keywright::crypto::{hashing, random};
use keywright::db;
use keywright::domain::client::{ClientInput, ClientType};
use keywright::domain::client_id::ClientIdSuffix;
use keywright::domain::id::{AccountId, ClientUid, GrantId, SecretId, ServiceId};
use keywright::domain::protocol::grant::{CODE_LASTS, Grant, REFRESHING_LASTS};
use keywright::domain::service::Environment;
use keywright::operations::fill::Company;
use reqwest::blocking::{Client, RequestBuilder};
use serde_json::Value;

use super::{Person, TestPortal};

/// A client, and what it was given to prove itself with.
#[derive(Clone, Debug)]
pub struct App {
    pub uid: ClientUid,
    pub service: ServiceId,
    pub client_id: String,
    /// Empty for public clients.
    pub secret: String,
    pub secret_id: Option<SecretId>,
}

/// Where every application of the tests gets its answers.
pub const CALLBACK: &str = "https://app.example.com/callback";
/// A code verifier, and its challenge by S256 (RFC 7636, appendix B).
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// An answer of an endpoint.
#[derive(Debug)]
pub struct Answered {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    /// `Null` where the body is none.
    pub body: Value,
}

impl Answered {
    pub fn text(&self, name: &str) -> &str {
        self.body[name].as_str().unwrap_or_default()
    }

    /// The `error`, or nothing.
    pub fn error(&self) -> &str {
        self.text("error")
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// The claims of a JWT, not verified.
pub fn claims(token: &str) -> Value {
    part(token, 1)
}

/// The header of a JWT.
pub fn jwt_header(token: &str) -> Value {
    part(token, 0)
}

fn part(token: &str, at: usize) -> Value {
    use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
    let part = token.split('.').nth(at).expect("a JWT");
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).expect("Base64url")).expect("JSON")
}

pub fn answered(request: RequestBuilder) -> Answered {
    let response = request.send().expect("an answer");
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let body = serde_json::from_str(&response.text().expect("a body")).unwrap_or(Value::Null);
    Answered { status, headers, body }
}

impl TestPortal {
    /// A client of a type in a service of its own, with every built-in scope, refresh tokens and a secret; and a test
    /// user: the company's member.
    pub fn app(&self, company: &Company, client_type: ClientType, change: impl FnOnce(&mut ClientInput)) -> App {
        let mark = &random::token()[..8];
        let service = self.service(company, &format!("Service {mark}"));
        let permit = self.permit::<act::EditServices>(company, Person::Administrator);
        let tester = &self.person(company, Person::Member).email;
        self.application.operations.add_test_users(&permit, service, tester).expect("a test user");
        self.app_of(company, service, client_type, change)
    }

    /// The same in a service that is there.
    pub fn app_of(
        &self,
        company: &Company,
        service: ServiceId,
        client_type: ClientType,
        change: impl FnOnce(&mut ClientInput),
    ) -> App {
        let name = format!("App {}", &random::token()[..8]);
        let mut input = ClientInput::blank(client_type);
        input.name = name.clone();
        input.suffix = ClientIdSuffix::propose(&name).as_str().into();
        input.confirmed = vec!["hosts".into(), "no-pkce".into()];
        let identity = ["openid", "profile", "email", "groups", "roles", "offline_access"];
        input.scopes = if client_type.acts_alone() {
            vec!["roles".into(), "directory.read".into()]
        } else {
            identity.map(Into::into).to_vec()
        };
        if !client_type.acts_alone() {
            input.redirect_urls = CALLBACK.into();
            input.allow_refresh = "yes".into();
        }
        change(&mut input);
        let permit = self.permit::<act::EditClients>(company, Person::Administrator);
        let operations = &self.application.operations;
        let added = operations.add_client(&permit, service, client_type, &input, &random::token());
        let uid = added.expect("a client").0;
        let client =
            self.application.db.read(|reader| db::clients::find(reader, permit.scope(), uid)).expect("a client");
        let made = client.has_secrets().then(|| self.secret(company, uid, "Test"));
        let (secret_id, secret) = made.map_or((None, String::new()), |(id, secret)| (Some(id), secret));
        App { uid, service, client_id: client.client_id.to_string(), secret, secret_id }
    }

    pub fn http(&self) -> Client {
        Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client")
    }

    /// Asks the token endpoint as the client: with its secret by HTTP Basic, or with its `client_id` alone.
    pub fn token(&self, app: &App, form: &[(&str, &str)]) -> Answered {
        let request = self.http().post(format!("{}/oauth2/token", self.url));
        answered(match app.secret.is_empty() {
            true => request.form(&[form, &[("client_id", app.client_id.as_str())]].concat()),
            false => request.basic_auth(&app.client_id, Some(&app.secret)).form(form),
        })
    }

    pub fn client_credentials(&self, app: &App) -> Answered {
        self.token(app, &[("grant_type", "client_credentials")])
    }

    /// A grant of the company's member to the client, and a code for it, without going through the browser.
    pub fn code(&self, company: &Company, app: &App, scopes: &[&str]) -> String {
        let account = self.person(company, Person::Member).account_id;
        self.code_of(account, app, scopes, Environment::Sandbox)
    }

    pub fn code_of(&self, account: AccountId, app: &App, scopes: &[&str], environment: Environment) -> String {
        let (now, code) = (self.clock.now(), random::token());
        let grant = Grant {
            id: GrantId::new(1, random::bytes()),
            client: app.uid,
            account,
            scopes: scopes.iter().map(ToString::to_string).collect(),
            environment,
            redirect_url: CALLBACK.into(),
            authenticated_at: now,
            by_password: true,
            second_factor: false,
            nonce: "n-0S6_WzA2Mj".into(),
            claims: String::new(),
            created_at: now,
            expires_at: now.plus(REFRESHING_LASTS),
            ended_at: None,
        };
        let made = self.application.operations.fill(|writer| {
            db::grants::insert(writer, &grant)?;
            db::grants::insert_code(writer, &hashing::sha256(&code), grant.id, true, CHALLENGE, now.plus(CODE_LASTS))
        });
        made.expect("a code");
        code
    }

    pub fn redeem(&self, app: &App, code: &str) -> Answered {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        self.token(app, &form)
    }

    pub fn refresh(&self, app: &App, token: &str) -> Answered {
        self.token(app, &[("grant_type", "refresh_token"), ("refresh_token", token)])
    }
}
