//! The page of a client: what to copy first, then its secrets, settings and history, and what ends it last.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Path;
use askama::Template;

use super::activity::Summary;
use crate::access::{Action, act};
use crate::db;
use crate::domain::client_key::MAX_KEYS;
use crate::domain::id::ClientUid;
use crate::domain::lifecycle::{Status, effective};
use crate::domain::secret::{Expiry, MAX_SECRETS};
use crate::domain::web_url::WebUrl;
use crate::portal::client_keys::KeyRow;
use crate::portal::guard::Guarded;
use crate::portal::history::{self, HistoryEntry};
use crate::portal::shell::{Shell, html};
use crate::portal::view::{self, Badge, SecretRow};
use crate::portal::when::{self, When};
use crate::portal::{PageError, paths};

#[derive(Template)]
#[template(path = "clients/details.html")]
struct DetailsPage {
    shell: Shell,
    name: String,
    description: String,
    client_type: &'static str,
    client_id: String,
    service: String,
    service_href: String,
    status: Badge,
    environment: &'static str,
    default_purpose: Option<String>,
    deleted: bool,
    held_by_service: Option<&'static str>,
    active: bool,
    service_deleted: bool,
    gone: Option<When>,
    secrets: Vec<SecretRow>,
    has_secrets: bool,
    can_add_secret: bool,
    expiring: usize,
    keys: Vec<KeyRow>,
    can_add_key: bool,
    max_keys: usize,
    max_secrets: usize,
    issuer: String,
    acts_for_users: bool,
    grants: Vec<&'static str>,
    response_types: Vec<&'static str>,
    redirect_urls: Vec<ShownUrl>,
    logout_redirect_urls: Vec<ShownUrl>,
    cors_origins: Vec<String>,
    website: Option<String>,
    privacy_policy: Option<String>,
    terms: Option<String>,
    scopes: Vec<String>,
    token_lifetime: i32,
    allow_refresh: bool,
    require_consent: bool,
    require_pkce: bool,
    signing: &'static str,
    subject: &'static str,
    has_roles: bool,
    tenant_roles: Vec<String>,
    community_roles: Vec<String>,
    created: When,
    updated: When,
    last_used: Option<When>,
    activity: Summary,
    history: Vec<HistoryEntry>,
    /// All of it, for who may read the audit log.
    audit: Option<String>,
    grace: String,
    can_edit: bool,
    /// Whoever registered it by machine holds a token for it.
    managed: bool,
    links: Links,
}

/// A URL, and its host in readable form where it is an internationalised one.
struct ShownUrl {
    url: String,
    readable_host: Option<String>,
}

struct Links {
    edit: String,
    new_secret: String,
    trial: String,
    new_key: String,
    deactivation: String,
    reactivation: String,
    token_revocation: String,
    deletion: String,
}

pub async fn show(guarded: Guarded<act::See>, uid: Path<ClientUid>) -> Result<HttpResponse, PageError> {
    let (uid, now) = (uid.into_inner(), guarded.portal.clock.now());
    let seen = guarded
        .read(move |permit, reader| {
            let scope = permit.scope();
            let client = db::clients::find(reader, scope, uid)?;
            let service = db::services::find(reader, scope, client.service_id)?;
            let last_used = db::usage::last_use_of_client(reader, scope, uid)?;
            let secrets = db::secrets::of_client(reader, uid)?;
            let keys = db::client_keys::of_client(reader, uid)?;
            let roles = db::clients::roles_of_one(reader, uid)?;
            let events = db::audit::of_client(reader, scope, uid, history::SHOWN)?;
            let managed = db::registration_tokens::is_managed(reader, uid)?;
            Ok(((client, last_used, service, secrets, keys, roles, events, managed), Summary::read(reader, uid, now)?))
        })
        .await?;
    let (seen, activity) = seen.split();
    let (client, last_used, service, secrets, keys, roles, events, managed) = &seen.data;
    let grace = guarded.portal.operations.grace(&seen.permit.actor().membership().policy);
    let settings = &client.settings;
    let shown = |urls: &[crate::domain::redirect_url::RedirectUrl]| {
        urls.iter().map(|url| ShownUrl { url: url.as_str().to_owned(), readable_host: url.unicode_host() }).collect()
    };
    let url = |url: &Option<WebUrl>| url.as_ref().map(|url| url.as_str().to_owned());
    let worth = effective(&service.state, &client.state);
    let can_edit = seen.permit.actor().may_edit(client.acts_alone(), roles.has_more());
    let gone = client.state.purge_at().into_iter().chain(service.state.purge_at()).min();
    let page = DetailsPage {
        shell: guarded.shell(&seen, settings.name.clone()),
        name: settings.name.clone(),
        description: settings.description.clone(),
        client_type: client.client_type.label(),
        client_id: client.client_id.to_string(),
        service: service.settings.name.clone(),
        service_href: paths::service(service.id),
        status: view::effective_badge(&service.state, &client.state),
        environment: service.environment.word(),
        default_purpose: client.default_purpose.clone(),
        deleted: client.state.is_deleted(),
        held_by_service: worth.held_by_service.then_some(match worth.status {
            Status::Deleted => "deleted",
            _ => "inactive",
        }),
        active: client.state.status() == Status::Active,
        service_deleted: service.state.is_deleted(),
        gone: When::maybe(gone, now),
        has_secrets: client.has_secrets(),
        can_add_secret: can_edit
            && client.has_secrets()
            && secrets.len() < MAX_SECRETS
            && worth.status != Status::Deleted,
        expiring: secrets.iter().filter(|(secret, _)| secret.expiry(now) == Expiry::Soon).count(),
        secrets: secrets.iter().map(|(secret, used)| SecretRow::new(secret, When::maybe(*used, now), now)).collect(),
        max_secrets: MAX_SECRETS,
        keys: keys.iter().map(|key| KeyRow::new(key, now)).collect(),
        can_add_key: can_edit && keys.len() < MAX_KEYS && worth.status != Status::Deleted,
        max_keys: MAX_KEYS,
        issuer: guarded.portal.site.public_url.clone(),
        acts_for_users: !client.client_type.acts_alone(),
        grants: view::grants(&client.settings.grants),
        response_types: settings.response_types.iter().map(|kind| kind.as_str()).collect(),
        redirect_urls: shown(&settings.redirect_urls),
        logout_redirect_urls: shown(&settings.logout_redirect_urls),
        cors_origins: settings.cors_origins.iter().map(|origin| origin.as_str().to_owned()).collect(),
        website: url(&settings.website),
        privacy_policy: url(&settings.privacy_policy),
        terms: url(&settings.terms),
        scopes: settings.scopes.clone(),
        token_lifetime: settings.token_lifetime,
        allow_refresh: settings.allows_refresh(),
        require_consent: settings.require_consent,
        require_pkce: settings.require_pkce,
        signing: settings.id_token_signing.label(),
        subject: settings.subject_type.label(),
        has_roles: client.client_type.may_act_alone(),
        tenant_roles: roles.tenant.iter().map(|(_, name)| name.clone()).collect(),
        community_roles: roles.community.iter().map(|role| role.name.clone()).collect(),
        created: When::new(client.created_at, now),
        updated: When::new(client.updated_at, now),
        last_used: When::maybe(*last_used, now),
        activity,
        history: history::entries(events, now),
        audit: seen.permit.actor().may(Action::ManageTenant).then(|| paths::audit_of_client(uid)),
        grace: when::days(grace.days()),
        can_edit,
        managed: *managed,
        links: Links {
            edit: paths::edit_client(uid),
            new_secret: paths::new_secret(uid),
            trial: paths::client_trial(uid),
            new_key: paths::new_client_key(uid),
            deactivation: paths::client_deactivation(uid),
            reactivation: paths::client_reactivation(uid),
            token_revocation: paths::registration_access_token_revocation(uid),
            deletion: paths::client_deletion(uid),
        },
    };
    html(StatusCode::OK, &page)
}
