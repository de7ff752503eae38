//! Reminding people of what ends. The mark of a reminder and its mails are one transaction, so that each is written once
//! whatever restarts and however many instances run; of those missed while nothing ran, the latest alone is written.

use std::collections::HashSet;

use super::secrets::secret_name;
use super::{Operations, Result};
use crate::access::{Actor, Role};
use crate::clock::Timestamp;
use crate::db::reminders::{Due, StartAt};
use crate::db::{self, Reader, Writer};
use crate::domain::id::{AccountId, ClientUid, SecretId, ServiceId, TenantId};
use crate::domain::reminder::{HORIZON, MARKS_KEPT_FOR, PURGE_DAYS, SECRET_DAYS, key};
use crate::domain::secret::Secret;
use crate::domain::text::Email;
use crate::mail::Message;

/// Looked at in one go.
const LOOK_AT: i64 = 200;

/// How many reminders were written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reminded {
    pub secrets: usize,
    pub purges: usize,
}

/// Whom a reminder goes to: accounts, and an address that belongs to no account.
#[derive(Default)]
struct Recipients {
    accounts: Vec<AccountId>,
    address: Option<String>,
}

impl Recipients {
    fn add(&mut self, account: AccountId) {
        if !self.accounts.contains(&account) {
            self.accounts.push(account);
        }
    }

    fn is_empty(&self) -> bool {
        self.accounts.is_empty() && self.address.is_none()
    }
}

impl Operations {
    /// Writes the reminders that are due. `keep_going` is asked before each.
    pub fn remind(&self, mut keep_going: impl FnMut() -> bool) -> Result<Reminded> {
        let now = self.now();
        let (past, ahead) = (now.minus(HORIZON), now.plus(HORIZON));
        let secrets = self.each_due(
            (SECRET_DAYS, past, now),
            &mut keep_going,
            |reader, from| db::reminders::secrets_ending(reader, from, ahead, LOOK_AT),
            |due, stage| self.remind_of_secret(due, stage, now),
        )?;
        let clients = self.each_due(
            (PURGE_DAYS, now, now),
            &mut keep_going,
            |reader, from| db::reminders::clients_ending(reader, from, ahead, LOOK_AT),
            |due, stage| self.remind_of_client(due, stage, now),
        )?;
        let services = self.each_due(
            (PURGE_DAYS, now, now),
            &mut keep_going,
            |reader, from| db::reminders::services_ending(reader, from, ahead, LOOK_AT),
            |due, stage| self.remind_of_service(due, stage, now),
        )?;
        self.db.write(|writer| db::reminders::remove_older(writer, now.minus(MARKS_KEPT_FOR)))?;
        Ok(Reminded { secrets, purges: clients + services })
    }

    /// Goes through what ends after an instant and reminds of each that is due and was not reminded of yet. Answers with
    /// how many.
    fn each_due<Id: ToString>(
        &self,
        (stages, after, now): (&[u32], Timestamp, Timestamp),
        keep_going: &mut impl FnMut() -> bool,
        look: impl Fn(&mut Reader<'_>, &StartAt) -> db::Result<Vec<Due<Id>>>,
        remind: impl Fn(&Due<Id>, u32) -> Result<bool>,
    ) -> Result<usize> {
        let (mut from, mut written) = (StartAt::after(after), 0);
        loop {
            let found = self.db.read(|reader| look(reader, &from))?;
            let Some(last) = found.last() else { return Ok(written) };
            from = StartAt::beyond(last);
            let due = found.iter().filter_map(|due| {
                let stage = due.ending.due(stages, now)?;
                Some((due, stage, key(&due.id.to_string(), due.ending.ends_at, stage)))
            });
            let due: Vec<_> = due.collect();
            let keys: Vec<String> = due.iter().map(|(_, _, key)| key.clone()).collect();
            let marked: HashSet<String> =
                self.db.read(|reader| db::reminders::marked(reader, &keys))?.into_iter().collect();
            for (due, stage, _) in due.iter().filter(|(_, _, key)| !marked.contains(key)) {
                if !keep_going() {
                    return Ok(written);
                }
                written += usize::from(remind(due, *stage)?);
            }
        }
    }

    fn remind_of_secret(&self, due: &Due<SecretId>, stage: u32, now: Timestamp) -> Result<bool> {
        self.db.write(|writer| {
            if !db::reminders::hold_secret(writer, due.id, due.ending.ends_at)? {
                return Ok(false);
            }
            let secret = db::secrets::of_any_tenant(writer, due.id)?;
            if !mark(writer, due, SECRET_DAYS, stage, now)? {
                return Ok(false);
            }
            let mut to = Recipients::default();
            if let Some(maker) = maker_who_may_edit(writer, due.tenant, &secret, now)? {
                to.add(maker);
            }
            self.add_contact(writer, &mut to, &due.contact)?;
            if to.is_empty() {
                add_administrators(writer, &mut to, due.tenant)?;
            }
            let link = self.client_link(secret.client_uid);
            self.write_to(writer, &to, |name| {
                let (client, secret, link) = (due.name.clone(), secret_name(&secret), link.clone());
                match stage {
                    0 => Message::SecretExpired { name, client, secret, link },
                    _ => Message::SecretExpires { name, client, secret, when: on(due.ending.ends_at), link },
                }
            })?;
            Ok(true)
        })
    }

    fn remind_of_client(&self, due: &Due<ClientUid>, stage: u32, now: Timestamp) -> Result<bool> {
        self.db.write(|writer| {
            if !db::reminders::hold_client(writer, due.id, due.ending.ends_at)?
                || !mark(writer, due, PURGE_DAYS, stage, now)?
            {
                return Ok(false);
            }
            let to = self.those_who_bring_back(writer, due)?;
            let link = self.client_link(due.id);
            self.write_to(writer, &to, |name| Message::ClientPurgeDue {
                name,
                client: due.name.clone(),
                when: on(due.ending.ends_at),
                link: link.clone(),
            })?;
            Ok(true)
        })
    }

    /// One mail for the service and all that went with it.
    fn remind_of_service(&self, due: &Due<ServiceId>, stage: u32, now: Timestamp) -> Result<bool> {
        self.db.write(|writer| {
            if !db::reminders::hold_service(writer, due.id, due.ending.ends_at)?
                || !mark(writer, due, PURGE_DAYS, stage, now)?
            {
                return Ok(false);
            }
            let clients = db::reminders::clients_gone_with(writer, due.id)?;
            let to = self.those_who_bring_back(writer, due)?;
            let link = format!("{}/services/{}", self.rules.public_url, due.id);
            self.write_to(writer, &to, |name| Message::ServicePurgeDue {
                name,
                service: due.name.clone(),
                clients,
                when: on(due.ending.ends_at),
                link: link.clone(),
            })?;
            Ok(true)
        })
    }

    /// The administrators, who can bring back whatever was deleted, and the service's own people.
    fn those_who_bring_back<Id>(&self, writer: &mut Writer<'_>, due: &Due<Id>) -> Result<Recipients> {
        let mut to = Recipients::default();
        add_administrators(writer, &mut to, due.tenant)?;
        self.add_contact(writer, &mut to, &due.contact)?;
        Ok(to)
    }

    /// A contact address that belongs to an account is that account: it gets one mail, and obeys its switches.
    fn add_contact(&self, writer: &mut Writer<'_>, to: &mut Recipients, contact: &str) -> Result<()> {
        let Ok(email) = Email::parse(contact) else { return Ok(()) };
        let account = db::accounts::by_email(writer, &email.key())?.map(|(account, _)| account);
        match account.filter(|account| account.activated_at.is_some()) {
            Some(account) => to.add(account.id),
            None => to.address = Some(email.as_str().to_owned()),
        }
        Ok(())
    }

    fn write_to(&self, writer: &mut Writer<'_>, to: &Recipients, message: impl Fn(String) -> Message) -> Result<()> {
        for account in &to.accounts {
            self.tell(writer, *account, &message)?;
        }
        match &to.address {
            Some(address) => self.enqueue(writer, address, &message(String::new())),
            None => Ok(()),
        }
    }

    fn client_link(&self, uid: ClientUid) -> String {
        format!("{}/clients/{uid}", self.rules.public_url)
    }
}

/// Marks the reminder, and those before it that were missed. `false`: it was written before.
fn mark<Id: ToString>(
    writer: &mut Writer<'_>,
    due: &Due<Id>,
    stages: &[u32],
    stage: u32,
    now: Timestamp,
) -> Result<bool> {
    let id = due.id.to_string();
    let first = db::reminders::mark(writer, &key(&id, due.ending.ends_at, stage), now)?;
    if first {
        for missed in stages.iter().filter(|other| **other > stage) {
            db::reminders::mark(writer, &key(&id, due.ending.ends_at, *missed), now)?;
        }
    }
    Ok(first)
}

/// Whoever made a secret, if the client is still theirs to edit.
fn maker_who_may_edit(
    writer: &mut Writer<'_>,
    tenant: TenantId,
    secret: &Secret,
    now: Timestamp,
) -> Result<Option<AccountId>> {
    let Some(maker) = secret.created_by_id else { return Ok(None) };
    let Some(membership) = db::tenants::membership(writer, maker, Some(tenant))? else { return Ok(None) };
    let actor = Actor::new(membership, now, String::new());
    let client = db::clients::find(writer, actor.scope(), secret.client_uid)?;
    let roles = db::clients::roles_of_one(writer, client.uid)?;
    Ok(actor.may_edit(client.acts_alone(), roles.has_more()).then_some(maker))
}

fn add_administrators(writer: &mut Writer<'_>, to: &mut Recipients, tenant: TenantId) -> Result<()> {
    for account in db::tenants::people_with(writer, tenant, Role::Administrator)? {
        to.add(account);
    }
    Ok(())
}

fn on(at: Timestamp) -> String {
    format!("on {}", at.readable())
}
