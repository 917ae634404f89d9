//! How a document changes: deep merges, removed paths.

use serde_json::{Map, Value};

/// Merges objects deeply; arrays, scalars and `null` replace what was there.
pub(crate) fn merge(into: &mut Map<String, Value>, changes: Map<String, Value>) {
    for (key, change) in changes {
        match (into.get_mut(&key), change) {
            (Some(Value::Object(old)), Value::Object(new)) => merge(old, new),
            (Some(old), new) => *old = new,
            (None, new) => {
                into.insert(key, new);
            }
        }
    }
}

/// Removes what stands at a path such as `a.b`, `a[0].b` or `a.0.b`; an element
/// of an array becomes `null`. A key that has the whole path as its name comes
/// first. Unknown paths are ignored.
pub(crate) fn unset(object: &mut Map<String, Value>, path: &str) {
    if object.shift_remove(path).is_some() {
        return;
    }
    let steps: Vec<&str> = path
        .split(['.', '[', ']'])
        .filter(|it| !it.is_empty())
        .collect();
    let Some(((last, first), rest)) = steps
        .split_last()
        .and_then(|(last, parents)| Some(((last, parents.first()?), parents.get(1..)?)))
    else {
        return;
    };
    let mut parent = object.get_mut(*first);
    for step in rest {
        parent = parent.and_then(|it| child_mut(it, step));
    }
    match parent {
        Some(Value::Object(object)) => drop(object.shift_remove(*last)),
        Some(Value::Array(items)) => {
            if let Some(item) = last.parse().ok().and_then(|it: usize| items.get_mut(it)) {
                *item = Value::Null;
            }
        }
        _ => (),
    }
}

fn child_mut<'v>(value: &'v mut Value, step: &str) -> Option<&'v mut Value> {
    match value {
        Value::Object(object) => object.get_mut(step),
        Value::Array(items) => items.get_mut(step.parse::<usize>().ok()?),
        _ => None,
    }
}

/// Whether the value nests at most `levels` deep: a scalar nests 0.
pub(crate) fn nests_within(value: &Value, levels: usize) -> bool {
    let below = |it: &Value| levels > 0 && nests_within(it, levels - 1);
    match value {
        Value::Object(object) => object.values().all(below),
        Value::Array(items) => items.iter().all(below),
        _ => true,
    }
}

/// About the memory that a value takes.
pub(crate) fn weight(object: &Map<String, Value>) -> usize {
    fn of(value: &Value) -> usize {
        match value {
            Value::String(text) => 32 + text.len(),
            Value::Array(items) => 32 + items.iter().map(of).sum::<usize>(),
            Value::Object(object) => weight(object),
            _ => 32,
        }
    }
    let entries = object.iter().map(|(key, it)| 48 + key.len() + of(it));
    64 + entries.sum::<usize>()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(value: Value) -> Map<String, Value> {
        let Value::Object(object) = value else {
            panic!("not an object: {value}");
        };
        object
    }

    #[test]
    fn objects_merge_and_the_rest_is_replaced() {
        let cases = [
            (json!({}), json!({"a": 1}), json!({"a": 1})),
            (json!({"a": 1}), json!({"a": null}), json!({"a": null})),
            (json!({"a": [1, 2]}), json!({"a": [3]}), json!({"a": [3]})),
            (
                json!({"a": {"b": 1, "c": {"d": 2}}}),
                json!({"a": {"c": {"e": 3}}}),
                json!({"a": {"b": 1, "c": {"d": 2, "e": 3}}}),
            ),
            (
                json!({"a": {"b": 1}}),
                json!({"a": "text"}),
                json!({"a": "text"}),
            ),
            (
                json!({"a": "text"}),
                json!({"a": {"b": 1}}),
                json!({"a": {"b": 1}}),
            ),
        ];
        for (before, changes, after) in cases {
            let mut merged = object(before.clone());
            merge(&mut merged, object(changes.clone()));
            assert_eq!(Value::from(merged), after, "{before} and {changes}");
        }
    }

    #[test]
    fn paths_are_removed() {
        let before = json!({"a": {"b": 1, "c": [10, {"d": 2}]}, "x.y": 3, "z": 4});
        let cases = [
            ("z", json!({"a": {"b": 1, "c": [10, {"d": 2}]}, "x.y": 3})),
            ("a", json!({"x.y": 3, "z": 4})),
            ("a.b", json!({"a": {"c": [10, {"d": 2}]}, "x.y": 3, "z": 4})),
            (
                "a.c[1].d",
                json!({"a": {"b": 1, "c": [10, {}]}, "x.y": 3, "z": 4}),
            ),
            (
                "a.c.0",
                json!({"a": {"b": 1, "c": [null, {"d": 2}]}, "x.y": 3, "z": 4}),
            ),
            ("x.y", json!({"a": {"b": 1, "c": [10, {"d": 2}]}, "z": 4})),
        ];
        for (path, after) in cases {
            let mut document = object(before.clone());
            unset(&mut document, path);
            assert_eq!(Value::from(document), after, "{path}");
        }
        for path in [
            "", ".", "a.q.r", "a.c[7]", "a.c.x", "z.0", "q", "[0]", "a.b.c",
        ] {
            let mut document = object(before.clone());
            unset(&mut document, path);
            assert_eq!(Value::from(document), before, "{path}");
        }
    }

    #[test]
    fn depth_is_counted() {
        let value = json!({"a": [1, {"b": 2}]});
        assert!(nests_within(&value, 3));
        assert!(!nests_within(&value, 2));
        assert!(nests_within(&json!([]), 0) && nests_within(&json!(1), 0));
    }
}
