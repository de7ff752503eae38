//! The protocol endpoints: one file per promise.

mod a_client_proves_itself_by_assertion;
mod clients_act_on_their_own;
mod codes_and_refresh_tokens_work_once;
mod discovery_tells_the_truth;
mod keys_rotate_without_a_gap;
mod killed_in_the_middle;
mod stock_clients;
//! What the protocol endpoints promise to machines: one file per promise.
mod clients_register_by_machine;
