//! The roles that the tenant's clients can hold: those that came with it, and its own.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Path;
use askama::Template;
use serde::{Deserialize, Serialize};

use super::form::{FormState, Nothing, Posted, Query};
use super::guard::{Guarded, title};
use super::history::HistoryEntry;
use super::pager::{self, Pager};
use super::shell::{Notice, Shell, go_on, go_to, html};
use super::view::SomeClients;
use super::{PageError, paths};
use crate::access::act;
use crate::db;
use crate::domain::id::RoleId;
use crate::domain::role::{RoleInput, TenantRole};
use crate::domain::text::search_key;
use crate::operations::Error;

/// The state of the list, all of it in the address.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct Wanted {
    pub search: String,
    pub page: String,
}

#[derive(Template)]
#[template(path = "roles/list.html")]
struct ListPage {
    shell: Shell,
    wanted: Wanted,
    filtered: bool,
    has_own: bool,
    rows: Vec<Row>,
    pager: Pager,
}

struct Row {
    name: String,
    description: String,
    built_in: bool,
    clients: i64,
    edit: String,
    deletion: String,
}

pub async fn list(guarded: Guarded<act::ManageTenant>, wanted: Query<Wanted>) -> Result<HttpResponse, PageError> {
    let wanted = wanted.0;
    let seen = guarded
        .read(|permit, reader| {
            Ok((db::roles::all(reader, permit.scope())?, db::roles::counts(reader, permit.scope())?))
        })
        .await?;
    let (roles, counts) = &seen.data;
    // There are some dozens at most, so they are searched here.
    let key = search_key(wanted.search.trim());
    let fits = |role: &&TenantRole| {
        search_key(&role.settings.name).contains(&key) || search_key(&role.settings.description).contains(&key)
    };
    let matching: Vec<&TenantRole> = roles.iter().filter(fits).collect();
    let link = |page: u32| pager::address(paths::ROLES, &Wanted { page: page.to_string(), ..wanted.clone() });
    let (number, total) = (wanted.page.parse().unwrap_or(1), matching.len() as i64);
    let rows = pager::slice(&matching, number);
    if rows.is_empty() && total > 0 {
        return Ok(go_to(&link(pager::last_page(total))));
    }
    let page = ListPage {
        shell: guarded.shell(&seen, "Client roles"),
        filtered: !key.is_empty(),
        has_own: roles.iter().any(|role| !role.built_in),
        rows: rows
            .iter()
            .map(|role| Row {
                name: role.settings.name.clone(),
                description: role.settings.description.clone(),
                built_in: role.built_in,
                clients: counts.get(&role.id).copied().unwrap_or(0),
                edit: paths::edit_role(role.id),
                deletion: paths::role_deletion(role.id),
            })
            .collect(),
        pager: pager::pager(number, total, link),
        wanted: wanted.clone(),
    };
    html(StatusCode::OK, &page)
}

#[derive(Template)]
#[template(path = "roles/form.html")]
struct FormPage {
    shell: Shell,
    form: FormState,
    editing: Option<Editing>,
    action: String,
    /// Somebody else changed the role since the form was served; and what.
    stale: bool,
    meanwhile: Vec<HistoryEntry>,
}

struct Editing {
    name: String,
    holders: SomeClients,
    deletion: String,
}

pub async fn new(guarded: Guarded<act::ManageTenant>) -> Result<HttpResponse, PageError> {
    new_page(&guarded, FormState::of(&RoleInput::default()), StatusCode::OK).await
}

async fn new_page(
    guarded: &Guarded<act::ManageTenant>,
    form: FormState,
    status: StatusCode,
) -> Result<HttpResponse, PageError> {
    let seen = guarded.read(|_, _| Ok(())).await?;
    let page = FormPage {
        shell: guarded.shell(&seen, title("Add role", &form)),
        form,
        editing: None,
        action: paths::ROLES.into(),
        stale: false,
        meanwhile: Vec::new(),
    };
    html(status, &page)
}

pub async fn add(guarded: Guarded<act::ManageTenant>, posted: Posted<RoleInput>) -> Result<HttpResponse, PageError> {
    let (submission, input) = (posted.submission(), posted.input);
    let name = input.name.trim().to_owned();
    match guarded.act(move |permit, operations| operations.add_role(permit, &input, &submission)).await? {
        Ok(_) => Ok(go_on(&guarded.portal, paths::ROLES, Notice::done(format!("Role {name} added.")))),
        Err(error) => {
            let again = guarded.again(posted.typed, error)?;
            new_page(&guarded, again.form, again.status).await
        }
    }
}

pub async fn edit(guarded: Guarded<act::ManageTenant>, id: Path<RoleId>) -> Result<HttpResponse, PageError> {
    edit_page(&guarded, id.into_inner(), None, None, StatusCode::OK).await
}

async fn edit_page(
    guarded: &Guarded<act::ManageTenant>,
    id: RoleId,
    form: Option<FormState>,
    meanwhile: Option<Vec<HistoryEntry>>,
    status: StatusCode,
) -> Result<HttpResponse, PageError> {
    let seen = guarded.read(move |permit, reader| own_role(reader, permit.scope(), id)).await?;
    let (role, holders) = &seen.data;
    let form = form.unwrap_or_else(|| {
        FormState::of(&RoleInput {
            name: role.settings.name.clone(),
            description: role.settings.description.clone(),
            version: role.version.to_string(),
        })
    });
    let page = FormPage {
        shell: guarded.shell(&seen, title("Edit role", &form)),
        form,
        editing: Some(Editing {
            name: role.settings.name.clone(),
            holders: SomeClients::of(holders),
            deletion: paths::role_deletion(id),
        }),
        action: paths::edit_role(id),
        stale: meanwhile.is_some(),
        meanwhile: meanwhile.unwrap_or_default(),
    };
    html(status, &page)
}

type WithHolders = (TenantRole, db::roles::Holders);

/// A role of the tenant's own, with the clients that hold it.
fn own_role(reader: &mut db::Reader<'_>, scope: crate::access::TenantScope, id: RoleId) -> Result<WithHolders, Error> {
    let role = db::roles::find(reader, scope, id)?;
    if role.built_in {
        return Err(Error::NotFound);
    }
    let holders = db::roles::holders(reader, scope, id, SomeClients::NAMED)?;
    Ok((role, holders))
}

pub async fn update(
    guarded: Guarded<act::ManageTenant>,
    id: Path<RoleId>,
    posted: Posted<RoleInput>,
) -> Result<HttpResponse, PageError> {
    let (id, input) = (id.into_inner(), posted.input.clone());
    let done = guarded.act_confirmed(&posted, move |permit, operations| operations.update_role(permit, id, &input));
    let done = match done.await {
        Ok(done) => done,
        Err(interrupted) => return interrupted.answer(),
    };
    match done {
        Ok(()) => Ok(go_on(&guarded.portal, paths::ROLES, Notice::done("Role updated."))),
        Err(error) => {
            let again = guarded.again(posted.typed, error)?;
            edit_page(&guarded, id, Some(again.form), again.meanwhile, again.status).await
        }
    }
}

#[derive(Template)]
#[template(path = "roles/deletion.html")]
struct DeletionPage {
    shell: Shell,
    name: String,
    holders: SomeClients,
    action: String,
}

pub async fn confirm_deletion(
    guarded: Guarded<act::ManageTenant>,
    id: Path<RoleId>,
) -> Result<HttpResponse, PageError> {
    let id = id.into_inner();
    let seen = guarded.read(move |permit, reader| own_role(reader, permit.scope(), id)).await?;
    let (role, holders) = &seen.data;
    let page = DeletionPage {
        shell: guarded.shell(&seen, "Delete role"),
        name: role.settings.name.clone(),
        holders: SomeClients::of(holders),
        action: paths::role_deletion(id),
    };
    html(StatusCode::OK, &page)
}

pub async fn delete(
    guarded: Guarded<act::ManageTenant>,
    id: Path<RoleId>,
    posted: Posted<Nothing>,
) -> Result<HttpResponse, PageError> {
    let id = id.into_inner();
    let done = guarded.act_confirmed(&posted, move |permit, operations| operations.delete_role(permit, id)).await;
    let (name, clients) = match done {
        Ok(done) => done?,
        Err(interrupted) => return interrupted.answer(),
    };
    let text = match clients {
        0 => format!("Role {name} deleted."),
        1 => format!("Role {name} deleted and taken from 1 client."),
        many => format!("Role {name} deleted and taken from {many} clients."),
    };
    Ok(go_on(&guarded.portal, paths::ROLES, Notice::done(text)))
}
