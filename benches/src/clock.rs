//! The clock of a thread: the time that it has spent computing, so that what else
//! the machine does is not charged to what is measured.

use rustix::time::{ClockId, clock_gettime};

/// Nanoseconds of this thread; reading them costs about 0.3 µs.
pub fn thread_nanos() -> u64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}
