//! Handing mail over: to an SMTP server, or into a folder of .eml files.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use lettre::message::{Mailbox, MultiPart};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message as Mail, Tokio1Executor};
use tokio::time::timeout;

use super::Letter;
use crate::config::Mail as MailConfig;

/// How long handing over one mail may take: the way there, and the whole dialogue.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Transport {
    from: Mailbox,
    way: Way,
}

enum Way {
    Folder(PathBuf),
    Smtp { server: Box<AsyncSmtpTransport<Tokio1Executor>>, patience: Duration },
}

impl Transport {
    pub fn new(config: &MailConfig, from: &str) -> anyhow::Result<Self> {
        Self::with_patience(config, from, PATIENCE)
    }

    /// The same with another time for handing over one mail.
    pub fn with_patience(config: &MailConfig, from: &str, patience: Duration) -> anyhow::Result<Self> {
        let from = from.parse().with_context(|| format!("mail_from is not a mail address: {from:?}"))?;
        let way = match config {
            MailConfig::Folder(folder) => Way::Folder(folder.clone()),
            MailConfig::Smtp(url) => Way::Smtp { server: Box::new(smtp(url, patience)?), patience },
        };
        Ok(Self { from, way })
    }

    /// `id` makes the Message-ID, the same at every try, so that a receiver can tell a repetition.
    pub async fn deliver(&self, id: &str, recipient: &str, letter: &Letter) -> anyhow::Result<()> {
        let domain = self.from.email.domain();
        let mail = Mail::builder()
            .message_id(Some(format!("<{id}@{domain}>")))
            .from(self.from.clone())
            .to(recipient.parse().context("the recipient's address can't be written into a mail")?)
            .subject(&letter.subject)
            .multipart(MultiPart::alternative_plain_html(letter.text.clone(), letter.html.clone()))?;
        match &self.way {
            Way::Folder(folder) => write_file(folder, id, &mail.formatted()),
            Way::Smtp { server, patience } => {
                // What the transport calls a timeout is for the way there alone.
                let sent = timeout(*patience, server.send(mail)).await;
                sent.context("the mail server did not answer in time")?.context("the mail server did not take it")?;
                Ok(())
            }
        }
    }
}

/// `smtps://` is TLS from the start; `smtp://` with a user means STARTTLS, without one a relay on a trusted network.
fn smtp(url: &str, patience: Duration) -> anyhow::Result<AsyncSmtpTransport<Tokio1Executor>> {
    let parsed = url::Url::parse(url).context("the mail setting is not a URL")?;
    let starttls = parsed.scheme() == "smtp" && !parsed.username().is_empty() && parsed.query().is_none();
    let url = if starttls { format!("{url}?tls=required") } else { url.to_owned() };
    let server = AsyncSmtpTransport::<Tokio1Executor>::from_url(&url).context("the mail setting is not understood")?;
    Ok(server.timeout(Some(patience)).build())
}

/// Whole or not at all, and readable by its owner alone.
fn write_file(folder: &Path, id: &str, bytes: &[u8]) -> anyhow::Result<()> {
    use std::io::Write;
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).with_context(|| format!("can't make the folder {}", folder.display()))?;
    let (unfinished, finished) = (folder.join(format!("{id}.part")), folder.join(format!("{id}.eml")));
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&unfinished).with_context(|| format!("can't write {}", unfinished.display()))?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&unfinished, &finished)?;
    Ok(())
}
