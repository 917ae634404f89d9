//! What an answer must look like, as data: exact JSON in which some strings stand
//! for values that nobody can foretell.
//!
//! A string in angle brackets matches a kind of value: `<any>`, `<string>`, `<text>`
//! (a string that is not empty), `<integer>`, `<number>`, `<boolean>`, `<object>`,
//! `<array>`, `<now>` (milliseconds, close to the present), `<uuid>`, `<hex64>`,
//! `<id>` (20 characters that are safe in a URL), `<node>`, `<contains …>`,
//! `<starts …>`; `<absent>` and `<optional>` speak of a key. `<uuid = name>` also keeps
//! the value, for `$name` or `${name}` later on.
//!
//! An object must have exactly the keys of its pattern, unless that has the key
//! `"..."`. In an array, the element `"..."` stands for any elements. One-key objects:
//! `{"<either>": […]}`, `{"<unordered>": […]}`, `{"<keys>": […]}` for the keys of an
//! object as they follow each other, `{"<in order>": […]}` for some of them.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value, json};

/// The values that scenarios call by name.
pub type Bindings = Map<String, Value>;

/// Where an answer first differs from its pattern.
#[derive(Debug)]
pub struct Mismatch {
    pub path: String,
    pub expected: Value,
    /// `None`: the key is absent.
    pub got: Option<Value>,
}

/// A clock may differ by this from the one of the server, and a busy machine be slow.
const NOW_TOLERANCE_MS: u64 = 120_000;

/// Compares, and keeps what the pattern captures.
pub fn check(pattern: &Value, got: &Value, bindings: &mut Bindings) -> Result<(), Box<Mismatch>> {
    compare(pattern, Some(got), "", bindings)
}

fn compare(
    pattern: &Value,
    got: Option<&Value>,
    path: &str,
    bindings: &mut Bindings,
) -> Result<(), Box<Mismatch>> {
    let differs = || {
        Box::new(Mismatch {
            path: path.to_owned(),
            expected: pattern.clone(),
            got: got.cloned(),
        })
    };
    if let Some(kind) = pattern.as_str().and_then(kind_of) {
        let (kind, name) = match kind.split_once(" = ") {
            Some((kind, name)) => (kind, Some(name)),
            None => (kind, None),
        };
        if !is_of_kind(kind, got) {
            return Err(differs());
        }
        if let Some(name) = name {
            bindings.insert(name.to_owned(), got.cloned().unwrap_or_default());
        }
        return Ok(());
    }
    let got = got.ok_or_else(differs)?;
    match (pattern, got) {
        (Value::Object(pattern), _) if directive(pattern).is_some() => {
            let (name, operand) = directive(pattern).unwrap();
            if !obeys(name, operand, got, path, bindings)? {
                return Err(differs());
            }
            Ok(())
        }
        (Value::Object(pattern), Value::Object(got)) => {
            compare_objects(pattern, got, path, bindings)
        }
        (Value::Array(pattern), Value::Array(got)) => compare_arrays(pattern, got, path, bindings),
        (Value::Number(left), Value::Number(right)) if left.as_f64() == right.as_f64() => Ok(()),
        _ if pattern == got => Ok(()),
        _ => Err(differs()),
    }
}

fn kind_of(text: &str) -> Option<&str> {
    text.strip_prefix('<')?.strip_suffix('>')
}

fn is_of_kind(kind: &str, got: Option<&Value>) -> bool {
    let Some(got) = got else {
        return matches!(kind, "absent" | "optional");
    };
    let text = got.as_str();
    match kind {
        "absent" => false,
        "any" | "optional" => true,
        "string" => text.is_some(),
        "text" => text.is_some_and(|it| !it.is_empty()),
        "integer" => got.is_i64() || got.is_u64(),
        "number" => got.is_number(),
        "boolean" => got.is_boolean(),
        "object" => got.is_object(),
        "array" => got.is_array(),
        "now" => got
            .as_u64()
            .is_some_and(|it| it.abs_diff(now()) < NOW_TOLERANCE_MS),
        "uuid" => text.is_some_and(is_uuid),
        "hex64" => {
            text.is_some_and(|it| it.len() == 64 && it.bytes().all(|b| is_hex(char::from(b))))
        }
        "id" => text.is_some_and(|it| it.len() == 20 && it.chars().all(is_url_safe)),
        "node" => text.is_some_and(is_node),
        _ => {
            let text = text.unwrap_or_default();
            match kind.split_once(' ') {
                Some(("contains", part)) => text.contains(part),
                Some(("starts", part)) => text.starts_with(part),
                _ => panic!("no kind of value is called <{kind}>"),
            }
        }
    }
}

fn now() -> u64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    u64::try_from(elapsed.as_millis()).unwrap()
}

fn is_hex(c: char) -> bool {
    matches!(c, '0'..='9' | 'a'..='f')
}

fn is_url_safe(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '-' || c == '_'
}

/// Version 4, in lower case.
fn is_uuid(text: &str) -> bool {
    let groups: Vec<_> = text.split('-').collect();
    groups.iter().map(|it| it.len()).eq([8, 4, 4, 4, 12])
        && groups.iter().all(|it| it.chars().all(is_hex))
        && groups[2].starts_with('4')
}

/// `knode-<adjective>-<name>-<number>`.
fn is_node(text: &str) -> bool {
    let parts: Vec<_> = text.split('-').collect();
    let is_word = |it: &&str| !it.is_empty() && it.chars().all(|c| c.is_ascii_lowercase());
    parts.len() >= 4
        && parts[0] == "knode"
        && parts[1..parts.len() - 1].iter().all(is_word)
        && parts[parts.len() - 1].parse::<u32>().is_ok()
}

/// The name and the operand of `{"<name>": operand}`.
fn directive(pattern: &Map<String, Value>) -> Option<(&str, &Value)> {
    let (key, operand) = pattern.iter().next().filter(|_| pattern.len() == 1)?;
    Some((kind_of(key)?, operand))
}

fn obeys(
    name: &str,
    operand: &Value,
    got: &Value,
    path: &str,
    bindings: &mut Bindings,
) -> Result<bool, Box<Mismatch>> {
    let operands = operand
        .as_array()
        .unwrap_or_else(|| panic!("<{name}> takes an array"));
    match name {
        "either" => Ok(operands.iter().any(|it| {
            let mut trial = bindings.clone();
            let fits = compare(it, Some(got), path, &mut trial).is_ok();
            if fits {
                *bindings = trial;
            }
            fits
        })),
        "unordered" => {
            let Some(got) = got.as_array() else {
                return Ok(false);
            };
            let candidates: Vec<_> = got.iter().collect();
            Ok(pair_off(operands, &candidates, bindings))
        }
        "keys" => {
            let Some(got) = got.as_object() else {
                return Ok(false);
            };
            let keys: Vec<_> = got.keys().map(|it| json!(it)).collect();
            compare_arrays(operands, &keys, path, bindings).map(|()| true)
        }
        "in order" => {
            let Some(got) = got.as_object() else {
                return Ok(false);
            };
            let mut keys = got.keys();
            let mut in_order = operands.iter().map(|it| it.as_str().unwrap());
            Ok(in_order.all(|it| keys.any(|key| key == it)))
        }
        _ => panic!("no directive is called <{name}>"),
    }
}

/// Whether each pattern finds a value of its own; values may be left over only when
/// one of the patterns is `"..."`.
fn pair_off(patterns: &[Value], values: &[&Value], bindings: &mut Bindings) -> bool {
    let Some((first, rest)) = patterns.split_first() else {
        return values.is_empty();
    };
    if first == "..." {
        let mut others = values.to_vec();
        return loop {
            let mut trial = bindings.clone();
            if pair_off_some(rest, &others, &mut trial) {
                *bindings = trial;
                break true;
            }
            if others.pop().is_none() {
                break false;
            }
        };
    }
    for index in 0..values.len() {
        let mut trial = bindings.clone();
        if compare(first, Some(values[index]), "", &mut trial).is_ok() {
            let mut others = values.to_vec();
            others.remove(index);
            if pair_off(rest, &others, &mut trial) {
                *bindings = trial;
                return true;
            }
        }
    }
    false
}

/// As [`pair_off`], with values left over.
fn pair_off_some(patterns: &[Value], values: &[&Value], bindings: &mut Bindings) -> bool {
    let Some((first, rest)) = patterns.split_first() else {
        return true;
    };
    (0..values.len()).any(|index| {
        let mut trial = bindings.clone();
        let mut others = values.to_vec();
        let value = others.remove(index);
        let fits = compare(first, Some(value), "", &mut trial).is_ok()
            && pair_off_some(rest, &others, &mut trial);
        if fits {
            *bindings = trial;
        }
        fits
    })
}

fn compare_objects(
    pattern: &Map<String, Value>,
    got: &Map<String, Value>,
    path: &str,
    bindings: &mut Bindings,
) -> Result<(), Box<Mismatch>> {
    let is_open = pattern.contains_key("...");
    for (key, expected) in pattern.iter().filter(|(key, _)| *key != "...") {
        compare(expected, got.get(key), &join(path, key), bindings)?;
    }
    match got.iter().find(|(key, _)| !pattern.contains_key(*key)) {
        Some((key, value)) if !is_open => Err(Box::new(Mismatch {
            path: join(path, key),
            expected: json!("<absent>"),
            got: Some(value.clone()),
        })),
        _ => Ok(()),
    }
}

fn compare_arrays(
    pattern: &[Value],
    got: &[Value],
    path: &str,
    bindings: &mut Bindings,
) -> Result<(), Box<Mismatch>> {
    if let Some(gap) = pattern.iter().position(|it| it == "...") {
        return compare_around_gap(pattern, gap, got, path, bindings);
    }
    for index in 0..pattern.len().max(got.len()) {
        let path = format!("{path}[{index}]");
        match (pattern.get(index), got.get(index)) {
            (Some(pattern), got) => compare(pattern, got, &path, bindings)?,
            (None, got) => {
                return Err(Box::new(Mismatch {
                    path,
                    expected: json!("<absent>"),
                    got: got.cloned(),
                }));
            }
        }
    }
    Ok(())
}

fn compare_around_gap(
    pattern: &[Value],
    gap: usize,
    got: &[Value],
    path: &str,
    bindings: &mut Bindings,
) -> Result<(), Box<Mismatch>> {
    let (head, tail) = (&pattern[..gap], &pattern[gap + 1..]);
    let length = head.len().min(got.len());
    compare_arrays(head, &got[..length], path, bindings)?;
    for start in length..=got.len() {
        let mut trial = bindings.clone();
        if compare_arrays(tail, &got[start..], path, &mut trial).is_ok() {
            *bindings = trial;
            return Ok(());
        }
    }
    Err(Box::new(Mismatch {
        path: path.to_owned(),
        expected: json!(pattern),
        got: Some(json!(got)),
    }))
}

fn join(path: &str, key: &str) -> String {
    match path {
        "" => key.to_owned(),
        _ => format!("{path}.{key}"),
    }
}

/// Puts values in the place of names: `"$name"` becomes the value itself, `${name}`
/// a part of the text. `{"$repeat": 3, of: …}` becomes an array in which `$n` counts
/// from 1, `{"$repeat": 3, text: "ab"}` a long text.
pub fn fill(template: &Value, bindings: &Bindings) -> Value {
    match template {
        Value::String(text) => fill_text(text, bindings),
        Value::Array(items) => items.iter().map(|it| fill(it, bindings)).collect(),
        Value::Object(object) => match object.get("$repeat") {
            Some(times) => repeat(times.as_u64().unwrap(), object, bindings),
            None => Value::Object(
                object
                    .iter()
                    .map(|(key, value)| (fill_key(key, bindings), fill(value, bindings)))
                    .collect(),
            ),
        },
        scalar => scalar.clone(),
    }
}

fn repeat(times: u64, object: &Map<String, Value>, bindings: &Bindings) -> Value {
    if let Some(text) = object.get("text").and_then(Value::as_str) {
        return json!(text.repeat(usize::try_from(times).unwrap()));
    }
    let item = |n: u64| {
        let mut bindings = bindings.clone();
        bindings.insert("n".to_owned(), json!(n));
        fill(&object["of"], &bindings)
    };
    (1..=times).map(item).collect()
}

fn fill_key(key: &str, bindings: &Bindings) -> String {
    match fill_text(key, bindings) {
        Value::String(text) => text,
        other => panic!("the key {key} is {other}, not a text"),
    }
}

fn fill_text(text: &str, bindings: &Bindings) -> Value {
    if let Some(name) = text.strip_prefix('$').filter(|it| is_name(it)) {
        return lookup(name, bindings).clone();
    }
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let (name, after) = after.split_once('}').expect("`${` without `}`");
        filled.push_str(before);
        match lookup(name, bindings) {
            Value::String(value) => filled.push_str(value),
            other => filled.push_str(&other.to_string()),
        }
        rest = after;
    }
    Value::String(filled + rest)
}

/// `$repeat`, `$schema`… as keys of documents are none of our business.
fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text != "repeat"
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.')
}

fn lookup<'a>(name: &str, bindings: &'a Bindings) -> &'a Value {
    bindings
        .get(name)
        .unwrap_or_else(|| panic!("nothing is called ${name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(pattern: Value, got: Value) -> bool {
        check(&pattern, &got, &mut Bindings::new()).is_ok()
    }

    /// Where the comparison stops.
    fn path(pattern: Value, got: Value) -> String {
        check(&pattern, &got, &mut Bindings::new())
            .unwrap_err()
            .path
    }

    #[test]
    fn keys_are_exact_unless_the_pattern_is_open() {
        assert!(fits(json!({ "a": 1 }), json!({ "a": 1.0 })));
        assert_eq!(path(json!({ "a": 1 }), json!({ "a": 1, "b": 2 })), "b");
        assert_eq!(
            path(
                json!({ "a": { "b": null } }),
                json!({ "a": {}, "...": true })
            ),
            "a.b"
        );
        assert!(fits(
            json!({ "a": 1, "...": true }),
            json!({ "a": 1, "b": 2 })
        ));
        assert!(fits(
            json!({ "a": "<absent>", "b": "<optional>" }),
            json!({})
        ));
        assert!(!fits(json!({ "a": "<absent>" }), json!({ "a": null })));
        assert!(!fits(json!({ "a": null }), json!({})));
    }

    #[test]
    fn arrays_are_exact_unless_the_pattern_has_a_gap() {
        assert_eq!(path(json!([1, 2]), json!([1])), "[1]");
        assert_eq!(path(json!([1]), json!([1, 2])), "[1]");
        assert!(fits(json!(["...", 2, "..."]), json!([1, 2, 3])));
        assert!(!fits(json!(["...", 2]), json!([1, 2, 3])));
        assert!(fits(json!({ "<unordered>": [1, 2] }), json!([2, 1])));
        assert!(!fits(json!({ "<unordered>": [1, 1] }), json!([2, 1])));
        assert!(fits(
            json!({ "<unordered>": ["...", 3, 1] }),
            json!([1, 2, 3])
        ));
        assert!(!fits(json!({ "<unordered>": ["...", 4] }), json!([1, 2])));
    }

    #[test]
    fn kinds_are_told_apart() {
        assert!(fits(json!("<now>"), json!(now())));
        assert!(!fits(json!("<now>"), json!(now() - 1_000_000)));
        assert!(!fits(json!("<now>"), json!("now")));
        assert!(!fits(json!("<integer>"), json!(1.5)));
        assert!(fits(
            json!("<uuid>"),
            json!("0b8a3b6e-3c3e-4c5e-9a43-2f1c2a7b9d10")
        ));
        assert!(!fits(
            json!("<uuid>"),
            json!("0b8a3b6e-3c3e-1c5e-9a43-2f1c2a7b9d10")
        ));
        assert!(fits(json!("<node>"), json!("knode-gutsy-corvus-41297")));
        assert!(!fits(json!("<node>"), json!("undefined")));
        assert!(fits(json!({ "<either>": ["<string>", null] }), json!(null)));
        assert!(!fits(json!({ "<either>": ["<string>", null] }), json!(1)));
        assert!(fits(
            json!({ "<keys>": ["b", "..."] }),
            json!({ "b": 1, "a": 2 })
        ));
        assert!(!fits(
            json!({ "<keys>": ["a", "b"] }),
            json!({ "b": 1, "a": 2 })
        ));
    }

    #[test]
    fn captured_values_fill_templates() {
        let mut bindings = Bindings::new();
        check(
            &json!({ "id": "<text = id>" }),
            &json!({ "id": "x" }),
            &mut bindings,
        )
        .unwrap();
        let filled = fill(
            &json!({ "a": "$id", "${id}": "b${id}", "c": { "$repeat": 2, "of": "$n" } }),
            &bindings,
        );
        assert_eq!(filled, json!({ "a": "x", "x": "bx", "c": [1, 2] }));
    }
}
