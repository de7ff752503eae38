//! Initial access tokens and the tokens of registered clients, by their hashes.

use diesel::prelude::*;

use super::connection::{Reader, Writer};
use super::error::{Error, Result};
use super::schema::{clients, registered_clients, registration_tokens, services};
use super::stored;
use crate::access::TenantScope;
use crate::clock::Timestamp;
use crate::domain::id::{ClientUid, RegistrationTokenId};
use crate::domain::registration_token::{RegisteredClient, RegistrationToken};

#[derive(Queryable, Insertable)]
#[diesel(table_name = registration_tokens)]
struct Row {
    id: String,
    tenant_id: String,
    service_id: String,
    description: String,
    token_hash: String,
    issued_by: String,
    issued_by_name: String,
    created_at: i64,
    expires_at: i64,
    last_used_at: Option<i64>,
}

impl TryFrom<Row> for RegistrationToken {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: stored(&row.id, "registration token id")?,
            tenant_id: stored(&row.tenant_id, "tenant id")?,
            service_id: stored(&row.service_id, "service id")?,
            description: row.description,
            issued_by: stored(&row.issued_by, "account id")?,
            issued_by_name: row.issued_by_name,
            created_at: Timestamp::from_micros(row.created_at),
            expires_at: Timestamp::from_micros(row.expires_at),
            last_used_at: row.last_used_at.map(Timestamp::from_micros),
        })
    }
}

/// The caller has locked the tenant.
pub fn insert(writer: &mut Writer<'_>, token: &RegistrationToken, hash: &str) -> Result<()> {
    let row = Row {
        id: token.id.to_string(),
        tenant_id: token.tenant_id.to_string(),
        service_id: token.service_id.to_string(),
        description: token.description.clone(),
        token_hash: hash.to_owned(),
        issued_by: token.issued_by.to_string(),
        issued_by_name: token.issued_by_name.clone(),
        created_at: token.created_at.micros(),
        expires_at: token.expires_at.micros(),
        last_used_at: token.last_used_at.map(Timestamp::micros),
    };
    diesel::insert_into(registration_tokens::table).values(row).execute(writer.conn())?;
    Ok(())
}

/// A tenant's tokens with the names of their services, newest first.
pub fn of_tenant(reader: &mut Reader<'_>, scope: TenantScope) -> Result<Vec<(RegistrationToken, String)>> {
    registration_tokens::table
        .inner_join(services::table)
        .filter(registration_tokens::tenant_id.eq(scope.id().to_string()))
        .order((registration_tokens::created_at.desc(), registration_tokens::id.desc()))
        .select((registration_tokens::all_columns, services::name))
        .load::<(Row, String)>(reader.conn())?
        .into_iter()
        .map(|(row, service)| Ok((row.try_into()?, service)))
        .collect()
}

pub fn count(reader: &mut Reader<'_>, scope: TenantScope) -> Result<usize> {
    let mine = registration_tokens::table.filter(registration_tokens::tenant_id.eq(scope.id().to_string()));
    let count: i64 = mine.count().get_result(reader.conn())?;
    Ok(usize::try_from(count).unwrap_or(usize::MAX))
}

pub fn find(reader: &mut Reader<'_>, scope: TenantScope, id: RegistrationTokenId) -> Result<RegistrationToken> {
    registration_tokens::table
        .find(id.to_string())
        .filter(registration_tokens::tenant_id.eq(scope.id().to_string()))
        .first::<Row>(reader.conn())?
        .try_into()
}

pub fn by_hash(reader: &mut Reader<'_>, hash: &str) -> Result<Option<RegistrationToken>> {
    let found: Option<Row> =
        registration_tokens::table.filter(registration_tokens::token_hash.eq(hash)).first(reader.conn()).optional()?;
    found.map(TryInto::try_into).transpose()
}

/// Answers whether the token is still there.
pub fn note_use(writer: &mut Writer<'_>, id: RegistrationTokenId, at: Timestamp) -> Result<bool> {
    let noted = diesel::update(registration_tokens::table.find(id.to_string()))
        .set(registration_tokens::last_used_at.eq(Some(at.micros())))
        .execute(writer.conn())?;
    Ok(noted == 1)
}

/// Answers whether there was one.
pub fn remove(writer: &mut Writer<'_>, id: RegistrationTokenId) -> Result<bool> {
    Ok(diesel::delete(registration_tokens::table.find(id.to_string())).execute(writer.conn())? == 1)
}

pub fn insert_client(writer: &mut Writer<'_>, client: &RegisteredClient, hash: &str) -> Result<()> {
    diesel::insert_into(registered_clients::table)
        .values((
            registered_clients::client_uid.eq(client.client.to_string()),
            registered_clients::token_hash.eq(hash),
            registered_clients::registered_with.eq(&client.registered_with),
            registered_clients::issued_by.eq(client.issued_by.to_string()),
            registered_clients::auth_method.eq(&client.auth_method),
            registered_clients::application_type.eq(&client.application_type),
        ))
        .execute(writer.conn())?;
    Ok(())
}

/// The client that a token manages.
pub fn client_by_hash(reader: &mut Reader<'_>, hash: &str) -> Result<Option<RegisteredClient>> {
    let found: Option<(String, String, String, String, String, String)> = registered_clients::table
        .inner_join(clients::table)
        .filter(registered_clients::token_hash.eq(hash))
        .select((
            registered_clients::client_uid,
            clients::tenant_id,
            registered_clients::registered_with,
            registered_clients::issued_by,
            registered_clients::auth_method,
            registered_clients::application_type,
        ))
        .first(reader.conn())
        .optional()?;
    found
        .map(|(client, tenant, registered_with, issued_by, auth_method, application_type)| {
            Ok(RegisteredClient {
                client: stored(&client, "client uid")?,
                tenant: stored(&tenant, "tenant id")?,
                registered_with,
                issued_by: stored(&issued_by, "account id")?,
                auth_method,
                application_type,
            })
        })
        .transpose()
}

/// Whether a registration access token manages the client.
pub fn is_managed(reader: &mut Reader<'_>, client: ClientUid) -> Result<bool> {
    let found = registered_clients::table.find(client.to_string()).count().get_result::<i64>(reader.conn())?;
    Ok(found > 0)
}

/// Takes the client's registration access token away. Answers whether there was one.
pub fn remove_client(writer: &mut Writer<'_>, client: ClientUid) -> Result<bool> {
    Ok(diesel::delete(registered_clients::table.find(client.to_string())).execute(writer.conn())? == 1)
}

/// What a client says of itself has changed.
pub fn update_client(writer: &mut Writer<'_>, client: &RegisteredClient) -> Result<()> {
    diesel::update(registered_clients::table.find(client.client.to_string()))
        .set((
            registered_clients::auth_method.eq(&client.auth_method),
            registered_clients::application_type.eq(&client.application_type),
        ))
        .execute(writer.conn())?;
    Ok(())
}
