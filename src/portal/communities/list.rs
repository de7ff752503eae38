//! The communities that the company is in, and the invitations that it can answer.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Path;
use askama::Template;
use serde::{Deserialize, Serialize};

use crate::access::act;
use crate::db;
use crate::db::communities::CommunityQuery;
use crate::domain::id::CommunityId;
use crate::operations::Error;
use crate::portal::form::{Nothing, Posted, Query};
use crate::portal::guard::Guarded;
use crate::portal::pager::{self, Pager};
use crate::portal::shell::{Notice, Shell, go_on, go_to, html};
use crate::portal::when::When;
use crate::portal::{PageError, paths};

/// The state of the list, all of it in the address.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct Wanted {
    pub search: String,
    pub page: String,
}

impl Wanted {
    pub fn query(&self) -> CommunityQuery {
        CommunityQuery {
            search: self.search.trim().to_owned(),
            offset: pager::offset(self.number()),
            limit: pager::ROWS_PER_PAGE,
        }
    }

    pub fn number(&self) -> u32 {
        self.page.parse().unwrap_or(1)
    }
}

#[derive(Template)]
#[template(path = "communities/list.html")]
struct ListPage {
    shell: Shell,
    wanted: Wanted,
    filtered: bool,
    invitations: Vec<Invitation>,
    rows: Vec<Row>,
    pager: Pager,
    company_id: String,
}

struct Invitation {
    name: String,
    description: String,
    owner: String,
    when: When,
    acceptance: String,
    refusal: String,
}

struct Row {
    href: String,
    name: String,
    description: String,
    owner: Option<String>,
    companies: i64,
    joined: When,
}

pub async fn show(guarded: Guarded<act::ManageTenant>, wanted: Query<Wanted>) -> Result<HttpResponse, PageError> {
    let wanted = wanted.0;
    let query = wanted.query();
    let seen = guarded
        .read(move |permit, reader| {
            let found = db::communities::list(reader, permit.scope(), &query)?;
            Ok((found, db::communities::invitations(reader, permit.scope())?))
        })
        .await?;
    let ((communities, total), invitations) = &seen.data;
    let (now, own) = (guarded.portal.clock.now(), seen.permit.scope().id());
    let link = |page: u32| pager::address(paths::COMMUNITIES, &Wanted { page: page.to_string(), ..wanted.clone() });
    if communities.is_empty() && *total > 0 {
        return Ok(go_to(&link(pager::last_page(*total))));
    }
    let page = ListPage {
        shell: guarded.shell(&seen, "Communities"),
        filtered: !wanted.search.is_empty(),
        invitations: invitations
            .iter()
            .map(|(community, owner, at)| Invitation {
                name: community.settings.name.clone(),
                description: community.settings.description.clone(),
                owner: owner.clone(),
                when: When::new(*at, now),
                acceptance: paths::community_acceptance(community.id),
                refusal: paths::community_refusal(community.id),
            })
            .collect(),
        rows: communities
            .iter()
            .map(|listed| Row {
                href: paths::community(listed.community.id),
                name: listed.community.settings.name.clone(),
                description: listed.community.settings.description.clone(),
                owner: (listed.community.owner != own).then(|| listed.owner_name.clone()),
                companies: listed.companies,
                joined: When::new(listed.joined_at, now),
            })
            .collect(),
        pager: pager::pager(wanted.number(), *total, link),
        company_id: own.to_string(),
        wanted: wanted.clone(),
    };
    html(StatusCode::OK, &page)
}

pub async fn accept(
    guarded: Guarded<act::ManageTenant>,
    id: Path<CommunityId>,
    _posted: Posted<Nothing>,
) -> Result<HttpResponse, PageError> {
    let id = id.into_inner();
    match guarded.act(move |permit, operations| operations.join_community(permit, id)).await? {
        Ok(name) => {
            let text = format!("Your company is in the community {name}. Now give its roles to clients and people.");
            Ok(go_on(&guarded.portal, &paths::community(id), Notice::done(text)))
        }
        Err(Error::NotFound) => no_longer_there(&guarded, id).await,
        Err(error) => Err(error.into()),
    }
}

pub async fn decline(
    guarded: Guarded<act::ManageTenant>,
    id: Path<CommunityId>,
    _posted: Posted<Nothing>,
) -> Result<HttpResponse, PageError> {
    let id = id.into_inner();
    match guarded.act(move |permit, operations| operations.decline_community(permit, id)).await? {
        Ok(name) => {
            let notice = Notice::done(format!("Invitation to the community {name} declined."));
            Ok(go_on(&guarded.portal, paths::COMMUNITIES, notice))
        }
        Err(Error::NotFound) => no_longer_there(&guarded, id).await,
        Err(error) => Err(error.into()),
    }
}

/// Who is in the community by now is led there; nobody else learns whether it exists.
async fn no_longer_there(guarded: &Guarded<act::ManageTenant>, id: CommunityId) -> Result<HttpResponse, PageError> {
    let joined =
        guarded.read(move |permit, reader| Ok(db::communities::find(reader, permit.scope(), id).is_ok())).await?;
    if joined.data {
        return Ok(go_to(&paths::community(id)));
    }
    Err(PageError::NotFound)
}
