//! The documents of a block while they are filled: nested ones and their root.

use std::sync::Arc;

use super::super::document::{IndexDocument, IndexValue, PathValue};
use super::super::layout::{Layout, columns, escaped, names};
use super::super::packed::Packed;
use crate::analysis::Tokens;
use crate::mapping::ObjectField;
use crate::shape::Bounds;

/// The block of one stored document.
pub(super) struct Block<'l> {
    id: Arc<str>,
    /// The documents that are open, the root first.
    open: Vec<Open<'l>>,
    /// Those that are complete, in their order.
    done: Vec<IndexDocument>,
}

/// A document that is being filled.
#[derive(Default)]
struct Open<'l> {
    /// Its path; the root's is empty.
    nested: String,
    field: Option<&'l ObjectField>,
    exact: Vec<(Arc<str>, PathValue)>,
    texts: Vec<(Arc<str>, Packed)>,
    shapes: Vec<(Arc<str>, Bounds)>,
    names: Vec<Arc<str>>,
}

impl<'l> Block<'l> {
    pub(super) fn new(id: &str) -> Self {
        Self {
            id: id.into(),
            open: vec![Open::default()],
            done: Vec::new(),
        }
    }

    pub(super) fn open(&mut self, path: &str, field: &'l ObjectField) {
        self.open.push(Open {
            nested: path.to_owned(),
            field: Some(field),
            ..Open::default()
        });
    }

    /// The innermost nested document is complete.
    pub(super) fn close(&mut self, layout: &Layout) {
        let Some(open) = self.open.pop() else {
            return;
        };
        let nested = open.nested.clone();
        let mut document = open.finish(layout, self.id.clone());
        let marks = [names::CHILD.into(), names::nested(&nested).into()];
        let marks = marks.map(|it| (layout.fields.names, IndexValue::Text(it)));
        document.0.extend(marks);
        self.done.push(document);
    }

    /// The root is complete.
    pub(super) fn finish(
        mut self,
        layout: &Layout,
        version: u64,
        sequence: u64,
        json: Vec<u8>,
    ) -> Vec<IndexDocument> {
        let root = self.open.pop().unwrap_or_default();
        let mut root = root.finish(layout, self.id);
        let fields = layout.fields;
        root.0.push((fields.version, IndexValue::Number(version)));
        root.0.push((fields.sequence, IndexValue::Number(sequence)));
        root.0.push((fields.source, IndexValue::Bytes(json)));
        self.done.push(root);
        self.done
    }

    /// The documents that a value of the current one belongs to: that one, and
    /// those around it which include it.
    fn targets(&mut self) -> impl Iterator<Item = &mut Open<'l>> {
        let last = self.open.len().saturating_sub(1);
        let mut included = vec![false; self.open.len()];
        included[last] = true;
        for place in (1..=last).rev() {
            let Some(field) = self.open[place].field else {
                continue;
            };
            let includes = |key: &str| field.parameters.get(key).is_some_and(|it| it == true);
            if included[place] && includes("include_in_parent") {
                included[place - 1] = true;
            }
            if included[place] && includes("include_in_root") {
                included[0] = true;
            }
        }
        let open = self.open.iter_mut().zip(included);
        open.filter_map(|(it, is_included)| is_included.then_some(it))
    }

    /// The field has a value; so have the objects around it.
    pub(super) fn name(&mut self, path: &Arc<str>) {
        for open in self.targets() {
            if !open.names.contains(path) {
                open.names.push(path.clone());
            }
        }
    }

    pub(super) fn exact(&mut self, path: &Arc<str>, value: impl Fn() -> PathValue) {
        for open in self.targets() {
            open.exact.push((path.clone(), value()));
        }
    }

    /// One box for all shapes of a path: what lies outside is none of them.
    pub(super) fn shape(&mut self, path: &Arc<str>, bounds: Bounds) {
        for open in self.targets() {
            match open.shapes.iter_mut().find(|it| it.0 == *path) {
                Some((_, all)) => *all = all.union(bounds),
                None => open.shapes.push((path.clone(), bounds)),
            }
        }
    }

    pub(super) fn text(&mut self, path: &Arc<str>, tokens: &Tokens, gap: u32) {
        for open in self.targets() {
            let place = open.texts.iter().position(|it| it.0 == *path);
            let place = place.unwrap_or_else(|| {
                open.texts.push((path.clone(), Packed::new()));
                open.texts.len() - 1
            });
            open.texts[place].1.push(tokens, gap);
        }
    }
}

impl Open<'_> {
    /// The values of a path beside each other, in their order; equal texts once,
    /// as Lucene keeps them.
    fn sort(&mut self) {
        self.exact
            .sort_by(|(a, x), (b, y)| a.cmp(b).then_with(|| x.compare(y)));
        self.exact
            .dedup_by(|(a, x), (b, y)| x.is_same_text(y) && a == b);
    }

    fn finish(mut self, layout: &Layout, id: Arc<str>) -> IndexDocument {
        for (path, it) in std::mem::take(&mut self.shapes) {
            let sides = [it.west, it.east, it.south, it.north];
            let sides = sides.into_iter().map(PathValue::Float);
            let paths = columns::shape_box(&path).map(Arc::from);
            self.exact.extend(paths.into_iter().zip(sides));
        }
        self.sort();
        let fields = layout.fields;
        let mut values = vec![(fields.id, IndexValue::Text(id))];
        for (path, packed) in self.texts {
            if packed.is_empty {
                let mark = names::without_terms(&path);
                values.push((fields.names, IndexValue::Text(mark.into())));
            }
            if let Some(text) = layout.text(&path) {
                let packed = packed.into_text().into();
                values.push((text.field, IndexValue::Text(packed)));
            }
        }
        let mut parents: Vec<&str> = Vec::new();
        for name in &self.names {
            for (end, _) in name.match_indices('.') {
                let parent = &name[..end];
                let is_new = end > self.nested.len() && !parents.contains(&parent);
                if is_new && layout.mapping.is_object(parent) {
                    parents.push(parent);
                }
            }
        }
        let parents = parents.into_iter().map(Arc::from);
        let names = parents.chain(self.names.iter().cloned());
        values.extend(names.map(|it| (fields.names, IndexValue::Text(it))));
        // Values of a path stand beside each other.
        let mut key: (Arc<str>, Arc<str>) = ("".into(), "".into());
        for (path, _) in &mut self.exact {
            if *path != key.0 {
                key = (path.clone(), escaped(path).into());
            }
            *path = key.1.clone();
        }
        if !self.exact.is_empty() {
            values.push((fields.exact, IndexValue::Paths(self.exact)));
        }
        IndexDocument(values)
    }
}
