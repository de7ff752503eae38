//! Services and their logos.

use std::collections::HashMap;

use diesel::prelude::*;

use super::any_of::any_of;
use super::connection::{Reader, Writer, on_both};
use super::error::{Error, Result};
use super::holds::holds;
use super::schema::{clients, logos, services};
use super::{known, stored};
use crate::access::TenantScope;
use crate::clock::Timestamp;
use crate::domain::id::{ServiceId, TenantId};
use crate::domain::lifecycle::{Standing, State, Status};
use crate::domain::service::{Environment, Service, ServiceSettings};
use crate::domain::text::{Email, search_key};
use crate::domain::web_url::WebUrl;

#[derive(Queryable, Insertable)]
#[diesel(table_name = services)]
pub(super) struct Row {
    id: String,
    tenant_id: String,
    name: String,
    name_key: String,
    domain: String,
    description: String,
    privacy_policy_url: String,
    terms_url: String,
    contact_email: String,
    logo_digest: Option<String>,
    status: String,
    status_before_deletion: Option<String>,
    deleted_at: Option<i64>,
    environment: String,
    version: i32,
    created_at: i64,
    updated_at: i64,
    purge_at: Option<i64>,
}

impl TryFrom<Row> for Service {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: stored(&row.id, "service id")?,
            tenant_id: stored(&row.tenant_id, "tenant id")?,
            settings: ServiceSettings {
                name: row.name,
                domain: row.domain,
                description: row.description,
                privacy_policy: optional_url(row.privacy_policy_url),
                terms: optional_url(row.terms_url),
                contact: if row.contact_email.is_empty() {
                    None
                } else {
                    Some(known(Email::parse(&row.contact_email).ok(), "contact")?)
                },
            },
            logo_digest: row.logo_digest,
            state: state(&row.status, row.deleted_at, row.purge_at, row.status_before_deletion.as_deref())?,
            environment: known(Environment::parse(&row.environment), "environment")?,
            version: row.version,
            created_at: Timestamp::from_micros(row.created_at),
            updated_at: Timestamp::from_micros(row.updated_at),
        })
    }
}

impl From<&Service> for Row {
    fn from(service: &Service) -> Self {
        let (status, status_before_deletion, deleted_at, purge_at) = state_columns(&service.state);
        let settings = &service.settings;
        Self {
            id: service.id.to_string(),
            tenant_id: service.tenant_id.to_string(),
            name: settings.name.clone(),
            name_key: search_key(&settings.name),
            domain: settings.domain.clone(),
            description: settings.description.clone(),
            privacy_policy_url: url_column(&settings.privacy_policy),
            terms_url: url_column(&settings.terms),
            contact_email: settings.contact.as_ref().map_or(String::new(), |email| email.as_str().to_owned()),
            logo_digest: service.logo_digest.clone(),
            status: status.to_owned(),
            status_before_deletion,
            deleted_at,
            environment: service.environment.as_str().to_owned(),
            version: service.version,
            created_at: service.created_at.micros(),
            updated_at: service.updated_at.micros(),
            purge_at,
        }
    }
}

pub(super) fn optional_url(text: String) -> Option<WebUrl> {
    (!text.is_empty()).then(|| WebUrl::stored(text))
}

pub(super) fn url_column(url: &Option<WebUrl>) -> String {
    url.as_ref().map_or(String::new(), |url| url.as_str().to_owned())
}

pub(super) fn state(
    status: &str,
    deleted_at: Option<i64>,
    purge_at: Option<i64>,
    before: Option<&str>,
) -> Result<State> {
    match (known(Status::parse(status), "status")?, deleted_at, purge_at, before) {
        (Status::Active, ..) => Ok(State::Active),
        (Status::Inactive, ..) => Ok(State::Inactive),
        (Status::Deleted, Some(at), Some(purge_at), Some(before)) => Ok(State::Deleted {
            at: Timestamp::from_micros(at),
            purge_at: Timestamp::from_micros(purge_at),
            before: known(Standing::parse(before), "status")?,
        }),
        (Status::Deleted, ..) => Err(Error::Bug("a deleted row has no time of deletion".into())),
    }
}

pub(super) fn state_columns(state: &State) -> (&'static str, Option<String>, Option<i64>, Option<i64>) {
    let status = state.status().as_str();
    match state {
        State::Deleted { at, purge_at, before } => {
            (status, Some(before.as_str().to_owned()), Some(at.micros()), Some(purge_at.micros()))
        }
        _ => (status, None, None, None),
    }
}

pub fn insert(writer: &mut Writer<'_>, service: &Service) -> Result<()> {
    diesel::insert_into(services::table).values(Row::from(service)).execute(writer.conn())?;
    Ok(())
}

/// Many at once, for filling a database.
pub fn insert_many(writer: &mut Writer<'_>, many: &[Service]) -> Result<()> {
    let rows: Vec<Row> = many.iter().map(Row::from).collect();
    on_both!(writer.conn(), conn => diesel::insert_into(services::table).values(rows).execute(conn))?;
    Ok(())
}

pub fn find(reader: &mut Reader<'_>, scope: TenantScope, id: ServiceId) -> Result<Service> {
    let found: Row =
        reader.one(services::table.find(id.to_string()).filter(services::tenant_id.eq(scope.id().to_string())))?;
    found.try_into()
}

/// The tenant of a service; whether it may be reached is asked of the permit.
pub fn tenant_of(reader: &mut Reader<'_>, id: ServiceId) -> Result<TenantId> {
    let tenant: String = services::table.find(id.to_string()).select(services::tenant_id).first(reader.conn())?;
    stored(&tenant, "tenant id")
}

/// Locks the service's row until the commit and returns it: whoever changes the service or adds to it goes first
/// through here, so that two of them take turns on both databases.
pub fn lock(writer: &mut Writer<'_>, scope: TenantScope, id: ServiceId) -> Result<Service> {
    diesel::update(services::table.find(id.to_string()).filter(services::tenant_id.eq(scope.id().to_string())))
        .set(services::version.eq(services::version))
        .execute(writer.conn())?;
    find(writer, scope, id)
}

/// Writes the service as it now is; the caller has locked it.
pub fn update(writer: &mut Writer<'_>, service: &Service) -> Result<()> {
    let row = Row::from(service);
    diesel::update(services::table.find(&row.id))
        .set((
            services::name.eq(row.name),
            services::name_key.eq(row.name_key),
            services::domain.eq(row.domain),
            services::description.eq(row.description),
            services::privacy_policy_url.eq(row.privacy_policy_url),
            services::terms_url.eq(row.terms_url),
            services::contact_email.eq(row.contact_email),
            services::logo_digest.eq(row.logo_digest),
            services::status.eq(row.status),
            services::status_before_deletion.eq(row.status_before_deletion),
            services::deleted_at.eq(row.deleted_at),
            services::purge_at.eq(row.purge_at),
            services::environment.eq(row.environment),
            services::version.eq(row.version),
            services::updated_at.eq(row.updated_at),
        ))
        .execute(writer.conn())?;
    Ok(())
}

/// Deleted services, those that go soonest first.
pub fn deleted(reader: &mut Reader<'_>, scope: TenantScope, limit: i64) -> Result<Vec<Service>> {
    let deleted = services::table
        .filter(services::tenant_id.eq(scope.id().to_string()))
        .filter(services::status.eq(Status::Deleted.as_str()))
        .order(services::purge_at.asc())
        .limit(limit);
    let rows: Vec<Row> = reader.all(deleted)?;
    rows.into_iter().map(Service::try_from).collect()
}

/// What the list of services asks for.
#[derive(Clone, Debug, Default)]
pub struct ServiceQuery {
    pub search: String,
    pub status: Option<Status>,
    pub environment: Option<Environment>,
    pub sort: ServiceSort,
    pub descending: bool,
    pub offset: i64,
    pub limit: i64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ServiceSort {
    #[default]
    Name,
    Created,
}

/// A page of services with the number of their clients that are not deleted, and how many services match in all.
pub fn list(reader: &mut Reader<'_>, scope: TenantScope, query: &ServiceQuery) -> Result<(Vec<(Service, i64)>, i64)> {
    let (rows, total) = on_both!(reader.conn(), conn => {
        let matching = || {
            let mut wanted = services::table.filter(services::tenant_id.eq(scope.id().to_string())).into_boxed();
            if !query.search.is_empty() {
                let key = search_key(&query.search);
                wanted = wanted.filter(holds(services::name_key, &key).or(holds(services::domain, &key)));
            }
            if let Some(status) = query.status {
                wanted = wanted.filter(services::status.eq(status.as_str()));
            }
            if let Some(environment) = query.environment {
                wanted = wanted.filter(services::environment.eq(environment.as_str()));
            }
            wanted
        };
        let total: i64 = matching().count().get_result(conn)?;
        let page = matching().offset(query.offset).limit(query.limit);
        let page = match (query.sort, query.descending) {
            (ServiceSort::Name, false) => page.order((services::name_key.asc(), services::id.asc())),
            (ServiceSort::Name, true) => page.order((services::name_key.desc(), services::id.desc())),
            (ServiceSort::Created, false) => page.order((services::created_at.asc(), services::id.asc())),
            (ServiceSort::Created, true) => page.order((services::created_at.desc(), services::id.desc())),
        };
        (page.load::<Row>(conn)?, total)
    });
    if rows.is_empty() {
        return Ok((Vec::new(), total));
    }
    let ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    let counts = clients::table
        .filter(any_of(clients::service_id, ids))
        .filter(clients::status.ne(Status::Deleted.as_str()))
        .group_by(clients::service_id)
        .select((clients::service_id, diesel::dsl::count_star()));
    let counts: HashMap<String, i64> = reader.all::<_, (String, i64)>(counts)?.into_iter().collect();
    let listed = rows
        .into_iter()
        .map(|row| {
            let count = counts.get(&row.id).copied().unwrap_or(0);
            Ok((Service::try_from(row)?, count))
        })
        .collect::<Result<_>>()?;
    Ok((listed, total))
}

/// The names of services, for a filter.
pub fn names(reader: &mut Reader<'_>, scope: TenantScope, limit: i64) -> Result<Vec<(ServiceId, String)>> {
    let named = services::table
        .filter(services::tenant_id.eq(scope.id().to_string()))
        .order((services::name_key.asc(), services::id.asc()))
        .select((services::id, services::name))
        .limit(limit);
    let rows: Vec<(String, String)> = reader.all(named)?;
    rows.into_iter().map(|(id, name)| Ok((stored(&id, "service id")?, name))).collect()
}

/// The name of a service, if it is there.
pub fn name_of(reader: &mut Reader<'_>, scope: TenantScope, id: ServiceId) -> Result<Option<String>> {
    let named = services::table
        .find(id.to_string())
        .filter(services::tenant_id.eq(scope.id().to_string()))
        .select(services::name);
    let names: Vec<String> = reader.all(named)?;
    Ok(names.into_iter().next())
}

/// The names of the services that are in sandbox and not deleted.
pub fn in_sandbox(reader: &mut Reader<'_>, scope: TenantScope, limit: i64) -> Result<Vec<(ServiceId, String)>> {
    services::table
        .filter(services::tenant_id.eq(scope.id().to_string()))
        .filter(services::environment.eq(Environment::Sandbox.as_str()))
        .filter(services::status.ne(Status::Deleted.as_str()))
        .order((services::name_key.asc(), services::id.asc()))
        .select((services::id, services::name))
        .limit(limit)
        .load::<(String, String)>(reader.conn())?
        .into_iter()
        .map(|(id, name)| Ok((stored(&id, "service id")?, name)))
        .collect()
}

pub fn put_logo(writer: &mut Writer<'_>, id: ServiceId, content_type: &str, bytes: &[u8]) -> Result<()> {
    remove_logo(writer, id)?;
    diesel::insert_into(logos::table)
        .values((logos::service_id.eq(id.to_string()), logos::content_type.eq(content_type), logos::bytes.eq(bytes)))
        .execute(writer.conn())?;
    Ok(())
}

pub fn remove_logo(writer: &mut Writer<'_>, id: ServiceId) -> Result<()> {
    diesel::delete(logos::table.find(id.to_string())).execute(writer.conn())?;
    Ok(())
}

/// Content type and bytes.
pub fn logo(reader: &mut Reader<'_>, scope: TenantScope, id: ServiceId) -> Result<(String, Vec<u8>)> {
    Ok(logos::table
        .inner_join(services::table)
        .filter(services::tenant_id.eq(scope.id().to_string()))
        .filter(logos::service_id.eq(id.to_string()))
        .select((logos::content_type, logos::bytes))
        .first(reader.conn())?)
}

/// Deleted services of every tenant that are due for the purge, those first that are due longest.
pub fn due(reader: &mut Reader<'_>, now: Timestamp, limit: i64) -> Result<Vec<Service>> {
    services::table
        .filter(services::purge_at.le(now.micros()))
        .order(services::purge_at.asc())
        .limit(limit)
        .load::<Row>(reader.conn())?
        .into_iter()
        .map(Service::try_from)
        .collect()
}

/// Removes a service for good, if it is still due and has no clients left.
/// Answers whether it did: of two purges at once, one does.
pub fn remove(writer: &mut Writer<'_>, id: ServiceId, now: Timestamp) -> Result<bool> {
    let still_due = diesel::update(
        services::table.filter(services::id.eq(id.to_string())).filter(services::purge_at.le(now.micros())),
    )
    .set(services::version.eq(services::version))
    .execute(writer.conn())?;
    let left: i64 = clients::table.filter(clients::service_id.eq(id.to_string())).count().get_result(writer.conn())?;
    if still_due == 0 || left > 0 {
        return Ok(false);
    }
    remove_logo(writer, id)?;
    super::test_users::remove_of_service(writer, id)?;
    super::releases::remove_of_service(writer, id)?;
    let removed = diesel::delete(services::table.find(id.to_string())).execute(writer.conn())?;
    Ok(removed == 1)
}
