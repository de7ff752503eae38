//! Every page of the portal, on one screen: method, address, who may, handler.
//! The second list is what the contract test walks: who is answered what.

use std::collections::BTreeMap;

use actix_web::Scope;
use actix_web::web::{self, ServiceConfig};

use super::accounts::{
    accept_invitation, account, companies, external, mail, password_reset, registration, second_factor, setup, sign_in,
};
use super::{
    assets, audit, authorization, client_keys, clients, communities, company, members, operation, registration_tokens,
    rejections, reviews, roles, scopes, secrets, services, start,
};

/// Who may ask for a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    Everybody,
    See,
    EditServices,
    ChangeServiceStatus,
    EditClients,
    DecideReleases,
    ManageTenant,
    Operate,
}

/// One route, as the contract test sees it.
pub struct Route {
    pub method: &'static str,
    pub path: &'static str,
    pub access: Access,
}

/// The routes by the first part of their address. The router tries one pattern after the other: of some twenty-five
/// places, and then of the pages of one, instead of all pages.
#[derive(Default)]
struct Places(BTreeMap<&'static str, Scope>);

impl Places {
    fn add(&mut self, config: &mut ServiceConfig, path: &'static str, route: actix_web::Route) {
        let end = path[1..].find('/').map_or(path.len(), |at| 1 + at);
        let (place, rest) = path.split_at(end);
        if place == "/" {
            config.route(place, route);
            return;
        }
        let scope = self.0.remove(place).unwrap_or_else(|| web::scope(place));
        self.0.insert(place, scope.route(rest, route));
    }

    fn configure(self, config: &mut ServiceConfig) {
        for scope in self.0.into_values() {
            config.service(scope);
        }
    }
}

macro_rules! routes {
    ($($method:ident $path:literal $access:ident $handler:path;)*) => {
        pub const ROUTES: &[Route] = &[
            $(Route { method: stringify!($method), path: $path, access: Access::$access }),*
        ];

        pub fn configure(config: &mut ServiceConfig) {
            let mut places = Places::default();
            $(places.add(config, $path, web::$method().to($handler));)*
            places.configure(config);
        }
    };
}

routes! {
    get  "/oauth2/authorize"                         Everybody           authorization::request::begin;
    post "/oauth2/authorize"                         Everybody           authorization::request::begin_posted;
    get  "/oauth2/authorize/{token}"                 Everybody           authorization::waiting::show;
    post "/oauth2/authorize/{token}"                 Everybody           authorization::waiting::decide;
    get  "/oauth2/authorize/{token}/logo"            Everybody           authorization::waiting::logo;
    get  "/oauth2/logout"                            Everybody           authorization::logout::begin;
    post "/oauth2/logout"                            Everybody           authorization::logout::begin_posted;
    post "/oauth2/logout/confirmation"               Everybody           authorization::logout::confirm;
    get  "/account/applications"                     See                 authorization::connected::show;
    post "/account/applications/{client}/removal"    See                 authorization::connected::remove;

    get  "/"                                         See                 start::show;
    post "/theme"                                    Everybody           start::set_theme;

    get  "/setup"                                    Everybody           setup::show;
    post "/setup"                                    Everybody           setup::set_up;
    get  "/sign-in"                                  Everybody           sign_in::show;
    post "/sign-in"                                  Everybody           sign_in::sign_in;
    post "/sign-out"                                 Everybody           sign_in::sign_out;
    get  "/register"                                 Everybody           registration::account;
    post "/register"                                 Everybody           registration::give_account;
    get  "/register/company"                         Everybody           registration::company;
    post "/register/company"                         Everybody           registration::give_company;
    get  "/activate"                                 Everybody           registration::code;
    post "/activate"                                 Everybody           registration::give_code;
    get  "/password-reset"                           Everybody           password_reset::show;
    post "/password-reset"                           Everybody           password_reset::ask;
    get  "/password-reset/code"                      Everybody           password_reset::code;
    post "/password-reset/code"                      Everybody           password_reset::give_code;
    get  "/account"                                  See                 account::show;
    post "/account/name"                             See                 account::rename;
    post "/account/password"                         See                 account::change_password;
    post "/account/sessions/end-others"              See                 account::end_other_sessions;
    post "/account/sessions/{id}/end"                See                 account::end_session;

    get  "/services"                                 See                 services::list::show;
    get  "/services/new"                             EditServices        services::form::new;
    post "/services"                                 EditServices        services::form::add;
    get  "/services/{id}"                            See                 services::details::show;
    get  "/services/{id}/logo/{digest}"              See                 services::details::logo;
    get  "/services/{id}/edit"                       EditServices        services::form::edit;
    post "/services/{id}/edit"                       EditServices        services::form::update;
    get  "/services/{id}/deactivation"               ChangeServiceStatus services::lifecycle::confirm_deactivation;
    post "/services/{id}/deactivation"               ChangeServiceStatus services::lifecycle::deactivate;
    post "/services/{id}/reactivation"               ChangeServiceStatus services::lifecycle::reactivate;
    get  "/services/{id}/deletion"                   ChangeServiceStatus services::lifecycle::confirm_deletion;
    post "/services/{id}/deletion"                   ChangeServiceStatus services::lifecycle::delete;

    get  "/services/{id}/clients/new"                EditClients         clients::form::choose_type;
    get  "/services/{id}/clients/new/{type}"         EditClients         clients::form::new;
    post "/services/{id}/clients/new/{type}"         EditClients         clients::form::add;
    get  "/clients"                                  See                 clients::list::show;
    get  "/clients/{uid}"                            See                 clients::details::show;
    get  "/clients/{uid}/edit"                       EditClients         clients::form::edit;
    post "/clients/{uid}/edit"                       EditClients         clients::form::update;
    post "/clients/{uid}/deactivation"               EditClients         clients::lifecycle::deactivate;
    post "/clients/{uid}/reactivation"               EditClients         clients::lifecycle::reactivate;
    post "/clients/{uid}/token-revocation"           EditClients         clients::lifecycle::revoke_registration_access_token;
    get  "/clients/{uid}/deletion"                   EditClients         clients::lifecycle::confirm_deletion;
    post "/clients/{uid}/deletion"                   EditClients         clients::lifecycle::delete;

    get  "/clients/{uid}/activity"                   See                 clients::activity::show;
    get  "/clients/{uid}/try"                        EditClients         clients::trial::show;
    post "/clients/{uid}/try"                        EditClients         clients::trial::run;
    get  "/rejections"                               See                 rejections::search;
    get  "/rejections/{reference}"                   See                 rejections::show;

    get  "/clients/{uid}/secrets/new"                EditClients         secrets::new;
    post "/clients/{uid}/secrets"                    EditClients         secrets::add;
    get  "/secrets/{id}/rotation"                    EditClients         secrets::ask_rotation;
    post "/secrets/{id}/rotation"                    EditClients         secrets::rotate;
    get  "/secrets/{id}/deletion"                    EditClients         secrets::confirm_deletion;
    post "/secrets/{id}/deletion"                    EditClients         secrets::delete;
    get  "/reveals/{id}"                             EditClients         secrets::reveal_page;
    post "/reveals/{id}"                             EditClients         secrets::reveal;

    get  "/clients/{uid}/keys/new"                   EditClients         client_keys::new;
    post "/clients/{uid}/keys"                       EditClients         client_keys::add;
    get  "/client-keys/{id}/deletion"                EditClients         client_keys::confirm_deletion;
    post "/client-keys/{id}/deletion"                EditClients         client_keys::delete;

    // Test users and release.
    get  "/services/{id}/test-users"                 See                 services::test_users::show;
    post "/services/{id}/test-users"                 EditServices        services::test_users::add;
    post "/services/{id}/test-users/{user}/removal"  EditServices        services::test_users::remove;
    get  "/services/{id}/release-requests"           See                 services::release::show;
    post "/services/{id}/release-requests"           EditServices        services::release::request;
    post "/release-requests/{id}/withdrawal"         EditServices        services::release::withdraw;
    get  "/reviews"                                  DecideReleases      reviews::queue::show;
    get  "/reviews/{id}"                             DecideReleases      reviews::review::show;
    post "/reviews/{id}/approval"                    DecideReleases      reviews::review::approve;
    post "/reviews/{id}/rejection"                   DecideReleases      reviews::review::reject;
    get  "/reviews/services/{id}/changes"            DecideReleases      reviews::changes::show;
    post "/reviews/services/{id}/changes"            DecideReleases      reviews::changes::accept;
    get  "/reviews/services/{id}/taking-back"        DecideReleases      reviews::taking_back::show;
    post "/reviews/services/{id}/taking-back"        DecideReleases      reviews::taking_back::take_back;

    // Members and invitations.
    get  "/members"                                  ManageTenant        members::list::show;
    get  "/members/{id}"                             ManageTenant        members::details::show;
    post "/members/{id}/roles"                       ManageTenant        members::details::change_roles;
    get  "/members/{id}/removal"                     ManageTenant        members::removal::confirm;
    post "/members/{id}/removal"                     ManageTenant        members::removal::remove;
    get  "/invitations/new"                          ManageTenant        members::invitations::new;
    post "/invitations"                              ManageTenant        members::invitations::invite;
    post "/invitations/{id}/resend"                  ManageTenant        members::invitations::resend;
    post "/invitations/{id}/withdrawal"              ManageTenant        members::invitations::withdraw;
    get  "/invitations/accept"                       Everybody           accept_invitation::show;
    post "/invitations/accept"                       Everybody           accept_invitation::accept;
    post "/account/company"                          See                 companies::switch;
    get  "/account/leaving"                          See                 companies::confirm_leaving;
    post "/account/leaving"                          See                 companies::leave;

    // Client roles, scopes, communities.
    get  "/roles"                                    ManageTenant        roles::list;
    get  "/roles/new"                                ManageTenant        roles::new;
    post "/roles"                                    ManageTenant        roles::add;
    get  "/roles/{id}/edit"                          ManageTenant        roles::edit;
    post "/roles/{id}/edit"                          ManageTenant        roles::update;
    get  "/roles/{id}/deletion"                      ManageTenant        roles::confirm_deletion;
    post "/roles/{id}/deletion"                      ManageTenant        roles::delete;
    get  "/scopes"                                   ManageTenant        scopes::list;
    get  "/scopes/new"                               ManageTenant        scopes::new;
    post "/scopes"                                   ManageTenant        scopes::add;
    get  "/scopes/{id}/edit"                         ManageTenant        scopes::edit;
    post "/scopes/{id}/edit"                         ManageTenant        scopes::update;
    get  "/scopes/{id}/deletion"                     ManageTenant        scopes::confirm_deletion;
    post "/scopes/{id}/deletion"                     ManageTenant        scopes::delete;
    get  "/communities"                              ManageTenant        communities::list::show;
    get  "/communities/new"                          ManageTenant        communities::form::new;
    post "/communities"                              ManageTenant        communities::form::add;
    get  "/communities/{id}"                         ManageTenant        communities::details::show;
    get  "/communities/{id}/edit"                    ManageTenant        communities::form::edit;
    post "/communities/{id}/edit"                    ManageTenant        communities::form::update;
    get  "/communities/{id}/deletion"                ManageTenant        communities::endings::confirm_deletion;
    post "/communities/{id}/deletion"                ManageTenant        communities::endings::delete;
    get  "/communities/{id}/leaving"                 ManageTenant        communities::endings::confirm_leaving;
    post "/communities/{id}/leaving"                 ManageTenant        communities::endings::leave;
    post "/communities/{id}/acceptance"              ManageTenant        communities::list::accept;
    post "/communities/{id}/refusal"                 ManageTenant        communities::list::decline;
    post "/communities/{id}/invitations"             ManageTenant        communities::details::invite;
    post "/communities/{id}/companies/{tenant}/withdrawal" ManageTenant        communities::details::withdraw;
    get  "/communities/{id}/companies/{tenant}/removal" ManageTenant        communities::endings::confirm_removal;
    post "/communities/{id}/companies/{tenant}/removal" ManageTenant        communities::endings::remove;
    get  "/communities/{id}/roles/new"               ManageTenant        communities::roles::new;
    post "/communities/{id}/roles"                   ManageTenant        communities::roles::add;
    get  "/communities/{id}/roles/{role}/edit"       ManageTenant        communities::roles::edit;
    post "/communities/{id}/roles/{role}/edit"       ManageTenant        communities::roles::update;
    get  "/communities/{id}/roles/{role}/deletion"   ManageTenant        communities::roles::confirm_deletion;
    post "/communities/{id}/roles/{role}/deletion"   ManageTenant        communities::roles::delete;
    get  "/communities/{id}/people"                  ManageTenant        communities::people::list;
    get  "/communities/{id}/people/{member}"         ManageTenant        communities::people::edit;
    post "/communities/{id}/people/{member}"         ManageTenant        communities::people::update;

    // The audit log.
    post "/account/mail"                             See                 mail::choose;
    get  "/audit"                                    ManageTenant        audit::list::show;
    get  "/audit/{seq}"                              ManageTenant        audit::event::show;
    post "/audit/export"                             ManageTenant        audit::export::export;

    // Signing in with more than a password.
    get  "/sign-in/code"                             Everybody           sign_in::ask_for_code;
    post "/sign-in/code"                             Everybody           sign_in::give_code;
    get  "/sign-in/external"                         Everybody           external::begin;
    get  "/sign-in/external/callback"                Everybody           external::callback;
    get  "/sign-in/external/link"                    Everybody           external::ask_to_link;
    post "/sign-in/external/link"                    Everybody           external::link_at_sign_in;
    get  "/account/identities/new"                   See                 external::confirm_identity;
    post "/account/identities"                       See                 external::add_identity;
    post "/account/identities/{id}/removal"          See                 external::remove_identity;
    get  "/account/second-factor"                    See                 second_factor::show;
    post "/account/second-factor"                    See                 second_factor::add;
    post "/account/second-factor/recovery-codes"     See                 second_factor::renew_codes;
    get  "/account/second-factor/removal"            See                 second_factor::confirm_removal;
    post "/account/second-factor/removal"            See                 second_factor::remove;

    // The company, its settings, and the deployment.
    get  "/settings"                                 ManageTenant        company::show;
    post "/settings/company"                         ManageTenant        company::update_profile;
    post "/settings/rules"                           ManageTenant        company::change_rules;
    get  "/settings/registration-tokens"             ManageTenant        registration_tokens::list;
    get  "/settings/registration-tokens/new"         ManageTenant        registration_tokens::new;
    post "/settings/registration-tokens"             ManageTenant        registration_tokens::issue;
    get  "/settings/registration-tokens/{id}/revocation" ManageTenant        registration_tokens::confirm_revocation;
    post "/settings/registration-tokens/{id}/revocation" ManageTenant        registration_tokens::revoke;
    get  "/operation"                                Operate             operation::tenants::show;
    get  "/operation/tenants/new"                    Operate             operation::tenants::new;
    post "/operation/tenants"                        Operate             operation::tenants::add;
    get  "/operation/tenants/{id}/administrator"     Operate             operation::tenants::ask_administrator;
    post "/operation/tenants/{id}/administrator"     Operate             operation::tenants::invite_administrator;
    get  "/operation/approvers"                      Operate             operation::approvers::show;
    post "/operation/approvers"                      Operate             operation::approvers::name;
    post "/operation/approvers/{id}/dismissal"       Operate             operation::approvers::dismiss;
    get  "/operation/clients"                        Operate             operation::clients::show;
    get  "/operation/health"                         Operate             operation::health::show;
    post "/operation/mail/{id}/retry"                Operate             operation::health::retry;
    post "/operation/mail/{id}/discard"              Operate             operation::health::discard;

    get  "/static/{name:.*}"                         Everybody           assets::serve;
}
