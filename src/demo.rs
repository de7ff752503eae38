//! A portal to look around in: a company with a history, on a throw-away database, with its sign-ins printed.
//! Everything is made through the operations that people use, at times gone by, so that every page has its past.

mod activity;

use std::net::TcpListener;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use serde::Serialize;

use activity::Refused;

use crate::access::{Actor, Confirmed, Membership, Permit, Roles, act};
use crate::app::Application;
use crate::clock::{Clock, Timestamp};
use crate::config::{Config, Mail};
use crate::crypto::keys::Keys;
use crate::crypto::random;
use crate::domain::client::{ClientInput, ClientType};
use crate::domain::client_id::ClientIdSuffix;
use crate::domain::community::CommunityInput;
use crate::domain::company::{PolicyInput, ProfileInput};
use crate::domain::id::{ClientUid, CommunityRoleId, ReleaseRequestId, SecretId, ServiceId};
use crate::domain::mail_kind::MailKind;
use crate::domain::protocol::event::Endpoint;
use crate::domain::protocol::fault::Fault;
use crate::domain::role::RoleInput;
use crate::domain::scope::ScopeInput;
use crate::domain::secret::SecretInput;
use crate::domain::service::ServiceInput;
use crate::domain::tenant::{SessionLengths, TenantPolicy};
use crate::jobs::Jobs;
use crate::operations::deployment::NewTenantInput;
use crate::operations::fill::{Company, NewCompany, NewPerson};
use crate::operations::members::{InvitationInput, RolesInput};
use crate::operations::releases::{Verdict, fingerprint};
use crate::operations::{Error, Operations};

/// Everybody's password in the demo, which listens on this machine alone.
pub const PASSWORD: &str = "walk through the demo";

const DAY: Duration = Duration::from_secs(86_400);

/// What `--json` prints.
#[derive(Serialize)]
struct Printed {
    url: String,
    accounts: Vec<PrintedAccount>,
}

#[derive(Serialize)]
struct PrintedAccount {
    email: String,
    password: &'static str,
    roles: Vec<&'static str>,
    tenant: String,
}

/// Runs the demo until it is told to stop.
pub async fn run(mut config: Config, keep: Option<PathBuf>, json: bool) -> anyhow::Result<()> {
    let folder = Folder::new()?;
    let file = keep.clone().unwrap_or_else(|| folder.0.join("demo.db"));
    let kept_before = file.exists();
    config.database_url = format!("sqlite://{}", file.display()).parse().map_err(anyhow::Error::msg)?;
    config.mail = Mail::Folder(folder.0.join("mail"));
    let listener = TcpListener::bind(config.listen)
        .or_else(|_| TcpListener::bind((config.listen.ip(), 0)))
        .with_context(|| format!("can't listen on {}", config.listen))?;
    // The demo's address follows its port, which may differ from the configured one if that is taken.
    config.listen = listener.local_addr()?;
    config.public_url = format!("http://{}", config.listen);
    let keys = match &keep {
        Some(file) => Keys::load_or_create(&file.with_extension("key"))?,
        None => Keys::ephemeral(),
    };
    if !kept_before {
        let (config, keys) = (config.clone(), keys.clone());
        actix_web::web::block(move || tell_history(&config, keys)).await??;
    }
    let application = Application::open_with(&config, Clock::System, keys)?;
    let jobs = Jobs::start(&application, &config)?;
    let server = application.server(listener)?;
    print(&config.public_url, json);
    let ended = server.await;
    jobs.stop().await;
    Ok(ended?)
}

/// A folder that goes with the demo.
struct Folder(PathBuf);

impl Folder {
    fn new() -> anyhow::Result<Self> {
        let path = std::env::temp_dir().join(format!("keywright-demo-{}", &random::token()[..16]));
        std::fs::create_dir(&path).with_context(|| format!("can't make the folder {}", path.display()))?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Nothing is lost if it stays: it holds only the demo.
        std::fs::remove_dir_all(&self.0).ok();
    }
}

const PEOPLE: [(&str, &str, Roles); 5] = [
    ("Dana Developer", "dana@northwind.example", Roles { developer: true, approver: false, administrator: false }),
    ("Theo Administrator", "theo@northwind.example", Roles { developer: false, approver: false, administrator: true }),
    ("Ada Approver", "ada@northwind.example", Roles { developer: false, approver: true, administrator: false }),
    ("Mia Member", "mia@northwind.example", Roles { developer: false, approver: false, administrator: false }),
    ("Otis Operator", "otis@keywright.example", Roles { developer: true, approver: true, administrator: true }),
];
/// Colleagues who make the list of members long enough to search in; nobody needs to sign in as them.
const COLLEAGUES: [(&str, &str, Roles); 25] = {
    const NONE: Roles = Roles { developer: false, approver: false, administrator: false };
    const DEVELOPS: Roles = Roles { developer: true, ..NONE };
    const APPROVES: Roles = Roles { approver: true, ..NONE };
    [
        ("Aino Lehtonen", "aino@northwind.example", DEVELOPS),
        ("Björn Åkerström-van der Velde", "bjorn.akerstrom-van-der-velde@mobility.northwind.example", DEVELOPS),
        ("Chiara Rossi", "chiara@northwind.example", NONE),
        ("Dmitri Sokolov", "dmitri@northwind.example", DEVELOPS),
        ("Emeka Okafor", "emeka@northwind.example", APPROVES),
        ("Freya Nielsen", "freya@northwind.example", DEVELOPS),
        ("Giulia Bianchi", "giulia@northwind.example", NONE),
        ("Hana Suzuki", "hana@northwind.example", DEVELOPS),
        ("Ines Almeida", "ines@northwind.example", Roles { developer: true, ..APPROVES }),
        ("Jakub Nowak", "jakub@northwind.example", DEVELOPS),
        ("Katarzyna Wiśniewska", "katarzyna@northwind.example", NONE),
        ("Liam O'Connor", "liam@northwind.example", DEVELOPS),
        ("Mei Chen", "mei@northwind.example", DEVELOPS),
        ("Nils Holgersson", "nils@northwind.example", NONE),
        ("Olga Petrova", "olga@northwind.example", DEVELOPS),
        ("Pau Ferrer", "pau@northwind.example", NONE),
        ("Quentin Dubois", "quentin@northwind.example", DEVELOPS),
        ("Rosa Delgado", "rosa@northwind.example", NONE),
        ("Søren Kjær", "soren@northwind.example", DEVELOPS),
        ("Tomáš Dvořák", "tomas@northwind.example", DEVELOPS),
        ("Uma Krishnan", "uma@northwind.example", NONE),
        ("Viktor Horvat", "viktor@northwind.example", DEVELOPS),
        ("Wanjiru Kamau", "wanjiru@northwind.example", NONE),
        ("Xenia Papadopoulou", "xenia@northwind.example", DEVELOPS),
        ("Yusuf Demir", "yusuf@northwind.example", NONE),
    ]
};

const COMPANY: &str = "Northwind Mobility";
const OPERATOR: &str = "Keywright Operations";

fn print(url: &str, json: bool) {
    let accounts: Vec<PrintedAccount> = PEOPLE
        .iter()
        .map(|(_, email, roles)| {
            let operates = email.starts_with("otis");
            let mut words: Vec<&str> = roles.held().map(|role| role.word()).collect();
            if operates {
                words.push("Operator");
            }
            PrintedAccount {
                email: (*email).to_owned(),
                password: PASSWORD,
                roles: words,
                tenant: if operates { OPERATOR } else { COMPANY }.to_owned(),
            }
        })
        .collect();
    if json {
        let printed = Printed { url: url.to_owned(), accounts };
        println!("{}", serde_json::to_string(&printed).unwrap_or_default());
        return;
    }
    println!(
        "\nKeywright's demo is running at {url}\n\nSign in as one of these; everybody's password is: {PASSWORD}\n"
    );
    for account in &accounts {
        println!("    {:<26} {} ({})", account.email, account.roles.join(", "), account.tenant);
    }
    println!("\nStop it with Ctrl-C. Nothing is kept.\n");
}

const CODE: &str = "authorization_code";
const ALONE: &str = "client_credentials";

/// The company's past, from 400 days ago until now.
fn tell_history(config: &Config, keys: Keys) -> anyhow::Result<()> {
    let now = Clock::System.now();
    let clock = Clock::movable(now.minus(400 * DAY));
    let application = Application::open_with(config, clock.clone(), keys)?;
    Story::begin(&application.operations, clock, now)?.tell()
}

struct Story<'a> {
    operations: &'a Operations,
    clock: Clock,
    now: Timestamp,
    company: Company,
    /// Who runs the deployment.
    operator: Membership,
}

impl<'a> Story<'a> {
    fn begin(operations: &'a Operations, clock: Clock, now: Timestamp) -> anyhow::Result<Self> {
        let person = |(name, email, roles): &(&str, &str, Roles), operator| NewPerson {
            name: (*name).to_owned(),
            email: (*email).to_owned(),
            roles: *roles,
            operator,
        };
        let (operator, staff) = PEOPLE.split_last().context("the demo has people")?;
        let operating = operations.fill_company(
            &NewCompany {
                name: OPERATOR.into(),
                policy: TenantPolicy::default(),
                operates: true,
                people: vec![person(operator, true), person(&("Pia Platform", PIA, Roles::default()), false)],
            },
            PASSWORD,
        )?;
        operations.fill_default_clients(&operating)?;
        let company = operations.fill_company(
            &NewCompany {
                name: COMPANY.into(),
                policy: TenantPolicy { developers_may_add_machine_clients: true, ..TenantPolicy::default() },
                operates: false,
                people: staff.iter().chain(&COLLEAGUES).map(|staff| person(staff, false)).collect(),
            },
            PASSWORD,
        )?;
        let operator = operating.people.first().context("somebody operates")?.clone();
        Ok(Self { operations, clock, now, company, operator })
    }

    fn tell(self) -> anyhow::Result<()> {
        // A service that is live, with clients of every type.
        self.days_ago(390);
        let scooters = self.service(
            "Scooter sharing",
            "scooters.northwind.example",
            "Find, unlock and return electric scooters in eleven cities.",
        )?;
        let web = self.client(scooters, ClientType::AuthorizationCode, "Scooter web application", |input| {
            input.description = "The web site where riders manage their account.".into();
            input.redirect_urls =
                "https://scooters.northwind.example/oauth2/callback\nhttps://scooters.northwind.example/oauth2/silent"
                    .into();
            input.logout_redirect_urls = "https://scooters.northwind.example/goodbye".into();
            input.cors_origins = "https://scooters.northwind.example".into();
            input.allow_refresh = "yes".into();
            input.require_consent = "yes".into();
        })?;
        let first = self.secret(web, "Backend EU", "sandbox", Some(370))?;
        self.used(web, first, CODE, 31);
        let native = self.client(scooters, ClientType::Native, "Scooter app for iOS and Android", |input| {
            input.redirect_urls = "com.northwind.scooters:/callback".into();
            input.allow_refresh = "yes".into();
            input.scopes.push("offline_access".into());
        })?;
        let worker = self.client(scooters, ClientType::ClientCredentials, "Battery telemetry worker", |input| {
            input.scopes = vec!["roles".into()];
        })?;
        let telemetry = self.secret(worker, "Kubernetes, staging", "sandbox", Some(500))?;
        self.used(worker, telemetry, ALONE, 0);
        self.days_ago(352);
        let asked = self.request_release(scooters, "Tried by our riders' club for five weeks.")?;
        self.days_ago(350);
        self.decide(asked, scooters, Verdict::Approve, "")?;
        self.days_ago(349);
        let live = self.secret(web, "Backend EU, live", "live", Some(361))?;
        self.used(web, live, CODE, 0);
        self.days_ago(120);
        let live_worker = self.secret(worker, "Kubernetes, live", "live", Some(125))?;
        self.used(worker, live_worker, ALONE, 0);
        self.days_ago(60);
        let hybrid = self.client(scooters, ClientType::Hybrid, "Partner check-in kiosk", |input| {
            input.redirect_urls = "https://scooters.northwind.example/kiosk/callback".into();
            input.id_token_signing = "ES256".into();
        })?;
        self.secret(hybrid, "Kiosk fleet", "sandbox", Some(90))?;
        self.days_ago(58);
        self.accept_changes(scooters)?;
        self.days_ago(20);
        let old = self.client(scooters, ClientType::AuthorizationCode, "Winter campaign site", |input| {
            input.redirect_urls = "https://scooters.northwind.example/winter/callback".into();
        })?;
        self.edit(web, |input| {
            input.redirect_urls += "\nhttps://pay.northwind.example/return";
            input.confirmed = vec!["hosts".into()];
        })?;

        // One in sandbox, on its way.
        self.days_ago(45);
        let parking = self.service(
            "Parking permits",
            "parking.northwind.example",
            "Residents ask for and renew parking permits.",
        )?;
        let permits = self.client(parking, ClientType::AuthorizationCode, "Permit portal", |input| {
            input.redirect_urls = "https://parking.northwind.example/callback\nhttp://127.0.0.1:3000/callback\nhttp://localhost:3000/callback".into();
            input.confirmed = vec!["hosts".into()];
        })?;
        let permit_secret = self.secret(permits, "Staging", "sandbox", Some(51))?;
        self.used(permits, permit_secret, CODE, 2);
        let sync = self.client(parking, ClientType::SyncConnector, "Residents' register sync", |_| {})?;
        self.secret(sync, "Register, test system", "sandbox", None)?;
        self.operations.add_test_users(
            &self.permit(DANA)?,
            parking,
            "mia@northwind.example\nresident.one@parking.northwind.example\nresident.two@parking.northwind.example",
        )?;
        let custom = self.client(parking, ClientType::Custom, "Back office", |input| {
            input.grant_types = vec!["authorization_code".into(), "client_credentials".into(), "refresh_token".into()];
            input.redirect_urls = "https://office.parking.northwind.example/callback".into();
            input.confirmed = vec!["hosts".into()];
        })?;
        self.days_ago(30);
        self.operations.deactivate_client(&self.permit(THEO)?, custom)?;

        // One that rests, and one that goes soon.
        self.days_ago(300);
        let beach = self.service("Beach bikes", "beach.northwind.example", "Summer bikes along the coast.")?;
        let beach_client = self.client(beach, ClientType::AuthorizationCode, "Beach web", |input| {
            input.redirect_urls = "https://beach.northwind.example/callback".into();
        })?;
        self.secret(beach_client, "", "sandbox", Some(200))?;
        self.days_ago(50);
        self.operations.deactivate_service(&self.permit(THEO)?, beach)?;
        self.days_ago(200);
        let cargo =
            self.service("Cargo trikes pilot", "cargo.northwind.example", "The pilot of 2026 for small shops.")?;
        self.client(cargo, ClientType::Native, "Courier app", |input| {
            input.redirect_urls = "http://127.0.0.1/callback".into();
        })?;
        self.days_ago(13);
        self.operations.delete_service(&self.confirmed(THEO)?, cargo)?;
        self.operations.delete_client(&self.confirmed(THEO)?, old)?;

        self.days_ago(260);
        let lockers =
            self.service("Luggage lockers", "lockers.northwind.example", "Lockers at stations; resting until spring.")?;
        self.client(lockers, ClientType::ClientCredentials, "Locker door controller", |input| {
            input.scopes = vec!["roles".into()];
        })?;
        self.days_ago(40);
        self.operations.deactivate_service(&self.permit(THEO)?, lockers)?;
        self.days_ago(90);
        let shuttle = self.service("Airport shuttle", "shuttle.northwind.example", "Merged into the night buses.")?;
        self.client(shuttle, ClientType::AuthorizationCode, "Shuttle booking", |input| {
            input.redirect_urls = "https://shuttle.northwind.example/callback".into();
        })?;
        self.days_ago(4);
        self.operations.delete_service(&self.confirmed(THEO)?, shuttle)?;

        // One that asks to go live, after it was sent back once.
        self.days_ago(25);
        let ferry = self.service("Ferry tickets", "ferry.northwind.example", "Tickets for the harbour ferries.")?;
        let booking = self.client(ferry, ClientType::AuthorizationCode, "Ferry booking", |input| {
            input.redirect_urls = "https://ferry.northwind.example/callback\nhttps://tickets.example/return".into();
            input.confirmed = vec!["hosts".into()];
        })?;
        self.secret(booking, "Staging", "sandbox", Some(200))?;
        self.operations.add_test_users(&self.permit(DANA)?, ferry, "mia@northwind.example")?;
        self.days_ago(9);
        let asked = self.request_release(ferry, "The season begins in spring.")?;
        self.days_ago(8);
        self.decide(asked, ferry, Verdict::Reject, "tickets.example is not ours. Use our own host for the way back.")?;
        self.days_ago(3);
        self.edit(booking, |input| {
            input.redirect_urls =
                "https://ferry.northwind.example/callback\nhttps://tickets.ferry.northwind.example/return".into();
            input.confirmed = vec!["hosts".into()];
        })?;
        self.days_ago(2);
        self.request_release(ferry, "The way back is on our own host now.")?;
        self.people()?;
        self.shared(worker)?;
        self.small_changes(telemetry)?;

        // A new one, still empty.
        self.days_ago(1);
        self.service("Night bus tickets", "nightbus.northwind.example", "")?;
        self.requests_refused(web, native, worker, permits)
    }

    /// What goes wrong while people build: each in another way.
    fn requests_refused(
        &self,
        web: ClientUid,
        native: ClientUid,
        worker: ClientUid,
        permits: ClientUid,
    ) -> anyhow::Result<()> {
        const WEB: &str = "https://scooters.northwind.example/oauth2/callback\nhttps://scooters.northwind.example/oauth2/silent\nhttps://pay.northwind.example/return";
        const PERMITS: &str = "https://parking.northwind.example/callback\nhttp://127.0.0.1:3000/callback\nhttp://localhost:3000/callback";
        let refused = |client, minutes_ago, endpoint, attempted, fault, expected, received| Refused {
            client,
            minutes_ago,
            endpoint,
            attempted,
            fault,
            expected,
            received,
        };
        use Endpoint::{Authorize, Token, Userinfo};
        use Fault::{
            CodeExpired, CrossOrigin, NotATestUser, PkceMissing, RedirectUrlUnknown, ScopeNotAllowed, SecretMistyped,
            SecretWrong, TokenExpired, VerifierWrong,
        };
        self.refusals(&[
            refused(web, 9_000, Token, CODE, CodeExpired, "", ""),
            refused(web, 7_300, Userinfo, "", TokenExpired, "", ""),
            refused(
                web,
                4_400,
                Token,
                CODE,
                CrossOrigin,
                "https://scooters.northwind.example",
                "https://m.scooters.northwind.example",
            ),
            refused(
                web,
                190,
                Authorize,
                "code",
                RedirectUrlUnknown,
                WEB,
                "https://scooters.northwind.example/oauth2/callback/",
            ),
            refused(
                web,
                25,
                Authorize,
                "code",
                RedirectUrlUnknown,
                WEB,
                "https://sc\u{43e}oters.northwind.example/oauth2/callback\u{200b}",
            ),
            refused(native, 1_500, Authorize, "code", PkceMissing, "code_challenge", ""),
            refused(worker, 6_100, Token, ALONE, SecretMistyped, "", ""),
            refused(worker, 6_090, Token, ALONE, SecretWrong, "", ""),
            refused(worker, 400, Token, ALONE, ScopeNotAllowed, "roles", "roles\nemail"),
            refused(permits, 3_100, Authorize, "code", NotATestUser, "", ""),
            refused(permits, 3_000, Token, CODE, VerifierWrong, "", ""),
            refused(permits, 2_950, Authorize, "code", RedirectUrlUnknown, PERMITS, "http://localhost:8080/callback"),
        ])
    }

    /// Who works here, who is invited, and the other companies of the deployment.
    fn people(&self) -> anyhow::Result<()> {
        self.days_ago(300);
        let profile = ProfileInput {
            name: COMPANY.into(),
            contact_name: "Identity team".into(),
            contact_email: "oauth@northwind.example".into(),
            website_url: "https://www.northwind.example/".into(),
            company: String::new(),
            version: "1".into(),
        };
        self.operations.update_company(&self.permit(THEO)?, &profile)?;
        self.days_ago(120);
        let policy = TenantPolicy {
            grace_days: Some(14),
            sessions: SessionLengths { idle_minutes: 60, hours: 10 },
            ..self.company.tenant.policy
        };
        self.operations.change_settings(&self.confirmed(THEO)?, &PolicyInput::of(&policy, 2))?;
        self.days_ago(25);
        let promoted = self.company.people.get(CHIARA).context("the demo has this person")?;
        let roles = RolesInput { roles: vec!["developer".into()], ..RolesInput::default() };
        self.operations.change_member_roles(&self.confirmed(THEO)?, promoted.member_id, &roles)?;
        for (days, email, roles) in [
            (20, "piet.de-vries@northwind.example", &["approver"][..]),
            (3, "lena@northwind.example", &["developer"]),
            (2, "external-auditor-of-the-mobility-division@audit.example", &[]),
        ] {
            self.days_ago(days);
            let input = InvitationInput {
                email: email.into(),
                roles: roles.iter().map(ToString::to_string).collect(),
                company: String::new(),
            };
            self.operations.invite(&self.confirmed(THEO)?, &input, &random::token())?;
        }

        // Dana belongs to a second company; a third waits for its first administrator.
        self.days_ago(80);
        let dana = self.company.people.get(DANA).context("the demo has this person")?;
        let link = self.operations.add_tenant_by_command("Harbour Ferries", &dana.email)?;
        let token = link.split_once("token=").context("the link carries a token")?.1;
        self.operations.accept_as_account(token, dana.account_id, self.clock.now(), "192.0.2.17")?;
        self.days_ago(2);
        let operator = Actor::new(self.operator.clone(), self.clock.now(), "192.0.2.2".into());
        let permit = operator.permit::<act::Operate>()?.confirmed(self.clock.now())?;
        let trams = NewTenantInput {
            name: "Old Town Trams and Cable Cars".into(),
            contact_email: "office@trams.example".into(),
            administrator: "first@trams.example".into(),
        };
        self.operations.add_tenant(&permit, &trams, &random::token())?;
        self.operations.name_platform_approver(&permit, PIA)?;
        Ok(())
    }

    /// Roles and scopes of the company's own, and communities with others: one of its own, one that it joined, one that
    /// it is invited to.
    fn shared(&self, worker: ClientUid) -> anyhow::Result<()> {
        self.days_ago(220);
        let manage: Confirmed<act::ManageTenant> = self.confirmed(THEO)?;
        for (name, description) in [
            ("Telemetry writer", "May report positions and battery levels of vehicles."),
            ("Billing reader", "May read invoices and payouts of the company's accounts."),
        ] {
            let input = RoleInput { name: name.into(), description: description.into(), ..RoleInput::default() };
            self.operations.add_role(&manage, &input, &random::token())?;
        }
        for (name, description) in [
            ("trips.read", "See your trips and where they began and ended"),
            ("trips.write", "Begin and end trips for you"),
            ("urn:northwind:payments", "See your payments"),
        ] {
            let input = ScopeInput { name: name.into(), description: description.into(), ..ScopeInput::default() };
            self.operations.add_scope(&manage, &input, &random::token())?;
        }
        self.days_ago(180);
        let manage: Confirmed<act::ManageTenant> = self.confirmed(THEO)?;
        let input = CommunityInput {
            name: "City mobility exchange".into(),
            description: "Positions and availability of vehicles, shared between operators and the city.".into(),
            ..CommunityInput::default()
        };
        let (exchange, _) = self.operations.add_community(&manage, &input, &random::token())?;
        let role = RoleInput {
            name: "Position publisher".into(),
            description: "May publish positions of its own vehicles.".into(),
            ..RoleInput::default()
        };
        let (publisher, _) = self.operations.add_community_role(&manage, exchange, &role, &random::token())?;
        let id = |company: &Company| company.tenant.id.to_string();
        let [city, trams, harbour] = [
            ("City of Lakeside", "clerk@lakeside.example"),
            ("Lakeside Trams", "signal@trams.example"),
            ("Harbour Authority of the Eastern Lakes", "pilot@harbour.example"),
        ]
        .map(|(name, email)| self.neighbour(name, email));
        let (city, trams, harbour) = (city?, trams?, harbour?);
        for company in [&city, &trams, &harbour] {
            self.operations.invite_to_community(&manage, exchange, &id(company))?;
        }
        self.days_ago(179);
        for company in [&city, &trams] {
            let theirs = self.neighbours_permit(company)?;
            self.operations.join_community(&theirs, exchange)?;
        }
        let member = self.company.people.get(MIA).context("the demo has this person")?.member_id;
        self.operations.give_community_roles(&self.confirmed(THEO)?, exchange, member, &[publisher.to_string()])?;
        self.with_community_role(worker, publisher)?;
        for (company, name, joins) in [(&city, "Open data of Lakeside", true), (&harbour, "Quayside access", false)] {
            self.days_ago(3);
            let theirs = self.neighbours_permit(company)?;
            let input = CommunityInput { name: name.into(), ..CommunityInput::default() };
            let (community, _) = self.operations.add_community(&theirs, &input, &random::token())?;
            self.operations.invite_to_community(&theirs, community, &id(&self.company))?;
            if joins {
                self.days_ago(2);
                self.operations.join_community(&self.permit(THEO)?, community)?;
            }
        }
        Ok(())
    }

    /// Another company, with an administrator.
    fn neighbour(&self, name: &str, email: &str) -> anyhow::Result<Company> {
        let roles = Roles { developer: false, approver: false, administrator: true };
        let person = NewPerson { name: "Nora Neighbour".into(), email: email.into(), roles, operator: false };
        let policy = TenantPolicy::default();
        let company = NewCompany { name: name.into(), policy, operates: false, people: vec![person] };
        self.operations.fill_company(&company, PASSWORD)
    }

    fn neighbours_permit(&self, company: &Company) -> anyhow::Result<Confirmed<act::ManageTenant>> {
        let membership = company.people.first().context("a company has an administrator")?.clone();
        let actor = Actor::new(membership, self.clock.now(), "198.51.100.4".into());
        Ok(actor.permit()?.confirmed(self.clock.now())?)
    }

    /// Gives a client a role of a community beside what it has.
    fn with_community_role(&self, client: ClientUid, role: CommunityRoleId) -> anyhow::Result<()> {
        let permit: Permit<act::EditClients> = self.permit(THEO)?;
        let mut input = self.operations.client_form(&permit, client)?;
        input.community_roles.push(role.to_string());
        Ok(self.operations.update_client(&permit, client, &input)?)
    }

    /// What the audit log is read for: who turned what, and what it was before.
    fn small_changes(&self, secret: SecretId) -> anyhow::Result<()> {
        self.days_ago(3);
        let made = self.operations.rotate_secret(&self.confirmed(THEO)?, secret, "7d", "", &random::token())?;
        self.operations.reveal_secret(&self.confirmed(THEO)?, made.ticket, &made.secret)?;
        self.days_ago(2);
        let wanted = [MailKind::SecretExpiry, MailKind::Purge];
        self.operations.choose_mail(&self.actor(MIA)?, &wanted)?;
        Ok(())
    }

    fn days_ago(&self, days: u32) {
        self.clock.set(self.now.minus(days * DAY));
    }

    fn actor(&self, person: usize) -> anyhow::Result<Actor> {
        let membership = self.company.people.get(person).context("the demo has this person")?.clone();
        Ok(Actor::new(membership, self.clock.now(), "192.0.2.17".into()))
    }

    fn permit<A: crate::access::Act>(&self, person: usize) -> anyhow::Result<Permit<A>> {
        Ok(self.actor(person)?.permit::<A>()?)
    }

    fn confirmed<A: crate::access::Act>(&self, person: usize) -> anyhow::Result<Confirmed<A>> {
        Ok(self.permit::<A>(person)?.confirmed(self.clock.now())?)
    }

    fn service(&self, name: &str, domain: &str, description: &str) -> anyhow::Result<ServiceId> {
        let input = ServiceInput {
            name: name.into(),
            domain: domain.into(),
            description: description.into(),
            privacy_policy_url: format!("https://{domain}/privacy"),
            terms_url: format!("https://{domain}/terms"),
            contact_email: "oauth@northwind.example".into(),
            ..ServiceInput::default()
        };
        Ok(self.operations.add_service(&self.permit(DANA)?, &input, None, &random::token())?.0)
    }

    fn client(
        &self,
        service: ServiceId,
        client_type: ClientType,
        name: &str,
        change: impl FnOnce(&mut ClientInput),
    ) -> anyhow::Result<ClientUid> {
        let mut input = ClientInput::blank(client_type);
        input.name = name.into();
        input.suffix = ClientIdSuffix::propose(name).as_str().into();
        change(&mut input);
        let permit: Permit<act::EditClients> = self.permit(DANA)?;
        let added = self.operations.add_client(&permit, service, client_type, &input, &random::token());
        match added {
            Ok((uid, _)) => Ok(uid),
            Err(Error::Invalid(errors)) => anyhow::bail!("the demo's client {name} has faults: {errors:?}"),
            Err(error) => Err(error.into()),
        }
    }

    fn secret(
        &self,
        client: ClientUid,
        description: &str,
        environment: &str,
        lasts_days: Option<u32>,
    ) -> anyhow::Result<SecretId> {
        let input = SecretInput {
            description: description.into(),
            environment: environment.into(),
            expires_at: lasts_days.map_or(String::new(), |days| self.clock.now().plus(days * DAY).form_value()),
            never_expires: if lasts_days.is_none() { "yes".into() } else { String::new() },
        };
        let permit: Confirmed<act::EditClients> = self.confirmed(DANA)?;
        let made = self.operations.add_secret(&permit, client, &input, &random::token())?;
        Ok(self.operations.reveal_secret(&permit, made.ticket, &made.secret)?.secret.id)
    }

    fn edit(&self, client: ClientUid, change: impl FnOnce(&mut ClientInput)) -> anyhow::Result<()> {
        let permit: Permit<act::EditClients> = self.permit(DANA)?;
        let mut input = self.operations.client_form(&permit, client)?;
        change(&mut input);
        Ok(self.operations.update_client(&permit, client, &input)?)
    }

    fn request_release(&self, service: ServiceId, message: &str) -> anyhow::Result<ReleaseRequestId> {
        let permit: Permit<act::EditServices> = self.permit(DANA)?;
        let shown = self.operations.judge(&permit, service)?;
        match self.operations.request_release(&permit, service, &shown.hash, message, &random::token()) {
            Ok((id, _)) => Ok(id),
            Err(Error::Invalid(_)) => anyhow::bail!("the demo's service has blocking checks: {:?}", shown.checks),
            Err(error) => Err(error.into()),
        }
    }

    fn accept_changes(&self, service: ServiceId) -> anyhow::Result<()> {
        let permit: Confirmed<act::DecideReleases> = self.confirmed(ADA)?;
        let shown = fingerprint(&self.operations.changes_to_review(&permit, service)?);
        self.operations.accept_changes(&permit, service, &shown)?;
        Ok(())
    }

    fn decide(
        &self,
        request: ReleaseRequestId,
        service: ServiceId,
        verdict: Verdict,
        reason: &str,
    ) -> anyhow::Result<()> {
        let permit: Confirmed<act::DecideReleases> = self.confirmed(ADA)?;
        let shown = self.operations.judge(&permit, service)?.hash;
        self.operations.decide_release(&permit, request, verdict, &shown, reason)?;
        Ok(())
    }
}

const DANA: usize = 0;
const THEO: usize = 1;
const ADA: usize = 2;
const MIA: usize = 3;
/// Mia and the operator are told of in the list of sign-ins; then the colleagues follow.
const CHIARA: usize = 6;
const PIA: &str = "pia@keywright.example";
