//! The meaning: does this filter match this document?
//!
//! Slow and obvious, straight from the definition of the language, without any
//! index: what everything else is measured against.
//!
//! Cost: one look-up per condition, until the answer is known.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};

use crate::document::View;
use crate::field::Field;
use crate::filter::{Filter, Node, Term};
use crate::geo;
use crate::scalar::Scalar;

/// Whether a filter matches a document.
///
/// Documents are objects: nothing matches any other value. Every operand has its
/// plain meaning, and `not` is the complement, with one exception: a field that
/// is there without being a readable point is neither inside nor outside of a
/// shape.
///
/// ```
/// use koncorde::{Filter, matches};
/// use serde_json::json;
///
/// let filter = Filter::equals("status", "open").and(Filter::range("priority", 3.0..));
/// assert!(matches(&filter, &json!({"status": "open", "priority": 5})));
/// assert!(!matches(&filter, &json!({"status": "open"})));
///
/// // This needs no index and costs a look-up per condition. To test one document
/// // against thousands of filters, register them in a `Koncorde`.
/// ```
pub fn matches(filter: &Filter, document: &Value) -> bool {
    match document {
        Value::Object(object) => holds(&filter.0, View::Document(object), true),
        _ => false,
    }
}

/// The same for the element of an array that `select` has picked.
pub(crate) fn matches_view(filter: &Filter, document: View<'_>) -> bool {
    holds(&filter.0, document, true)
}

/// Whether a node (or its negation, if not `expected`) holds.
fn holds(node: &Node, document: View<'_>, expected: bool) -> bool {
    let all = |nodes: &[Node]| nodes.iter().all(|it| holds(it, document, expected));
    let any = |nodes: &[Node]| nodes.iter().any(|it| holds(it, document, expected));
    match node {
        Node::Everything => expected,
        Node::Nothing => !expected,
        Node::And(nodes) if expected => all(nodes),
        Node::And(nodes) => any(nodes),
        Node::Or(nodes) if expected => any(nodes),
        Node::Or(nodes) => all(nodes),
        Node::Not(inner) => holds(inner, document, !expected),
        Node::Term(term) => term_holds(term, document, expected),
    }
}

fn term_holds(term: &Term, document: View<'_>, expected: bool) -> bool {
    let value = |field: &Field| document.get(field.as_str());
    let answer = match term {
        Term::Equals {
            field,
            value: wanted,
        } => value(field).is_some_and(|it| wanted.equals(it)),
        Term::In { field, values } => {
            value(field).is_some_and(|it| values.iter().any(|wanted| wanted.equals(it)))
        }
        Term::Exists { field } => value(field).is_some(),
        Term::Contains {
            field,
            value: wanted,
        } => {
            let items = value(field).and_then(Value::as_array);
            items.is_some_and(|it| it.iter().any(|item| wanted.equals(item)))
        }
        Term::Range { field, interval } => value(field)
            .and_then(Value::as_f64)
            .is_some_and(|it| interval.contains(it)),
        Term::Regexp { field, pattern } => value(field)
            .and_then(Value::as_str)
            .is_some_and(|it| pattern.is_match(it)),
        Term::Geo { field, shape } => {
            return match value(field) {
                None => !expected,
                Some(it) => {
                    geo::read_point(it).is_some_and(|point| shape.contains(point) == expected)
                }
            };
        }
        Term::Select {
            field,
            index,
            query,
        } => {
            let items = value(field).and_then(Value::as_array);
            let element = items.and_then(|it| element(it, *index));
            element.is_some_and(|it| holds(query, View::Element(it), true))
        }
        Term::Match { partial } => partial
            .iter()
            .all(|(path, wanted)| document.get(path).is_some_and(|it| contains(it, wanted))),
    };
    answer == expected
}

/// The element at an index, from the end if it is negative.
pub(crate) fn element(items: &[Value], index: i64) -> Option<&Value> {
    let distance = usize::try_from(index.unsigned_abs()).ok()?;
    let at = if index < 0 {
        items.len().checked_sub(distance)?
    } else {
        distance
    };
    items.get(at)
}

/// Whether a value has all that a partial one has.
fn contains(value: &Value, partial: &Value) -> bool {
    match (value, partial) {
        (Value::Object(members), Value::Object(wanted)) => object_contains(members, wanted),
        (Value::Array(items), Value::Array(wanted)) => array_contains(items, wanted),
        (value, partial) => Scalar::new(partial).is_some_and(|it| it.equals(value)),
    }
}

fn object_contains(members: &Map<String, Value>, wanted: &Map<String, Value>) -> bool {
    wanted
        .iter()
        .all(|(key, wanted)| members.get(key).is_some_and(|it| contains(it, wanted)))
}

/// Whether each wanted element can have a matching one of its own: a bipartite
/// matching, grown one augmenting path at a time.
fn array_contains(items: &[Value], wanted: &[Value]) -> bool {
    if wanted.len() > items.len() {
        return false;
    }
    // With as many choices as there are wanted elements, one is always left: no
    // more than these are ever looked at.
    let choices: Vec<Vec<usize>> = wanted
        .iter()
        .map(|wanted_item| {
            let matching = (0..items.len()).filter(|at| contains(&items[*at], wanted_item));
            matching.take(wanted.len()).collect()
        })
        .collect();
    let mut assignment = Assignment {
        choices: &choices,
        owners: HashMap::new(),
    };
    (0..wanted.len()).all(|it| assignment.assign(it, &mut HashSet::new()))
}

struct Assignment<'a> {
    /// The items that each wanted element may take.
    choices: &'a [Vec<usize>],
    /// The wanted element that an item is taken by.
    owners: HashMap<usize, usize>,
}

impl Assignment<'_> {
    /// Gives an item to a wanted element, moving others where that helps. Each
    /// call visits an item once at most.
    fn assign(&mut self, wanted: usize, visited: &mut HashSet<usize>) -> bool {
        for at in &self.choices[wanted] {
            if !visited.insert(*at) {
                continue;
            }
            let is_free = match self.owners.get(at) {
                None => true,
                Some(owner) => self.assign(*owner, visited),
            };
            if is_free {
                self.owners.insert(*at, wanted);
                return true;
            }
        }
        false
    }
}
