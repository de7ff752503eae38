//! Who belongs to a company: invited, given roles, removed, and leaving. Each act locks the tenant first, so that of two
//! administrators who take each other's role at the same moment one stays.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Confirmation, Error, Made, Operations, Result, Target, Who, new_id, once, record, served_for};
use crate::access::{Actor, Confirmed, Denied, Permit, Role, Roles, TenantScope, act};
use crate::crypto::hashing::sha256;
use crate::crypto::random;
use crate::db::invitations::Invitation;
use crate::db::members::Member;
use crate::db::{self, Writer};
use crate::domain::audit::{AuditAction, Change};
use crate::domain::field_errors::FieldErrors;
use crate::domain::id::{InvitationId, MemberId, TenantId};
use crate::domain::lifecycle::WrongState;
use crate::domain::text::Email;
use crate::mail::Message;

/// How long the link in the mail is good.
pub const INVITATION_LASTS: Duration = Duration::from_secs(7 * 86_400);
/// How many invitations a company may send without a pause: nobody's mail server is a megaphone.
const SENT_WITHOUT_PAUSE: i32 = 100;

/// The form that invites somebody, as typed.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct InvitationInput {
    pub email: String,
    pub roles: Vec<String>,
    /// The id of the company that the form was served for.
    pub company: String,
}

/// The form that changes a member's roles.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct RolesInput {
    pub roles: Vec<String>,
    /// The roles that the member had when the form was served, with commas.
    pub before: String,
    /// `yes` once what a lost role stops has been shown.
    pub confirmed: String,
}

impl RolesInput {
    pub fn of(roles: Roles) -> Self {
        let words: Vec<String> = roles.given().map(|role| role.as_str().to_owned()).collect();
        Self { before: words.join(","), roles: words, confirmed: String::new() }
    }
}

fn roles(words: &[String]) -> Result<Roles> {
    let fault = || Error::Invalid(FieldErrors::one("roles", "Roles", "Choose among the roles that are offered."));
    Roles::from_words(words.iter().map(String::as_str)).ok_or_else(fault)
}

fn invalid_email(fault: impl Into<String>) -> Error {
    Error::Invalid(FieldErrors::one("email", "E-mail", fault))
}

impl Operations {
    /// Invites somebody by mail. The address may have an account already, in this deployment but not in this company.
    pub fn invite(
        &self,
        permit: &Confirmed<act::ManageTenant>,
        input: &InvitationInput,
        submission: &str,
    ) -> Result<(InvitationId, Made)> {
        served_for(permit, &input.company)?;
        let (email, roles) = match (Email::parse(&input.email), roles(&input.roles)) {
            (Ok(email), Ok(roles)) => (email, roles),
            (Err(fault), _) => return Err(invalid_email(fault)),
            (_, Err(error)) => return Err(error),
        };
        self.count_invitation(permit.scope(), invalid_email)?;
        let inviter = permit.actor().membership();
        let company = (inviter.tenant_id, inviter.tenant_name.as_str());
        once(self, submission, |writer| {
            lock_as_administrator(writer, permit)?;
            let who = Who::Person(permit.actor());
            self.invite_to(writer, who, &inviter.name, company, &email, roles).map(|(id, _)| id)
        })
    }

    /// An invitation into a tenant, given as id and name, with its mail and its event. Answers with its token, too.
    pub(super) fn invite_to(
        &self,
        writer: &mut Writer<'_>,
        who: Who<'_>,
        inviter: &str,
        (tenant, company): (TenantId, &str),
        email: &Email,
        roles: Roles,
    ) -> Result<(InvitationId, String)> {
        let now = self.now();
        db::tenants::lock(writer, tenant)?;
        if db::members::has_address(writer, tenant, &email.key())? {
            return Err(invalid_email("Somebody with this address is a member already."));
        }
        if db::invitations::is_invited(writer, tenant, &email.key())? {
            return Err(invalid_email(
                "Somebody with this address is invited already. Send that invitation again, or withdraw it first.",
            ));
        }
        let token = random::token();
        let invitation = Invitation {
            id: new_id!(self, InvitationId),
            tenant_id: tenant,
            email: email.clone(),
            roles,
            invited_by: inviter.to_owned(),
            created_at: now,
            sent_at: now,
            expires_at: now.plus(INVITATION_LASTS),
        };
        db::invitations::insert(writer, &invitation, &sha256(&token))?;
        self.mail_invitation(writer, company, &invitation, &token)?;
        let given = [Change { field: "Roles".into(), before: String::new(), after: roles.in_words() }];
        record(writer, now, who, AuditAction::InvitationSent, &Target::Invitation(&invitation), &given)?;
        Ok((invitation.id, token))
    }

    /// Sends an invitation once more, with a new link; the one before is worth nothing then.
    pub fn send_invitation_again(&self, permit: &Confirmed<act::ManageTenant>, id: InvitationId) -> Result<Invitation> {
        self.count_invitation(permit.scope(), |text| WrongState::because(text).into())?;
        self.db.write(|writer| {
            let (now, inviter) = (self.now(), permit.actor().membership());
            lock_as_administrator(writer, permit)?;
            let before = db::invitations::find(writer, permit.scope(), id)?;
            let token = random::token();
            let invitation = Invitation {
                invited_by: inviter.name.clone(),
                sent_at: now,
                expires_at: now.plus(INVITATION_LASTS),
                ..before
            };
            let until = invitation.expires_at;
            db::invitations::renew(writer, id, &sha256(&token), &invitation.invited_by, now, until)?;
            self.mail_invitation(writer, &inviter.tenant_name, &invitation, &token)?;
            record_invitation(self, writer, permit.actor(), AuditAction::InvitationSentAgain, &invitation)?;
            Ok(invitation)
        })
    }

    /// Takes an invitation back: its link is worth nothing from now on.
    pub fn withdraw_invitation(&self, permit: &Confirmed<act::ManageTenant>, id: InvitationId) -> Result<Invitation> {
        self.db.write(|writer| {
            lock_as_administrator(writer, permit)?;
            let invitation = db::invitations::find(writer, permit.scope(), id)?;
            if !db::invitations::remove(writer, id)? {
                return Err(Error::NotFound);
            }
            record_invitation(self, writer, permit.actor(), AuditAction::InvitationWithdrawn, &invitation)?;
            Ok(invitation)
        })
    }

    /// Counts one more; where there were too many, `refusal` says so in its way.
    pub(super) fn count_invitation(
        &self,
        scope: TenantScope,
        refusal: impl FnOnce(&'static str) -> Error,
    ) -> Result<()> {
        match self.count(&format!("invitations:{}", scope.id()), SENT_WITHOUT_PAUSE) {
            Err(Error::Blocked { .. }) => {
                Err(refusal("Your company has just sent very many invitations. Wait a quarter of an hour."))
            }
            counted => counted.map(drop),
        }
    }

    fn mail_invitation(
        &self,
        writer: &mut Writer<'_>,
        company: &str,
        invitation: &Invitation,
        token: &str,
    ) -> Result<()> {
        let message = Message::Invitation {
            company: company.to_owned(),
            inviter: invitation.invited_by.clone(),
            roles: invitation.roles.in_words(),
            link: self.invitation_link(token),
            until: invitation.expires_at.readable(),
        };
        self.enqueue(writer, invitation.email.as_str(), &message)
    }

    pub(super) fn invitation_link(&self, token: &str) -> String {
        format!("{}/invitations/accept?token={token}", self.rules.public_url)
    }

    /// Gives and takes roles. `Unconfirmed` says what a lost role stops, until the form says that it is meant.
    pub fn change_member_roles(
        &self,
        permit: &Confirmed<act::ManageTenant>,
        id: MemberId,
        input: &RolesInput,
    ) -> Result<Member> {
        let after = roles(&input.roles)?;
        self.db.write(|writer| {
            let scope = permit.scope();
            lock_as_administrator(writer, permit)?;
            let member = db::members::find(writer, scope, id)?;
            if input.before != RolesInput::of(member.roles).before {
                return Err(Error::Stale { since: Vec::new(), version: 0 });
            }
            let lost: Vec<Role> =
                member.roles.given().filter(|role| !after.given().any(|kept| kept == *role)).collect();
            if lost.contains(&Role::Administrator) {
                keep_an_administrator(writer, scope, &member)?;
            }
            if !lost.is_empty() && input.confirmed != "yes" {
                return Err(Error::Unconfirmed(what_stops(writer, scope, &lost)?));
            }
            if after == member.roles {
                return Ok(member);
            }
            db::members::set_roles(writer, id, after)?;
            let changed = [Change { field: "Roles".into(), before: member.roles.in_words(), after: after.in_words() }];
            let member = Member { roles: after, ..member };
            record_member(self, writer, permit.actor(), AuditAction::MemberRolesChanged, &member, &changed)?;
            Ok(member)
        })
    }

    /// Removes somebody else from the company. What they made stays and works.
    pub fn remove_member(&self, permit: &Confirmed<act::ManageTenant>, id: MemberId) -> Result<Member> {
        if id == permit.actor().membership().member_id {
            return Err(WrongState::because("This is you. Leave the company from your account page.").into());
        }
        self.db.write(|writer| {
            lock_as_administrator(writer, permit)?;
            self.end_membership(writer, permit.actor(), id, AuditAction::MemberRemoved)
        })
    }

    /// Leaves the company that one is in now, which is the one that the form was served for.
    pub fn leave_company(&self, permit: &Confirmed<act::See>, company: &str) -> Result<()> {
        served_for(permit, company)?;
        let own = permit.actor().membership().member_id;
        self.db.write(|writer| {
            db::tenants::lock(writer, permit.scope().id())?;
            self.end_membership(writer, permit.actor(), own, AuditAction::MemberLeft).map(drop)
        })
    }

    /// The caller has locked the tenant.
    fn end_membership(
        &self,
        writer: &mut Writer<'_>,
        actor: &Actor,
        id: MemberId,
        action: AuditAction,
    ) -> Result<Member> {
        let scope = actor.scope();
        let member = db::members::find(writer, scope, id)?;
        if member.roles.administrator {
            keep_an_administrator(writer, scope, &member)?;
        }
        db::members::remove(writer, id)?;
        // A company may let its own people in without asking them. From outside they are asked.
        db::grants::end_of_member(writer, member.account_id, scope.id(), self.now())?;
        let held = [Change { field: "Roles".into(), before: member.roles.in_words(), after: String::new() }];
        record_member(self, writer, actor, action, &member, &held)?;
        Ok(member)
    }
}

/// Locks the tenant, and refuses who was an administrator when the request came and is none any more: looking at a
/// password takes a while.
fn lock_as_administrator(writer: &mut Writer<'_>, permit: &Permit<act::ManageTenant>) -> Result<()> {
    let person = permit.actor().membership();
    db::tenants::lock(writer, person.tenant_id)?;
    let now = db::tenants::membership(writer, person.account_id, Some(person.tenant_id))?;
    let still = now.is_some_and(|now| now.roles.administrator);
    if still { Ok(()) } else { Err(Denied { needed: vec![Role::Administrator] }.into()) }
}

/// Refuses what would leave the tenant without an administrator. The caller has locked the tenant.
fn keep_an_administrator(writer: &mut Writer<'_>, scope: TenantScope, member: &Member) -> Result<()> {
    if db::members::count_with(writer, scope, Role::Administrator)? > 1 {
        return Ok(());
    }
    let name = &member.name;
    let reason = format!(
        "{name} is the last tenant administrator, and a company always keeps one. Make somebody else an administrator \
         first."
    );
    Err(WrongState::because(reason).into())
}

/// What each lost role stops, counted and named.
fn what_stops(writer: &mut Writer<'_>, scope: TenantScope, lost: &[Role]) -> Result<Vec<Confirmation>> {
    let mut stops = Vec::new();
    for role in lost {
        let others = db::members::count_with(writer, scope, *role)? - 1;
        let left = match others {
            0 => "Nobody else has this role".to_owned(),
            1 => "1 other member has it".to_owned(),
            more => format!("{more} other members have it"),
        };
        let text = match role {
            Role::Developer => format!(
                "No more adding or editing services, clients and secrets, and no more asking for a release. What they \
                 made stays and works. {left}."
            ),
            Role::Approver => {
                let waiting = db::members::count_waiting_requests(writer, scope)?;
                let waiting = match (waiting, others) {
                    (0, _) => String::new(),
                    (1, 0) => ": 1 release request waits with nobody in the company to decide".to_owned(),
                    (more, 0) => format!(": {more} release requests wait with nobody in the company to decide"),
                    (1, _) => "; 1 release request waits for them".to_owned(),
                    (more, _) => format!("; {more} release requests wait for them"),
                };
                format!("No more deciding on release requests or taking services back to sandbox. {left}{waiting}.")
            }
            _ => format!(
                "No more managing of members, roles, communities, scopes and settings, and no more reading of the \
                 audit log. {left}."
            ),
        };
        stops.push(Confirmation { key: role.as_str(), text });
    }
    Ok(stops)
}

pub(super) fn record_invitation(
    operations: &Operations,
    writer: &mut Writer<'_>,
    actor: &Actor,
    action: AuditAction,
    invitation: &Invitation,
) -> Result<()> {
    record(writer, operations.now(), Who::Person(actor), action, &Target::Invitation(invitation), &[])
}

fn record_member(
    operations: &Operations,
    writer: &mut Writer<'_>,
    actor: &Actor,
    action: AuditAction,
    member: &Member,
    changes: &[Change],
) -> Result<()> {
    let target = Target::Thing { kind: "member", id: member.id.to_string(), name: &member.name };
    record(writer, operations.now(), Who::Person(actor), action, &target, changes)
}
