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
        _ => filter.clone(),
    };
    law(whole, source)
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
    match source.below(10) {
        0 => json!({"not": {"not": x}}),
        1 => json!({"and": [x]}),
        2 => json!({"bool": {"must": [x]}}),
        3 => json!({"bool": {"should": [x, x]}}),
        // Absorption.
        4 => json!({"or": [{"and": [y, x]}, x]}),
        5 => json!({"and": [x, {"or": [x, y]}]}),
        // De Morgan.
        6 => de_morgan(x),
        // Distribution over a case distinction that geography does not have.
        7 if choice == 0 => {
            let y = json!({"exists": "b"});
            json!({"or": [{"and": [x, y]}, {"and": [{"missing": "b"}, x]}]})
        }
        8 => json!({"bool": {"must_not": [{"not": x}]}}),
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
