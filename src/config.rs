//! The only reader of the environment and of the configuration file.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde::Deserialize;

use crate::db::DatabaseUrl;

/// As written: in `keywright.toml` under these names, in the environment as KEYWRIGHT_ and the name in capitals.
/// The environment wins; an unknown name is an error.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default = "default_listen")]
    listen: String,
    public_url: Option<String>,
    #[serde(default = "default_database")]
    database_url: String,
    key_file: Option<PathBuf>,
    #[serde(default = "default_mail")]
    mail: String,
    #[serde(default = "default_mail_from")]
    mail_from: String,
    #[serde(default = "default_registration")]
    registration: String,
    #[serde(default)]
    trusted_proxies: String,
    #[serde(default = "default_log")]
    log: String,
    #[serde(default = "default_log_format")]
    log_format: String,
    #[serde(default = "default_purge_interval")]
    purge_interval_seconds: u64,
    #[serde(default = "default_grace_days")]
    grace_days: u32,
}

fn default_listen() -> String {
    "127.0.0.1:8080".into()
}
fn default_database() -> String {
    "sqlite://keywright.db".into()
}
fn default_mail() -> String {
    "file:mail".into()
}
fn default_mail_from() -> String {
    "Keywright <keywright@localhost>".into()
}
fn default_registration() -> String {
    "closed".into()
}
fn default_log() -> String {
    "info".into()
}
fn default_log_format() -> String {
    "text".into()
}
fn default_purge_interval() -> u64 {
    3_600
}
fn default_grace_days() -> u32 {
    14
}

/// Checked and complete.
#[derive(Clone)]
pub struct Config {
    pub listen: SocketAddr,
    /// Without a slash at the end; also the OAuth issuer.
    pub public_url: String,
    pub database_url: DatabaseUrl,
    pub key_file: PathBuf,
    pub mail: Mail,
    pub mail_from: String,
    pub registration_open: bool,
    pub trusted_proxies: Vec<ipnet::IpNet>,
    pub log: String,
    pub log_json: bool,
    pub purge_interval_seconds: u64,
    pub grace_days: u32,
}

/// Where mail goes.
#[derive(Clone, PartialEq, Eq)]
pub enum Mail {
    /// A folder of .eml files.
    Folder(PathBuf),
    /// `smtp://` (STARTTLS where a user is given) or `smtps://`.
    Smtp(String),
}

impl Config {
    /// Reads `keywright.toml` in the working folder, if there is one, or the file given; then the environment.
    pub fn load(file: Option<&Path>) -> anyhow::Result<Self> {
        let source = match file {
            Some(path) => config::File::from(path).required(true),
            None => config::File::from(Path::new("keywright.toml")).required(false),
        };
        let written: Written = config::Config::builder()
            .add_source(source.format(config::FileFormat::Toml))
            .add_source(config::Environment::with_prefix("KEYWRIGHT").try_parsing(false))
            .build()
            .and_then(config::Config::try_deserialize)
            .context("the configuration can't be read")?;
        Self::check(written)
    }

    fn check(written: Written) -> anyhow::Result<Self> {
        let listen: SocketAddr = written.listen.parse().with_context(|| {
            format!("listen must be an address and a port like 127.0.0.1:8080, not {:?}", written.listen)
        })?;
        let public_url =
            check_public_url(written.public_url.as_deref().unwrap_or(&format!("http://{}", written.listen)))?;
        let database_url: DatabaseUrl = written.database_url.parse().map_err(anyhow::Error::msg)?;
        let key_file = written.key_file.unwrap_or_else(|| {
            let beside = database_url.file().and_then(|file| Path::new(file).parent()).unwrap_or(Path::new(""));
            beside.join("keywright.key")
        });
        let mail = match written.mail.split_once(':') {
            Some(("file", folder)) if !folder.is_empty() => Mail::Folder(folder.into()),
            Some(("smtp" | "smtps", _)) => Mail::Smtp(written.mail),
            _ => bail!("mail must be file:FOLDER, smtp://… or smtps://…"),
        };
        let registration_open = match written.registration.as_str() {
            "open" => true,
            "closed" => false,
            other => bail!("registration must be open or closed, not {other:?}"),
        };
        let log_json = match written.log_format.as_str() {
            "json" => true,
            "text" => false,
            other => bail!("log_format must be text or json, not {other:?}"),
        };
        let trusted_proxies = written
            .trusted_proxies
            .split([',', ' '])
            .filter(|part| !part.is_empty())
            .map(|part| {
                part.parse::<ipnet::IpNet>()
                    .or_else(|_| part.parse::<std::net::IpAddr>().map(ipnet::IpNet::from))
                    .with_context(|| format!("trusted_proxies must hold addresses or networks, not {part:?}"))
            })
            .collect::<anyhow::Result<_>>()?;
        if written.purge_interval_seconds == 0 {
            bail!("purge_interval_seconds must be at least 1");
        }
        if !(1..=3_650).contains(&written.grace_days) {
            bail!("grace_days must be from 1 to 3650");
        }
        Ok(Self {
            listen,
            public_url,
            database_url,
            key_file,
            mail,
            mail_from: written.mail_from,
            registration_open,
            trusted_proxies,
            log: written.log,
            log_json,
            purge_interval_seconds: written.purge_interval_seconds,
            grace_days: written.grace_days,
        })
    }
}

/// https, or http for loopback alone: passwords and secrets travel through it.
fn check_public_url(text: &str) -> anyhow::Result<String> {
    let url = url::Url::parse(text).with_context(|| format!("public_url is not a URL: {text:?}"))?;
    let loopback = match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => bail!("public_url names no host: {text:?}"),
    };
    match url.scheme() {
        "https" => {}
        "http" if loopback => {}
        "http" => bail!("public_url is plain http and not loopback: use https, or passwords travel in clear"),
        other => bail!("public_url must be https, not {other}"),
    }
    if url.path() != "/"
        || url.query().is_some()
        || url.fragment().is_some()
        || !url.username().is_empty()
        || url.password().is_some()
    {
        bail!("public_url must be scheme, host and port alone: {text:?}");
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_loopback() {
        for good in ["https://portal.example", "http://127.0.0.1:8080", "http://localhost:8080/", "http://[::1]:1"] {
            assert!(check_public_url(good).is_ok(), "{good}");
        }
        for bad in [
            "http://portal.example",
            "ftp://portal.example",
            "https://portal.example/x",
            "portal",
            "https://u@portal.example",
        ] {
            assert!(check_public_url(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_unknown_key_is_an_error() {
        let read = |text: &str| {
            config::Config::builder()
                .add_source(config::File::from_str(text, config::FileFormat::Toml))
                .build()
                .unwrap()
                .try_deserialize::<Written>()
        };
        assert!(read("listen = '127.0.0.1:1'").is_ok());
        assert!(read("listne = '127.0.0.1:1'").is_err());
    }
}
