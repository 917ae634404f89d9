//! So many at once, so many waiting in line, and no more.
//!
//! Entering costs two atomic operations while there is room.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{Semaphore, SemaphorePermit};

/// As many as `drained` can wait for.
const RUNNING_MAX: usize = u32::MAX as usize;

/// A bound on what runs at once, with a first-in first-out line of waiters.
#[derive(Debug)]
pub struct Throttle {
    places: Semaphore,
    running_max: usize,
    waiting: AtomicUsize,
    waiting_max: usize,
}

/// The right to run, until it is dropped.
#[derive(Debug)]
pub struct Place<'a> {
    _permit: SemaphorePermit<'a>,
}

/// The line of waiters is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

impl Throttle {
    /// At least one may run.
    pub fn new(running_max: usize, waiting_max: usize) -> Self {
        let running_max = running_max.clamp(1, RUNNING_MAX.min(Semaphore::MAX_PERMITS));
        Self {
            places: Semaphore::new(running_max),
            running_max,
            waiting: AtomicUsize::new(0),
            waiting_max,
        }
    }

    /// A place at once, or after all who asked before. `on_wait` hears how many
    /// are waiting then.
    pub async fn enter(&self, on_wait: impl FnOnce(usize)) -> Result<Place<'_>, Full> {
        if let Ok(permit) = self.places.try_acquire() {
            return Ok(Place { _permit: permit });
        }
        let waiter = Waiter::join(self)?;
        on_wait(waiter.number);
        let permit = self.places.acquire().await;
        // Nobody closes the semaphore: there is always a permit.
        let place = permit.map(|permit| Place { _permit: permit });
        place.map_err(|_| Full)
    }

    /// Comes back once nobody runs and nobody waits who came before.
    pub async fn drained(&self) {
        let all = u32::try_from(self.running_max).unwrap_or(u32::MAX);
        let drained = self.places.acquire_many(all).await;
        drop(drained);
    }

    pub fn running(&self) -> usize {
        self.running_max - self.places.available_permits()
    }

    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    pub fn waiting_max(&self) -> usize {
        self.waiting_max
    }
}

/// Counts as waiting until dropped, also when its request is given up.
struct Waiter<'a> {
    throttle: &'a Throttle,
    number: usize,
}

impl<'a> Waiter<'a> {
    fn join(throttle: &'a Throttle) -> Result<Self, Full> {
        let before = throttle.waiting.fetch_add(1, Ordering::Relaxed);
        let waiter = Self {
            throttle,
            number: before + 1,
        };
        if before < throttle.waiting_max {
            Ok(waiter)
        } else {
            Err(Full)
        }
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        self.throttle.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn first_come_first_served_then_full() {
        let throttle = Throttle::new(1, 1);
        let first = throttle.enter(|_| ()).await;
        let mut second = Box::pin(throttle.enter(|_| ()));
        assert!((&mut second).now_or_never().is_none());
        assert_eq!((throttle.running(), throttle.waiting()), (1, 1));
        assert!(matches!(throttle.enter(|_| ()).await, Err(Full)));
        let mut drained = Box::pin(throttle.drained());
        assert!((&mut drained).now_or_never().is_none());
        drop(first);
        assert!(second.await.is_ok());
        drained.await;
        assert_eq!((throttle.running(), throttle.waiting()), (0, 0));
    }

    #[tokio::test]
    async fn who_gives_up_waits_no_more() {
        let throttle = Throttle::new(1, 5);
        let _first = throttle.enter(|_| ()).await;
        let mut second = Box::pin(throttle.enter(|_| ()));
        assert!((&mut second).now_or_never().is_none());
        drop(second);
        assert_eq!(throttle.waiting(), 0);
    }
}
