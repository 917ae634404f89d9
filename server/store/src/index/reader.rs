//! One collection at one moment: what searches look into.

use std::sync::Arc;

use tantivy::schema::Value as _;
use tantivy::{DocAddress, Searcher, TantivyDocument};

use super::layout::Layout;
use crate::catalogue::Entry;
use crate::error::StoreError;

/// Cheap to clone; what it sees never changes.
#[derive(Clone)]
pub(crate) struct Reader {
    pub(crate) searcher: Searcher,
    pub(crate) layout: Arc<Layout>,
    pub(crate) entry: Arc<Entry>,
}

impl Reader {
    /// The stored document of a root, as JSON.
    pub(crate) fn source(&self, address: DocAddress) -> Result<Vec<u8>, StoreError> {
        let failed = |it| StoreError::internal(format!("a hit cannot be read: {it}"));
        let document: TantivyDocument = self.searcher.doc(address).map_err(failed)?;
        let source = document.get_first(self.layout.fields.source);
        let source = source.and_then(|it| it.as_bytes().map(<[u8]>::to_vec));
        source.ok_or_else(|| StoreError::internal("a hit has no source"))
    }

    /// A collection of such documents, in memory; the id of a document is its
    /// `_id`, or `1`, `2`…
    #[cfg(test)]
    pub(crate) fn in_memory(
        mapping: &serde_json::Value,
        settings: &serde_json::Value,
        documents: &[serde_json::Value],
    ) -> Self {
        tests::in_memory(mapping, settings, documents)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value, json};
    use tantivy::directory::RamDirectory;
    use tantivy::indexer::UserOperation;
    use tantivy::{Index, IndexSettings, IndexWriter};

    use super::super::document::IndexDocument;
    use super::super::layout::Slots;
    use super::*;
    use crate::analysis::Analysis;
    use crate::catalogue::CollectionNumber;
    use crate::document::Collection;
    use crate::mapping::{Fit, Mapping};
    use crate::settings::{Birth, Settings};

    pub(super) fn in_memory(mapping: &Value, settings: &Value, documents: &[Value]) -> Reader {
        let mut mapping = Mapping::parse(mapping).unwrap();
        let documents: Vec<(String, Map<String, Value>)> = (1..)
            .zip(documents)
            .map(|(number, document)| {
                let mut source = document.as_object().unwrap().clone();
                let id = match source.shift_remove("_id") {
                    Some(Value::String(id)) => id,
                    _ => number.to_string(),
                };
                (id, source)
            })
            .collect();
        for (id, source) in &documents {
            match mapping.fit(source) {
                Ok(Fit::AsItIs) => (),
                Ok(Fit::Growing(part)) => mapping = mapping.merged(part).unwrap(),
                Err(misfit) => panic!("the document {id} does not fit: {misfit:?}"),
            }
        }
        let birth = Birth {
            index: "index",
            collection: "collection",
            created_ms: 0,
            uuid: "u",
        };
        let settings = Settings::create(&json!({}), settings, &birth).unwrap();
        let entry = Entry {
            at: Collection {
                index: "index".into(),
                collection: "collection".into(),
            },
            number: CollectionNumber(1),
            mapping: Arc::new(mapping),
            mapping_revision: 1,
            build: 0,
            settings,
        };
        index(entry, &documents)
    }

    fn index(entry: Entry, documents: &[(String, Map<String, Value>)]) -> Reader {
        let analysis = Analysis::of(&entry.settings.to_json()).unwrap();
        let slots = Slots::of(&entry.mapping);
        let layout = Layout::new(entry.mapping.clone(), analysis.into(), slots);
        let directory = RamDirectory::create();
        let schema = layout.schema().clone();
        let index = Index::create(directory, schema, IndexSettings::default()).unwrap();
        Layout::prepare(&index);
        let mut writer: IndexWriter<IndexDocument> =
            index.writer_with_num_threads(1, 15_000_000).unwrap();
        for (sequence, (id, source)) in (1..).zip(documents) {
            let json = serde_json::to_vec(source).unwrap();
            let block = layout.documents(id, 1, sequence, json).unwrap();
            let adds: Vec<_> = block.into_iter().map(UserOperation::Add).collect();
            writer.run(adds).unwrap();
            // Several segments, as there are in life.
            if sequence % 64 == 0 {
                writer.commit().unwrap();
            }
        }
        writer.commit().unwrap();
        Reader {
            searcher: index.reader().unwrap().searcher(),
            layout: Arc::new(layout),
            entry: Arc::new(entry),
        }
    }
}
