//! Removing a member: what stops, and the act.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Path;
use askama::Template;

use crate::access::{TenantScope, act};
use crate::clock::Timestamp;
use crate::db;
use crate::db::Reader;
use crate::db::members::Member;
use crate::domain::id::MemberId;
use crate::operations::{self, sessions::open_sessions};
use crate::portal::form::{Nothing, Posted};
use crate::portal::guard::Guarded;
use crate::portal::shell::{Notice, Shell, go_on, html};
use crate::portal::{PageError, paths};

/// What ends with a membership, and what doesn't.
pub struct Ending {
    pub roles: String,
    /// "Community Member in Nordic Mobility"
    pub community_roles: Vec<String>,
    /// The services whose release they asked for and which wait for it.
    pub waiting: Vec<String>,
    pub secrets: i64,
    pub sessions: usize,
}

impl Ending {
    pub fn read(
        reader: &mut Reader<'_>,
        scope: TenantScope,
        member: &Member,
        now: Timestamp,
    ) -> Result<Self, operations::Error> {
        let community_roles = db::members::community_roles(reader, member.id)?;
        Ok(Self {
            roles: member.roles.in_words(),
            community_roles: community_roles.into_iter().map(|(role, place)| format!("{role} in {place}")).collect(),
            waiting: db::members::waiting_requests(reader, scope, member.account_id)?,
            secrets: db::members::count_secrets_made(reader, scope, member.account_id)?,
            sessions: open_sessions(reader, member.account_id, now)?.len(),
        })
    }
}

#[derive(Template)]
#[template(path = "members/removal.html")]
struct RemovalPage {
    shell: Shell,
    name: String,
    company: String,
    ending: Ending,
    action: String,
    back: String,
}

pub async fn confirm(guarded: Guarded<act::ManageTenant>, id: Path<MemberId>) -> Result<HttpResponse, PageError> {
    let (id, now) = (id.into_inner(), guarded.portal.clock.now());
    let seen = guarded
        .read(move |permit, reader| {
            let member = db::members::find(reader, permit.scope(), id)?;
            let ending = Ending::read(reader, permit.scope(), &member, now)?;
            Ok((member, ending))
        })
        .await?;
    if id == seen.permit.actor().membership().member_id {
        return Err(PageError::WrongState("This is you. Leave the company from your account page.".into()));
    }
    let shell = guarded.shell(&seen, "Remove member");
    let company = seen.permit.actor().membership().tenant_name.clone();
    let (member, ending) = seen.data;
    let page = RemovalPage {
        shell,
        name: member.name,
        company,
        ending,
        action: paths::member_removal(id),
        back: paths::member(id),
    };
    html(StatusCode::OK, &page)
}

pub async fn remove(
    guarded: Guarded<act::ManageTenant>,
    id: Path<MemberId>,
    posted: Posted<Nothing>,
) -> Result<HttpResponse, PageError> {
    let id = id.into_inner();
    let done = guarded.act_confirmed(&posted, move |permit, operations| operations.remove_member(permit, id)).await;
    let member = match done {
        Ok(done) => done?,
        Err(interrupted) => return interrupted.answer(),
    };
    let text = format!("{} was removed. To come back they have to be invited again.", member.name);
    Ok(go_on(&guarded.portal, paths::MEMBERS, Notice::done(text)))
}
