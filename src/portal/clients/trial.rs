//! *Try it*: what a client gets in sandbox, decoded, and what each claim came from.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Path;
use askama::Template;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use crate::access::act;
use crate::clock::Timestamp;
use crate::db;
use crate::domain::client::{Client, GrantType};
use crate::domain::id::ClientUid;
use crate::domain::service::{Environment, Service};
use crate::operations::clients::reach;
use crate::operations::protocol::authorization::AtBrowser;
use crate::portal::form::{Nothing, Posted};
use crate::portal::guard::{Guarded, Seen};
use crate::portal::rejections::Cure;
use crate::portal::shell::{Shell, html};
use crate::portal::{PageError, paths};

#[derive(Template)]
#[template(path = "clients/trial.html")]
struct TrialPage {
    shell: Shell,
    client: String,
    client_href: String,
    client_id: String,
    issuer: String,
    for_users: bool,
    live: bool,
    has_secrets: bool,
    redirect_url: String,
    scopes: String,
    action: String,
    tokens: Vec<TokenView>,
    refused: Option<RefusedView>,
}

/// A token, decoded.
struct TokenView {
    id: &'static str,
    title: &'static str,
    token: String,
    header: Vec<(String, String)>,
    claims: Vec<Claim>,
}

struct Claim {
    name: String,
    value: String,
    source: &'static str,
    /// Where that is set; empty where it is set nowhere.
    href: String,
}

struct RefusedView {
    error: &'static str,
    sentence: &'static str,
    cure: Cure,
}

type Subject = (Client, Service, bool);

pub async fn show(guarded: Guarded<act::EditClients>, uid: Path<ClientUid>) -> Result<HttpResponse, PageError> {
    let seen = look(&guarded, uid.into_inner()).await?;
    html(StatusCode::OK, &page(&guarded, &seen))
}

/// The answer holds tokens: it is kept by nobody, and what it shows is not shown again.
pub async fn run(
    guarded: Guarded<act::EditClients>,
    uid: Path<ClientUid>,
    _posted: Posted<Nothing>,
) -> Result<HttpResponse, PageError> {
    let (uid, person) = (uid.into_inner(), AtBrowser::from(guarded.sender()?));
    let seen = look(&guarded, uid).await?;
    let done = guarded.act(move |permit, operations| operations.try_client(permit, uid, person)).await??;
    let mut page = page(&guarded, &seen);
    match done {
        Ok(tokens) => {
            let of_access = TokenView::new("access-token", "Access token", tokens.access.token, &seen.data);
            let of_id = tokens.id_token.map(|token| TokenView::new("id-token", "ID token", token, &seen.data));
            page.tokens = std::iter::once(of_access).chain(of_id).collect();
        }
        Err(refusal) => {
            page.refused = Some(RefusedView {
                error: refusal.fault.error().as_str(),
                sentence: refusal.fault.sentence(),
                cure: Cure::of(refusal.fault, Some(&seen.data), seen.permit.actor()),
            });
        }
    }
    html(StatusCode::OK, &page)
}

async fn look(
    guarded: &Guarded<act::EditClients>,
    uid: ClientUid,
) -> Result<Seen<act::EditClients, Subject>, PageError> {
    guarded
        .read(move |permit, reader| {
            let client = db::clients::find(reader, permit.scope(), uid)?;
            reach(reader, permit, &client)?;
            let service = db::services::find(reader, permit.scope(), client.service_id)?;
            let more_roles = db::clients::roles_of_one(reader, uid)?.has_more();
            Ok((client, service, more_roles))
        })
        .await
}

fn page(guarded: &Guarded<act::EditClients>, seen: &Seen<act::EditClients, Subject>) -> TrialPage {
    let (client, service, _) = &seen.data;
    let settings = &client.settings;
    TrialPage {
        shell: guarded.shell(seen, format!("Try {}", settings.name)),
        client: settings.name.clone(),
        client_href: paths::client(client.uid),
        client_id: client.client_id.to_string(),
        issuer: guarded.portal.site.public_url.clone(),
        for_users: settings.grants.contains(&GrantType::AuthorizationCode),
        live: service.environment == Environment::Live,
        has_secrets: client.has_secrets(),
        redirect_url: settings.redirect_urls.first().map_or(String::new(), |url| url.as_str().to_owned()),
        scopes: settings.scopes.join(" "),
        action: paths::client_trial(client.uid),
        tokens: Vec::new(),
        refused: None,
    }
}

impl TokenView {
    fn new(id: &'static str, title: &'static str, token: String, subject: &Subject) -> Self {
        let mut parts = token.split('.').map(decoded);
        let header = parts.next().unwrap_or_default();
        let claims = parts.next().unwrap_or_default();
        let claim = |(name, value): (&String, &Value)| {
            let (source, href) = source(name, id, subject);
            Claim { name: name.clone(), value: shown(name, value), source, href }
        };
        Self {
            id,
            title,
            header: header.iter().map(|(name, value)| (name.clone(), shown(name, value))).collect(),
            claims: claims.iter().map(claim).collect(),
            token,
        }
    }
}

fn decoded(part: &str) -> Map<String, Value> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(part).unwrap_or_default();
    serde_json::from_slice(&bytes).unwrap_or_default()
}

fn shown(name: &str, value: &Value) -> String {
    match (name, value) {
        ("iat" | "exp" | "auth_time", Value::Number(seconds)) => {
            let at = Timestamp::from_micros(seconds.as_i64().unwrap_or(0).saturating_mul(1_000_000));
            format!("{seconds}, that is {}", at.readable())
        }
        (_, Value::String(text)) => text.clone(),
        (_, other) => other.to_string(),
    }
}

/// What a claim came from, and where that is set.
fn source(name: &str, token: &str, (client, service, _): &Subject) -> (&'static str, String) {
    let field = |name: &str| format!("{}#{name}", paths::edit_client(client.uid));
    let nowhere = String::new;
    match name {
        "iss" => ("The address of this Keywright, which the operator sets", nowhere()),
        "aud" if token == "id-token" => {
            ("The client ID: the token is for this client alone", paths::client(client.uid))
        }
        "aud" => ("The issuer: the token is for its endpoints and your resource servers", nowhere()),
        "sub" if client.acts_alone() => ("The client ID: the client acts on its own", paths::client(client.uid)),
        "sub" => ("Your account, as the field Subject says", field("subject_type")),
        "client_id" => ("The client ID", paths::client(client.uid)),
        "exp" => ("The time of issue and the field Token lifetime", field("token_lifetime")),
        "iat" => ("The time of issue", nowhere()),
        "jti" => ("Random: no two tokens have the same", nowhere()),
        "scope" => ("The field Scopes", field("scopes")),
        "environment" => ("The service is in sandbox, so the token is too", paths::service(service.id)),
        "tenant" => ("Your company", nowhere()),
        "roles" if client.acts_alone() => ("The client's roles", field("tenant_roles")),
        "roles" => ("Your roles in the company, because the scope roles was granted", field("scopes")),
        "auth_time" | "acr" | "amr" => ("Your sign-in", paths::ACCOUNT.to_owned()),
        "grant_id" => ("This sign-in through the client: all its tokens end together", nowhere()),
        "nonce" => ("The request: the application compares it", nowhere()),
        "at_hash" => ("A hash of the access token beside it", nowhere()),
        "c_hash" => ("A hash of the code beside it", nowhere()),
        _ => ("What was granted", nowhere()),
    }
}
