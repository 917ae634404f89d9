//! JSON as YAML text. Texts are written with double quotes, where YAML follows
//! JSON, so that nothing in them can be mistaken for anything else.

use std::fmt::Write;

use serde_json::Value;

/// Objects and arrays as indented blocks.
pub(super) fn write(value: &Value) -> String {
    let mut text = String::new();
    block(&mut text, value, 0);
    text
}

fn block(text: &mut String, value: &Value, depth: usize) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            for (key, value) in members {
                indent(text, depth);
                let _ = write!(text, "{}:", Value::from(key.as_str()));
                below(text, value, depth);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for item in items {
                indent(text, depth);
                text.push('-');
                below(text, item, depth);
            }
        }
        // What has no parts is the same in both.
        leaf => {
            indent(text, depth);
            let _ = writeln!(text, "{leaf}");
        }
    }
}

/// What follows a key or a dash: on the same line when it has no parts.
fn below(text: &mut String, value: &Value, depth: usize) {
    let is_empty = |it: &Value| match it {
        Value::Object(members) => members.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => true,
    };
    if is_empty(value) {
        let _ = writeln!(text, " {value}");
    } else {
        text.push('\n');
        block(text, value, depth + 1);
    }
}

fn indent(text: &mut String, depth: usize) {
    text.extend(std::iter::repeat_n("  ", depth));
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn yaml() {
        let value = json!({"a": {"b: ": [1, "no", {}, {"c": []}, [null]]}, "d": true});
        let expected = "\"a\":\n  \"b: \":\n    - 1\n    - \"no\"\n    - {}\n    -\n      \
                        \"c\": []\n    -\n      - null\n\"d\": true\n";
        assert_eq!(super::write(&value), expected);
        assert_eq!(super::write(&json!({})), "{}\n");
    }
}
