//! Keywright as somebody runs it for years. One promise each.

mod a_backup_is_whole;
mod a_dump_is_whole;
mod an_older_database_opens;
mod metrics_tell_what_happened;
mod the_database_fails_over;
mod the_log_names_nobody;
