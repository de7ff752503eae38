//! What a person sees when a request can't be answered as asked. Never a cause: that stands in the log, under the
//! reference that the page shows. `middleware::pages_for_errors` draws the page.

use actix_web::cookie::Cookie;
use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};

use super::paths;
use crate::access::{Denied, Role};
use crate::clock::Timestamp;
use crate::crowd::CutOff;
use crate::db;
use crate::operations;

#[derive(Debug, thiserror::Error)]
pub enum PageError {
    #[error("nobody is signed in")]
    SignIn { return_to: String },
    /// To the start page, with a message.
    #[error("the session is in another company now")]
    Onward(Box<Cookie<'static>>),
    #[error("no such page")]
    NotFound,
    #[error("gone: {0}")]
    Gone(String),
    #[error("needs one of {needed:?}")]
    Forbidden { needed: Vec<Role> },
    #[error("one's own request")]
    OwnRequest,
    #[error("needs a second factor")]
    SecondFactorWanted { company: String, form: bool },
    #[error("{name} is not available")]
    ProviderUnavailable { name: String },
    #[error("what came back from {name} is not believed")]
    ProviderRefused { name: String },
    #[error("the form comes from elsewhere")]
    CrossOrigin,
    #[error("wrong state: {0}")]
    WrongState(String),
    #[error("unreadable request: {0}")]
    BadRequest(String),
    #[error("a form with faults that no page shows")]
    Unprocessable(String),
    #[error("more than {0} KiB were sent")]
    TooLarge(usize),
    #[error("too many tries, until {until}")]
    TooMany { until: Timestamp, now: Timestamp },
    #[error("unavailable: {0}")]
    Unavailable(String),
    #[error("{0}")]
    Bug(String),
}

/// The words of an error page. It travels with the response until the page is drawn around it.
#[derive(Clone, Debug)]
pub struct ErrorWords {
    pub status: StatusCode,
    pub title: &'static str,
    pub text: String,
    pub next: &'static str,
}

impl PageError {
    fn words(&self) -> ErrorWords {
        let words = |status, title, text: &str, next| ErrorWords { status, title, text: text.to_owned(), next };
        match self {
            Self::SignIn { .. } => words(StatusCode::UNAUTHORIZED, "Sign in", "Please sign in.", "Sign in to go on."),
            Self::Onward(_) => words(StatusCode::SEE_OTHER, "Another company", "You are in another company now.", ""),
            Self::NotFound => words(
                StatusCode::NOT_FOUND,
                "Page not found",
                "There is nothing at this address, or it belongs to another company.",
                "Check the address, or go back to the start page.",
            ),
            Self::Gone(text) => words(StatusCode::GONE, "No longer here", text, "Go back to the start page."),
            Self::Forbidden { needed } => words(
                StatusCode::FORBIDDEN,
                "You may not do this",
                &format!("This needs the role {}.", roles_in_words(needed)),
                "Ask a tenant administrator of your company to give it to you.",
            ),
            Self::OwnRequest => words(
                StatusCode::FORBIDDEN,
                "Somebody else has to decide",
                "Nobody decides on a request or on changes of their own, whatever their roles.",
                "Ask another approver of your company to look at it.",
            ),
            Self::SecondFactorWanted { company, .. } => words(
                StatusCode::FORBIDDEN,
                "Set up a second factor first",
                &format!("{company} lets nobody work without a second factor, so nothing was done."),
                "Go to the start page: it leads you to where you set one up. Then send the form again.",
            ),
            Self::ProviderUnavailable { name } => words(
                StatusCode::SERVICE_UNAVAILABLE,
                "Can't be reached just now",
                &format!("{name} does not answer, so nobody can sign in through it."),
                "Try again in a minute, or sign in with your password.",
            ),
            Self::ProviderRefused { name } => words(
                StatusCode::FORBIDDEN,
                "That did not sign you in",
                &format!("{name} did not sign you in, or what came back does not belong to this browser's request."),
                "Begin again from the sign-in page.",
            ),
            Self::CrossOrigin => words(
                StatusCode::FORBIDDEN,
                "This form was not sent from Keywright",
                "The request did not come from a page of this portal, so nothing was done.",
                "Open the page here and send the form again.",
            ),
            Self::WrongState(text) => {
                words(StatusCode::CONFLICT, "This can't be done now", text, "Look at how things stand and try again.")
            }
            Self::BadRequest(text) => words(
                StatusCode::BAD_REQUEST,
                "This request can't be read",
                text,
                "Go back, reload the page and send the form again.",
            ),
            Self::Unprocessable(text) => {
                words(StatusCode::UNPROCESSABLE_ENTITY, "There is a problem", text, "Go back and correct it.")
            }
            Self::TooLarge(kib) => words(
                StatusCode::PAYLOAD_TOO_LARGE,
                "Too much was sent",
                &format!("A form may hold at most {kib} KiB."),
                "Go back and send less.",
            ),
            Self::TooMany { until, now } => words(
                StatusCode::TOO_MANY_REQUESTS,
                "Too many tries",
                &format!(
                    "There were too many failed tries. Try again in {}.",
                    super::when::span_in_words(until.since(*now)).unwrap_or_else(|| "a minute".into())
                ),
                "If you have forgotten your password, you can reset it.",
            ),
            Self::Unavailable(_) => words(
                StatusCode::SERVICE_UNAVAILABLE,
                "Not available just now",
                "Keywright can't reach its database, or too much is going on.",
                "Try again in a few seconds. If you sent a form, look first: it may have been done after all.",
            ),
            Self::Bug(_) => words(
                StatusCode::INTERNAL_SERVER_ERROR,
                "Something went wrong",
                "This is a fault of Keywright, not yours. Nothing was changed.",
                "Try again; if it happens again, give the reference below to whoever runs this portal.",
            ),
        }
    }
}

fn roles_in_words(roles: &[Role]) -> String {
    let words: Vec<&str> = roles.iter().map(|role| role.word()).collect();
    match words.split_last() {
        None => "that nobody has".into(),
        Some((last, [])) => (*last).to_owned(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
    }
}

impl ResponseError for PageError {
    fn status_code(&self) -> StatusCode {
        self.words().status
    }

    fn error_response(&self) -> HttpResponse {
        match self {
            Self::Bug(_) => tracing::error!(cause = %self, "a request failed"),
            Self::Unavailable(_) => tracing::warn!(cause = %self, "a request failed"),
            _ => tracing::debug!(cause = %self, "a request was refused"),
        }
        if let Self::SignIn { return_to } = self {
            return HttpResponse::SeeOther()
                .insert_header((header::LOCATION, paths::sign_in_and_return(return_to)))
                .finish();
        }
        if let Self::Onward(notice) = self {
            let notice = notice.as_ref().clone();
            return HttpResponse::SeeOther().insert_header((header::LOCATION, paths::START)).cookie(notice).finish();
        }
        // Where to set it up, which also says why.
        if let Self::SecondFactorWanted { form: false, .. } = self {
            return HttpResponse::SeeOther().insert_header((header::LOCATION, paths::SECOND_FACTOR)).finish();
        }
        let mut response = HttpResponse::build(self.status_code());
        match self {
            Self::Unavailable(_) | Self::ProviderUnavailable { .. } => {
                response.insert_header((header::RETRY_AFTER, "5"));
            }
            Self::TooMany { until, now } => {
                response.insert_header((header::RETRY_AFTER, until.since(*now).as_secs().max(1).to_string()));
            }
            _ => {}
        }
        let mut response = response.finish();
        response.extensions_mut().insert(self.words());
        response
    }
}

impl From<CutOff> for PageError {
    fn from(cut_off: CutOff) -> Self {
        match cut_off {
            CutOff::Full | CutOff::TooSlow => Self::Unavailable(cut_off.to_string()),
            CutOff::Panicked => Self::Bug(cut_off.to_string()),
        }
    }
}

impl From<Denied> for PageError {
    fn from(denied: Denied) -> Self {
        Self::Forbidden { needed: denied.needed }
    }
}

impl From<db::Error> for PageError {
    fn from(error: db::Error) -> Self {
        match error {
            db::Error::NotFound => Self::NotFound,
            db::Error::Unavailable(cause) => Self::Unavailable(cause),
            other => Self::Bug(other.to_string()),
        }
    }
}

impl From<operations::Error> for PageError {
    fn from(error: operations::Error) -> Self {
        use operations::Error;
        match error {
            Error::NotFound => Self::NotFound,
            Error::Denied(denied) => denied.into(),
            Error::Invalid(errors) => Self::Unprocessable(
                errors.iter().map(|error| format!("{}: {}", error.label, error.message)).collect::<Vec<_>>().join(" "),
            ),
            Error::WrongState(reason) => Self::WrongState(reason.to_string()),
            Error::Stale { .. } => Self::WrongState("Somebody else changed this meanwhile.".into()),
            Error::Unconfirmed(_) => Self::Unprocessable("Something must be confirmed first.".into()),
            Error::OwnRequest => Self::OwnRequest,
            Error::PasswordWanted(_) => Self::WrongState("Your password must be given again for this.".into()),
            Error::Blocked { until } => Self::TooMany { until, now: until },
            Error::Db(error) => error.into(),
        }
    }
}
