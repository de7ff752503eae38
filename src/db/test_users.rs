//! Who may sign in through a service's clients while it is in sandbox.

use diesel::prelude::*;

use super::connection::{Reader, Writer};
use super::error::Result;
use super::schema::{services, test_users};
use super::{known, stored};
use crate::access::TenantScope;
use crate::clock::Timestamp;
use crate::domain::id::{ServiceId, TestUserId};
use crate::domain::text::Email;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestUser {
    pub id: TestUserId,
    pub email: Email,
    pub added_by: String,
    pub created_at: Timestamp,
}

/// Whether the person with this address is one of a service's test users.
pub fn includes(reader: &mut Reader<'_>, service: ServiceId, email_key: &str) -> Result<bool> {
    let own = test_users::table
        .filter(test_users::service_id.eq(service.to_string()))
        .filter(test_users::email_key.eq(email_key));
    let count: i64 = reader.one(own.count())?;
    Ok(count == 1)
}

/// The test users of a service by address.
pub fn of_service(reader: &mut Reader<'_>, scope: TenantScope, service: ServiceId) -> Result<Vec<TestUser>> {
    let own = test_users::table
        .inner_join(services::table)
        .filter(test_users::service_id.eq(service.to_string()))
        .filter(services::tenant_id.eq(scope.id().to_string()))
        .order(test_users::email_key.asc())
        .select((test_users::id, test_users::email, test_users::added_by, test_users::created_at));
    let rows: Vec<(String, String, String, i64)> = reader.all(own)?;
    rows.into_iter()
        .map(|(id, email, added_by, created_at)| {
            Ok(TestUser {
                id: stored(&id, "test user id")?,
                email: known(Email::parse(&email).ok(), "e-mail address")?,
                added_by,
                created_at: Timestamp::from_micros(created_at),
            })
        })
        .collect()
}

/// The caller has locked the service and knows that the address is not there yet.
pub fn insert(writer: &mut Writer<'_>, service: ServiceId, user: &TestUser) -> Result<()> {
    diesel::insert_into(test_users::table)
        .values((
            test_users::id.eq(user.id.to_string()),
            test_users::service_id.eq(service.to_string()),
            test_users::email.eq(user.email.as_str()),
            test_users::email_key.eq(user.email.key()),
            test_users::added_by.eq(&user.added_by),
            test_users::created_at.eq(user.created_at.micros()),
        ))
        .execute(writer.conn())?;
    Ok(())
}

/// Answers whether there was one.
pub fn remove(writer: &mut Writer<'_>, service: ServiceId, id: TestUserId) -> Result<bool> {
    let removed = diesel::delete(
        test_users::table
            .filter(test_users::id.eq(id.to_string()))
            .filter(test_users::service_id.eq(service.to_string())),
    )
    .execute(writer.conn())?;
    Ok(removed == 1)
}

pub(super) fn remove_of_service(writer: &mut Writer<'_>, service: ServiceId) -> Result<()> {
    diesel::delete(test_users::table.filter(test_users::service_id.eq(service.to_string()))).execute(writer.conn())?;
    Ok(())
}
