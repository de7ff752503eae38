//! Around every request: a reference for the log, security headers, and the page for an error.

use std::net::IpAddr;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::{InternalError, PayloadError};
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpRequest, HttpResponse, web};
use askama::Template;
use futures_util::stream::{self, Stream};
use tracing::Instrument;

use super::error::ErrorWords;
use super::shell::Shell;
use super::{PageError, Portal, cookies};
use crate::crypto::random;

/// What ties a page to its lines in the log.
#[derive(Clone)]
struct Reference(String);

/// Gives the request a reference, and logs its end once: method, route, status, time. No query, no names.
pub async fn log(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let begun = std::time::Instant::now();
    let reference = crate::crypto::hex(&random::bytes::<5>()).to_uppercase();
    request.extensions_mut().insert(Reference(reference.clone()));
    // At the highest level, so that its lines have the reference whatever the log lets through.
    let span = tracing::error_span!("request", reference);
    let method = request.method().clone();
    let result = next.call(request).instrument(span.clone()).await;
    let (route, status) = match &result {
        Ok(response) => (response.request().match_pattern(), response.status()),
        Err(error) => (None, error.as_response_error().status_code()),
    };
    let (route, status) = (route.unwrap_or_else(|| "none".into()), status.as_u16());
    let elapsed = begun.elapsed();
    let micros = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
    span.in_scope(|| tracing::info!(%method, route, status, micros, "answered"));
    metrics::histogram!("keywright_request_duration_seconds", "route" => route.clone()).record(elapsed.as_secs_f64());
    let labels = [("method", known(&method).to_owned()), ("route", route), ("status", status.to_string())];
    metrics::counter!("keywright_requests_total", &labels).increment(1);
    result.map(ServiceResponse::map_into_boxed_body)
}

/// A method is a stranger's word: those that nothing here answers are counted as one.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

#[derive(Template)]
#[template(path = "errors/error.html")]
struct ErrorPage {
    shell: Shell,
    words: ErrorWords,
    reference: String,
}

/// What an answer needs to know of its request, noted before the request goes in.
struct Frame {
    portal: Option<web::Data<Portal>>,
    theme: &'static str,
    path: String,
    reference: String,
    had_notice: bool,
}

impl Frame {
    fn of(request: &ServiceRequest) -> Self {
        Self {
            portal: request.app_data::<web::Data<Portal>>().cloned(),
            theme: cookies::theme(request.cookie(cookies::THEME)),
            path: request.path().to_owned(),
            reference: request.extensions().get::<Reference>().map_or(String::new(), |found| found.0.clone()),
            had_notice: request.cookie(cookies::NOTICE).is_some(),
        }
    }

    /// Draws the page of an error, if this is one.
    fn with_error_page(&self, response: HttpResponse<BoxBody>) -> HttpResponse<BoxBody> {
        let Some(words) = error_words(&response) else { return response };
        let shell = Shell {
            title: words.title.to_owned(),
            theme: self.theme,
            path: self.path.clone(),
            notice: None,
            person: None,
        };
        let Ok(body) = (ErrorPage { shell, words, reference: self.reference.clone() }).render() else {
            return response;
        };
        let mut response = response.set_body(BoxBody::new(body));
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        response
    }
}

/// How long a body may take to arrive: what is sent over the slowest of lines is there by then.
const BODY_LASTS: Duration = Duration::from_secs(30);

/// Cuts off a body that takes too long. Nothing else would: a byte now and then keeps a connection open for ever.
pub async fn slow_bodies_end(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let mut body = request.take_payload();
    if !matches!(body, Payload::None) {
        let mut over = Box::pin(tokio::time::sleep(BODY_LASTS));
        let bounded = stream::poll_fn(move |context| match over.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Some(Err(PayloadError::Io(std::io::ErrorKind::TimedOut.into())))),
            Poll::Pending => Pin::new(&mut body).poll_next(context),
        });
        request.set_payload(Payload::Stream { payload: Box::pin(bounded) });
    }
    next.call(request).await.map(ServiceResponse::map_into_boxed_body)
}

/// Who asks for the head alone gets that of what is there (RFC 9110 §9.3.2); the server leaves the body out. Before
/// everything else: nobody else has the request yet, so it can be changed.
pub async fn head_as_get(
    mut request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    if request.method() == Method::HEAD {
        request.head_mut().method = Method::GET;
    }
    next.call(request).await
}

/// Draws the page for every answer that carries an error, and sets the headers that all answers have.
pub async fn pages_for_errors(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let frame = Frame::of(&request);
    match next.call(request).await {
        Ok(response) => {
            let (request, response) = response.map_into_boxed_body().into_parts();
            let mut response = frame.with_error_page(response);
            add_headers(&frame, &mut response);
            Ok(ServiceResponse::new(request, response))
        }
        // A fault outside any handler, when a session can't be loaded for example.
        Err(error) => {
            tracing::error!(cause = %error, "a request failed outside its page");
            // What fails there is the store of sessions, and that is the database being away.
            let unavailable = PageError::Unavailable("the sessions can't be read or written".into());
            let mut response = frame.with_error_page(actix_web::ResponseError::error_response(&unavailable));
            add_headers(&frame, &mut response);
            Err(InternalError::from_response(error, response).into())
        }
    }
}

fn error_words(response: &HttpResponse<BoxBody>) -> Option<ErrorWords> {
    let carried = response.extensions().get::<ErrorWords>().cloned();
    // Some faults arise in libraries and come without words: the status says which page fits.
    carried.or_else(|| {
        let status = response.status();
        let bare = !response.headers().contains_key(header::CONTENT_TYPE);
        let plain = response
            .headers()
            .get(header::CONTENT_TYPE)
            .is_some_and(|kind| matches!(kind.as_bytes(), b"text/plain" | b"text/plain; charset=utf-8"));
        if !status.is_client_error() && !status.is_server_error() || !(bare || plain) {
            return None;
        }
        let error: PageError = match status.as_u16() {
            404 | 405 => PageError::NotFound,
            413 => PageError::TooLarge(1024),
            400..=499 => PageError::BadRequest("Something in it has the wrong form.".into()),
            503 => PageError::Unavailable("a library".into()),
            _ => PageError::Bug("a library".into()),
        };
        let page = actix_web::ResponseError::error_response(&error);
        let words = page.extensions().get::<ErrorWords>().cloned();
        words.map(|words| ErrorWords { status, ..words })
    })
}

/// On an answer whose forms may lead on to an application: its origin or scheme. Browsers hold `form-action` against
/// where a form's answer redirects to, too.
pub struct LeadsTo(pub String);

/// Nothing inline, nothing from elsewhere, in no frame.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; \
     connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

fn add_headers(frame: &Frame, response: &mut HttpResponse<BoxBody>) {
    let https = frame.portal.as_ref().is_some_and(|portal| portal.site.is_https());
    let is_page =
        response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if let (Some(portal), true, true) = (&frame.portal, frame.had_notice, is_page) {
        // The message has been shown: it is gone on the next page.
        let removal = cookies::removal(portal, cookies::NOTICE, "/".into());
        if let Ok(value) = HeaderValue::from_str(&removal.to_string()) {
            response.headers_mut().append(header::SET_COOKIE, value);
        }
    }
    let leads_to = response.extensions_mut().remove::<LeadsTo>().and_then(|LeadsTo(source)| {
        let policy = CONTENT_SECURITY_POLICY.replace("form-action 'self'", &format!("form-action 'self' {source}"));
        HeaderValue::from_str(&policy).ok()
    });
    let headers = response.headers_mut();
    let mut set = |name: header::HeaderName, value: &'static str| {
        headers.insert(name, HeaderValue::from_static(value));
    };
    set(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY);
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::X_FRAME_OPTIONS, "DENY");
    set(header::REFERRER_POLICY, "same-origin");
    set(header::HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    set(header::HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    set(
        header::HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=(), payment=(), usb=(), clipboard-write=(self)",
    );
    if https {
        set(header::STRICT_TRANSPORT_SECURITY, "max-age=63072000; includeSubDomains");
    }
    if let Some(policy) = leads_to {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}

/// The reference of a request, as it stands in the log.
pub fn reference(request: &HttpRequest) -> String {
    request.extensions().get::<Reference>().map_or(String::new(), |found| found.0.clone())
}

/// The address of whoever asks: the peer's, or the one that a trusted proxy names. Of a chain of proxies, the last
/// address that isn't trusted itself.
pub fn client_address(request: &HttpRequest) -> String {
    let Some(peer) = request.peer_addr().map(|peer| peer.ip()) else { return String::new() };
    let trusted = |address: &IpAddr| {
        request
            .app_data::<web::Data<Portal>>()
            .is_some_and(|portal| portal.site.trusted_proxies.iter().any(|net| net.contains(address)))
    };
    // From the right: what a trusted proxy has appended comes last, and what a stranger wrote before it is not believed.
    let named: Vec<&str> =
        request.headers().get_all("x-forwarded-for").map(|value| value.to_str().unwrap_or("?")).collect();
    let mut address = peer;
    for part in named.iter().rev().flat_map(|value| value.rsplit(',')) {
        if !trusted(&address) {
            break;
        }
        let Ok(next) = part.trim().parse() else { break };
        address = next;
    }
    address.to_string()
}
