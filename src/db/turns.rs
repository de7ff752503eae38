//! Whose turn it is to write. Writers queue here and hold no connection while they wait, so that whoever reads always
//! finds one, whatever holds the writers up.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// How many may wait. Beyond that another one would only wait for nothing.
const WAITING: usize = 128;

pub struct Turns {
    queue: Mutex<Queue>,
    ended: Condvar,
}

struct Queue {
    free: usize,
    waiting: usize,
}

/// Somebody's turn, which ends when this is dropped.
pub struct Turn<'t>(&'t Turns);

impl Turns {
    /// So many turns at once.
    pub fn new(at_once: usize) -> Self {
        Self { queue: Mutex::new(Queue { free: at_once.max(1), waiting: 0 }), ended: Condvar::new() }
    }

    /// Waits for a turn for as long as this; `None` when there was none, or at once when too many wait already.
    pub fn wait(&self, at_most: Duration) -> Option<Turn<'_>> {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        if queue.free == 0 && queue.waiting >= WAITING {
            return None;
        }
        queue.waiting += 1;
        let waited = self.ended.wait_timeout_while(queue, at_most, |queue| queue.free == 0);
        let (mut queue, _) = waited.unwrap_or_else(PoisonError::into_inner);
        queue.waiting -= 1;
        if queue.free == 0 {
            return None;
        }
        queue.free -= 1;
        Some(Turn(self))
    }

    /// How many wait now.
    pub fn waiting(&self) -> usize {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).waiting
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.queue.lock().unwrap_or_else(PoisonError::into_inner).free += 1;
        self.0.ended.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_at_a_time_and_the_next_when_it_ends() {
        let turns = Turns::new(1);
        let first = turns.wait(Duration::ZERO);
        assert!(first.is_some());
        assert!(turns.wait(Duration::from_millis(1)).is_none());
        std::thread::scope(|scope| {
            let second = scope.spawn(|| turns.wait(Duration::from_secs(60)).is_some());
            while turns.waiting() == 0 {
                std::thread::yield_now();
            }
            drop(first);
            assert!(second.join().unwrap());
        });
        assert!(turns.wait(Duration::ZERO).is_some());
        assert_eq!(turns.waiting(), 0);
    }
}
