//! The only reader of the environment and of the configuration file.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::db::DatabaseUrl;

/// The release, as it was built.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

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
    oidc_issuer: Option<String>,
    oidc_client_id: Option<String>,
    oidc_client_secret: Option<String>,
    oidc_name: Option<String>,
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
    /// Another OpenID provider, by which people may sign in.
    pub provider: Option<ProviderSettings>,
}

/// Another OpenID provider, and what it knows Keywright by. It has no Debug: nobody is to print the secret.
#[derive(Clone)]
pub struct ProviderSettings {
    /// Exactly as the provider writes it.
    pub issuer: String,
    pub client_id: String,
    pub client_secret: Zeroizing<String>,
    /// What people call it.
    pub name: String,
}

impl ProviderSettings {
    /// All four or none.
    fn check(
        issuer: Option<String>,
        client_id: Option<String>,
        client_secret: Option<String>,
        name: Option<String>,
    ) -> anyhow::Result<Option<Self>> {
        let given = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
        match (given(issuer), given(client_id), given(client_secret).map(Zeroizing::new), given(name)) {
            (None, None, None, None) => Ok(None),
            (Some(issuer), Some(client_id), Some(client_secret), Some(name)) => {
                Self::check_address(&issuer).map_err(|fault| anyhow::anyhow!("oidc_issuer {fault}: {issuer:?}"))?;
                if issuer.contains(['?', '#']) {
                    bail!("oidc_issuer must have no query and no fragment: {issuer:?}");
                }
                if name.chars().count() > 40 || name.chars().any(char::is_control) {
                    bail!("oidc_name must be one line of at most 40 characters: it stands on a button");
                }
                Ok(Some(Self { issuer, client_id, client_secret, name: name.trim().to_owned() }))
            }
            _ => bail!("oidc_issuer, oidc_client_id, oidc_client_secret and oidc_name go together: give all or none"),
        }
    }

    /// https, or http for loopback alone: what is said there decides who gets in.
    pub fn check_address(text: &str) -> Result<(), &'static str> {
        let url = url::Url::parse(text).map_err(|_| "is not a URL")?;
        match url.scheme() {
            "https" if url.host().is_some() => Ok(()),
            "http" if is_loopback(&url) => Ok(()),
            _ => Err("must be https, or http on loopback"),
        }
    }
}

fn is_loopback(url: &url::Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    }
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
        let provider = ProviderSettings::check(
            written.oidc_issuer,
            written.oidc_client_id,
            written.oidc_client_secret,
            written.oidc_name,
        )?;
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
            provider,
        })
    }
}

/// https, or http for loopback alone: passwords and secrets travel through it.
fn check_public_url(text: &str) -> anyhow::Result<String> {
    let url = url::Url::parse(text).with_context(|| format!("public_url is not a URL: {text:?}"))?;
    if url.host().is_none() {
        bail!("public_url names no host: {text:?}");
    }
    let loopback = is_loopback(&url);
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
    fn a_provider_is_configured_whole_or_not_at_all() {
        let check = |issuer: &str, id: &str, secret: &str, name: &str| {
            let given = |text: &str| Some(text.to_owned());
            ProviderSettings::check(given(issuer), given(id), given(secret), given(name)).map(|found| found.is_some())
        };
        assert!(ProviderSettings::check(None, None, None, None).unwrap().is_none());
        assert!(!check("", "", "", "").unwrap());
        for good in ["https://id.example", "https://id.example/realms/one/", "http://127.0.0.1:3000", "http://[::1]:1"]
        {
            assert!(check(good, "keywright", "a secret", "Example ID").unwrap(), "{good}");
        }
        for bad in
            ["http://id.example", "id.example", "https://id.example?x", "https://id.example/#x", "ftp://id.example"]
        {
            assert!(check(bad, "keywright", "a secret", "Example ID").is_err(), "{bad}");
        }
        for (id, secret, name) in [("", "a secret", "ID"), ("keywright", "", "ID"), ("keywright", "a secret", "")] {
            assert!(check("https://id.example", id, secret, name).is_err());
        }
        assert!(check("https://id.example", "keywright", "a secret", "two\nlines").is_err());
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
