//! The protocol endpoints: one file per promise.

mod a_client_proves_itself_by_assertion;
mod a_second_factor_may_be_needed;
mod access_tokens_count_as_long_as_they_should;
mod answers_go_nowhere_else;
mod applications_sign_users_in;
mod asking;
mod attacks;
mod clients_act_on_their_own;
mod clients_register_by_machine;
mod codes_and_refresh_tokens_work_once;
mod conformance_modules;
mod consent_is_given_by_its_user_alone;
mod discovery_tells_the_truth;
mod every_field_has_its_effect;
mod keys_rotate_without_a_gap;
mod killed_in_the_middle;
mod only_test_users_enter_the_sandbox;
mod prompts_are_obeyed;
mod refusals_take_the_same_work;
mod stock_clients;
mod stock_crate;
mod users_sign_out_of_applications;
mod what_was_let_in_can_be_removed;
