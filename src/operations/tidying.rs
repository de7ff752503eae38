//! Removing what has ended and nobody will ask for again. Each kind of thing goes by itself, so that one that can't be removed
//! holds up no other, and what there may be millions of goes in portions: who writes meanwhile waits for one of them at most.

use std::time::Duration;

use super::protocol::signing;
use super::{Operations, Result};
use crate::db::{self, Writer};
use crate::domain::tenant::SessionLengths;

/// Rows that one transaction removes: a small part of what a database does in the seconds that others wait for it.
pub(super) const PORTION: i64 = 1_000;

/// How long a grant is kept after it, or its last refresh token, has ended: whoever comes with one is told so.
const GRANTS_KEPT_FOR: Duration = Duration::from_secs(86_400);

/// Removes rows of one kind, and answers with how many: fewer than a portion when none are left.
type Removal<'r> = &'r dyn Fn(&mut Writer<'_>) -> db::Result<usize>;

impl Operations {
    /// Removes sessions, codes, tickets, tokens of forms, old failures, signing keys whose last token has ended, and what
    /// happened at the endpoints long ago. `keep_going` is asked before each portion. Answers with the last failure, if there
    /// was one.
    pub fn tidy_up(&self, mut keep_going: impl FnMut() -> bool) -> Result<()> {
        use db::grants::Gone;

        let now = self.now();
        let forms_until = now.minus(super::SUBMISSIONS_KEPT_FOR);
        let grants = Gone::EndedBefore(now.minus(GRANTS_KEPT_FOR));
        let kinds: &[Removal<'_>] = &[
            &|writer| db::sessions::remove_ended(writer, now, now.minus(SessionLengths::LONGEST.idle())),
            &|writer| db::mailed_codes::remove_ended(writer, now),
            &|writer| db::authorization_requests::remove_ended(writer, now),
            &|writer| db::secrets::remove_stale_tickets(writer, now),
            &|writer| db::submissions::remove_older(writer, forms_until),
            &|writer| db::throttles::remove_older(writer, forms_until),
            &|writer| db::grants::remove_some(writer, &grants, PORTION),
            &|writer| db::grants::remove_marks(writer, now),
            &|writer| db::used_assertions::remove_ended(writer, now),
            &|writer| signing::remove_retired_keys(writer, now),
        ];
        let mut outcome = Ok(());
        for kind in kinds {
            outcome = self.in_portions(&mut keep_going, kind).map(drop).and(outcome);
        }
        self.forget_protocol(now, &mut keep_going).and(outcome)
    }

    /// Removes until less than a portion was left. `false` when it was told to stop before.
    pub(super) fn in_portions(
        &self,
        keep_going: &mut dyn FnMut() -> bool,
        remove: impl Fn(&mut Writer<'_>) -> db::Result<usize>,
    ) -> Result<bool> {
        while keep_going() {
            if (self.db.write(|writer| remove(writer))? as i64) < PORTION {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
