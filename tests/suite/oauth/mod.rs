//! The protocol endpoints: one file per promise.

mod a_client_proves_itself_by_assertion;
mod clients_act_on_their_own;
mod codes_and_refresh_tokens_work_once;
mod killed_in_the_middle;
mod stock_clients;
