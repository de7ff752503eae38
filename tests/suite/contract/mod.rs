//! What must stay true of the whole, whatever changes inside.

mod arrows_point_one_way;
mod bad_input;
mod every_route_and_role;
mod migrations_agree;
mod pages_render_soundly;
mod queries_are_constant;
mod the_manual_of_operation_is_true;
