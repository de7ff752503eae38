//! Every endpoint, on one screen. A contract test walks the list.

use actix_web::web::{self, ServiceConfig};

macro_rules! routes {
    ($($method:ident $path:literal $handler:path;)*) => {
        pub const ROUTES: &[(&str, &str)] = &[$((stringify!($method), $path)),*];

        pub fn configure(config: &mut ServiceConfig) {
            $(config.route($path, web::$method().to($handler));)*
        }
    };
}

routes! {}
