//! The paths of `exists` and `missing`: `a.b`, and `a.b["value"]` for an element
//! of an array.
//!
//! Brackets that belong to the name of a field are written `\[` and `\]`, and a
//! backslash before a bracket `\\`; other backslashes are plain characters. A
//! bracket that is never closed, or that nothing stands before, is a plain
//! character, too.

use serde_json::Value;

use crate::scalar::Scalar;

/// Reads a path, which is not empty; the error says what is wrong with it.
pub(super) fn parse(text: &str) -> Result<(String, Option<Scalar>), String> {
    if !text.bytes().any(|it| matches!(it, b'[' | b']' | b'\\')) {
        return Ok((text.to_owned(), None));
    }
    let Some((field, value)) = split_value(text) else {
        return Ok((unescape(text, false), None));
    };
    let invalid = |reason: &str| {
        let shown: String = value.chars().take(40).collect();
        format!("contains an invalid array value (\"{shown}\"): {reason}")
    };
    let value: Value = serde_json::from_str(value).map_err(|it| {
        invalid(&format!(
            "expected a string in quotes, a number, a boolean or null, {it}"
        ))
    })?;
    let scalar = Scalar::new(&value)
        .ok_or_else(|| invalid("expected a string, a number, a boolean or null"))?;
    Ok((unescape(field, true), Some(scalar)))
}

/// Writes a path that `parse` reads as the same.
pub(super) fn write(field: &str, value: Option<&Value>) -> String {
    let mut text = String::with_capacity(field.len());
    let mut backslashes = 0;
    for c in field.chars() {
        if matches!(c, '[' | ']') {
            text.extend(std::iter::repeat_n('\\', backslashes + 1));
        }
        backslashes = if c == '\\' { backslashes + 1 } else { 0 };
        text.push(c);
    }
    if let Some(value) = value {
        // These backslashes would otherwise stand before the bracket's.
        text.extend(std::iter::repeat_n('\\', backslashes));
        text.push_str(&format!("[{value}]"));
    }
    text
}

/// The field and the text between the brackets, if there are any.
fn split_value(text: &str) -> Option<(&str, &str)> {
    let inner = text.strip_suffix(']')?;
    let escapes = inner.len() - inner.trim_end_matches('\\').len();
    let mut is_escaped = false;
    for (at, byte) in inner.bytes().enumerate() {
        if byte == b'[' && !is_escaped {
            let is_value = at > 0 && escapes % 2 == 0;
            return is_value.then(|| (&inner[..at], &inner[at + 1..]));
        }
        is_escaped = byte == b'\\' && !is_escaped;
    }
    None
}

/// Resolves the backslashes before brackets.
fn unescape(text: &str, is_bracket_next: bool) -> String {
    let mut field = String::with_capacity(text.len());
    let mut backslashes = 0;
    let next = is_bracket_next.then_some('[');
    for c in text.chars().map(Some).chain([next]) {
        if c == Some('\\') {
            backslashes += 1;
            continue;
        }
        let is_bracket = matches!(c, Some('[' | ']'));
        let kept = if is_bracket {
            backslashes / 2
        } else {
            backslashes
        };
        field.extend(std::iter::repeat_n('\\', kept));
        field.extend(c);
        backslashes = 0;
    }
    if is_bracket_next {
        field.pop();
    }
    field
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn paths_and_values() {
        for (text, field, value) in [
            ("a.b", "a.b", None),
            ("a[1]", "a", Some(json!(1))),
            (r#"a.b["x]"]"#, "a.b", Some(json!("x]"))),
            (r#"a["\\"]"#, "a", Some(json!("\\"))),
            ("a[null]", "a", Some(json!(null))),
            (r"a\[1\]", "a[1]", None),
            (r"a\\[1]", r"a\", Some(json!(1))),
            (r"a\\\[1\]", r"a\[1]", None),
            (r"a\[1\][2]", "a[1]", Some(json!(2))),
            (r"a\b", r"a\b", None),
            ("a[", "a[", None),
            (r#"a["x""#, r#"a["x""#, None),
            (r#"["x"]"#, r#"["x"]"#, None),
            ("]", "]", None),
        ] {
            let value = value.map(|it| Scalar::new(&it).unwrap());
            assert_eq!(parse(text), Ok((field.to_owned(), value)), "{text}");
        }
        for text in [
            "a[]",
            "a[x]",
            "a[1][2]",
            "a[[1]]",
            r#"a[{"b":1}]"#,
            "a[1] ]",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_written_is_read_as_the_same() {
        let pieces = ["a", "[", "]", "\\", "1", "\"x\""];
        for number in 1..6_usize.pow(5) {
            let field: String = (0..5)
                .map(|digit| pieces[number / 6_usize.pow(digit) % 6])
                .collect();
            for value in [None, Some(json!("a]\\"))] {
                let scalar = value.as_ref().and_then(Scalar::new);
                let text = write(&field, value.as_ref());
                assert_eq!(parse(&text), Ok((field.clone(), scalar)), "{text}");
            }
        }
    }
}
