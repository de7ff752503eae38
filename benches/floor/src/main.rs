//! The floor: a bare actix-web program that does what nobody can leave out, and nothing else. What Keywright costs is
//! told as a multiple of it.
//!
//! It does, for a page: parse the request, one hop to the blocking pool, one indexed read of a session's row and one of
//! twenty clients' rows from the same SQLite file through a pool of connections, escape what it read and write it with
//! askama into a page of exactly as many bytes as the portal's, compressed as the portal does it where the request asks for
//! it. For a token: the same hop, one indexed read of the client with its secret's hash, the check of the secret by the
//! function and at the cost that Keywright has, one ES256 signature by aws-lc-rs, JSON.
//!
//! It does not: check the cookie, ask who the person is and what they may see, read anything besides these rows, send
//! headers for security, log, count, note when a secret was used, or know any other page. So nobody gets to 1.0.
//!
//! Not a program to run for itself: benches/run starts it, and says by the environment what it needs.

use std::fmt::Write;

use actix_web::http::header;
use actix_web::middleware::from_fn;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, error, web};
use askama::Template;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD, Engine};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::r2d2::{ConnectionManager, Pool};
use keywright::crypto::hashing;
use keywright::domain::secret::PlainSecret;
use keywright::portal::compression::compress;
use serde_json::json;

diesel::table! {
    sessions (key_hash) {
        key_hash -> Text,
        account_id -> Nullable<Text>,
        state -> Text,
        last_seen_at -> BigInt,
    }
}

diesel::table! {
    clients (uid) {
        uid -> Text,
        tenant_id -> Text,
        service_id -> Text,
        client_id -> Text,
        name -> Text,
        name_key -> Text,
        client_type -> Text,
        grant_types -> Text,
        redirect_urls -> Text,
        scopes -> Text,
        status -> Text,
        token_lifetime -> Integer,
    }
}

diesel::table! {
    secrets (id) {
        id -> Text,
        client_uid -> Text,
        hash -> Text,
    }
}

diesel::joinable!(secrets -> clients (client_uid));
diesel::allow_tables_to_appear_in_same_query!(secrets, clients);

const CLIENTS: i64 = 20;
const CONNECTIONS: u32 = 16;

#[derive(Queryable)]
struct Client {
    uid: String,
    client_id: String,
    name: String,
    client_type: String,
    grant_types: String,
    redirect_urls: String,
    scopes: String,
    status: String,
}

/// What one client's part of the page shows, as often as the portal's page shows it, and its share of the page's markup.
#[derive(Template)]
#[template(
    ext = "html",
    source = "{{ account }}{% for (client, markup) in rows %}<li id=\"client-{{ client.uid }}\">{{ client.name }} {{ client.client_type }} \
              {{ client.status }} <code id=\"client-id-{{ client.uid }}\">{{ client.client_id }}</code> {{ client.grant_types }} \
              {{ client.redirect_urls }} {{ client.scopes }} <a href=\"/clients/{{ client.uid }}\">{{ client.name }}</a> \
              <a href=\"/clients/{{ client.uid }}/edit\">{{ client.name }}</a> \
              <a href=\"/clients/{{ client.uid }}/secrets/new\">{{ client.name }}</a> \
              <form action=\"/clients/{{ client.uid }}/deactivation\">{{ client.name }}</form> \
              <a href=\"/clients/{{ client.uid }}/deletion\">{{ client.name }}</a>{{ markup|safe }}</li>{% endfor %}"
)]
struct Page<'a> {
    account: &'a str,
    rows: Vec<(&'a Client, &'a str)>,
}

#[derive(Clone)]
struct Floor {
    pool: Pool<ConnectionManager<SqliteConnection>>,
    session: String,
    service: String,
    /// The portal's page, cut into one piece per client.
    markup: Vec<String>,
}

impl Floor {
    fn page(&self) -> anyhow::Result<String> {
        let mut conn = self.pool.get()?;
        let (account, _state, _seen): (Option<String>, String, i64) = sessions::table
            .filter(sessions::key_hash.eq(&self.session))
            .select((sessions::account_id, sessions::state, sessions::last_seen_at))
            .first(&mut conn)?;
        let clients: Vec<Client> = clients::table
            .filter(clients::service_id.eq(&self.service))
            .order(clients::name_key.asc())
            .limit(CLIENTS)
            .select((
                clients::uid,
                clients::client_id,
                clients::name,
                clients::client_type,
                clients::grant_types,
                clients::redirect_urls,
                clients::scopes,
                clients::status,
            ))
            .load(&mut conn)?;
        drop(conn);
        let rows = clients.iter().zip(self.markup.iter().map(String::as_str)).collect();
        Ok(Page { account: account.as_deref().unwrap_or_default(), rows }.render()?)
    }

    /// Lets the page have as many bytes as the portal's.
    fn fit(&mut self, page: &str) -> anyhow::Result<()> {
        self.markup = vec![String::new(); CLIENTS as usize];
        let own = self.page()?.len();
        let mut rest = page;
        let mut wanted = page.len().saturating_sub(own);
        for left in (1..=self.markup.len()).rev() {
            let mut cut = (wanted / left).min(rest.len());
            while !rest.is_char_boundary(cut) {
                cut += 1;
            }
            let (piece, after) = rest.split_at(cut);
            self.markup[CLIENTS as usize - left] = piece.to_owned();
            wanted = wanted.saturating_sub(cut);
            rest = after;
        }
        Ok(())
    }

    fn token(&self, key: &EcdsaKeyPair, client_id: &str, secret: &str) -> anyhow::Result<Option<serde_json::Value>> {
        let mut conn = self.pool.get()?;
        let found: Option<(String, String, String, i32)> = secrets::table
            .inner_join(clients::table)
            .filter(clients::client_id.eq(client_id))
            .select((secrets::hash, clients::tenant_id, clients::scopes, clients::token_lifetime))
            .first(&mut conn)
            .optional()?;
        drop(conn);
        let Some((hash, tenant, scopes, lifetime)) = found else { return Ok(None) };
        let claimed = PlainSecret::parse(secret);
        if !claimed.is_some_and(|(_, claimed)| hashing::secret_matches(&claimed, &hash)) {
            return Ok(None);
        }
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_secs();
        let header = json!({ "alg": "ES256", "typ": "at+jwt", "kid": "floor" });
        let claims = json!({
            "iss": "http://127.0.0.1", "aud": "http://127.0.0.1", "sub": client_id, "client_id": client_id,
            "iat": now, "exp": now + lifetime.unsigned_abs() as u64, "jti": random_text(), "scope": scopes, "tenant": tenant,
        });
        let mut token = BASE64_URL_SAFE_NO_PAD.encode(header.to_string());
        token.push('.');
        BASE64_URL_SAFE_NO_PAD.encode_string(claims.to_string(), &mut token);
        let signature =
            key.sign(&SystemRandom::new(), token.as_bytes()).map_err(|_| anyhow::anyhow!("no signature"))?;
        token.push('.');
        BASE64_URL_SAFE_NO_PAD.encode_string(signature.as_ref(), &mut token);
        Ok(Some(json!({ "access_token": token, "token_type": "Bearer", "expires_in": lifetime, "scope": scopes })))
    }
}

fn random_text() -> String {
    let bytes: [u8; 16] = rand::random();
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").ok();
        text
    })
}

async fn page(floor: web::Data<Floor>) -> actix_web::Result<HttpResponse> {
    let body = web::block(move || floor.page()).await?.map_err(error::ErrorInternalServerError)?;
    Ok(HttpResponse::Ok().insert_header((header::CONTENT_TYPE, "text/html; charset=utf-8")).body(body))
}

async fn token(
    request: HttpRequest,
    floor: web::Data<Floor>,
    key: web::Data<EcdsaKeyPair>,
    _form: String,
) -> actix_web::Result<HttpResponse> {
    let basic = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let decoded = BASE64_STANDARD.decode(basic.trim_start_matches("Basic ")).unwrap_or_default();
    let text = String::from_utf8(decoded).map_err(error::ErrorBadRequest)?;
    let (client_id, secret) = text.split_once(':').ok_or_else(|| error::ErrorUnauthorized("who?"))?;
    let (client_id, secret) = (client_id.to_owned(), secret.to_owned());
    let answer = web::block(move || floor.token(&key, &client_id, &secret)).await?;
    match answer.map_err(error::ErrorInternalServerError)? {
        Some(body) => Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(body)),
        None => Err(error::ErrorUnauthorized("wrong")),
    }
}

#[derive(Debug)]
struct Pragmas;

impl diesel::r2d2::CustomizeConnection<SqliteConnection, diesel::r2d2::Error> for Pragmas {
    fn on_acquire(&self, conn: &mut SqliteConnection) -> Result<(), diesel::r2d2::Error> {
        conn.batch_execute("PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;")
            .map_err(diesel::r2d2::Error::QueryError)
    }
}

#[actix_web::main]
async fn main() -> anyhow::Result<()> {
    let told = |name: &str| std::env::var(name).map_err(|_| anyhow::anyhow!("{name} is not set: run benches/run"));
    let pool = Pool::builder()
        .max_size(CONNECTIONS)
        .test_on_check_out(false)
        .connection_customizer(Box::new(Pragmas))
        .build(ConnectionManager::new(told("FLOOR_DATABASE")?))?;
    let mut floor =
        Floor { pool, session: told("FLOOR_SESSION")?, service: told("FLOOR_SERVICE")?, markup: Vec::new() };
    floor.fit(&std::fs::read_to_string(told("FLOOR_PAGE")?)?)?;
    let (floor, listen) = (web::Data::new(floor), told("FLOOR_LISTEN")?);
    let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(|_| anyhow::anyhow!("no key"))?;
    let key = web::Data::new(key);
    let server = HttpServer::new(move || {
        App::new()
            .app_data(floor.clone())
            .app_data(key.clone())
            .wrap(from_fn(compress))
            .route("/page", web::get().to(page))
            .route("/token", web::post().to(token))
            .route("/readyz", web::get().to(HttpResponse::Ok))
    });
    Ok(server.tcp_nodelay(true).bind(listen)?.run().await?)
}
