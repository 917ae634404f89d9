//! Comparing what was computed in other orders and precisions.

use serde_json::Value;

/// Scores are of 32 bits.
pub(crate) fn is_near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-4 * a.abs().max(b.abs()).max(1e-3)
}

/// All that is expected is there, numbers nearly so; more may be.
pub(crate) fn assert_near(found: &Value, expected: &Value, context: &str) {
    let is_same = match (found, expected) {
        (Value::Object(found_members), Value::Object(members)) => {
            for (key, member) in members {
                let part = found_members.get(key).unwrap_or(&Value::Null);
                assert_near(part, member, &format!("{context}\nat {key}, in {found}"));
            }
            true
        }
        (Value::Array(found_items), Value::Array(items)) => {
            let is_long = found_items.len() == items.len();
            assert!(is_long, "{context}\n{found} instead of {expected}");
            for (part, item) in found_items.iter().zip(items) {
                assert_near(part, item, context);
            }
            true
        }
        (Value::Number(a), Value::Number(b)) => {
            let (a, b) = (a.as_f64().unwrap(), b.as_f64().unwrap());
            (a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1.0)
        }
        (a, b) => a == b,
    };
    assert!(is_same, "{context}\n{found} instead of {expected}");
}
