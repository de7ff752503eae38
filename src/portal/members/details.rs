//! A member: who it is, what they may do, and the form that changes it.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Path;
use askama::Template;

use super::{RoleOption, role_options};
use crate::access::{Confirmed, Role, act};
use crate::db;
use crate::domain::field_errors::FieldErrors;
use crate::domain::id::MemberId;
use crate::operations::members::RolesInput;
use crate::operations::{Error, Operations};
use crate::portal::form::{FormState, Posted};
use crate::portal::guard::{CONFIRM_PASSWORD, Guarded, title};
use crate::portal::history::{self, HistoryEntry};
use crate::portal::shell::{Notice, Shell, go_on, html};
use crate::portal::when::When;
use crate::portal::{PageError, paths};

#[derive(Template)]
#[template(path = "members/details.html")]
struct DetailsPage {
    shell: Shell,
    form: FormState,
    name: String,
    email: String,
    since: When,
    second_factor: bool,
    held: Vec<&'static str>,
    roles: Vec<RoleOption>,
    /// Those of communities, each with the community's name before it.
    community_roles: Vec<String>,
    history: Vec<HistoryEntry>,
    /// The page of whoever looks at it.
    own: bool,
    action: String,
    removal: String,
}

/// What a lost role stops.
struct Effect {
    role: &'static str,
    text: String,
}

#[derive(Template)]
#[template(path = "members/lost_roles.html")]
struct LostRolesPage {
    shell: Shell,
    name: String,
    effects: Vec<Effect>,
    fields: Vec<(String, String)>,
    action: String,
    back: String,
}

pub async fn show(guarded: Guarded<act::ManageTenant>, id: Path<MemberId>) -> Result<HttpResponse, PageError> {
    draw(&guarded, id.into_inner(), None, StatusCode::OK).await
}

async fn draw(
    guarded: &Guarded<act::ManageTenant>,
    id: MemberId,
    form: Option<FormState>,
    status: StatusCode,
) -> Result<HttpResponse, PageError> {
    let seen = guarded
        .read(move |permit, reader| {
            let member = db::members::find(reader, permit.scope(), id)?;
            let events = db::audit::by_actor(reader, permit.scope(), member.account_id, history::SHOWN)?;
            let community_roles = db::members::community_roles(reader, member.id)?;
            Ok((member, events, community_roles))
        })
        .await?;
    let (member, events, community_roles) = &seen.data;
    let now = guarded.portal.clock.now();
    let now_held = RolesInput::of(member.roles);
    let form = match form {
        Some(form) => form.with("before", &now_held.before),
        None => FormState::of(&now_held),
    };
    let page = DetailsPage {
        shell: guarded.shell(&seen, title(&member.name, &form)),
        form,
        name: member.name.clone(),
        email: member.email.clone(),
        since: When::new(member.since, now),
        second_factor: member.second_factor,
        held: member.roles.held().map(Role::word).collect(),
        roles: role_options(),
        community_roles: community_roles.iter().map(|(role, community)| format!("{community}: {role}")).collect(),
        history: history::entries(events, now),
        own: member.id == seen.permit.actor().membership().member_id,
        action: paths::member_roles(id),
        removal: paths::member_removal(id),
    };
    html(status, &page)
}

pub async fn change_roles(
    guarded: Guarded<act::ManageTenant>,
    id: Path<MemberId>,
    posted: Posted<RolesInput>,
) -> Result<HttpResponse, PageError> {
    let id = id.into_inner();
    let input = posted.input.clone();
    let work = move |permit: &Confirmed<act::ManageTenant>, operations: &Operations| {
        let own = permit.actor().membership().member_id == id;
        operations.change_member_roles(permit, id, &input).map(|member| (member, own))
    };
    let done = match guarded.act_confirmed(&posted, work).await {
        Ok(done) => done,
        Err(interrupted) => return interrupted.answer(),
    };
    let again = |message: String| {
        let form = posted.typed.clone().without("confirmed");
        form.with_errors(FieldErrors::one("roles", "Roles", message))
    };
    match done {
        Ok((member, own)) => {
            let text = format!("{} is now: {}.", member.name, member.roles.in_words());
            // Who has given their own administration away may not see the page of members any more.
            let to = if own && !member.roles.administrator { paths::START.to_owned() } else { paths::member(id) };
            Ok(go_on(&guarded.portal, &to, Notice::done(text)))
        }
        Err(Error::Unconfirmed(effects)) => {
            let seen = guarded.read(move |permit, reader| Ok(db::members::find(reader, permit.scope(), id)?)).await?;
            let page = LostRolesPage {
                shell: guarded.shell(&seen, "Change roles"),
                name: seen.data.name.clone(),
                effects: effects
                    .into_iter()
                    .map(|effect| Effect { role: Role::given(effect.key).map_or("", Role::word), text: effect.text })
                    .collect(),
                fields: posted.typed.without("confirmed").without(CONFIRM_PASSWORD).pairs().to_vec(),
                action: paths::member_roles(id),
                back: paths::member(id),
            };
            html(StatusCode::OK, &page)
        }
        Err(Error::Invalid(errors)) => {
            let form = posted.typed.without("confirmed").with_errors(errors);
            draw(&guarded, id, Some(form), StatusCode::UNPROCESSABLE_ENTITY).await
        }
        Err(Error::Stale { .. }) => {
            let form = again("Somebody else changed these roles meanwhile. Look at them and choose again.".into());
            draw(&guarded, id, Some(form), StatusCode::CONFLICT).await
        }
        Err(Error::WrongState(reason)) => {
            draw(&guarded, id, Some(again(reason.to_string())), StatusCode::CONFLICT).await
        }
        Err(error) => Err(error.into()),
    }
}
