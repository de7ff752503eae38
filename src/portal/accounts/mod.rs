//! The place of accounts: the first run, the way in and out, and what a person sees and changes of their own.

pub mod accept_invitation;
pub mod account;
pub mod companies;
pub mod external;
pub mod mail;
pub mod password_reset;
pub mod registration;
pub mod second_factor;
pub mod setup;
pub mod sign_in;
