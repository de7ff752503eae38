//! The scope catalogue: what the tenant's clients can ask for, built in and its own.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Path;
use askama::Template;

use super::form::{FormState, Nothing, Posted, Query};
use super::guard::{Guarded, title};
use super::history::HistoryEntry;
use super::pager::{self, Pager};
use super::roles::Wanted;
use super::shell::{Notice, Shell, go_on, go_to, html};
use super::view::SomeClients;
use super::{PageError, paths};
use crate::access::{TenantScope, act};
use crate::db::{self, Reader};
use crate::domain::id::ScopeId;
use crate::domain::scope::{CatalogueScope, ScopeInput};
use crate::domain::text::search_key;
use crate::operations::Error;

#[derive(Template)]
#[template(path = "scopes/list.html")]
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
            Ok((db::scopes::all(reader, permit.scope())?, db::scopes::counts(reader, permit.scope())?))
        })
        .await?;
    let (scopes, counts) = &seen.data;
    // There are some dozens at most, so they are searched here.
    let key = search_key(wanted.search.trim());
    let fits = |entry: &&CatalogueScope| {
        entry.scope.name.contains(&key) || search_key(&entry.scope.description).contains(&key)
    };
    let matching: Vec<&CatalogueScope> = scopes.iter().filter(fits).collect();
    let link = |page: u32| pager::address(paths::SCOPES, &Wanted { page: page.to_string(), ..wanted.clone() });
    let (number, total) = (wanted.page.parse().unwrap_or(1), matching.len() as i64);
    let rows = pager::slice(&matching, number);
    if rows.is_empty() && total > 0 {
        return Ok(go_to(&link(pager::last_page(total))));
    }
    let page = ListPage {
        shell: guarded.shell(&seen, "Scopes"),
        filtered: !key.is_empty(),
        has_own: scopes.iter().any(|entry| !entry.built_in),
        rows: rows
            .iter()
            .map(|entry| Row {
                name: entry.scope.name.clone(),
                description: entry.scope.description.clone(),
                built_in: entry.built_in,
                clients: counts.get(&entry.scope.name).copied().unwrap_or(0),
                edit: paths::edit_scope(entry.id),
                deletion: paths::scope_deletion(entry.id),
            })
            .collect(),
        pager: pager::pager(number, total, link),
        wanted: wanted.clone(),
    };
    html(StatusCode::OK, &page)
}

#[derive(Template)]
#[template(path = "scopes/form.html")]
struct FormPage {
    shell: Shell,
    form: FormState,
    editing: Option<Editing>,
    action: String,
    /// Somebody else changed the scope since the form was served; and what.
    stale: bool,
    meanwhile: Vec<HistoryEntry>,
}

struct Editing {
    name: String,
    users: SomeClients,
    deletion: String,
}

pub async fn new(guarded: Guarded<act::ManageTenant>) -> Result<HttpResponse, PageError> {
    new_page(&guarded, FormState::of(&ScopeInput::default()), StatusCode::OK).await
}

async fn new_page(
    guarded: &Guarded<act::ManageTenant>,
    form: FormState,
    status: StatusCode,
) -> Result<HttpResponse, PageError> {
    let seen = guarded.read(|_, _| Ok(())).await?;
    let page = FormPage {
        shell: guarded.shell(&seen, title("Add scope", &form)),
        form,
        editing: None,
        action: paths::SCOPES.into(),
        stale: false,
        meanwhile: Vec::new(),
    };
    html(status, &page)
}

pub async fn add(guarded: Guarded<act::ManageTenant>, posted: Posted<ScopeInput>) -> Result<HttpResponse, PageError> {
    let (submission, input) = (posted.submission(), posted.input);
    let name = input.name.trim().to_owned();
    match guarded.act(move |permit, operations| operations.add_scope(permit, &input, &submission)).await? {
        Ok(_) => {
            let text = format!("Scope {name} added. It can be ticked on clients' forms now.");
            Ok(go_on(&guarded.portal, paths::SCOPES, Notice::done(text)))
        }
        Err(error) => {
            let again = guarded.again(posted.typed, error)?;
            new_page(&guarded, again.form, again.status).await
        }
    }
}

pub async fn edit(guarded: Guarded<act::ManageTenant>, id: Path<ScopeId>) -> Result<HttpResponse, PageError> {
    edit_page(&guarded, id.into_inner(), None, None, StatusCode::OK).await
}

async fn edit_page(
    guarded: &Guarded<act::ManageTenant>,
    id: ScopeId,
    form: Option<FormState>,
    meanwhile: Option<Vec<HistoryEntry>>,
    status: StatusCode,
) -> Result<HttpResponse, PageError> {
    let seen = guarded.read(move |permit, reader| own_scope(reader, permit.scope(), id)).await?;
    let (entry, users) = &seen.data;
    let form = form.unwrap_or_else(|| {
        FormState::of(&ScopeInput {
            name: entry.scope.name.clone(),
            description: entry.scope.description.clone(),
            version: entry.version.to_string(),
        })
    });
    let page = FormPage {
        shell: guarded.shell(&seen, title("Edit scope", &form)),
        form,
        editing: Some(Editing {
            name: entry.scope.name.clone(),
            users: SomeClients::of(users),
            deletion: paths::scope_deletion(id),
        }),
        action: paths::edit_scope(id),
        stale: meanwhile.is_some(),
        meanwhile: meanwhile.unwrap_or_default(),
    };
    html(status, &page)
}

/// A scope of the tenant's own, with the clients that use it.
fn own_scope(
    reader: &mut Reader<'_>,
    scope: TenantScope,
    id: ScopeId,
) -> Result<(CatalogueScope, db::roles::Holders), Error> {
    let entry = db::scopes::find(reader, scope, id)?;
    if entry.built_in {
        return Err(Error::NotFound);
    }
    let users = db::scopes::users(reader, scope, &entry.scope.name, SomeClients::NAMED)?;
    Ok((entry, users))
}

pub async fn update(
    guarded: Guarded<act::ManageTenant>,
    id: Path<ScopeId>,
    posted: Posted<ScopeInput>,
) -> Result<HttpResponse, PageError> {
    let (id, input) = (id.into_inner(), posted.input);
    match guarded.act(move |permit, operations| operations.update_scope(permit, id, &input)).await? {
        Ok(()) => Ok(go_on(&guarded.portal, paths::SCOPES, Notice::done("Scope updated."))),
        Err(error) => {
            let again = guarded.again(posted.typed, error)?;
            edit_page(&guarded, id, Some(again.form), again.meanwhile, again.status).await
        }
    }
}

#[derive(Template)]
#[template(path = "scopes/deletion.html")]
struct DeletionPage {
    shell: Shell,
    name: String,
    users: SomeClients,
    action: String,
}

pub async fn confirm_deletion(
    guarded: Guarded<act::ManageTenant>,
    id: Path<ScopeId>,
) -> Result<HttpResponse, PageError> {
    deletion_page(&guarded, id.into_inner(), StatusCode::OK).await
}

async fn deletion_page(
    guarded: &Guarded<act::ManageTenant>,
    id: ScopeId,
    status: StatusCode,
) -> Result<HttpResponse, PageError> {
    let seen = guarded.read(move |permit, reader| own_scope(reader, permit.scope(), id)).await?;
    let (entry, users) = &seen.data;
    let page = DeletionPage {
        shell: guarded.shell(&seen, "Delete scope"),
        name: entry.scope.name.clone(),
        users: SomeClients::of(users),
        action: paths::scope_deletion(id),
    };
    html(status, &page)
}

pub async fn delete(
    guarded: Guarded<act::ManageTenant>,
    id: Path<ScopeId>,
    posted: Posted<Nothing>,
) -> Result<HttpResponse, PageError> {
    let id = id.into_inner();
    let done = guarded.act_confirmed(&posted, move |permit, operations| operations.delete_scope(permit, id)).await;
    let done = match done {
        Ok(done) => done,
        Err(interrupted) => return interrupted.answer(),
    };
    match done {
        Ok(name) => Ok(go_on(&guarded.portal, paths::SCOPES, Notice::done(format!("Scope {name} deleted.")))),
        // A client has taken it meanwhile: the page names it.
        Err(Error::WrongState(_)) => deletion_page(&guarded, id, StatusCode::CONFLICT).await,
        Err(error) => Err(error.into()),
    }
}
