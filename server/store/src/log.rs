//! The sequence log: every write of the store in its order, as far back as it
//! is kept.

use redb::{ReadTransaction, ReadableTable};

use crate::catalogue::{Catalogue, CollectionNumber};
use crate::document::Collection;
use crate::error::StoreError;
use crate::files::tables::{LOG, LogRow, SIZES, WRITTEN};

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

/// Writes of one collection, read from the log.
pub(crate) struct WrittenIds {
    /// In the order of the writes; a document comes as often as it was written.
    pub(crate) ids: Vec<String>,
    /// The log was read up to here.
    pub(crate) until: u64,
}

/// Which documents of a collection were written after the write numbered
/// `after`, from so many entries of the log; `None` when some of them are
/// forgotten.
pub(crate) fn written(
    transaction: &ReadTransaction,
    collection: CollectionNumber,
    after: u64,
    limit: usize,
) -> Result<Option<WrittenIds>, StoreError> {
    let log = transaction.open_table(LOG)?;
    let first = log.first()?.map(|(sequence, _)| sequence.value());
    if first.is_some_and(|first| first > after.saturating_add(1)) {
        return Ok(None);
    }
    let mut part = WrittenIds {
        ids: Vec::new(),
        until: after,
    };
    for row in log.range(after.saturating_add(1)..)?.take(limit) {
        let (sequence, row) = row?;
        part.until = sequence.value();
        let corrupt = || StoreError::internal("an entry of the log cannot be read");
        let row = LogRow::decode(row.value()).ok_or_else(corrupt)?;
        if row.collection == collection {
            part.ids.push(row.id.into());
        }
    }
    Ok(Some(part))
}

/// The sequence number of the last write.
pub(crate) fn last(transaction: &ReadTransaction) -> Result<u64, StoreError> {
    let log = transaction.open_table(LOG)?;
    let last = log.last()?;
    Ok(last.map_or(0, |(sequence, _)| sequence.value()))
}

/// That of the last write of a collection; 0 when it never had one.
pub(crate) fn last_of(
    transaction: &ReadTransaction,
    collection: CollectionNumber,
) -> Result<u64, StoreError> {
    let written = transaction.open_table(WRITTEN)?;
    Ok(written.get(collection.0)?.map_or(0, |it| it.value()))
}

/// How many documents a collection has, and their bytes.
pub(crate) fn size(
    transaction: &ReadTransaction,
    collection: CollectionNumber,
) -> Result<(u64, u64), StoreError> {
    let sizes = transaction.open_table(SIZES)?;
    let size = sizes.get(collection.0)?.map(|it| it.value());
    Ok(size.unwrap_or_default())
}
