//! The segments of one search index, and how they change.
//!
//! tantivy's own writer keeps threads and an arena per index; with thousands of
//! collections that is too much. Here a commit is a function of its thread: it
//! writes one segment with the new documents, marks the replaced ones as deleted
//! in the others, and shows both to searchers at once. Memory is used only
//! meanwhile, as much as the new documents need.

use std::collections::HashMap;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tantivy::directory::TerminatingWrite;
use tantivy::fastfield::write_alive_bitset;
use tantivy::index::{SegmentComponent, SegmentId};
use tantivy::indexer::{AddOperation, SegmentWriter};
use tantivy::schema::{Field, IndexRecordOption, Schema};
use tantivy::{
    BitSet, Directory, DocSet, Index, IndexMeta, IndexReader, IndexSettings, ReloadPolicy,
    Searcher, Segment, SegmentMeta, SegmentReader, TERMINATED, Term,
};

use super::document::IndexDocument;
use super::folder::Folder;
use super::layout::Layout;
use super::merge::Merged;
use crate::limits::{INDEX_BLOCKS_CACHED, INDEX_CHECKED_BYTES_MAX, INDEX_SEGMENT_BYTES_MAX};

type Result<T> = tantivy::Result<T>;

/// What a commit remembers beside its segments.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Payload {
    /// Of what we write into an index.
    pub(super) format: u32,
    /// Of the last write that search sees.
    pub(super) sequence: u64,
    /// See `Generation::build`.
    pub(super) build: u64,
    /// Where texts have their terms.
    pub(super) slots: Value,
}

pub(super) struct Writer {
    pub(super) folder: Folder,
    pub(super) index: Index,
    reader: IndexReader,
    id: Field,
    pub(super) meta: IndexMeta,
    /// The documents that are left of segments that have lost some.
    alive: HashMap<SegmentId, BitSet>,
    open: Option<OpenSegment>,
    /// As many documents as will probably be added before the next commit.
    pub(super) expected: usize,
    /// Whether the last checkpoint is not the last commit.
    pub(super) is_dirty: bool,
}

struct OpenSegment {
    segment: Segment,
    writer: SegmentWriter,
}

impl Writer {
    /// An empty index.
    pub(super) fn create(folder: Folder, schema: Schema) -> Result<Self> {
        let settings = IndexSettings {
            docstore_compress_dedicated_thread: false,
            ..IndexSettings::default()
        };
        let index = Index::create(folder.clone(), schema, settings)?;
        Self::new(folder, index)
    }

    /// The index as its last checkpoint has it.
    pub(super) fn open(folder: Folder) -> Result<Self> {
        let index = Index::open(folder.clone())?;
        let writer = Self::new(folder, index)?;
        writer.folder.sweep(&writer.meta);
        Ok(writer)
    }

    fn new(folder: Folder, index: Index) -> Result<Self> {
        Layout::prepare(&index);
        let reader = index
            .reader_builder()
            .reload_policy(ReloadPolicy::Manual)
            .doc_store_cache_num_blocks(INDEX_BLOCKS_CACHED)
            .try_into()?;
        Ok(Self {
            id: index.schema().get_field("_id")?,
            meta: index.load_metas()?,
            folder,
            index,
            reader,
            alive: HashMap::new(),
            open: None,
            expected: 1,
            is_dirty: false,
        })
    }

    pub(super) fn payload(&self) -> Option<Payload> {
        serde_json::from_str(self.meta.payload.as_deref()?).ok()
    }

    pub(super) fn searcher(&self) -> Searcher {
        self.reader.searcher()
    }

    /// Adds a block of documents, to be seen after the next commit. Its
    /// documents stay neighbours for ever.
    pub(super) fn add(&mut self, block: Vec<IndexDocument>) -> Result<()> {
        let open = match &mut self.open {
            Some(open) => open,
            open => open.insert(OpenSegment::new(&self.index, self.expected)?),
        };
        for document in block {
            let opstamp = 0;
            open.writer
                .add_document(AddOperation { opstamp, document })?;
        }
        if open.writer.mem_usage() >= INDEX_SEGMENT_BYTES_MAX {
            self.finish_segment()?;
        }
        Ok(())
    }

    fn finish_segment(&mut self) -> Result<()> {
        let Some(OpenSegment { segment, writer }) = self.open.take() else {
            return Ok(());
        };
        let documents = writer.max_doc();
        if documents > 0 {
            writer.finalize()?;
            let meta = segment.with_max_doc(documents).meta().clone();
            meta.untrack_temp_docstore();
            self.meta.segments.push(meta);
        }
        Ok(())
    }

    /// Deletes the documents that search has under these ids. Those that were
    /// added since the last commit stay.
    pub(super) fn delete<'i>(&mut self, ids: impl Iterator<Item = &'i str>) -> Result<()> {
        let mut terms: Vec<Term> = ids.map(|it| Term::from_field_text(self.id, it)).collect();
        if terms.is_empty() {
            return Ok(());
        }
        terms.sort_unstable();
        self.meta.opstamp += 1;
        let searcher = self.reader.searcher();
        for reader in searcher.segment_readers() {
            let gone = documents_with(reader, self.id, &terms)?;
            if !gone.is_empty() {
                self.bury(reader, &gone)?;
            }
        }
        Ok(())
    }

    fn bury(&mut self, reader: &SegmentReader, gone: &[u32]) -> Result<()> {
        let id = reader.segment_id();
        let alive = self.alive.entry(id).or_insert_with(|| alive_in(reader));
        gone.iter().for_each(|&it| alive.remove(it));
        let is_this = |it: &&mut SegmentMeta| it.id() == id;
        if let Some(meta) = self.meta.segments.iter_mut().find(is_this) {
            *meta = write_alive(&self.index, meta.clone(), alive, self.meta.opstamp)?;
        }
        Ok(())
    }

    /// Shows what was added and deleted, all at once.
    pub(super) fn commit(&mut self, payload: &Payload) -> Result<()> {
        self.finish_segment()?;
        self.meta.opstamp += 1;
        self.meta.payload = Some(serde_json::to_string(payload).map_err(io::Error::other)?);
        self.show()
    }

    /// Shows the segments as `meta` lists them, without those that are empty.
    pub(super) fn show(&mut self) -> Result<()> {
        self.is_dirty = true;
        self.meta.segments.retain(|it| it.num_docs() > 0);
        let segments = &self.meta.segments;
        self.alive
            .retain(|id, _| segments.iter().any(|it| it.id() == *id));
        let bytes = serde_json::to_vec(&self.meta).map_err(io::Error::other)?;
        self.folder.atomic_write(Path::new("meta.json"), &bytes)?;
        self.reader.reload()?;
        let living = self.folder.present(&self.meta);
        self.folder.collect(&living);
        // It keeps a list of its own, which would grow for ever.
        self.index.directory_mut().garbage_collect(|| living)?;
        Ok(())
    }

    /// Whether the files are as they were written. Those of a large index would
    /// take seconds to read: of them only the ends are looked at, when they are
    /// opened.
    pub(super) fn is_whole(&self) -> Result<bool> {
        let mut bytes = 0;
        for path in self.folder.present(&self.meta) {
            let file = self.folder.get_file_handle(&path)?;
            bytes += file.len();
            if bytes > INDEX_CHECKED_BYTES_MAX {
                break;
            }
            if !self.index.directory().validate_checksum(&path)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Makes the last commit durable.
    pub(super) fn checkpoint(&mut self) -> Result<()> {
        if self.is_dirty {
            self.folder.checkpoint(&self.meta)?;
            self.is_dirty = false;
        }
        Ok(())
    }

    /// Puts a merged segment into the place of others, without the documents
    /// that were deleted from these since the merge began.
    pub(super) fn replace(&mut self, merged: &Merged) -> Result<()> {
        self.folder.adopt(&merged.folder);
        let mut alive = BitSet::with_max_value_and_full(merged.documents);
        let mut next = 0;
        let mut gone = 0;
        for (id, before) in &merged.sources {
            let now = self.alive.get(id);
            for document in before.iter() {
                if now.is_some_and(|it| !it.contains(document)) {
                    alive.remove(next);
                    gone += 1;
                }
                next += 1;
            }
        }
        debug_assert_eq!(next, merged.documents, "documents keep their order");
        let segments = &mut self.meta.segments;
        let is_source = |it: &SegmentMeta| merged.sources.iter().any(|(id, _)| *id == it.id());
        // Documents keep about the order in which they were written.
        let place = segments.iter().position(is_source).unwrap_or(0);
        segments.retain(|it| !is_source(it));
        if let Some(id) = merged.id {
            let mut meta = self.index.new_segment_meta(id, merged.documents);
            meta.untrack_temp_docstore();
            if gone > 0 {
                self.meta.opstamp += 1;
                meta = write_alive(&self.index, meta, &alive, self.meta.opstamp)?;
                self.alive.insert(id, alive);
            }
            self.meta.segments.insert(place, meta);
        }
        self.show()
    }
}

impl OpenSegment {
    /// With tables that are large enough for so many documents.
    fn new(index: &Index, documents: usize) -> Result<Self> {
        let bytes = documents.saturating_mul(4096);
        let bytes = bytes.clamp(100_000, INDEX_SEGMENT_BYTES_MAX);
        let segment = index.new_segment();
        let writer = SegmentWriter::for_segment(bytes, segment.clone())?;
        Ok(Self { segment, writer })
    }
}

/// All documents of a segment that have one of the terms, deleted ones too.
fn documents_with(reader: &SegmentReader, field: Field, terms: &[Term]) -> Result<Vec<u32>> {
    let inverted = reader.inverted_index(field)?;
    let mut found = Vec::new();
    for term in terms {
        let Some(mut postings) = inverted.read_postings(term, IndexRecordOption::Basic)? else {
            continue;
        };
        let mut document = postings.doc();
        while document != TERMINATED {
            if !reader.is_deleted(document) {
                found.push(document);
            }
            document = postings.advance();
        }
    }
    Ok(found)
}

/// The documents of a segment that are not deleted.
pub(super) fn alive_in(reader: &SegmentReader) -> BitSet {
    let mut alive = BitSet::with_max_value_and_full(reader.max_doc());
    if let Some(bits) = reader.alive_bitset() {
        alive.intersect_update(bits.bitset());
    }
    alive
}

fn write_alive(
    index: &Index,
    meta: SegmentMeta,
    alive: &BitSet,
    opstamp: u64,
) -> Result<SegmentMeta> {
    let deleted = meta.max_doc() - alive.len() as u32;
    let segment = index.segment(meta).with_delete_meta(deleted, opstamp);
    let mut file = segment.open_write(SegmentComponent::Delete)?;
    write_alive_bitset(alive, &mut file)?;
    file.terminate()?;
    Ok(segment.meta().clone())
}
