//! A form that was refused, as its page shows it again: with everything that was typed, and why.

use actix_web::http::StatusCode;

use super::PageError;
use super::form::FormState;
use super::guard::Guarded;
use super::history::{self, HistoryEntry};
use crate::access::Act;
use crate::domain::field_errors::FieldErrors;
use crate::operations::Error;

pub struct Again {
    pub form: FormState,
    pub status: StatusCode,
    /// What others changed since the form was served, where that is why: sent once more, the form goes over it.
    pub meanwhile: Option<Vec<HistoryEntry>>,
}

impl<A: Act> Guarded<A> {
    /// # Errors
    /// What no form can mend.
    pub fn again(&self, typed: FormState, error: Error) -> Result<Again, PageError> {
        let shown = |form, status| Again { form, status, meanwhile: None };
        match error {
            Error::Invalid(errors) => Ok(shown(typed.with_errors(errors), StatusCode::UNPROCESSABLE_ENTITY)),
            Error::Unconfirmed(confirmations) => {
                Ok(shown(typed.with_confirmations(confirmations), StatusCode::UNPROCESSABLE_ENTITY))
            }
            Error::Stale { since, version } => {
                let meanwhile = Some(history::entries(&since, self.portal.clock.now()));
                Ok(Again { meanwhile, ..shown(typed.with("version", &version.to_string()), StatusCode::CONFLICT) })
            }
            // Said on the form, so that what was typed stays to be copied.
            Error::WrongState(reason) => {
                Ok(shown(typed.with_errors(FieldErrors::one("", "", reason.to_string())), StatusCode::CONFLICT))
            }
            other => Err(other.into()),
        }
    }
}
