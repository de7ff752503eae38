//! What every page has around its content.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse};

use super::{PageError, Portal, cookies, paths};
use crate::access::{Action, Actor, Membership, act};
use crate::db::{self, Reader};
use crate::domain::id::TenantId;

/// The frame of a page; the layouts read it.
pub struct Shell {
    pub title: String,
    /// `auto`, `light` or `dark`.
    pub theme: &'static str,
    pub path: String,
    pub notice: Option<Notice>,
    pub person: Option<Person>,
}

/// A message at the top of the page after something was done.
pub struct Notice {
    /// `success`, `info` or `warning`.
    pub kind: &'static str,
    pub text: String,
    pub undo: Option<Undo>,
}

/// A small form that takes the act back.
pub struct Undo {
    pub action: String,
    pub label: String,
    pub fields: Vec<(String, String)>,
}

pub struct Person {
    pub name: String,
    pub email: String,
    pub tenant: String,
    /// The other companies that the person belongs to.
    pub companies: Vec<CompanyLink>,
    pub navigation: Vec<NavItem>,
}

/// A company to switch to.
pub struct CompanyLink {
    pub id: String,
    pub name: String,
}

pub struct NavItem {
    pub href: &'static str,
    pub label: &'static str,
    pub icon: &'static str,
    pub current: bool,
    /// What waits there; 0 shows nothing.
    pub count: u32,
}

impl Notice {
    pub fn done(text: impl Into<String>) -> Self {
        Self { kind: "success", text: text.into(), undo: None }
    }

    pub fn warning(text: impl Into<String>) -> Self {
        Self { kind: "warning", text: text.into(), undo: None }
    }

    pub fn info(text: impl Into<String>) -> Self {
        Self { kind: "info", text: text.into(), undo: None }
    }

    pub fn undo(mut self, action: String, fields: &[(&str, &str)]) -> Self {
        let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        self.undo = Some(Undo { action, label: "Undo".into(), fields });
        self
    }
}

impl Shell {
    /// The frame of a page for somebody who is not signed in, or that doesn't depend on it.
    pub fn plain(portal: &Portal, request: &HttpRequest, title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            theme: cookies::theme(request.cookie(cookies::THEME)),
            path: request.path().to_owned(),
            notice: cookies::notice(portal, request),
            person: None,
        }
    }

    pub fn signed_in(
        portal: &Portal,
        request: &HttpRequest,
        actor: &Actor,
        waiting: &Waiting,
        title: impl Into<String>,
    ) -> Self {
        let membership = actor.membership();
        Self {
            person: Some(Person {
                name: membership.name.clone(),
                email: membership.email.clone(),
                tenant: membership.tenant_name.clone(),
                companies: waiting
                    .companies
                    .iter()
                    .filter(|(id, _)| *id != membership.tenant_id)
                    .map(|(id, name)| CompanyLink { id: id.to_string(), name: name.clone() })
                    .collect(),
                navigation: navigation(request.path(), actor, waiting),
            }),
            ..Self::plain(portal, request, title)
        }
    }
}

/// How many companies the account menu offers.
const COMPANIES_SHOWN: usize = 50;

/// What waits for a person in the places of the navigation, and the companies that they can switch to.
#[derive(Clone, Debug, Default)]
pub struct Waiting {
    /// Release requests of others, and live services that changed.
    reviews: u32,
    companies: Vec<(TenantId, String)>,
    /// Invitations to communities that the company has not answered.
    communities: u32,
}

impl Waiting {
    /// Read with every page: a fixed number of statements, none for who has nothing to decide.
    pub fn read(reader: &mut Reader<'_>, actor: &Actor, memberships: &[Membership]) -> Result<Self, db::Error> {
        let companies = memberships.iter().take(COMPANIES_SHOWN);
        let companies = companies.map(|one| (one.tenant_id, one.tenant_name.clone())).collect();
        let mut waiting = Self { companies, ..Self::default() };
        if let Ok(permit) = actor.permit::<act::DecideReleases>() {
            let me = actor.membership().account_id;
            let requests = db::releases::count_waiting(reader, permit.queue(), me)?;
            let changed = db::releases::count_changed(reader, permit.queue())?;
            waiting.reviews = u32::try_from(requests).unwrap_or(0) + u32::try_from(changed).unwrap_or(0);
        }
        if actor.may(Action::ManageTenant) {
            let invitations = db::communities::count_invitations(reader, actor.scope())?;
            waiting.communities = u32::try_from(invitations).unwrap_or(u32::MAX);
        }
        Ok(waiting)
    }
}

fn navigation(path: &str, actor: &Actor, waiting: &Waiting) -> Vec<NavItem> {
    let item = |href, label, icon, current| NavItem { href, label, icon, current, count: 0 };
    let within = |place| path.strip_prefix(place).is_some_and(|rest: &str| rest.is_empty() || rest.starts_with('/'));
    let mut items = vec![
        item(paths::START, "Start", "house", path == paths::START),
        item(paths::SERVICES, "Services", "layers", within(paths::SERVICES)),
        item(
            paths::CLIENTS,
            "Clients",
            "app-window",
            [paths::CLIENTS, paths::SECRETS, paths::REVEALS, paths::CLIENT_KEYS, paths::REJECTIONS]
                .into_iter()
                .any(within),
        ),
    ];
    if actor.may(Action::DecideReleases) {
        let count = waiting.reviews;
        items.push(NavItem { count, ..item(paths::REVIEWS, "Reviews", "clipboard-check", within(paths::REVIEWS)) });
    }
    if actor.may(Action::ManageTenant) {
        items.push(item(paths::MEMBERS, "Members", "users", within(paths::MEMBERS) || within(paths::INVITATIONS)));
        let communities = item(paths::COMMUNITIES, "Communities", "network", within(paths::COMMUNITIES));
        items.push(NavItem { count: waiting.communities, ..communities });
        items.push(item(paths::AUDIT, "Audit log", "scroll-text", within(paths::AUDIT)));
        // Client roles and scopes are tabs of the same place.
        let here = within(paths::SETTINGS) || within(paths::ROLES) || within(paths::SCOPES);
        items.push(item(paths::SETTINGS, "Settings", "settings", here));
    }
    if actor.may(Action::Operate) {
        items.push(item(paths::OPERATION, "Operation", "server", within(paths::OPERATION)));
    }
    items
}

/// Renders a page.
pub fn html(status: StatusCode, page: &impl askama::Template) -> Result<HttpResponse, PageError> {
    let body = page.render().map_err(|error| PageError::Bug(format!("a page can't be rendered: {error}")))?;
    Ok(HttpResponse::build(status).insert_header((header::CONTENT_TYPE, "text/html; charset=utf-8")).body(body))
}

/// The answer to a form that did what it said: on to the next page, with a message.
pub fn go_on(portal: &Portal, to: &str, notice: Notice) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((header::LOCATION, to))
        .cookie(cookies::notice_cookie(portal, &notice))
        .finish()
}

pub fn go_to(to: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((header::LOCATION, to)).finish()
}
