//! What happened at the protocol endpoints, noted as they note it.

use keywright::domain::id::{ClientUid, TenantId};
use keywright::domain::protocol::event::{Endpoint, ProtocolEvent};
use keywright::domain::protocol::fault::{Fault, Refusal};

use super::TestPortal;

impl TestPortal {
    /// A request that was granted now.
    pub fn grants(&self, tenant: TenantId, client: ClientUid) {
        self.notes(tenant, Some(client), "GRANTED", None);
    }

    /// A request that was refused now under a reference.
    pub fn refuses(&self, tenant: TenantId, client: ClientUid, reference: &str, refusal: impl Into<Refusal>) {
        self.notes(tenant, Some(client), reference, Some(refusal.into()));
    }

    /// The same, for a redirect URL that isn't registered.
    pub fn refuses_redirect_url(&self, tenant: TenantId, client: ClientUid, reference: &str, received: &str) {
        let refusal = Refusal::comparing(Fault::RedirectUrlUnknown, "https://app.example.com/callback", received);
        self.refuses(tenant, client, reference, refusal);
    }

    pub fn notes(&self, tenant: TenantId, client: Option<ClientUid>, reference: &str, refusal: Option<Refusal>) {
        let event = ProtocolEvent {
            reference: reference.into(),
            tenant,
            client,
            at: self.clock.now(),
            endpoint: Endpoint::Token,
            attempted: "client_credentials".into(),
            refusal,
            network: "192.0.2.0/24".into(),
        };
        self.application.operations.protocol_log().note(event);
    }

    /// Writes down what was noted, as the job does every second.
    pub fn flush(&self) {
        self.application.operations.flush_protocol_log().expect("it is written");
    }
}
