//! The filters of the workloads as a small tree, for translation into the
//! dialects of others: what no rival can express is refused by name.

use serde_json::Value;

/// One condition, or its negation.
#[derive(Debug)]
pub struct Condition {
    pub field: String,
    pub is_negated: bool,
    pub test: Test,
}

#[derive(Debug)]
pub enum Test {
    Equals(Value),
    In(Vec<Value>),
    /// Inclusive lower, exclusive upper bound of integers.
    Range(Option<i64>, Option<i64>),
    /// What lies between `.*`; anchored at both ends.
    Wildcard(Vec<String>),
    /// A literal head.
    Prefix(String),
    /// Any other pattern, anchored at both ends.
    Regexp(String),
}

/// Conditions of which all must hold.
pub fn parse(filter: &Value) -> Result<Vec<Condition>, String> {
    let (keyword, operand) = only(filter)?;
    match (keyword, operand) {
        ("and", Value::Array(parts)) => {
            let parts = parts.iter().map(parse).collect::<Result<Vec<_>, _>>()?;
            Ok(parts.into_iter().flatten().collect())
        }
        ("not", inner) => {
            let mut parts = parse(inner)?;
            match parts.as_mut_slice() {
                [part] => part.is_negated = !part.is_negated,
                _ => return Err("a negated conjunction".into()),
            }
            Ok(parts)
        }
        _ => {
            let (field, operand) = only(operand)?;
            let (field, is_negated) = (field.to_string(), false);
            let test = test(keyword, operand)?;
            Ok(vec![Condition {
                field,
                is_negated,
                test,
            }])
        }
    }
}

fn test(keyword: &str, operand: &Value) -> Result<Test, String> {
    match (keyword, operand) {
        ("equals", value) => Ok(Test::Equals(value.clone())),
        ("in", Value::Array(values)) => Ok(Test::In(values.clone())),
        ("range", Value::Object(bounds)) => {
            let (mut low, mut high) = (None, None);
            for (name, bound) in bounds {
                let bound = bound.as_i64().ok_or("a bound that is no integer")?;
                match name.as_str() {
                    "gte" => low = Some(bound),
                    "gt" => low = Some(bound + 1),
                    "lt" => high = Some(bound),
                    _ => high = Some(bound + 1),
                }
            }
            Ok(Test::Range(low, high))
        }
        ("regexp", operand) => pattern(operand["value"].as_str().unwrap_or_default()),
        _ => Err(format!("the keyword {keyword}")),
    }
}

/// Heads and wildcards by name, which rivals have better means for.
fn pattern(pattern: &str) -> Result<Test, String> {
    let Some(rest) = pattern.strip_prefix('^') else {
        return Err("a pattern that starts anywhere".into());
    };
    if let Some(head) = literal(rest) {
        return Ok(Test::Prefix(head));
    }
    let is_open = rest.ends_with(".*");
    let Some(rest) = rest.strip_suffix('$').or(is_open.then_some(rest)) else {
        return Err("a pattern that ends anywhere".into());
    };
    match rest.split(".*").map(literal).collect() {
        Some(pieces) => Ok(Test::Wildcard(pieces)),
        None => Ok(Test::Regexp(rest.to_string())),
    }
}

/// The text of a pattern without operators.
fn literal(pattern: &str) -> Option<String> {
    let mut text = String::new();
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => text.push(characters.next().filter(|it| it.is_ascii_punctuation())?),
            '.' | '*' | '+' | '?' | '[' | ']' | '(' | ')' | '{' | '}' | '|' | '^' | '$' => {
                return None;
            }
            _ => text.push(character),
        }
    }
    Some(text)
}

fn only(value: &Value) -> Result<(&str, &Value), String> {
    let members = value.as_object().ok_or("a filter that is no object")?;
    let (name, operand) = members.iter().next().ok_or("an empty filter")?;
    Ok((name, operand))
}
