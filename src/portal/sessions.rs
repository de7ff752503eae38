//! Sessions in the database: what actix-session needs to keep them there, and what the portal keeps in them.
//! The cookie holds a random key, the database its SHA-256. Idle sessions end, and all end some day.
//!
//! For actix-session a request has a session as soon as its cookie carries a key of ours; it knows of it nothing but the
//! key, and what is changed. Who needs to know whose session it is reads that: a page together with everything else that
//! it reads, a form before it is taken.

use std::collections::HashMap;
use std::sync::Arc;

use actix_session::config::{CookieContentSecurity, PersistentSession};
use actix_session::storage::{LoadError, SaveError, SessionKey, SessionStore, UpdateError};
use actix_session::{Session, SessionExt, SessionMiddleware};
use actix_web::body::MessageBody;
use actix_web::cookie::SameSite;
use actix_web::cookie::time::Duration as CookieDuration;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpRequest, web};

use super::{PageError, Portal};
use crate::clock::Timestamp;
use crate::crowd::off_the_async_threads;
use crate::crypto::random;
use crate::domain::id::{AccountId, SessionId, TenantId};
use crate::domain::tenant::SessionLengths;
use crate::operations::sessions::SessionState;
use crate::operations::{self, Operations};

/// What a session knows of its person. Stored as JSON strings under these keys.
#[derive(Clone, Copy, Debug)]
pub struct Identity {
    pub session: SessionId,
    pub account: AccountId,
    pub tenant: Option<TenantId>,
    /// When the password was last given.
    pub password_at: Timestamp,
    /// When the person signed in, with all that their account asks for.
    pub signed_in_at: Timestamp,
    /// They signed in by their password, and not by the word of another provider.
    pub by_password: bool,
}

/// What somebody has proved at sign-in.
#[derive(Clone, Copy, Debug)]
pub struct Proof {
    pub at: Timestamp,
    /// They gave their password, and not the word of another provider. Only a password counts for sensitive acts.
    pub by_password: bool,
}

const ACCOUNT: &str = "account";
const TENANT: &str = "tenant";
const PASSWORD_AT: &str = "password_at";
const SIGNED_IN_AT: &str = "signed_in_at";
const BY_PASSWORD: &str = "by_password";
const BEGUN_AT: &str = "begun_at";
const ADDRESS: &str = "address";
const USER_AGENT: &str = "user_agent";
/// The key that the cookie carries. Never stored.
const KEY: &str = "key";
/// Asks the store for a new key under which the session goes on.
const NEW_KEY: &str = "new_key";

/// What the cookie of a request claims: a session that may have ended.
#[derive(Clone)]
pub struct Claimed(String);

impl Claimed {
    pub fn by(session: &Session) -> Option<Self> {
        session.get(KEY).ok().flatten().map(Self)
    }

    /// Whose session it is, if it has not ended. Blocks.
    fn identity(&self, operations: &Operations) -> operations::Result<Option<Identity>> {
        let found = operations.load_session(&self.0)?;
        Ok(found.and_then(|found| Identity::of(&found)))
    }

    pub fn key(&self) -> &str {
        &self.0
    }
}

/// Whose session a request is in, as far as that was read before its handler.
#[derive(Clone, Copy)]
pub struct Known(pub Option<Identity>);

/// Around the portal's pages: who sends a form is known before the form is read, for it is carried through sign-in where
/// the session has ended.
pub async fn know_who_posts(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    if request.method() == Method::POST {
        let known = identity(request.request()).await?;
        request.extensions_mut().insert(Known(known));
    }
    next.call(request).await
}

/// Whose session a request is in.
pub async fn identity(request: &HttpRequest) -> Result<Option<Identity>, PageError> {
    let known = request.extensions().get::<Known>().copied();
    if let Some(Known(identity)) = known {
        return Ok(identity);
    }
    let portal = request.app_data::<web::Data<Portal>>().ok_or_else(|| PageError::Bug("no portal".into()))?;
    let Some(claimed) = Claimed::by(&request.get_session()) else { return Ok(None) };
    let (place, operations) = (portal.crowd.place()?, Arc::clone(&portal.operations));
    Ok(place.run(move || claimed.identity(&operations)).await??)
}

impl Identity {
    /// Nobody's, where what is stored can't be read.
    pub fn of(session: &operations::sessions::Session) -> Option<Self> {
        let state = &state_of(&session.state);
        let instant = |name| state.get(name)?.parse().ok().map(Timestamp::from_micros);
        let (password_at, signed_in_at) = (instant(PASSWORD_AT)?, instant(SIGNED_IN_AT)?);
        // Sessions from before this was written have the two times alone.
        let by_password = state.get(BY_PASSWORD).map_or(password_at == signed_in_at, |said| said == "true");
        Some(Self {
            session: session.id,
            account: text(state, ACCOUNT).parse().ok()?,
            tenant: text(state, TENANT).parse().ok(),
            password_at,
            signed_in_at,
            by_password,
        })
    }

    /// When the person last proved who they are, by whatever they signed in with or by the password since.
    pub fn proved_at(&self) -> Timestamp {
        self.signed_in_at.max(self.password_at)
    }

    /// Begins a session at sign-in, under a new id.
    pub fn begin(
        session: &Session,
        account: AccountId,
        proof: Proof,
        now: Timestamp,
        address: &str,
        user_agent: &str,
    ) -> Result<(), PageError> {
        let fault = |_| PageError::Bug("a session can't be written".into());
        session.clear();
        session.renew();
        session.insert(ACCOUNT, account.to_string()).map_err(fault)?;
        let password_at = if proof.by_password { proof.at } else { Timestamp::from_micros(0) };
        session.insert(PASSWORD_AT, password_at.micros()).map_err(fault)?;
        session.insert(SIGNED_IN_AT, proof.at.micros()).map_err(fault)?;
        session.insert(BY_PASSWORD, proof.by_password).map_err(fault)?;
        session.insert(BEGUN_AT, now.micros()).map_err(fault)?;
        session.insert(ADDRESS, address).map_err(fault)?;
        session.insert(USER_AGENT, user_agent.chars().take(200).collect::<String>()).map_err(fault)
    }

    /// From the next request on the session is in this company. Another right needs another id.
    pub fn go_to_company(session: &Session, tenant: TenantId) -> Result<(), PageError> {
        session.insert(TENANT, tenant.to_string()).map_err(|_| PageError::Bug("a session can't be written".into()))?;
        session.insert(NEW_KEY, true).map_err(|_| PageError::Bug("a session can't be written".into()))
    }

    /// Notes that the password was given, and gives the session a new key. It stays the same session: actix-session's
    /// own `renew` ends it and begins another, and a sign-out in between would be lost.
    pub fn confirmed_at(session: &Session, now: Timestamp) -> Result<(), PageError> {
        let fault = |_| PageError::Bug("a session can't be written".into());
        session.insert(PASSWORD_AT, now.micros()).map_err(fault)?;
        session.insert(NEW_KEY, true).map_err(fault)
    }
}

/// The middleware that loads and stores sessions.
pub fn session_middleware(portal: &Portal) -> SessionMiddleware<DatabaseSessions> {
    let https = portal.site.is_https();
    let sessions = DatabaseSessions(Arc::clone(&portal.operations));
    SessionMiddleware::builder(sessions, portal.cookie_key.clone())
        // `__Host-` ties the cookie to this host and https; browsers refuse the name on plain http, which is for loopback.
        .cookie_name(if https { "__Host-keywright".into() } else { "keywright".into() })
        .cookie_secure(https)
        .cookie_http_only(true)
        .cookie_same_site(SameSite::Lax)
        .cookie_content_security(CookieContentSecurity::Signed)
        .session_lifecycle(
            // The longest that any tenant allows; the database knows what each one says.
            PersistentSession::default()
                .session_ttl(CookieDuration::seconds(SessionLengths::LONGEST.total().as_secs() as i64)),
        )
        .build()
}

/// Keeps sessions through the operations.
pub struct DatabaseSessions(Arc<Operations>);

type State = HashMap<String, String>;

/// Storing is never refused for lack of a place: what the session tells of has been done by then.
async fn blocking<T: Send + 'static>(
    operations: &Arc<Operations>,
    work: impl FnOnce(&Operations) -> crate::operations::Result<T> + Send + 'static,
) -> Result<T, anyhow::Error> {
    let operations = Arc::clone(operations);
    Ok(off_the_async_threads(move || work(&operations)).await??)
}

impl SessionStore for DatabaseSessions {
    async fn load(&self, key: &SessionKey) -> Result<Option<State>, LoadError> {
        let key = serde_json::to_string(key.as_ref()).map_err(|error| LoadError::Deserialization(error.into()))?;
        Ok(Some(State::from([(KEY.to_owned(), key)])))
    }

    async fn save(&self, state: State, _: &CookieDuration) -> Result<SessionKey, SaveError> {
        let key = random::token();
        let stored = key.clone();
        blocking(&self.0, move |operations| {
            let state = in_a_company(operations, state)?;
            let begun_at = state
                .get(BEGUN_AT)
                .and_then(|micros| micros.parse().ok())
                .map_or_else(|| operations.now(), Timestamp::from_micros);
            let json = to_json(&state);
            let (address, agent) = (text(&state, ADDRESS), text(&state, USER_AGENT));
            operations.begin_session(&stored, &as_stored(&state, &json), &address, &agent, begun_at)
        })
        .await
        .map_err(SaveError::Other)?;
        SessionKey::try_from(key).map_err(|error| SaveError::Other(error.into()))
    }

    async fn update(&self, key: SessionKey, state: State, _: &CookieDuration) -> Result<SessionKey, UpdateError> {
        let stored = key.as_ref().to_owned();
        let new_key = state.contains_key(NEW_KEY).then(random::token);
        let given = new_key.clone();
        // No row means that the session was ended meanwhile: it must not come back.
        blocking(&self.0, move |operations| {
            operations.update_session(&stored, given.as_deref(), |before| {
                let mut after = state_of(before);
                after.extend(state);
                (text(&after, TENANT).parse().ok(), to_json(&after))
            })
        })
        .await
        .map_err(UpdateError::Other)?;
        match new_key {
            Some(new) => SessionKey::try_from(new).map_err(|error| UpdateError::Other(error.into())),
            None => Ok(key),
        }
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

/// A session begins in the company that its person joined first, and says so: without, somebody who is removed there
/// would send a form that was open into another company of theirs.
fn in_a_company(operations: &Operations, mut state: State) -> operations::Result<State> {
    let account = text(&state, ACCOUNT).parse().ok().filter(|_| text(&state, TENANT).is_empty());
    if let Some(company) = account.map(|account| operations.company_of(account)).transpose()?.flatten() {
        state.insert(TENANT.to_owned(), serde_json::Value::from(company.to_string()).to_string());
    }
    Ok(state)
}

/// A state that can't be read is nobody's.
fn state_of(stored: &str) -> State {
    serde_json::from_str(stored).unwrap_or_default()
}

fn text(state: &State, name: &str) -> String {
    state.get(name).and_then(|json| serde_json::from_str::<String>(json).ok()).unwrap_or_default()
}

fn as_stored<'a>(state: &State, json: &'a str) -> SessionState<'a> {
    SessionState { account: text(state, ACCOUNT).parse().ok(), tenant: text(state, TENANT).parse().ok(), state: json }
}

fn to_json(state: &State) -> String {
    let kept: HashMap<&String, &String> =
        state.iter().filter(|(key, _)| !matches!(key.as_str(), KEY | NEW_KEY)).collect();
    serde_json::to_string(&kept).unwrap_or_else(|_| "{}".into())
}
