//! The sequence log: every write of the store in its order, as far back as it
//! is kept.

use redb::{ReadTransaction, ReadableTable};

use crate::catalogue::{Catalogue, CollectionNumber};
use crate::document::Collection;
use crate::error::StoreError;
use crate::files::tables::{LOG, LogRow};

/// One write, as the log remembers it: not what was written, but which document
/// changed. Its content now is to be had from `get`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub sequence: u64,
    pub at: Collection,
    pub id: String,
    /// After the change.
    pub version: u64,
    pub is_deletion: bool,
}

/// A part of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changes {
    /// In the order of their sequence numbers. Those of collections that were
    /// dropped or truncated since are left out.
    pub changes: Vec<Change>,
    /// Where to go on reading.
    pub next: u64,
    /// Older changes than the first one asked for are forgotten, some of them
    /// after `after`: read the documents again instead.
    pub is_behind: bool,
}

/// At most `limit` changes after the one numbered `after`.
pub(crate) fn changes(
    transaction: &ReadTransaction,
    catalogue: &Catalogue,
    after: u64,
    limit: usize,
) -> Result<Changes, StoreError> {
    let log = transaction.open_table(LOG)?;
    let first = log.first()?.map(|(sequence, _)| sequence.value());
    let mut part = Changes {
        changes: Vec::new(),
        next: after,
        is_behind: first.is_some_and(|first| first > after.saturating_add(1)),
    };
    let places = places(catalogue);
    for row in log.range(after.saturating_add(1)..)?.take(limit) {
        let (sequence, row) = row?;
        part.next = sequence.value();
        let corrupt = || StoreError::internal("an entry of the log cannot be read");
        let row = LogRow::decode(row.value()).ok_or_else(corrupt)?;
        if let Ok(place) = places.binary_search_by_key(&row.collection, |it| it.0) {
            part.changes.push(Change {
                sequence: part.next,
                at: places[place].1.clone(),
                id: row.id.into(),
                version: row.version,
                is_deletion: row.is_deletion,
            });
        }
    }
    Ok(part)
}

/// The names of all collections, in the order of their numbers.
fn places(catalogue: &Catalogue) -> Vec<(CollectionNumber, Collection)> {
    let mut places: Vec<_> = catalogue
        .all_collections()
        .map(|it| (it.number, it.at.clone()))
        .collect();
    places.sort_unstable_by_key(|it| it.0);
    places
}
