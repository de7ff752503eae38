//! Clients for the parsers that ask whose request it is.

use keywright::clock::Timestamp;
use keywright::domain::client::{Client, ClientInput, ClientSettings, ClientType, FormContext};
use keywright::domain::client_id::{ClientId, ClientIdPrefix, ClientIdSuffix};
use keywright::domain::field_errors::FieldErrors;
use keywright::domain::id::{ClientUid, ServiceId, TenantId};
use keywright::domain::lifecycle::State;
use keywright::domain::protocol::registered::Registered;
use keywright::domain::scope::{BUILT_IN_SCOPES, Scope};
use keywright::domain::service::{Environment, Service, ServiceInput, ServiceSettings};
use keywright::domain::tenant::{Tenant, TenantPolicy};

pub const ISSUER: &str = "https://id.example";
/// 2026-11-21, noon.
pub const NOW: Timestamp = Timestamp::from_micros(1_795_262_400_000_000);

pub fn catalogue() -> Vec<Scope> {
    BUILT_IN_SCOPES.map(|(name, description)| Scope { name: name.into(), description: description.into() }).to_vec()
}

/// The meaning of a client's form in sandbox.
pub fn settings(client_type: ClientType, input: &ClientInput, legacy: bool) -> Result<ClientSettings, FieldErrors> {
    let policy = TenantPolicy { legacy_grants: legacy, ..TenantPolicy::default() };
    let scopes = catalogue();
    ClientSettings::parse(
        input,
        &FormContext { client_type, policy, environment: Environment::Sandbox, scopes: &scopes },
    )
}

pub fn client(client_type: ClientType, settings: ClientSettings) -> Client {
    let prefix = ClientIdPrefix::new([0xA3; 32]);
    Client {
        uid: ClientUid::new(1, [1; 10]),
        tenant_id: TenantId::new(1, [2; 10]),
        service_id: ServiceId::new(1, [3; 10]),
        client_id: ClientId::new(&prefix, &ClientIdSuffix::parse("app").expect("a suffix")),
        client_type,
        settings,
        default_purpose: None,
        state: State::Active,
        deleted_with_service: false,
        version: 1,
        created_at: NOW,
        updated_at: NOW,
    }
}

/// The client as the endpoints meet it.
pub fn registered(client: Client, legacy: bool) -> Registered {
    let input = ServiceInput { name: "Shop".into(), domain: "app.example.com".into(), ..ServiceInput::default() };
    Registered {
        service: Service {
            id: client.service_id,
            tenant_id: client.tenant_id,
            settings: ServiceSettings::parse(&input).expect("a service"),
            logo_digest: None,
            state: State::Active,
            environment: Environment::Sandbox,
            version: 1,
            created_at: NOW,
            updated_at: NOW,
        },
        tenant: Tenant {
            id: client.tenant_id,
            name: "Northwind".into(),
            client_id_prefix: ClientIdPrefix::new([0xA3; 32]),
            policy: TenantPolicy { legacy_grants: legacy, ..TenantPolicy::default() },
        },
        client,
    }
}
