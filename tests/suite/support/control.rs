//! What a browser can't do to a portal, over HTTP on a port of its own: move the clock, purge, read the mail, make
//! people.

use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::web::{self, Data, Json, Query};
use actix_web::{App, HttpServer, error};
use keywright::clock::Clock;
use keywright::domain::tenant::TenantPolicy;
use keywright::jobs;
use keywright::mail::Transport;
use keywright::operations::Operations;
use serde::Deserialize;
use serde_json::{Value, json};

use super::TestPortal;
use super::company::{PASSWORD, Person, fill_company};
use super::mail::letters_in;
use super::portal::{Instance, run};

struct Control {
    operations: Arc<Operations>,
    clock: Clock,
    transport: Transport,
    mail: PathBuf,
}

impl TestPortal {
    /// The control server beside the portal. It ends when it is dropped.
    pub fn control(&self) -> Instance {
        let control = Data::new(Control {
            operations: Arc::clone(&self.application.operations),
            clock: self.clock.clone(),
            transport: Transport::new(&self.config.mail, &self.config.mail_from).expect("a transport"),
            mail: self.folder.path().join("mail"),
        });
        run(move |listener| serve(control, listener))
    }
}

fn serve(control: Data<Control>, listener: TcpListener) -> Server {
    HttpServer::new(move || {
        App::new()
            .app_data(control.clone())
            .route("/clock/advance", web::post().to(advance))
            .route("/jobs/purge", web::post().to(purge))
            .route("/mail", web::get().to(mail))
            .route("/people", web::post().to(people))
    })
    .workers(1)
    .listen(listener)
    .expect("the control server listens")
    .run()
}

#[derive(Deserialize)]
struct Span {
    seconds: u64,
}

async fn advance(control: Data<Control>, span: Query<Span>) -> Json<Value> {
    control.clock.advance(Duration::from_secs(span.seconds));
    Json(json!({ "now": control.clock.now().iso() }))
}

async fn purge(control: Data<Control>) -> actix_web::Result<Json<Value>> {
    let purged =
        web::block(move || control.operations.purge(|| true)).await?.map_err(error::ErrorInternalServerError)?;
    Ok(Json(json!({ "clients": purged.clients.len(), "services": purged.services.len() })))
}

async fn mail(control: Data<Control>) -> actix_web::Result<Json<Vec<Value>>> {
    jobs::mail::deliver_due(&control.operations, &control.transport).await.map_err(error::ErrorInternalServerError)?;
    let mut letters = letters_in(&control.mail);
    // Their names are ids that grow with time, but a folder is read in any order.
    letters.sort_by_key(|letter| head(letter, "Message-ID:"));
    Ok(Json(letters.iter().map(|letter| in_words(letter)).collect()))
}

fn head(letter: &str, name: &str) -> String {
    letter.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().trim().to_owned()
}

/// The head of a mail and its part in plain text.
fn in_words(letter: &str) -> Value {
    let mail = letter.replace("\r\n", "\n");
    let plain = mail.split("Content-Type: text/plain").nth(1).unwrap_or_default();
    let (part_head, rest) = plain.split_once("\n\n").unwrap_or_default();
    let body = rest.split("\n--").next().unwrap_or_default();
    let text = if part_head.contains("quoted-printable") { unquoted(body) } else { body.to_owned() };
    json!({ "to": head(letter, "To:"), "subject": head(letter, "Subject:"), "text": text.trim() })
}

/// RFC 2045, section 6.7.
fn unquoted(text: &str) -> String {
    let joined = text.replace("=\n", "");
    let mut bytes = Vec::with_capacity(joined.len());
    let mut rest = joined.as_bytes();
    while let [first, tail @ ..] = rest {
        let escaped = tail.get(..2).filter(|_| *first == b'=').and_then(|hex| std::str::from_utf8(hex).ok());
        if let Some(byte) = escaped.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            bytes.push(byte);
            rest = &tail[2..];
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    String::from_utf8(bytes).expect("a text")
}

#[derive(Deserialize)]
struct WantedPeople {
    company: String,
}

/// A company with one person of each kind, who all have the same password.
async fn people(control: Data<Control>, wanted: Query<WantedPeople>) -> actix_web::Result<Json<Value>> {
    let company = wanted.into_inner().company;
    let people: Vec<Value> = Person::ALL
        .iter()
        .map(|person| json!({ "email": person.email(&company), "kind": format!("{person:?}"), "password": PASSWORD }))
        .collect();
    web::block(move || fill_company(&control.operations, &company, TenantPolicy::default())).await?;
    Ok(Json(json!(people)))
}
