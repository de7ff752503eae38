//! Clients in lists: a service's, and those that a tenant searches, filters and sorts, with their marks of last use.

use std::collections::HashMap;

use diesel::define_sql_function;
use diesel::dsl::auto_type;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable};

use super::any_of::any_of;
use super::clients::words;
use super::connection::{Reader, on_both};
use super::error::{Error, Result};
use super::holds::holds;
use super::schema::{client_last_uses, clients, services};
use super::search_key::SearchKey;
use super::services::state;
use super::{from_json_list, known, stored};
use crate::access::TenantScope;
use crate::clock::Timestamp;
use crate::domain::client::{ClientType, GrantType, ListedClient};
use crate::domain::client_id::ClientId;
use crate::domain::id::ServiceId;
use crate::domain::lifecycle::{State, Status};
use crate::domain::service::Environment;
use crate::domain::text::search_key;

/// Whether a mark of last use is a client's.
#[auto_type]
pub(super) fn mark_of_client() -> _ {
    client_last_uses::tenant_id.eq(clients::tenant_id).and(client_last_uses::client_uid.eq(clients::uid))
}

/// What lists show of a client: less than half of its columns, for a page reads some dozen rows of them.
#[derive(Queryable)]
struct ListedRow {
    uid: String,
    service_id: String,
    client_id: String,
    client_type: String,
    name: String,
    grant_types: String,
    redirect_urls: String,
    scopes: String,
    default_purpose: Option<String>,
    status: String,
    deleted_at: Option<i64>,
    purge_at: Option<i64>,
    status_before_deletion: Option<String>,
    created_at: i64,
    last_used_at: Option<i64>,
}

#[auto_type]
fn listed_columns() -> _ {
    (
        clients::uid,
        clients::service_id,
        clients::client_id,
        clients::client_type,
        clients::name,
        clients::grant_types,
        clients::redirect_urls,
        clients::scopes,
        clients::default_purpose,
        clients::status,
        clients::deleted_at,
        clients::purge_at,
        clients::status_before_deletion,
        clients::created_at,
        client_last_uses::at.nullable(),
    )
}

impl TryFrom<ListedRow> for ListedClient {
    type Error = Error;

    fn try_from(row: ListedRow) -> Result<Self> {
        Ok(Self {
            uid: stored(&row.uid, "client uid")?,
            service_id: stored(&row.service_id, "service id")?,
            client_id: ClientId::stored(row.client_id),
            client_type: known(ClientType::parse(&row.client_type), "client type")?,
            name: row.name,
            grants: words(&row.grant_types, GrantType::parse, "grant type")?,
            redirect_urls: from_json_list(&row.redirect_urls)?,
            scopes: from_json_list(&row.scopes)?,
            default_purpose: row.default_purpose,
            state: state(&row.status, row.deleted_at, row.purge_at, row.status_before_deletion.as_deref())?,
            created_at: Timestamp::from_micros(row.created_at),
            last_used_at: row.last_used_at.map(Timestamp::from_micros),
        })
    }
}

/// A service's clients by name; at most `limit`, with how many there are in all.
pub fn of_service(
    reader: &mut Reader<'_>,
    scope: TenantScope,
    service: ServiceId,
    limit: i64,
) -> Result<(Vec<ListedClient>, i64)> {
    let mine = || {
        clients::table
            .filter(clients::service_id.eq(service.to_string()))
            .filter(clients::tenant_id.eq(scope.id().to_string()))
    };
    let with_marks = mine().left_join(client_last_uses::table.on(mark_of_client()));
    let by_name = with_marks.order((clients::name_key.asc(), clients::uid.asc())).limit(limit);
    let rows: Vec<ListedRow> = reader.all(by_name.select(listed_columns()))?;
    let read = rows.len() as i64;
    let total = if read < limit { read } else { reader.one(mine().count())? };
    Ok((rows.into_iter().map(ListedClient::try_from).collect::<Result<_>>()?, total))
}

/// What the list of clients asks for.
#[derive(Clone, Debug, Default)]
pub struct ClientQuery {
    pub search: String,
    pub client_type: Option<ClientType>,
    pub status: Option<Status>,
    pub environment: Option<Environment>,
    pub service: Option<ServiceId>,
    pub sort: ClientSort,
    pub descending: bool,
    pub offset: i64,
    pub limit: i64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClientSort {
    #[default]
    Name,
    Created,
    LastUsed,
}

/// A client with what the list shows of its service.
pub struct WithService {
    pub client: ListedClient,
    pub service_name: String,
    pub service_state: State,
    pub environment: Environment,
}

/// A page of the tenant's clients and how many match in all.
pub fn list(reader: &mut Reader<'_>, scope: TenantScope, query: &ClientQuery) -> Result<(Vec<WithService>, i64)> {
    let (keys, total) = page_of_keys(reader, scope, query)?;
    if keys.is_empty() {
        return Ok((Vec::new(), total));
    }
    let named = clients::table
        .inner_join(services::table)
        .left_join(client_last_uses::table.on(mark_of_client()))
        .filter(clients::tenant_id.eq(scope.id().to_string()))
        .filter(any_of(SearchKey, &keys))
        .select((
            SearchKey,
            listed_columns(),
            (services::name, services::environment),
            (services::status, services::deleted_at, services::purge_at, services::status_before_deletion),
        ));
    type ServiceState = (String, Option<i64>, Option<i64>, Option<String>);
    let rows: Vec<(String, ListedRow, (String, String), ServiceState)> = reader.all(named)?;
    let mut found: HashMap<String, WithService> = HashMap::new();
    for (key, client, (service_name, environment), (status, deleted_at, purge_at, before)) in rows {
        let listed = WithService {
            client: client.try_into()?,
            service_name,
            service_state: state(&status, deleted_at, purge_at, before.as_deref())?,
            environment: known(Environment::parse(&environment), "environment")?,
        };
        found.insert(key, listed);
    }
    Ok((keys.iter().filter_map(|key| found.remove(key)).collect(), total))
}

define_sql_function! {
    fn coalesce(mark: Nullable<BigInt>, otherwise: BigInt) -> BigInt;
}

/// When a client was last used; those that never were come before all others.
#[auto_type]
fn last_use() -> _ {
    coalesce(client_last_uses::at.nullable(), 0_i64)
}

/// Of the tenant's clients, or these joined with others, those that match.
macro_rules! matching {
    ($from:expr, $tenant:expr, $query:expr) => {{
        let own_services = || services::table.filter(services::tenant_id.eq($tenant)).select(services::id);
        let mut wanted = $from.filter(clients::tenant_id.eq($tenant)).into_boxed();
        if !$query.search.is_empty() {
            let key = search_key(&$query.search);
            let by_name_or_suffix = holds(SearchKey, &key);
            wanted = match ClientId::beginning_of_suffix(&key) {
                None => wanted.filter(by_name_or_suffix),
                Some(suffix) => {
                    let begins = SearchKey.like(format!("%\n{suffix}%"));
                    wanted.filter(by_name_or_suffix.or(begins.and(holds(clients::client_id, &key))))
                }
            };
        }
        if let Some(client_type) = $query.client_type {
            wanted = wanted.filter(clients::client_type.eq(client_type.as_str()));
        }
        // The status filter means what the status column shows: the worse of client and service.
        let with =
            |status: &'static str| clients::service_id.eq_any(own_services().filter(services::status.eq(status)));
        wanted = match $query.status {
            None => wanted,
            Some(Status::Active) => wanted.filter(clients::status.eq("active")).filter(with("active")),
            Some(Status::Inactive) => wanted
                .filter(clients::status.ne("deleted"))
                .filter(with("active").or(with("inactive")))
                .filter(clients::status.eq("inactive").or(with("inactive"))),
            Some(Status::Deleted) => wanted.filter(clients::status.eq("deleted").or(with("deleted"))),
        };
        if let Some(environment) = $query.environment {
            let there = own_services().filter(services::environment.eq(environment.as_str()));
            wanted = wanted.filter(clients::service_id.eq_any(there));
        }
        if let Some(service) = $query.service {
            wanted = wanted.filter(clients::service_id.eq(service.to_string()));
        }
        wanted
    }};
}

/// The search keys of a page's clients in their order, and how many match in all. Of very many clients nothing is read but
/// one index, `clients_of_tenant_by_name`: a search looks at each of them. Their marks are joined only where these order
/// them: PostgreSQL takes a join away that nothing wants, and reads the table all the same.
fn page_of_keys(reader: &mut Reader<'_>, scope: TenantScope, query: &ClientQuery) -> Result<(Vec<String>, i64)> {
    let tenant = scope.id().to_string();
    on_both!(reader.conn(), conn => {
        let matching = || matching!(clients::table, &tenant, query);
        let marked = || matching!(clients::table.left_join(client_last_uses::table.on(mark_of_client())), &tenant, query);
        macro_rules! page {
            ($matching:expr, $order:expr) => {{
                let page = $matching.order($order).offset(query.offset).limit(query.limit);
                page.select(SearchKey).load(conn)?
            }};
        }
        let keys: Vec<String> = match (query.sort, query.descending) {
            (ClientSort::Name, false) => page!(matching(), SearchKey.asc()),
            (ClientSort::Name, true) => page!(matching(), SearchKey.desc()),
            (ClientSort::Created, false) => page!(matching(), (clients::created_at.asc(), clients::uid.asc())),
            (ClientSort::Created, true) => page!(matching(), (clients::created_at.desc(), clients::uid.desc())),
            (ClientSort::LastUsed, false) => page!(marked(), (last_use().asc(), clients::uid.asc())),
            (ClientSort::LastUsed, true) => page!(marked(), (last_use().desc(), clients::uid.desc())),
        };
        let found = i64::try_from(keys.len()).unwrap_or(i64::MAX);
        // A page with room left says itself how many there are. A search that finds little has looked at every client for it.
        let is_last = found < query.limit && (found > 0 || query.offset == 0);
        let total = match is_last {
            true => query.offset + found,
            false => matching().count().get_result(conn)?,
        };
        Ok((keys, total))
    })
}
