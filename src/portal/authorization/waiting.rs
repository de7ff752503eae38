//! Where a request waits for its user: they sign in, are told why they can't, or are asked for their consent.

use actix_web::HttpResponse;
use actix_web::http::{StatusCode, header};
use actix_web::web::Path;
use askama::Template;
use serde::Deserialize;

use super::{Application, carry, declined, leading_to, note};
use crate::crypto::hashing;
use crate::domain::protocol::event::Endpoint;
use crate::domain::protocol::return_to::Answer;
use crate::domain::scope::Scope;
use crate::operations::Operations;
use crate::operations::protocol::authorization::{Asked, AtBrowser, Declined, Issued, Step, User};
use crate::portal::form::Posted;
use crate::portal::guard::Visitor;
use crate::portal::shell::{Shell, go_to, html};
use crate::portal::{PageError, paths};

#[derive(Template)]
#[template(path = "authorization/consent.html")]
struct ConsentPage {
    shell: Shell,
    application: Application,
    scopes: Vec<Scope>,
    name: String,
    email: String,
    shown: String,
    account: String,
    here: String,
    /// To sign in as somebody else.
    other: String,
}

#[derive(Template)]
#[template(path = "authorization/sandbox.html")]
struct SandboxPage {
    shell: Shell,
    application: Application,
    email: String,
    here: String,
    other: String,
}

#[derive(Template)]
#[template(path = "authorization/second_factor.html")]
struct SecondFactorPage {
    shell: Shell,
    application: Application,
    here: String,
}

/// How things stand with a waiting request.
enum Looked {
    /// It was answered before, or it has waited too long.
    Gone,
    Answered(Box<Asked>, Answer),
    /// The user is needed.
    Waits(Box<Asked>, Step),
    /// What was posted does not fit what is asked now.
    Anew,
}

pub async fn show(visitor: Visitor, token: Path<String>) -> Result<HttpResponse, PageError> {
    let (token, browser) = (token.into_inner(), visitor.identity.as_ref().map(AtBrowser::from));
    let kept = token.clone();
    let looked = visitor.run(move |operations| look(operations, &kept, browser)).await?;
    draw(&visitor, &token, looked)
}

fn look(operations: &Operations, token: &str, browser: Option<AtBrowser>) -> Result<Looked, Declined> {
    let Some((asked, asked_at)) = operations.waiting_request(token)? else { return Ok(Looked::Gone) };
    match operations.next_step(&asked, browser, asked_at)? {
        Step::Issue(user) => Ok(ended(operations.issue(&asked, &user, Some(token))?, asked)),
        step => Ok(Looked::Waits(Box::new(asked), step)),
    }
}

fn ended(issued: Issued, asked: Asked) -> Looked {
    match issued {
        Issued::Answered(answer) => Looked::Answered(Box::new(asked), answer),
        Issued::Before => Looked::Gone,
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Decision {
    /// `allow`, or anything else to go back without.
    decision: String,
    /// Who was asked: a page that was shown to somebody else decides nothing.
    account: String,
    /// Stands for what was shown: a page from before it became more decides nothing.
    shown: String,
}

/// Stands for the scopes that the user is shown.
fn mark_of(asked: &Asked) -> String {
    hashing::sha256(&asked.to_consent().join(" "))
}

pub async fn decide(
    visitor: Visitor,
    token: Path<String>,
    posted: Posted<Decision>,
) -> Result<HttpResponse, PageError> {
    let (token, browser) = (token.into_inner(), visitor.identity.as_ref().map(AtBrowser::from));
    let (kept, decision) = (token.clone(), posted.input);
    let looked = visitor.run(move |operations| decided(operations, &kept, browser, &decision)).await?;
    draw(&visitor, &token, looked)
}

fn decided(
    operations: &Operations,
    token: &str,
    browser: Option<AtBrowser>,
    decision: &Decision,
) -> Result<Looked, Declined> {
    let Some((asked, asked_at)) = operations.waiting_request(token)? else { return Ok(Looked::Gone) };
    let step = operations.next_step(&asked, browser, asked_at);
    if decision.decision != "allow" {
        let kept_out = matches!(step, Ok(Step::NotATestUser(_)));
        operations.turn_back(&asked, kept_out, token)?;
        return Ok(Looked::Gone);
    }
    match step? {
        Step::Consent(user) if user.account.id.to_string() == decision.account && mark_of(&asked) == decision.shown => {
            Ok(ended(operations.consent(&asked, &user, token)?, asked))
        }
        _ => Ok(Looked::Anew),
    }
}

fn draw(visitor: &Visitor, token: &str, looked: Result<Looked, Declined>) -> Result<HttpResponse, PageError> {
    match looked {
        Ok(Looked::Gone) => {
            let text = "This sign-in has been finished, or it has waited for more than an hour. \
                        Go back to the application and begin again there.";
            Err(PageError::Gone(text.into()))
        }
        Ok(Looked::Anew) => Ok(go_to(&paths::waiting(token))),
        Ok(Looked::Answered(asked, answer)) => {
            note(visitor, Endpoint::Authorize, Some((&asked.registered).into()), asked.attempted(), None);
            carry(visitor, answer, asked.return_to.as_source())
        }
        Ok(Looked::Waits(asked, step)) => draw_step(visitor, token, &asked, step),
        Err(reason) => declined(visitor, reason),
    }
}

fn draw_step(visitor: &Visitor, token: &str, asked: &Asked, step: Step) -> Result<HttpResponse, PageError> {
    let here = paths::waiting(token);
    let other = paths::sign_in_again(&here);
    let application = Application::of(&asked.registered, token);
    let page = match step {
        Step::SignIn { again: true } => return Ok(go_to(&other)),
        Step::SignIn { again: false } | Step::Issue(_) => return Ok(go_to(&paths::sign_in_and_return(&here))),
        Step::NotATestUser(User { account, .. }) => {
            let shell = visitor.shell("Not open to you yet");
            let email = account.email.as_str().to_owned();
            html(StatusCode::FORBIDDEN, &SandboxPage { shell, application, email, here, other })?
        }
        Step::SecondFactor(_) => {
            let shell = visitor.shell("Set up a second factor first");
            html(StatusCode::OK, &SecondFactorPage { shell, application, here })?
        }
        Step::Consent(User { account, .. }) => {
            let worded = |name: &String| asked.catalogue.iter().find(|scope| scope.name == *name).cloned();
            let page = ConsentPage {
                shell: visitor.shell(format!("Allow {}?", application.name)),
                application,
                scopes: asked.to_consent().iter().filter_map(worded).collect(),
                shown: mark_of(asked),
                name: account.name,
                email: account.email.as_str().to_owned(),
                account: account.id.to_string(),
                here,
                other,
            };
            html(StatusCode::OK, &page)?
        }
    };
    Ok(leading_to(page, asked.return_to.as_source()))
}

/// The picture of the service that waits: its users need not belong to its company.
pub async fn logo(visitor: Visitor, token: Path<String>) -> Result<HttpResponse, PageError> {
    let token = token.into_inner();
    let (content_type, bytes) = visitor.run(move |operations| operations.waiting_logo(&token)).await??;
    Ok(HttpResponse::Ok().insert_header((header::CONTENT_TYPE, content_type)).body(bytes))
}
