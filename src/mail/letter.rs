//! The words of every message, as plain text and as HTML.

use askama::Template;

use super::{Letter, Message};

#[derive(Template)]
#[template(path = "mail/letter.txt", escape = "none")]
struct TextLetter<'a> {
    parts: &'a Parts<'a>,
}

#[derive(Template)]
#[template(path = "mail/letter.html")]
struct HtmlLetter<'a> {
    parts: &'a Parts<'a>,
}

/// What a letter is made of.
struct Parts<'a> {
    subject: String,
    /// Whom it greets; empty where the address is not proved yet.
    name: &'a str,
    code: Option<&'a str>,
    paragraphs: Vec<String>,
    /// Where to go, and what that is called.
    link: Option<(&'a str, &'static str)>,
    /// Why it came and where to switch it off, where it can be.
    switch: bool,
}

impl Message {
    /// The words, as plain text and as HTML.
    pub fn letter(&self) -> Letter {
        let mut parts = self.parts();
        parts.switch = self.kind().is_some();
        // A subject is one line, whatever somebody has called their things.
        let subject: String = parts.subject.chars().map(|c| if c.is_control() { ' ' } else { c }).take(150).collect();
        let text = TextLetter { parts: &parts }.render().unwrap_or_default();
        let html = HtmlLetter { parts: &parts }.render().unwrap_or_default();
        Letter { subject, text, html }
    }

    fn parts(&self) -> Parts<'_> {
        const NOT_YOU: &str = "If this was not you, you can ignore this mail: nothing happens without the code.";
        const NOT_YOU_SECURITY: &str =
            "If this was not you, reset your password at once and tell a tenant administrator of your company.";
        let plain = |subject: &str, name, paragraphs| Parts {
            subject: subject.to_owned(),
            name,
            code: None,
            paragraphs,
            link: None,
            switch: false,
        };
        match self {
            Self::Activation { code } => Parts {
                code: Some(code),
                ..plain(
                    "Your activation code",
                    "",
                    vec![
                        "Type this code into the page where you registered. It is good for 30 minutes.".into(),
                        NOT_YOU.into(),
                    ],
                )
            },
            Self::AccountExists { name, portal } => plain(
                "You have an account already",
                name,
                vec![
                    "Somebody, perhaps you, has just tried to register with this address. It has an account already."
                        .into(),
                    format!("Sign in at {portal}/sign-in, or reset your password at {portal}/password-reset."),
                ],
            ),
            Self::PasswordReset { name, code } => Parts {
                code: Some(code),
                ..plain(
                    "Your code for a new password",
                    name,
                    vec![
                        "Type this code into the page where you asked for a new password. It is good for 30 minutes."
                            .into(),
                        NOT_YOU.into(),
                    ],
                )
            },
            Self::PasswordChanged { name, unlinked } => {
                let changed = "The password of your account has just been changed, and your other sessions have ended."
                    .to_owned();
                let linked = "Signing in with another provider has to be linked again, on your account page.";
                let unlinked = unlinked.then(|| linked.to_owned());
                let paragraphs = [Some(changed), unlinked, Some(NOT_YOU_SECURITY.to_owned())];
                plain("Your password was changed", name, paragraphs.into_iter().flatten().collect())
            }
            Self::SecondFactorChanged { name, what } => plain(
                "Your second factor was changed",
                name,
                vec![format!("On your account {what}."), NOT_YOU_SECURITY.into()],
            ),
            Self::IdentityLinked { name, provider } => plain(
                "Another sign-in was linked to your account",
                name,
                vec![format!("From now on you can also sign in with {provider}."), NOT_YOU_SECURITY.into()],
            ),
            Self::Invitation { company, inviter, roles, link, until } => Parts {
                link: Some((link, "Accept the invitation")),
                ..plain(
                    &format!("You are invited to {company}"),
                    "",
                    vec![
                        format!("{inviter} invites you to work in the developer portal of {company}, as {roles}."),
                        format!("The link is good once, until {until}. If you don't know why you got it, ignore it."),
                    ],
                )
            },
            Self::CommunityInvitation { name, community, company, link } => Parts {
                link: Some((link, "See the invitation")),
                ..plain(
                    &format!("Your company is invited to the community {community}"),
                    name,
                    vec![format!("{company} invites your company to the community {community}.")],
                )
            },
            Self::ReleaseRequested { name, service, company, requester, link } => Parts {
                link: Some((link, "Review the request")),
                ..plain(
                    &format!("{service} waits for its release"),
                    name,
                    vec![format!("{requester} asks for the release of the service {service} of {company}.")],
                )
            },
            Self::ReleaseDecided { name, service, decision, decider, reason, link } => {
                let mut paragraphs = vec![format!("{decider} {decision}: {service}.")];
                if !reason.is_empty() {
                    paragraphs.push(format!("The reason given: {reason}"));
                }
                Parts {
                    link: Some((link, "Open the service")),
                    ..plain(&format!("{service}: {decision}"), name, paragraphs)
                }
            }
            Self::SecretExpires { name, client, secret, when, link } => Parts {
                link: Some((link, "Open the client")),
                ..plain(
                    &format!("A secret of {client} expires {when}"),
                    name,
                    vec![
                        format!("The secret {secret} of the client {client} expires {when}."),
                        "Rotate it before then: the new one works at once, the old one as long as you choose.".into(),
                    ],
                )
            },
            Self::SecretExpired { name, client, secret, link } => Parts {
                link: Some((link, "Open the client")),
                ..plain(
                    &format!("A secret of {client} has expired"),
                    name,
                    vec![format!("The secret {secret} of the client {client} has expired and is refused from now on.")],
                )
            },
            Self::ClientPurgeDue { name, client, when, link } => Parts {
                link: Some((link, "Open the client")),
                ..plain(
                    &format!("{client} will be removed for good {when}"),
                    name,
                    vec![format!(
                        "The client {client} is deleted and will be removed for good {when}, with its secrets. Until \
                         then it can be brought back."
                    )],
                )
            },
            Self::ServicePurgeDue { name, service, clients, when, link } => {
                let clients = match clients {
                    0 => String::new(),
                    1 => ", with its client".into(),
                    many => format!(", with its {many} clients"),
                };
                Parts {
                    link: Some((link, "Open the service")),
                    ..plain(
                        &format!("{service} will be removed for good {when}"),
                        name,
                        vec![format!(
                            "The service {service} is deleted and will be removed for good {when}{clients}. Until then \
                             it can be brought back."
                        )],
                    )
                }
            }
        }
    }
}
