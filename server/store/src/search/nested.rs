//! The nested documents of a segment: they stand before their parent, and all of
//! them before their root.

use tantivy::query::{EnableScoring, Query as _, TermQuery};
use tantivy::schema::IndexRecordOption;
use tantivy::{DocId, SegmentReader};

use super::columns::broken;
use super::matching::Documents;
use crate::error::StoreError;
use crate::index::{Reader, names};

type Result<T> = std::result::Result<T, StoreError>;

/// The nested documents of one path, parent by parent in ascending order.
pub(crate) struct Children<'s> {
    segment: &'s SegmentReader,
    parents: Blocks,
    of_path: Documents,
    filter: Option<Documents>,
    parent: Option<DocId>,
    /// Of the current parent.
    found: Vec<DocId>,
}

impl<'s> Children<'s> {
    /// Those of roots.
    pub(crate) fn of(
        reader: &Reader,
        segment: &'s SegmentReader,
        path: &str,
        filter: Option<Documents>,
    ) -> Result<Self> {
        let mut children = Self::below(reader, segment, None, path)?;
        children.filter = filter;
        Ok(children)
    }

    /// Those of the nested documents of an outer path, or of roots.
    pub(crate) fn below(
        reader: &Reader,
        segment: &'s SegmentReader,
        outer: Option<&str>,
        path: &str,
    ) -> Result<Self> {
        Ok(Self {
            segment,
            parents: Blocks::of(reader, segment, outer)?,
            of_path: documents_named(reader, segment, &names::nested(path))?,
            filter: None,
            parent: None,
            found: Vec::new(),
        })
    }

    /// Never ask for a parent before the one that was asked for last.
    pub(crate) fn of_parent(&mut self, parent: DocId) -> &[DocId] {
        if self.parent != Some(parent) {
            self.parent = Some(parent);
            self.found.clear();
            for doc in self.parents.first_of(parent)..parent.min(self.segment.max_doc()) {
                if self.of_path.contains(doc)
                    && self.filter.as_mut().is_none_or(|it| it.contains(doc))
                {
                    self.found.push(doc);
                }
            }
        }
        &self.found
    }
}

/// Where the blocks of parents end in a segment: a mark for each parent.
pub(crate) struct Blocks(Vec<u64>);

impl Blocks {
    /// The parents are the nested documents of a path, or roots. A root ends the
    /// block in both cases.
    pub(crate) fn of(reader: &Reader, segment: &SegmentReader, path: Option<&str>) -> Result<Self> {
        let mut is_parent = vec![u64::MAX; segment.max_doc() as usize / 64 + 1];
        let mut children = documents_named(reader, segment, names::CHILD)?;
        children.each(|doc| is_parent[doc as usize / 64] &= !(1 << (doc % 64)));
        if let Some(path) = path {
            let mut parents = documents_named(reader, segment, &names::nested(path))?;
            parents.each(|doc| is_parent[doc as usize / 64] |= 1 << (doc % 64));
        }
        Ok(Self(is_parent))
    }

    fn is_parent(&self, doc: DocId) -> bool {
        self.0
            .get(doc as usize / 64)
            .is_none_or(|it| it & (1 << (doc % 64)) != 0)
    }

    /// The first document of the block of a parent; the parent itself when it
    /// has no nested documents.
    fn first_of(&self, parent: DocId) -> DocId {
        let mut first = parent;
        while first > 0 && !self.is_parent(first - 1) {
            first -= 1;
        }
        first
    }

    /// The parent of a document: itself, or the next one.
    pub(crate) fn parent_of(&self, doc: DocId) -> DocId {
        let mut parent = doc;
        while !self.is_parent(parent) {
            parent += 1;
        }
        parent
    }
}

fn documents_named(reader: &Reader, segment: &SegmentReader, name: &str) -> Result<Documents> {
    let query = TermQuery::new(reader.layout.name(name), IndexRecordOption::Basic);
    let scoring = EnableScoring::disabled_from_searcher(&reader.searcher);
    let weight = query.weight(scoring).map_err(broken)?;
    Documents::of(weight.as_ref(), segment)
}
