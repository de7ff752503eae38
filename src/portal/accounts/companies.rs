//! The companies that a person belongs to: going from one to another, and leaving one.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;
use serde::Deserialize;

use crate::access::{Confirmed, act};
use crate::db;
use crate::domain::id::TenantId;
use crate::operations::{Error, Operations};
use crate::portal::form::Posted;
use crate::portal::guard::Guarded;
use crate::portal::members::removal::Ending;
use crate::portal::sessions::Identity;
use crate::portal::shell::{Notice, Shell, go_on, html};
use crate::portal::{PageError, paths};

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct SwitchForm {
    tenant: String,
}

pub async fn switch(guarded: Guarded<act::See>, posted: Posted<SwitchForm>) -> Result<HttpResponse, PageError> {
    let wanted = posted.input.tenant;
    let seen = guarded
        .read(move |permit, reader| {
            let tenant: TenantId = wanted.parse().map_err(|_| Error::NotFound)?;
            let account = permit.actor().membership().account_id;
            db::tenants::membership(reader, account, Some(tenant))?.ok_or(Error::NotFound)
        })
        .await?;
    Identity::go_to_company(guarded.session(), seen.data.tenant_id)?;
    let text = format!("You are in {} now.", seen.data.tenant_name);
    Ok(go_on(&guarded.portal, paths::START, Notice::done(text)))
}

#[derive(Template)]
#[template(path = "account/leaving.html")]
struct LeavingPage {
    shell: Shell,
    company: String,
    company_id: String,
    ending: Ending,
}

pub async fn confirm_leaving(guarded: Guarded<act::See>) -> Result<HttpResponse, PageError> {
    let now = guarded.portal.clock.now();
    let seen = guarded
        .read(move |permit, reader| {
            let member = db::members::find(reader, permit.scope(), permit.actor().membership().member_id)?;
            Ending::read(reader, permit.scope(), &member, now)
        })
        .await?;
    let shell = guarded.shell(&seen, "Leave company");
    let membership = seen.permit.actor().membership();
    let (company, company_id) = (membership.tenant_name.clone(), membership.tenant_id.to_string());
    html(StatusCode::OK, &LeavingPage { shell, company, company_id, ending: seen.data })
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct LeaveForm {
    /// The company that the page named.
    company: String,
}

pub async fn leave(guarded: Guarded<act::See>, posted: Posted<LeaveForm>) -> Result<HttpResponse, PageError> {
    let company = posted.input.company.clone();
    let work = move |permit: &Confirmed<act::See>, operations: &Operations| {
        operations.leave_company(permit, &company)?;
        let person = permit.actor().membership();
        Ok((person.tenant_name.clone(), operations.company_of(person.account_id)?))
    };
    let (left, other) = match guarded.act_confirmed(&posted, work).await {
        Ok(done) => done?,
        Err(interrupted) => return interrupted.answer(),
    };
    if let Some(other) = other {
        Identity::go_to_company(guarded.session(), other)?;
        let text = format!("You have left {left}. This is another company of yours.");
        return Ok(go_on(&guarded.portal, paths::START, Notice::done(text)));
    }
    guarded.session().purge();
    let text = format!("You have left {left}. You belong to no other company, so you are signed out.");
    Ok(go_on(&guarded.portal, paths::SIGN_IN, Notice::done(text)))
}
