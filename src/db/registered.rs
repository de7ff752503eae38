//! Clients as the protocol endpoints find them: by `client_id` or by what was issued to them, whosesoever they are.

use diesel::prelude::*;

use super::connection::Reader;
use super::error::Result;
use super::schema::{clients, services, tenants};
use super::{clients as client_rows, services as service_rows, stored, tenants as tenant_rows};
use crate::domain::id::TenantId;
use crate::domain::protocol::registered::Registered;

type Row = (client_rows::Row, service_rows::Row, tenant_rows::Row);

fn registered((client, service, tenant): Row) -> Result<Registered> {
    Ok(Registered { client: client.try_into()?, service: service.try_into()?, tenant: tenant.try_into()? })
}

/// The client that has this `client_id`. One statement.
pub fn by_client_id(reader: &mut Reader<'_>, client_id: &str) -> Result<Option<Registered>> {
    // No identifier has one, and PostgreSQL would take the question for a fault.
    if client_id.contains('\0') {
        return Ok(None);
    }
    let wanted = clients::table
        .inner_join(services::table.inner_join(tenants::table))
        .filter(clients::client_id.eq(client_id))
        .select((clients::all_columns, services::all_columns, tenants::all_columns));
    let found: Option<Row> = reader.one(wanted).optional()?;
    found.map(registered).transpose()
}

/// The tenant whose prefix a `client_id` has, even if there is no such client: its developers mistyped it.
pub fn tenant_of_prefix(reader: &mut Reader<'_>, client_id: &str) -> Result<Option<TenantId>> {
    let prefix = client_id.split('.').next().unwrap_or_default();
    if prefix.contains('\0') {
        return Ok(None);
    }
    let found: Option<String> = tenants::table
        .filter(tenants::client_id_prefix.eq(prefix))
        .select(tenants::id)
        .first(reader.conn())
        .optional()?;
    found.map(|id| stored(&id, "tenant id")).transpose()
}
