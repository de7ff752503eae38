//! What a sign-in is for, where an application waits for it.

use actix_web::HttpResponse;

use super::{Application, leading_to};
use crate::portal::guard::Visitor;
use crate::portal::{PageError, paths};

pub struct Purpose {
    pub application: Application,
    /// What the application believes the user signs in with.
    pub login_hint: String,
    /// Where somebody goes who does not want to sign in.
    pub back: String,
    source: String,
}

impl Purpose {
    /// `None` where no application waits at the address that the sign-in leads on to.
    pub async fn of(visitor: &Visitor, return_to: &str) -> Result<Option<Self>, PageError> {
        let Some(token) = paths::waiting_token(return_to).map(ToOwned::to_owned) else { return Ok(None) };
        visitor
            .run(move |operations| {
                // What is wrong with the request is said after the sign-in.
                let Ok(Some((asked, _))) = operations.waiting_request(&token) else { return None };
                Some(Self {
                    application: Application::of(&asked.registered, &token),
                    source: asked.return_to.as_source(),
                    login_hint: asked.request.login_hint,
                    back: paths::waiting(&token),
                })
            })
            .await
    }

    /// The page's form may lead to the application.
    pub fn reaches(purpose: Option<&Self>, response: HttpResponse) -> HttpResponse {
        match purpose {
            Some(purpose) => leading_to(response, purpose.source.clone()),
            None => response,
        }
    }
}
