//! The list of members, with the open invitations below it.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;
use serde::{Deserialize, Serialize};

use crate::access::{Role, act};
use crate::db;
use crate::db::members::{MemberQuery, MemberSort};
use crate::portal::form::Query;
use crate::portal::guard::Guarded;
use crate::portal::pager::{self, Pager, SortHeader};
use crate::portal::shell::{Shell, go_to, html};
use crate::portal::when::When;
use crate::portal::{PageError, paths};

/// More open invitations than this are counted, not shown.
const INVITATIONS_SHOWN: i64 = 50;

/// The state of the list, all of it in the address.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct Wanted {
    search: String,
    role: String,
    sort: String,
    order: String,
    page: String,
}

#[derive(Template)]
#[template(path = "members/list.html")]
struct ListPage {
    shell: Shell,
    wanted: Wanted,
    roles: Vec<(&'static str, &'static str)>,
    headers: [SortHeader; 2],
    rows: Vec<Row>,
    pager: Pager,
    invitations: Vec<InvitationRow>,
    invitation_count: i64,
}

struct Row {
    href: String,
    name: String,
    email: String,
    roles: Vec<&'static str>,
    second_factor: bool,
    since: When,
    own: bool,
}

struct InvitationRow {
    email: String,
    roles: String,
    invited_by: String,
    expires: When,
    expired: bool,
    resend: String,
    withdrawal: String,
}

pub async fn show(guarded: Guarded<act::ManageTenant>, wanted: Query<Wanted>) -> Result<HttpResponse, PageError> {
    let wanted = wanted.0;
    let number = wanted.page.parse().unwrap_or(1);
    let (sort, descending) = match (wanted.sort.as_str(), wanted.order.as_str()) {
        ("since", order) => (MemberSort::Since, order == "descending"),
        (_, order) => (MemberSort::Name, order == "descending"),
    };
    let query = MemberQuery {
        search: wanted.search.trim().to_owned(),
        role: Role::given(&wanted.role),
        sort,
        descending,
        offset: pager::offset(number),
        limit: pager::ROWS_PER_PAGE,
    };
    let seen = guarded
        .read(move |permit, reader| {
            let members = db::members::list(reader, permit.scope(), &query)?;
            Ok((members, db::invitations::of_tenant(reader, permit.scope(), INVITATIONS_SHOWN)?))
        })
        .await?;
    let now = guarded.portal.clock.now();
    let ((members, total), (invitations, invitation_count)) = &seen.data;
    let link = |page: u32| pager::address(paths::MEMBERS, &Wanted { page: page.to_string(), ..wanted.clone() });
    if members.is_empty() && *total > 0 {
        // The list has become shorter than the address thinks.
        return Ok(go_to(&link(pager::last_page(*total))));
    }
    let header = |label, column: &str, current: bool| {
        SortHeader::new(label, current, descending, |order| {
            let sorted = Wanted { sort: column.into(), order: order.into(), page: String::new(), ..wanted.clone() };
            pager::address(paths::MEMBERS, &sorted)
        })
    };
    let own = seen.permit.actor().membership().member_id;
    let page = ListPage {
        shell: guarded.shell(&seen, "Members"),
        roles: Role::GIVEN.map(|role| (role.as_str(), role.word())).to_vec(),
        headers: [
            header("Name", "name", sort == MemberSort::Name),
            header("Member since", "since", sort == MemberSort::Since),
        ],
        rows: members
            .iter()
            .map(|member| Row {
                href: paths::member(member.id),
                name: member.name.clone(),
                email: member.email.clone(),
                roles: member.roles.given().map(Role::word).collect(),
                second_factor: member.second_factor,
                since: When::new(member.since, now),
                own: member.id == own,
            })
            .collect(),
        pager: pager::pager(number, *total, link),
        invitations: invitations
            .iter()
            .map(|invitation| InvitationRow {
                email: invitation.email.as_str().to_owned(),
                roles: invitation.roles.in_words(),
                invited_by: invitation.invited_by.clone(),
                expires: When::new(invitation.expires_at, now),
                expired: invitation.has_expired(now),
                resend: paths::invitation_resend(invitation.id),
                withdrawal: paths::invitation_withdrawal(invitation.id),
            })
            .collect(),
        invitation_count: *invitation_count,
        wanted: wanted.clone(),
    };
    html(StatusCode::OK, &page)
}
