//! Settings of a collection: kept, and shown in the shape of Elasticsearch.
//!
//! They steer nothing in this store: one process holds all documents, without
//! shards or replicas. Clients and tools read and write them all the same.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::error::StoreError;
use crate::limits::SETTING_DEPTH_MAX;

type Result<T> = std::result::Result<T, StoreError>;

/// What Elasticsearch knows at the first level of index settings.
const KNOWN: &[&str] = &[
    "allocation",
    "analysis",
    "analyze",
    "auto_expand_replicas",
    "blocks",
    "codec",
    "default_pipeline",
    "final_pipeline",
    "gc_deletes",
    "hidden",
    "highlight",
    "indexing",
    "lifecycle",
    "load_fixed_bitset_filters_eagerly",
    "mapping",
    "max_docvalue_fields_search",
    "max_inner_result_window",
    "max_ngram_diff",
    "max_refresh_listeners",
    "max_regex_length",
    "max_rescore_window",
    "max_result_window",
    "max_script_fields",
    "max_shingle_diff",
    "max_slices_per_scroll",
    "max_terms_count",
    "merge",
    "number_of_replicas",
    "number_of_routing_shards",
    "number_of_shards",
    "priority",
    "query",
    "refresh_interval",
    "routing",
    "routing_partition_size",
    "search",
    "shard",
    "similarity",
    "soft_deletes",
    "sort",
    "store",
    "translog",
    "unassigned",
    "warmer",
    "write",
];

/// Those that a collection keeps for its life.
const FINAL: &[&str] = &[
    "number_of_shards",
    "number_of_routing_shards",
    "routing_partition_size",
    "sort",
    "store",
];

/// Set once, at creation.
pub(crate) struct Birth<'a> {
    pub(crate) index: &'a str,
    pub(crate) collection: &'a str,
    pub(crate) created_ms: u64,
    /// Unlike that of any other collection, also a later one of the same name.
    pub(crate) uuid: &'a str,
}

/// The settings of a collection, as JSON text: they are seldom asked for, and a
/// value takes several times as much memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Settings(Arc<str>);

impl Settings {
    /// Those of a new collection: the user's over the defaults.
    pub(crate) fn create(defaults: &Value, user: &Value, birth: &Birth<'_>) -> Result<Self> {
        let mut settings = normalize(defaults)?;
        extend(&mut settings, normalize(user)?);
        let name = format!("&{}.{}", birth.index, birth.collection);
        settings.insert("creation_date".into(), birth.created_ms.to_string().into());
        settings.insert("provided_name".into(), name.into());
        settings.insert("uuid".into(), birth.uuid.into());
        settings.insert("version".into(), json!({"created": "7170099"}));
        Ok(Self::of_json(&settings.into()))
    }

    /// Those after a change.
    pub(crate) fn updated(&self, user: &Value) -> Result<Self> {
        let changes = normalize(user)?;
        let mut settings = match self.to_json() {
            Value::Object(settings) => settings,
            _ => Map::new(),
        };
        for key in FINAL {
            if let Some(value) = changes.get(*key)
                && settings.get(*key) != Some(value)
            {
                return Err(StoreError::refused(format!(
                    "the setting [{key}] is final: set it when the collection is created"
                )));
            }
        }
        extend(&mut settings, changes);
        Ok(Self::of_json(&settings.into()))
    }

    pub(crate) fn of_json(settings: &Value) -> Self {
        Self(settings.to_string().into())
    }

    pub(crate) fn to_json(&self) -> Value {
        serde_json::from_str(&self.0).unwrap_or_default()
    }
}

/// One level of names, texts instead of scalars: `{"index.a.b": 1}`,
/// `{"index": {"a.b": 1}}` and `{"a": {"b": "1"}}` are the same.
fn normalize(settings: &Value) -> Result<Map<String, Value>> {
    let mut normal = Map::new();
    match settings {
        Value::Null => (),
        Value::Object(object) => {
            check_depth(object)?;
            insert_all(&mut normal, object);
        }
        _ => return Err(StoreError::refused("settings must be an object")),
    }
    if let Some(Value::Object(below)) = normal.remove("index") {
        extend(&mut normal, below);
    }
    match normal.keys().find(|it| !KNOWN.contains(&it.as_str())) {
        None => Ok(normal),
        Some(key) => Err(StoreError::refused(format!(
            "the setting [{key}] is unknown, or not one that can be set"
        ))),
    }
}

fn check_depth(object: &Map<String, Value>) -> Result<()> {
    for (key, value) in object {
        if key.split('.').count() > SETTING_DEPTH_MAX {
            return Err(StoreError::refused(format!(
                "the name of a setting has more than {SETTING_DEPTH_MAX} parts"
            )));
        }
        if let Value::Object(below) = value {
            check_depth(below)?;
        }
    }
    Ok(())
}

fn insert_all(into: &mut Map<String, Value>, object: &Map<String, Value>) {
    for (key, value) in object {
        insert(into, key, value);
    }
}

fn insert(into: &mut Map<String, Value>, key: &str, value: &Value) {
    let (first, below) = match key.split_once('.') {
        Some((first, rest)) => (first, Some(rest)),
        None => (key, None),
    };
    if below.is_none() && !value.is_object() {
        into.insert(first.into(), as_text(value));
        return;
    }
    let place = into.entry(first).or_insert_with(|| json!({}));
    if !place.is_object() {
        *place = json!({});
    }
    match (place, below, value) {
        (Value::Object(place), Some(rest), value) => insert(place, rest, value),
        (Value::Object(place), None, Value::Object(object)) => insert_all(place, object),
        _ => (),
    }
}

fn as_text(value: &Value) -> Value {
    match value {
        Value::Bool(_) | Value::Number(_) => value.to_string().into(),
        Value::Array(items) => items.iter().map(as_text).collect(),
        other => other.clone(),
    }
}

/// Merges deeply; `null` brings the default back, which is to be absent.
fn extend(into: &mut Map<String, Value>, changes: Map<String, Value>) {
    for (key, change) in changes {
        match (into.get_mut(&key), change) {
            (_, Value::Null) => drop(into.remove(&key)),
            (Some(Value::Object(old)), Value::Object(new)) => extend(old, new),
            (_, new) => drop(into.insert(key, new)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn created(user: &Value) -> Result<Settings> {
        let defaults = json!({"number_of_shards": 1, "number_of_replicas": 1});
        let birth = Birth {
            index: "nyc",
            collection: "taxi",
            created_ms: 5,
            uuid: "u",
        };
        Settings::create(&defaults, user, &birth)
    }

    #[test]
    fn all_spellings_are_one() {
        let spellings = [
            json!({"number_of_replicas": 2, "analysis": {"analyzer": {"a": {"type": "custom"}}}}),
            json!({"index": {"number_of_replicas": "2"}, "index.analysis.analyzer.a.type": "custom"}),
            json!({"index": {"number_of_replicas": 2, "analysis": {"analyzer.a": {"type": "custom"}}}}),
        ];
        for user in spellings {
            let expected = json!({
                "number_of_shards": "1",
                "number_of_replicas": "2",
                "analysis": {"analyzer": {"a": {"type": "custom"}}},
                "creation_date": "5",
                "provided_name": "&nyc.taxi",
                "uuid": "u",
                "version": {"created": "7170099"},
            });
            assert_eq!(created(&user).unwrap().to_json(), expected, "{user}");
        }
    }

    #[test]
    fn settings_change_but_for_those_that_are_final() {
        let current = created(&Value::Null).unwrap();
        let after = current
            .updated(&json!({"refresh_interval": "30s"}))
            .unwrap();
        assert_eq!(after.to_json()["refresh_interval"], "30s");
        assert_eq!(after.to_json()["uuid"], "u");
        let reset = after.updated(&json!({"refresh_interval": null})).unwrap();
        assert_eq!(reset, current);
        assert_eq!(
            current.updated(&json!({"number_of_shards": 1})).unwrap(),
            current
        );
        for wrong in [
            json!({"number_of_shards": 2}),
            json!({"shards": 2}),
            json!({"uuid": "v"}),
            json!([]),
        ] {
            assert!(current.updated(&wrong).is_err(), "{wrong}");
        }
    }
}
