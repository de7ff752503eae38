//! The service details view: the service, and its clients, each expanding in place to its details and credentials.

use std::collections::HashMap;

use actix_web::HttpResponse;
use actix_web::http::{StatusCode, header};
use actix_web::web::Path;
use askama::Template;

use crate::access::{Action, Actor, TenantScope, act};
use crate::clock::Timestamp;
use crate::db::{self, Reader};
use crate::domain::client::ListedClient;
use crate::domain::id::ServiceId;
use crate::domain::lifecycle::Status;
use crate::domain::release::{ReleaseRequest, RequestState};
use crate::domain::role::ClientRoles;
use crate::domain::secret::Secret;
use crate::domain::service::{Environment, Service};
use crate::domain::web_url::WebUrl;
use crate::operations::{self, releases};
use crate::portal::guard::Guarded;
use crate::portal::history::{self, HistoryEntry};
use crate::portal::reviews::shown::RequestRow;
use crate::portal::shell::{Shell, html};
use crate::portal::view::{self, Badge};
use crate::portal::when::{self, When};
use crate::portal::{PageError, pager, paths};

/// A service with more clients than this shows the first of them, and leads to the list for the rest.
const CLIENTS_SHOWN: i64 = 50;

#[derive(Template)]
#[template(path = "services/details.html")]
struct DetailsPage {
    shell: Shell,
    name: String,
    domain: String,
    description: String,
    privacy_policy: Option<String>,
    terms: Option<String>,
    contact: Option<String>,
    logo: String,
    status: Badge,
    environment: &'static str,
    live: bool,
    inactive: bool,
    /// When it will be gone, if it is deleted.
    gone: Option<When>,
    created: When,
    updated: When,
    clients: Vec<ClientRow>,
    client_count: i64,
    all_clients: String,
    release: ReleaseSection,
    history: Vec<HistoryEntry>,
    /// All of it, for who may read the audit log.
    audit: Option<String>,
    grace: String,
    can_edit: bool,
    can_add_clients: bool,
    can_change_status: bool,
    links: Links,
}

/// What is known of a service's way to live.
struct ReleaseState {
    newest: Option<ReleaseRequest>,
    /// The newest request waits, and something that is judged has changed since.
    stale: bool,
    changes: i64,
    test_users: usize,
}

impl ReleaseState {
    fn read(reader: &mut Reader<'_>, scope: TenantScope, service: &Service) -> Result<Self, operations::Error> {
        let newest = db::releases::of_service(reader, scope, service.id, 1)?.into_iter().next();
        // Judging reads every client and secret: only where something waits to be judged.
        let stale = match &newest {
            Some(request) if request.state == RequestState::Waiting => {
                releases::judge(reader, scope, service.id)?.hash != request.evidence_hash
            }
            _ => false,
        };
        Ok(Self {
            newest,
            stale,
            // Only what is live is reviewed anew.
            changes: match service.environment {
                Environment::Live => db::releases::count_changes(reader, service.id)?,
                Environment::Sandbox => 0,
            },
            test_users: db::test_users::of_service(reader, scope, service.id)?.len(),
        })
    }
}

struct ReleaseSection {
    newest: Option<RequestRow>,
    waiting: bool,
    stale: bool,
    changes: i64,
    test_users: usize,
    can_request: bool,
    can_review: bool,
    href: String,
    test_users_href: String,
    changes_href: String,
    taking_back: String,
}

impl ReleaseSection {
    fn new(service: &Service, state: &ReleaseState, actor: &Actor, now: Timestamp) -> Self {
        let newest = state.newest.as_ref();
        let waiting = newest.is_some_and(|request| request.state == RequestState::Waiting);
        let live = service.environment == Environment::Live;
        Self {
            newest: newest.map(|request| RequestRow::new(request, now, actor.membership())),
            waiting,
            stale: state.stale,
            changes: state.changes,
            test_users: state.test_users,
            can_request: actor.may(Action::EditServices) && !live && !service.state.is_deleted(),
            can_review: actor.may(Action::DecideReleases) && !service.state.is_deleted(),
            href: paths::release_requests(service.id),
            test_users_href: paths::test_users(service.id),
            changes_href: paths::changes_to_review(service.id),
            taking_back: paths::taking_back(service.id),
        }
    }
}

struct Links {
    edit: String,
    new_client: String,
    deactivation: String,
    reactivation: String,
    deletion: String,
}

struct ClientRow {
    uid: String,
    href: String,
    edit: String,
    new_secret: String,
    deactivation: String,
    reactivation: String,
    deletion: String,
    name: String,
    client_type: &'static str,
    client_id: String,
    status: Badge,
    /// When it will be gone, if it is deleted by itself.
    gone: Option<When>,
    deleted: bool,
    active: bool,
    last_used: Option<When>,
    redirect_urls: Vec<String>,
    scopes: Vec<String>,
    grants: Vec<&'static str>,
    has_secrets: bool,
    secrets: Vec<SecretLine>,
    default_purpose: Option<String>,
    can_edit: bool,
}

/// Of a secret what is seen in passing; the client's own page has the rest.
struct SecretLine {
    description: String,
    environment: &'static str,
    last_four: String,
    badge: Badge,
}

pub async fn show(guarded: Guarded<act::See>, id: Path<ServiceId>) -> Result<HttpResponse, PageError> {
    let id = id.into_inner();
    let seen = guarded
        .read(move |permit, reader| {
            let scope = permit.scope();
            let service = db::services::find(reader, scope, id)?;
            let (clients, client_count) = db::client_lists::of_service(reader, scope, id, CLIENTS_SHOWN)?;
            let secrets = db::secrets::of_service(reader, scope, id, CLIENTS_SHOWN)?;
            let roles = match permit.actor().roles_decide() {
                true => db::clients::roles_in_service(reader, scope, id, CLIENTS_SHOWN)?,
                false => HashMap::new(),
            };
            let events = db::audit::of_service(reader, scope, id, history::SHOWN)?;
            let release = ReleaseState::read(reader, scope, &service)?;
            Ok(((service, client_count, roles, events, release), (clients, secrets)))
        })
        .await?;
    let (seen, (clients, mut secrets)) = seen.split();
    let (service, client_count, roles, events, release) = &seen.data;
    let actor = seen.permit.actor();
    let (now, grace) =
        (guarded.portal.clock.now(), guarded.portal.operations.grace(&seen.permit.actor().membership().policy));
    let settings = &service.settings;
    let url = |url: &Option<WebUrl>| url.as_ref().map(|url| url.as_str().to_owned());
    let deleted = service.state.is_deleted();
    let page = DetailsPage {
        shell: guarded.shell(&seen, settings.name.clone()),
        name: settings.name.clone(),
        domain: settings.domain.clone(),
        description: settings.description.clone(),
        privacy_policy: url(&settings.privacy_policy),
        terms: url(&settings.terms),
        contact: settings.contact.as_ref().map(|email| email.as_str().to_owned()),
        logo: view::logo(service),
        status: view::status_badge(service.state.status()),
        environment: service.environment.word(),
        live: service.environment == Environment::Live,
        inactive: service.state.status() == Status::Inactive,
        gone: When::maybe(service.state.purge_at(), now),
        created: When::new(service.created_at, now),
        updated: When::new(service.updated_at, now),
        clients: clients
            .into_iter()
            .map(|client| {
                let secrets = secrets.remove(&client.uid).unwrap_or_default();
                let gone = When::maybe(client.state.purge_at(), now);
                let more_roles = roles.get(&client.uid).is_some_and(ClientRoles::has_more);
                let can_edit = actor.may_edit(client.acts_alone(), more_roles);
                client_row(service, client, secrets, gone, now, can_edit)
            })
            .collect(),
        client_count: *client_count,
        all_clients: pager::address(paths::CLIENTS, &[("service", id.to_string())]),
        release: ReleaseSection::new(service, release, actor, now),
        history: history::entries(events, now),
        audit: actor.may(Action::ManageTenant).then(|| paths::audit_of_service(id)),
        grace: when::days(grace.days()),
        can_edit: actor.may(Action::EditServices) && !deleted,
        can_add_clients: (actor.may(Action::EditUserClients) || actor.may(Action::EditMachineClients)) && !deleted,
        can_change_status: actor.may(Action::ChangeServiceStatus),
        links: Links {
            edit: paths::edit_service(id),
            new_client: paths::new_client(id),
            deactivation: paths::service_deactivation(id),
            reactivation: paths::service_reactivation(id),
            deletion: paths::service_deletion(id),
        },
    };
    html(StatusCode::OK, &page)
}

fn client_row(
    service: &Service,
    client: ListedClient,
    secrets: Vec<Secret>,
    gone: Option<When>,
    now: Timestamp,
    can_edit: bool,
) -> ClientRow {
    ClientRow {
        uid: client.uid.to_string(),
        href: paths::client(client.uid),
        edit: paths::edit_client(client.uid),
        new_secret: paths::new_secret(client.uid),
        deactivation: paths::client_deactivation(client.uid),
        reactivation: paths::client_reactivation(client.uid),
        deletion: paths::client_deletion(client.uid),
        client_type: client.client_type.label(),
        client_id: client.client_id.to_string(),
        status: view::effective_badge(&service.state, &client.state),
        gone,
        deleted: client.state.is_deleted(),
        active: client.state.status() == Status::Active,
        last_used: When::maybe(client.last_used_at, now),
        grants: view::grants(&client.grants),
        has_secrets: client.has_secrets(),
        secrets: secrets
            .into_iter()
            .map(|secret| SecretLine {
                environment: secret.environment.word(),
                badge: view::expiry_badge(secret.expiry(now)),
                description: secret.description,
                last_four: secret.last_four,
            })
            .collect(),
        name: client.name,
        redirect_urls: client.redirect_urls,
        scopes: client.scopes,
        default_purpose: client.default_purpose,
        can_edit: can_edit && !service.state.is_deleted(),
    }
}

/// The logo, under an address with its hash, so that a browser may keep it.
pub async fn logo(guarded: Guarded<act::See>, path: Path<(ServiceId, String)>) -> Result<HttpResponse, PageError> {
    let (id, digest) = path.into_inner();
    let seen = guarded
        .read(move |permit, reader| {
            let service = db::services::find(reader, permit.scope(), id)?;
            if !service.logo_digest.is_some_and(|current| current.starts_with(&digest) && digest.len() == 16) {
                return Err(crate::operations::Error::NotFound);
            }
            Ok(db::services::logo(reader, permit.scope(), id)?)
        })
        .await?;
    let (content_type, bytes) = seen.data;
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, content_type))
        .insert_header((header::CACHE_CONTROL, "private, max-age=31536000, immutable"))
        .body(bytes))
}
