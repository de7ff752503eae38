//! The deployment's keys that sign tokens. The private halves are sealed before they come here.

use diesel::prelude::*;

use super::connection::{Reader, Writer};
use super::error::{Error, Result};
use super::known;
use super::schema::signing_keys;
use crate::clock::Timestamp;
use crate::domain::client::Signing;

/// A key, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredKey {
    /// The thumbprint of its public half.
    pub kid: String,
    pub algorithm: Signing,
    pub sealed_private: Vec<u8>,
    /// As it is published.
    pub public_jwk: String,
    pub created_at: Timestamp,
    /// Signs from then on, until a younger one of its algorithm does.
    pub active_from: Timestamp,
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = signing_keys)]
struct Row {
    kid: String,
    algorithm: String,
    sealed_private: Vec<u8>,
    public_jwk: String,
    created_at: i64,
    active_from: i64,
}

impl TryFrom<Row> for StoredKey {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            kid: row.kid,
            algorithm: known(Signing::parse(&row.algorithm), "signing")?,
            sealed_private: row.sealed_private,
            public_jwk: row.public_jwk,
            created_at: Timestamp::from_micros(row.created_at),
            active_from: Timestamp::from_micros(row.active_from),
        })
    }
}

/// All of them, the youngest first.
pub fn all(reader: &mut Reader<'_>) -> Result<Vec<StoredKey>> {
    let rows: Vec<Row> =
        signing_keys::table.order((signing_keys::active_from.desc(), signing_keys::kid.asc())).load(reader.conn())?;
    rows.into_iter().map(StoredKey::try_from).collect()
}

pub fn insert(writer: &mut Writer<'_>, key: &StoredKey) -> Result<()> {
    let row = Row {
        kid: key.kid.clone(),
        algorithm: key.algorithm.as_str().to_owned(),
        sealed_private: key.sealed_private.clone(),
        public_jwk: key.public_jwk.clone(),
        created_at: key.created_at.micros(),
        active_from: key.active_from.micros(),
    };
    diesel::insert_into(signing_keys::table).values(row).execute(writer.conn())?;
    Ok(())
}

pub fn remove(writer: &mut Writer<'_>, kid: &str) -> Result<()> {
    diesel::delete(signing_keys::table.find(kid)).execute(writer.conn())?;
    Ok(())
}
