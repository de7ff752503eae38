//! Every page of the portal, on one screen: method, address, who may, handler.
//! The second list is what the contract test walks: who is answered what.

use actix_web::web::{self, ServiceConfig};

use super::{assets, clients, secrets, services, start};

/// Who may ask for a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    Everybody,
    /// Whoever is signed in, whatever their roles.
    SignedIn,
    See,
    EditServices,
    ChangeServiceStatus,
    EditClients,
}

/// One route, as the contract test sees it.
pub struct Route {
    pub method: &'static str,
    pub path: &'static str,
    pub access: Access,
}

macro_rules! routes {
    ($($method:ident $path:literal $access:ident $handler:path;)*) => {
        pub const ROUTES: &[Route] = &[
            $(Route { method: stringify!($method), path: $path, access: Access::$access }),*
        ];

        pub fn configure(config: &mut ServiceConfig) {
            $(config.route($path, web::$method().to($handler));)*
        }
    };
}

routes! {
    get  "/"                                         See                 start::show;
    post "/theme"                                    Everybody           start::set_theme;

    get  "/services"                                 See                 services::list::show;
    get  "/services/new"                             EditServices        services::form::new;
    post "/services"                                 EditServices        services::form::add;
    get  "/services/{id}"                            See                 services::details::show;
    get  "/services/{id}/logo/{digest}"              See                 services::details::logo;
    get  "/services/{id}/edit"                       EditServices        services::form::edit;
    post "/services/{id}/edit"                       EditServices        services::form::update;
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
    get  "/clients/{uid}/deletion"                   EditClients         clients::lifecycle::confirm_deletion;
    post "/clients/{uid}/deletion"                   EditClients         clients::lifecycle::delete;

    get  "/clients/{uid}/secrets/new"                EditClients         secrets::new;
    post "/clients/{uid}/secrets"                    EditClients         secrets::add;
    get  "/secrets/{id}/rotation"                    EditClients         secrets::ask_rotation;
    post "/secrets/{id}/rotation"                    EditClients         secrets::rotate;
    get  "/secrets/{id}/deletion"                    EditClients         secrets::confirm_deletion;
    post "/secrets/{id}/deletion"                    EditClients         secrets::delete;
    get  "/reveals/{id}"                             EditClients         secrets::reveal_page;
    post "/reveals/{id}"                             EditClients         secrets::reveal;

    get  "/static/{name:.*}"                         Everybody           assets::serve;
}
