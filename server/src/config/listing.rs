//! All settings as a file that can be edited and read back: JSON with comments.

use std::fmt::{self, Write};

use serde_json::{Map, Value};

use super::keys;

/// The tree as JSON, each key of the table under its meaning.
pub(super) fn listing(tree: &Map<String, Value>) -> String {
    let mut text = String::new();
    // Writing to a text cannot fail.
    let _ = write_object(&mut text, tree, "");
    text.push('\n');
    text
}

fn write_object(text: &mut String, tree: &Map<String, Value>, above: &str) -> fmt::Result {
    let depth = above.matches('.').count();
    let indent = "  ".repeat(depth + 1);
    text.push_str("{\n");
    for (n, (name, value)) in tree.iter().enumerate() {
        let path = format!("{above}{name}");
        let key = keys::find(&path);
        if let Some(key) = key {
            writeln!(text, "{indent}// {}", key.meaning)?;
        }
        write!(text, "{indent}{}: ", Value::from(name.as_str()))?;
        match (key, value) {
            (None, Value::Object(below)) => write_object(text, below, &format!("{path}."))?,
            _ => write!(text, "{value}")?,
        }
        let comma = if n + 1 < tree.len() { "," } else { "" };
        writeln!(text, "{comma}")?;
    }
    write!(text, "{}}}", "  ".repeat(depth))
}
