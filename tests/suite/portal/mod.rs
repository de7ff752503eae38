//! What the portal promises to the people who use it: one file per promise.

mod a_client_has_ten_secrets_at_most;
mod a_double_click_makes_one;
mod a_forgotten_password;
mod a_person_in_several_companies;
mod a_request_binds_to_what_was_shown;
mod a_secret_is_shown_once;
mod a_service_goes_live;
mod a_service_takes_its_clients_along;
mod an_address_behind_a_proxy;
mod approvals_can_t_be_forged;
mod deleted_clients_wait_14_days;
mod mail_is_not_lost;
mod members_are_invited;
mod nothing_secret_rests;
mod registration_has_three_steps;
mod roles_act_at_once;
mod roles_and_scopes_are_managed;
mod roles_of_clients_are_an_administrators;
mod sensitive_acts_ask_for_the_password;
mod sessions_end;
mod set_up_happens_once;
mod sign_in_is_slowed_down;
mod the_audit_chain_holds;
mod the_last_administrator_stays;
mod the_purge_removes_each_thing_once;
mod two_tabs_edit_the_same_client;
