//! Removes what dropped collections left behind, a little at a time.
//!
//! To drop or truncate a collection takes one small transaction, however large
//! it is: its number goes on a list, and its documents go here, between the
//! writes of others. A crash in the middle changes nothing: the list is on disk.

use std::sync::Arc;

use redb::Table;

use super::batch::Batch;
use crate::error::StoreError;
use crate::files::tables::{DROPPED, keys_of};
use crate::limits::SWEEP_ROWS_MAX;

impl Batch<'_> {
    /// Removes so many rows of the collections that were dropped first.
    pub(super) fn sweep(&mut self) -> Result<(), StoreError> {
        let mut left = SWEEP_ROWS_MAX;
        while let Some(collection) = self.state.dropped.front().copied() {
            self.is_changed = true;
            let (first, after) = keys_of(collection);
            left = remove(&mut self.documents, &first, &after, left)?;
            left = remove(&mut self.tombstones, &first, &after, left)?;
            if left == 0 {
                break;
            }
            // Its own record is a row too.
            left -= 1;
            let mut dropped = self.transaction.open_table(DROPPED)?;
            dropped.remove(collection.0)?;
            Arc::make_mut(&mut self.state.dropped).pop_front();
        }
        Ok(())
    }
}

/// Removes at most `left` rows between two keys; how many more could go.
fn remove<V: redb::Value + 'static>(
    table: &mut Table<'_, &'static [u8], V>,
    first: &[u8],
    after: &[u8],
    left: usize,
) -> Result<usize, StoreError> {
    let mut removed = 0;
    for row in table.extract_from_if(first..after, |_, _| true)?.take(left) {
        row?;
        removed += 1;
    }
    Ok(left - removed)
}
