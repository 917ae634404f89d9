//! Why a filter matches a document or does not: each condition with the value
//! that it found, as a tree.
//!
//! Cost: every condition of the filter is evaluated, slowly; this is for people.

use std::fmt;

use serde_json::Value;

use crate::document::View;
use crate::evaluate::{element, matches_view};
use crate::filter::Filter;
use crate::geo::{self, Outline, Shape};
use crate::normal::{Condition, Form, Literal, Selection, Test, restore};

/// Why a filter matches a document or does not, see
/// [`Engine::explain`](crate::Engine::explain).
///
/// It displays as a tree, one condition a line. The tree is that of the reduced
/// filter: negations stand before single conditions, what says nothing is gone,
/// and the order is that of the fields.
///
/// ```
/// use koncorde::Engine;
/// use serde_json::json;
///
/// let mut engine = Engine::new();
/// let id = engine.register(&json!({"and": [
///     {"equals": {"status": "open"}},
///     {"or": [{"range": {"priority": {"gte": 3}}}, {"exists": "tags[\"urgent\"]"}]},
///     {"not": {"equals": {"assignee": "me"}}},
/// ]}))?;
/// let document = json!({"status": "open", "priority": "high", "assignee": "me"});
/// let why = engine.explain(&id, &document).unwrap();
/// assert_eq!(
///     why.to_string(),
///     r#"✗ all of
///   ✗ not {"equals":{"assignee":"me"}}: assignee is "me"
///   ✓ {"equals":{"status":"open"}}: status is "open"
///   ✗ any of
///     ✗ {"range":{"priority":{"gte":3}}}: priority is "high", which is no number
///     ✗ {"exists":"tags[\"urgent\"]"}: there is no field tags"#
/// );
///
/// let paths: Vec<&str> = why.failed().map(|it| it.path()).collect();
/// assert_eq!(paths, ["assignee", "priority", "tags"]);
/// # Ok::<(), koncorde::FilterError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Explanation<'d> {
    root: Step<'d>,
}

/// A condition, and what it found in the document.
#[derive(Clone, Debug)]
pub struct Reason<'d> {
    condition: Filter,
    path: String,
    value: Option<&'d Value>,
    /// What is to be said beyond the value.
    remark: String,
    /// For `select`: what its query says about the element.
    inner: Option<Box<Step<'d>>>,
}

#[derive(Clone, Debug)]
struct Step<'d> {
    holds: bool,
    kind: Kind<'d>,
}

#[derive(Clone, Debug)]
enum Kind<'d> {
    Constant(&'static str),
    All(Vec<Step<'d>>),
    Any(Vec<Step<'d>>),
    Condition(Reason<'d>),
}

impl<'d> Explanation<'d> {
    /// Whether the filter matches.
    pub fn is_match(&self) -> bool {
        self.root.holds
    }

    /// The conditions that would have to change: of an `and` those that fail, of
    /// an `or` all, as none holds. Nothing if the filter matches.
    pub fn failed(&self) -> impl Iterator<Item = &Reason<'d>> {
        let mut failed = Vec::new();
        self.root.collect_failed(&mut failed);
        failed.into_iter()
    }
}

impl<'d> Reason<'d> {
    /// The condition, in the reduced form of the filter.
    pub fn condition(&self) -> &Filter {
        &self.condition
    }

    /// The field that the condition is about.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What the field holds; `None` if the document has no such field.
    pub fn value(&self) -> Option<&'d Value> {
        self.value
    }
}

pub(crate) fn explain<'d>(form: &Form, document: &'d Value) -> Explanation<'d> {
    let root = match document {
        Value::Object(object) => explain_form(form, View::Document(object)),
        _ => Step {
            holds: false,
            kind: Kind::Constant("no filter matches what is not an object"),
        },
    };
    Explanation { root }
}

fn explain_form<'d>(form: &Form, document: View<'d>) -> Step<'d> {
    let steps = |operands: &[Form]| -> Vec<Step<'d>> {
        // An index may hold them in any order.
        let mut operands: Vec<&Form> = operands.iter().collect();
        operands.sort_unstable();
        operands
            .into_iter()
            .map(|it| explain_form(it, document))
            .collect()
    };
    match form {
        Form::Everything => Step {
            holds: true,
            kind: Kind::Constant("the filter matches every document"),
        },
        Form::Nothing => Step {
            holds: false,
            kind: Kind::Constant("the filter matches no document"),
        },
        Form::And(operands) => {
            let steps = steps(operands);
            Step {
                holds: steps.iter().all(|it| it.holds),
                kind: Kind::All(steps),
            }
        }
        Form::Or(operands) => {
            let steps = steps(operands);
            Step {
                holds: steps.iter().any(|it| it.holds),
                kind: Kind::Any(steps),
            }
        }
        Form::Literal(literal) => {
            let condition = restore(form);
            Step {
                holds: matches_view(&condition, document),
                kind: Kind::Condition(reason(literal, condition, document)),
            }
        }
    }
}

fn reason<'d>(literal: &Literal, filter: Filter, document: View<'d>) -> Reason<'d> {
    let Condition { field, test } = &literal.condition;
    let value = document.get(field.as_str());
    let inner = match (test, value) {
        (Test::Select(selection), Some(Value::Array(items))) => explain_element(selection, items),
        _ => None,
    };
    Reason {
        condition: filter,
        path: field.as_str().to_owned(),
        value,
        remark: value.map(|it| remark(test, it)).unwrap_or_default(),
        inner: inner.map(Box::new),
    }
}

fn explain_element<'d>(selection: &Selection, items: &'d [Value]) -> Option<Step<'d>> {
    let element = element(items, selection.index)?;
    Some(explain_form(&selection.query.form, View::Element(element)))
}

/// What people would look for next, beyond the value itself.
fn remark(test: &Test, value: &Value) -> String {
    let unless = |is_right: bool, remark: &str| {
        if is_right {
            String::new()
        } else {
            remark.to_owned()
        }
    };
    match test {
        Test::Exists | Test::Equals(_) | Test::In(_) => String::new(),
        Test::Range(_) => unless(value.is_number(), ", which is no number"),
        Test::Regexp(_) => unless(value.is_string(), ", which is no string"),
        Test::Contains(_) => unless(value.is_array(), ", which is no array"),
        Test::Like(partial) => partial
            .lack(value)
            .map_or_else(String::new, |it| format!(", which lacks {it}")),
        Test::Select(selection) => match value.as_array() {
            None => ", which is no array".to_owned(),
            Some(items) => match element(items, selection.index) {
                None => format!(", which has no element {}", selection.index),
                Some(element) => {
                    format!("; its element {} is {}", selection.index, Short(element))
                }
            },
        },
        Test::Inside(shape) | Test::Outside(shape) => match geo::read_point(value) {
            None => ", which is no point".to_owned(),
            Some(point) => distance_to(shape, point),
        },
    }
}

fn distance_to(shape: &Shape, point: geo::GeoPoint) -> String {
    match shape.outline() {
        Outline::Ring { lat, lon, .. } => {
            let (lat, lon) = (lat.get(), lon.get());
            let metres = geo::distance(geo::GeoPoint { lat, lon }, point);
            if metres < 10_000.0 {
                format!(", {metres:.0} m from the centre")
            } else {
                format!(", {:.1} km from the centre", metres / 1000.0)
            }
        }
        Outline::Rectangle { .. } | Outline::Polygon(_) => String::new(),
    }
}

impl<'d> Step<'d> {
    fn collect_failed<'s>(&'s self, failed: &mut Vec<&'s Reason<'d>>) {
        match &self.kind {
            _ if self.holds => {}
            Kind::Constant(_) => {}
            Kind::All(steps) | Kind::Any(steps) => {
                steps.iter().for_each(|it| it.collect_failed(failed));
            }
            Kind::Condition(reason) => failed.push(reason),
        }
    }

    fn write(&self, depth: usize, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = if self.holds { '✓' } else { '✗' };
        if depth > 0 {
            writeln!(f)?;
        }
        write!(f, "{:indent$}{mark} ", "", indent = depth * 2)?;
        match &self.kind {
            Kind::Constant(text) => f.write_str(text),
            Kind::All(steps) => {
                f.write_str("all of")?;
                steps.iter().try_for_each(|it| it.write(depth + 1, f))
            }
            Kind::Any(steps) => {
                f.write_str("any of")?;
                steps.iter().try_for_each(|it| it.write(depth + 1, f))
            }
            Kind::Condition(reason) => {
                write!(f, "{reason}")?;
                match &reason.inner {
                    Some(inner) => inner.write(depth + 1, f),
                    None => Ok(()),
                }
            }
        }
    }
}

impl fmt::Display for Explanation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.root.write(0, f)
    }
}

/// The condition and what it found, in one line. Long values are cut.
impl fmt::Display for Reason<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let condition = self.condition.to_json();
        match condition.get("not") {
            Some(positive) => write!(f, "not {}: ", Short(positive))?,
            None => write!(f, "{}: ", Short(&condition))?,
        }
        let path = Path(&self.path);
        match self.value {
            None => write!(f, "there is no field {path}"),
            Some(value) => write!(f, "{path} is {}{}", Short(value), self.remark),
        }
    }
}

/// A path; the empty one and such as would be taken for a part of the sentence
/// stand in quotes.
struct Path<'p>(&'p str);

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_plain = |it: char| it.is_alphanumeric() || "._-$@/".contains(it);
        if !self.0.is_empty() && self.0.chars().all(is_plain) {
            f.write_str(self.0)
        } else {
            write!(f, "{:?}", self.0)
        }
    }
}

/// The beginning of a value's JSON.
struct Short<'v>(&'v Value);

impl fmt::Display for Short<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const BYTES: usize = 200;
        let mut text = Start {
            bytes: Vec::new(),
            room: BYTES,
        };
        // An error says that there was no more room.
        let is_whole = serde_json::to_writer(&mut text, self.0).is_ok();
        f.write_str(String::from_utf8_lossy(&text.bytes).trim_end_matches('\u{fffd}'))?;
        f.write_str(if is_whole { "" } else { "…" })
    }
}

/// Takes so many bytes and no more.
struct Start {
    bytes: Vec<u8>,
    room: usize,
}

impl std::io::Write for Start {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let taken = bytes.len().min(self.room);
        self.bytes.extend_from_slice(&bytes[..taken]);
        self.room -= taken;
        Ok(taken)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::explain;
    use crate::normal::Normal;

    fn check(filter: &str, document: Value, expected: &str) {
        let normal = Normal::new(filter.parse().expect("a filter"));
        let found = explain(&normal.form, &document).to_string();
        assert_eq!(found, expected, "{filter} on {document}");
    }

    #[test]
    fn explanations_say_what_was_found() {
        check(
            r#"{"equals":{"a":1}}"#,
            json!({"a": "1"}),
            r#"✗ {"equals":{"a":1}}: a is "1""#,
        );
        check(
            r#"{"not":{"equals":{"a b":1}}}"#,
            json!({}),
            r#"✓ not {"equals":{"a b":1}}: there is no field "a b""#,
        );
        check(
            r#"{"geoDistance":{"home":[48.85,2.35],"distance":"5 km"}}"#,
            json!({"home": [48.8, 2.48]}),
            r#"✗ {"geoDistance":{"home":{"lat":48.85,"lon":2.35},"distance":"5000m"}}: home is [48.8,2.48], 11.0 km from the centre"#,
        );
        check(
            r#"{"not":{"geoDistance":{"home":[48.85,2.35],"distance":"5 km"}}}"#,
            json!({"home": "Paris"}),
            r#"✗ not {"geoDistance":{"home":{"lat":48.85,"lon":2.35},"distance":"5000m"}}: home is "Paris", which is no point"#,
        );
        check(
            r#"{"match":{"order":{"status":"paid","items":[{"id":1},{"id":2}]}}}"#,
            json!({"order": {"status": "paid", "items": [{"id": 1}]}}),
            r#"✗ {"match":{"order":{"items":[{"id":1},{"id":2}],"status":"paid"}}}: order is {"status":"paid","items":[{"id":1}]}, which lacks {"id":2} in items"#,
        );
        check(
            r#"{"select":{"field":"readings","index":-1,"query":{"range":{"value.t":{"gt":100}}}}}"#,
            json!({"readings": [{"t": 120}, {"t": 20}]}),
            r#"✗ {"select":{"field":"readings","index":-1,"query":{"range":{"value.t":{"gt":100}}}}}: readings is [{"t":120},{"t":20}]; its element -1 is {"t":20}
  ✗ {"range":{"value.t":{"gt":100}}}: value.t is 20"#,
        );
        check(
            r#"{"select":{"field":"readings","index":2,"query":{"exists":"value"}}}"#,
            json!({"readings": [1]}),
            r#"✗ {"select":{"field":"readings","index":2,"query":{"exists":"value"}}}: readings is [1], which has no element 2"#,
        );
        check("{}", json!({}), "✓ the filter matches every document");
        check(
            r#"{"and":[{"equals":{"a":1}},{"equals":{"a":2}}]}"#,
            json!({"a": 1}),
            "✗ the filter matches no document",
        );
        check(
            "{}",
            json!([1]),
            "✗ no filter matches what is not an object",
        );
        let long = "é".repeat(1000);
        let found = format!(r#"✗ {{"equals":{{"a":1}}}}: a is "{}…"#, "é".repeat(99));
        check(r#"{"equals":{"a":1}}"#, json!({ "a": long }), &found);
    }
}
