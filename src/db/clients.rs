//! Clients, their roles, and the identifiers that are used up.

use std::collections::HashMap;

use diesel::dsl::auto_type;
use diesel::prelude::*;

use super::any_of::any_of;
use super::connection::{Reader, Writer, on_both};
use super::error::{Error, Result};
use super::schema::{
    client_community_roles, client_roles, clients, communities, community_roles, roles, used_client_ids,
};
use super::services::{optional_url, state, state_columns, url_column};
use super::{from_json_list, json_list, known, stored};
use crate::access::TenantScope;
use crate::clock::Timestamp;
use crate::domain::client::{Client, ClientSettings, ClientType, GrantType, ResponseType, Signing, SubjectType};
use crate::domain::client_id::ClientId;
use crate::domain::cors_origin::CorsOrigin;
use crate::domain::id::{ClientUid, CommunityRoleId, RoleId, ServiceId, TenantId};
use crate::domain::lifecycle::Status;
use crate::domain::redirect_url::RedirectUrl;
use crate::domain::role::ClientRoles;
use crate::domain::text::search_key;

#[derive(Queryable, Insertable)]
#[diesel(table_name = clients)]
pub(super) struct Row {
    uid: String,
    tenant_id: String,
    service_id: String,
    client_id: String,
    name: String,
    name_key: String,
    description: String,
    client_type: String,
    grant_types: String,
    response_types: String,
    redirect_urls: String,
    logout_redirect_urls: String,
    cors_origins: String,
    website_url: String,
    privacy_policy_url: String,
    terms_url: String,
    scopes: String,
    token_lifetime: i32,
    require_consent: bool,
    require_pkce: bool,
    id_token_signing: String,
    subject_type: String,
    default_purpose: Option<String>,
    status: String,
    status_before_deletion: Option<String>,
    deleted_at: Option<i64>,
    deleted_with_service: bool,
    version: i32,
    created_at: i64,
    updated_at: i64,
    purge_at: Option<i64>,
}

pub(super) fn words<T>(text: &str, parse: impl Fn(&str) -> Option<T>, what: &'static str) -> Result<Vec<T>> {
    from_json_list(text)?.iter().map(|word| known(parse(word), what)).collect()
}

impl TryFrom<Row> for Client {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            uid: stored(&row.uid, "client uid")?,
            tenant_id: stored(&row.tenant_id, "tenant id")?,
            service_id: stored(&row.service_id, "service id")?,
            client_id: ClientId::stored(row.client_id),
            client_type: known(ClientType::parse(&row.client_type), "client type")?,
            settings: ClientSettings {
                name: row.name,
                description: row.description,
                grants: words(&row.grant_types, GrantType::parse, "grant type")?,
                response_types: words(&row.response_types, ResponseType::parse, "response type")?,
                redirect_urls: from_json_list(&row.redirect_urls)?.into_iter().map(RedirectUrl::stored).collect(),
                logout_redirect_urls: from_json_list(&row.logout_redirect_urls)?
                    .into_iter()
                    .map(RedirectUrl::stored)
                    .collect(),
                cors_origins: from_json_list(&row.cors_origins)?.into_iter().map(CorsOrigin::stored).collect(),
                website: optional_url(row.website_url),
                privacy_policy: optional_url(row.privacy_policy_url),
                terms: optional_url(row.terms_url),
                scopes: from_json_list(&row.scopes)?,
                token_lifetime: row.token_lifetime,
                require_consent: row.require_consent,
                require_pkce: row.require_pkce,
                id_token_signing: known(Signing::parse(&row.id_token_signing), "signing")?,
                subject_type: known(SubjectType::parse(&row.subject_type), "subject type")?,
            },
            default_purpose: row.default_purpose,
            state: state(&row.status, row.deleted_at, row.purge_at, row.status_before_deletion.as_deref())?,
            deleted_with_service: row.deleted_with_service,
            version: row.version,
            created_at: Timestamp::from_micros(row.created_at),
            updated_at: Timestamp::from_micros(row.updated_at),
        })
    }
}

impl From<&Client> for Row {
    fn from(client: &Client) -> Self {
        let (status, status_before_deletion, deleted_at, purge_at) = state_columns(&client.state);
        let settings = &client.settings;
        Self {
            uid: client.uid.to_string(),
            tenant_id: client.tenant_id.to_string(),
            service_id: client.service_id.to_string(),
            client_id: client.client_id.to_string(),
            name: settings.name.clone(),
            name_key: search_key(&settings.name),
            description: settings.description.clone(),
            client_type: client.client_type.as_str().to_owned(),
            grant_types: json_list(settings.grants.iter().map(|grant| grant.as_str())),
            response_types: json_list(settings.response_types.iter().map(|kind| kind.as_str())),
            redirect_urls: json_list(settings.redirect_urls.iter().map(RedirectUrl::as_str)),
            logout_redirect_urls: json_list(settings.logout_redirect_urls.iter().map(RedirectUrl::as_str)),
            cors_origins: json_list(settings.cors_origins.iter().map(CorsOrigin::as_str)),
            website_url: url_column(&settings.website),
            privacy_policy_url: url_column(&settings.privacy_policy),
            terms_url: url_column(&settings.terms),
            scopes: json_list(settings.scopes.iter()),
            token_lifetime: settings.token_lifetime,
            require_consent: settings.require_consent,
            require_pkce: settings.require_pkce,
            id_token_signing: settings.id_token_signing.as_str().to_owned(),
            subject_type: settings.subject_type.as_str().to_owned(),
            default_purpose: client.default_purpose.clone(),
            status: status.to_owned(),
            status_before_deletion,
            deleted_at,
            deleted_with_service: client.deleted_with_service,
            version: client.version,
            created_at: client.created_at.micros(),
            updated_at: client.updated_at.micros(),
            purge_at,
        }
    }
}

/// Also uses the identifier up; `Conflict::ClientIdUsed` when it was issued before, even to a client long purged.
pub fn insert(writer: &mut Writer<'_>, client: &Client) -> Result<()> {
    diesel::insert_into(used_client_ids::table)
        .values((
            used_client_ids::client_id.eq(client.client_id.as_str()),
            used_client_ids::tenant_id.eq(client.tenant_id.to_string()),
            used_client_ids::issued_at.eq(client.created_at.micros()),
        ))
        .execute(writer.conn())?;
    diesel::insert_into(clients::table).values(Row::from(client)).execute(writer.conn())?;
    Ok(())
}

/// Many at once, for filling a database.
pub fn insert_many(writer: &mut Writer<'_>, many: &[Client], member_roles: &HashMap<TenantId, RoleId>) -> Result<()> {
    let used: Vec<_> = many
        .iter()
        .map(|client| {
            (
                used_client_ids::client_id.eq(client.client_id.to_string()),
                used_client_ids::tenant_id.eq(client.tenant_id.to_string()),
                used_client_ids::issued_at.eq(client.created_at.micros()),
            )
        })
        .collect();
    let held: Vec<_> = many
        .iter()
        .filter_map(|client| {
            let role = member_roles.get(&client.tenant_id)?;
            Some((client_roles::client_uid.eq(client.uid.to_string()), client_roles::role_id.eq(role.to_string())))
        })
        .collect();
    let rows: Vec<Row> = many.iter().map(Row::from).collect();
    on_both!(writer.conn(), conn => {
        diesel::insert_into(used_client_ids::table).values(used).execute(conn)?;
        diesel::insert_into(clients::table).values(rows).execute(conn)?;
        diesel::insert_into(client_roles::table).values(held).execute(conn)?;
    });
    Ok(())
}

pub fn find(reader: &mut Reader<'_>, scope: TenantScope, uid: ClientUid) -> Result<Client> {
    let found: Row =
        reader.one(clients::table.find(uid.to_string()).filter(clients::tenant_id.eq(scope.id().to_string())))?;
    found.try_into()
}

/// Locks the client's row until the commit and returns it; see `services::lock`. Lock the service first if both.
pub fn lock(writer: &mut Writer<'_>, scope: TenantScope, uid: ClientUid) -> Result<Client> {
    diesel::update(clients::table.find(uid.to_string()).filter(clients::tenant_id.eq(scope.id().to_string())))
        .set(clients::version.eq(clients::version))
        .execute(writer.conn())?;
    find(writer, scope, uid)
}

/// Writes the client as it now is; the caller has locked it.
pub fn update(writer: &mut Writer<'_>, client: &Client) -> Result<()> {
    let row = Row::from(client);
    diesel::update(clients::table.find(&row.uid))
        .set((
            (
                clients::name.eq(row.name),
                clients::name_key.eq(row.name_key),
                clients::description.eq(row.description),
                clients::grant_types.eq(row.grant_types),
                clients::response_types.eq(row.response_types),
                clients::redirect_urls.eq(row.redirect_urls),
                clients::logout_redirect_urls.eq(row.logout_redirect_urls),
                clients::cors_origins.eq(row.cors_origins),
                clients::website_url.eq(row.website_url),
                clients::privacy_policy_url.eq(row.privacy_policy_url),
                clients::terms_url.eq(row.terms_url),
            ),
            (
                clients::scopes.eq(row.scopes),
                clients::token_lifetime.eq(row.token_lifetime),
                clients::require_consent.eq(row.require_consent),
                clients::require_pkce.eq(row.require_pkce),
                clients::id_token_signing.eq(row.id_token_signing),
                clients::subject_type.eq(row.subject_type),
                clients::status.eq(row.status),
                clients::status_before_deletion.eq(row.status_before_deletion),
                clients::deleted_at.eq(row.deleted_at),
                clients::purge_at.eq(row.purge_at),
                clients::deleted_with_service.eq(row.deleted_with_service),
                clients::version.eq(row.version),
                clients::updated_at.eq(row.updated_at),
            ),
        ))
        .execute(writer.conn())?;
    Ok(())
}

/// The uids of a service's first clients by name, for another query: a list of uids would make it another statement each time.
#[auto_type]
pub(super) fn first_of_service<'a>(tenant: &'a str, service: &'a str, limit: i64) -> _ {
    clients::table
        .filter(clients::service_id.eq(service))
        .filter(clients::tenant_id.eq(tenant))
        .order((clients::name_key.asc(), clients::uid.asc()))
        .limit(limit)
        .select(clients::uid)
}

/// A service's clients that are not deleted, in the order in which they were made.
pub fn remaining(reader: &mut Reader<'_>, scope: TenantScope, service: ServiceId) -> Result<Vec<Client>> {
    clients::table
        .filter(clients::service_id.eq(service.to_string()))
        .filter(clients::tenant_id.eq(scope.id().to_string()))
        .filter(clients::status.ne("deleted"))
        .order((clients::created_at.asc(), clients::uid.asc()))
        .load::<Row>(reader.conn())?
        .into_iter()
        .map(Client::try_from)
        .collect()
}

/// Clients deleted by themselves, not with their service, those that go soonest first.
pub fn deleted_alone(reader: &mut Reader<'_>, scope: TenantScope, limit: i64) -> Result<Vec<Client>> {
    let deleted = clients::table
        .filter(clients::tenant_id.eq(scope.id().to_string()))
        // For the index: those that were not deleted have no such instant, and would come first.
        .filter(clients::purge_at.is_not_null())
        .filter(clients::status.eq("deleted"))
        .filter(clients::deleted_with_service.eq(false))
        .order(clients::purge_at.asc())
        .limit(limit);
    let rows: Vec<Row> = reader.all(deleted)?;
    rows.into_iter().map(Client::try_from).collect()
}

/// The redirect URLs of a service's other clients with pairwise subjects, for the warning about hosts that differ.
pub fn redirect_urls_beside(
    reader: &mut Reader<'_>,
    scope: TenantScope,
    service: ServiceId,
    except: Option<ClientUid>,
) -> Result<Vec<(String, Vec<RedirectUrl>)>> {
    let mut beside = clients::table
        .filter(clients::tenant_id.eq(scope.id().to_string()))
        .filter(clients::service_id.eq(service.to_string()))
        .filter(clients::status.ne("deleted"))
        .filter(clients::subject_type.eq(SubjectType::Pairwise.as_str()))
        .select((clients::name, clients::redirect_urls))
        .into_boxed();
    if let Some(uid) = except {
        beside = beside.filter(clients::uid.ne(uid.to_string()));
    }
    beside
        .limit(200)
        .load::<(String, String)>(reader.conn())?
        .into_iter()
        .map(|(name, urls)| Ok((name, from_json_list(&urls)?.into_iter().map(RedirectUrl::stored).collect())))
        .collect()
}

/// Deletes the service's clients that are not deleted yet; they will come back with the service.
/// Answers with their names and uids.
pub fn delete_with_service(
    writer: &mut Writer<'_>,
    scope: TenantScope,
    service: ServiceId,
    now: Timestamp,
    purge_at: Timestamp,
) -> Result<Vec<(ClientUid, String)>> {
    let rows: Vec<(String, String)> = diesel::update(
        clients::table
            .filter(clients::service_id.eq(service.to_string()))
            .filter(clients::tenant_id.eq(scope.id().to_string()))
            .filter(clients::status.ne("deleted")),
    )
    .set((
        clients::status_before_deletion.eq(clients::status.nullable()),
        clients::status.eq("deleted"),
        clients::deleted_at.eq(Some(now.micros())),
        clients::purge_at.eq(Some(purge_at.micros())),
        clients::deleted_with_service.eq(true),
        clients::version.eq(clients::version + 1),
        clients::updated_at.eq(now.micros()),
    ))
    .returning((clients::uid, clients::name))
    .get_results(writer.conn())?;
    rows.into_iter().map(|(uid, name)| Ok((stored(&uid, "client uid")?, name))).collect()
}

/// Brings back exactly the clients that went with the service, each as it was.
pub fn restore_with_service(
    writer: &mut Writer<'_>,
    scope: TenantScope,
    service: ServiceId,
    now: Timestamp,
) -> Result<Vec<(ClientUid, String)>> {
    let mut restored = Vec::new();
    // One statement per former status: a status can't be set from a column that may be null.
    for before in ["active", "inactive"] {
        let rows: Vec<(String, String)> = diesel::update(
            clients::table
                .filter(clients::service_id.eq(service.to_string()))
                .filter(clients::tenant_id.eq(scope.id().to_string()))
                .filter(clients::deleted_with_service.eq(true))
                .filter(clients::status_before_deletion.eq(before)),
        )
        .set((
            clients::status.eq(before),
            clients::status_before_deletion.eq(None::<String>),
            clients::deleted_at.eq(None::<i64>),
            clients::purge_at.eq(None::<i64>),
            clients::deleted_with_service.eq(false),
            clients::version.eq(clients::version + 1),
            clients::updated_at.eq(now.micros()),
        ))
        .returning((clients::uid, clients::name))
        .get_results(writer.conn())?;
        for (uid, name) in rows {
            restored.push((stored(&uid, "client uid")?, name));
        }
    }
    Ok(restored)
}

pub fn set_roles(writer: &mut Writer<'_>, uid: ClientUid, chosen: &[RoleId]) -> Result<()> {
    diesel::delete(client_roles::table.filter(client_roles::client_uid.eq(uid.to_string()))).execute(writer.conn())?;
    for role in chosen {
        diesel::insert_into(client_roles::table)
            .values((client_roles::client_uid.eq(uid.to_string()), client_roles::role_id.eq(role.to_string())))
            .execute(writer.conn())?;
    }
    Ok(())
}

pub fn set_community_roles(writer: &mut Writer<'_>, uid: ClientUid, chosen: &[CommunityRoleId]) -> Result<()> {
    let held = client_community_roles::table.filter(client_community_roles::client_uid.eq(uid.to_string()));
    diesel::delete(held).execute(writer.conn())?;
    for role in chosen {
        diesel::insert_into(client_community_roles::table)
            .values((
                client_community_roles::client_uid.eq(uid.to_string()),
                client_community_roles::role_id.eq(role.to_string()),
            ))
            .execute(writer.conn())?;
    }
    Ok(())
}

#[auto_type]
fn tenant_roles() -> _ {
    client_roles::table.inner_join(roles::table).order((roles::built_in.desc(), roles::id.asc())).select((
        client_roles::client_uid,
        roles::id,
        roles::name,
    ))
}

#[auto_type]
fn community_roles_held() -> _ {
    client_community_roles::table
        .inner_join(community_roles::table.inner_join(communities::table))
        .order((communities::name_key.asc(), community_roles::built_in.desc(), community_roles::id.asc()))
        .select((
            client_community_roles::client_uid,
            (community_roles::id, community_roles::name, community_roles::built_in),
            communities::name,
        ))
}

type TenantRole = (String, String, String);
type CommunityRole = (String, (String, String, bool), String);

fn by_client(tenant: Vec<TenantRole>, community: Vec<CommunityRole>) -> Result<HashMap<ClientUid, ClientRoles>> {
    let mut found: HashMap<ClientUid, ClientRoles> = HashMap::new();
    for (uid, role, name) in tenant {
        found.entry(stored(&uid, "client uid")?).or_default().tenant.push((stored(&role, "role id")?, name));
    }
    for (uid, role, community) in community {
        let held = super::communities::held(role, &community)?;
        found.entry(stored(&uid, "client uid")?).or_default().community.push(held);
    }
    Ok(found)
}

/// All roles of several clients at once, by client. Two statements.
pub fn all_roles_of(reader: &mut Reader<'_>, uids: &[ClientUid]) -> Result<HashMap<ClientUid, ClientRoles>> {
    let tenant = reader.all(tenant_roles().filter(any_of(client_roles::client_uid, uids)))?;
    let community = reader.all(community_roles_held().filter(any_of(client_community_roles::client_uid, uids)))?;
    by_client(tenant, community)
}

/// The same of a service's first clients by name.
pub fn roles_in_service(
    reader: &mut Reader<'_>,
    scope: TenantScope,
    service: ServiceId,
    limit: i64,
) -> Result<HashMap<ClientUid, ClientRoles>> {
    let (tenant_id, service_id) = (scope.id().to_string(), service.to_string());
    let shown = || first_of_service(&tenant_id, &service_id, limit);
    let tenant = reader.all(tenant_roles().filter(client_roles::client_uid.eq_any(shown())))?;
    let community = reader.all(community_roles_held().filter(client_community_roles::client_uid.eq_any(shown())))?;
    by_client(tenant, community)
}

/// All roles of one client.
pub fn roles_of_one(reader: &mut Reader<'_>, uid: ClientUid) -> Result<ClientRoles> {
    let wanted = uid.to_string();
    // Not as a list of one: a statement with a list is prepared anew each time, and every token asks this.
    let tenant = reader.all(tenant_roles().filter(client_roles::client_uid.eq(&wanted)))?;
    let community = reader.all(community_roles_held().filter(client_community_roles::client_uid.eq(&wanted)))?;
    Ok(by_client(tenant, community)?.remove(&uid).unwrap_or_default())
}

/// Deleted clients of every tenant that are due for the purge, those first that are due longest.
pub fn due(reader: &mut Reader<'_>, now: Timestamp, limit: i64) -> Result<Vec<Client>> {
    clients::table
        .filter(clients::purge_at.le(now.micros()))
        .order(clients::purge_at.asc())
        .limit(limit)
        .load::<Row>(reader.conn())?
        .into_iter()
        .map(Client::try_from)
        .collect()
}

/// How far the removal of a client came.
pub enum Removal {
    Whole,
    /// A portion of what it has very much of is gone, and the client still there.
    Portion,
    /// It isn't due any more, or another purge was first.
    None,
}

/// Removes a client for good with all that is its own, if it is still due; or a portion of its grants and of what happened at
/// the endpoints, where these are more.
pub fn remove(writer: &mut Writer<'_>, uid: ClientUid, now: Timestamp, portion: i64) -> Result<Removal> {
    let due = clients::table.filter(clients::uid.eq(uid.to_string())).filter(clients::purge_at.le(now.micros()));
    // Of two purges at once, the other waits here for the first.
    if diesel::update(due).set(clients::version.eq(clients::version)).execute(writer.conn())? == 0 {
        return Ok(Removal::None);
    }
    let grants = super::grants::remove_some(writer, &super::grants::Gone::OfClient(uid), portion)?;
    let events = super::protocol_events::remove_of_client(writer, uid, portion)?;
    if grants.max(events) as i64 >= portion {
        return Ok(Removal::Portion);
    }
    super::secrets::remove_of_client(writer, uid)?;
    diesel::delete(client_roles::table.filter(client_roles::client_uid.eq(uid.to_string()))).execute(writer.conn())?;
    set_community_roles(writer, uid, &[])?;
    diesel::delete(clients::table.find(uid.to_string())).execute(writer.conn())?;
    Ok(Removal::Whole)
}

/// The names of clients that are not deleted and use `implicit`, or a response type that puts an access token into the
/// browser's address.
pub fn with_legacy_grants(reader: &mut Reader<'_>, scope: TenantScope) -> Result<Vec<String>> {
    // The lists are JSON; `"token"` and `… token"` are the response types meant, `id_token"` is not.
    Ok(clients::table
        .filter(clients::tenant_id.eq(scope.id().to_string()))
        .filter(clients::status.ne(Status::Deleted.as_str()))
        .filter(
            clients::grant_types
                .like("%\"implicit\"%")
                .or(clients::response_types.like("%\"token\"%"))
                .or(clients::response_types.like("% token\"%")),
        )
        .order((clients::name_key.asc(), clients::uid.asc()))
        .select(clients::name)
        .load(reader.conn())?)
}
