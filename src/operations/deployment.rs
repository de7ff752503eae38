//! What whoever runs the deployment does: tenants with their first administrator, platform approvers, mail that failed.

use serde::{Deserialize, Serialize};

use super::members::record_invitation;
use super::{Error, Made, Operations, Result, Target, Who, once, record};
use crate::access::{Confirmed, Permit, Role, Roles, act};
use crate::db::{self, Writer};
use crate::domain::account::Account;
use crate::domain::audit::AuditAction;
use crate::domain::field_errors::FieldErrors;
use crate::domain::id::{AccountId, MailId, TenantId};
use crate::domain::lifecycle::WrongState;
use crate::domain::tenant::{Tenant, TenantPolicy};
use crate::domain::text::{self, Email};

/// The form of a new tenant, as typed.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct NewTenantInput {
    pub name: String,
    pub contact_email: String,
    pub administrator: String,
}

const FIRST: Roles = Roles { developer: false, approver: false, administrator: true };

impl Operations {
    /// Makes a tenant and invites its first administrator. Until that invitation is accepted nobody administers it, and
    /// only who runs the deployment can invite somebody else: the one case of a tenant without an administrator.
    pub fn add_tenant(
        &self,
        permit: &Confirmed<act::Operate>,
        input: &NewTenantInput,
        submission: &str,
    ) -> Result<(TenantId, Made)> {
        let mut errors = FieldErrors::default();
        let name = errors.take("name", "Company name", text::name(&input.name, "the name of the company", 100));
        let contact = errors.take("contact_email", "Contact e-mail", Email::parse(&input.contact_email));
        let first = errors.take("administrator", "Administrator's e-mail", Email::parse(&input.administrator));
        let (Some(name), Some(contact), Some(first)) = (name, contact, first) else {
            return Err(Error::Invalid(errors));
        };
        once(self, submission, |writer| {
            let by = |_| (Who::Person(permit.actor()), permit.actor().membership().name.clone());
            let (tenant, _) = self.tenant_with_invitation(writer, &name, &contact, &first, by)?;
            Ok(tenant.id)
        })
    }

    /// The same from the command line. Answers with the link of the invitation.
    pub fn add_tenant_by_command(&self, name: &str, administrator: &str) -> Result<String> {
        let mut errors = FieldErrors::default();
        let name = errors.take("name", "Company name", text::name(name, "the name of the company", 100));
        let first = errors.take("administrator", "Administrator's e-mail", Email::parse(administrator));
        let (Some(name), Some(first)) = (name, first) else { return Err(Error::Invalid(errors)) };
        self.db.write(|writer| {
            let (_, token) = self.tenant_with_invitation(writer, &name, &first, &first, |tenant| {
                (Who::Job { name: BY_COMMAND, tenant }, "Whoever runs this portal".to_owned())
            })?;
            Ok(self.invitation_link(&token))
        })
    }

    fn tenant_with_invitation<'a>(
        &self,
        writer: &mut Writer<'_>,
        name: &str,
        contact: &Email,
        first: &Email,
        by: impl Fn(TenantId) -> (Who<'a>, String),
    ) -> Result<(Tenant, String)> {
        let tenant = self.create_tenant(writer, name, contact.as_str(), TenantPolicy::default(), false)?;
        let target = Target::Tenant { id: tenant.id, name: &tenant.name };
        record(writer, self.now(), by(tenant.id).0, AuditAction::TenantCreated, &target, &[])?;
        let (who, inviter) = by(tenant.id);
        let (_, token) = self.invite_to(writer, who, &inviter, (tenant.id, &tenant.name), first, FIRST)?;
        Ok((tenant, token))
    }

    /// Invites somebody to administer a tenant that nobody administers yet; who was invited before is not any more.
    pub fn invite_first_administrator(
        &self,
        permit: &Confirmed<act::Operate>,
        tenant: TenantId,
        email: &str,
    ) -> Result<()> {
        let email = Email::parse(email)
            .map_err(|fault| Error::Invalid(FieldErrors::one("email", "Administrator's e-mail", fault)))?;
        self.db.write(|writer| {
            db::tenants::lock(writer, tenant)?;
            let name = db::deployment::tenant_name(writer, tenant)?;
            if db::members::count_with(writer, permit.scope_of(tenant), Role::Administrator)? > 0 {
                let reason = format!("{name} has an administrator, who invites people there.");
                return Err(WrongState::because(reason).into());
            }
            for invitation in db::invitations::of_administrators(writer, tenant)? {
                db::invitations::remove(writer, invitation.id)?;
                record_invitation(self, writer, permit.actor(), AuditAction::InvitationWithdrawn, &invitation)?;
            }
            let (who, inviter) = (Who::Person(permit.actor()), &permit.actor().membership().name);
            self.invite_to(writer, who, inviter, (tenant, &name), &email, FIRST).map(drop)
        })
    }

    /// From now on the person decides on every tenant's release requests, never on their own.
    pub fn name_platform_approver(&self, permit: &Confirmed<act::Operate>, email: &str) -> Result<Account> {
        let fault = |text: &str| Error::Invalid(FieldErrors::one("email", "E-mail", text));
        let email = Email::parse(email).map_err(|text| fault(&text))?;
        self.db.write(|writer| {
            let found = db::accounts::by_email(writer, &email.key())?.map(|(account, _)| account);
            let account = found.ok_or_else(|| fault("Nobody on this portal has this address."))?;
            if !db::deployment::set_platform_approver(writer, account.id, true)? {
                return Err(fault("This person is a platform approver already."));
            }
            self.record_account(writer, permit, AuditAction::PlatformApproverNamed, &account)?;
            Ok(account)
        })
    }

    pub fn dismiss_platform_approver(&self, permit: &Confirmed<act::Operate>, id: AccountId) -> Result<Account> {
        self.db.write(|writer| {
            let (account, _) = db::accounts::find(writer, id)?;
            if !db::deployment::set_platform_approver(writer, id, false)? {
                return Err(WrongState::because(format!("{} is no platform approver.", account.name)).into());
            }
            self.record_account(writer, permit, AuditAction::PlatformApproverDismissed, &account)?;
            Ok(account)
        })
    }

    fn record_account(
        &self,
        writer: &mut Writer<'_>,
        permit: &Permit<act::Operate>,
        action: AuditAction,
        account: &Account,
    ) -> Result<()> {
        let target = Target::Account { id: account.id.to_string(), name: &account.name };
        record(writer, self.now(), Who::Person(permit.actor()), action, &target, &[])
    }

    /// A mail that failed is tried again now, and then as often as a new one.
    pub fn retry_mail(&self, permit: &Permit<act::Operate>, id: MailId) -> Result<()> {
        let now = self.now();
        self.on_failed_mail(permit, id, AuditAction::MailRetried, |writer| db::deployment::retry_mail(writer, id, now))
    }

    /// A mail that failed is thrown away.
    pub fn discard_mail(&self, permit: &Permit<act::Operate>, id: MailId) -> Result<()> {
        self.on_failed_mail(permit, id, AuditAction::MailDiscarded, |writer| db::deployment::discard_mail(writer, id))
    }

    fn on_failed_mail(
        &self,
        permit: &Permit<act::Operate>,
        id: MailId,
        action: AuditAction,
        act: impl FnOnce(&mut Writer<'_>) -> db::Result<bool>,
    ) -> Result<()> {
        self.db.write(|writer| {
            let subject = db::deployment::failed_mail(writer, id)?;
            if !act(writer)? {
                return Err(Error::NotFound);
            }
            let target = Target::Thing { kind: "mail", id: id.to_string(), name: &subject };
            record(writer, self.now(), Who::Person(permit.actor()), action, &target, &[])
        })
    }
}

/// Who acts when somebody at the machine does.
pub(super) const BY_COMMAND: &str = "Keywright (command line)";
