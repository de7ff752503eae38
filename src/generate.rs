//! Fills a database with plausible data, fast: for trying out scale. The same seed makes the same data.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::access::Roles;
use crate::app::Application;
use crate::clock::Timestamp;
use crate::crypto::hashing;
use crate::db;
use crate::domain::client::{Client, ClientInput, ClientSettings, ClientType, FormContext};
use crate::domain::client_id::{ClientId, ClientIdSuffix};
use crate::domain::id::{ClientUid, RoleId, SecretId, ServiceId, TenantId};
use crate::domain::lifecycle::{Standing, State};
use crate::domain::scope::{BUILT_IN_SCOPES, Scope};
use crate::domain::secret::{PlainSecret, Secret};
use crate::domain::service::{Environment, Service, ServiceSettings};
use crate::domain::tenant::{Tenant, TenantPolicy};
use crate::operations::fill::{NewCompany, NewPerson};

#[derive(clap::Args, Clone, Debug)]
pub struct Wanted {
    /// Companies.
    #[arg(long, default_value_t = 1)]
    pub tenants: u32,
    /// Services of each company.
    #[arg(long, default_value_t = 10)]
    pub services: u32,
    /// Clients of each company.
    #[arg(long, default_value_t = 200)]
    pub clients: u32,
    /// Members of each company; the first is its administrator.
    #[arg(long, default_value_t = 5)]
    pub members: u32,
    /// The same seed makes the same data and the same secrets: never use it where secrets matter.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Write `client_id secret` lines of usable secrets here.
    #[arg(long, value_name = "FILE")]
    pub secrets_out: Option<PathBuf>,
}

/// Rows written by one statement.
const AT_ONCE: usize = 500;
/// Clients written in one transaction: each transaction writes anew the many places of the indexes that it touches.
const CLIENTS_AT_ONCE: usize = 20_000;
/// The password of every generated member.
pub const PASSWORD: &str = "generated members only";

const THINGS: [&str; 16] = [
    "Shop",
    "Booking",
    "Ledger",
    "Fleet",
    "Warehouse",
    "Clinic",
    "Campus",
    "Payroll",
    "Tickets",
    "Meter",
    "Library",
    "Gallery",
    "Harbour",
    "Orchard",
    "Studio",
    "Kitchen",
];
const KINDS: [&str; 12] = [
    "web",
    "mobile app",
    "worker",
    "importer",
    "reporting",
    "admin tool",
    "kiosk",
    "gateway",
    "nightly export",
    "dashboard",
    "tablet",
    "agent",
];

struct Generator<'a> {
    application: &'a Application,
    random: StdRng,
    now: Timestamp,
    secrets_out: Option<BufWriter<File>>,
    written: u64,
    total: u64,
}

pub fn run(application: &Application, wanted: &Wanted) -> anyhow::Result<()> {
    let secrets_out = wanted
        .secrets_out
        .as_ref()
        .map(|path| private_file(path).with_context(|| format!("can't write {}", path.display())))
        .transpose()?
        .map(BufWriter::new);
    let mut generator = Generator {
        application,
        random: StdRng::seed_from_u64(wanted.seed),
        now: application.clock.now(),
        secrets_out,
        written: 0,
        total: u64::from(wanted.tenants) * u64::from(wanted.clients),
    };
    for number in 1..=wanted.tenants {
        generator.tenant(number, wanted)?;
    }
    if let Some(mut out) = generator.secrets_out {
        out.flush()?;
    }
    println!(
        "Made {} companies with {} services, {} clients and {} members each. Every member's password: {PASSWORD}",
        wanted.tenants, wanted.services, wanted.clients, wanted.members
    );
    Ok(())
}

/// Secrets are their owner's alone.
fn private_file(path: &Path) -> std::io::Result<File> {
    let mut options = File::options();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

impl Generator<'_> {
    fn tenant(&mut self, number: u32, wanted: &Wanted) -> anyhow::Result<()> {
        let name = format!("{} {number}", self.pick(&THINGS));
        let people: Vec<NewPerson> = (1..=wanted.members.max(1))
            .map(|member| NewPerson {
                name: format!("Member {member} of {name}"),
                email: format!("member{member}@tenant{}-{number}.example", wanted.seed),
                roles: Roles { developer: member % 3 != 0, approver: member % 4 == 0, administrator: member == 1 },
                operator: false,
            })
            .collect();
        let company = NewCompany { name, policy: TenantPolicy::default(), operates: false, people };
        let company = self.application.operations.fill_company(&company, PASSWORD)?;
        let tenant = company.tenant;
        let services = self.services(&tenant, wanted.services.max(1))?;
        let roles = HashMap::from([(tenant.id, company.member_role)]);
        let mut left = wanted.clients as usize;
        let mut made = 0;
        while left > 0 {
            let count = left.min(CLIENTS_AT_ONCE);
            self.clients(&tenant, &services, &roles, made, count)?;
            left -= count;
            made += count;
        }
        Ok(())
    }

    fn services(&mut self, tenant: &Tenant, count: u32) -> anyhow::Result<Vec<Service>> {
        let services: Vec<Service> = (1..=count)
            .map(|number| {
                let thing = self.pick(&THINGS);
                let created_at = self.past();
                Service {
                    id: ServiceId::new(millis(created_at), self.random.random()),
                    tenant_id: tenant.id,
                    settings: ServiceSettings {
                        name: format!("{thing} {number}"),
                        domain: format!("{}{number}.example", thing.to_lowercase()),
                        description: format!("{thing} for everybody who needs one."),
                        privacy_policy: None,
                        terms: None,
                        contact: None,
                    },
                    logo_digest: None,
                    state: State::standing(if number % 9 == 0 { Standing::Inactive } else { Standing::Active }),
                    environment: if number % 3 == 0 { Environment::Live } else { Environment::Sandbox },
                    version: 1,
                    created_at,
                    updated_at: created_at,
                }
            })
            .collect();
        self.application
            .operations
            .fill(|writer| services.chunks(AT_ONCE).try_for_each(|chunk| db::services::insert_many(writer, chunk)))?;
        Ok(services)
    }

    fn clients(
        &mut self,
        tenant: &Tenant,
        services: &[Service],
        roles: &HashMap<TenantId, RoleId>,
        first: usize,
        count: usize,
    ) -> anyhow::Result<()> {
        let mut clients = Vec::with_capacity(count);
        let mut secrets = Vec::with_capacity(count);
        let (mut uses, mut secret_uses) = (Vec::new(), Vec::new());
        for number in first + 1..=first + count {
            let service = &services[number % services.len()];
            let client = self.client(tenant, service, number)?;
            let last_used = self.last_used();
            uses.extend(last_used.map(|at| (tenant.id, client.uid, at)));
            if client.has_secrets() {
                let (secret, hash) = self.secret(&client)?;
                secret_uses.extend(last_used.map(|at| (secret.id, at)));
                secrets.push((secret, hash));
            }
            clients.push(client);
        }
        self.application.operations.fill(|writer| {
            clients.chunks(AT_ONCE).try_for_each(|some| db::clients::insert_many(writer, some, roles))?;
            secrets.chunks(AT_ONCE).try_for_each(|some| db::secrets::insert_many(writer, tenant.id, some))?;
            db::usage::mark_clients(writer, &uses)?;
            db::usage::mark_secrets(writer, &secret_uses)
        })?;
        self.written += count as u64;
        if std::io::stderr().is_terminal() {
            eprint!("\r{} of {} clients", self.written, self.total);
        }
        Ok(())
    }

    fn client(&mut self, tenant: &Tenant, service: &Service, number: usize) -> anyhow::Result<Client> {
        const TYPES: [ClientType; 5] = [
            ClientType::ClientCredentials,
            ClientType::AuthorizationCode,
            ClientType::Native,
            ClientType::Hybrid,
            ClientType::SyncConnector,
        ];
        let client_type = TYPES[self.random.random_range(0..TYPES.len())];
        let created_at = self.past();
        let mut input = ClientInput::blank(client_type);
        input.name = format!("{} {} {number}", service.settings.name, self.pick(&KINDS));
        if input.scopes.is_empty() {
            input.scopes = vec!["roles".into()];
        }
        if !client_type.acts_alone() {
            input.redirect_urls = format!("https://{}/callback/{number}", service.settings.domain);
        }
        let catalogue: Vec<Scope> = BUILT_IN_SCOPES
            .map(|(name, description)| Scope { name: name.into(), description: description.into() })
            .to_vec();
        let context = FormContext {
            client_type,
            policy: TenantPolicy::default(),
            environment: service.environment,
            scopes: &catalogue,
        };
        let settings = ClientSettings::parse(&input, &context)
            .map_err(|errors| anyhow::anyhow!("generated data does not fit its own rules: {errors:?}"))?;
        let suffix = ClientIdSuffix::parse(&format!("c{number}")).map_err(anyhow::Error::msg)?;
        let state = match self.random.random_range(0..40) {
            0 => State::Deleted {
                at: self.now.minus(Duration::from_secs(86_400)),
                purge_at: self.now.plus(Duration::from_secs(13 * 86_400)),
                before: Standing::Active,
            },
            1 | 2 => State::Inactive,
            _ => State::Active,
        };
        Ok(Client {
            uid: ClientUid::new(millis(created_at), self.random.random()),
            tenant_id: tenant.id,
            service_id: service.id,
            client_id: ClientId::new(&tenant.client_id_prefix, &suffix),
            client_type,
            settings,
            default_purpose: None,
            state,
            deleted_with_service: false,
            version: 1,
            created_at,
            updated_at: created_at,
        })
    }

    fn secret(&mut self, client: &Client) -> anyhow::Result<(Secret, String)> {
        let plain = PlainSecret::generate(Environment::Sandbox, || self.random.random());
        if let Some(out) = &mut self.secrets_out {
            writeln!(out, "{} {}", client.client_id, plain.expose())?;
        }
        let secret = Secret {
            id: SecretId::new(millis(client.created_at), self.random.random()),
            client_uid: client.uid,
            environment: Environment::Sandbox,
            description: String::new(),
            last_four: plain.last_four().to_owned(),
            created_by_id: None,
            created_by: "Generated".into(),
            created_at: client.created_at,
            expires_at: Some(self.now.one_year_later()),
            ends_by_rotation: false,
        };
        Ok((secret, hashing::hash_secret(&plain)))
    }

    fn pick(&mut self, words: &[&'static str]) -> &'static str {
        words[self.random.random_range(0..words.len())]
    }

    /// Three of four are in use.
    fn last_used(&mut self) -> Option<Timestamp> {
        let used = self.random.random_range(0..4) > 0;
        used.then(|| self.now.minus(Duration::from_secs(self.random.random_range(60..5_000_000))))
    }

    /// Some time within the last two years.
    fn past(&mut self) -> Timestamp {
        self.now.minus(Duration::from_secs(self.random.random_range(86_400..2 * 365 * 86_400)))
    }
}

fn millis(at: Timestamp) -> u64 {
    u64::try_from(at.micros() / 1_000).unwrap_or(0)
}
