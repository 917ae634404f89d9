//! Filter in the formats of serde: as its JSON, whatever the format.

use serde::de::{Deserialize, Deserializer, Error};
use serde::ser::{Serialize, Serializer};
use serde_json::Value;

use super::Filter;

/// As [`Filter::to_json`] writes it.
impl Serialize for Filter {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_json().serialize(serializer)
    }
}

/// As [`Filter::parse`] reads it.
impl<'de> Deserialize<'de> for Filter {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&Value::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_are_part_of_other_values() {
        let text = r#"[{"equals":{"a":1}},{"not":{"exists":"b"}}]"#;
        let filters: Vec<Filter> = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&filters).unwrap(), text);
        let error = serde_json::from_str::<Vec<Filter>>(r#"[{"equals":{}}]"#).unwrap_err();
        assert!(error.to_string().contains("exactly 1 property"), "{error}");
    }
}
