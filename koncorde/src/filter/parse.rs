//! JSON → Filter: the operands.

use std::str::FromStr;

use serde_json::{Map, Value};

use super::place::{Place, describe, excerpt};
use super::{Filter, Node, area, term};
use crate::error::FilterError;
use crate::limits;

impl Filter {
    /// Reads a filter from JSON.
    ///
    /// # Errors
    ///
    /// The error says what was expected, what was found, and where: see
    /// [`FilterError`].
    ///
    /// ```
    /// use koncorde::Filter;
    /// use serde_json::json;
    ///
    /// let filter = Filter::parse(&json!({"equals": {"city": "Montpellier"}}))?;
    /// assert_eq!(filter, Filter::equals("city", "Montpellier"));
    ///
    /// let error = Filter::parse(&json!({"equal": {"city": "Montpellier"}})).unwrap_err();
    /// assert_eq!(error.keyword(), Some("equal"));
    /// # Ok::<(), koncorde::FilterError>(())
    /// ```
    ///
    /// Cost: linear in the size of the JSON, and the compilation of its regular
    /// expressions.
    pub fn parse(filter: &Value) -> Result<Self, FilterError> {
        match filter {
            Value::Object(object) if object.is_empty() => Ok(Self(Node::Everything)),
            filter => parse_node(filter, &Place::ROOT, 0).map(Self),
        }
    }
}

impl TryFrom<&Value> for Filter {
    type Error = FilterError;

    fn try_from(filter: &Value) -> Result<Self, FilterError> {
        Self::parse(filter)
    }
}

/// Reads a filter from the text of its JSON.
impl FromStr for Filter {
    type Err = FilterError;

    fn from_str(text: &str) -> Result<Self, FilterError> {
        let value: Value = serde_json::from_str(text)
            .map_err(|it| FilterError::new(format!("a filter is JSON text: {it}")))?;
        Self::parse(&value)
    }
}

/// Reads a filter anywhere in a filter. `level` is the depth that it will have in
/// its shortest JSON form, of which operands with one operand are no part.
pub(super) fn parse_node(
    filter: &Value,
    place: &Place<'_>,
    level: usize,
) -> Result<Node, FilterError> {
    let object = place.object(filter)?;
    let mut entries = object.iter();
    let (Some((keyword, value)), None) = (entries.next(), entries.next()) else {
        let keywords: Vec<_> = object.keys().map(String::as_str).collect();
        let message = "Invalid filter syntax. Filters must have one keyword only";
        return Err(place.about(&keywords.join(",")).error(message));
    };
    let place = place.keyword(keyword);
    check_depth(level.max(place.depth - 1), &place)?;
    let value_of = |node: Result<_, _>| node.map(Node::Term);
    match keyword.as_str() {
        "and" => parse_all(value, &place, level).map(|it| join(it, Node::And)),
        "or" => parse_all(value, &place, level).map(|it| join(it, Node::Or)),
        "not" => {
            place.only_entry(value)?;
            parse_node(value, &place, level + 1).map(|it| Node::Not(Box::new(it)))
        }
        "bool" => parse_bool(value, &place, level),
        "nothing" => Ok(Node::Nothing),
        "equals" => value_of(term::parse_equals(value, &place)),
        "in" => value_of(term::parse_in(value, &place)),
        "ids" => value_of(term::parse_ids(value, &place)),
        "exists" => value_of(term::parse_exists(value, &place)),
        "missing" => {
            let exists = value_of(term::parse_exists(value, &place))?;
            Ok(Node::Not(Box::new(exists)))
        }
        "range" => value_of(term::parse_range(value, &place)),
        "regexp" => value_of(term::parse_regexp(value, &place)),
        "match" => value_of(term::parse_match(value, &place, level)),
        "select" => value_of(term::parse_select(value, &place, level)),
        "geoBoundingBox" => value_of(area::parse_bounding_box(value, &place)),
        "geoDistance" => value_of(area::parse_distance(value, &place)),
        "geoDistanceRange" => value_of(area::parse_distance_range(value, &place)),
        "geoPolygon" => value_of(area::parse_polygon(value, &place)),
        keyword => Err(place.error(format!("unknown keyword{}", suggestion(keyword)))),
    }
}

pub(super) fn check_depth(depth: usize, place: &Place<'_>) -> Result<(), FilterError> {
    let most = limits::FILTER_DEPTH;
    if depth > most {
        return Err(place.error(format!("filters may nest {most} levels of JSON at most")));
    }
    Ok(())
}

/// Reads the operands of `and` or `or`.
fn parse_all(value: &Value, place: &Place<'_>, level: usize) -> Result<Vec<Node>, FilterError> {
    let items = place.non_empty_array(value)?;
    check_operands(items, place)?;
    let level = level + if items.len() > 1 { 2 } else { 0 };
    let mut nodes = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        nodes.push(parse_node(item, &place.index(index), level)?);
    }
    Ok(nodes)
}

fn check_operands(items: &[Value], place: &Place<'_>) -> Result<(), FilterError> {
    let is_operand = |it: &Value| it.as_object().is_some_and(|it| !it.is_empty());
    match items.iter().position(|it| !is_operand(it)) {
        None => Ok(()),
        Some(index) => {
            let found = describe(&items[index]);
            // The path stays that of the array, the pointer goes to the element.
            let message = format!("can only contain non-empty objects, found {found}");
            Err(place.index(index).error(message))
        }
    }
}

/// One operand stands for itself.
fn join(mut nodes: Vec<Node>, operand: fn(Vec<Node>) -> Node) -> Node {
    match nodes.pop() {
        Some(only) if nodes.is_empty() => only,
        last => {
            nodes.extend(last);
            operand(nodes)
        }
    }
}

/// `bool` is an `and` of its attributes: all of `must`, not any of `must_not`,
/// any of `should`, not all of `should_not`.
fn parse_bool(value: &Value, place: &Place<'_>, level: usize) -> Result<Node, FilterError> {
    const ATTRIBUTES: [&str; 4] = ["must", "must_not", "should", "should_not"];
    let object = place.non_empty_object(value)?;
    place.allow(object, &ATTRIBUTES)?;
    let must = must_operands(object, place)?;
    let others: Vec<_> = ATTRIBUTES[1..]
        .iter()
        .filter(|it| is_given(object, it))
        .collect();
    if must.len() + others.len() == 0 {
        return Err(place
            .key_shown_as("must", "and")
            .about("and")
            .error("cannot be empty"));
    }
    let level = level + if must.len() + others.len() > 1 { 2 } else { 0 };
    let mut nodes = Vec::new();
    let must_place = place.key_shown_as("must", "and").about("and");
    let is_array = object.get("must").is_some_and(Value::is_array);
    for (index, item) in must.iter().enumerate() {
        let place = if is_array {
            must_place.index(index)
        } else {
            must_place
        };
        nodes.push(parse_node(item, &place, level)?);
    }
    for attribute in others {
        let (label, keyword, negated) = match *attribute {
            "must_not" => ("and.not.or", "or", true),
            "should" => ("and.or", "or", false),
            _ => ("and.not.and", "and", true),
        };
        let place = place.key_shown_as(attribute, label).about(keyword);
        let items = parse_all(&object[*attribute], &place, level + usize::from(negated))?;
        let any_or_all = if keyword == "or" { Node::Or } else { Node::And };
        let node = join(items, any_or_all);
        nodes.push(if negated {
            Node::Not(Box::new(node))
        } else {
            node
        });
    }
    Ok(join(nodes, Node::And))
}

/// The operands of `must`, which may also be a single object.
fn must_operands<'v>(
    object: &'v Map<String, Value>,
    place: &Place<'_>,
) -> Result<&'v [Value], FilterError> {
    if !is_given(object, "must") {
        return Ok(&[]);
    }
    let place = place.key_shown_as("must", "and").about("and");
    let items = match &object["must"] {
        Value::Array(items) => items.as_slice(),
        only @ Value::Object(_) => std::slice::from_ref(only),
        other => return Err(place.mismatch("must be an array", other)),
    };
    check_operands(items, &place)?;
    Ok(items)
}

/// Whether an attribute is there and not one of the values that mean nothing.
fn is_given(object: &Map<String, Value>, attribute: &str) -> bool {
    object.get(attribute).is_some_and(is_truthy)
}

pub(super) fn is_truthy(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        _ => true,
    }
}

/// What a wrong keyword may have been meant to be.
fn suggestion(keyword: &str) -> String {
    const KEYWORDS: [&str; 17] = [
        "and",
        "or",
        "not",
        "bool",
        "nothing",
        "equals",
        "in",
        "ids",
        "exists",
        "missing",
        "range",
        "regexp",
        "match",
        "select",
        "geoBoundingBox",
        "geoDistance",
        "geoDistanceRange",
    ];
    let plain = |it: &str| it.to_lowercase().replace(['_', '-'], "");
    let wanted = plain(keyword);
    let near = KEYWORDS.iter().chain(&["geoPolygon"]).find(|it| {
        let known = plain(it);
        known == wanted
            || known.strip_suffix('s') == Some(&wanted)
            || known == format!("{wanted}ex")
    });
    match near {
        Some(near) => format!(", did you mean \"{near}\"?"),
        None => format!(
            " \"{}\", expected one of {}, geoPolygon",
            excerpt(keyword),
            KEYWORDS.join(", ")
        ),
    }
}
