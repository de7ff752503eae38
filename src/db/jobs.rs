//! How the last run of each job went.

use diesel::prelude::*;
use diesel::upsert::excluded;

use super::connection::{Reader, Writer, on_both};
use super::error::Result;
use super::schema::job_runs;
use crate::clock::Timestamp;
use crate::domain::job::Job;

/// The last run of a job, on whichever instance it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobRun {
    pub job: Job,
    pub began_at: Timestamp,
    pub ended_at: Timestamp,
    /// The end of the last run that did what it should; `None` when none ever did.
    pub succeeded_at: Option<Timestamp>,
    /// What it did, in words for whoever runs the portal. Names nobody.
    pub outcome: String,
}

/// Puts a run in place of the job's last one. A run that failed leaves the last success as it was.
pub fn note(writer: &mut Writer<'_>, run: &JobRun) -> Result<()> {
    let row = (
        job_runs::name.eq(run.job.as_str()),
        job_runs::began_at.eq(run.began_at.micros()),
        job_runs::ended_at.eq(run.ended_at.micros()),
        job_runs::succeeded_at.eq(run.succeeded_at.map(Timestamp::micros)),
        job_runs::outcome.eq(&run.outcome),
    );
    on_both!(writer.conn(), conn => {
        let insert = diesel::insert_into(job_runs::table).values(row).on_conflict(job_runs::name).do_update();
        let last = (
            job_runs::began_at.eq(excluded(job_runs::began_at)),
            job_runs::ended_at.eq(excluded(job_runs::ended_at)),
            job_runs::outcome.eq(excluded(job_runs::outcome)),
        );
        match run.succeeded_at {
            Some(_) => insert.set((last, job_runs::succeeded_at.eq(excluded(job_runs::succeeded_at)))).execute(conn),
            None => insert.set(last).execute(conn),
        }
    })?;
    Ok(())
}

/// The last run of each job that ever ran, in the order of `Job::ALL`.
pub fn runs(reader: &mut Reader<'_>) -> Result<Vec<JobRun>> {
    type Columns = (String, i64, i64, Option<i64>, String);
    let rows: Vec<Columns> = job_runs::table.load(reader.conn())?;
    let run = |job: Job| {
        let row = rows.iter().find(|row| row.0 == job.as_str())?;
        Some(JobRun {
            job,
            began_at: Timestamp::from_micros(row.1),
            ended_at: Timestamp::from_micros(row.2),
            succeeded_at: row.3.map(Timestamp::from_micros),
            outcome: row.4.clone(),
        })
    };
    Ok(Job::ALL.into_iter().filter_map(run).collect())
}
