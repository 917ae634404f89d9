//! What a mapping finds in documents that an older one did not.

use super::{Dynamic, Field, Leaf, Mapping, ObjectField};

impl Mapping {
    /// Whether documents that were written under `old` may have values that only
    /// this mapping has a field for.
    pub(crate) fn finds_more_than(&self, old: &Self) -> bool {
        object(&self.root, &old.root, Dynamic::True)
    }
}

fn object(new: &ObjectField, old: &ObjectField, around: Dynamic) -> bool {
    let dynamic = old.dynamic.unwrap_or(around);
    new.properties.iter().any(|(name, field)| {
        match (field, old.properties.get(name)) {
            // Otherwise such a value would have made its field, or been refused.
            (_, None) => dynamic == Dynamic::False,
            (Field::Object(new), Some(Field::Object(old))) => object(new, old, dynamic),
            (Field::Leaf(new), Some(Field::Leaf(old))) => leaf(new, old),
            _ => true,
        }
    })
}

/// The same values, under more names or other limits.
fn leaf(new: &Leaf, old: &Leaf) -> bool {
    new != old
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn gains_are_seen() {
        let text = json!({"type": "text"});
        let cases = [
            (json!({"a": text}), json!({"a": text}), "true", false),
            (
                json!({"a": text}),
                json!({"a": text, "b": text}),
                "true",
                false,
            ),
            (
                json!({"a": text}),
                json!({"a": text, "b": text}),
                "strict",
                false,
            ),
            (
                json!({"a": text}),
                json!({"a": text, "b": text}),
                "false",
                true,
            ),
            (
                json!({"a": text}),
                json!({"a": {"type": "text", "fields": {"k": {"type": "keyword"}}}}),
                "true",
                true,
            ),
            (
                json!({"o": {"dynamic": "false", "properties": {}}}),
                json!({"o": {"properties": {"b": text}}}),
                "true",
                true,
            ),
        ];
        for (old, new, dynamic, expected) in cases {
            let parse = |properties: &Value| {
                let mapping = json!({"dynamic": dynamic, "properties": properties});
                Mapping::parse(&mapping).unwrap()
            };
            let before = parse(&old);
            let after = before.clone().merged(parse(&new)).unwrap();
            assert_eq!(
                after.finds_more_than(&before),
                expected,
                "{old} {new} {dynamic}"
            );
        }
    }
}
