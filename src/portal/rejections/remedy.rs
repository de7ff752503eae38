//! What mends a refusal: a sentence, and where in the portal it is done.

use crate::access::{Action, Actor};
use crate::domain::client::{Client, ClientType};
use crate::domain::lifecycle::{Status, effective};
use crate::domain::protocol::fault::{Fault, Refusal, Remedy};
use crate::domain::service::Service;
use crate::portal::paths;

/// What mends it. Without a place where it is done in the portal, or for who may not go there, the sentence alone.
pub struct Cure {
    pub text: String,
    pub href: String,
    pub label: String,
}

impl Cure {
    pub fn of(fault: Fault, client: Option<&(Client, Service, bool)>, actor: &Actor) -> Self {
        let says = |text: &str| Self { text: text.to_owned(), href: String::new(), label: String::new() };
        let leads = |text: &str, href: String, label: &str| Self { text: text.into(), href, label: label.into() };
        let of_client = client.filter(|(client, _, more_roles)| actor.may_edit(client.acts_alone(), *more_roles));
        match (fault.remedy(), of_client) {
            (Remedy::Application, _) => says("Nothing in the portal: the application has to send another request."),
            (Remedy::User, _) => says("Nothing in the portal: the user can begin again."),
            (Remedy::Settings, _) if actor.may(Action::ManageTenant) => {
                leads("The company's settings decide about it.", paths::SETTINGS.into(), "Open the settings")
            }
            (Remedy::Settings, _) => says("The company's settings decide about it: ask a tenant administrator."),
            (Remedy::Field(name), Some((client, ..))) => {
                let label = field_label(name);
                let href = format!("{}#{name}", paths::edit_client(client.uid));
                let text = format!("Register what came under {label}, or let the application send what is registered.");
                Self { text, href, label: format!("Open {label} in the form") }
            }
            (Remedy::Secrets, Some((client, ..))) => leads(
                "Compare with the client's secrets: what the last four characters are, whether it has expired, and add a new one if need be.",
                format!("{}#secrets", paths::client(client.uid)),
                "Open the client's secrets",
            ),
            (Remedy::Keys, Some((client, ..))) => leads(
                "Compare with the keys that are registered with the client.",
                format!("{}#keys", paths::client(client.uid)),
                "Open the client's keys",
            ),
            (Remedy::TestUsers, Some((_, service, _))) => leads(
                "In sandbox only the service's test users can sign in. Add the user to them.",
                paths::test_users(service.id),
                "Open the test users",
            ),
            (Remedy::Status, Some((client, ..))) => leads(
                "It works again once the client, and its service, are active.",
                paths::client(client.uid),
                "Open the client",
            ),
            (_, None) => {
                says("Somebody who may edit the client can mend this: ask a developer or tenant administrator.")
            }
        }
    }
}

fn field_label(name: &str) -> &'static str {
    match name {
        "redirect_urls" => "Redirect URLs",
        "logout_redirect_urls" => "Logout redirect URLs",
        "cors_origins" => "CORS origins",
        "grant_types" => "Grant types",
        "response_types" => "Response types",
        "require_pkce" => "Require PKCE",
        _ => "Scopes",
    }
}

/// Whether the same request would get past this point by now, because the registration was changed since.
pub fn accepted_now(refusal: &Refusal, client: &Client, service: &Service) -> bool {
    let (settings, received) = (&client.settings, refusal.received.as_str());
    let native = client.client_type == ClientType::Native;
    match refusal.fault {
        Fault::RedirectUrlUnknown => settings.redirect_urls.iter().any(|url| url.accepts(received, native)),
        Fault::LogoutRedirectUrlUnknown => {
            settings.logout_redirect_urls.iter().any(|url| url.accepts(received, native))
        }
        Fault::CrossOrigin => settings.cors_origins.iter().any(|origin| origin.as_str() == received),
        Fault::GrantTypeNotAllowed => settings.grants.iter().any(|grant| grant.as_str() == received),
        Fault::ResponseTypeNotAllowed => settings.response_types.iter().any(|kind| kind.as_str() == received),
        Fault::ScopeNotAllowed | Fault::ScopeUnknown => {
            let mut asked = received.split_whitespace();
            !received.is_empty() && asked.all(|asked| settings.scopes.iter().any(|scope| scope == asked))
        }
        Fault::ClientInactive => effective(&service.state, &client.state).status == Status::Active,
        _ => false,
    }
}
