//! What must stay true of the whole, whatever changes inside.

mod every_route_and_role;
