//! The applications that a user has let in, as the user sees them.

use crate::db;
use crate::domain::id::{AccountId, ClientUid};
use crate::operations::{Operations, Result};

impl Operations {
    /// Ends everything that the user let an application do: it must ask again, and what it holds is worth nothing.
    pub fn remove_access(&self, account: AccountId, client: ClientUid) -> Result<()> {
        let now = self.now();
        self.db.write(|writer| {
            db::consents::remove(writer, account, client)?;
            db::grants::end_of_account(writer, account, Some(client), now)?;
            Ok(())
        })
    }
}
