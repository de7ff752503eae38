//! Guards: who is asking, and may they? A handler that takes `Guarded<act::X>` is reached by whose cookie names a session,
//! and can't read or act before that session is found alive and its person has the permit for X. Loading the person, asking
//! the table and the handler's own work are one hop to the blocking pool; a page and who may see it are of one moment.

use std::future::{Future, ready};
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;

use actix_session::{Session, SessionExt};
use actix_web::dev::Payload;
use actix_web::error::InternalError;
use actix_web::http::{Method, StatusCode, header};
use actix_web::{FromRequest, HttpMessage, HttpRequest, HttpResponse, web};
use askama::Template;
use serde::de::IgnoredAny;
use url::{Position, Url};
use zeroize::Zeroizing;

use super::accounts::sign_in::sign_in_and_send;
use super::form::{FormState, Posted, Taken};
use super::routes::ROUTES;
use super::sessions::{self, Claimed, Identity, Known};
use super::shell::{Notice, Shell, Waiting, html};
use super::when::span_in_words;
use super::{PageError, Portal, cookies, middleware, paths};
use crate::access::{Act, Actor, Confirmed, Membership, Permit};
use crate::clock::Timestamp;
use crate::crowd::Place;
use crate::db::{self, Reader};
use crate::domain::field_errors::FieldErrors;
use crate::domain::id::{SessionId, TenantId};
use crate::operations::{self, Operations};

/// A request of somebody signed in, for an act of the kind `A`.
pub struct Guarded<A: Act> {
    pub request: HttpRequest,
    pub portal: web::Data<Portal>,
    session: Session,
    asker: Asker,
    act: PhantomData<A>,
}

/// Who asks: known already, as of every form, or by a claim that is looked at together with what a page reads.
#[derive(Clone)]
enum Asker {
    Known(Identity),
    Claims(Claimed),
}

impl Asker {
    /// Reads who it is and their memberships, and whatever else there is to read of the same moment. Blocks.
    fn look<T>(
        self,
        portal: &Portal,
        read: impl FnOnce(Identity, Vec<Membership>, &mut Reader<'_>) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let mut to_note = None;
        let done = portal.reads.read(|reader| {
            let (identity, memberships) = match self {
                Self::Known(identity) => (identity, db::tenants::memberships(reader, identity.account)?),
                Self::Claims(claimed) => {
                    let (found, note) = portal.operations.read_session(reader, claimed.key())?;
                    to_note = note;
                    let session = found.ok_or(Refusal::NoSession)?;
                    (Identity::of(&session).ok_or(Refusal::NoSession)?, session.memberships)
                }
            };
            read(identity, memberships, reader)
        });
        if let Some(note) = to_note {
            portal.operations.note_session(note)?;
        }
        done
    }

    /// Who it is, and their memberships. Blocks.
    fn memberships(self, portal: &Portal) -> Result<(Identity, Vec<Membership>), Refusal> {
        self.look(portal, |identity, memberships, _| Ok((identity, memberships)))
    }
}

impl<A: Act> FromRequest for Guarded<A> {
    type Error = actix_web::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, actix_web::Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        match Self::of(request) {
            // The session ended while the form was filled in: what was typed goes along through sign-in.
            Err(PageError::SignIn { .. }) if request.method() == Method::POST => {
                let (request, carried) = (request.clone(), Posted::<IgnoredAny>::from_request(request, payload));
                request.extensions_mut().insert(Taken);
                Box::pin(async move { Err(sign_in_first(&request, &carried.await?.typed)) })
            }
            other => Box::pin(ready(other.map_err(actix_web::Error::from))),
        }
    }
}

fn sign_in_first(request: &HttpRequest, form: &FormState) -> actix_web::Error {
    let drawn = portal(request).and_then(|portal| sign_in_and_send(&portal, request, form));
    match drawn {
        Ok(response) => InternalError::from_response("the session has ended", response).into(),
        Err(error) => error.into(),
    }
}

impl<A: Act> Guarded<A> {
    fn of(request: &HttpRequest) -> Result<Self, PageError> {
        let portal = portal(request)?;
        let session = request.get_session();
        let known = request.extensions().get::<Known>().copied();
        let asker = match known {
            Some(Known(identity)) => identity.map(Asker::Known),
            None => Claimed::by(&session).map(Asker::Claims),
        };
        let asker = asker.ok_or_else(|| not_signed_in(request))?;
        Ok(Self { request: request.clone(), portal, session, asker, act: PhantomData })
    }

    /// Reads for a page. The closure runs off the async threads.
    pub async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Permit<A>, &mut Reader<'_>) -> Result<T, operations::Error> + Send + 'static,
    ) -> Result<Seen<A, T>, PageError> {
        let (portal, asker) = (self.portal.clone().into_inner(), self.asker.clone());
        let (address, factor_may_lack) = (middleware::client_address(&self.request), self.factor_may_lack());
        let seen = off_the_async_threads(&self.request, move || {
            asker.look(&portal, |identity, memberships, reader| {
                let permit = permit::<A>(&identity, &memberships, address, factor_may_lack)?;
                let data = work(&permit, reader)?;
                let waiting = Waiting::read(reader, permit.actor(), &memberships)?;
                Ok(Seen { permit, data, waiting, session: identity.session })
            })
        })
        .await?;
        seen.map_err(|refusal| self.refused(refusal))
    }

    /// Acts. What the operation refuses is the caller's to show; what the guard refuses is an error page.
    pub async fn act<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Permit<A>, &Operations) -> Result<T, operations::Error> + Send + 'static,
    ) -> Result<Result<T, operations::Error>, PageError> {
        let (portal, asker) = (self.portal.clone().into_inner(), self.asker.clone());
        let (address, factor_may_lack) = (middleware::client_address(&self.request), self.factor_may_lack());
        let done = off_the_async_threads(&self.request, move || {
            let (identity, memberships) = asker.memberships(&portal)?;
            let permit = permit::<A>(&identity, &memberships, address, factor_may_lack)?;
            Ok::<_, Refusal>(work(&permit, &portal.operations))
        })
        .await?;
        done.map_err(|refusal| self.refused(refusal))
    }

    /// Acts where the password must have been given within the last 15 minutes; otherwise as `act_asking`.
    pub async fn act_confirmed<F, T: Send + 'static>(
        &self,
        posted: &Posted<F>,
        work: impl FnOnce(&Confirmed<A>, &Operations) -> Result<T, operations::Error> + Send + 'static,
    ) -> Result<Result<T, operations::Error>, Interrupted> {
        self.act_asking(posted, move |permit, operations| {
            work(&permit.clone().confirmed(operations.now())?, operations)
        })
        .await
    }

    /// Acts where the operation itself may find that the password must have been given within the last 15 minutes.
    /// When it was not, the answer is a page that asks for it and carries the whole form along, so that nothing typed
    /// is lost.
    pub async fn act_asking<F, T: Send + 'static>(
        &self,
        posted: &Posted<F>,
        work: impl FnOnce(&Permit<A>, &Operations) -> Result<T, operations::Error> + Send + 'static,
    ) -> Result<Result<T, operations::Error>, Interrupted> {
        let (portal, asker) = (self.portal.clone().into_inner(), self.asker.clone());
        let (address, factor_may_lack) = (middleware::client_address(&self.request), self.factor_may_lack());
        let given = Zeroizing::new(posted.typed.value(CONFIRM_PASSWORD).to_owned());
        let done = off_the_async_threads(&self.request, move || {
            let now = portal.clock.now();
            let (identity, memberships) = asker.clone().memberships(&portal)?;
            let mut permitted = permit::<A>(&identity, &memberships, address.clone(), factor_may_lack)?;
            let actor = permitted.actor().clone();
            let mut password_given = None;
            if !given.is_empty() {
                match portal.operations.confirm_password(identity.account, given, &address) {
                    Ok(true) => {
                        // Looking at a password takes a while: what they may do by now is asked once more.
                        let (identity, memberships) = asker.memberships(&portal)?;
                        let by_now = permit::<A>(&identity, &memberships, address.clone(), factor_may_lack)?;
                        let proved = Actor::new(by_now.actor().membership().clone(), now, address);
                        permitted = proved.permit::<A>().map_err(operations::Error::from)?;
                        password_given = Some(now);
                    }
                    Ok(false) => return Ok((actor, None, Err(Some(Mistake::wrong())))),
                    Err(operations::Error::Blocked { until }) => {
                        return Ok((actor, None, Err(Some(Mistake::too_often(until, now)))));
                    }
                    Err(error) => return Err(Refusal::Operation(error)),
                }
            }
            Ok(match work(&permitted, &portal.operations) {
                Err(operations::Error::PasswordWanted(_)) => (actor, None, Err(None)),
                done => (actor, password_given, Ok(done)),
            })
        })
        .await?;
        let (actor, password_given, outcome) = done.map_err(|refusal| self.refused(refusal))?;
        if let Some(now) = password_given {
            // A new id at every step-up: a session key that leaked before is worth nothing after.
            Identity::confirmed_at(&self.session, now)?;
        }
        outcome.map_err(|mistake| Interrupted(self.ask_for_password(&actor, &posted.typed, mistake)))
    }

    fn ask_for_password(
        &self,
        actor: &Actor,
        form: &FormState,
        mistake: Option<Mistake>,
    ) -> Result<HttpResponse, PageError> {
        let mut state = FormState::default();
        let status = mistake.as_ref().map_or(StatusCode::OK, |mistake| mistake.status);
        let retry_after = mistake.as_ref().and_then(|mistake| mistake.retry_after);
        if let Some(mistake) = mistake {
            state = state.with_errors(FieldErrors::one(CONFIRM_PASSWORD, "Password", mistake.text));
        }
        let page = ConfirmPasswordPage {
            shell: Shell::signed_in(
                &self.portal,
                &self.request,
                actor,
                &Waiting::default(),
                title("Confirm it's you", &state),
            ),
            action: self.request.uri().path().to_owned(),
            cancel: self.page_before(form),
            carried: form
                .clone()
                .without(CONFIRM_PASSWORD)
                .without(CONFIRM_EMAIL)
                .without(CONFIRM_CANCEL)
                .pairs()
                .to_vec(),
            email: actor.membership().email.clone(),
            form: state,
        };
        let mut response = html(status, &page)?;
        if let Some(seconds) = retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        Ok(response)
    }

    /// The page that the form stood on. Once the password was mistyped, the form tells it itself.
    fn page_before(&self, form: &FormState) -> String {
        let told = form.value(CONFIRM_CANCEL);
        if !told.is_empty() {
            return paths::local(told).to_owned();
        }
        let before =
            self.request.headers().get(header::REFERER).and_then(|value| Url::parse(value.to_str().ok()?).ok());
        // A form with mistakes stands at the address that it was sent to, where there may be no page to go back to.
        let is_page = |url: &Url| {
            let pattern = self.request.resource_map().match_pattern(url.path());
            pattern.is_some_and(|pattern| ROUTES.iter().any(|route| route.method == "get" && route.path == pattern))
        };
        match before.filter(is_page) {
            Some(before) => paths::local(&before[Position::BeforePath..Position::AfterQuery]).to_owned(),
            None => paths::START.to_owned(),
        }
    }

    /// One's own account is where a second factor is set up, so its pages do without one.
    fn factor_may_lack(&self) -> bool {
        let path = self.request.path();
        path == paths::ACCOUNT || path.starts_with(&format!("{}/", paths::ACCOUNT))
    }

    fn refused(&self, refusal: Refusal) -> PageError {
        match refusal {
            Refusal::NoSession => not_signed_in(&self.request),
            // The account or the membership is gone: the session is worth nothing.
            Refusal::NoLongerMember => {
                self.session.purge();
                not_signed_in(&self.request)
            }
            // Nothing is done in a company that the person didn't mean: on to the start page of the other one.
            Refusal::NowIn { tenant, company } => {
                if let Err(error) = Identity::go_to_company(&self.session, tenant) {
                    return error;
                }
                let text = format!("You are no longer a member of the company you were in. This is {company}.");
                PageError::Onward(Box::new(cookies::notice_cookie(&self.portal, &Notice::warning(text))))
            }
            Refusal::SecondFactorWanted { company } => {
                PageError::SecondFactorWanted { company, form: self.request.method() == Method::POST }
            }
            Refusal::Operation(operations::Error::Blocked { until }) => {
                PageError::TooMany { until, now: self.portal.clock.now() }
            }
            Refusal::Operation(error) => error.into(),
        }
    }

    pub fn shell<T>(&self, seen: &Seen<A, T>, title: impl Into<String>) -> Shell {
        Shell::signed_in(&self.portal, &self.request, seen.permit.actor(), &seen.waiting, title)
    }

    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Whose form it is.
    ///
    /// # Errors
    /// It is none: a page learns who asks from what it has [`Seen`].
    pub fn sender(&self) -> Result<&Identity, PageError> {
        match &self.asker {
            Asker::Known(identity) => Ok(identity),
            Asker::Claims(_) => Err(PageError::Bug("this is not a form, so nobody has sent it".into())),
        }
    }
}

/// What a page read, and with which permit.
pub struct Seen<A: Act, T> {
    pub permit: Permit<A>,
    pub data: T,
    /// The session that asked.
    pub session: SessionId,
    waiting: Waiting,
}

impl<A: Act, T, U> Seen<A, (T, U)> {
    /// Takes out what a page wants to own.
    pub fn split(self) -> (Seen<A, T>, U) {
        let (data, own) = self.data;
        (Seen { permit: self.permit, data, session: self.session, waiting: self.waiting }, own)
    }
}

/// The act was not begun: the answer is another page first.
pub struct Interrupted(Result<HttpResponse, PageError>);

impl Interrupted {
    pub fn answer(self) -> Result<HttpResponse, PageError> {
        self.0
    }
}

impl From<PageError> for Interrupted {
    fn from(error: PageError) -> Self {
        Self(Err(error))
    }
}

/// The field of the page that asks for the password again.
pub const CONFIRM_PASSWORD: &str = "confirm_password";
/// Stands on the page for password managers alone.
const CONFIRM_EMAIL: &str = "confirm_email";
const CONFIRM_CANCEL: &str = "confirm_cancel";

#[derive(Template)]
#[template(path = "account/confirm_password.html")]
struct ConfirmPasswordPage {
    shell: Shell,
    form: FormState,
    action: String,
    cancel: String,
    carried: Vec<(String, String)>,
    email: String,
}

/// Why the password that was given again doesn't count.
struct Mistake {
    status: StatusCode,
    text: String,
    /// Seconds to wait, where waiting is what helps.
    retry_after: Option<u64>,
}

impl Mistake {
    fn wrong() -> Self {
        Self {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            text: "This is not your password. Type it again.".into(),
            retry_after: None,
        }
    }

    fn too_often(until: Timestamp, now: Timestamp) -> Self {
        let wait = span_in_words(until.since(now)).unwrap_or_else(|| "a minute".into());
        Self {
            status: StatusCode::TOO_MANY_REQUESTS,
            text: format!("There were too many wrong tries. Wait {wait}, then type your password again."),
            retry_after: Some(until.since(now).as_secs().max(1)),
        }
    }
}

enum Refusal {
    /// It has ended, or never was.
    NoSession,
    NoLongerMember,
    /// The company that the session is in has let the person go; they belong to this one too.
    NowIn {
        tenant: TenantId,
        company: String,
    },
    /// The company lets nobody work without a second factor, and the person has none.
    SecondFactorWanted {
        company: String,
    },
    Operation(operations::Error),
}

impl<E: Into<operations::Error>> From<E> for Refusal {
    fn from(error: E) -> Self {
        Self::Operation(error.into())
    }
}

fn permit<A: Act>(
    identity: &Identity,
    memberships: &[Membership],
    address: String,
    factor_may_lack: bool,
) -> Result<Permit<A>, Refusal> {
    let knows_password = |one: &&Membership| one.password_changed_at <= identity.proved_at();
    let meant = |one: &&Membership| identity.tenant.is_none_or(|tenant| one.tenant_id == tenant);
    let Some(membership) = memberships.iter().filter(knows_password).find(meant) else {
        let other = memberships.iter().find(knows_password);
        return Err(other.map_or(Refusal::NoLongerMember, |other| Refusal::NowIn {
            tenant: other.tenant_id,
            company: other.tenant_name.clone(),
        }));
    };
    if membership.policy.second_factor_required && !membership.second_factor && !factor_may_lack {
        return Err(Refusal::SecondFactorWanted { company: membership.tenant_name.clone() });
    }
    let actor = Actor::new(membership.clone(), identity.password_at, address);
    Ok(actor.permit::<A>().map_err(operations::Error::from)?)
}

/// A request of anybody.
pub struct Visitor {
    pub request: HttpRequest,
    pub portal: web::Data<Portal>,
    pub session: Session,
    /// Who it is, if somebody signed in.
    pub identity: Option<Identity>,
}

impl FromRequest for Visitor {
    type Error = PageError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, PageError>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let (portal, session) = (portal(&request)?, request.get_session());
            let identity = sessions::identity(&request).await?;
            Ok(Self { request, portal, session, identity })
        })
    }
}

impl Visitor {
    /// Runs blocking work with the operations.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Operations) -> T + Send + 'static,
    ) -> Result<T, PageError> {
        let operations = Arc::clone(&self.portal.operations);
        off_the_async_threads(&self.request, move || work(&operations)).await
    }

    /// Ends the session, if there is one.
    pub async fn end_session(&self) -> Result<(), PageError> {
        if let Some(Identity { session, account, .. }) = self.identity {
            // By its id: its key may just be getting another.
            self.run(move |operations| operations.sign_out(account, session)).await??;
        }
        self.session.purge();
        Ok(())
    }

    pub fn shell(&self, title: impl Into<String>) -> Shell {
        Shell::plain(&self.portal, &self.request, title)
    }

    pub fn address(&self) -> String {
        middleware::client_address(&self.request)
    }
}

/// The title of a form's page says when there is something to mend.
pub fn title(title: &str, form: &FormState) -> String {
    if form.is_refused() { format!("Error: {title}") } else { title.to_owned() }
}

fn portal(request: &HttpRequest) -> Result<web::Data<Portal>, PageError> {
    request.app_data::<web::Data<Portal>>().cloned().ok_or_else(|| PageError::Bug("no portal".into()))
}

fn not_signed_in(request: &HttpRequest) -> PageError {
    let here = request.uri().path_and_query().map_or(paths::START, |path| path.as_str());
    let return_to = if request.method() == actix_web::http::Method::GET { here } else { paths::START };
    PageError::SignIn { return_to: return_to.to_owned() }
}

/// Runs blocking work for a request. It has its place from the first work on, when its form has come, until its answer is
/// there: what was begun is not refused half-way, and who sends a form slowly takes nobody's place.
async fn off_the_async_threads<T: Send + 'static>(
    request: &HttpRequest,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, PageError> {
    let taken = request.extensions().get::<Place>().cloned();
    let place = match taken {
        Some(place) => place,
        None => {
            let place = portal(request)?.crowd.place()?;
            request.extensions_mut().insert(place.clone());
            place
        }
    };
    Ok(place.run(work).await?)
}
