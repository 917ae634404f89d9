//! The same filter, written in another way, by the laws of logic alone.

use serde_json::{Value, json};

use crate::{Source, generate};

/// Rewrites a filter here and there.
pub(crate) fn rewrite(filter: &Value, source: &mut Source<'_>) -> Value {
    let whole = match filter.as_object().and_then(|it| it.iter().next()) {
        Some((keyword, Value::Array(parts))) if keyword == "and" || keyword == "or" => {
            operands(keyword, parts, source)
        }
        Some((keyword, part)) if keyword == "not" => json!({"not": rewrite(part, source)}),
        Some((keyword, parts)) if keyword == "bool" => json!({"bool": spread(parts, source)}),
        Some((keyword, part)) => notation(keyword, part, source).unwrap_or(filter.clone()),
        None => filter.clone(),
    };
    law(whole, source)
}

/// The attributes of `bool`, their operands rewritten.
fn spread(parts: &Value, source: &mut Source<'_>) -> Value {
    let parts = parts.as_object().into_iter().flatten();
    let parts = parts.map(|(key, parts)| {
        let parts = parts.as_array().into_iter().flatten();
        let parts: Vec<Value> = parts.rev().map(|it| rewrite(it, source)).collect();
        (key.clone(), json!(parts))
    });
    Value::Object(parts.collect())
}

/// A term in another notation, or as several terms.
fn notation(keyword: &str, part: &Value, source: &mut Source<'_>) -> Option<Value> {
    let (field, value) = part.as_object().and_then(|it| it.iter().next()).unzip();
    let choice = source.below(3);
    Some(match (keyword, field, value) {
        ("equals", Some(field), Some(value)) => match choice {
            0 => json!({"in": {field: [value, value]}}),
            1 => json!({"match": {field: value}}),
            _ => json!({"and": [{"equals": {field: value}}, {"exists": {"field": path(field)?}}]}),
        },
        ("in", Some(field), Some(Value::Array(values))) => match choice {
            0 => {
                let terms = values.iter().map(|it| json!({"equals": {field: it}}));
                json!({"or": terms.collect::<Vec<_>>()})
            }
            1 => json!({"in": {field: values.iter().rev().collect::<Vec<_>>()}}),
            _ => {
                let terms = values
                    .iter()
                    .map(|it| json!({"not": {"match": {field: it}}}));
                json!({"bool": {"should_not": terms.collect::<Vec<_>>()}})
            }
        },
        ("exists" | "missing", _, _) => {
            let other = if keyword == "exists" {
                "missing"
            } else {
                "exists"
            };
            let path = part.as_str()?;
            match choice {
                0 => json!({keyword: {"field": path}}),
                1 => json!({"not": {other: path}}),
                _ => json!({"bool": {"must_not": [{other: {"field": path}}]}}),
            }
        }
        ("range", Some(field), Some(Value::Object(bounds))) if bounds.len() == 2 => {
            let halves = bounds
                .iter()
                .map(|(key, it)| json!({"range": {field: {key: it}}}));
            json!({"and": halves.rev().collect::<Vec<_>>()})
        }
        ("range", Some(field), Some(bounds)) => {
            json!({"and": [{"not": {"missing": path(field)?}}, {"range": {field: bounds}}]})
        }
        ("regexp", Some(field), Some(Value::String(pattern))) => match choice {
            0 => json!({"regexp": {field: {"value": pattern, "flags": "g"}}}),
            1 => json!({"regexp": {field: format!("(?:{pattern})")}}),
            _ => json!({"regexp": {field: {"value": pattern}}}),
        },
        ("geoDistance", Some(field), Some(center)) if field != "distance" => {
            let point = koncorde::convert_geopoint(center)?;
            let (lat, lon) = (point.lat, point.lon);
            let distance = part["distance"].as_str().filter(|it| *it == "1km");
            match distance.map_or(3, |_| choice) {
                0 => json!({"geoDistance": {field: [lat, lon], "distance": "1 000 Meters"}}),
                1 => {
                    json!({"geoDistance": {"distance": "0,001 megameter", field: {"latLon": format!("{lat}, {lon}")}}})
                }
                2 => {
                    json!({"geoDistance": {field: {"lon": lon, "lat": lat}, "distance": "10.0 hm"}})
                }
                _ => {
                    json!({"geoDistance": {field: {"lat_lon": [lat, lon]}, "distance": part["distance"]}})
                }
            }
        }
        _ => return None,
    })
}

/// The field as a path of `exists`, unless it would need escapes.
fn path(field: &str) -> Option<&str> {
    Some(field).filter(|it| !it.is_empty() && !it.contains(['[', ']', '\\']))
}

/// Rewritten operands in another order, one of them perhaps twice.
fn operands(keyword: &str, parts: &[Value], source: &mut Source<'_>) -> Value {
    let mut parts: Vec<Value> = parts.iter().map(|it| rewrite(it, source)).collect();
    if source.below(3) == 0 {
        parts.push(parts[source.below(parts.len())].clone());
    }
    for i in (1..parts.len()).rev() {
        parts.swap(i, source.below(i + 1));
    }
    json!({keyword: parts})
}

fn law(x: Value, source: &mut Source<'_>) -> Value {
    let mut other = || generate::small_filter(&mut Source::new(&[source.below(256) as u8, 7]));
    let (y, choice) = (other(), other().to_string().len() % 2);
    // A case distinction: geography has none.
    let (with, without) = (json!({"exists": "b"}), json!({"missing": "b"}));
    match source.below(14) {
        0 => json!({"not": {"not": x}}),
        1 => json!({"and": [x]}),
        2 => json!({"bool": {"must": [x]}}),
        3 => json!({"bool": {"should": [x, x]}}),
        // Absorption.
        4 => json!({"or": [{"and": [y, x]}, x]}),
        5 => json!({"and": [x, {"or": [x, y]}]}),
        // De Morgan.
        6 => de_morgan(x),
        // Distribution.
        7 if choice == 0 => json!({"or": [{"and": [x, with]}, {"and": [without, x]}]}),
        7 => json!({"and": [{"or": [x, with]}, {"or": [without, x]}]}),
        8 => json!({"bool": {"must_not": [{"not": x}]}}),
        // Tautologies.
        9 => json!({"and": [x, {"or": [with, without]}]}),
        10 => json!({"and": [x, {"or": [x, y, {"not": {"nothing": 1}}]}]}),
        // Contradictions.
        11 => json!({"or": [{"and": [without, y, with]}, x]}),
        12 => json!({"or": [x, {"nothing": true}, {"and": [y, {"nothing": true}]}]}),
        _ => x,
    }
}

fn de_morgan(x: Value) -> Value {
    let negate =
        |parts: &Vec<Value>| -> Vec<Value> { parts.iter().map(|it| json!({"not": it})).collect() };
    match (x["and"].as_array(), x["or"].as_array()) {
        (Some(parts), _) => json!({"not": {"or": negate(parts)}}),
        (_, Some(parts)) => json!({"not": {"and": negate(parts)}}),
        _ => x,
    }
}
