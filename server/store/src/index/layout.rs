//! Where the index keeps the values of each field.
//!
//! The schema of an index never changes, mappings grow: so there is one schema
//! for all collections. Exact values stand in one field of many paths, each path
//! with terms and a column of its own. Texts need a real field each, with
//! positions and lengths: a row of them is spare, mapped paths take the next
//! one, and when none is left the index is built again with twice as many.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use serde::{Deserialize, Serialize};
use tantivy::schema::{
    FAST, Field as SchemaField, INDEXED, IndexRecordOption, JsonObjectOptions, STORED, STRING,
    Schema, TextFieldIndexing, TextOptions,
};
use tantivy::tokenizer::TextAnalyzer;
use tantivy::{Index, Term};

use super::packed::{PACKED, Unpack};
use crate::analysis::{Analyser, Analysis};
use crate::mapping::{DataType, Exact, Field, Kind, Leaf, Mapping, ObjectField};

/// The fields of the schema, besides those of texts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fields {
    /// The document's id, on its nested documents too.
    pub(crate) id: SchemaField,
    /// The sequence number of the write; roots only.
    pub(crate) sequence: SchemaField,
    /// Roots only.
    pub(crate) version: SchemaField,
    /// The document as it is stored; roots only.
    pub(crate) source: SchemaField,
    /// The paths that have a value, and marks: see `names`.
    pub(crate) names: SchemaField,
    /// Exact values by path.
    pub(crate) exact: SchemaField,
}

/// Which paths took the spare fields of texts, in order; kept with the index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Slots {
    capacity: usize,
    paths: Vec<Box<str>>,
}

/// A small collection has no more texts than these.
const SLOTS_MIN: usize = 16;

impl Slots {
    /// Those of a new index: twice as many as the mapping needs.
    pub(crate) fn of(mapping: &Mapping) -> Self {
        let mut paths = Vec::new();
        text_paths(&mapping.root, &mut String::new(), &mut paths);
        Self {
            capacity: (2 * paths.len()).max(SLOTS_MIN),
            paths,
        }
    }

    /// Also for the texts that a mapping has gained; `None` when there is no
    /// room, and the index has to be built again.
    pub(crate) fn grown(&self, mapping: &Mapping) -> Option<Self> {
        let mut paths = Vec::new();
        text_paths(&mapping.root, &mut String::new(), &mut paths);
        let mut slots = self.clone();
        let new = paths.into_iter().filter(|it| !self.paths.contains(it));
        slots.paths.extend(new);
        (slots.paths.len() <= slots.capacity).then_some(slots)
    }
}

fn text_paths(object: &ObjectField, path: &mut String, found: &mut Vec<Box<str>>) {
    for (name, field) in object.properties.iter() {
        let length = path.len();
        push(path, name);
        match field {
            Field::Object(object) => text_paths(object, path, found),
            Field::Leaf(leaf) => {
                if is_analysed(leaf) {
                    found.push(path.as_str().into());
                }
                for (name, leaf) in leaf.fields.iter() {
                    if is_analysed(leaf) {
                        found.push(format!("{path}.{name}").into());
                    }
                }
            }
        }
        path.truncate(length);
    }
}

/// Appends a step to a dotted path.
pub(super) fn push(path: &mut String, name: &str) {
    if !path.is_empty() {
        path.push('.');
    }
    path.push_str(name);
}

pub(super) fn is_analysed(leaf: &Leaf) -> bool {
    let is_text = matches!(
        leaf.data_type,
        DataType::Text | DataType::MatchOnlyText | DataType::SearchAsYouType
    );
    is_text && leaf.is_indexed()
}

/// The schema, the mapping and which path has which place.
#[derive(Debug)]
pub(crate) struct Layout {
    pub(crate) fields: Fields,
    pub(crate) mapping: Arc<Mapping>,
    pub(crate) analysis: Arc<Analysis>,
    schema: Schema,
    slots: Slots,
    texts: HashMap<Box<str>, TextPlace>,
}

#[derive(Clone, Debug)]
pub(super) struct TextPlace {
    pub(super) field: SchemaField,
    pub(super) analyser: Arc<Analyser>,
}

/// A mapped path and where its values are.
#[derive(Clone, Debug)]
pub(crate) struct Place<'l> {
    /// The path in the index, with that of a multi-field; of an alias, the path
    /// that it stands for.
    pub(crate) path: String,
    /// Where the values stand in documents: of a multi-field, the field around.
    pub(crate) source_path: String,
    /// The nested objects around, the outermost first.
    pub(crate) nested: Vec<String>,
    pub(crate) leaf: &'l Leaf,
    pub(crate) values: Values,
}

/// What the index has of the values of a field.
#[derive(Clone, Debug)]
pub(crate) enum Values {
    /// Terms and a column, see `Kind`.
    Exact(Kind),
    /// Terms with positions and lengths.
    Text(SchemaField),
    /// A column of cells, `columns::point`; see `shape::decode_cell`.
    Point,
    /// Columns of the four sides of a box around all of a document's shapes,
    /// `columns::shape_box`.
    Shape,
    /// Columns of the least and the greatest value of a document's ranges,
    /// `columns::range`; see `Leaf::range`.
    Range(Kind),
    /// Nothing can be asked of it.
    Nothing,
}

impl Layout {
    pub(crate) fn new(mapping: Arc<Mapping>, analysis: Arc<Analysis>, slots: Slots) -> Self {
        let (schema, fields, free) = schema(slots.capacity);
        let text_leaf = |path: &str| mapping.leaf(path).map(|it| it.0);
        let texts = slots.paths.iter().zip(free).filter_map(|(path, field)| {
            let analyser = analysis.of_values(text_leaf(path)?);
            Some((path.clone(), TextPlace { field, analyser }))
        });
        Self {
            texts: texts.collect(),
            fields,
            schema,
            slots,
            mapping,
            analysis,
        }
    }

    pub(crate) fn schema(&self) -> &Schema {
        &self.schema
    }

    pub(crate) fn slots(&self) -> &Slots {
        &self.slots
    }

    /// Tells an index how texts are unpacked; needed before writing.
    pub(crate) fn prepare(index: &Index) {
        let unpack = TextAnalyzer::from(Unpack::default());
        index.tokenizers().register(PACKED, unpack);
    }

    pub(super) fn text(&self, path: &str) -> Option<&TextPlace> {
        self.texts.get(path)
    }

    /// Where the values of a path are; `None` for objects and unknown paths.
    pub(crate) fn place(&self, path: &str) -> Option<Place<'_>> {
        let Some((leaf, source_path)) = self.mapping.leaf(path) else {
            return self.place_below(path);
        };
        if leaf.data_type == DataType::Alias {
            let target = leaf.parameters.get("path")?.as_str()?;
            let (leaf, _) = self.mapping.leaf(target)?;
            // An alias of an alias is refused by Elasticsearch.
            return (leaf.data_type != DataType::Alias).then(|| self.place(target))?;
        }
        Some(Place {
            values: self.values(leaf, path),
            path: path.to_owned(),
            source_path: source_path.to_owned(),
            nested: self.mapping.nested_around(path),
            leaf,
        })
    }

    /// Paths below fields that are no objects: keys of flattened fields, and the
    /// views of `search_as_you_type`, which are one here.
    fn place_below(&self, path: &str) -> Option<Place<'_>> {
        let (field, view) = path.rsplit_once('.')?;
        if VIEWS.contains(&view) {
            let of = self.mapping.leaf(field).map(|it| it.0.data_type);
            return (of == Some(DataType::SearchAsYouType)).then(|| self.place(field))?;
        }
        Some(Place {
            values: Values::Exact(Kind::Keyword),
            path: path.to_owned(),
            source_path: path.to_owned(),
            nested: self.mapping.nested_around(path),
            leaf: self.mapping.flattened_around(path)?,
        })
    }

    fn values(&self, leaf: &Leaf, path: &str) -> Values {
        if let Some(text) = self.texts.get(path) {
            return Values::Text(text.field);
        }
        match (leaf.data_type, leaf.data_type.kind()) {
            (_, Some(kind)) => Values::Exact(kind),
            (of, _) if let Some(kind) = of.range_kind() => Values::Range(kind),
            (DataType::GeoPoint, _) => Values::Point,
            (DataType::GeoShape, _) => Values::Shape,
            _ => Values::Nothing,
        }
    }

    /// The term of a value at a path of `exact`.
    pub(crate) fn term(&self, path: &str, value: &Exact<'_>) -> Term {
        let path = escaped(path);
        let mut term = Term::from_field_json_path(self.fields.exact, &path, false);
        match value {
            Exact::Text(text) => term.append_type_and_str(text),
            Exact::Integer(number) => term.append_type_and_fast_value(*number),
            Exact::Float(number) => match as_integer(*number) {
                // Floats without fraction are indexed as integers.
                Some(integer) => term.append_type_and_fast_value(integer),
                None => term.append_type_and_fast_value(*number),
            },
        }
        term
    }

    /// The name of the column of a path of `exact`, for `fast_fields()`.
    pub(crate) fn column(path: &str) -> String {
        format!("{EXACT}.{}", escaped(path))
    }

    /// The term of documents that have a value at this path (of a leaf or of an
    /// object), or a mark of `names`.
    pub(crate) fn name(&self, name: &str) -> Term {
        Term::from_field_text(self.fields.names, name)
    }
}

/// As tantivy does: integers of 64 bits, with or without sign.
fn as_integer(number: f64) -> Option<i64> {
    let integer = number as i64;
    let is_whole = integer as f64 == number && integer != i64::MAX;
    is_whole.then_some(integer)
}

/// A path as the index has it, without what its functions read as separators or
/// escapes in names of columns. No mapped path has such characters.
pub(super) fn escaped(path: &str) -> String {
    path.replace('.', "\u{1}").replace('\\', "\u{3}")
}

/// Marks in the field `names`. No path begins with such a character.
pub(crate) mod names {
    /// On nested documents.
    pub(crate) const CHILD: &str = "\u{2}child";

    /// On nested documents: which object they are.
    pub(crate) fn nested(path: &str) -> String {
        format!("\u{2}nested:{path}")
    }

    /// A text field has a value, but no term: Lucene does not count such
    /// documents when it averages lengths.
    pub(crate) fn without_terms(path: &str) -> String {
        format!("\u{2}empty:{path}")
    }
}

/// Paths in `exact` for what has several columns. No mapped path begins so.
pub(crate) mod columns {
    /// Cells of points.
    pub(crate) fn point(path: &str) -> String {
        format!("\u{2}point:{path}")
    }

    /// The least and the greatest value of ranges.
    pub(crate) fn range(path: &str) -> [String; 2] {
        ["least", "most"].map(|side| format!("\u{2}{side}:{path}"))
    }

    /// The sides of the box around shapes, floats: west, east, south, north.
    pub(crate) fn shape_box(path: &str) -> [String; 4] {
        ["west", "east", "south", "north"].map(|side| format!("\u{2}{side}:{path}"))
    }
}

const EXACT: &str = "exact";

/// What Elasticsearch keeps of `search_as_you_type` besides the words.
const VIEWS: [&str; 4] = ["_2gram", "_3gram", "_4gram", "_index_prefix"];

fn schema(texts: usize) -> (Schema, Fields, Vec<SchemaField>) {
    static STANDARD: LazyLock<(Schema, Fields, Vec<SchemaField>)> =
        LazyLock::new(|| build_schema(SLOTS_MIN));
    match texts {
        SLOTS_MIN => STANDARD.clone(),
        more => build_schema(more),
    }
}

fn build_schema(texts: usize) -> (Schema, Fields, Vec<SchemaField>) {
    let mut schema = Schema::builder();
    let raw = TextFieldIndexing::default()
        .set_tokenizer("raw")
        .set_fieldnorms(false)
        .set_index_option(IndexRecordOption::Basic);
    let fields = Fields {
        id: schema.add_text_field("_id", STRING | FAST),
        sequence: schema.add_u64_field("_seq", INDEXED | FAST),
        version: schema.add_u64_field("_version", FAST),
        source: schema.add_bytes_field("_source", STORED),
        names: schema.add_text_field(
            "names",
            TextOptions::default().set_indexing_options(raw.clone()),
        ),
        exact: schema.add_json_field(
            EXACT,
            JsonObjectOptions::default()
                .set_indexing_options(raw)
                .set_fast("raw"),
        ),
    };
    let packed = TextFieldIndexing::default()
        .set_tokenizer(PACKED)
        .set_index_option(IndexRecordOption::WithFreqsAndPositions);
    let options = TextOptions::default().set_indexing_options(packed);
    let texts = (0..texts)
        .map(|it| schema.add_text_field(&format!("text{it:02}"), options.clone()))
        .collect();
    (schema.build(), fields, texts)
}
