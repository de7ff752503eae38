//! The deployment's signing keys: made on first need, rotated, and kept at hand by each instance.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Map, Value};

use super::super::deployment::BY_COMMAND;
use super::super::{Error, Operations, Result, Target, Who, record};
use crate::clock::Timestamp;
use crate::crypto::signing::{PublicKey, SigningKey, Unverified};
use crate::db::signing_keys::StoredKey;
use crate::db::{self, Writer};
use crate::domain::audit::{AuditAction, Change};
use crate::domain::client::Signing;
use crate::domain::protocol::rotation::{self, PUBLISHED_AHEAD, Rotated};

/// What the key file seals private keys for.
const PURPOSE: &str = "signing keys";

/// How old an instance's copy of the keys may be when it signs.
const FRESH_ENOUGH: Duration = Duration::from_secs(60);
/// The same when somebody wants a key that the copy lacks, or the published keys: however many ask, the database is
/// asked once a second.
const JUST_READ: Duration = Duration::from_secs(1);

/// An instance's copy of the keys.
#[derive(Default)]
pub struct KeyRing(Mutex<Option<Arc<Ring>>>);

struct Ring {
    keys: Vec<Arc<Key>>,
    read_at: Timestamp,
}

/// A key, each half parsed once.
struct Key {
    stored: StoredKey,
    public: PublicKey,
    jwk: Value,
    /// `None` where another key file has sealed it.
    private: Option<SigningKey>,
}

impl Rotated for StoredKey {
    fn kid(&self) -> &str {
        &self.kid
    }

    fn algorithm(&self) -> Signing {
        self.algorithm
    }

    fn active_from(&self) -> Timestamp {
        self.active_from
    }
}

impl Rotated for Arc<Key> {
    fn kid(&self) -> &str {
        self.stored.kid()
    }

    fn algorithm(&self) -> Signing {
        self.stored.algorithm()
    }

    fn active_from(&self) -> Timestamp {
        self.stored.active_from()
    }
}

impl Ring {
    fn published(&self, now: Timestamp) -> impl Iterator<Item = &Arc<Key>> {
        self.keys.iter().filter(move |key| rotation::published_until(&self.keys, *key).is_none_or(|until| now < until))
    }
}

/// A token that one of the deployment's own keys has signed. It may have ended.
#[derive(Clone, Debug, PartialEq)]
pub struct OwnToken {
    pub typ: String,
    pub claims: Map<String, Value>,
}

/// How the keys before give way to new ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rotation {
    /// The new ones are published now and sign in an hour.
    Ahead,
    /// They sign at once: whoever keeps a copy of the published keys must read them again.
    AtOnce,
    /// The same, and those before are gone: no token that they have signed counts any more. An instance may take a
    /// minute to notice.
    Leaked,
}

/// A key as whoever runs the deployment sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedKey {
    pub kid: String,
    pub algorithm: Signing,
    pub created_at: Timestamp,
    pub active_from: Timestamp,
    pub published_until: Option<Timestamp>,
    pub stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    Waiting,
    Signing,
    Retired,
}

impl ListedKey {
    /// A line for the command line.
    pub fn in_words(&self) -> String {
        let from = self.active_from.readable();
        let does = match self.stage {
            Stage::Waiting => format!("published, signs from {from}"),
            Stage::Signing => format!("signs since {from}"),
            Stage::Retired => "published, signs no more".into(),
        };
        let until = self.published_until.map_or(String::new(), |until| format!(", goes after {}", until.readable()));
        format!("{} {}: {does}{until}", self.algorithm.as_str(), self.kid)
    }
}

impl Operations {
    /// Signs claims, as a compact JWS. Not for use within a transaction: it may need one of its own.
    pub fn sign(&self, algorithm: Signing, typ: &str, claims: &Map<String, Value>) -> Result<String> {
        let ring = self.ring(FRESH_ENOUGH)?;
        let active = rotation::active(&ring.keys, algorithm, self.now());
        let Some(key) = active.iter().find_map(|key| key.private.as_ref()) else {
            let fault = "no signing key was sealed with this key file; `keys rotate --now` makes new ones";
            return Err(Error::Db(db::Error::Bug(fault.into())));
        };
        Ok(key.sign(typ, claims))
    }

    /// Whether this instance has the key file of its database: signing keys are made where none are yet, and each that
    /// signs must have been sealed with it.
    pub fn has_the_key_file(&self) -> Result<bool> {
        let ring = self.read_keys()?;
        let signs = |algorithm: &Signing| {
            let active = rotation::active(&ring.keys, *algorithm, self.now());
            active.first().is_some_and(|key| key.private.is_some())
        };
        Ok(Signing::ALL.iter().all(signs))
    }

    /// Reads a token of this deployment: signed by one of the published keys, with that key's algorithm, and issued here.
    /// `None` for everything else. Whether it has ended is not asked.
    pub fn own_token(&self, token: &str) -> Result<Option<OwnToken>> {
        let Some(unverified) = Unverified::read(token) else { return Ok(None) };
        let kid = unverified.kid().to_owned();
        let find = |ring: &Ring| ring.published(self.now()).find(|key| key.stored.kid == kid).cloned();
        let key = match find(&*self.ring(FRESH_ENOUGH)?) {
            Some(key) => Some(key),
            None => find(&*self.ring(JUST_READ)?),
        };
        let Some(verified) = key.and_then(|key| unverified.verify(&key.public)) else { return Ok(None) };
        let ours = verified.claims.get("iss").and_then(Value::as_str) == Some(&self.rules.public_url);
        Ok(ours.then_some(OwnToken { typ: verified.typ, claims: verified.claims }))
    }

    /// The public keys, as JWKs: those that sign, those that will soon, and those whose last token may still be out.
    pub fn published_keys(&self) -> Result<Vec<Value>> {
        Ok(self.ring(JUST_READ)?.published(self.now()).map(|key| key.jwk.clone()).collect())
    }

    /// New keys, one per algorithm.
    pub fn rotate_signing_keys(&self, how: Rotation) -> Result<Vec<ListedKey>> {
        let now = self.now();
        let active_from = if how == Rotation::Ahead { now.plus(PUBLISHED_AHEAD) } else { now };
        let new: Vec<StoredKey> = Signing::ALL.iter().map(|algorithm| self.new_key(*algorithm, active_from)).collect();
        self.db.write(|writer| {
            let before = db::signing_keys::all(writer)?;
            let mut changes = Vec::new();
            if how == Rotation::Leaked {
                for key in &before {
                    db::signing_keys::remove(writer, &key.kid)?;
                }
            }
            for key in &new {
                db::signing_keys::insert(writer, key)?;
                changes.push(Change {
                    field: key.algorithm.as_str().into(),
                    before: rotation::active(&before, key.algorithm, now)
                        .first()
                        .map_or(String::new(), |key| key.kid.clone()),
                    after: format!("{}, signs from {}", key.kid, active_from.readable()),
                });
            }
            let tenant = db::tenants::operating(writer)?;
            let who = Who::Visitor { id: None, name: BY_COMMAND, address: "", tenant };
            let target = Target::Thing { kind: "deployment", id: self.rules.public_url.clone(), name: "this portal" };
            record(writer, now, who, AuditAction::SigningKeysRotated, &target, &changes)
        })?;
        self.read_keys()?;
        self.list_signing_keys()
    }

    /// All keys that are kept, the youngest first.
    pub fn list_signing_keys(&self) -> Result<Vec<ListedKey>> {
        let now = self.now();
        let keys = self.db.read(db::signing_keys::all)?;
        let stage = |key: &StoredKey| match rotation::active(&keys, key.algorithm, now).first() {
            Some(signing) if *signing == key => Stage::Signing,
            _ if key.active_from > now => Stage::Waiting,
            _ => Stage::Retired,
        };
        let listed = keys.iter().map(|key| ListedKey {
            kid: key.kid.clone(),
            algorithm: key.algorithm,
            created_at: key.created_at,
            active_from: key.active_from,
            published_until: rotation::published_until(&keys, key),
            stage: stage(key),
        });
        Ok(listed.collect())
    }

    /// The copy of the keys, read again if it is older than this.
    fn ring(&self, at_most: Duration) -> Result<Arc<Ring>> {
        let ring = self.key_ring.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let now = self.now();
        match ring {
            // A clock that was set back makes it as old as one that went on.
            Some(ring) if now.since(ring.read_at) < at_most && ring.read_at.since(now) < at_most => Ok(ring),
            _ => self.read_keys(),
        }
    }

    /// Reads the keys from the database. The first to come makes those that are missing.
    fn read_keys(&self) -> Result<Arc<Ring>> {
        let read_at = self.now();
        let mut stored = self.db.read(db::signing_keys::all)?;
        let missing = |stored: &[StoredKey], algorithm| rotation::active(stored, algorithm, self.now()).is_empty();
        for algorithm in
            Signing::ALL.iter().copied().filter(|algorithm| missing(&stored, *algorithm)).collect::<Vec<_>>()
        {
            let key = self.new_key(algorithm, read_at);
            stored = self.db.write(|writer| {
                // Several instances may start at once: whoever comes second finds what the first one has made.
                db::audit::lock(writer)?;
                let found = db::signing_keys::all(writer)?;
                if missing(&found, algorithm) {
                    db::signing_keys::insert(writer, &key)?;
                }
                db::signing_keys::all(writer)
            })?;
        }
        let mut kept = self.key_ring.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = kept.take();
        let parsed = |stored: StoredKey| {
            let known = known.iter().flat_map(|ring| &ring.keys).find(|key| key.stored == stored);
            known.map_or_else(|| self.parse_key(stored), |key| Ok(Arc::clone(key)))
        };
        let ring = Arc::new(Ring { keys: stored.into_iter().map(parsed).collect::<Result<_>>()?, read_at });
        *kept = Some(Arc::clone(&ring));
        Ok(ring)
    }

    fn parse_key(&self, stored: StoredKey) -> Result<Arc<Key>> {
        let unreadable = || Error::Db(db::Error::Bug("the database holds an unreadable signing key".into()));
        let jwk: Value = serde_json::from_str(&stored.public_jwk).map_err(|_| unreadable())?;
        let public = PublicKey::from_jwk(&jwk).map_err(|_| unreadable())?;
        let private = self.keys.open(PURPOSE, &stored.sealed_private);
        let private = private.and_then(|bytes| SigningKey::from_pkcs8(stored.algorithm, &bytes));
        let private = private.filter(|private| private.kid() == public.thumbprint());
        if private.is_none() {
            tracing::error!(kid = stored.kid, "a signing key was not sealed with this key file: it signs nothing");
        }
        Ok(Arc::new(Key { stored, public, jwk, private }))
    }

    fn new_key(&self, algorithm: Signing, active_from: Timestamp) -> StoredKey {
        let key = SigningKey::generate(algorithm);
        StoredKey {
            kid: key.kid().to_owned(),
            algorithm,
            sealed_private: self.keys.seal(PURPOSE, &key.to_pkcs8()),
            public_jwk: key.public_jwk().to_string(),
            created_at: self.now(),
            active_from,
        }
    }
}

/// Removes the keys whose last token has ended.
pub(in crate::operations) fn remove_retired_keys(writer: &mut Writer<'_>, now: Timestamp) -> db::Result<usize> {
    let keys = db::signing_keys::all(writer)?;
    let is_over = |key: &&StoredKey| rotation::published_until(&keys, key).is_some_and(|until| until <= now);
    let over: Vec<&StoredKey> = keys.iter().filter(is_over).collect();
    for key in &over {
        db::signing_keys::remove(writer, &key.kid)?;
    }
    Ok(over.len())
}
