//! Removes what dropped collections left behind, a little at a time.
//!
//! To drop or truncate a collection takes one small transaction, however large
//! it is: its number goes on a list, and its documents go here, between the
//! writes of others. A crash in the middle changes nothing: the list is on disk.

use std::sync::Arc;

use super::batch::Batch;
use crate::error::StoreError;
use crate::files::tables::{DROPPED, keys_of};
use crate::limits::SWEEP_DOCUMENTS_MAX;

impl Batch<'_> {
    pub(super) fn sweep(&mut self) -> Result<(), StoreError> {
        let Some(collection) = self.state.dropped.front().copied() else {
            return Ok(());
        };
        self.is_changed = true;
        let (first, after) = keys_of(collection);
        let range = || first.as_slice()..after.as_slice();
        let mut removed = 0;
        for row in self.documents.extract_from_if(range(), |_, _| true)? {
            row?;
            removed += 1;
            if removed == SWEEP_DOCUMENTS_MAX {
                return Ok(());
            }
        }
        for row in self.tombstones.extract_from_if(range(), |_, _| true)? {
            row?;
            removed += 1;
            if removed == SWEEP_DOCUMENTS_MAX {
                return Ok(());
            }
        }
        self.transaction.open_table(DROPPED)?.remove(collection.0)?;
        Arc::make_mut(&mut self.state.dropped).pop_front();
        Ok(())
    }
}
