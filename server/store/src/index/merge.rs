//! Merges: many small segments become one, beside the work of the writer.
//!
//! A merge takes what is alive in its segments when it begins, and keeps the
//! order of documents. So when it is done, documents that were deleted in the
//! meantime are found by counting, and no write has to wait for it.

use tantivy::index::SegmentId;
use tantivy::indexer::{LogMergePolicy, MergePolicy, merge_filtered_segments};
use tantivy::{BitSet, Index, Segment};

use super::folder::Folder;
use super::writer::{Writer, alive_in};
use crate::limits::{MERGE_DELETED_RATIO, MERGE_DOCUMENTS_MAX, MERGE_SEGMENTS_MIN};

/// Segments that are to become one.
pub(super) struct Merge {
    folder: Folder,
    index: Index,
    sources: Vec<(SegmentId, Alive)>,
    segments: Vec<Segment>,
}

/// What a merge made.
pub(super) struct Merged {
    pub(super) folder: Folder,
    /// `None` when no document was left.
    pub(super) id: Option<SegmentId>,
    pub(super) documents: u32,
    /// The segments that it replaces, with what was alive in each.
    pub(super) sources: Vec<(SegmentId, Alive)>,
}

/// The documents of a segment that were there when a merge began.
pub(super) struct Alive(BitSet);

impl Alive {
    pub(super) fn iter(&self) -> impl Iterator<Item = u32> {
        (0..self.0.max_value()).filter(|it| self.0.contains(*it))
    }
}

impl Merge {
    /// The next merge that pays, if any.
    pub(super) fn of(writer: &Writer, in_merge: &[SegmentId]) -> Option<Self> {
        let mut policy = LogMergePolicy::default();
        policy.set_min_num_segments(MERGE_SEGMENTS_MIN);
        policy.set_max_docs_before_merge(MERGE_DOCUMENTS_MAX);
        policy.set_del_docs_ratio_before_merge(MERGE_DELETED_RATIO);
        let mut segments = writer.meta.segments.clone();
        segments.retain(|it| !in_merge.contains(&it.id()));
        let mut candidates = policy.compute_merge_candidates(&segments);
        // The smallest segments first: they are the most, and done soonest.
        let ids = candidates.pop()?.0;
        let searcher = writer.searcher();
        let mut merge = Self {
            folder: writer.folder.beside(),
            index: writer.index.clone(),
            sources: Vec::new(),
            segments: Vec::new(),
        };
        for meta in &writer.meta.segments {
            let is_this = |it: &&tantivy::SegmentReader| it.segment_id() == meta.id();
            if !ids.contains(&meta.id()) {
                continue;
            }
            let reader = searcher.segment_readers().iter().find(is_this)?;
            merge.sources.push((meta.id(), Alive(alive_in(reader))));
            merge.segments.push(merge.index.segment(meta.clone()));
        }
        Some(merge)
    }

    pub(super) fn documents(&self) -> u32 {
        self.segments.iter().map(|it| it.meta().num_docs()).sum()
    }

    pub(super) fn sources(&self) -> Vec<SegmentId> {
        self.sources.iter().map(|it| it.0).collect()
    }

    pub(super) fn folder(&self) -> Folder {
        self.folder.clone()
    }

    /// May take minutes.
    pub(super) fn run(self) -> tantivy::Result<Merged> {
        let filters = self.segments.iter().map(|_| None).collect();
        let settings = self.index.settings().clone();
        let folder = self.folder.clone();
        let merged = merge_filtered_segments(&self.segments, settings, filters, folder)?;
        let metas = merged.load_metas()?.segments;
        let meta = metas.first().filter(|it| it.max_doc() > 0);
        Ok(Merged {
            id: meta.map(|it| it.id()),
            documents: meta.map_or(0, |it| it.max_doc()),
            folder: self.folder,
            sources: self.sources,
        })
    }
}
