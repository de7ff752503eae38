//! The company's own place: who it is, and what it allows.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

use super::again::Again;
use super::form::{FormState, Posted};
use super::guard::{Guarded, title};
use super::history::HistoryEntry;
use super::shell::{Notice, Shell, go_on, html};
use super::{PageError, paths};
use crate::access::act;
use crate::db;
use crate::domain::company::{PolicyInput, ProfileInput};

#[derive(Template)]
#[template(path = "settings/company.html")]
struct CompanyPage {
    shell: Shell,
    profile_form: FormState,
    policy_form: FormState,
    company_id: String,
    client_id_prefix: String,
    grace_hint: String,
    /// Whoever looks has no second factor.
    no_second_factor: bool,
    stale: bool,
    meanwhile: Vec<HistoryEntry>,
}

/// What a page says beside the forms.
#[derive(Default)]
struct Shown {
    profile_form: Option<FormState>,
    policy_form: Option<FormState>,
    meanwhile: Option<Vec<HistoryEntry>>,
}

pub async fn show(guarded: Guarded<act::ManageTenant>) -> Result<HttpResponse, PageError> {
    draw(&guarded, Shown::default(), StatusCode::OK).await
}

async fn draw(
    guarded: &Guarded<act::ManageTenant>,
    shown: Shown,
    status: StatusCode,
) -> Result<HttpResponse, PageError> {
    let seen = guarded.read(|permit, reader| Ok(db::tenants::company(reader, permit.scope())?)).await?;
    let company = &seen.data;
    let profile_form = shown.profile_form.unwrap_or_else(|| {
        FormState::of(&ProfileInput {
            name: company.profile.name.clone(),
            contact_name: company.profile.contact_name.clone(),
            contact_email: company.profile.contact_email.clone(),
            website_url: company.profile.website_url.clone(),
            company: company.tenant.id.to_string(),
            version: company.version.to_string(),
        })
    });
    let policy_form = shown.policy_form.unwrap_or_else(|| {
        let policy = PolicyInput::of(&company.tenant.policy, company.version);
        FormState::of(&PolicyInput { company: company.tenant.id.to_string(), ..policy })
    });
    let faulty = if profile_form.is_refused() { &profile_form } else { &policy_form };
    let page = CompanyPage {
        shell: guarded.shell(&seen, title("Settings", faulty)),
        company_id: company.tenant.id.to_string(),
        client_id_prefix: company.tenant.client_id_prefix.as_str().to_owned(),
        grace_hint: format!(
            "1 to 90: how long what is deleted can be brought back. Left empty it is {}, as on the whole portal. What is \
             deleted already keeps its day.",
            guarded.portal.operations.rules().grace.days()
        ),
        no_second_factor: !seen.permit.actor().membership().second_factor,
        stale: shown.meanwhile.is_some(),
        meanwhile: shown.meanwhile.unwrap_or_default(),
        profile_form,
        policy_form,
    };
    html(status, &page)
}

pub async fn update_profile(
    guarded: Guarded<act::ManageTenant>,
    posted: Posted<ProfileInput>,
) -> Result<HttpResponse, PageError> {
    let input = posted.input;
    match guarded.act(move |permit, operations| operations.update_company(permit, &input)).await? {
        Ok(()) => Ok(go_on(&guarded.portal, paths::SETTINGS, Notice::done("Company updated."))),
        Err(error) => {
            let again = guarded.again(posted.typed, error)?;
            let shown = Shown { profile_form: Some(again.form), meanwhile: again.meanwhile, ..Shown::default() };
            draw(&guarded, shown, again.status).await
        }
    }
}

pub async fn change_rules(
    guarded: Guarded<act::ManageTenant>,
    posted: Posted<PolicyInput>,
) -> Result<HttpResponse, PageError> {
    let input = posted.input.clone();
    let done =
        guarded.act_confirmed(&posted, move |permit, operations| operations.change_settings(permit, &input)).await;
    let done = match done {
        Ok(done) => done,
        Err(interrupted) => return interrupted.answer(),
    };
    match done {
        Ok(()) => Ok(go_on(&guarded.portal, paths::SETTINGS, Notice::done("Settings changed. They count at once."))),
        Err(error) => {
            let Again { form, status, meanwhile } = guarded.again(posted.typed, error)?;
            draw(&guarded, Shown { policy_form: Some(form), meanwhile, profile_form: None }, status).await
        }
    }
}
