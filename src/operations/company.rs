//! What a company says of itself, and what it allows.

use super::{Confirmation, Error, Operations, Result, Target, Who, all_meant, record, refuse_stale, served_for};
use crate::access::{Confirmed, Permit, TenantScope, act};
use crate::db::tenants::Company;
use crate::db::{self, Writer};
use crate::domain::audit::{AuditAction, changes};
use crate::domain::company::{CompanyProfile, PolicyInput, ProfileInput};
use crate::domain::tenant::TenantPolicy;

impl Operations {
    /// Name, contact and website.
    pub fn update_company(&self, permit: &Permit<act::ManageTenant>, input: &ProfileInput) -> Result<()> {
        served_for(permit, &input.company)?;
        let after = CompanyProfile::parse(input).map_err(Error::Invalid)?;
        self.db.write(|writer| {
            let before = as_seen(writer, permit.scope(), &input.version)?;
            let changed = changes(&before.profile.facts(), &after.facts());
            if changed.is_empty() {
                return Ok(());
            }
            db::tenants::update_profile(writer, permit.scope(), &after)?;
            let target = Target::TenantAt { id: before.tenant.id, name: &after.name, version: before.version + 1 };
            record(writer, self.now(), Who::Person(permit.actor()), AuditAction::TenantUpdated, &target, &changed)
        })
    }

    /// What the company allows. `Unconfirmed` says what a safeguard or a switch stops, until the form says it is meant.
    pub fn change_settings(&self, permit: &Confirmed<act::ManageTenant>, input: &PolicyInput) -> Result<()> {
        served_for(permit, &input.company)?;
        let after = input.parse().map_err(Error::Invalid)?;
        self.db.write(|writer| {
            let before = as_seen(writer, permit.scope(), &input.version)?;
            let changed = changes(&before.tenant.policy.facts(), &after.facts());
            if changed.is_empty() {
                return Ok(());
            }
            all_meant(questions(writer, permit, &before.tenant.policy, &after)?, &input.confirmed)?;
            db::tenants::update_policy(writer, permit.scope(), &after)?;
            let target =
                Target::TenantAt { id: before.tenant.id, name: &before.tenant.name, version: before.version + 1 };
            record(writer, self.now(), Who::Person(permit.actor()), AuditAction::SettingsChanged, &target, &changed)
        })
    }
}

/// The company, locked, if nobody changed it since the form was served.
fn as_seen(writer: &mut Writer<'_>, scope: TenantScope, version: &str) -> Result<Company> {
    db::tenants::lock(writer, scope.id())?;
    let company = db::tenants::company(writer, scope)?;
    refuse_stale(writer, scope, &scope.id(), version, company.version)?;
    Ok(company)
}

fn questions(
    writer: &mut Writer<'_>,
    permit: &Confirmed<act::ManageTenant>,
    before: &TenantPolicy,
    after: &TenantPolicy,
) -> Result<Vec<Confirmation>> {
    let mut questions = Vec::new();
    if after.legacy_grants && !before.legacy_grants {
        questions.push(Confirmation {
            key: "legacy-on",
            text:
                "Legacy grants put access tokens into the browser's address, where history, logs and other scripts can \
                   read them (RFC 9700, section 2.1.2). Services with such clients can't be released."
                    .into(),
        });
    }
    if before.legacy_grants && !after.legacy_grants {
        let names = db::clients::with_legacy_grants(writer, permit.scope())?;
        if !names.is_empty() {
            let (count, listed) = (names.len(), named(&names));
            let text = match count {
                1 => format!("1 client uses legacy grants, which are refused from now on: {listed}."),
                _ => format!("{count} clients use legacy grants, which are refused from now on: {listed}."),
            };
            questions.push(Confirmation { key: "legacy-off", text });
        }
    }
    if after.second_factor_required && !before.second_factor_required {
        let without = db::members::count_without_second_factor(writer, permit.scope())?;
        let own = !permit.actor().membership().second_factor;
        if without > 0 {
            let people = if without == 1 { "1 member has".into() } else { format!("{without} members have") };
            let you = if own { " You are one of them." } else { "" };
            let text = format!(
                "{people} no second factor yet and must add one before anything else, with the next request.{you}"
            );
            questions.push(Confirmation { key: "second-factor", text });
        }
    }
    Ok(questions)
}

/// The first of many names.
fn named(names: &[String]) -> String {
    const NAMED: usize = 20;
    let mut shown: Vec<&str> = names.iter().take(NAMED).map(String::as_str).collect();
    let more = format!("and {} more", names.len().saturating_sub(NAMED));
    if names.len() > NAMED {
        shown.push(&more);
    }
    shown.join(", ")
}
