//! Which mails a person gets.

use actix_web::HttpResponse;
use serde::{Deserialize, Serialize};

use crate::access::act;
use crate::domain::mail_kind::MailKind;
use crate::portal::form::{FormState, Posted};
use crate::portal::guard::Guarded;
use crate::portal::shell::{Notice, go_on};
use crate::portal::{PageError, paths};

#[derive(Default, Deserialize, Serialize)]
#[serde(default)]
pub struct MailForm {
    /// The kinds that are wanted.
    mail: Vec<String>,
}

/// A box of the form.
pub struct Kind {
    pub value: &'static str,
    pub label: &'static str,
    pub hint: &'static str,
    pub badge: &'static str,
    pub locked: bool,
}

/// What can be chosen, after what can't.
pub fn kinds() -> Vec<Kind> {
    let always = Kind {
        value: "security",
        label: "Passwords, codes and invitations",
        hint: "What is about your account's security always comes.",
        badge: "Always",
        locked: true,
    };
    let choices = MailKind::ALL.map(|kind| Kind {
        value: kind.as_str(),
        label: kind.label(),
        hint: "",
        badge: "",
        locked: false,
    });
    [always].into_iter().chain(choices).collect()
}

/// The form as it stands for who has switched these off.
pub fn form(muted: &[MailKind]) -> FormState {
    let wanted = MailKind::ALL.into_iter().filter(|kind| !muted.contains(kind));
    FormState::of(&MailForm { mail: wanted.map(|kind| kind.as_str().to_owned()).collect() })
}

pub async fn choose(guarded: Guarded<act::See>, posted: Posted<MailForm>) -> Result<HttpResponse, PageError> {
    let wanted: Vec<MailKind> = posted.input.mail.iter().filter_map(|kind| MailKind::parse(kind)).collect();
    guarded.act(move |permit, operations| operations.choose_mail(permit.actor(), &wanted)).await??;
    Ok(go_on(&guarded.portal, paths::ACCOUNT, Notice::done("Mail choices updated.")))
}
