//! The store against a model: a map of JSON values, with the meaning of each
//! operation written in the most obvious way. Random operations, the seed
//! printed; the store is closed and opened in the middle.
//!
//! `STORE_SEED=…` runs one seed again, `STORE_SEEDS=…` so many of them.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod support;

use std::collections::BTreeMap;
use std::env;

use koncorde_store::{Collection, SearchRequest, Store, StoreErrorKind, Write, WriteKind};
use serde_json::{Map, Value, json};

use support::*;

const SEEDS: u64 = 12;
const STEPS: usize = 250;

#[derive(Clone, Debug, Default)]
struct ModelCollection {
    /// By id: version and source.
    documents: BTreeMap<String, (u64, Value)>,
    /// In the order of their last write.
    order: Vec<String>,
    /// By id: the version of the deletion.
    deleted: BTreeMap<String, u64>,
}

#[derive(Clone, Debug, Default)]
struct Model {
    collections: BTreeMap<(String, String), ModelCollection>,
    indexes: Vec<String>,
    sequence: u64,
}

/// What a write should come to: version and content, or the kind of error.
type Expected = Result<(u64, Value), &'static str>;

impl ModelCollection {
    fn apply(&mut self, id: &str, kind: &WriteKind) -> Expected {
        let before = self.documents.get(id).cloned();
        let is_present = before.is_some();
        let (last, mut source) = match before {
            Some((version, source)) => (version, source),
            None => (self.deleted.get(id).copied().unwrap_or(0), json!({})),
        };
        let content = match kind {
            WriteKind::Create { .. } if is_present => return Err("exists"),
            WriteKind::Create { source } | WriteKind::CreateOrReplace { source } => {
                source.clone().into()
            }
            WriteKind::Upsert { creation, .. } if !is_present => creation.clone().into(),
            _ if !is_present => return Err("missing"),
            WriteKind::Replace { source } => source.clone().into(),
            WriteKind::Update { changes } | WriteKind::Upsert { changes, .. } => {
                merge(&mut source, &changes.clone().into());
                source
            }
            WriteKind::DeleteFields { paths, changes } => {
                for path in paths {
                    remove(&mut source, path);
                }
                merge(&mut source, &changes.clone().into());
                source
            }
            WriteKind::Delete => {
                self.documents.remove(id);
                self.order.retain(|it| it != id);
                self.deleted.insert(id.into(), last + 1);
                return Ok((last, source));
            }
        };
        self.documents
            .insert(id.into(), (last + 1, content.clone()));
        self.order.retain(|it| it != id);
        self.order.push(id.into());
        Ok((last + 1, content))
    }

    fn sorted_by(&self, field: &str, is_descending: bool) -> Vec<String> {
        let mut ids = self.order.clone();
        let number = |id: &String| self.documents[id].1[field].as_i64();
        ids.sort_by(|a, b| match (number(a), number(b)) {
            (Some(a), Some(b)) if is_descending => b.cmp(&a),
            (Some(a), Some(b)) => a.cmp(&b),
            (a, b) => b.is_some().cmp(&a.is_some()),
        });
        ids
    }
}

fn merge(into: &mut Value, changes: &Value) {
    match (into, changes) {
        (Value::Object(into), Value::Object(changes)) => {
            for (key, value) in changes {
                merge(into.entry(key).or_insert(Value::Null), value);
            }
        }
        (into, changes) => *into = changes.clone(),
    }
}

fn remove(from: &mut Value, path: &str) {
    let (parent, last) = path.rsplit_once('.').unwrap_or(("", path));
    let pointer = match parent {
        "" => String::new(),
        parent => format!("/{}", parent.replace('.', "/")),
    };
    if let Some(Value::Object(parent)) = from.pointer_mut(&pointer) {
        parent.shift_remove(last);
    }
}

/// xorshift64*: small, and its seed says everything.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        number as usize % bound
    }

    fn one_of<'a>(&mut self, items: &[&'a str]) -> &'a str {
        items[self.below(items.len())]
    }

    fn place(&mut self) -> Collection {
        let index = self.one_of(&["i", "j", "i.a"]);
        let collection = self.one_of(&["c", "d", "a.c"]);
        place(index, collection)
    }

    fn id(&mut self) -> String {
        format!("d{}", self.below(12))
    }

    /// Fields of fixed types: what a mapping refuses is another test's matter.
    fn source(&mut self) -> Map<String, Value> {
        let mut source = Map::new();
        for _ in 0..self.below(5) {
            let (key, value) = match self.below(6) {
                0 | 1 => ("n", json!(self.below(20))),
                2 => ("s", json!("x".repeat(self.below(2000)))),
                3 => (
                    "o",
                    json!({"a": self.below(5), "b": {"c": [self.below(5), null]}}),
                ),
                4 => ("o", json!({"d": {}})),
                _ => ("l", json!([{"x": self.below(3)}, {"y": true}])),
            };
            source.insert(key.into(), value);
        }
        source
    }

    fn write(&mut self) -> Write {
        let source = self.source();
        let kind = match self.below(8) {
            0 | 1 => WriteKind::Create { source },
            2 => WriteKind::CreateOrReplace { source },
            3 => WriteKind::Replace { source },
            4 => WriteKind::Update { changes: source },
            5 => WriteKind::Upsert {
                changes: source,
                creation: self.source(),
            },
            6 => WriteKind::DeleteFields {
                paths: vec![self.one_of(&["n", "o.a", "o.b.c", "o", "q.r", "l"]).into()],
                changes: source,
            },
            _ => WriteKind::Delete,
        };
        Write {
            id: Some(self.id()),
            kind,
        }
    }
}

async fn write_both(store: &Store, model: &mut Model, at: &Collection, writes: Vec<Write>) {
    let key = (at.index.to_string(), at.collection.to_string());
    let Some(collection) = model.collections.get_mut(&key) else {
        assert!(store.write(at, writes).await.is_err());
        return;
    };
    let outcomes = store.write(at, writes.clone()).await.unwrap();
    for (write, outcome) in writes.iter().zip(outcomes) {
        let id = write.id.as_deref().unwrap();
        let before = collection.documents.get(id).cloned();
        let outcome = match outcome {
            Ok(written) => {
                model.sequence += 1;
                assert_eq!(written.sequence, model.sequence);
                let previous = written
                    .previous
                    .map(|it| (it.version, (*it.source).clone()));
                assert_eq!(previous, before);
                assert_eq!(written.created, before.is_none());
                Ok((written.document.version, (*written.document.source).clone()))
            }
            Err(error) => Err(match error.kind {
                StoreErrorKind::DocumentExists { .. } => "exists",
                StoreErrorKind::DocumentNotFound { .. } => "missing",
                other => panic!("{other:?}"),
            }),
        };
        assert_eq!(outcome, collection.apply(id, &write.kind), "{write:?}");
    }
}

async fn compare(store: &Store, model: &Model) {
    let mut indexes = model.indexes.clone();
    indexes.sort();
    assert_eq!(store.list_indexes(), indexes);
    assert_eq!(*store.committed().borrow(), model.sequence);
    for index in &indexes {
        let keys = model.collections.keys();
        let names: Vec<_> = keys
            .filter(|it| it.0 == *index)
            .map(|it| it.1.clone())
            .collect();
        assert_eq!(store.list_collections(index).unwrap(), names);
    }
    for ((index, collection), expected) in &model.collections {
        let at = [place(index, collection)];
        let ids: Vec<String> = (0..12).map(|it| format!("d{it}")).collect();
        let found = store.get(&at[0], &ids).await.unwrap();
        for (id, found) in ids.iter().zip(found) {
            let found = found.map(|it| (it.version, (*it.source).clone()));
            assert_eq!(
                found.as_ref(),
                expected.documents.get(id),
                "{index} {collection} {id}"
            );
        }
        let count = count(store, &at[0]).await;
        assert_eq!(count, expected.documents.len() as u64);
        search_both(store, &at, json!({}), &expected.order).await;
        for (order, is_descending) in [("asc", false), ("desc", true)] {
            let sort = json!({"sort": {"n": {"order": order, "unmapped_type": "long"}}});
            search_both(store, &at, sort, &expected.sorted_by("n", is_descending)).await;
        }
    }
}

async fn search_both(store: &Store, at: &[Collection], body: Value, expected: &[String]) {
    let (from, size) = (1, 4);
    let request = SearchRequest {
        body: object(body),
        from,
        size,
        ..SearchRequest::default()
    };
    let found = search(store, at, request).await.unwrap();
    assert_eq!(found.total, expected.len() as u64);
    let ids = found.hits.iter().map(|it| &it.document.id);
    let page = expected.iter().skip(from as usize).take(size as usize);
    assert!(ids.eq(page), "{:?} instead of {expected:?}", found.hits);
}

async fn step(random: &mut Random, store: &Store, model: &mut Model) {
    let at = random.place();
    let key = (at.index.to_string(), at.collection.to_string());
    let exists = model.collections.contains_key(&key);
    let none = Value::Null;
    match random.below(40) {
        0 => {
            let created = store.create_index(&at.index).await;
            assert_eq!(created.is_ok(), !model.indexes.contains(&key.0));
            if created.is_ok() {
                model.indexes.push(key.0);
            }
        }
        1..=4 => {
            store.create_collection(&at, &none, &none).await.unwrap();
            if !model.indexes.contains(&key.0) {
                model.indexes.push(key.0.clone());
            }
            model.collections.entry(key).or_default();
        }
        5 => {
            let deleted = store.delete_collection(&at).await;
            assert_eq!(deleted.is_ok(), exists);
            model.collections.remove(&key);
        }
        6 => {
            assert_eq!(store.truncate(&at).await.is_ok(), exists);
            model
                .collections
                .entry(key)
                .and_modify(|it| *it = ModelCollection::default());
        }
        7 if random.below(3) == 0 => {
            let deleted = store.delete_index(&at.index).await;
            assert_eq!(deleted.is_ok(), model.indexes.contains(&key.0));
            model.indexes.retain(|it| *it != key.0);
            model.collections.retain(|it, _| it.0 != key.0);
        }
        _ => {
            let most = if random.below(10) == 0 { 100 } else { 3 };
            let count = 1 + random.below(most);
            let writes = (0..count).map(|_| random.write()).collect();
            write_both(store, model, &at, writes).await;
        }
    }
}

#[tokio::test]
async fn the_store_does_what_the_model_does() {
    let number = |name: &str| env::var(name).ok().map(|it| it.parse::<u64>().unwrap());
    let seeds = match number("STORE_SEED") {
        Some(seed) => vec![seed],
        None => (1..=number("STORE_SEEDS").unwrap_or(SEEDS)).collect(),
    };
    for seed in seeds {
        println!("STORE_SEED={seed}");
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let folder = tempfile::tempdir().unwrap();
        let mut store = open(folder.path());
        let mut model = Model::default();
        for _ in 0..STEPS {
            step(&mut random, &store, &mut model).await;
            if random.below(40) == 0 {
                compare(&store, &model).await;
                if random.below(2) == 0 {
                    store.close().await;
                }
                drop(store);
                store = open(folder.path());
                compare(&store, &model).await;
            }
        }
        compare(&store, &model).await;
    }
}
