//! What `match` asks of one field: a pattern that a value must contain.
//!
//! An object needs each key with a matching value, an array needs a different
//! matching element for each of its patterns, in any order. Scalars at the root
//! of a pattern are `equals` conditions and never come here.
//!
//! Cost: patterns × elements to compare them, and the cube of the patterns to
//! match them up by augmenting paths, in the worst case.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use crate::json::{Elements, Json, Kind};
use crate::scalar::Scalar;

/// A pattern. Object keys and array elements are sorted: their order says nothing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Partial {
    Scalar(Scalar),
    Array(Vec<Partial>),
    Object(Vec<(Box<str>, Partial)>),
}

impl Partial {
    pub(crate) fn new(value: &Value) -> Self {
        match value {
            Value::Array(items) => {
                let mut items: Vec<_> = items.iter().map(Self::new).collect();
                items.sort();
                Self::Array(items)
            }
            Value::Object(members) => {
                let mut members: Vec<_> = members
                    .iter()
                    .map(|(key, value)| (key.as_str().into(), Self::new(value)))
                    .collect();
                members.sort();
                Self::Object(members)
            }
            scalar => Self::Scalar(Scalar::new(scalar).unwrap_or(Scalar::Null)),
        }
    }

    /// Whether every array (every object) matches.
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Self::Scalar(_) => false,
            Self::Array(items) => items.is_empty(),
            Self::Object(members) => members.is_empty(),
        }
    }

    /// The memory that it holds elsewhere.
    pub(crate) fn heap_bytes(&self) -> usize {
        match self {
            Self::Scalar(scalar) => scalar.heap_bytes(),
            Self::Array(items) => {
                let inside: usize = items.iter().map(Self::heap_bytes).sum();
                size_of_val(&**items) + inside
            }
            Self::Object(members) => {
                let inside = members.iter().map(|it| it.0.len() + it.1.heap_bytes());
                size_of_val(&**members) + inside.sum::<usize>()
            }
        }
    }

    /// The first thing that a value lacks, in words; `None` if it matches.
    pub(crate) fn lack(&self, value: &Value) -> Option<String> {
        self.find_lack(value)
            .map(|(what, path)| match path.as_slice() {
                [] => what,
                path => {
                    let path: Vec<&str> = path.iter().rev().copied().collect();
                    format!("{what} in {}", path.join("."))
                }
            })
    }

    /// What is lacking, and the keys that lead there, the last one first.
    fn find_lack(&self, value: &Value) -> Option<(String, Vec<&str>)> {
        let lack = |what: String| Some((what, Vec::new()));
        match (self, value) {
            _ if self.matches(Json::Value(value)) => None,
            (Self::Object(members), Value::Object(object)) => {
                members
                    .iter()
                    .find_map(|(key, pattern)| match object.get(&**key) {
                        None => lack(format!("the key \"{key}\"")),
                        Some(inner) => pattern.find_lack(inner).map(|(what, mut path)| {
                            path.push(&**key);
                            (what, path)
                        }),
                    })
            }
            (Self::Array(patterns), Value::Array(items)) => {
                let is_found = |it: &&Self| items.iter().any(|item| it.matches(Json::Value(item)));
                match patterns.iter().find(|it| !is_found(it)) {
                    Some(pattern) => lack(pattern.to_json().to_string()),
                    None => lack(format!("{} elements, one for each", patterns.len())),
                }
            }
            (pattern, _) => lack(pattern.to_json().to_string()),
        }
    }

    pub(crate) fn to_json(&self) -> Value {
        match self {
            Self::Scalar(scalar) => scalar.to_json(),
            Self::Array(items) => items.iter().map(Self::to_json).collect(),
            Self::Object(members) => members
                .iter()
                .map(|(key, inner)| (key.to_string(), inner.to_json()))
                .collect(),
        }
    }

    pub(crate) fn matches(&self, value: Json<'_>) -> bool {
        match (self, value.kind()) {
            (Self::Scalar(scalar), kind) => scalar.is(kind),
            (Self::Array(patterns), Kind::Array) => {
                patterns.len() <= value.elements().len() && assign(patterns, value.elements())
            }
            (Self::Object(members), Kind::Object) => members
                .iter()
                .all(|(key, pattern)| value.member(key).is_some_and(|it| pattern.matches(it))),
            _ => false,
        }
    }
}

/// Whether each pattern can have an element of its own.
fn assign(patterns: &[Partial], values: Elements<'_>) -> bool {
    // One pattern only needs to find one, as most do.
    if let [pattern] = patterns {
        return values.into_iter().any(|it| pattern.matches(it));
    }
    let mut fitting = Vec::with_capacity(patterns.len());
    for pattern in patterns {
        let elements = values.clone().enumerate();
        let elements = elements.filter(|(_, value)| pattern.matches(*value));
        // A pattern with as many elements as there are patterns is never short.
        let elements: Vec<usize> = elements.map(|it| it.0).take(patterns.len()).collect();
        if elements.is_empty() {
            return false;
        }
        fitting.push(elements);
    }
    let mut owners = HashMap::new();
    (0..patterns.len()).all(|pattern| {
        let mut visited = HashSet::new();
        give_element(pattern, &fitting, &mut owners, &mut visited)
    })
}

/// Gives a pattern an element, moving other patterns where that helps.
fn give_element(
    pattern: usize,
    fitting: &[Vec<usize>],
    owners: &mut HashMap<usize, usize>,
    visited: &mut HashSet<usize>,
) -> bool {
    for element in &fitting[pattern] {
        if !visited.insert(*element) {
            continue;
        }
        let is_free = match owners.get(element).copied() {
            None => true,
            Some(owner) => give_element(owner, fitting, owners, visited),
        };
        if is_free {
            owners.insert(*element, pattern);
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn arrays_are_assigned_as_a_whole() {
        let check = |pattern: Value, value: Value, expected: bool| {
            let found = Partial::new(&pattern).matches(Json::Value(&value));
            assert_eq!(found, expected, "{pattern} on {value}");
        };
        check(
            json!([{"x": 1}, {"x": 1, "y": 2}]),
            json!([{"x": 1, "y": 2}, {"x": 1}]),
            true,
        );
        check(json!([1, 1]), json!([1]), false);
        check(json!([1, 1]), json!([1, 2, 1.0]), true);
        check(json!([[1], [], [1, 2]]), json!([[1, 2], [2, 1], [1]]), true);
        check(
            json!([[1], [1], [1, 2]]),
            json!([[1, 2], [3, 1], [2]]),
            false,
        );
        check(json!([[1], [1, 2]]), json!([[1, 2], [3, 1], [2]]), true);
        check(json!([[1], [1], [2]]), json!([[1, 2], [2], [2]]), false);
        check(json!([]), json!(["any"]), true);
        check(json!({}), json!([]), false);
        check(json!({"a": null}), json!({}), false);
        check(
            json!({"a": {"b": []}}),
            json!({"a": {"b": [1], "c": 0}}),
            true,
        );
    }
}
