//! What happened at the protocol endpoints, as the developers of a client see it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::fault::Refusal;
use crate::clock::Timestamp;
use crate::domain::id::{ClientUid, TenantId};

macro_rules! endpoints {
    ($($name:ident $stored:literal $label:literal;)*) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Endpoint { $($name),* }

        impl Endpoint {
            pub const ALL: &'static [Endpoint] = &[$(Endpoint::$name),*];

            pub const fn as_str(self) -> &'static str {
                match self { $(Endpoint::$name => $stored),* }
            }

            /// Its name for people.
            pub const fn label(self) -> &'static str {
                match self { $(Endpoint::$name => $label),* }
            }

            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|endpoint| endpoint.as_str() == text)
            }
        }
    };
}

endpoints! {
    Keys "jwks" "Published keys";
    Authorize "authorize" "Authorization";
    PushedAuthorization "par" "Pushed authorization request";
    Token "token" "Token";
    Userinfo "userinfo" "Userinfo";
    Introspect "introspect" "Introspection";
    Revoke "revoke" "Revocation";
    Logout "logout" "Logout";
    Register "register" "Registration";
}

/// An answer of an endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProtocolEvent {
    /// Stands in the answer and in the log.
    pub reference: String,
    pub tenant: TenantId,
    /// `None` where the `client_id` was none of the tenant's clients.
    pub client: Option<ClientUid>,
    pub at: Timestamp,
    pub endpoint: Endpoint,
    /// What was tried there: the grant type or the response type.
    pub attempted: String,
    /// Why it was refused, if it was.
    pub refusal: Option<Refusal>,
    /// From where, see [`network`].
    pub network: String,
}

/// The network of an address, coarse enough not to tell people apart: the first 24 bits of IPv4, 48 of IPv6.
pub fn network(address: &str) -> String {
    match address.parse::<IpAddr>().map(|address| address.to_canonical()) {
        Ok(IpAddr::V4(v4)) => {
            let [a, b, c, _] = v4.octets();
            format!("{}/24", Ipv4Addr::new(a, b, c, 0))
        }
        Ok(IpAddr::V6(v6)) => {
            let [a, b, c, ..] = v6.segments();
            format!("{}/48", Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0))
        }
        Err(_) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_coarse() {
        assert_eq!(network("192.0.2.77"), "192.0.2.0/24");
        assert_eq!(network("::ffff:192.0.2.77"), "192.0.2.0/24");
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1::/48");
        assert_eq!(network("unix"), "");
    }
}
