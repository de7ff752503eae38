//! The mail that people get: handed over into the portal's folder, and read there.

use std::future::Future;
use std::path::Path;

use keywright::jobs::mail::{self, Delivered};
use keywright::mail::Transport;

use super::TestPortal;

/// Runs what needs an async runtime to its end.
pub fn wait_for<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(work)
}

/// The .eml files of a folder, as text.
pub fn letters_in(folder: &Path) -> Vec<String> {
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let finished = files.filter(|path| path.extension().is_some_and(|ending| ending == "eml"));
    finished.map(|path| std::fs::read_to_string(path).expect("a letter")).collect()
}

/// The code that stands alone on a line of a letter.
pub fn code_in(letter: &str) -> Option<String> {
    let is_code = |line: &&str| {
        line.len() == 9
            && line.as_bytes()[4] == b'-'
            && line.bytes().enumerate().all(|(at, byte)| at == 4 || byte.is_ascii_digit() || byte.is_ascii_uppercase())
    };
    letter.lines().map(str::trim).find(is_code).map(ToOwned::to_owned)
}

/// A letter without what its encoding did to it (RFC 2045, section 6.7), as far as addresses need it.
fn readable(letter: &str) -> String {
    match letter.contains("quoted-printable") {
        true => letter.replace("=\r\n", "").replace("=\n", "").replace("=3D", "="),
        false => letter.to_owned(),
    }
}

impl TestPortal {
    /// The path of the invitation in the one letter that waits for this person.
    pub fn invitation_for(&self, email: &str) -> String {
        let letters = self.mail_to(email);
        assert_eq!(letters.len(), 1, "letters to {email}");
        let letter = readable(&letters[0]);
        let start = format!("{}/invitations/accept?token=", self.url);
        let (_, rest) = letter.split_once(&start).expect("a link");
        let token: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-' || *c == '_').collect();
        format!("/invitations/accept?token={token}")
    }

    /// Hands over what is due, the way that the configuration says.
    pub fn deliver_mail(&self) -> Delivered {
        let transport = Transport::new(&self.config.mail, &self.config.mail_from).expect("a transport");
        wait_for(mail::deliver_due(&self.application.operations, &transport)).expect("the outbox can be read")
    }

    /// Delivers, and takes the letters to one person out of the mailbox.
    pub fn mail_to(&self, email: &str) -> Vec<String> {
        self.deliver_mail();
        let folder = self.folder.path().join("mail");
        let files = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
        let mut letters = Vec::new();
        for file in files {
            // Long lines are folded in the mail (RFC 2045 §6.7).
            let letter = std::fs::read_to_string(&file).expect("a letter");
            let letter = letter.replace("=\r\n", "").replace("=3D", "=");
            if letter.contains(&format!("To: {email}")) || letter.contains(&format!("To: <{email}>")) {
                std::fs::remove_file(&file).expect("the letter is taken");
                letters.push(letter);
            }
        }
        letters
    }

    /// The code in the one letter that waits for this person.
    pub fn code_for(&self, email: &str) -> String {
        let letters = self.mail_to(email);
        assert_eq!(letters.len(), 1, "letters to {email}");
        code_in(&letters[0]).expect("a code")
    }
}
