//! The page of a community: the companies in it, its roles and who of one's own holds them. Its owner invites here.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Path;
use askama::Template;
use serde::Deserialize;

use crate::access::act;
use crate::db;
use crate::domain::community::CommunityTenant;
use crate::domain::id::{CommunityId, TenantId};
use crate::portal::form::{FormState, Nothing, Posted};
use crate::portal::guard::{Guarded, title};
use crate::portal::shell::{Notice, Shell, go_on, html};
use crate::portal::view::Badge;
use crate::portal::when::When;
use crate::portal::{PageError, paths};

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct InvitationInput {
    pub company_id: String,
}

#[derive(Template)]
#[template(path = "communities/details.html")]
struct DetailsPage {
    shell: Shell,
    form: FormState,
    name: String,
    description: String,
    /// The company owns it.
    owned: bool,
    owner: String,
    created: When,
    companies: Vec<Company>,
    roles: Vec<RoleRow>,
    links: Links,
}

struct Company {
    name: String,
    own: bool,
    owner: bool,
    state: Badge,
    since: When,
    /// For the owner: where an invitation is withdrawn.
    withdrawal: Option<String>,
    removal: Option<String>,
}

struct RoleRow {
    name: String,
    description: String,
    built_in: bool,
    clients: i64,
    people: i64,
    edit: String,
    deletion: String,
}

struct Links {
    edit: String,
    invitations: String,
    new_role: String,
    people: String,
    leaving: String,
    deletion: String,
}

pub async fn show(guarded: Guarded<act::ManageTenant>, id: Path<CommunityId>) -> Result<HttpResponse, PageError> {
    draw(&guarded, id.into_inner(), FormState::empty(), StatusCode::OK).await
}

async fn draw(
    guarded: &Guarded<act::ManageTenant>,
    id: CommunityId,
    form: FormState,
    status: StatusCode,
) -> Result<HttpResponse, PageError> {
    let seen = guarded
        .read(move |permit, reader| {
            let community = db::communities::find(reader, permit.scope(), id)?;
            let companies = db::communities::companies(reader, id)?;
            let roles = db::communities::roles(reader, id)?;
            let counts = db::communities::counts(reader, permit.scope(), id)?;
            Ok((community, companies, roles, counts))
        })
        .await?;
    let (community, companies, roles, counts) = &seen.data;
    let (now, own) = (guarded.portal.clock.now(), seen.permit.scope().id());
    let owned = community.owner == own;
    let company = |company: &CommunityTenant| Company {
        name: company.name.clone(),
        own: company.id == own,
        owner: company.id == community.owner,
        state: match company.joined_at {
            Some(_) => Badge { word: "Joined", tone: "ok" },
            None => Badge { word: "Invited", tone: "info" },
        },
        since: When::new(company.joined_at.unwrap_or(company.invited_at), now),
        withdrawal: (owned && company.joined_at.is_none()).then(|| paths::community_withdrawal(id, company.id)),
        removal: (owned && company.joined_at.is_some() && company.id != own)
            .then(|| paths::community_removal(id, company.id)),
    };
    let owner = companies.iter().find(|company| company.id == community.owner);
    let page = DetailsPage {
        shell: guarded.shell(&seen, title(&community.settings.name, &form)),
        form,
        name: community.settings.name.clone(),
        description: community.settings.description.clone(),
        owned,
        owner: owner.map_or(String::new(), |owner| owner.name.clone()),
        created: When::new(community.created_at, now),
        companies: companies.iter().map(company).collect(),
        roles: roles
            .iter()
            .map(|role| {
                let (clients, people) = counts.get(&role.id).copied().unwrap_or_default();
                RoleRow {
                    name: role.settings.name.clone(),
                    description: role.settings.description.clone(),
                    built_in: role.built_in,
                    clients,
                    people,
                    edit: paths::edit_community_role(id, role.id),
                    deletion: paths::community_role_deletion(id, role.id),
                }
            })
            .collect(),
        links: Links {
            edit: paths::edit_community(id),
            invitations: paths::community_invitations(id),
            new_role: paths::new_community_role(id),
            people: paths::community_people(id),
            leaving: paths::community_leaving(id),
            deletion: paths::community_deletion(id),
        },
    };
    html(status, &page)
}

pub async fn invite(
    guarded: Guarded<act::ManageTenant>,
    id: Path<CommunityId>,
    posted: Posted<InvitationInput>,
) -> Result<HttpResponse, PageError> {
    let (id, company) = (id.into_inner(), posted.input.company_id.clone());
    let done =
        guarded.act_confirmed(&posted, move |permit, operations| operations.invite_to_community(permit, id, &company));
    let done = match done.await {
        Ok(done) => done,
        Err(interrupted) => return interrupted.answer(),
    };
    match done {
        Ok(name) => {
            let text = format!("{name} is invited. Its administrators get a mail and see it among their communities.");
            Ok(go_on(&guarded.portal, &paths::community(id), Notice::done(text)))
        }
        Err(error) => {
            let again = guarded.again(posted.typed, error)?;
            draw(&guarded, id, again.form, again.status).await
        }
    }
}

pub async fn withdraw(
    guarded: Guarded<act::ManageTenant>,
    path: Path<(CommunityId, TenantId)>,
    _posted: Posted<Nothing>,
) -> Result<HttpResponse, PageError> {
    let (id, tenant) = path.into_inner();
    let done = guarded.act(move |permit, operations| operations.withdraw_community_invitation(permit, id, tenant));
    let name = done.await??;
    let notice = Notice::done(format!("Invitation of {name} withdrawn."));
    Ok(go_on(&guarded.portal, &paths::community(id), notice))
}
