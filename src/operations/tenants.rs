//! New companies: what every tenant has from its first moment, and the clients that the operator's comes with.

use super::{Operations, Result, Target, Who, new_id, record};
use crate::access::{Actor, act};
use crate::crypto::random;
use crate::db::{self, Writer};
use crate::domain::audit::AuditAction;
use crate::domain::client::{Client, ClientInput, ClientSettings, ClientType, FormContext};
use crate::domain::client_id::{ClientId, ClientIdPrefix, ClientIdSuffix};
use crate::domain::id::{ClientUid, RoleId, ScopeId, ServiceId, TenantId};
use crate::domain::lifecycle::State;
use crate::domain::role::{RoleSettings, TenantRole};
use crate::domain::scope::{BUILT_IN_SCOPES, CatalogueScope, Scope};
use crate::domain::service::{Environment, Service, ServiceSettings};
use crate::domain::tenant::{BUILT_IN_ROLES, TENANT_ADMINISTRATOR, TENANT_MEMBER, Tenant, TenantPolicy};

/// A client that comes with Keywright.
struct DefaultClient {
    name: &'static str,
    suffix: &'static str,
    client_type: ClientType,
    scopes: &'static [&'static str],
    redirect_url: &'static str,
    administrator: bool,
    purpose: &'static str,
}

const DEFAULT_CLIENTS: [DefaultClient; 4] = [
    DefaultClient {
        name: "Administration client",
        suffix: "admin",
        client_type: ClientType::ClientCredentials,
        scopes: &["roles"],
        redirect_url: "",
        administrator: true,
        purpose: "Scripts that manage this deployment sign in with it; they stop when it stops.",
    },
    DefaultClient {
        name: "Sync client",
        suffix: "sync",
        client_type: ClientType::SyncConnector,
        scopes: &["directory.read", "directory.write"],
        redirect_url: "",
        administrator: false,
        purpose: "Directory synchronisation signs in with it; users and groups are no longer updated when it stops.",
    },
    DefaultClient {
        name: "Mobile app",
        suffix: "mobile",
        client_type: ClientType::Native,
        scopes: &["openid", "profile", "email", "offline_access"],
        redirect_url: "com.keywright.mobile:/callback",
        administrator: false,
        purpose: "The mobile app signs users in with it; nobody can sign in there when it stops.",
    },
    DefaultClient {
        name: "Desktop agent and command line",
        suffix: "desktop",
        client_type: ClientType::Native,
        scopes: &["openid", "profile", "email", "offline_access"],
        redirect_url: "http://127.0.0.1/callback",
        administrator: false,
        purpose: "The desktop agent and the command-line client sign users in with it; nobody can sign in there when it stops.",
    },
];

impl Operations {
    /// A tenant with its scope catalogue, its client roles and a client id prefix of its own. The caller adds the
    /// first administrator in the same transaction: no tenant is without one.
    pub(super) fn create_tenant(
        &self,
        writer: &mut Writer<'_>,
        name: &str,
        contact_email: &str,
        policy: TenantPolicy,
        operates: bool,
    ) -> Result<Tenant> {
        let tenant = Tenant {
            id: new_id!(self, TenantId),
            name: name.to_owned(),
            client_id_prefix: ClientIdPrefix::new(random::bytes()),
            policy,
        };
        let created_at = self.now();
        db::tenants::insert(writer, &db::tenants::NewTenant { tenant: &tenant, contact_email, operates, created_at })?;
        // Ids are sorted by time and made within one millisecond here; `order` keeps the lists in the order written.
        for (order, (name, description)) in BUILT_IN_SCOPES.into_iter().enumerate() {
            let scope = Scope { name: name.into(), description: description.into() };
            let (millis, random) = self.id_material();
            let id = ScopeId::new(millis, in_order(order, random));
            db::scopes::insert(writer, tenant.id, &CatalogueScope { id, scope, built_in: true, version: 1 })?;
        }
        for (order, (name, description)) in BUILT_IN_ROLES.into_iter().enumerate() {
            let (millis, random) = self.id_material();
            let id = RoleId::new(millis, in_order(order, random));
            let settings = RoleSettings { name: name.into(), description: description.into() };
            db::roles::insert(writer, tenant.id, &TenantRole { id, settings, built_in: true, version: 1 })?;
        }
        Ok(tenant)
    }

    /// The service "Keywright" with the clients that come with a deployment, in the operator's tenant.
    pub(super) fn add_default_clients(&self, writer: &mut Writer<'_>, tenant: &Tenant, actor: &Actor) -> Result<()> {
        let now = self.now();
        let domain = url::Url::parse(&self.rules.public_url)
            .ok()
            .and_then(|url| url.host_str().map(ToOwned::to_owned))
            .filter(|host| host.contains(|c: char| c.is_ascii_alphabetic()))
            .unwrap_or_else(|| "keywright.localhost".into());
        let service = Service {
            id: new_id!(self, ServiceId),
            tenant_id: tenant.id,
            settings: ServiceSettings {
                name: "Keywright".into(),
                domain,
                description: "What Keywright itself and its companions sign in with.".into(),
                privacy_policy: None,
                terms: None,
                contact: None,
            },
            logo_digest: None,
            state: State::Active,
            environment: Environment::Sandbox,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        db::services::insert(writer, &service)?;
        let roles = db::roles::all(writer, actor.scope())?;
        let role = |name: &str| roles.iter().find(|role| role.settings.name == name).map(|role| role.id);
        record(writer, now, Who::Person(actor), AuditAction::ServiceAdded, &Target::Service(&service), &[])?;
        for default in &DEFAULT_CLIENTS {
            let client = self.default_client(tenant, &service, default)?;
            let mut held: Vec<RoleId> = role(TENANT_MEMBER).into_iter().collect();
            if default.administrator {
                held.extend(role(TENANT_ADMINISTRATOR));
            }
            db::clients::insert(writer, &client)?;
            db::clients::set_roles(writer, client.uid, &held)?;
            record(writer, now, Who::Person(actor), AuditAction::ClientAdded, &Target::Client(&client), &[])?;
        }
        Ok(())
    }

    fn default_client(&self, tenant: &Tenant, service: &Service, default: &DefaultClient) -> Result<Client> {
        let now = self.now();
        let input = ClientInput {
            name: default.name.into(),
            scopes: default.scopes.iter().map(ToString::to_string).collect(),
            redirect_urls: default.redirect_url.into(),
            allow_refresh: if default.client_type.shows_refresh_switch() { "yes".into() } else { String::new() },
            ..ClientInput::blank(default.client_type)
        };
        let catalogue = BUILT_IN_SCOPES.map(|(name, _)| Scope { name: name.into(), description: String::new() });
        let context = FormContext {
            client_type: default.client_type,
            policy: tenant.policy,
            environment: service.environment,
            scopes: &catalogue,
        };
        let bug = |fault: String| super::Error::Db(db::Error::Bug(format!("a default client has faults: {fault}")));
        let settings = ClientSettings::parse(&input, &context).map_err(|errors| bug(format!("{:?}", errors)))?;
        let suffix = ClientIdSuffix::parse(default.suffix).map_err(bug)?;
        Ok(Client {
            uid: new_id!(self, ClientUid),
            tenant_id: tenant.id,
            service_id: service.id,
            client_id: ClientId::new(&tenant.client_id_prefix, &suffix),
            client_type: default.client_type,
            settings,
            default_purpose: Some(default.purpose.into()),
            state: State::Active,
            deleted_with_service: false,
            version: 1,
            created_at: now,
            updated_at: now,
        })
    }

    /// The default clients for a company made by `fill_company`.
    pub fn fill_default_clients(&self, company: &super::fill::Company) -> anyhow::Result<()> {
        let administrator = company.people.first().ok_or(super::Error::NotFound)?;
        let actor = Actor::new(administrator.clone(), self.now(), String::new());
        actor.permit::<act::ManageTenant>()?;
        Ok(self.db.write(|writer| self.add_default_clients(writer, &company.tenant, &actor))?)
    }
}

/// Random bytes of an id that sorts by `order` among ids of the same millisecond.
fn in_order(order: usize, mut random: [u8; 10]) -> [u8; 10] {
    random[0] = u8::try_from(order).unwrap_or(u8::MAX);
    random
}
