//! The tables on disk: their keys and rows.
//!
//! | table | key | row |
//! |---|---|---|
//! | meta | name | number |
//! | indexes | index | JSON object |
//! | collections | index, collection | JSON object, see `CollectionRow` |
//! | documents | collection number, id | version, sequence, JSON source |
//! | tombstones | as documents | version, sequence of the deletion |
//! | log | sequence | kind, collection number, version, id |
//! | sizes | collection number | documents, bytes |
//! | dropped | collection number | |
//! | written | collection number | sequence of its last write |
//!
//! A key of documents begins with four bytes, big-endian, and ends with the id
//! as it is: no name can run into another, ids of a collection are neighbours.

use redb::TableDefinition;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::catalogue::CollectionNumber;

pub(crate) const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");
pub(crate) const INDEXES: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("indexes");
pub(crate) const COLLECTIONS: TableDefinition<'_, (&str, &str), &[u8]> =
    TableDefinition::new("collections");
pub(crate) const DOCUMENTS: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("documents");
pub(crate) const TOMBSTONES: TableDefinition<'_, &[u8], (u64, u64)> =
    TableDefinition::new("tombstones");
pub(crate) const LOG: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("log");
pub(crate) const SIZES: TableDefinition<'_, u32, (u64, u64)> = TableDefinition::new("sizes");
pub(crate) const DROPPED: TableDefinition<'_, u32, ()> = TableDefinition::new("dropped");
pub(crate) const WRITTEN: TableDefinition<'_, u32, u64> = TableDefinition::new("written");

/// Keys of the table `META`.
pub(crate) const FORMAT: &str = "format";
pub(crate) const NEXT_COLLECTION: &str = "next_collection";

/// A row of the table `COLLECTIONS`.
#[derive(Serialize, Deserialize)]
pub(crate) struct CollectionRow {
    pub(crate) number: u32,
    pub(crate) mappings: Value,
    pub(crate) settings: Value,
    /// See `Entry::build`.
    #[serde(default)]
    pub(crate) build: u64,
}

const NUMBER_BYTES: usize = 4;

pub(crate) fn document_key(collection: CollectionNumber, id: &str) -> Vec<u8> {
    let mut key = Vec::with_capacity(NUMBER_BYTES + id.len());
    key.extend_from_slice(&collection.0.to_be_bytes());
    key.extend_from_slice(id.as_bytes());
    key
}

/// The id in a key of documents.
pub(crate) fn id_of_key(key: &[u8]) -> Option<&str> {
    std::str::from_utf8(key.get(NUMBER_BYTES..)?).ok()
}

/// The first key of a collection, and the first one after it.
pub(crate) fn keys_of(collection: CollectionNumber) -> (Vec<u8>, Vec<u8>) {
    let after = CollectionNumber(collection.0.saturating_add(1));
    (document_key(collection, ""), document_key(after, ""))
}

/// A row of the table `DOCUMENTS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DocumentRow<'a> {
    pub(crate) version: u64,
    /// Of the write that made it what it is.
    pub(crate) sequence: u64,
    /// JSON.
    pub(crate) source: &'a [u8],
}

impl<'a> DocumentRow<'a> {
    pub(crate) const HEAD_BYTES: usize = 16;

    pub(crate) fn decode(row: &'a [u8]) -> Option<Self> {
        let (version, rest) = row.split_first_chunk()?;
        let (sequence, source) = rest.split_first_chunk()?;
        Some(Self {
            version: u64::from_le_bytes(*version),
            sequence: u64::from_le_bytes(*sequence),
            source,
        })
    }

    /// Writes the row into exactly as many bytes as it takes.
    pub(crate) fn encode_into(&self, row: &mut [u8]) {
        let (head, source) = row.split_at_mut(Self::HEAD_BYTES);
        head[..8].copy_from_slice(&self.version.to_le_bytes());
        head[8..].copy_from_slice(&self.sequence.to_le_bytes());
        source.copy_from_slice(self.source);
    }
}

/// A row of the table `LOG`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LogRow<'a> {
    pub(crate) is_deletion: bool,
    pub(crate) collection: CollectionNumber,
    pub(crate) version: u64,
    pub(crate) id: &'a str,
}

impl<'a> LogRow<'a> {
    pub(crate) fn decode(row: &'a [u8]) -> Option<Self> {
        let (kind, rest) = row.split_first()?;
        let (collection, rest) = rest.split_first_chunk()?;
        let (version, id) = rest.split_first_chunk()?;
        Some(Self {
            is_deletion: *kind != 0,
            collection: CollectionNumber(u32::from_be_bytes(*collection)),
            version: u64::from_le_bytes(*version),
            id: std::str::from_utf8(id).ok()?,
        })
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut row = Vec::with_capacity(13 + self.id.len());
        row.push(u8::from(self.is_deletion));
        row.extend_from_slice(&self.collection.0.to_be_bytes());
        row.extend_from_slice(&self.version.to_le_bytes());
        row.extend_from_slice(self.id.as_bytes());
        row
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_back() {
        let row = DocumentRow {
            version: 3,
            sequence: 9,
            source: b"{}",
        };
        let mut bytes = vec![0; DocumentRow::HEAD_BYTES + row.source.len()];
        row.encode_into(&mut bytes);
        assert_eq!(DocumentRow::decode(&bytes), Some(row));
        assert_eq!(DocumentRow::decode(&bytes[..15]), None);
        let row = LogRow {
            is_deletion: true,
            collection: CollectionNumber(7),
            version: 3,
            id: "é",
        };
        assert_eq!(LogRow::decode(&row.encode()), Some(row));
        assert_eq!(LogRow::decode(b"1234"), None);
    }

    #[test]
    fn keys_of_a_collection_are_neighbours() {
        for number in [0, 1, 255, 256, 65_535, u32::MAX - 1] {
            let number = CollectionNumber(number);
            let (first, after) = keys_of(number);
            for id in ["", "a", "\u{10ffff}\u{10ffff}", "\0"] {
                let key = document_key(number, id);
                assert!(first <= key && key < after, "{number:?} {id:?}");
                assert_eq!(id_of_key(&key), Some(id));
            }
        }
    }
}
