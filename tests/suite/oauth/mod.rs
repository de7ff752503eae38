//! The protocol endpoints: one file per promise.

mod clients_act_on_their_own;
mod codes_and_refresh_tokens_work_once;
