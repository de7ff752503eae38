//! What a client learns about a person: the claims that scopes stand for (OpenID Connect Core §5.4), and those that a
//! request names one by one (§5.5).

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::db::{self, Reader};
use crate::domain::id::{AccountId, ClientUid, TenantId};
use crate::domain::protocol::grant::Grant;
use crate::domain::protocol::registered::Registered;

/// The claims of each scope.
const BY_SCOPE: [(&str, &[&str]); 4] =
    [("profile", &["name"]), ("email", &["email", "email_verified"]), ("roles", &["roles"]), ("groups", &["groups"])];

/// Where claims are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Userinfo,
    IdToken,
}

impl Place {
    /// The member of the request's `claims` that names claims for it.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Userinfo => "userinfo",
            Self::IdToken => "id_token",
        }
    }
}

/// The claims to be told: those of the scopes, and those that the grant's request names for this place. A client learns
/// nothing that a scope of its own doesn't stand for.
pub fn wanted(registered: &Registered, scopes: &[&str], grant: &Grant, place: Place) -> BTreeSet<&'static str> {
    let named: Map<String, Value> = serde_json::from_str(&grant.claims).unwrap_or_default();
    let named = named.get(place.as_str()).and_then(Value::as_object);
    let is_named = |claim: &str| named.is_some_and(|named| named.contains_key(claim));
    let may_have = |scope: &str| registered.client.settings.scopes.iter().any(|own| own == scope);
    let of_scopes = BY_SCOPE
        .iter()
        .filter(|(scope, _)| may_have(scope))
        .flat_map(|(scope, claims)| claims.iter().copied().filter(|claim| scopes.contains(scope) || is_named(claim)));
    of_scopes.collect()
}

/// The scopes of the client that stand for claims which a request names one by one: whoever consents to the request
/// consents to them.
pub fn scopes_of_named_claims(registered: &Registered, claims: &str) -> Vec<&'static str> {
    let named: Map<String, Value> = serde_json::from_str(claims).unwrap_or_default();
    let is_named = |claim: &str| named.values().filter_map(Value::as_object).any(|place| place.contains_key(claim));
    let may_have = |scope: &str| registered.client.settings.scopes.iter().any(|own| own == scope);
    let stands_for =
        BY_SCOPE.iter().filter(|(scope, claims)| may_have(scope) && claims.iter().any(|claim| is_named(claim)));
    stands_for.map(|(scope, _)| *scope).collect()
}

/// Of the claims that a request names one by one those that a scope of the client stands for, to be kept with its grant:
/// a scope that the client gets later tells nothing that nobody was asked for.
pub fn named_and_allowed(registered: &Registered, claims: &str) -> String {
    let scopes = scopes_of_named_claims(registered, claims);
    let is_allowed =
        |claim: &str| BY_SCOPE.iter().any(|(scope, claims)| scopes.contains(scope) && claims.contains(&claim));
    let mut named: Map<String, Value> = serde_json::from_str(claims).unwrap_or_default();
    named.retain(|_, place| place.is_object());
    for place in named.values_mut().filter_map(Value::as_object_mut) {
        place.retain(|claim, _| is_allowed(claim));
    }
    Value::from(named).to_string()
}

/// What is true of the person now.
pub fn claims_of(
    reader: &mut Reader<'_>,
    account: AccountId,
    tenant: TenantId,
    wanted: &BTreeSet<&'static str>,
) -> db::Result<Map<String, Value>> {
    let mut claims = Map::new();
    if ["name", "email", "email_verified"].iter().any(|claim| wanted.contains(claim)) {
        let (account, _) = db::accounts::find(reader, account)?;
        claims.insert("name".into(), account.name.into());
        claims.insert("email".into(), account.email.as_str().into());
        // An account is activated with a code that was mailed to its address.
        claims.insert("email_verified".into(), account.activated_at.is_some().into());
    }
    if wanted.contains("roles") {
        claims.insert("roles".into(), roles_of_person(reader, account, tenant)?.into());
    }
    if wanted.contains("groups") {
        claims.insert("groups".into(), groups_of_person(reader, account, tenant)?.into());
    }
    claims.retain(|claim, _| wanted.contains(claim.as_str()));
    Ok(claims)
}

/// The roles of a person in a tenant, by name: those that members are given, and those of its communities.
pub fn roles_of_person(reader: &mut Reader<'_>, account: AccountId, tenant: TenantId) -> db::Result<Vec<String>> {
    let Some(member) = db::tenants::membership(reader, account, Some(tenant))? else { return Ok(Vec::new()) };
    let of_communities = db::members::community_roles(reader, member.member_id)?;
    let own = member.roles.held().map(|role| role.word().to_owned());
    Ok(own.chain(of_communities.into_iter().map(|(role, community)| format!("{community}: {role}"))).collect())
}

/// The roles of a client, by name in the same way.
pub fn roles_of_client(reader: &mut Reader<'_>, uid: ClientUid) -> db::Result<Vec<String>> {
    let roles = db::clients::roles_of_one(reader, uid)?;
    let of_tenant = roles.tenant.into_iter().map(|(_, name)| name);
    Ok(of_tenant.chain(roles.community.into_iter().map(|role| role.name)).collect())
}

/// The communities in which a person has a role for this tenant, by name.
fn groups_of_person(reader: &mut Reader<'_>, account: AccountId, tenant: TenantId) -> db::Result<Vec<String>> {
    let Some(member) = db::tenants::membership(reader, account, Some(tenant))? else { return Ok(Vec::new()) };
    let mut groups: Vec<String> =
        db::members::community_roles(reader, member.member_id)?.into_iter().map(|(_, community)| community).collect();
    groups.dedup();
    Ok(groups)
}
