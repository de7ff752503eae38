//! Every tenant of the deployment, new ones, and first administrators.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Path;
use askama::Template;
use serde::{Deserialize, Serialize};

use crate::access::act;
use crate::db;
use crate::db::deployment::TenantQuery;
use crate::domain::id::TenantId;
use crate::operations::deployment::NewTenantInput;
use crate::portal::form::{FormState, Posted, Query};
use crate::portal::guard::{Guarded, title};
use crate::portal::pager::{self, Pager};
use crate::portal::shell::{Notice, Shell, go_on, go_to, html};
use crate::portal::when::When;
use crate::portal::{PageError, paths};

/// The state of the list, all of it in the address.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct Wanted {
    search: String,
    page: String,
}

#[derive(Template)]
#[template(path = "operation/tenants.html")]
struct ListPage {
    shell: Shell,
    wanted: Wanted,
    rows: Vec<Row>,
    pager: Pager,
}

struct Row {
    name: String,
    id: String,
    own: bool,
    members: i64,
    services: i64,
    clients: i64,
    created: When,
    /// Nobody administers it yet: who is invited to, and where to invite somebody else.
    waits: Option<Waits>,
}

struct Waits {
    invited: Option<(String, When, bool)>,
    href: String,
}

pub async fn show(guarded: Guarded<act::Operate>, wanted: Query<Wanted>) -> Result<HttpResponse, PageError> {
    let wanted = wanted.0;
    let number = wanted.page.parse().unwrap_or(1);
    let query = TenantQuery {
        search: wanted.search.trim().to_owned(),
        offset: pager::offset(number),
        limit: pager::ROWS_PER_PAGE,
    };
    let seen = guarded.read(move |_, reader| Ok(db::deployment::tenants(reader, &query)?)).await?;
    let now = guarded.portal.clock.now();
    let (tenants, total) = &seen.data;
    let link = |page: u32| pager::address(paths::OPERATION, &Wanted { page: page.to_string(), ..wanted.clone() });
    if tenants.is_empty() && *total > 0 {
        // The list has become shorter than the address thinks.
        return Ok(go_to(&link(pager::last_page(*total))));
    }
    let own = seen.permit.actor().membership().tenant_id;
    let page = ListPage {
        shell: guarded.shell(&seen, "Tenants"),
        rows: tenants
            .iter()
            .map(|tenant| Row {
                name: tenant.name.clone(),
                id: tenant.id.to_string(),
                own: tenant.id == own,
                members: tenant.members,
                services: tenant.services,
                clients: tenant.clients,
                created: When::new(tenant.created_at, now),
                waits: (tenant.administrators == 0).then(|| Waits {
                    invited: tenant
                        .invited
                        .as_ref()
                        .map(|(email, until)| (email.clone(), When::new(*until, now), *until <= now)),
                    href: paths::first_administrator(tenant.id),
                }),
            })
            .collect(),
        pager: pager::pager(number, *total, link),
        wanted: wanted.clone(),
    };
    html(StatusCode::OK, &page)
}

#[derive(Template)]
#[template(path = "operation/new_tenant.html")]
struct NewPage {
    shell: Shell,
    form: FormState,
}

pub async fn new(guarded: Guarded<act::Operate>) -> Result<HttpResponse, PageError> {
    draw_new(&guarded, FormState::of(&NewTenantInput::default()), StatusCode::OK).await
}

async fn draw_new(
    guarded: &Guarded<act::Operate>,
    form: FormState,
    status: StatusCode,
) -> Result<HttpResponse, PageError> {
    let seen = guarded.read(|_, _| Ok(())).await?;
    html(status, &NewPage { shell: guarded.shell(&seen, title("Add tenant", &form)), form })
}

pub async fn add(guarded: Guarded<act::Operate>, posted: Posted<NewTenantInput>) -> Result<HttpResponse, PageError> {
    let (submission, input) = (posted.submission(), posted.input.clone());
    let done = guarded
        .act_confirmed(&posted, move |permit, operations| operations.add_tenant(permit, &input, &submission))
        .await;
    let done = match done {
        Ok(done) => done,
        Err(interrupted) => return interrupted.answer(),
    };
    match done {
        Ok(_) => {
            let (name, email) = (posted.input.name.trim(), posted.input.administrator.trim());
            let text = format!("{name} added. {email} is invited to administer it.");
            Ok(go_on(&guarded.portal, paths::OPERATION, Notice::done(text)))
        }
        Err(error) => {
            let again = guarded.again(posted.typed, error)?;
            draw_new(&guarded, again.form, again.status).await
        }
    }
}

#[derive(Template)]
#[template(path = "operation/administrator.html")]
struct AdministratorPage {
    shell: Shell,
    form: FormState,
    tenant: String,
    invited: Option<String>,
    action: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct AdministratorForm {
    email: String,
}

pub async fn ask_administrator(guarded: Guarded<act::Operate>, id: Path<TenantId>) -> Result<HttpResponse, PageError> {
    draw_administrator(&guarded, id.into_inner(), None, StatusCode::OK).await
}

async fn draw_administrator(
    guarded: &Guarded<act::Operate>,
    id: TenantId,
    form: Option<FormState>,
    status: StatusCode,
) -> Result<HttpResponse, PageError> {
    let seen = guarded
        .read(move |_, reader| {
            let name = db::deployment::tenant_name(reader, id)?;
            Ok((name, db::deployment::invited_administrator(reader, id)?))
        })
        .await?;
    let (tenant, invited) = seen.data.clone();
    let form = form.unwrap_or_else(|| FormState::empty().with("email", invited.as_deref().unwrap_or_default()));
    let page = AdministratorPage {
        shell: guarded.shell(&seen, title("Invite administrator", &form)),
        form,
        tenant,
        invited,
        action: paths::first_administrator(id),
    };
    html(status, &page)
}

pub async fn invite_administrator(
    guarded: Guarded<act::Operate>,
    id: Path<TenantId>,
    posted: Posted<AdministratorForm>,
) -> Result<HttpResponse, PageError> {
    let (id, email) = (id.into_inner(), posted.input.email.clone());
    let done = guarded
        .act_confirmed(&posted, move |permit, operations| operations.invite_first_administrator(permit, id, &email))
        .await;
    let done = match done {
        Ok(done) => done,
        Err(interrupted) => return interrupted.answer(),
    };
    match done {
        Ok(()) => {
            let text = format!("{} is invited. Links sent before no longer work.", posted.input.email.trim());
            Ok(go_on(&guarded.portal, paths::OPERATION, Notice::done(text)))
        }
        Err(error) => {
            let again = guarded.again(posted.typed, error)?;
            draw_administrator(&guarded, id, Some(again.form), again.status).await
        }
    }
}
