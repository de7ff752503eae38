//! The forms with which a company says who it is and what it allows, and their meaning.

use serde::{Deserialize, Serialize};

use super::field_errors::FieldErrors;
use super::tenant::{SessionLengths, TenantPolicy};
use super::text::{self, Email};
use super::web_url::WebUrl;

/// Who the company is and how others reach it. Checked when it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompanyProfile {
    pub name: String,
    pub contact_name: String,
    pub contact_email: String,
    pub website_url: String,
}

/// The form of the profile, as typed.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct ProfileInput {
    pub name: String,
    pub contact_name: String,
    pub contact_email: String,
    pub website_url: String,
    /// The id of the company that the form was served for.
    pub company: String,
    pub version: String,
}

impl CompanyProfile {
    pub fn parse(input: &ProfileInput) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::default();
        let name = errors.take("name", "Company name", text::name(&input.name, "the name of your company", 100));
        let contact_name = errors.take("contact_name", "Contact name", text::line(&input.contact_name, 100));
        let contact_email = errors.take("contact_email", "Contact e-mail", Email::parse(&input.contact_email));
        let website = errors.take("website_url", "Website URL", WebUrl::parse_optional(&input.website_url));
        match (name, contact_name, contact_email, website) {
            (Some(name), Some(contact_name), Some(contact_email), Some(website)) => Ok(Self {
                name,
                contact_name,
                contact_email: contact_email.as_str().to_owned(),
                website_url: website.map_or(String::new(), |url| url.as_str().to_owned()),
            }),
            _ => Err(errors),
        }
    }

    /// For the audit trail, label by label.
    pub fn facts(&self) -> [(&'static str, String); 4] {
        [
            ("Company name", self.name.clone()),
            ("Contact name", self.contact_name.clone()),
            ("Contact e-mail", self.contact_email.clone()),
            ("Website URL", self.website_url.clone()),
        ]
    }
}

/// The form of the settings, as typed. Boxes send `yes`.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct PolicyInput {
    pub machine_clients: String,
    pub legacy_grants: String,
    pub second_factor: String,
    pub grace_days: String,
    pub session_idle_minutes: String,
    pub session_hours: String,
    /// The id of the company that the form was served for.
    pub company: String,
    pub version: String,
    pub confirmed: Vec<String>,
}

/// A whole number within limits, both included.
fn number(typed: &str, least: u32, most: u32) -> Result<u32, String> {
    let fault = || format!("Enter a whole number from {least} to {most}.");
    let typed = typed.trim();
    if typed.is_empty() || !typed.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(fault());
    }
    typed.parse().ok().filter(|number| (least..=most).contains(number)).ok_or_else(fault)
}

impl PolicyInput {
    pub fn of(policy: &TenantPolicy, version: i32) -> Self {
        let yes = |on: bool| if on { "yes".to_owned() } else { String::new() };
        Self {
            machine_clients: yes(policy.developers_may_add_machine_clients),
            legacy_grants: yes(policy.legacy_grants),
            second_factor: yes(policy.second_factor_required),
            grace_days: policy.grace_days.map_or(String::new(), |days| days.to_string()),
            session_idle_minutes: policy.sessions.idle_minutes.to_string(),
            session_hours: policy.sessions.hours.to_string(),
            company: String::new(),
            version: version.to_string(),
            confirmed: Vec::new(),
        }
    }

    pub fn parse(&self) -> Result<TenantPolicy, FieldErrors> {
        let mut errors = FieldErrors::default();
        let days = match self.grace_days.trim() {
            "" => Ok(None),
            typed => number(typed, 1, 90).map(Some),
        };
        let days = days.map_err(|fault| format!("{fault} Left empty, this portal's own number counts."));
        let grace_days = errors.take("grace_days", "Days of grace", days);
        let idle = number(&self.session_idle_minutes, 5, 1_440);
        let idle = errors.take("session_idle_minutes", "Sessions end when idle for (minutes)", idle);
        let hours = errors.take("session_hours", "Sessions end after (hours)", number(&self.session_hours, 1, 168));
        match (grace_days, idle, hours) {
            (Some(grace_days), Some(idle_minutes), Some(hours)) => Ok(TenantPolicy {
                developers_may_add_machine_clients: self.machine_clients == "yes",
                legacy_grants: self.legacy_grants == "yes",
                grace_days,
                second_factor_required: self.second_factor == "yes",
                sessions: SessionLengths { idle_minutes, hours },
            }),
            _ => Err(errors),
        }
    }
}

impl TenantPolicy {
    /// For the audit trail, label by label.
    pub fn facts(&self) -> [(&'static str, String); 6] {
        let word = |on: bool| if on { "Yes" } else { "No" }.to_owned();
        let days = self.grace_days.map_or("As the portal".to_owned(), |days| days.to_string());
        [
            ("Developers may add client-credentials clients", word(self.developers_may_add_machine_clients)),
            ("Allow legacy grants", word(self.legacy_grants)),
            ("Days of grace", days),
            ("Require a second factor", word(self.second_factor_required)),
            ("Sessions end when idle for (minutes)", self.sessions.idle_minutes.to_string()),
            ("Sessions end after (hours)", self.sessions.hours.to_string()),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_edges() {
        let with = |field: fn(&mut PolicyInput) -> &mut String, typed: &str| {
            let mut input = PolicyInput::of(&TenantPolicy::default(), 1);
            *field(&mut input) = typed.to_owned();
            input.parse().is_ok()
        };
        for (typed, good) in [("", true), ("1", true), ("90", true), ("0", false), ("91", false), ("-1", false)] {
            assert_eq!(with(|input| &mut input.grace_days, typed), good, "{typed:?}");
        }
        for (typed, good) in [("5", true), ("1440", true), ("4", false), ("1441", false), ("", false), ("1e2", false)] {
            assert_eq!(with(|input| &mut input.session_idle_minutes, typed), good, "{typed:?}");
        }
        for (typed, good) in [("1", true), ("168", true), ("0", false), ("169", false), ("+5", false), ("٥", false)] {
            assert_eq!(with(|input| &mut input.session_hours, typed), good, "{typed:?}");
        }
    }

    #[test]
    fn a_policy_survives_its_form() {
        let policy = TenantPolicy { legacy_grants: true, grace_days: Some(30), ..TenantPolicy::default() };
        assert_eq!(PolicyInput::of(&policy, 3).parse().unwrap(), policy);
    }
}
