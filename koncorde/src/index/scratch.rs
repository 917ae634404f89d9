//! What one test of a document needs to remember, kept for the next one.
//!
//! Marks carry the number of the test that set them, so that nothing is cleared
//! between tests; and vectors keep their memory, so that nothing is allocated.

use std::cell::Cell;

use super::datum::{Datum, FieldValue};

thread_local! {
    /// The scratch of a thread, while no test of it runs. Threads share nothing
    /// that is written in a test, so that they do not wait for each other.
    static OF_THREAD: Cell<Option<Box<Scratch>>> = const { Cell::new(None) };
}

/// Working memory for testing documents, see [`Engine::visit`](crate::Engine::visit).
///
/// It grows to what the largest document and engine ask for, and makes tests
/// free of allocation from then on. One scratch serves any number of engines,
/// one test at a time.
#[derive(Debug, Default)]
pub struct Scratch {
    /// The number of the current test; marks with another number do not count.
    pub(super) epoch: u32,
    /// By field: the test that saw it and where its value stands.
    pub(super) slots: Vec<(u32, u32)>,
    /// By filter: the last test that met it as a candidate.
    pub(super) met: Vec<u32>,
    /// By condition: the last test that decided it, and how.
    pub(super) decided: Vec<(u32, bool)>,
    /// Conditions that the value at hand satisfies.
    pub(super) hits: Vec<u32>,
    /// Filters that have to be verified.
    pub(super) candidates: Vec<u32>,
    /// Places in a dense list that the value at hand excludes.
    pub(super) excluded: Vec<u32>,
    /// The text at hand, folded.
    pub(super) folded: String,
    /// The memory of the list of values between tests.
    pub(super) values: Vec<FieldValue<'static>>,
    /// The same for documents that are read from bytes.
    pub(super) reading: super::scan::Reading,
    /// The keys of the last document.
    pub(super) prediction: super::predict::Prediction,
}

impl Scratch {
    /// An empty scratch.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lends the scratch of this thread. A test within a test gets another one.
    #[inline]
    pub(crate) fn with<T>(test: impl FnOnce(&mut Self) -> T) -> T {
        // The one of a thread that is ending may be gone.
        let kept = OF_THREAD.try_with(Cell::take).ok().flatten();
        let mut scratch = kept.unwrap_or_default();
        let result = test(&mut scratch);
        let _ = OF_THREAD.try_with(|it| it.set(Some(scratch)));
        result
    }

    /// Starts a test over this many fields, filters and conditions.
    pub(super) fn begin(&mut self, fields: usize, filters: usize, conditions: usize) {
        if self.epoch == u32::MAX {
            self.slots.clear();
            self.met.clear();
            self.decided.clear();
            self.epoch = 0;
        }
        self.epoch += 1;
        grow(&mut self.slots, fields, (0, 0));
        grow(&mut self.met, filters, 0);
        grow(&mut self.decided, conditions, (0, false));
    }

    /// The vector of values, empty, for a document of another lifetime.
    pub(super) fn take_values<'d>(&mut self) -> Vec<FieldValue<'d>> {
        recycle(std::mem::take(&mut self.values))
    }

    pub(super) fn give_values(&mut self, values: Vec<FieldValue<'_>>) {
        self.values = recycle(values);
    }
}

fn grow<T: Clone>(marks: &mut Vec<T>, len: usize, mark: T) {
    if marks.len() < len {
        marks.resize(len, mark);
    }
}

/// The memory of one vector as another one, for items of the same layout.
fn recycle<'a, 'b>(mut values: Vec<FieldValue<'a>>) -> Vec<FieldValue<'b>> {
    values.clear();
    // Collecting in place keeps the allocation. There is nothing to convert.
    let nothing = values
        .into_iter()
        .map(|it| FieldValue::new(it.field, Datum::Null));
    nothing.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recycling_keeps_the_memory() {
        let values: Vec<FieldValue<'_>> = Vec::with_capacity(100);
        assert_eq!(recycle(values).capacity(), 100);
    }
}
