//! What ends a community, or a company's part in it: each says first who loses what.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Path;
use askama::Template;

use crate::access::act;
use crate::db;
use crate::db::communities::{Holding, Which};
use crate::domain::id::{CommunityId, TenantId};
use crate::operations::Error;
use crate::portal::form::{Nothing, Posted};
use crate::portal::guard::Guarded;
use crate::portal::shell::{Notice, Shell, go_on, html};
use crate::portal::{PageError, paths};

/// How many are named; the others are counted.
pub const NAMED: i64 = 10;

#[derive(Template)]
#[template(path = "communities/ending.html")]
pub struct EndingPage {
    pub shell: Shell,
    pub community: String,
    pub community_href: String,
    pub heading: String,
    /// The end of the breadcrumb.
    pub here: &'static str,
    /// When, and what happens then.
    pub effects: Vec<(&'static str, String)>,
    pub button: &'static str,
    pub action: String,
}

/// "3 of your clients lose roles: A, B and 1 more."
pub fn losses(holding: &Holding) -> String {
    let clients: Vec<&str> = holding.clients.0.iter().map(|client| client.name.as_str()).collect();
    let people: Vec<&str> = holding.people.0.iter().map(String::as_str).collect();
    let parts = [loss(&clients, holding.clients.1, "clients"), loss(&people, holding.people.1, "people")];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() {
        "None of your clients and people holds a role, so none loses one.".into()
    } else {
        parts.join(" ")
    }
}

fn loss(named: &[&str], count: i64, noun: &str) -> Option<String> {
    let verb = if count == 1 { "loses" } else { "lose" };
    let more = match count - named.len() as i64 {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    (count > 0).then(|| format!("{count} of your {noun} {verb} roles: {}{more}.", named.join(", ")))
}

/// What is said of other companies: how many, and nobody's name.
pub fn counted(clients: i64, people: i64) -> String {
    let of = |count: i64, one: &str, many: &str| format!("{count} {}", if count == 1 { one } else { many });
    format!("{} and {}", of(clients, "client", "clients"), of(people, "person", "people"))
}

fn others_lose(clients: i64, people: i64, companies: &str) -> String {
    match clients + people {
        0 => format!("No client or person of {companies} holds a role, so none loses one."),
        _ => format!("{} of {companies} lose their roles.", counted(clients, people)),
    }
}

pub async fn confirm_leaving(
    guarded: Guarded<act::ManageTenant>,
    id: Path<CommunityId>,
) -> Result<HttpResponse, PageError> {
    let id = id.into_inner();
    let seen = guarded
        .read(move |permit, reader| {
            let community = db::communities::find(reader, permit.scope(), id)?;
            let holding = db::communities::holding(reader, permit.scope().id(), Which::All(id), NAMED)?;
            Ok((community, holding))
        })
        .await?;
    let (community, holding) = &seen.data;
    if community.owner == seen.permit.scope().id() {
        let text = "Your company owns this community, so it can't leave it. It can delete it.";
        return Err(PageError::WrongState(text.into()));
    }
    let page = EndingPage {
        shell: guarded.shell(&seen, "Leave community"),
        community: community.settings.name.clone(),
        community_href: paths::community(id),
        heading: format!("Leave {}?", community.settings.name),
        here: "Leave",
        effects: vec![
            ("At once", losses(holding)),
            ("Afterwards", "To come back, your company must be invited again, and every role given again.".into()),
        ],
        button: "Leave community",
        action: paths::community_leaving(id),
    };
    html(StatusCode::OK, &page)
}

pub async fn leave(
    guarded: Guarded<act::ManageTenant>,
    id: Path<CommunityId>,
    posted: Posted<Nothing>,
) -> Result<HttpResponse, PageError> {
    let id = id.into_inner();
    let done = guarded.act_confirmed(&posted, move |permit, operations| operations.leave_community(permit, id)).await;
    let name = match done {
        Ok(done) => done?,
        Err(interrupted) => return interrupted.answer(),
    };
    let notice = Notice::done(format!("Your company has left the community {name}."));
    Ok(go_on(&guarded.portal, paths::COMMUNITIES, notice))
}

pub async fn confirm_removal(
    guarded: Guarded<act::ManageTenant>,
    path: Path<(CommunityId, TenantId)>,
) -> Result<HttpResponse, PageError> {
    let (id, tenant) = path.into_inner();
    let seen = guarded
        .read(move |permit, reader| {
            let community = db::communities::find_owned(reader, permit.scope(), id)?;
            let companies = db::communities::companies(reader, id)?;
            let company = companies.into_iter().find(|company| company.id == tenant).ok_or(Error::NotFound)?;
            let holding = db::communities::holding(reader, tenant, Which::All(id), 0)?;
            Ok((community, company, holding))
        })
        .await?;
    let (community, company, holding) = &seen.data;
    if company.id == community.owner {
        return Err(PageError::WrongState("The company that owns a community stays in it.".into()));
    }
    if company.joined_at.is_none() {
        let text = format!("{} has not accepted its invitation. Withdraw the invitation instead.", company.name);
        return Err(PageError::WrongState(text));
    }
    let page = EndingPage {
        shell: guarded.shell(&seen, "Remove company"),
        community: community.settings.name.clone(),
        community_href: paths::community(id),
        heading: format!("Remove {}?", company.name),
        here: "Remove company",
        effects: vec![
            ("At once", others_lose(holding.clients.1, holding.people.1, &company.name)),
            ("Afterwards", "You can invite it again; every role must then be given again.".into()),
        ],
        button: "Remove company",
        action: paths::community_removal(id, tenant),
    };
    html(StatusCode::OK, &page)
}

pub async fn remove(
    guarded: Guarded<act::ManageTenant>,
    path: Path<(CommunityId, TenantId)>,
    posted: Posted<Nothing>,
) -> Result<HttpResponse, PageError> {
    let (id, tenant) = path.into_inner();
    let done =
        guarded.act_confirmed(&posted, move |permit, operations| operations.remove_from_community(permit, id, tenant));
    let name = match done.await {
        Ok(done) => done?,
        Err(interrupted) => return interrupted.answer(),
    };
    let notice = Notice::done(format!("{name} removed. Its clients and people have lost the community's roles."));
    Ok(go_on(&guarded.portal, &paths::community(id), notice))
}

pub async fn confirm_deletion(
    guarded: Guarded<act::ManageTenant>,
    id: Path<CommunityId>,
) -> Result<HttpResponse, PageError> {
    let id = id.into_inner();
    let seen = guarded
        .read(move |permit, reader| {
            let community = db::communities::find_owned(reader, permit.scope(), id)?;
            let companies = db::communities::companies(reader, id)?;
            let holding = db::communities::holding(reader, permit.scope().id(), Which::All(id), NAMED)?;
            let all = db::communities::count_holding(reader, Which::All(id))?;
            Ok((community, companies, holding, all))
        })
        .await?;
    let (community, companies, holding, (clients, people)) = &seen.data;
    let others: Vec<&str> =
        companies.iter().filter(|company| company.id != community.owner).map(|company| company.name.as_str()).collect();
    let mut effects = vec![("Your company", losses(holding))];
    if !others.is_empty() {
        let named: Vec<&str> = others.iter().take(NAMED as usize).copied().collect();
        let more = match others.len() - named.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let named = format!("{}{more}", named.join(", "));
        let lost = others_lose(clients - holding.clients.1, people - holding.people.1, &named);
        effects.push(("Other companies", lost));
    }
    effects.push(("Afterwards", "It can't be brought back. Invitations end, too.".into()));
    let page = EndingPage {
        shell: guarded.shell(&seen, "Delete community"),
        community: community.settings.name.clone(),
        community_href: paths::community(id),
        heading: format!("Delete {}?", community.settings.name),
        here: "Delete",
        effects,
        button: "Delete community",
        action: paths::community_deletion(id),
    };
    html(StatusCode::OK, &page)
}

pub async fn delete(
    guarded: Guarded<act::ManageTenant>,
    id: Path<CommunityId>,
    posted: Posted<Nothing>,
) -> Result<HttpResponse, PageError> {
    let id = id.into_inner();
    let done = guarded.act_confirmed(&posted, move |permit, operations| operations.delete_community(permit, id)).await;
    let name = match done {
        Ok(done) => done?,
        Err(interrupted) => return interrupted.answer(),
    };
    Ok(go_on(&guarded.portal, paths::COMMUNITIES, Notice::done(format!("Community {name} deleted."))))
}
