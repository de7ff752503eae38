//! How much may go on at once. Everything that blocks (the database, hashing) has a thread of its own for as long as it
//! runs, and there are so many threads and no more: who comes beyond that is told at once to come again, and does not
//! join a queue that grows faster than it is served.

use std::sync::Arc;
use std::time::Duration;

use actix_web::error::BlockingError;
use actix_web::web;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Requests whose work may be under way or wait at once. At a millisecond each, the last of them waits a quarter of a
/// second; where the database is slow, it is better to hear 503 now than nothing for long.
pub const PLACES: usize = 256;

/// No answer waits longer for its work. What the work itself waits for ends sooner (`db::connection`), except where the
/// database server has stopped in the middle of a statement and keeps the connection.
const LONGEST: Duration = Duration::from_secs(15);

/// The places of one server, for pages and endpoints together.
#[derive(Clone)]
pub struct Crowd(Arc<Semaphore>);

/// One of the places. It is free again when the last copy is dropped: with its request, or with work that goes on although
/// nobody waits for it any more.
#[derive(Clone)]
pub struct Place(#[expect(dead_code, reason = "it is there to be dropped")] Arc<OwnedSemaphorePermit>);

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CutOff {
    #[error("too much is going on at once")]
    Full,
    #[error("its work took too long")]
    TooSlow,
    #[error("its work was cut off")]
    Panicked,
}

impl Default for Crowd {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(PLACES)))
    }
}

impl Crowd {
    /// # Errors
    /// All places are taken.
    pub fn place(&self) -> Result<Place, CutOff> {
        let permit = Arc::clone(&self.0).try_acquire_owned();
        permit.map(|permit| Place(Arc::new(permit))).map_err(|_| CutOff::Full)
    }
}

impl Place {
    /// Runs blocking work off the async threads. Work that takes too long goes on without its answer.
    pub async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, CutOff> {
        let place = self.clone();
        let running = off_the_async_threads(move || {
            let done = work();
            drop(place);
            done
        });
        match tokio::time::timeout(LONGEST, running).await {
            Ok(done) => done.map_err(|_| CutOff::Panicked),
            Err(_) => Err(CutOff::TooSlow),
        }
    }
}

/// Runs what waits for the database or hashes, so that no other request waits for it. What it logs bears the reference
/// of the request.
pub fn off_the_async_threads<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> impl Future<Output = Result<T, BlockingError>> {
    let span = tracing::Span::current();
    web::block(move || span.in_scope(work))
}
