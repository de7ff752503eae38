//! Where the link of an invitation leads: somebody new gives name and password, somebody with an account signs in first.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::sign_in::begin;
use crate::domain::account::{Account, strength};
use crate::domain::id::{AccountId, TenantId};
use crate::operations::Error;
use crate::operations::accounts::invitations::InvitationSeen;
use crate::portal::form::{FormState, Posted, Query};
use crate::portal::guard::{Visitor, title};
use crate::portal::sessions::Identity;
use crate::portal::shell::{Notice, Shell, go_on, html};
use crate::portal::{PageError, paths};

#[derive(Template)]
#[template(path = "account/accept_invitation.html")]
struct AcceptPage {
    shell: Shell,
    form: FormState,
    company: String,
    invited_by: String,
    email: String,
    roles: String,
    reader: Reader,
    sign_in: String,
    here: String,
}

/// Who looks at the invitation.
enum Reader {
    /// The address has no account yet.
    New,
    /// It has one, and nobody is signed in.
    SignedOut,
    Itself,
    /// Somebody is signed in with another address.
    Other(String),
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Link {
    token: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct AcceptForm {
    token: String,
    name: String,
    password: Zeroizing<String>,
}

fn gone() -> PageError {
    PageError::Gone(
        "This invitation has been used or withdrawn, or a newer one was sent. Ask whoever invited you for a new one, or \
         look for a later mail."
            .into(),
    )
}

pub async fn show(visitor: Visitor, link: Query<Link>) -> Result<HttpResponse, PageError> {
    let form = FormState::empty().with("token", &link.0.token);
    draw(&visitor, form, StatusCode::OK).await
}

async fn draw(visitor: &Visitor, form: FormState, status: StatusCode) -> Result<HttpResponse, PageError> {
    let (token, identity) = (form.value("token").to_owned(), visitor.identity);
    let here = paths::accept_invitation(&token);
    let (seen, signed_in) = visitor
        .run(move |operations| {
            let signed_in = match identity {
                Some(identity) => operations.signed_in_account(identity.account, identity.proved_at())?,
                None => None,
            };
            Ok::<_, Error>((operations.look_at_invitation(&token)?, signed_in))
        })
        .await??;
    let (invitation, company, has_account) = match seen {
        InvitationSeen::Gone => return Err(gone()),
        InvitationSeen::Expired { company, invited_by } => {
            let text = format!("This invitation to {company} has expired. Ask {invited_by} to send it again.");
            return Err(PageError::Gone(text));
        }
        InvitationSeen::Open { invitation, company, has_account } => (invitation, company, has_account),
    };
    let reader = match signed_in {
        Some(Account { email, .. }) if email.key() == invitation.email.key() => Reader::Itself,
        Some(Account { email, .. }) => Reader::Other(email.as_str().to_owned()),
        None if has_account => Reader::SignedOut,
        None => Reader::New,
    };
    let page = AcceptPage {
        shell: visitor.shell(title("Accept invitation", &form)),
        form,
        company,
        invited_by: invitation.invited_by.clone(),
        email: invitation.email.as_str().to_owned(),
        roles: invitation.roles.in_words(),
        reader,
        sign_in: paths::sign_in_and_return(&here),
        here,
    };
    html(status, &page)
}

pub async fn accept(visitor: Visitor, posted: Posted<AcceptForm>) -> Result<HttpResponse, PageError> {
    let AcceptForm { token, name, password } = posted.input;
    let (looked_at, identity, address) = (token.clone(), visitor.identity, visitor.address());
    let signed_in = visitor
        .run(move |operations| match identity {
            Some(identity) => {
                let account = operations.signed_in_account(identity.account, identity.proved_at())?;
                Ok::<_, Error>(account.map(|account| (account, identity.proved_at())))
            }
            None => Ok(None),
        })
        .await??;
    let seen = visitor.run(move |operations| operations.look_at_invitation(&looked_at)).await??;
    match (seen, signed_in) {
        (InvitationSeen::Open { invitation, .. }, Some((account, password_at)))
            if account.email.key() == invitation.email.key() =>
        {
            let done = visitor
                .run(move |operations| operations.accept_as_account(&token, account.id, password_at, &address))
                .await?;
            arrive(&visitor, None, done.map_err(refused)?, "You have accepted the invitation.")
        }
        (InvitationSeen::Open { has_account: false, .. }, None) => {
            let word = strength(&password, &[&name]).word;
            let done =
                visitor.run(move |operations| operations.accept_as_newcomer(&token, &name, password, &address)).await?;
            match done {
                Ok((account, tenant)) => {
                    let text = format!("Welcome: your account is active. Strength of your password: {word}.");
                    arrive(&visitor, Some(account), tenant, &text)
                }
                Err(Error::Invalid(errors)) => {
                    let form = posted.typed.without("password").with_errors(errors);
                    draw(&visitor, form, StatusCode::UNPROCESSABLE_ENTITY).await
                }
                Err(error) => Err(refused(error)),
            }
        }
        // The page that says what to do first; or that there is nothing any more.
        _ => draw(&visitor, posted.typed.without("password"), StatusCode::CONFLICT).await,
    }
}

fn refused(error: Error) -> PageError {
    match error {
        Error::NotFound => gone(),
        other => other.into(),
    }
}

/// Into the company: with the session of before, or with a new one.
fn arrive(
    visitor: &Visitor,
    newcomer: Option<AccountId>,
    tenant: TenantId,
    text: &str,
) -> Result<HttpResponse, PageError> {
    if let Some(account) = newcomer {
        begin(visitor, account)?;
    }
    Identity::go_to_company(&visitor.session, tenant)?;
    Ok(go_on(&visitor.portal, paths::START, Notice::done(text)))
}
