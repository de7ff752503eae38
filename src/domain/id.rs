//! The keys of rows, one type per noun, so that a service's id is never taken for a client's.
//! They are UUIDs of version 7 (RFC 9562): unguessable enough for an address bar and sorted by age.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;
use uuid::fmt::Hyphenated;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// A new id from the time in milliseconds since 1970 and ten random bytes.
            pub fn new(unix_millis: u64, random: [u8; 10]) -> Self {
                Self(uuid::Builder::from_unix_timestamp_millis(unix_millis, &random).into_uuid())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;

            /// Reads only the form that `Display` writes: one thing has one address.
            fn from_str(text: &str) -> Result<Self, NotAnId> {
                let id = Uuid::try_parse(text).map_err(|_| NotAnId)?;
                let written = &mut [0; Hyphenated::LENGTH];
                if id.hyphenated().encode_lower(written) == text { Ok(Self(id)) } else { Err(NotAnId) }
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(from)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}

ids! {
    TenantId, AccountId, MemberId, SessionId, ServiceId,
    /// The row of a client, and its place in the portal's addresses; not the OAuth `client_id`.
    ClientUid,
    SecretId, RevealId, RoleId, ScopeId, MailId, CodeId,
    InvitationId, CommunityId, CommunityRoleId, TestUserId, ReleaseRequestId, ReviewChangeId, RecoveryCodeId,
    /// A link between an account and a person at another OpenID provider.
    IdentityId,
    /// What a user let a client do, once.
    GrantId,
    ConsentId, ClientKeyId, RegistrationTokenId, ProtocolEventId,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an id")]
pub struct NotAnId;
