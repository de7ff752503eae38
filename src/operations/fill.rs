//! Making companies with people without mail and forms: for the demo, for generated data and for tests. Nothing that
//! serves requests calls this.

use zeroize::Zeroizing;

use super::{Operations, Result, new_id};
use crate::access::{Actor, Membership, Roles};
use crate::db::{self, Writer};
use crate::domain::account::{Account, PlainPassword};
use crate::domain::id::{AccountId, MemberId, RoleId};
use crate::domain::tenant::{TENANT_MEMBER, Tenant, TenantPolicy};
use crate::domain::text::Email;

/// Somebody to be made.
#[derive(Clone, Debug)]
pub struct NewPerson {
    pub name: String,
    pub email: String,
    pub roles: Roles,
    pub operator: bool,
}

/// A company to be made.
#[derive(Clone, Debug)]
pub struct NewCompany {
    pub name: String,
    pub policy: TenantPolicy,
    pub operates: bool,
    pub people: Vec<NewPerson>,
}

/// A company that was made: its people in the order asked for, and the role that every client has.
pub struct Company {
    pub tenant: Tenant,
    pub people: Vec<Membership>,
    pub member_role: RoleId,
}

impl Operations {
    /// All people get the same password.
    pub fn fill_company(&self, company: &NewCompany, password: &str) -> anyhow::Result<Company> {
        let password = PlainPassword::choose(Zeroizing::new(password.to_owned())).map_err(anyhow::Error::msg)?;
        let hash = self.passwords.hash(&password);
        Ok(self.db.write(|writer| {
            let now = self.now();
            let contact = company.people.first().map_or("nobody@localhost", |person| &person.email);
            let tenant = self.create_tenant(writer, &company.name, contact, company.policy, company.operates)?;
            let mut people = Vec::new();
            for person in &company.people {
                let email = Email::parse(&person.email)
                    .map_err(|fault| super::Error::Db(db::Error::Bug(format!("{}: {fault}", person.email))))?;
                let account = Account {
                    id: new_id!(self, AccountId),
                    email,
                    name: person.name.clone(),
                    operator: person.operator,
                    platform_approver: false,
                    activated_at: Some(now),
                    password_changed_at: now,
                    created_at: now,
                };
                db::accounts::insert(writer, &account, &hash)?;
                let member = new_id!(self, MemberId);
                db::tenants::insert_member(writer, member, tenant.id, account.id, person.roles, now)?;
                let membership = db::tenants::membership(writer, account.id, Some(tenant.id))?;
                people.extend(membership);
            }
            let member_role = people
                .first()
                .map(|person| Actor::new(person.clone(), now, String::new()).scope())
                .map(|scope| db::roles::all(writer, scope))
                .transpose()?
                .and_then(|roles| roles.into_iter().find(|role| role.settings.name == TENANT_MEMBER))
                .map(|role| role.id)
                .ok_or(super::Error::NotFound)?;
            Ok::<_, super::Error>(Company { tenant, people, member_role })
        })?)
    }

    /// One transaction of rows made elsewhere, of very many perhaps.
    pub fn fill(&self, work: impl FnOnce(&mut Writer<'_>) -> db::Result<()>) -> Result<()> {
        Ok(self.db.write(|writer| {
            writer.make_room()?;
            work(writer)
        })?)
    }
}
