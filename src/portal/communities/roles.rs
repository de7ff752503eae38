//! The roles of a community: its owner adds, edits and deletes those that didn't come with it.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Path;
use askama::Template;

use super::endings::{EndingPage, NAMED, counted, losses};
use crate::access::{TenantScope, act};
use crate::db::communities::Which;
use crate::db::{self, Reader};
use crate::domain::community::{Community, CommunityRole};
use crate::domain::id::{CommunityId, CommunityRoleId};
use crate::domain::role::RoleInput;
use crate::operations::Error;
use crate::portal::form::{FormState, Nothing, Posted};
use crate::portal::guard::{Guarded, title};
use crate::portal::history::HistoryEntry;
use crate::portal::shell::{Notice, Shell, go_on, html};
use crate::portal::{PageError, paths};

#[derive(Template)]
#[template(path = "communities/role_form.html")]
struct FormPage {
    shell: Shell,
    form: FormState,
    community: String,
    back: String,
    /// The name of the role that is edited, if one is.
    editing: Option<String>,
    action: String,
    /// Somebody else changed the role since the form was served; and what.
    stale: bool,
    meanwhile: Vec<HistoryEntry>,
}

pub async fn new(guarded: Guarded<act::ManageTenant>, id: Path<CommunityId>) -> Result<HttpResponse, PageError> {
    new_page(&guarded, id.into_inner(), FormState::of(&RoleInput::default()), StatusCode::OK).await
}

async fn new_page(
    guarded: &Guarded<act::ManageTenant>,
    id: CommunityId,
    form: FormState,
    status: StatusCode,
) -> Result<HttpResponse, PageError> {
    let seen = guarded.read(move |permit, reader| Ok(db::communities::find_owned(reader, permit.scope(), id)?)).await?;
    let page = FormPage {
        shell: guarded.shell(&seen, title("Add community role", &form)),
        form,
        community: seen.data.settings.name.clone(),
        back: paths::community(id),
        editing: None,
        action: paths::community_roles(id),
        stale: false,
        meanwhile: Vec::new(),
    };
    html(status, &page)
}

pub async fn add(
    guarded: Guarded<act::ManageTenant>,
    id: Path<CommunityId>,
    posted: Posted<RoleInput>,
) -> Result<HttpResponse, PageError> {
    let (id, submission, input) = (id.into_inner(), posted.submission(), posted.input);
    let name = input.name.trim().to_owned();
    let done = guarded.act(move |permit, operations| operations.add_community_role(permit, id, &input, &submission));
    match done.await? {
        Ok(_) => {
            let notice = Notice::done(format!("Role {name} added. Every company of the community can give it."));
            Ok(go_on(&guarded.portal, &paths::community(id), notice))
        }
        Err(error) => {
            let again = guarded.again(posted.typed, error)?;
            new_page(&guarded, id, again.form, again.status).await
        }
    }
}

/// A role of a community's own, for its owner.
fn own_role(
    reader: &mut Reader<'_>,
    scope: TenantScope,
    id: CommunityId,
    role: CommunityRoleId,
) -> Result<(Community, CommunityRole), Error> {
    let community = db::communities::find_owned(reader, scope, id)?;
    let found = db::communities::roles(reader, id)?.into_iter().find(|one| one.id == role && !one.built_in);
    Ok((community, found.ok_or(Error::NotFound)?))
}

pub async fn edit(
    guarded: Guarded<act::ManageTenant>,
    path: Path<(CommunityId, CommunityRoleId)>,
) -> Result<HttpResponse, PageError> {
    let (id, role) = path.into_inner();
    edit_page(&guarded, id, role, None, None, StatusCode::OK).await
}

async fn edit_page(
    guarded: &Guarded<act::ManageTenant>,
    id: CommunityId,
    role: CommunityRoleId,
    form: Option<FormState>,
    meanwhile: Option<Vec<HistoryEntry>>,
    status: StatusCode,
) -> Result<HttpResponse, PageError> {
    let seen = guarded.read(move |permit, reader| own_role(reader, permit.scope(), id, role)).await?;
    let (community, found) = &seen.data;
    let form = form.unwrap_or_else(|| {
        FormState::of(&RoleInput {
            name: found.settings.name.clone(),
            description: found.settings.description.clone(),
            version: found.version.to_string(),
        })
    });
    let page = FormPage {
        shell: guarded.shell(&seen, title("Edit community role", &form)),
        form,
        community: community.settings.name.clone(),
        back: paths::community(id),
        editing: Some(found.settings.name.clone()),
        action: paths::edit_community_role(id, role),
        stale: meanwhile.is_some(),
        meanwhile: meanwhile.unwrap_or_default(),
    };
    html(status, &page)
}

pub async fn update(
    guarded: Guarded<act::ManageTenant>,
    path: Path<(CommunityId, CommunityRoleId)>,
    posted: Posted<RoleInput>,
) -> Result<HttpResponse, PageError> {
    let ((id, role), input) = (path.into_inner(), posted.input.clone());
    let done = guarded
        .act_confirmed(&posted, move |permit, operations| operations.update_community_role(permit, id, role, &input));
    let done = match done.await {
        Ok(done) => done,
        Err(interrupted) => return interrupted.answer(),
    };
    match done {
        Ok(()) => Ok(go_on(&guarded.portal, &paths::community(id), Notice::done("Role updated."))),
        Err(error) => {
            let again = guarded.again(posted.typed, error)?;
            edit_page(&guarded, id, role, Some(again.form), again.meanwhile, again.status).await
        }
    }
}

pub async fn confirm_deletion(
    guarded: Guarded<act::ManageTenant>,
    path: Path<(CommunityId, CommunityRoleId)>,
) -> Result<HttpResponse, PageError> {
    let (id, role) = path.into_inner();
    let seen = guarded
        .read(move |permit, reader| {
            let (community, found) = own_role(reader, permit.scope(), id, role)?;
            let holding = db::communities::holding(reader, permit.scope().id(), Which::One(role), NAMED)?;
            let all = db::communities::count_holding(reader, Which::One(role))?;
            Ok((community, found, holding, all))
        })
        .await?;
    let (community, found, holding, (clients, people)) = &seen.data;
    let (others_clients, others_people) = (clients - holding.clients.1, people - holding.people.1);
    let mut effects = vec![("Your company", losses(holding))];
    if others_clients + others_people > 0 {
        effects.push(("Other companies", format!("{} lose the role.", counted(others_clients, others_people))));
    }
    effects.push(("Afterwards", "It can't be brought back. A new role of the same name has to be given again.".into()));
    let page = EndingPage {
        shell: guarded.shell(&seen, "Delete community role"),
        community: community.settings.name.clone(),
        community_href: paths::community(id),
        heading: format!("Delete the role {}?", found.settings.name),
        here: "Delete role",
        effects,
        button: "Delete role",
        action: paths::community_role_deletion(id, role),
    };
    html(StatusCode::OK, &page)
}

pub async fn delete(
    guarded: Guarded<act::ManageTenant>,
    path: Path<(CommunityId, CommunityRoleId)>,
    posted: Posted<Nothing>,
) -> Result<HttpResponse, PageError> {
    let (id, role) = path.into_inner();
    let done =
        guarded.act_confirmed(&posted, move |permit, operations| operations.delete_community_role(permit, id, role));
    let name = match done.await {
        Ok(done) => done?,
        Err(interrupted) => return interrupted.answer(),
    };
    Ok(go_on(&guarded.portal, &paths::community(id), Notice::done(format!("Role {name} deleted."))))
}
