//! Fields of a JSON document.
//!
//! A document is seen flattened: a field is a path of object keys joined with
//! dots, arrays are leaves. A key that holds dots itself is the same field as
//! the nested keys would be, at every level: `{"a": {"b.c": 1}}` and
//! `{"a.b.c": 1}` both have the field `a.b.c`. Where two places of a document
//! are the same field, the more deeply nested one counts, whatever the order of
//! the keys: the first segment is taken as short as possible.
//!
//! Cost: one look-up per dot of the path in each object that a prefix of the
//! path leads to; every object is visited once at most.

use serde_json::{Map, Value};
use smallvec::{SmallVec, smallvec};

use crate::json::{Json, Kind};

/// What a filter looks at: a whole document, or the element of an array that
/// `select` has picked, which plays the document `{"value": element}`.
#[derive(Clone, Copy, Debug)]
pub(crate) enum View<'v> {
    Document(&'v Map<String, Value>),
    Element(&'v Value),
}

impl<'v> View<'v> {
    /// The value of a field, `None` if it is missing.
    pub(crate) fn get(self, path: &str) -> Option<&'v Value> {
        let found = match self {
            Self::Document(object) => find(Json::Object(object), path),
            Self::Element(element) => find_in_element(Json::Value(element), path),
        };
        match found? {
            Json::Value(value) => Some(value),
            Json::Object(_) | Json::Entry(..) => None,
        }
    }
}

/// The value of a field of an element that `select` has picked.
pub(crate) fn find_in_element<'v>(element: Json<'v>, path: &str) -> Option<Json<'v>> {
    match path.strip_prefix("value")? {
        "" => Some(element),
        rest if element.kind() == Kind::Object => find(element, rest.strip_prefix('.')?),
        _ => None,
    }
}

/// Looks a path up, trying the shortest first key first.
///
/// The tries are kept in a list instead of on the stack, so that a path of a
/// million dots needs no stack.
fn find<'v>(object: Json<'v>, path: &str) -> Option<Json<'v>> {
    let mut open: SmallVec<[Try<'v, '_>; 8]> = smallvec![Try::new(object, path)];
    while let Some(here) = open.last_mut() {
        match here.next_key() {
            Some((inner, rest)) => {
                if inner.kind() == Kind::Object {
                    open.push(Try::new(inner, rest));
                }
            }
            None => match here.object.member(here.path) {
                Some(value) => return Some(value),
                None => drop(open.pop()),
            },
        }
    }
    None
}

/// A path being looked for in an object, with its first `tried` bytes already
/// known not to hold the key to go on with.
struct Try<'v, 'p> {
    object: Json<'v>,
    path: &'p str,
    tried: usize,
}

impl<'v, 'p> Try<'v, 'p> {
    fn new(object: Json<'v>, path: &'p str) -> Self {
        Self {
            object,
            path,
            tried: 0,
        }
    }

    /// The next longer first key that the object has, and the path behind it.
    fn next_key(&mut self) -> Option<(Json<'v>, &'p str)> {
        loop {
            let dot = self.tried + self.path[self.tried..].find('.')?;
            self.tried = dot + 1;
            if let Some(value) = self.object.member(&self.path[..dot]) {
                return Some((value, &self.path[dot + 1..]));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(document: &Value, path: &str, expected: Option<Value>) {
        let view = document.as_object().map(View::Document);
        let found = view.and_then(|it| it.get(path));
        assert_eq!(found, expected.as_ref(), "{path} in {document}");
    }

    #[test]
    fn dotted_and_nested_keys_are_one_field() {
        for document in [
            json!({"a": {"b": {"c": 1}}}),
            json!({"a.b": {"c": 1}}),
            json!({"a": {"b.c": 1}}),
            json!({"a.b.c": 1}),
        ] {
            check(&document, "a.b.c", Some(json!(1)));
            check(&document, "a.b.d", None);
            check(&document, "a.b.c.d", None);
        }
    }

    #[test]
    fn nested_keys_win_in_any_order() {
        for document in [
            json!({"a.b": 1, "a": {"b": 2}}),
            json!({"a": {"b": 2}, "a.b": 1}),
        ] {
            check(&document, "a.b", Some(json!(2)));
        }
        check(&json!({"a": {"x": 0}, "a.b": 1}), "a.b", Some(json!(1)));
        check(&json!({"a": 0, "a.b": 1}), "a.b", Some(json!(1)));
    }

    #[test]
    fn empty_keys_and_names_of_object_members_are_ordinary() {
        check(&json!({"": {"b": 2}}), ".b", Some(json!(2)));
        check(&json!({"": {"b": 2}}), "b", None);
        check(&json!({"a": {"": 1}}), "a.", Some(json!(1)));
        check(&json!({"a": {"": {"": 1}}}), "a..", Some(json!(1)));
        check(&json!({"": 1}), "", Some(json!(1)));
        check(&json!({"__proto__": {"a": 1}}), "a", None);
        check(&json!({}), "constructor", None);
    }

    #[test]
    fn arrays_are_leaves() {
        check(&json!({"a": [{"b": 1}]}), "a.b", None);
        check(&json!({"a": [1]}), "a.0", None);
        check(&json!([1]), "0", None);
    }

    #[test]
    fn an_element_is_the_field_value() {
        let element = json!({"x": {"y": 1}});
        let view = View::Element(&element);
        assert_eq!(view.get("value"), Some(&element));
        assert_eq!(view.get("value.x.y"), Some(&json!(1)));
        assert_eq!(view.get("x"), None);
        assert_eq!(view.get("valuex"), None);
        assert_eq!(view.get("value."), None);
    }

    #[test]
    fn deep_paths_need_no_stack() {
        let path = ".".repeat(100_000);
        check(&json!({"": {"": {"": 1}}}), &path, None);
    }
}
