//! The portal's small cookies: the theme, the message for the next page, sealed values for the asking browser alone.

use actix_web::HttpRequest;
use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, CookieJar, SameSite};
use serde::{Deserialize, Serialize};

use super::Portal;
use super::shell::{Notice, Undo};

pub const NOTICE: &str = "notice";
pub const THEME: &str = "theme";

/// `auto`, `light` or `dark`.
pub fn theme(cookie: Option<Cookie<'_>>) -> &'static str {
    match cookie.as_ref().map(Cookie::value) {
        Some("light") => "light",
        Some("dark") => "dark",
        _ => "auto",
    }
}

pub fn theme_cookie(portal: &Portal, theme: &str) -> Cookie<'static> {
    let theme = if matches!(theme, "light" | "dark") { theme.to_owned() } else { "auto".to_owned() };
    let mut cookie = plain(portal, THEME.to_owned(), theme, "/".to_owned());
    cookie.set_max_age(Duration::days(365));
    cookie
}

fn plain(portal: &Portal, name: String, value: String, path: String) -> Cookie<'static> {
    Cookie::build(name, value)
        .path(path)
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(portal.site.is_https())
        .finish()
}

#[derive(Serialize, Deserialize)]
struct StoredNotice {
    kind: String,
    text: String,
    undo: Option<(String, Vec<(String, String)>)>,
}

/// The message for the next page, encrypted so that nobody else can put words into the portal's mouth.
pub fn notice_cookie(portal: &Portal, notice: &Notice) -> Cookie<'static> {
    let stored = StoredNotice {
        kind: notice.kind.to_owned(),
        text: notice.text.clone(),
        undo: notice.undo.as_ref().map(|undo| (undo.action.clone(), undo.fields.clone())),
    };
    let value = serde_json::to_string(&stored).unwrap_or_default();
    let mut cookie = seal(portal, plain(portal, NOTICE.to_owned(), value, "/".to_owned()));
    cookie.set_max_age(Duration::minutes(5));
    cookie
}

pub fn notice(portal: &Portal, request: &HttpRequest) -> Option<Notice> {
    let stored: StoredNotice = serde_json::from_str(&open(portal, request, NOTICE)?).ok()?;
    Some(Notice {
        kind: match stored.kind.as_str() {
            "success" => "success",
            "warning" => "warning",
            _ => "info",
        },
        text: stored.text,
        undo: stored.undo.map(|(action, fields)| Undo { action, label: "Undo".into(), fields }),
    })
}

/// A value that only the asking browser gets back, readable to this deployment alone, sent to one path for a while.
pub fn sealed_cookie(
    portal: &Portal,
    name: &'static str,
    value: String,
    path: String,
    lives: Duration,
) -> Cookie<'static> {
    let mut cookie = plain(portal, name.to_owned(), value, path);
    cookie.set_same_site(SameSite::Strict);
    cookie.set_max_age(lives);
    seal(portal, cookie)
}

/// The same for what must still come along when another site leads the browser here.
pub fn sealed_cookie_from_elsewhere(
    portal: &Portal,
    name: &'static str,
    value: String,
    path: String,
    lives: Duration,
) -> Cookie<'static> {
    let mut cookie = plain(portal, name.to_owned(), value, path);
    cookie.set_max_age(lives);
    seal(portal, cookie)
}

pub fn sealed_value(portal: &Portal, request: &HttpRequest, name: &str) -> Option<String> {
    open(portal, request, name)
}

pub fn removal(portal: &Portal, name: &'static str, path: String) -> Cookie<'static> {
    let mut cookie = plain(portal, name.to_owned(), String::new(), path);
    cookie.set_max_age(Duration::ZERO);
    cookie
}

fn seal(portal: &Portal, cookie: Cookie<'static>) -> Cookie<'static> {
    let name = cookie.name().to_owned();
    let mut jar = CookieJar::new();
    jar.private_mut(&portal.cookie_key).add(cookie.clone());
    jar.get(&name).cloned().unwrap_or(cookie)
}

fn open(portal: &Portal, request: &HttpRequest, name: &str) -> Option<String> {
    let mut jar = CookieJar::new();
    jar.add_original(request.cookie(name)?);
    jar.private(&portal.cookie_key).get(name).map(|cookie| cookie.value().to_owned())
}
