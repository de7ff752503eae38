//! Keeping an eye on what runs by itself.

use super::{Operations, Result};
use crate::clock::Timestamp;
use crate::db;
use crate::db::jobs::JobRun;
use crate::domain::job::Job;

impl Operations {
    /// Notes how a run went that has just ended. `outcome` says what was done, or why it could not be, and names nobody.
    pub fn note_job_run(
        &self,
        job: Job,
        began_at: Timestamp,
        outcome: std::result::Result<String, String>,
    ) -> Result<()> {
        let ended_at = self.now();
        let succeeded_at = outcome.is_ok().then_some(ended_at);
        let outcome = outcome.unwrap_or_else(|why| why).chars().take(500).collect();
        let run = JobRun { job, began_at, ended_at, succeeded_at, outcome };
        Ok(self.db.write(|writer| db::jobs::note(writer, &run))?)
    }
}
