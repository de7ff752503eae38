//! The release checks: what must hold before a service may go live, and what is worth a second look.

use super::evidence::{Judged, JudgedClient};
use crate::domain::client::{Client, ClientType, GrantType};
use crate::domain::id::ClientUid;
use crate::domain::lifecycle::Status;
use crate::domain::redirect_url::{RedirectKind, RedirectUrl};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    Pass,
    Warning,
    Blocking,
}

impl Outcome {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pass => "Pass",
            Self::Warning => "Warning",
            Self::Blocking => "Blocking",
        }
    }
}

/// One rule, and everything that breaks it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    pub rule: &'static str,
    pub findings: Vec<Finding>,
}

/// One thing that breaks a rule, how to mend it, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub outcome: Outcome,
    pub text: String,
    pub place: Place,
}

/// Where something can be mended: the field of a form, by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    Service(&'static str),
    NewClient,
    Client(ClientUid, &'static str),
    /// The secrets on a client's page.
    Secrets(ClientUid),
}

impl Check {
    pub fn outcome(&self) -> Outcome {
        self.findings.iter().map(|finding| finding.outcome).max().unwrap_or(Outcome::Pass)
    }
}

/// Whether a service with these checks may be released.
pub fn holds(checks: &[Check]) -> bool {
    checks.iter().all(|check| check.outcome() != Outcome::Blocking)
}

/// Every check, in the order in which they are shown.
pub fn run(judged: &Judged<'_>) -> Vec<Check> {
    let settings = &judged.service.settings;
    let missing = |absent: bool, text: &str, field| {
        absent.then(|| blocking(text, Place::Service(field))).into_iter().collect::<Vec<_>>()
    };
    let each = |find: &dyn Fn(&JudgedClient<'_>) -> Vec<Finding>| judged.clients.iter().flat_map(find).collect();
    let active = judged.clients.iter().any(|judged| judged.client.state.status() == Status::Active);
    let inactive_service = judged.service.state.status() != Status::Active;
    vec![
        Check {
            rule: "The service is active",
            findings: missing(
                inactive_service,
                "Set the status to Active; an inactive service gets no tokens.",
                "status",
            ),
        },
        Check {
            rule: "There is an active client",
            findings: if active {
                Vec::new()
            } else {
                vec![blocking(
                    "Add a client, or reactivate one: without a client there is nothing to release.",
                    Place::NewClient,
                )]
            },
        },
        Check {
            rule: "A privacy policy is given",
            findings: missing(
                settings.privacy_policy.is_none(),
                "Enter the URL of the privacy policy; users see it when they consent.",
                "privacy_policy_url",
            ),
        },
        Check {
            rule: "Terms are given",
            findings: missing(
                settings.terms.is_none(),
                "Enter the URL of the terms; users see it when they consent.",
                "terms_url",
            ),
        },
        Check {
            rule: "A contact is given",
            findings: missing(
                settings.contact.is_none(),
                "Enter a contact e-mail, so that somebody is reached when something goes wrong.",
                "contact_email",
            ),
        },
        Check { rule: "Every redirect URL is https on a public host", findings: each(&redirect_urls) },
        Check {
            rule: "No logout redirect URL or CORS origin leads to a loopback or private address",
            findings: each(&other_urls),
        },
        Check { rule: "No secret lives for ever", findings: each(&endless_secrets) },
        Check { rule: "No legacy grant", findings: each(&legacy_grants) },
        Check { rule: "Every client has a scope", findings: each(&scopes) },
        Check {
            rule: "Redirect hosts belong to the service's domain",
            findings: each(&|judged| foreign_hosts(judged, &settings.domain)),
        },
        Check { rule: "PKCE is required", findings: each(&pkce) },
        Check { rule: "No client administers", findings: each(&administrators) },
    ]
}

fn blocking(text: impl Into<String>, place: Place) -> Finding {
    Finding { outcome: Outcome::Blocking, text: text.into(), place }
}

fn warning(text: impl Into<String>, place: Place) -> Finding {
    Finding { outcome: Outcome::Warning, text: text.into(), place }
}

fn name(client: &Client) -> &str {
    &client.settings.name
}

/// A native app has no https host of its own: RFC 8252 §7 gives it loopback addresses and schemes instead. Other
/// programs on the device can use those too, which is what PKCE is for; the approver is told.
fn redirect_urls(judged: &JudgedClient<'_>) -> Vec<Finding> {
    let client = judged.client;
    let native = client.client_type == ClientType::Native;
    let place = || Place::Client(client.uid, "redirect_urls");
    let find = |url: &RedirectUrl| {
        let text = url.as_str();
        match url.kind() {
            RedirectKind::Https if !url.is_private_or_loopback_host() => None,
            RedirectKind::Https => Some(blocking(
                format!("{}: {text} is on a host that nobody outside can reach. Use a public host.", name(client)),
                place(),
            )),
            RedirectKind::Loopback | RedirectKind::PrivateUse if native => Some(warning(
                format!(
                    "{}: {text} is fine for a native app; other programs on the device can listen there too.",
                    name(client)
                ),
                place(),
            )),
            RedirectKind::Loopback | RedirectKind::Localhost => Some(blocking(
                format!(
                    "{}: {text} leads to the user's own machine. Remove it, or use https on a public host.",
                    name(client)
                ),
                place(),
            )),
            RedirectKind::PrivateUse => {
                Some(blocking(format!("{}: {text} is not https. Use https on a public host.", name(client)), place()))
            }
        }
    };
    client.settings.redirect_urls.iter().filter_map(find).collect()
}

fn other_urls(judged: &JudgedClient<'_>) -> Vec<Finding> {
    let client = judged.client;
    let native = client.client_type == ClientType::Native;
    let logout = client.settings.logout_redirect_urls.iter().map(|url| (url.clone(), "logout_redirect_urls"));
    let origins = client
        .settings
        .cors_origins
        .iter()
        .map(|origin| (RedirectUrl::stored(origin.as_str().to_owned()), "cors_origins"));
    let private = |(url, field): (RedirectUrl, &'static str)| {
        let loopback_of_native = native && field == "logout_redirect_urls" && url.kind() != RedirectKind::Https;
        let fault = url.is_private_or_loopback_host() && !loopback_of_native;
        fault.then(|| {
            blocking(
                format!("{}: {} is a loopback or private address. Remove it.", name(client), url.as_str()),
                Place::Client(client.uid, field),
            )
        })
    };
    logout.chain(origins).filter_map(private).collect()
}

fn endless_secrets(judged: &JudgedClient<'_>) -> Vec<Finding> {
    let client = judged.client;
    let endless = judged.secrets.iter().filter(|secret| secret.expires_at.is_none());
    endless
        .map(|secret| {
            let text = format!(
                "{}: the secret ending in {} never expires. Rotate or delete it, or make one that ends.",
                name(client),
                secret.last_four
            );
            blocking(text, Place::Secrets(client.uid))
        })
        .collect()
}

fn legacy_grants(judged: &JudgedClient<'_>) -> Vec<Finding> {
    let client = judged.client;
    let implicit = client.settings.grants.contains(&GrantType::Implicit).then(|| {
        blocking(
            format!(
                "{}: the implicit grant puts tokens into the browser's address (RFC 9700 §2.1.2). Untick it.",
                name(client)
            ),
            Place::Client(client.uid, "grant_types"),
        )
    });
    let exposed = client.settings.response_types.iter().filter(|kind| kind.exposes_token()).map(|kind| {
        blocking(
            format!(
                "{}: “{}” puts an access token into the browser's address. Untick it.",
                name(client),
                kind.as_str()
            ),
            Place::Client(client.uid, "response_types"),
        )
    });
    implicit.into_iter().chain(exposed).collect()
}

fn scopes(judged: &JudgedClient<'_>) -> Vec<Finding> {
    let client = judged.client;
    let none = client.settings.scopes.is_empty();
    let finding =
        || blocking(format!("{}: choose at least one scope.", name(client)), Place::Client(client.uid, "scopes"));
    none.then(finding).into_iter().collect()
}

fn foreign_hosts(judged: &JudgedClient<'_>, domain: &str) -> Vec<Finding> {
    let client = judged.client;
    let belongs = |host: &str| host == domain || host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'));
    let mut hosts: Vec<String> = client
        .settings
        .redirect_urls
        .iter()
        .filter(|url| url.kind() == RedirectKind::Https)
        .filter_map(RedirectUrl::host)
        .filter(|host| !belongs(host))
        .collect();
    hosts.sort();
    hosts.dedup();
    hosts
        .into_iter()
        .map(|host| {
            let text = format!("{}: {host} does not belong to {domain}. Check that it is yours.", name(client));
            warning(text, Place::Client(client.uid, "redirect_urls"))
        })
        .collect()
}

fn pkce(judged: &JudgedClient<'_>) -> Vec<Finding> {
    let client = judged.client;
    let off = client.settings.grants.contains(&GrantType::AuthorizationCode) && !client.settings.require_pkce;
    let finding = || {
        warning(
            format!("{}: PKCE is switched off. Switch it on unless the client can't do it.", name(client)),
            Place::Client(client.uid, "require_pkce"),
        )
    };
    off.then(finding).into_iter().collect()
}

fn administrators(judged: &JudgedClient<'_>) -> Vec<Finding> {
    let client = judged.client;
    let finding = || {
        warning(
            format!("{}: it has an administrator role. Whoever holds its secret has full rights.", name(client)),
            Place::Client(client.uid, "roles"),
        )
    };
    judged.administers.then(finding).into_iter().collect()
}
