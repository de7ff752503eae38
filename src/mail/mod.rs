//! What Keywright writes to people, and how it is handed over.

mod transport;

pub use transport::Transport;

use askama::Template;
use serde::{Deserialize, Serialize};

/// Something to tell somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// Names nobody: the address is not proved yet, and a name could be anybody's message to it.
    Activation {
        code: String,
    },
    AccountExists {
        name: String,
        portal: String,
    },
    PasswordReset {
        name: String,
        code: String,
    },
    PasswordChanged {
        name: String,
    },
}

/// A message in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    pub subject: String,
    pub text: String,
    pub html: String,
}

#[derive(Template)]
#[template(path = "mail/letter.txt", escape = "none")]
struct TextLetter<'a> {
    name: &'a str,
    paragraphs: &'a [String],
    code: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "mail/letter.html")]
struct HtmlLetter<'a> {
    subject: &'a str,
    name: &'a str,
    paragraphs: &'a [String],
    code: Option<&'a str>,
}

impl Message {
    /// The words, as plain text and as HTML.
    pub fn letter(&self) -> Letter {
        let (subject, name, paragraphs, code) = self.parts();
        let text = TextLetter { name, paragraphs: &paragraphs, code }.render().unwrap_or_default();
        let html = HtmlLetter { subject, name, paragraphs: &paragraphs, code }.render().unwrap_or_default();
        Letter { subject: subject.to_owned(), text, html }
    }

    fn parts(&self) -> (&'static str, &str, Vec<String>, Option<&str>) {
        const NOT_YOU: &str = "If this was not you, you can ignore this mail: nothing happens without the code.";
        match self {
            Self::Activation { code } => (
                "Your activation code",
                "",
                vec![
                    "Type this code into the page where you registered. It is good for 30 minutes.".into(),
                    NOT_YOU.into(),
                ],
                Some(code),
            ),
            Self::AccountExists { name, portal } => (
                "You have an account already",
                name,
                vec![
                    "Somebody, perhaps you, has just tried to register with this address. It has an account already."
                        .into(),
                    format!("Sign in at {portal}/sign-in, or reset your password at {portal}/password-reset."),
                ],
                None,
            ),
            Self::PasswordReset { name, code } => (
                "Your code for a new password",
                name,
                vec![
                    "Type this code into the page where you asked for a new password. It is good for 30 minutes."
                        .into(),
                    NOT_YOU.into(),
                ],
                Some(code),
            ),
            Self::PasswordChanged { name } => (
                "Your password was changed",
                name,
                vec![
                    "The password of your account has just been changed, and your other sessions have ended.".into(),
                    "If this was not you, reset your password at once and tell a tenant administrator of your company."
                        .into(),
                ],
                None,
            ),
        }
    }
}
