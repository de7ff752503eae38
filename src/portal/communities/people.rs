//! Who of the company's own people holds roles in a community.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Path;
use askama::Template;
use serde::{Deserialize, Serialize};

use super::list::Wanted;
use crate::access::act;
use crate::db;
use crate::domain::community::CommunityRole;
use crate::domain::id::{CommunityId, MemberId};
use crate::portal::form::{FormState, Posted, Query};
use crate::portal::guard::{Guarded, title};
use crate::portal::pager::{self, Pager};
use crate::portal::shell::{Notice, Shell, go_on, go_to, html};
use crate::portal::{PageError, paths};

#[derive(Template)]
#[template(path = "communities/people.html")]
struct PeoplePage {
    shell: Shell,
    wanted: Wanted,
    community: String,
    community_href: String,
    here: String,
    rows: Vec<Row>,
    pager: Pager,
}

struct Row {
    name: String,
    email: String,
    roles: Vec<String>,
    edit: String,
}

pub async fn list(
    guarded: Guarded<act::ManageTenant>,
    id: Path<CommunityId>,
    wanted: Query<Wanted>,
) -> Result<HttpResponse, PageError> {
    let (id, wanted) = (id.into_inner(), wanted.0);
    let query = wanted.query();
    let seen = guarded
        .read(move |permit, reader| {
            let community = db::communities::find(reader, permit.scope(), id)?;
            Ok((community, db::communities::people(reader, permit.scope(), id, &query)?))
        })
        .await?;
    let (community, (people, total)) = &seen.data;
    let here = paths::community_people(id);
    let link = |page: u32| pager::address(&here, &Wanted { page: page.to_string(), ..wanted.clone() });
    if people.is_empty() && *total > 0 {
        return Ok(go_to(&link(pager::last_page(*total))));
    }
    let page = PeoplePage {
        shell: guarded.shell(&seen, "People with community roles"),
        community: community.settings.name.clone(),
        community_href: paths::community(id),
        rows: people
            .iter()
            .map(|person| Row {
                name: person.name.clone(),
                email: person.email.clone(),
                roles: person.roles.iter().map(|(_, name)| name.clone()).collect(),
                edit: paths::community_person(id, person.id),
            })
            .collect(),
        pager: pager::pager(wanted.number(), *total, link),
        here: here.clone(),
        wanted: wanted.clone(),
    };
    html(StatusCode::OK, &page)
}

#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct RolesInput {
    pub roles: Vec<String>,
}

#[derive(Template)]
#[template(path = "communities/person.html")]
struct PersonPage {
    shell: Shell,
    form: FormState,
    community: String,
    community_href: String,
    name: String,
    /// Name and e-mail address.
    who: String,
    roles: Vec<Choice>,
    action: String,
    back: String,
}

struct Choice {
    value: String,
    label: String,
    hint: String,
    badge: &'static str,
    locked: bool,
}

fn choice(role: &CommunityRole) -> Choice {
    Choice {
        value: role.id.to_string(),
        label: role.settings.name.clone(),
        hint: role.settings.description.clone(),
        badge: if role.is_administrator() { "Administrator" } else { "" },
        locked: false,
    }
}

pub async fn edit(
    guarded: Guarded<act::ManageTenant>,
    path: Path<(CommunityId, MemberId)>,
) -> Result<HttpResponse, PageError> {
    let (id, member) = path.into_inner();
    draw(&guarded, id, member, None, StatusCode::OK).await
}

async fn draw(
    guarded: &Guarded<act::ManageTenant>,
    id: CommunityId,
    member: MemberId,
    form: Option<FormState>,
    status: StatusCode,
) -> Result<HttpResponse, PageError> {
    let seen = guarded
        .read(move |permit, reader| {
            let community = db::communities::find(reader, permit.scope(), id)?;
            let person = db::communities::person(reader, permit.scope(), id, member)?;
            Ok((community, person, db::communities::roles(reader, id)?))
        })
        .await?;
    let (community, person, roles) = &seen.data;
    let form = form.unwrap_or_else(|| {
        FormState::of(&RolesInput { roles: person.roles.iter().map(|(id, _)| id.to_string()).collect() })
    });
    let page = PersonPage {
        shell: guarded.shell(&seen, title("Change community roles", &form)),
        form,
        community: community.settings.name.clone(),
        community_href: paths::community(id),
        name: person.name.clone(),
        who: format!("{}, {}", person.name, person.email),
        roles: roles.iter().map(choice).collect(),
        action: paths::community_person(id, member),
        back: paths::community_people(id),
    };
    html(status, &page)
}

pub async fn update(
    guarded: Guarded<act::ManageTenant>,
    path: Path<(CommunityId, MemberId)>,
    posted: Posted<RolesInput>,
) -> Result<HttpResponse, PageError> {
    let ((id, member), roles) = (path.into_inner(), posted.input.roles.clone());
    let done = guarded
        .act_confirmed(&posted, move |permit, operations| operations.give_community_roles(permit, id, member, &roles));
    let done = match done.await {
        Ok(done) => done,
        Err(interrupted) => return interrupted.answer(),
    };
    match done {
        Ok(name) => {
            let notice = Notice::done(format!("Community roles of {name} changed."));
            Ok(go_on(&guarded.portal, &paths::community_people(id), notice))
        }
        Err(error) => {
            let again = guarded.again(posted.typed, error)?;
            draw(&guarded, id, member, Some(again.form), again.status).await
        }
    }
}
