use keywright::domain::client::ClientInput;
use keywright::domain::client_key::ClientKey;
use keywright::domain::id::{AccountId, ClientKeyId};
use keywright::domain::protocol::metadata::{Metadata, describe, member_of};
use keywright::domain::registration_token::RegisteredClient;
use keywright::domain::role::ClientRoles;
use serde_json::{Map, Value};

use super::registered::{NOW, client, settings};

/// What a client is told of itself registers the same client again (RFC 7592 §2.2 asks it to send all of that back).
pub fn registration(data: &[u8]) {
    let Ok(members) = serde_json::from_slice::<Map<String, Value>>(data) else { return };
    let metadata = match Metadata::parse(&members) {
        Ok(metadata) => metadata,
        // Each fault is at a member of the request, or at one that is missing.
        Err(faults) => {
            return assert!(!faults.is_empty() && faults.iter().all(|fault| member_of(fault.field) == fault.field));
        }
    };
    assert!(metadata.application_type != "native" || metadata.auth_method == "none");
    assert!(metadata.auth_method != "private_key_jwt" || !metadata.keys.is_empty());
    for legacy in [false, true] {
        let Ok(parsed) = settings(metadata.client_type, &metadata.input, legacy) else { continue };
        let client = client(metadata.client_type, parsed);
        if metadata.auth_method == "none" && client.has_secrets() {
            panic!("a client that proves nothing would get a secret: {members:?}");
        }
        let keys: Vec<ClientKey> = metadata
            .keys
            .iter()
            .map(|key| ClientKey {
                id: ClientKeyId::new(1, [4; 10]),
                client_uid: client.uid,
                key: key.clone(),
                added_by: String::new(),
                created_at: NOW,
                last_used_at: None,
            })
            .collect();
        let as_registered = RegisteredClient {
            client: client.uid,
            tenant: client.tenant_id,
            registered_with: "CI".into(),
            issued_by: AccountId::new(1, [5; 10]),
            auth_method: metadata.auth_method.clone(),
            application_type: metadata.application_type.clone(),
        };
        let told = describe(&client, &as_registered, &keys);
        let again = Metadata::parse(&told).unwrap_or_else(|faults| panic!("{told:?}: {faults:?}"));
        assert_eq!(again.client_type, client.client_type, "{told:?}");
        assert_eq!(again.keys, metadata.keys);
        let form = ClientInput::of(&client, &ClientRoles::default());
        let kept = settings(client.client_type, &Metadata::parse(&told).expect("as before").over(form), legacy);
        assert_eq!(kept.as_ref(), Ok(&client.settings), "{told:?}");
    }
}
