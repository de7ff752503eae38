//! What people do with their accounts.

use zeroize::Zeroizing;

use super::{Operations, Result};
use crate::domain::account::PlainPassword;
use crate::domain::id::AccountId;

impl Operations {
    pub fn setup_link(&self) -> Result<Option<String>> {
        Ok(None)
    }

    /// Whether the password is this account's; for sensitive acts. Failed tries count as at sign-in.
    pub fn confirm_password(&self, account: AccountId, typed: Zeroizing<String>, _address: &str) -> Result<bool> {
        let (_, hash) = self.db.read(|reader| crate::db::accounts::find(reader, account))?;
        Ok(PlainPassword::claimed(typed).is_some_and(|password| self.passwords.matches(&password, Some(&hash))))
    }
}
