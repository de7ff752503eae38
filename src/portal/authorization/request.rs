//! `/oauth2/authorize`: an application sends its user's browser here.

use actix_web::{HttpResponse, web};

use super::{carry, declined, note};
use crate::domain::protocol::event::Endpoint;
use crate::domain::protocol::params::Params;
use crate::domain::protocol::return_to::Answer;
use crate::operations::Operations;
use crate::operations::protocol::authorization::{Asked, AtBrowser, Declined, Issued, Step};
use crate::portal::guard::Visitor;
use crate::portal::shell::go_to;
use crate::portal::{PageError, paths};

pub async fn begin(visitor: Visitor) -> Result<HttpResponse, PageError> {
    let query = visitor.request.query_string().as_bytes().to_vec();
    answer(&visitor, &query, true).await
}

/// The same as a form, which may come from anywhere (OpenID Connect Core §3.1.2.1). The session's cookie does not come
/// along with it from another site, so who is signed in is found out by a GET.
pub async fn begin_posted(visitor: Visitor, body: web::Bytes) -> Result<HttpResponse, PageError> {
    answer(&visitor, &body, false).await
}

enum Begun {
    Answered(Box<Asked>, Answer),
    /// The browser goes on to where the request waits.
    Waits(String),
}

async fn answer(visitor: &Visitor, encoded: &[u8], knows_session: bool) -> Result<HttpResponse, PageError> {
    let params = match Params::parse(encoded) {
        Ok(params) => params,
        Err(refusal) => return declined(visitor, refusal.into()),
    };
    let browser = visitor.identity.as_ref().map(AtBrowser::from);
    let address = visitor.address();
    match visitor.run(move |operations| begun(operations, params, browser, knows_session, &address)).await? {
        Ok(Begun::Waits(token)) => Ok(go_to(&paths::waiting(&token))),
        Ok(Begun::Answered(asked, answer)) => {
            note(visitor, Endpoint::Authorize, Some((&asked.registered).into()), asked.attempted(), None);
            carry(visitor, answer, asked.return_to.as_source())
        }
        Err(reason) => declined(visitor, reason),
    }
}

fn begun(
    operations: &Operations,
    params: Params,
    browser: Option<AtBrowser>,
    knows_session: bool,
    address: &str,
) -> Result<Begun, Declined> {
    let asked = operations.read_authorization_request(params)?;
    if knows_session
        && let Step::Issue(user) = operations.next_step(&asked, browser, operations.now())?
        && let Issued::Answered(answer) = operations.issue(&asked, &user, None)?
    {
        return Ok(Begun::Answered(Box::new(asked), answer));
    }
    Ok(Begun::Waits(operations.let_wait(&asked, address).map_err(|error| asked.declined(error))?))
}
