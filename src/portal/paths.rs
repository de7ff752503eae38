//! Every address of the portal, in one place.

use std::fmt::Write;

use crate::domain::client::ClientType;
use crate::domain::id::{
    AccountId, ClientKeyId, ClientUid, CommunityId, CommunityRoleId, IdentityId, InvitationId, MailId, MemberId,
    RegistrationTokenId, ReleaseRequestId, RevealId, RoleId, ScopeId, SecretId, ServiceId, SessionId, TenantId,
    TestUserId,
};

/// As `format!`, with room for an address that names a thing or two: a page makes hundreds of them, and a text that grows
/// is moved each time.
macro_rules! address {
    ($($words:tt)*) => {{
        let mut address = String::with_capacity(128);
        // Nothing keeps a text from being written into another.
        let _ = address.write_fmt(format_args!($($words)*));
        address
    }};
}

pub const START: &str = "/";
pub const SERVICES: &str = "/services";
pub const NEW_SERVICE: &str = "/services/new";
pub const CLIENTS: &str = "/clients";
pub const SECRETS: &str = "/secrets";
pub const REVEALS: &str = "/reveals";
pub const SIGN_IN: &str = "/sign-in";
pub const SIGN_OUT: &str = "/sign-out";
pub const REGISTER: &str = "/register";
pub const REGISTER_COMPANY: &str = "/register/company";
pub const ACTIVATE: &str = "/activate";
pub const PASSWORD_RESET: &str = "/password-reset";
pub const PASSWORD_RESET_CODE: &str = "/password-reset/code";
pub const SETUP: &str = "/setup";
pub const ACCOUNT: &str = "/account";
pub const ACCOUNT_PASSWORD: &str = "/account/password";
pub const ACCOUNT_NAME: &str = "/account/name";
pub const ACCOUNT_END_OTHERS: &str = "/account/sessions/end-others";
pub const THEME: &str = "/theme";

pub fn sign_in_and_return(to: &str) -> String {
    if to == START {
        return SIGN_IN.to_owned();
    }
    let query: String = url::form_urlencoded::Serializer::new(String::new()).append_pair("return_to", to).finish();
    address!("{SIGN_IN}?{query}")
}

/// The same for somebody who is signed in, and who has to do it again or as somebody else.
pub fn sign_in_again(to: &str) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    address!("{SIGN_IN}?{}", query.append_pair("return_to", to).append_pair("again", "yes").finish())
}

/// A path of this portal to go on to after sign-in; anything else leads to the start page.
pub fn local(to: &str) -> &str {
    let safe = to.starts_with('/')
        && !to.starts_with("//")
        && to.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
        && !to.starts_with(SIGN_IN);
    if safe { to } else { START }
}

pub fn end_session(id: SessionId) -> String {
    address!("{ACCOUNT}/sessions/{id}/end")
}

pub fn service(id: ServiceId) -> String {
    address!("{SERVICES}/{id}")
}

pub fn clients_of(id: ServiceId) -> String {
    address!("{CLIENTS}?service={id}")
}

pub fn edit_service(id: ServiceId) -> String {
    address!("{SERVICES}/{id}/edit")
}

pub fn service_logo(id: ServiceId, digest: &str) -> String {
    address!("{SERVICES}/{id}/logo/{}", &digest[..16])
}

pub fn service_deactivation(id: ServiceId) -> String {
    address!("{SERVICES}/{id}/deactivation")
}

pub fn service_reactivation(id: ServiceId) -> String {
    address!("{SERVICES}/{id}/reactivation")
}

pub fn service_deletion(id: ServiceId) -> String {
    address!("{SERVICES}/{id}/deletion")
}

pub fn new_client(service: ServiceId) -> String {
    address!("{SERVICES}/{service}/clients/new")
}

pub fn new_client_of_type(service: ServiceId, client_type: ClientType) -> String {
    address!("{SERVICES}/{service}/clients/new/{}", client_type.as_str())
}

pub fn client(uid: ClientUid) -> String {
    address!("{CLIENTS}/{uid}")
}

pub fn edit_client(uid: ClientUid) -> String {
    address!("{CLIENTS}/{uid}/edit")
}

pub fn client_activity(uid: ClientUid) -> String {
    address!("{CLIENTS}/{uid}/activity")
}

pub fn client_trial(uid: ClientUid) -> String {
    address!("{CLIENTS}/{uid}/try")
}

pub fn client_deactivation(uid: ClientUid) -> String {
    address!("{CLIENTS}/{uid}/deactivation")
}

pub fn client_reactivation(uid: ClientUid) -> String {
    address!("{CLIENTS}/{uid}/reactivation")
}

pub fn registration_access_token_revocation(uid: ClientUid) -> String {
    address!("{CLIENTS}/{uid}/token-revocation")
}

pub fn client_deletion(uid: ClientUid) -> String {
    address!("{CLIENTS}/{uid}/deletion")
}

pub fn secrets(uid: ClientUid) -> String {
    address!("{CLIENTS}/{uid}/secrets")
}

pub fn new_secret(uid: ClientUid) -> String {
    address!("{CLIENTS}/{uid}/secrets/new")
}

pub fn secret_rotation(id: SecretId) -> String {
    address!("{SECRETS}/{id}/rotation")
}

pub fn secret_deletion(id: SecretId) -> String {
    address!("{SECRETS}/{id}/deletion")
}

pub const CLIENT_KEYS: &str = "/client-keys";

pub fn client_keys(uid: ClientUid) -> String {
    address!("{CLIENTS}/{uid}/keys")
}

pub fn new_client_key(uid: ClientUid) -> String {
    address!("{CLIENTS}/{uid}/keys/new")
}

pub fn client_key_deletion(id: ClientKeyId) -> String {
    address!("{CLIENT_KEYS}/{id}/deletion")
}

pub fn reveal(id: RevealId) -> String {
    address!("{REVEALS}/{id}")
}

// Requests that were refused.

pub const REJECTIONS: &str = "/rejections";

/// Also the `error_uri` of an answer. `reference` holds letters and digits alone.
pub fn rejection_of(reference: &str) -> String {
    address!("{REJECTIONS}/{reference}")
}

// Test users and release.

pub const REVIEWS: &str = "/reviews";

pub fn test_users(service: ServiceId) -> String {
    address!("{SERVICES}/{service}/test-users")
}

pub fn test_user_removal(service: ServiceId, user: TestUserId) -> String {
    address!("{SERVICES}/{service}/test-users/{user}/removal")
}

pub fn release_requests(service: ServiceId) -> String {
    address!("{SERVICES}/{service}/release-requests")
}

pub fn release_withdrawal(id: ReleaseRequestId) -> String {
    address!("/release-requests/{id}/withdrawal")
}

pub fn taking_back(service: ServiceId) -> String {
    address!("{REVIEWS}/services/{service}/taking-back")
}

pub fn changes_to_review(service: ServiceId) -> String {
    address!("{REVIEWS}/services/{service}/changes")
}

pub fn review(id: ReleaseRequestId) -> String {
    address!("{REVIEWS}/{id}")
}

pub fn approval(id: ReleaseRequestId) -> String {
    address!("{REVIEWS}/{id}/approval")
}

pub fn rejection(id: ReleaseRequestId) -> String {
    address!("{REVIEWS}/{id}/rejection")
}

// Members and invitations.

pub const MEMBERS: &str = "/members";
pub const INVITATIONS: &str = "/invitations";
pub const NEW_INVITATION: &str = "/invitations/new";
pub const ACCEPT_INVITATION: &str = "/invitations/accept";
pub const SWITCH_COMPANY: &str = "/account/company";
pub const LEAVE_COMPANY: &str = "/account/leaving";

pub fn member(id: MemberId) -> String {
    address!("{MEMBERS}/{id}")
}

pub fn member_roles(id: MemberId) -> String {
    address!("{MEMBERS}/{id}/roles")
}

pub fn member_removal(id: MemberId) -> String {
    address!("{MEMBERS}/{id}/removal")
}

pub fn invitation_resend(id: InvitationId) -> String {
    address!("{INVITATIONS}/{id}/resend")
}

pub fn invitation_withdrawal(id: InvitationId) -> String {
    address!("{INVITATIONS}/{id}/withdrawal")
}

pub fn accept_invitation(token: &str) -> String {
    let query: String = url::form_urlencoded::Serializer::new(String::new()).append_pair("token", token).finish();
    address!("{ACCEPT_INVITATION}?{query}")
}

/// A page that somebody who belongs to no company may be sent on to after sign-in.
pub fn is_for_outsiders(to: &str) -> bool {
    to.starts_with(&address!("{ACCEPT_INVITATION}?")) || waiting_token(to).is_some() || to == APPLICATIONS
}

// What an application's users see.

pub const AUTHORIZE: &str = "/oauth2/authorize";
pub const LOGOUT: &str = "/oauth2/logout";
pub const LOGOUT_CONFIRMATION: &str = "/oauth2/logout/confirmation";

/// Where an authorization request waits for its user.
pub fn waiting(token: &str) -> String {
    address!("{AUTHORIZE}/{token}")
}

pub fn waiting_logo(token: &str) -> String {
    address!("{AUTHORIZE}/{token}/logo")
}

/// The token in such an address.
pub fn waiting_token(path: &str) -> Option<&str> {
    let token = path.strip_prefix(AUTHORIZE)?.strip_prefix('/')?;
    (!token.is_empty() && token.bytes().all(|byte| byte.is_ascii_alphanumeric())).then_some(token)
}

pub const APPLICATIONS: &str = "/account/applications";

pub fn access_removal(client: ClientUid) -> String {
    address!("{APPLICATIONS}/{client}/removal")
}

// Client roles, scopes, communities.

pub const ROLES: &str = "/roles";
pub const NEW_ROLE: &str = "/roles/new";
pub const SCOPES: &str = "/scopes";
pub const NEW_SCOPE: &str = "/scopes/new";

pub const COMMUNITIES: &str = "/communities";
pub const NEW_COMMUNITY: &str = "/communities/new";

pub fn community(id: CommunityId) -> String {
    address!("{COMMUNITIES}/{id}")
}

pub fn edit_community(id: CommunityId) -> String {
    address!("{COMMUNITIES}/{id}/edit")
}

pub fn community_deletion(id: CommunityId) -> String {
    address!("{COMMUNITIES}/{id}/deletion")
}

pub fn community_leaving(id: CommunityId) -> String {
    address!("{COMMUNITIES}/{id}/leaving")
}

pub fn community_acceptance(id: CommunityId) -> String {
    address!("{COMMUNITIES}/{id}/acceptance")
}

pub fn community_refusal(id: CommunityId) -> String {
    address!("{COMMUNITIES}/{id}/refusal")
}

pub fn community_invitations(id: CommunityId) -> String {
    address!("{COMMUNITIES}/{id}/invitations")
}

pub fn community_roles(id: CommunityId) -> String {
    address!("{COMMUNITIES}/{id}/roles")
}

pub fn community_withdrawal(id: CommunityId, tenant: TenantId) -> String {
    address!("{COMMUNITIES}/{id}/companies/{tenant}/withdrawal")
}

pub fn community_removal(id: CommunityId, tenant: TenantId) -> String {
    address!("{COMMUNITIES}/{id}/companies/{tenant}/removal")
}

pub fn new_community_role(id: CommunityId) -> String {
    address!("{COMMUNITIES}/{id}/roles/new")
}

pub fn edit_community_role(id: CommunityId, role: CommunityRoleId) -> String {
    address!("{COMMUNITIES}/{id}/roles/{role}/edit")
}

pub fn community_role_deletion(id: CommunityId, role: CommunityRoleId) -> String {
    address!("{COMMUNITIES}/{id}/roles/{role}/deletion")
}

pub fn community_people(id: CommunityId) -> String {
    address!("{COMMUNITIES}/{id}/people")
}

pub fn community_person(id: CommunityId, member: MemberId) -> String {
    address!("{COMMUNITIES}/{id}/people/{member}")
}

pub fn edit_role(id: RoleId) -> String {
    address!("{ROLES}/{id}/edit")
}

pub fn role_deletion(id: RoleId) -> String {
    address!("{ROLES}/{id}/deletion")
}

pub fn edit_scope(id: ScopeId) -> String {
    address!("{SCOPES}/{id}/edit")
}

pub fn scope_deletion(id: ScopeId) -> String {
    address!("{SCOPES}/{id}/deletion")
}

// The audit log.

pub const ACCOUNT_MAIL: &str = "/account/mail";
pub const AUDIT: &str = "/audit";
pub const AUDIT_EXPORT: &str = "/audit/export";

pub fn audit_event(seq: i64) -> String {
    address!("{AUDIT}/{seq}")
}

pub fn audit_of_service(id: ServiceId) -> String {
    address!("{AUDIT}?service={id}")
}

pub fn audit_of_client(uid: ClientUid) -> String {
    address!("{AUDIT}?client={uid}")
}

// Signing in with more than a password.
pub const SIGN_IN_CODE: &str = "/sign-in/code";
pub const EXTERNAL: &str = "/sign-in/external";
pub const EXTERNAL_CALLBACK: &str = "/sign-in/external/callback";
pub const EXTERNAL_LINK: &str = "/sign-in/external/link";
pub const IDENTITIES: &str = "/account/identities";
pub const NEW_IDENTITY: &str = "/account/identities/new";
pub const SECOND_FACTOR: &str = "/account/second-factor";
pub const SECOND_FACTOR_REMOVAL: &str = "/account/second-factor/removal";
pub const RECOVERY_CODES: &str = "/account/second-factor/recovery-codes";

/// `again` also where somebody is signed in.
pub fn external_and_return(to: &str, again: bool) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("return_to", to);
    if again {
        query.append_pair("again", "yes");
    }
    address!("{EXTERNAL}?{}", query.finish())
}

pub fn identity_removal(id: IdentityId) -> String {
    address!("{IDENTITIES}/{id}/removal")
}

// The company, its settings, and the deployment.

pub const SETTINGS: &str = "/settings";
pub const SETTINGS_COMPANY: &str = "/settings/company";
pub const SETTINGS_RULES: &str = "/settings/rules";
pub const REGISTRATION_TOKENS: &str = "/settings/registration-tokens";
pub const NEW_REGISTRATION_TOKEN: &str = "/settings/registration-tokens/new";
pub const OPERATION: &str = "/operation";
pub const TENANTS: &str = "/operation/tenants";
pub const NEW_TENANT: &str = "/operation/tenants/new";
pub const APPROVERS: &str = "/operation/approvers";
pub const DEFAULT_CLIENTS: &str = "/operation/clients";
pub const HEALTH: &str = "/operation/health";

pub fn registration_token_revocation(id: RegistrationTokenId) -> String {
    address!("{REGISTRATION_TOKENS}/{id}/revocation")
}

pub fn first_administrator(id: TenantId) -> String {
    address!("{TENANTS}/{id}/administrator")
}

pub fn approver_dismissal(id: AccountId) -> String {
    address!("{APPROVERS}/{id}/dismissal")
}

pub fn mail_retry(id: MailId) -> String {
    address!("{OPERATION}/mail/{id}/retry")
}

pub fn mail_discard(id: MailId) -> String {
    address!("{OPERATION}/mail/{id}/discard")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_local_paths_are_gone_on_to() {
        for good in ["/services", "/clients?search=a%20b&page=2"] {
            assert_eq!(local(good), good);
        }
        for bad in [
            "",
            "https://evil.example",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil",
            "/sign-in",
            "/a\r\nb",
            "javascript:alert(1)",
        ] {
            assert_eq!(local(bad), START, "{bad:?}");
        }
    }
}
