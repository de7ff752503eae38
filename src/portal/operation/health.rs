//! How the machinery does: jobs, and the mail that waits.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Path;
use askama::Template;

use crate::access::act;
use crate::clock::Timestamp;
use crate::db;
use crate::db::deployment::JobRun;
use crate::domain::id::MailId;
use crate::portal::form::{Nothing, Posted};
use crate::portal::guard::Guarded;
use crate::portal::shell::{Notice, Shell, go_on, html};
use crate::portal::when::When;
use crate::portal::{PageError, paths};

/// The jobs that there are, with what they do; also those that have never run.
const JOBS: [(&str, &str); 3] = [
    ("purge", "Removes for good what was deleted longer ago than its days of grace."),
    ("mail", "Hands waiting mail over."),
    ("reminders", "Writes to people before secrets expire and clients go."),
];

const MAILS_SHOWN: i64 = 50;

#[derive(Template)]
#[template(path = "operation/health.html")]
struct HealthPage {
    shell: Shell,
    jobs: Vec<JobRow>,
    waiting: i64,
    oldest: Option<When>,
    failed: Vec<MailRow>,
    failed_count: i64,
}

struct JobRow {
    name: String,
    what: &'static str,
    ran: Option<Ran>,
}

struct Ran {
    ended: When,
    succeeded: Option<When>,
    /// The last run is the last success.
    well: bool,
    outcome: String,
}

struct MailRow {
    recipient: String,
    subject: String,
    written: When,
    attempts: i32,
    /// Nothing once it was given up.
    next: Option<When>,
    last_error: String,
    retry: String,
    discard: String,
}

fn job(name: String, run: Option<&JobRun>, now: Timestamp) -> JobRow {
    let what = JOBS.iter().find(|(known, _)| *known == name).map_or("", |(_, what)| what);
    let ran = run.map(|run| Ran {
        ended: When::new(run.ended_at, now),
        succeeded: When::maybe(run.succeeded_at, now),
        well: run.succeeded_at.is_some_and(|at| at >= run.ended_at),
        outcome: run.outcome.clone(),
    });
    JobRow { name, what, ran }
}

pub async fn show(guarded: Guarded<act::Operate>) -> Result<HttpResponse, PageError> {
    let now = guarded.portal.clock.now();
    let seen = guarded
        .read(move |_, reader| Ok((db::deployment::job_runs(reader)?, db::deployment::outbox(reader, MAILS_SHOWN)?)))
        .await?;
    let (runs, outbox) = &seen.data;
    let known = JOBS.iter().map(|(name, _)| (*name).to_owned());
    let others = runs.iter().map(|run| run.name.clone()).filter(|name| !JOBS.iter().any(|(known, _)| known == name));
    let page = HealthPage {
        shell: guarded.shell(&seen, "Health"),
        jobs: known
            .chain(others)
            .map(|name| {
                let run = runs.iter().find(|run| run.name == name);
                job(name, run, now)
            })
            .collect(),
        waiting: outbox.waiting,
        oldest: When::maybe(outbox.oldest, now),
        failed: outbox
            .failed
            .iter()
            .map(|mail| MailRow {
                recipient: mail.recipient.clone(),
                subject: mail.subject.clone(),
                written: When::new(mail.created_at, now),
                attempts: mail.attempts,
                next: (mail.next_attempt_at.micros() != i64::MAX).then(|| When::new(mail.next_attempt_at, now)),
                last_error: mail.last_error.clone(),
                retry: paths::mail_retry(mail.id),
                discard: paths::mail_discard(mail.id),
            })
            .collect(),
        failed_count: outbox.failed_count,
    };
    html(StatusCode::OK, &page)
}

pub async fn retry(
    guarded: Guarded<act::Operate>,
    id: Path<MailId>,
    _posted: Posted<Nothing>,
) -> Result<HttpResponse, PageError> {
    let id = id.into_inner();
    guarded.act(move |permit, operations| operations.retry_mail(permit, id)).await??;
    Ok(go_on(&guarded.portal, paths::HEALTH, Notice::done("The mail is tried again now.")))
}

pub async fn discard(
    guarded: Guarded<act::Operate>,
    id: Path<MailId>,
    _posted: Posted<Nothing>,
) -> Result<HttpResponse, PageError> {
    let id = id.into_inner();
    guarded.act(move |permit, operations| operations.discard_mail(permit, id)).await??;
    Ok(go_on(&guarded.portal, paths::HEALTH, Notice::done("The mail is discarded. Nobody will get it.")))
}
