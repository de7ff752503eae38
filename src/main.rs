//! The command line. No logic: each command opens the application and calls what does the work.

use std::io::{IsTerminal, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Parser, Subcommand};
use keywright::app::Application;
use keywright::clock::Clock;
use keywright::config::Config;
use keywright::crypto::random;
use keywright::domain::audit_export::ExportFormat;
use keywright::domain::field_errors::FieldErrors;
use keywright::domain::id::TenantId;
use keywright::jobs::{self, Jobs};
use keywright::operations::protocol::signing::Rotation;
use keywright::operations::{Error, backup};
use keywright::{demo, generate};

/// A self-hosted developer portal for OAuth 2.0 and OpenID Connect clients.
#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    /// Configuration file; without it keywright.toml, if there is one. The environment wins over both.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Run the portal (the default): migrates first, and prints the set-up link on an empty database.
    Serve,
    /// Run a portal on a throw-away database with a lived-in company, and print its sign-ins.
    Demo {
        /// Print the address and the sign-ins as one line of JSON.
        #[arg(long)]
        json: bool,
        /// Keep the database in this file.
        #[arg(long, value_name = "FILE")]
        keep: Option<PathBuf>,
    },
    /// Bring the database up to date and say what was done.
    Migrate,
    /// Remove for good what was deleted longer ago than the grace period, and say what.
    Purge {
        /// Only say what would be removed.
        #[arg(long)]
        dry_run: bool,
    },
    /// Fill the database with plausible data; the same seed makes the same data.
    Generate(generate::Wanted),
    /// Tenants.
    Tenant {
        #[command(subcommand)]
        what: Tenant,
    },
    /// People who are locked out.
    User {
        #[command(subcommand)]
        what: User,
    },
    /// The audit trail.
    Audit {
        #[command(subcommand)]
        what: Audit,
    },
    /// Write a whole copy of the embedded database to FILE, also while the server runs.
    Backup {
        /// Must not be there yet.
        file: PathBuf,
    },
    /// Put a backup in the place of the embedded database, which is put aside. The server must be stopped.
    Restore { file: PathBuf },
    /// The keys that sign tokens.
    Keys {
        #[command(subcommand)]
        what: SigningKeys,
    },
}

#[derive(Subcommand)]
enum Tenant {
    /// Make a tenant, invite its first administrator by mail, and print the invitation's link too.
    Create {
        /// The company's name.
        name: String,
        /// The e-mail address of the first administrator.
        #[arg(long, value_name = "EMAIL")]
        administrator: String,
    },
}

#[derive(Subcommand)]
enum User {
    /// Set a random password, print it once, and end every session of the account.
    ResetPassword { email: String },
    /// Take the second factor of somebody away who has lost it, with its recovery codes, and end their sessions. Make
    /// sure first that it is they who ask: their password alone lets them in afterwards. They are told by mail.
    ResetSecondFactor {
        #[arg(value_name = "EMAIL")]
        email: String,
    },
}

#[derive(Subcommand)]
enum Audit {
    /// Check the hash chain from its first event to its last.
    Verify,
    /// Write the events to standard output, oldest first.
    Export {
        #[arg(long, value_parser = ["csv", "jsonl"])]
        format: String,
        /// Only the events of the company with this id.
        #[arg(long, value_name = "ID")]
        tenant: Option<TenantId>,
    },
}

#[derive(Subcommand)]
enum SigningKeys {
    /// Name the keys that are kept, and say what each is for now.
    List,
    /// Make new keys: published at once, they sign in an hour. The old ones stay published until their last token has ended.
    Rotate {
        /// Sign with them now. Whoever keeps a copy of the published keys may refuse new tokens until it reads them again.
        #[arg(long)]
        now: bool,
        /// The same for keys that have leaked: they are gone, and every token that they have signed is worth nothing.
        #[arg(long)]
        leaked: bool,
    },
}

/// Exit codes: 0 done, 1 failed, 2 wrong usage or configuration.
fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let config = match Config::load(arguments.config.as_deref()) {
        Ok(config) => config,
        Err(error) => return fail(&error, 2),
    };
    start_logging(&config);
    let done = match arguments.command.unwrap_or(Command::Serve) {
        Command::Serve => in_async(serve(config)),
        Command::Demo { json, keep } => in_async(demo::run(config, keep, json)),
        Command::Migrate => migrate(&config),
        Command::Purge { dry_run } => purge(&config, dry_run),
        Command::Generate(wanted) => open(&config).and_then(|application| generate::run(&application, &wanted)),
        Command::User { what: User::ResetSecondFactor { email } } => reset_second_factor(&config, &email),
        Command::Tenant { what: Tenant::Create { name, administrator } } => {
            create_tenant(&config, &name, &administrator)
        }
        Command::User { what: User::ResetPassword { email } } => reset_password(&config, &email),
        Command::Audit { what: Audit::Verify } => verify_audit(&config),
        Command::Audit { what: Audit::Export { format, tenant } } => export_audit(&config, &format, tenant),
        Command::Backup { file } => back_up(&config, &file),
        Command::Restore { file } => restore(&config, &file),
        Command::Keys { what: SigningKeys::List } => list_keys(&config),
        Command::Keys { what: SigningKeys::Rotate { now, leaked } } => {
            let how = if leaked {
                Rotation::Leaked
            } else if now {
                Rotation::AtOnce
            } else {
                Rotation::Ahead
            };
            rotate_keys(&config, how)
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error, if error.is::<WrongUsage>() { 2 } else { 1 }),
    }
}

/// What is asked for can't be had with this configuration.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct WrongUsage(String);

fn fail(error: &anyhow::Error, code: u8) -> ExitCode {
    eprintln!("keywright: {}", format!("{error:#}").replace('\n', " "));
    ExitCode::from(code)
}

/// As JSON each line has everything at its top, and the reference of its request in `span`.
fn start_logging(config: &Config) {
    let filter = tracing_subscriber::EnvFilter::try_new(&config.log).unwrap_or_else(|_| "info".into());
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // Colours are for people: a file or a collector would keep them as noise.
    let logs = logs.with_ansi(std::io::stderr().is_terminal());
    if config.log_json {
        logs.json().flatten_event(true).with_span_list(false).init()
    } else {
        logs.init()
    }
    // A fault of the program is a line like others, with its request's reference. Text that was put together may hold
    // anything, so only what stands in the source is told.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let why = panic.payload().downcast_ref::<&str>().copied().unwrap_or_default();
        tracing::error!(place, why, "a thread panicked");
    }));
}

fn in_async(work: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    actix_web::rt::System::new().block_on(work)
}

fn open(config: &Config) -> anyhow::Result<Application> {
    Application::open(config, Clock::System)
}

/// The same for what seals something with the key file: nobody could open it who has the right one.
fn open_with_its_key_file(config: &Config) -> anyhow::Result<Application> {
    let application = open(config)?;
    if !application.operations.has_the_key_file()? {
        let file = config.key_file.display();
        bail!(
            "the database was used with another key file than {file}: put that one back, or go on without it by \
             `keywright keys rotate --now` (the README says what is lost)"
        );
    }
    Ok(application)
}

async fn serve(config: Config) -> anyhow::Result<()> {
    let application = open_with_its_key_file(&config)?;
    let listener = TcpListener::bind(config.listen).with_context(|| format!("can't listen on {}", config.listen))?;
    if let Some(link) = application.operations.setup_link()? {
        println!("Keywright is not set up yet. Open this link within one hour:\n\n    {link}\n");
    }
    let jobs = Jobs::start(&application, &config)?;
    let server = application.server(listener)?;
    let say_so = async {
        tracing::info!(listen = %config.listen, public_url = config.public_url, "serving");
        std::future::pending::<std::convert::Infallible>().await
    };
    // The server first: it hears signals from then on, and whoever reads the line may send one.
    let ended = tokio::select! {
        biased;
        ended = server => ended,
        never = say_so => match never {},
    };
    jobs.stop().await;
    tracing::info!("stopped");
    Ok(ended?)
}

fn migrate(config: &Config) -> anyhow::Result<()> {
    let application = open(config)?;
    if application.migrated.is_empty() {
        println!("The database is up to date.");
    }
    for migration in &application.migrated {
        println!("Applied {migration}.");
    }
    Ok(())
}

fn purge(config: &Config, dry_run: bool) -> anyhow::Result<()> {
    let application = open(config)?;
    let purged = if dry_run {
        application.operations.purge_preview()?
    } else {
        jobs::purge::once(&application.operations, &random::token(), || false)?
            .context("another instance is purging now")?
    };
    let verb = if dry_run { "Would remove" } else { "Removed" };
    for client in &purged.clients {
        println!("{verb} client {} ({}).", client.name, client.id);
    }
    for service in &purged.services {
        println!("{verb} service {} ({}).", service.name, service.id);
    }
    println!("{verb} {} clients and {} services.", purged.clients.len(), purged.services.len());
    anyhow::ensure!(purged.failed == 0, "{} could not be removed: the log says why", purged.failed);
    Ok(())
}

fn reset_second_factor(config: &Config, email: &str) -> anyhow::Result<()> {
    match open_with_its_key_file(config)?.operations.reset_second_factor(email) {
        Ok(true) => {
            println!("{email} signs in with the password alone now. Their sessions have ended, also in applications.")
        }
        Ok(false) => println!("{email} has no second factor. Nothing was changed."),
        Err(Error::NotFound) => anyhow::bail!("there is no account with the address {email}"),
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

fn create_tenant(config: &Config, name: &str, administrator: &str) -> anyhow::Result<()> {
    let link = match open_with_its_key_file(config)?.operations.add_tenant_by_command(name, administrator) {
        Err(Error::Invalid(errors)) => bail!("{}", in_words(&errors)),
        other => other?,
    };
    println!(
        "Tenant {name} made. {administrator} is invited to administer it, with this link, good for 7 days:\n\n    {link}\n"
    );
    Ok(())
}

fn in_words(errors: &FieldErrors) -> String {
    errors.iter().map(|error| format!("{}: {}", error.label, error.message)).collect::<Vec<_>>().join(" ")
}

fn reset_password(config: &Config, email: &str) -> anyhow::Result<()> {
    let password = open_with_its_key_file(config)?.operations.reset_password_by_command(email)?;
    let password = password.with_context(|| format!("nobody has the address {email}"))?;
    println!("The password of {email} is now, until they change it:\n\n    {}\n", password.as_str());
    Ok(())
}

fn verify_audit(config: &Config) -> anyhow::Result<()> {
    let whole = open(config)?.operations.verify_audit_chain()?.map_err(anyhow::Error::msg)?;
    println!("The chain of {} events is whole.", whole.events);
    println!("Hash of the last: {}", whole.hash);
    Ok(())
}

fn export_audit(config: &Config, format: &str, tenant: Option<TenantId>) -> anyhow::Result<()> {
    let operations = open(config)?.operations;
    let format = ExportFormat::parse(format).context("the format is csv or jsonl")?;
    let mut export = operations.export_audit_trail(tenant, format)?;
    let mut out = std::io::stdout().lock();
    while let Some(piece) = operations.next_of_export(&mut export)? {
        out.write_all(&piece).context("the events can't be written out")?;
    }
    Ok(out.flush()?)
}

fn list_keys(config: &Config) -> anyhow::Result<()> {
    let keys = open(config)?.operations.list_signing_keys()?;
    if keys.is_empty() {
        println!("There are no keys yet: the first token makes them.");
    }
    for key in &keys {
        println!("{}", key.in_words());
    }
    Ok(())
}

fn rotate_keys(config: &Config, how: Rotation) -> anyhow::Result<()> {
    // The others are the way out for whoever has lost the file.
    let application = if how == Rotation::Ahead { open_with_its_key_file(config)? } else { open(config)? };
    for key in application.operations.rotate_signing_keys(how)? {
        println!("{}", key.in_words());
    }
    Ok(())
}

fn back_up(config: &Config, to: &Path) -> anyhow::Result<()> {
    let database = embedded(config, || {
        format!("pg_dump --format=custom --file={} --dbname={}", quoted(&to.to_string_lossy()), shown_url(config))
    })?;
    let done = backup::back_up(database, to)?;
    println!("Wrote {}: {} bytes, read back and found sound.", to.display(), done.bytes);
    match done.chain {
        Some(chain) => {
            println!("Its audit trail of {} events is whole; hash of the last: {}", chain.events, chain.hash)
        }
        None => println!("The database is of another release: its audit trail is checked by that one, or by restore."),
    }
    println!(
        "Keep the key file {} too, in another place than this copy: without it nobody can read what is sealed here.",
        config.key_file.display()
    );
    Ok(())
}

fn restore(config: &Config, from: &Path) -> anyhow::Result<()> {
    let place = embedded(config, || {
        let from = quoted(&from.to_string_lossy());
        // Not --clean on the old one: tables that a newer release has added would stay.
        format!(
            "stop every instance, put the database aside and make an empty one of its name, then \
             pg_restore --no-owner --single-transaction --dbname={} {from}",
            shown_url(config)
        )
    })?;
    let done = backup::restore(place, from)?;
    println!("{} stands in the place of {place} now.", from.display());
    match done.aside {
        Some(aside) => println!("What stood there before is {}.", aside.display()),
        None => println!("No database stood there before."),
    }
    for migration in &done.migrated {
        println!("Applied {migration}.");
    }
    println!("Its audit trail of {} events is whole; hash of the last: {}", done.chain.events, done.chain.hash);
    println!("It needs the key file that it was used with, as {}.", config.key_file.display());
    Ok(())
}

/// The file of the embedded database; PostgreSQL comes with tools of its own.
fn embedded(config: &Config, instead: impl FnOnce() -> String) -> anyhow::Result<&str> {
    config.database_url.file().ok_or_else(|| {
        WrongUsage(format!("the database is PostgreSQL, which has its own tools for this: {}", instead())).into()
    })
}

fn shown_url(config: &Config) -> String {
    quoted(&config.database_url.without_password())
}

/// As a shell takes it for one word.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}
