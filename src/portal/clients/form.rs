//! The forms that add and edit a client: what each type shows, and what was typed.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Path;
use askama::Template;

use crate::access::{Action, Actor, act};
use crate::db;
use crate::db::communities::OfferedRole;
use crate::domain::client::{Client, ClientInput, ClientType, GrantType, ResponseType, Signing, SubjectType};
use crate::domain::client_id::ClientIdSuffix;
use crate::domain::id::{ClientUid, ServiceId};
use crate::domain::role::{ClientRoles, TenantRole};
use crate::domain::scope::Scope;
use crate::domain::service::Service;
use crate::domain::tenant::{TENANT_MEMBER, Tenant};
use crate::operations::clients::reach;
use crate::operations::{Error, Made};
use crate::portal::form::{FormState, Posted};
use crate::portal::guard::{Guarded, title};
use crate::portal::history::HistoryEntry;
use crate::portal::shell::{Notice, Shell, go_on, go_to, html};
use crate::portal::{PageError, paths};

#[derive(Template)]
#[template(path = "clients/choose_type.html")]
struct ChooseTypePage {
    shell: Shell,
    service: String,
    service_href: String,
    types: Vec<TypeCard>,
}

struct TypeCard {
    href: String,
    icon: &'static str,
    label: &'static str,
    purpose: &'static str,
    facts: &'static str,
}

pub async fn choose_type(
    guarded: Guarded<act::EditClients>,
    service: Path<ServiceId>,
) -> Result<HttpResponse, PageError> {
    let id = service.into_inner();
    let seen = guarded.read(move |permit, reader| Ok(db::services::find(reader, permit.scope(), id)?)).await?;
    refuse_deleted(&seen.data)?;
    let actor = seen.permit.actor();
    let page = ChooseTypePage {
        shell: guarded.shell(&seen, "Add client"),
        service: seen.data.settings.name.clone(),
        service_href: paths::service(id),
        types: ClientType::ALL
            .iter()
            .filter(|kind| may_add(actor, **kind))
            .map(|kind| TypeCard {
                href: paths::new_client_of_type(id, *kind),
                icon: kind.as_str(),
                label: kind.label(),
                purpose: kind.purpose(),
                facts: facts(*kind),
            })
            .collect(),
    };
    html(StatusCode::OK, &page)
}

fn facts(kind: ClientType) -> &'static str {
    match kind {
        ClientType::ClientCredentials | ClientType::SyncConnector => "Acts for itself, with roles. Has secrets.",
        ClientType::AuthorizationCode | ClientType::Hybrid => "Acts for users. Has secrets.",
        ClientType::Native => "Acts for users. Has no secret.",
        ClientType::Custom => "Acts for itself or for users, as you choose.",
    }
}

fn may_add(actor: &Actor, kind: ClientType) -> bool {
    if kind.acts_alone() {
        actor.may(Action::EditMachineClients)
    } else {
        actor.may(Action::EditUserClients) || actor.may(Action::EditMachineClients)
    }
}

fn refuse_deleted(service: &Service) -> Result<(), PageError> {
    if service.state.is_deleted() {
        return Err(PageError::WrongState("This service is deleted. Reactivate it before adding clients.".into()));
    }
    Ok(())
}

#[derive(Template)]
#[template(path = "clients/form.html")]
struct FormPage {
    shell: Shell,
    form: FormState,
    heading: String,
    service: String,
    service_href: String,
    /// The client that is edited, if one is.
    editing: Option<Editing>,
    kind: ClientType,
    action: String,
    back: String,
    prefix: String,
    has_pkce_switch: bool,
    can_switch_pkce: bool,
    can_give_roles: bool,
    grant_types: Vec<Choice>,
    legacy_missing: bool,
    response_types: Vec<Choice>,
    scopes: Vec<Choice>,
    roles: Vec<Choice>,
    community_roles: Vec<Choice>,
    signings: Vec<(&'static str, &'static str)>,
    subjects: Vec<(&'static str, &'static str)>,
    redirect_hint: &'static str,
    /// Somebody else changed the client since the form was served; and what.
    stale: bool,
    meanwhile: Vec<HistoryEntry>,
}

struct Editing {
    name: String,
    href: String,
    client_id: String,
    default_purpose: Option<String>,
}

/// One box to tick.
struct Choice {
    value: String,
    label: String,
    hint: String,
    badge: &'static str,
    locked: bool,
}

/// What a form is drawn from.
struct Ground {
    service: Service,
    client: Option<(Client, ClientRoles)>,
    tenant: Tenant,
    scopes: Vec<Scope>,
    roles: Vec<TenantRole>,
    community_roles: Vec<OfferedRole>,
}

/// What a form shows beside its fields.
#[derive(Default)]
struct Shown {
    /// What others changed meanwhile, if they did.
    meanwhile: Option<Vec<HistoryEntry>>,
    /// What stands in the way is said on the form, so that what was typed stays to be copied.
    in_the_way: bool,
}

enum Subject {
    New(ServiceId, ClientType),
    Existing(ClientUid),
}

pub async fn new(
    guarded: Guarded<act::EditClients>,
    path: Path<(ServiceId, String)>,
) -> Result<HttpResponse, PageError> {
    let (service, kind) = path.into_inner();
    let kind = ClientType::parse(&kind).ok_or(PageError::NotFound)?;
    let form = FormState::of(&ClientInput::blank(kind));
    draw(&guarded, Subject::New(service, kind), Some(form), Shown::default(), StatusCode::OK).await
}

pub async fn add(
    guarded: Guarded<act::EditClients>,
    path: Path<(ServiceId, String)>,
    posted: Posted<ClientInput>,
) -> Result<HttpResponse, PageError> {
    let (service, kind) = path.into_inner();
    let kind = ClientType::parse(&kind).ok_or(PageError::NotFound)?;
    let (submission, mut input) = (posted.submission(), posted.input.clone());
    let mut typed = posted.typed.clone();
    if input.suffix.trim().is_empty() && !input.name.trim().is_empty() {
        // Without scripts the page can't propose a suffix while the name is typed; the server does it now.
        input.suffix = ClientIdSuffix::propose(&input.name).as_str().to_owned();
        typed = typed.with("suffix", &input.suffix);
    }
    let done = guarded
        .act_asking(&posted, move |permit, operations| {
            let (uid, made) = operations.add_client(permit, service, kind, &input, &submission)?;
            Ok((uid, made, operations.client_lacks_secret(permit, uid)?))
        })
        .await;
    let done = match done {
        Ok(done) => done,
        Err(interrupted) => return interrupted.answer(),
    };
    match done {
        // A double click lands where a single one does, whichever answer comes last.
        Ok((uid, _, true)) => {
            let notice = Notice::done("Client added. Now make its first secret.");
            Ok(go_on(&guarded.portal, &paths::new_secret(uid), notice))
        }
        Ok((uid, Made::Before, false)) => Ok(go_to(&paths::client(uid))),
        Ok((uid, Made::Now, false)) => {
            Ok(go_on(&guarded.portal, &paths::client(uid), Notice::done("Client added. It works at once.")))
        }
        Err(error) => refused(&guarded, Subject::New(service, kind), typed, error).await,
    }
}

pub async fn edit(guarded: Guarded<act::EditClients>, uid: Path<ClientUid>) -> Result<HttpResponse, PageError> {
    draw(&guarded, Subject::Existing(uid.into_inner()), None, Shown::default(), StatusCode::OK).await
}

pub async fn update(
    guarded: Guarded<act::EditClients>,
    uid: Path<ClientUid>,
    posted: Posted<ClientInput>,
) -> Result<HttpResponse, PageError> {
    let (uid, input) = (uid.into_inner(), posted.input.clone());
    let done = guarded.act_asking(&posted, move |permit, operations| operations.update_client(permit, uid, &input));
    let done = match done.await {
        Ok(done) => done,
        Err(interrupted) => return interrupted.answer(),
    };
    match done {
        Ok(()) => Ok(go_on(&guarded.portal, &paths::client(uid), Notice::done("Client updated."))),
        Err(error) => refused(&guarded, Subject::Existing(uid), posted.typed, error).await,
    }
}

/// The same form again, with everything that was typed and what is to be said about it.
async fn refused(
    guarded: &Guarded<act::EditClients>,
    subject: Subject,
    typed: FormState,
    error: Error,
) -> Result<HttpResponse, PageError> {
    let in_the_way = matches!(error, Error::WrongState(_));
    let again = guarded.again(typed, error)?;
    let shown = Shown { meanwhile: again.meanwhile, in_the_way };
    draw(guarded, subject, Some(again.form), shown, again.status).await
}

async fn draw(
    guarded: &Guarded<act::EditClients>,
    subject: Subject,
    form: Option<FormState>,
    shown: Shown,
    status: StatusCode,
) -> Result<HttpResponse, PageError> {
    let (wanted_service, kind, uid) = match subject {
        Subject::New(service, kind) => (Some(service), Some(kind), None),
        Subject::Existing(uid) => (None, None, Some(uid)),
    };
    let seen = guarded
        .read(move |permit, reader| {
            let scope = permit.scope();
            let client = match uid {
                Some(uid) => {
                    let client = db::clients::find(reader, scope, uid)?;
                    reach(reader, permit, &client)?;
                    let roles = db::clients::roles_of_one(reader, uid)?;
                    Some((client, roles))
                }
                None => None,
            };
            let service =
                client.as_ref().map(|(client, _): &(Client, ClientRoles)| client.service_id).or(wanted_service);
            Ok(Ground {
                service: db::services::find(reader, scope, service.ok_or(Error::NotFound)?)?,
                client,
                tenant: db::tenants::find(reader, scope)?,
                scopes: db::scopes::catalogue(reader, scope.id())?,
                roles: db::roles::all(reader, scope)?,
                community_roles: db::communities::offered(reader, scope)?,
            })
        })
        .await?;
    let ground = &seen.data;
    if !shown.in_the_way {
        refuse_deleted(&ground.service)?;
    }
    let actor = seen.permit.actor();
    let kind = kind.or(ground.client.as_ref().map(|(client, _)| client.client_type)).ok_or(PageError::NotFound)?;
    if ground.client.is_none() && !may_add(actor, kind) {
        return Err(actor.permit::<act::ManageTenant>().err().map_or(PageError::NotFound, PageError::from));
    }
    if !shown.in_the_way && ground.client.as_ref().is_some_and(|(client, _)| client.state.is_deleted()) {
        return Err(PageError::WrongState("This client is deleted. Reactivate it before editing it.".into()));
    }
    let form = match (form, &ground.client) {
        (Some(form), _) => form,
        (None, Some((client, roles))) => FormState::of(&ClientInput::of(client, roles)),
        (None, None) => FormState::of(&ClientInput::blank(kind)),
    };
    let policy = actor.membership().policy;
    let heading = if ground.client.is_some() { "Edit client" } else { "Add client" };
    let page = FormPage {
        shell: guarded.shell(&seen, title(heading, &form)),
        heading: heading.to_owned(),
        service: ground.service.settings.name.clone(),
        service_href: paths::service(ground.service.id),
        action: match &ground.client {
            Some((client, _)) => paths::edit_client(client.uid),
            None => paths::new_client_of_type(ground.service.id, kind),
        },
        back: match &ground.client {
            Some((client, _)) => paths::client(client.uid),
            None => paths::service(ground.service.id),
        },
        editing: ground.client.as_ref().map(|(client, _)| Editing {
            name: client.settings.name.clone(),
            href: paths::client(client.uid),
            client_id: client.client_id.to_string(),
            default_purpose: client.default_purpose.clone(),
        }),
        prefix: short_prefix(&ground.tenant),
        has_pkce_switch: kind.shows_pkce_switch(),
        can_switch_pkce: actor.may(Action::ManageTenant),
        can_give_roles: actor.may_give_client_roles(),
        grant_types: kind.grant_types(policy).into_iter().map(grant_choice).collect(),
        legacy_missing: !policy.legacy_grants,
        response_types: kind.response_types(policy).into_iter().map(response_choice).collect(),
        scopes: ground.scopes.iter().map(scope_choice).collect(),
        roles: ground.roles.iter().map(role_choice).collect(),
        community_roles: ground.community_roles.iter().map(community_role_choice).collect(),
        signings: Signing::ALL.iter().map(|signing| (signing.as_str(), signing.label())).collect(),
        subjects: SubjectType::ALL.iter().map(|subject| (subject.as_str(), subject.label())).collect(),
        redirect_hint: if kind == ClientType::Native {
            "Where users are sent back to, like com.example.app:/callback or http://127.0.0.1/callback."
        } else {
            "Where users are sent back to, like https://app.example.com/callback."
        },
        stale: shown.meanwhile.is_some(),
        meanwhile: shown.meanwhile.unwrap_or_default(),
        kind,
        form,
    };
    html(status, &page)
}

fn short_prefix(tenant: &Tenant) -> String {
    let prefix = tenant.client_id_prefix.as_str();
    format!("{}…{}.", prefix.get(..8).unwrap_or(prefix), prefix.get(60..).unwrap_or_default())
}

fn grant_choice(grant: GrantType) -> Choice {
    Choice {
        value: grant.as_str().into(),
        label: grant.label().into(),
        hint: match grant {
            GrantType::AuthorizationCode => "Signs users in; needs a redirect URL.",
            GrantType::ClientCredentials => "Acts on its own, with the roles below.",
            GrantType::RefreshToken => "Renews tokens without asking the user again.",
            GrantType::Implicit => "Legacy: tokens travel through the browser's address (RFC 9700 advises against it).",
        }
        .into(),
        badge: if grant == GrantType::Implicit { "Legacy" } else { "" },
        locked: false,
    }
}

fn response_choice(kind: ResponseType) -> Choice {
    Choice {
        value: kind.as_str().into(),
        label: kind.label().into(),
        hint: String::new(),
        badge: if kind.exposes_token() { "Legacy" } else { "" },
        locked: false,
    }
}

fn scope_choice(scope: &Scope) -> Choice {
    Choice {
        value: scope.name.clone(),
        label: scope.name.clone(),
        hint: scope.description.clone(),
        badge: "",
        locked: false,
    }
}

fn community_role_choice(role: &OfferedRole) -> Choice {
    Choice {
        value: role.held.id.to_string(),
        label: role.held.name.clone(),
        hint: role.description.clone(),
        badge: if role.held.administrator { "Administrator" } else { "" },
        locked: false,
    }
}

fn role_choice(role: &TenantRole) -> Choice {
    Choice {
        value: role.id.to_string(),
        label: role.settings.name.clone(),
        hint: role.settings.description.clone(),
        badge: "",
        locked: role.settings.name == TENANT_MEMBER,
    }
}
