//! Sessions in the database: what actix-session needs to keep them there, and what the portal keeps in them.
//! The cookie holds a random key, the database its SHA-256. Idle sessions end, and all end some day.

use std::collections::HashMap;
use std::sync::Arc;

use actix_session::config::{CookieContentSecurity, PersistentSession};
use actix_session::storage::{LoadError, SaveError, SessionKey, SessionStore, UpdateError};
use actix_session::{Session, SessionMiddleware};
use actix_web::cookie::SameSite;
use actix_web::cookie::time::Duration as CookieDuration;
use actix_web::web;

use super::{PageError, Portal};
use crate::clock::Timestamp;
use crate::crypto::random;
use crate::domain::id::{AccountId, SessionId, TenantId};
use crate::operations::Operations;
pub use crate::operations::sessions::IDLE_FOR;

/// What a session knows of its person. Stored as JSON strings under these keys.
#[derive(Clone, Debug)]
pub struct Identity {
    pub session: Option<SessionId>,
    pub account: AccountId,
    pub tenant: Option<TenantId>,
    pub password_at: Timestamp,
}

const ACCOUNT: &str = "account";
const TENANT: &str = "tenant";
const PASSWORD_AT: &str = "password_at";
const BEGUN_AT: &str = "begun_at";
const ADDRESS: &str = "address";
const USER_AGENT: &str = "user_agent";
/// Filled in when a session is loaded, for the list of one's own sessions.
const SESSION: &str = "session";

impl Identity {
    pub fn of(session: &Session) -> Option<Self> {
        let text = |key| session.get::<String>(key).ok().flatten();
        Some(Self {
            session: text(SESSION).and_then(|id| id.parse().ok()),
            account: text(ACCOUNT)?.parse().ok()?,
            tenant: text(TENANT).and_then(|id| id.parse().ok()),
            password_at: Timestamp::from_micros(session.get::<i64>(PASSWORD_AT).ok().flatten()?),
        })
    }

    /// Begins a session at sign-in, under a new id.
    pub fn begin(
        session: &Session,
        account: AccountId,
        now: Timestamp,
        address: &str,
        user_agent: &str,
    ) -> Result<(), PageError> {
        let fault = |_| PageError::Bug("a session can't be written".into());
        session.clear();
        session.renew();
        session.insert(ACCOUNT, account.to_string()).map_err(fault)?;
        session.insert(PASSWORD_AT, now.micros()).map_err(fault)?;
        session.insert(BEGUN_AT, now.micros()).map_err(fault)?;
        session.insert(ADDRESS, address).map_err(fault)?;
        session.insert(USER_AGENT, user_agent.chars().take(200).collect::<String>()).map_err(fault)
    }

    /// From the next request on the session is in this company. Another right needs another id.
    pub fn go_to_company(session: &Session, tenant: TenantId) -> Result<(), PageError> {
        session.insert(TENANT, tenant.to_string()).map_err(|_| PageError::Bug("a session can't be written".into()))?;
        session.renew();
        Ok(())
    }

    /// From the next request on the session is in whichever company the person joined first.
    pub fn forget_company(session: &Session) {
        session.remove(TENANT);
    }

    /// Notes that the password was given, and gives the session a new id.
    pub fn confirmed_at(&self, session: &Session, now: Timestamp) -> Result<(), PageError> {
        session.insert(PASSWORD_AT, now.micros()).map_err(|_| PageError::Bug("a session can't be written".into()))?;
        session.renew();
        Ok(())
    }
}

/// The middleware that loads and stores sessions.
pub fn session_middleware(portal: &Portal) -> SessionMiddleware<DatabaseSessions> {
    let https = portal.site.is_https();
    SessionMiddleware::builder(DatabaseSessions(Arc::clone(&portal.operations)), portal.cookie_key.clone())
        // `__Host-` ties the cookie to this host and https; browsers refuse the name on plain http, which is for loopback.
        .cookie_name(if https { "__Host-keywright".into() } else { "keywright".into() })
        .cookie_secure(https)
        .cookie_http_only(true)
        .cookie_same_site(SameSite::Lax)
        .cookie_content_security(CookieContentSecurity::Signed)
        .session_lifecycle(
            PersistentSession::default()
                .session_ttl(CookieDuration::seconds(crate::operations::sessions::LASTS_AT_MOST.as_secs() as i64)),
        )
        .build()
}

/// Keeps sessions through the operations.
pub struct DatabaseSessions(Arc<Operations>);

type State = HashMap<String, String>;

async fn blocking<T: Send + 'static>(
    operations: &Arc<Operations>,
    work: impl FnOnce(&Operations) -> crate::operations::Result<T> + Send + 'static,
) -> Result<T, anyhow::Error> {
    let operations = Arc::clone(operations);
    Ok(web::block(move || work(&operations)).await??)
}

impl SessionStore for DatabaseSessions {
    async fn load(&self, key: &SessionKey) -> Result<Option<State>, LoadError> {
        let key = key.as_ref().to_owned();
        let found =
            blocking(&self.0, move |operations| operations.load_session(&key)).await.map_err(LoadError::Other)?;
        let Some((id, text)) = found else { return Ok(None) };
        let mut state: State = serde_json::from_str(&text).map_err(|error| LoadError::Deserialization(error.into()))?;
        state.insert(SESSION.into(), format!("\"{id}\""));
        Ok(Some(state))
    }

    async fn save(&self, state: State, _: &CookieDuration) -> Result<SessionKey, SaveError> {
        let key = random::token();
        let stored = key.clone();
        blocking(&self.0, move |operations| {
            let text = |name: &str| {
                state.get(name).and_then(|json| serde_json::from_str::<String>(json).ok()).unwrap_or_default()
            };
            let begun_at = state
                .get(BEGUN_AT)
                .and_then(|micros| micros.parse().ok())
                .map_or_else(|| operations.now(), Timestamp::from_micros);
            operations.begin_session(
                &stored,
                text(ACCOUNT).parse().ok(),
                &to_json(&state),
                &text(ADDRESS),
                &text(USER_AGENT),
                begun_at,
            )
        })
        .await
        .map_err(SaveError::Other)?;
        SessionKey::try_from(key).map_err(|error| SaveError::Other(error.into()))
    }

    async fn update(&self, key: SessionKey, state: State, _: &CookieDuration) -> Result<SessionKey, UpdateError> {
        let stored = key.as_ref().to_owned();
        // No row means that the session was ended meanwhile: it must not come back.
        blocking(&self.0, move |operations| operations.update_session(&stored, &to_json(&state)))
            .await
            .map_err(UpdateError::Other)?;
        Ok(key)
    }

    async fn update_ttl(&self, _: &SessionKey, _: &CookieDuration) -> Result<(), anyhow::Error> {
        // Loading a session notes that it was seen.
        Ok(())
    }

    async fn delete(&self, key: &SessionKey) -> Result<(), anyhow::Error> {
        let key = key.as_ref().to_owned();
        blocking(&self.0, move |operations| operations.end_session(&key)).await
    }
}

fn to_json(state: &State) -> String {
    let kept: HashMap<&String, &String> = state.iter().filter(|(key, _)| key.as_str() != SESSION).collect();
    serde_json::to_string(&kept).unwrap_or_else(|_| "{}".into())
}
