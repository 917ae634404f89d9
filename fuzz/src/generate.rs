//! Filters and documents from bytes: all keywords, few fields and few values, so
//! that they meet each other often, and the values at which things go wrong.

use serde_json::{Map, Value, json};

use crate::Source;

const FIELDS: &[&str] = &[
    "a",
    "b",
    "a.b",
    "a.c",
    "a.b.c",
    "b.c.d",
    "_id",
    "",
    "a.",
    ".b",
    "constructor",
    "é",
];
const KEYS: &[&str] = &[
    "a",
    "b",
    "c",
    "d",
    "",
    "a.b",
    "b.c",
    "_id",
    "constructor",
    "é",
    "value",
    "lat",
    "lon",
];
const TEXTS: &[&str] = &[
    "x",
    "",
    "foo",
    "foobar",
    "xfoobar",
    "FOO",
    "1",
    "null",
    "true",
    "é",
    "line\nbreak",
    "K",
    "10,10",
    "10.001, 10",
    "-89.5,170",
    "s000000",
    "foo/12/bar",
    "a\"b\\c\u{1}",
];
const PATTERNS: &[&str] = &[
    "foo",
    "^foo",
    "bar$",
    "^foobar$",
    "^(foo|FOO)",
    "o+b",
    "",
    "^$",
    ".",
    "[a-z]+",
    "\\d",
    "^x?foo",
    "foo.*bar",
    "^foo/[0-9]+/bar$",
    "(?i)foo",
    "k",
    "\\bbreak",
    "^line$",
    "a{2,3}",
    "foo|bar|x",
];

/// A regular expression, mostly a valid one.
pub(crate) fn pattern(source: &mut Source<'_>) -> String {
    const PIECES: &[&str] = &[
        "a",
        "b",
        "ab",
        "foo",
        "x",
        "é",
        "K",
        "1",
        " ",
        "-",
        "/",
        "\n",
        ".",
        ".*",
        "^",
        "$",
        "|",
        "(",
        ")",
        "(?:",
        "*",
        "+",
        "?",
        "{2}",
        "{0,2}",
        "{1,}",
        "*?",
        "[ab]",
        "[^a]",
        "[a-z]",
        "[[:digit:]]",
        "\\d",
        "\\w",
        "\\W",
        "\\s",
        "\\b",
        "\\B",
        "\\A",
        "\\z",
        "\\pL",
        "\\C",
        "(?i)",
        "(?s)",
        "(?m)",
        "(?i:",
        "(?-i)",
        "\\x41",
        "\\Qa.b\\E",
        "\\.",
    ];
    let mut text = String::new();
    let mut open = 0_usize;
    for _ in 0..1 + source.below(12) {
        let piece = PIECES[source.below(PIECES.len())];
        match piece {
            ")" if open == 0 => continue,
            ")" => open -= 1,
            _ if piece.starts_with('(') && !piece.ends_with(')') => open += 1,
            _ => {}
        }
        text.push_str(piece);
    }
    text + &")".repeat(open)
}

/// A text of what patterns ask for.
pub(crate) fn text(source: &mut Source<'_>) -> String {
    const PIECES: &[&str] = &[
        "a", "b", "ab", "foo", "x", "é", "K", "k", "\u{212a}", "1", " ", "-", "/", "\n", "A", "B",
        "FOO", "É", "_", "😀", "a.b", "\t", "z", "aa",
    ];
    let pieces = (0..source.below(10)).map(|_| PIECES[source.below(PIECES.len())]);
    pieces.collect()
}

fn number(source: &mut Source<'_>) -> Value {
    const NUMBERS: &[f64] = &[
        0.0,
        1.0,
        -0.0,
        2.0,
        1.5,
        -1.0,
        5.0,
        10.0,
        1e-10,
        5e-324,
        -5e-324,
        9007199254740992.0,
        9007199254740994.0,
        1e300,
        f64::MAX,
        f64::MIN,
        1.0000000000000002,
        0.1,
        42.0,
        1048576.0,
    ];
    match source.below(NUMBERS.len() + 2) {
        0 => json!(source.below(12)),
        1 => json!(9007199254740993u64),
        at => json!(NUMBERS[at - 2]),
    }
}

fn scalar(source: &mut Source<'_>) -> Value {
    match source.below(8) {
        0..3 => json!(source.pick(TEXTS)),
        3..6 => number(source),
        6 => json!(source.below(2) == 0),
        _ => Value::Null,
    }
}

fn point(source: &mut Source<'_>) -> Value {
    const LATS: &[f64] = &[10.0, 10.001, 9.9, 0.0, 89.9, -89.5, 45.5];
    const LONS: &[f64] = &[10.0, 10.001, 9.9, 0.0, 179.9, -179.9, 190.0];
    let (lat, lon) = (
        LATS[source.below(LATS.len())],
        LONS[source.below(LONS.len())],
    );
    match source.below(5) {
        0 => json!({"lat": lat, "lon": lon}),
        1 => json!([lat, lon]),
        2 => json!(format!("{lat},{lon}")),
        3 => json!({"latLon": [lat, lon]}),
        _ => json!({"lat_lon": {"lat": lat, "lon": lon}}),
    }
}

fn value(source: &mut Source<'_>, depth: usize) -> Value {
    match source.below(if depth == 0 { 8 } else { 12 }) {
        0..7 => scalar(source),
        7 => point(source),
        8 | 9 => Value::Array(
            (0..source.below(4))
                .map(|_| value(source, depth - 1))
                .collect(),
        ),
        _ => Value::Object(object(source, depth - 1)),
    }
}

fn object(source: &mut Source<'_>, depth: usize) -> Map<String, Value> {
    let members = (0..source.below(7)).map(|_| {
        let key = source.pick(KEYS).to_owned();
        (key, value(source, depth))
    });
    members.collect()
}

pub(crate) fn document(source: &mut Source<'_>) -> Value {
    Value::Object(object(source, 3))
}

/// Any filter.
pub(crate) fn filter(source: &mut Source<'_>) -> Value {
    match source.below(30) {
        29 => json!({}),
        _ => node(source, 3, &mut |source| term(source, 2)),
    }
}

/// A filter of few conditions on few fields, so that different ones are often
/// equivalent.
pub(crate) fn small_filter(source: &mut Source<'_>) -> Value {
    node(source, 2, &mut small_term)
}

fn node(
    source: &mut Source<'_>,
    depth: usize,
    term: &mut dyn FnMut(&mut Source<'_>) -> Value,
) -> Value {
    if depth == 0 {
        return term(source);
    }
    let mut list = |source: &mut Source<'_>| {
        let count = 1 + source.below(3);
        let nodes = (0..count).map(|_| node(source, depth - 1, term));
        nodes.collect::<Vec<Value>>()
    };
    match source.below(10) {
        0..4 => term(source),
        4 | 5 => json!({"and": list(source)}),
        6 | 7 => json!({"or": list(source)}),
        8 => json!({"not": node(source, depth - 1, term)}),
        _ => {
            let mut parts = Map::new();
            for part in ["must", "must_not", "should", "should_not"] {
                if source.below(3) == 0 {
                    parts.insert(part.to_owned(), json!(list(source)));
                }
            }
            if parts.is_empty() {
                parts.insert("must".to_owned(), json!(list(source)));
            }
            json!({"bool": parts})
        }
    }
}

fn small_term(source: &mut Source<'_>) -> Value {
    let field = source.pick(&["a", "b"]);
    match source.below(11) {
        0 | 1 => json!({"equals": {field: source.pick(&["foo", "x", "foobar"])}}),
        2 => json!({"equals": {field: source.below(3)}}),
        3 => json!({"in": {field: ["foo", "x", source.below(3)]}}),
        4 => json!({"exists": field}),
        5 => json!({"missing": field}),
        6 => json!({"range": {field: {"gte": source.below(3)}}}),
        7 => json!({"range": {field: {"gt": 0, "lt": 2}}}),
        8 => json!({"regexp": {field: source.pick(&["foo", "^x"])}}),
        9 => json!({"geoDistance": {field: [10, 10], "distance": "1km"}}),
        _ => json!({"exists": format!("{field}[1]")}),
    }
}

fn term(source: &mut Source<'_>, depth: usize) -> Value {
    let field = source.pick(FIELDS);
    match source.below(if depth == 0 { 13 } else { 14 }) {
        0 | 1 => json!({"equals": {field: scalar(source)}}),
        2 => {
            let values = (0..=source.below(4)).map(|_| scalar(source));
            json!({"in": {field: values.collect::<Vec<_>>()}})
        }
        3 => json!({"ids": {"values": [source.pick(TEXTS), source.pick(TEXTS)]}}),
        4 => exists(source, field),
        5 | 6 => range(source, field),
        7 => {
            let flags = source.pick(&["", "i", "m", "s", "im", "ims", "g"]);
            json!({"regexp": {field: {"value": source.pick(PATTERNS), "flags": flags}}})
        }
        8 => {
            let mut partial = object(source, 2);
            partial.entry("a").or_insert(json!([1]));
            json!({"match": partial})
        }
        9 => json!({"nothing": true}),
        10 => json!({"geoDistance": {field: point(source), "distance": "200m"}}),
        11 => json!({"geoDistanceRange": {field: point(source), "from": "100m", "to": "30km"}}),
        12 => area(source, field),
        _ => {
            let index = source.below(5) as i64 - 2;
            let field = if field.is_empty() { "a" } else { field };
            let query = node(source, 1, &mut |source| inner(source, depth));
            json!({"select": {"field": field, "index": index, "query": query}})
        }
    }
}

/// A term on the element of an array.
fn inner(source: &mut Source<'_>, depth: usize) -> Value {
    let field = source.pick(&["value", "value.a", "value.a.b", "a"]);
    match source.below(5) {
        0 => json!({"equals": {field: scalar(source)}}),
        1 => json!({"missing": field}),
        2 => range(source, field),
        3 => json!({"regexp": {field: source.pick(PATTERNS)}}),
        _ => term(source, depth - 1),
    }
}

fn exists(source: &mut Source<'_>, field: &str) -> Value {
    let keyword = source.pick(&["exists", "missing"]);
    let escaped = field.replace('[', "\\[");
    match source.below(3) {
        _ if field.is_empty() => json!({keyword: "a"}),
        0 => json!({keyword: escaped}),
        1 => json!({keyword: {"field": escaped}}),
        _ => json!({keyword: format!("{escaped}[{}]", scalar(source))}),
    }
}

fn range(source: &mut Source<'_>, field: &str) -> Value {
    let (low, high) = (number(source), number(source));
    let lower = source.pick(&["gt", "gte"]);
    let upper = source.pick(&["lt", "lte"]);
    let is_order = low.as_f64() < high.as_f64();
    match source.below(4) {
        0 => json!({"range": {field: {lower: low}}}),
        1 => json!({"range": {field: {upper: high}}}),
        _ if is_order => json!({"range": {field: {lower: low, upper: high}}}),
        _ => json!({"range": {field: {lower: low}}}),
    }
}

fn area(source: &mut Source<'_>, field: &str) -> Value {
    match source.below(3) {
        0 => {
            json!({"geoBoundingBox": {field: {"top": 11, "left": 9, "bottom": 9.95, "right": 10.5}}})
        }
        1 => {
            json!({"geoBoundingBox": {field: {"top": 90, "left": 170, "bottom": -90, "right": 200}}})
        }
        _ => json!({"geoPolygon": {field: {"points": [[9, 9], [9, 11], [11, 10]]}}}),
    }
}

/// Filters that look at every kind of value, for documents that are any bytes.
pub(crate) fn probes() -> Vec<Value> {
    let mut probes = vec![json!({})];
    for field in FIELDS.iter().chain(KEYS).copied() {
        if field.is_empty() {
            continue;
        }
        probes.extend([
            json!({"exists": field}),
            json!({"not": {"equals": {field: 1}}}),
            json!({"in": {field: ["x", 1, null, true, "é"]}}),
            json!({"range": {field: {"gte": 0.1, "lt": 1e20}}}),
            json!({"regexp": {field: "o|\n|é"}}),
            json!({"exists": format!("{field}[1]")}),
            json!({"match": {field: {"a": 1}}}),
            json!({"not": {"geoDistance": {field: [10, 10], "distance": "100km"}}}),
            json!({"select": {"field": field, "index": -1, "query": {"exists": "value.a"}}}),
        ]);
    }
    probes
}
