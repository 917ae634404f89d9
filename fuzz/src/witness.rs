//! Documents on which given filters may differ: their fields hold what the
//! filters name, its neighbours, and one value of every other kind.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::Source;

/// The fields that filters ask for, each with values worth trying.
#[derive(Debug, Default)]
pub struct Witnesses {
    values: BTreeMap<String, Vec<Value>>,
}

impl Witnesses {
    /// All that the JSON of some filters names.
    pub fn of<'f>(filters: impl IntoIterator<Item = &'f Value>) -> Self {
        let mut witnesses = Self::default();
        for filter in filters {
            witnesses.collect(filter);
        }
        for values in witnesses.values.values_mut() {
            values.extend(ordinary());
        }
        witnesses
    }

    /// A document with a value, or none, for each field: by nested keys or by a
    /// key with dots.
    pub fn document(&self, choose: &mut dyn FnMut(usize) -> usize) -> Value {
        let mut document = Map::new();
        for (field, values) in &self.values {
            let Some(value) = values.get(choose(values.len() + 1)) else {
                continue;
            };
            if choose(2) == 0 {
                document.insert(field.clone(), value.clone());
            } else {
                insert_nested(&mut document, field, value);
            }
        }
        Value::Object(document)
    }

    /// The same with choices from bytes.
    pub fn document_from(&self, source: &mut Source<'_>) -> Value {
        self.document(&mut |end| source.below(end.min(256)))
    }

    fn collect(&mut self, filter: &Value) {
        let Some((keyword, operand)) = filter.as_object().and_then(|it| it.iter().next()) else {
            return;
        };
        match (keyword.as_str(), operand) {
            ("and" | "or", Value::Array(parts)) => parts.iter().for_each(|it| self.collect(it)),
            ("not", part) => self.collect(part),
            ("bool", Value::Object(parts)) => {
                for part in parts.values() {
                    match part {
                        Value::Array(parts) => parts.iter().for_each(|it| self.collect(it)),
                        part => self.collect(part),
                    }
                }
            }
            ("ids", operand) => self.add_all("_id", &operand["values"]),
            ("exists" | "missing", operand) => self.collect_path(operand),
            ("match", Value::Object(partial)) => {
                for (field, value) in partial {
                    self.add(field, value.clone());
                }
            }
            ("select", operand) => self.collect_select(operand),
            (keyword, Value::Object(operand)) => {
                for (field, wanted) in operand {
                    self.collect_term(keyword, field, wanted);
                }
            }
            _ => {}
        }
    }

    fn collect_term(&mut self, keyword: &str, field: &str, wanted: &Value) {
        match keyword {
            "equals" => self.add(field, wanted.clone()),
            "in" => self.add_all(field, wanted),
            "range" => {
                let bounds = wanted.as_object().into_iter().flat_map(Map::values);
                for bound in bounds.filter_map(Value::as_f64) {
                    let near = [bound, bound.next_up(), bound.next_down(), bound + 1.0];
                    near.into_iter().for_each(|it| self.add(field, json!(it)));
                    self.add(field, json!(bound - 1.0));
                }
            }
            "regexp" => {
                let source = wanted.as_str().or(wanted["value"].as_str());
                let plain: String = source.unwrap_or_default().replace(['^', '$', '\\'], "");
                for text in [plain.to_uppercase(), format!("x{plain}"), plain] {
                    self.add(field, json!(text));
                }
            }
            "geoDistance" | "geoDistanceRange" if wanted.is_string() => {}
            "geoDistance" | "geoDistanceRange" => self.add_point(field, wanted),
            "geoBoundingBox" => {
                for side in [["top", "left"], ["bottom", "right"]] {
                    self.add(field, json!([wanted[side[0]], wanted[side[1]]]));
                }
                for corner in ["topLeft", "top_left", "bottomRight", "bottom_right"] {
                    self.add_point(field, &wanted[corner]);
                }
            }
            "geoPolygon" => {
                let points = wanted["points"].as_array().into_iter().flatten();
                points.for_each(|it| self.add_point(field, it));
            }
            _ => {}
        }
    }

    /// `path` or `path[value]`, as a string or in an object.
    fn collect_path(&mut self, operand: &Value) {
        let Some(path) = operand.as_str().or(operand["field"].as_str()) else {
            return;
        };
        let value = path.split_once('[').and_then(|(field, rest)| {
            let value: Value = serde_json::from_str(rest.strip_suffix(']')?).ok()?;
            Some((field, value))
        });
        match value {
            Some((field, value)) => {
                self.add(field, json!([value]));
                self.add(field, json!(["other", value]));
                self.add(field, value);
            }
            None => self.add(&path.replace("\\[", "[").replace("\\]", "]"), json!(1)),
        }
    }

    /// Arrays whose element at the index, or beside it, is a witness of the query.
    fn collect_select(&mut self, operand: &Value) {
        let Some(field) = operand["field"].as_str() else {
            return;
        };
        let index = operand["index"].as_i64().unwrap_or_default();
        let inner = Self::of([&operand["query"]]);
        let mut elements = Vec::new();
        for (path, values) in &inner.values {
            for value in values {
                let mut document = Map::new();
                insert_nested(&mut document, path, value);
                elements.extend(document.remove("value"));
            }
        }
        let before = usize::try_from(index.clamp(0, 10)).unwrap_or_default();
        let behind = usize::try_from((-index).clamp(1, 11) - 1).unwrap_or_default();
        for element in elements.into_iter().take(30) {
            let mut array = vec![json!(0); before];
            array.push(element);
            array.extend(vec![json!(0); behind]);
            self.add(field, json!(array));
        }
    }

    fn add_point(&mut self, field: &str, point: &Value) {
        self.add(field, point.clone());
        if let Some(point) = koncorde::convert_geopoint(point) {
            for (north, east) in [(0.0, 0.0), (0.01, 0.0), (0.0, -1.0), (-20.0, 30.0)] {
                let lat = (point.lat + north).clamp(-90.0, 90.0);
                self.add(field, json!({"lat": lat, "lon": point.lon + east}));
            }
        }
    }

    fn add_all(&mut self, field: &str, values: &Value) {
        for value in values.as_array().into_iter().flatten() {
            self.add(field, value.clone());
        }
    }

    fn add(&mut self, field: &str, value: Value) {
        let values = self.values.entry(field.to_owned()).or_default();
        if values.len() < 200 && !values.contains(&value) {
            values.push(value);
        }
    }
}

/// A value of each kind that no filter need have named.
fn ordinary() -> Vec<Value> {
    vec![
        json!(null),
        json!(true),
        json!(false),
        json!(0),
        json!(-1e300),
        json!(5e-324),
        json!(987_654.25),
        json!(""),
        json!("another"),
        json!("10,10"),
        json!([]),
        json!([null]),
        json!(["x", 1]),
        json!({}),
        json!({"b": "x"}),
    ]
}

fn insert_nested(object: &mut Map<String, Value>, path: &str, value: &Value) {
    match path.split_once('.') {
        None => drop(object.insert(path.to_owned(), value.clone())),
        Some((key, rest)) => {
            let inner = object.entry(key).or_insert_with(|| json!({}));
            if !inner.is_object() {
                *inner = json!({});
            }
            if let Value::Object(inner) = inner {
                insert_nested(inner, rest, value);
            }
        }
    }
}
