//! The original's own benchmark, as facts: ten thousand filters of one keyword
//! with random operands, and documents of one field that hardly ever match. And
//! what it is slow at: conditions that many documents satisfy, many patterns,
//! negations, many fields, many values.
//!
//! One document in ten or more is made to match, so that an empty answer fails.

use serde_json::{Value, json};

use crate::random::{distinct, mix};
use crate::{Random, Workload};

/// Twenty random letters and digits.
fn word(random: &mut Random) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    (0..20).map(|_| char::from(*random.pick(LETTERS))).collect()
}

/// Words, one in ten of which is known.
fn words(count: usize, known: &[String], random: &mut Random) -> Vec<String> {
    let word = |it| match it % 10 {
        0 => random.pick(known).clone(),
        _ => word(random),
    };
    (0..count).map(word).collect()
}

/// `equals` on one field.
pub(crate) fn own_equals(count: usize, random: &mut Random) -> Workload {
    let known = distinct(count, || word(random));
    let documents = words(1000, &known, random);
    Workload::new(
        known.iter().map(|it| json!({"equals": {"str": it}})),
        documents.iter().map(|it| json!({"str": it})),
    )
}

/// `exists` on a field of its own for each filter.
pub(crate) fn own_exists(count: usize, random: &mut Random) -> Workload {
    let known = distinct(count, || word(random));
    let documents = words(1000, &known, random);
    Workload::new(
        known.iter().map(|it| json!({"exists": {"field": it}})),
        documents.iter().map(|it| json!({it: true})),
    )
}

/// `in` of five values on one field.
pub(crate) fn own_in(count: usize, random: &mut Random) -> Workload {
    let known = distinct(count * 5, || word(random));
    let documents = words(1000, &known, random);
    Workload::new(
        known.chunks(5).map(|it| json!({"in": {"str": it}})),
        documents.iter().map(|it| json!({"str": it})),
    )
}

/// `range` on one field: a hundred wide, between minus and plus ten thousand, so
/// that fifty match. The original draws integers; tenths keep filters distinct.
pub(crate) fn own_range(count: usize, random: &mut Random) -> Workload {
    let bounds = distinct(count, || random.below(200_000) as i64 - 100_000);
    let filters = bounds.iter().map(|it| {
        let (low, high) = (*it as f64 / 10.0, (*it + 1000) as f64 / 10.0);
        json!({"range": {"integer": {"gte": low, "lte": high}}})
    });
    let filters: Vec<_> = filters.collect();
    let documents = (0..1000).map(|_| json!({"integer": random.below(20_001) as i64 - 10_000}));
    Workload::new(filters, documents)
}

/// An `equals` of a thousand values, a range that a tenth satisfies, a field that
/// all have: ten of a hundred thousand match.
pub(crate) fn common(count: usize, random: &mut Random) -> Workload {
    let values = (count / 100).max(2) as u64;
    let lows = distinct(count, || random.below(900_000));
    let filters = lows.iter().enumerate().map(|(it, low)| {
        json!({"and": [
            {"equals": {"group": format!("g{}", it as u64 % values)}},
            {"range": {"price": {"gte": low, "lt": low + 100_000}}},
            {"exists": {"field": "author"}},
        ]})
    });
    let documents = (0..200).map(|it| {
        let group = format!("g{}", random.below(values));
        json!({"group": group, "price": random.below(1_000_000), "author": "somebody", "number": it})
    });
    Workload::new(filters, documents)
}

/// Patterns on one field: heads, tails and what is in the middle. One document
/// in a hundred matches one.
pub(crate) fn regexps(count: usize, random: &mut Random) -> Workload {
    let names = distinct(count, || format!("{:08x}", random.bits() as u32));
    let filters = names.iter().enumerate().map(|(it, name)| {
        let pattern = match it % 3 {
            0 => format!("^{name}-.*z$"),
            1 => format!("{name}[0-9]+"),
            _ => format!("[a-z]+-{name}$"),
        };
        json!({"regexp": {"name": {"value": pattern}}})
    });
    let filters: Vec<_> = filters.collect();
    let documents = (0..2000).map(|it| {
        let mut other = || format!("{:08x}", random.bits() as u32);
        let (first, second) = (other(), other());
        let text = if it % 100 == 0 {
            let number = random.below(names.len() as u64) as usize;
            let name = &names[number];
            match number % 3 {
                0 => format!("{name}-{first}-z"),
                1 => format!("{first}-{name}17"),
                _ => format!("{first}-service-{name}"),
            }
        } else {
            format!("{first}-service-{second}-eu")
        };
        json!({"name": text})
    });
    Workload::new(filters, documents)
}

/// Negations of `equals` on one field: all match, but for one in some documents.
pub(crate) fn not_equals(count: usize, random: &mut Random) -> Workload {
    let known = distinct(count, || word(random));
    let documents = words(200, &known, random);
    Workload::new(
        known
            .iter()
            .map(|it| json!({"not": {"equals": {"str": it}}})),
        documents.iter().map(|it| json!({"str": it})),
    )
}

/// A tenth of the filters match: an `equals` of ten values, and a range that all
/// satisfy.
pub(crate) fn tenth(count: usize, random: &mut Random) -> Workload {
    let filters = (0..count).map(|it| {
        json!({"and": [
            {"equals": {"kind": format!("k{}", it % 10)}},
            {"range": {"price": {"gte": -(it as i64), "lt": 1_000_000}}},
        ]})
    });
    let documents = (0..200).map(|_| {
        let kind = format!("k{}", random.below(10));
        json!({"kind": kind, "price": random.below(1_000_000)})
    });
    Workload::new(filters, documents)
}

/// `equals` on a field of its own for each filter; documents have ten of them.
pub(crate) fn many_fields(count: usize, random: &mut Random) -> Workload {
    let filters = (0..count).map(|it| json!({"equals": {format!("field{it}"): it}}));
    let documents = (0..2000).map(|_| {
        let members = (0..10).map(|_| {
            let field = random.below(count as u64);
            (format!("field{field}"), json!(field))
        });
        Value::Object(members.collect()).to_string()
    });
    Workload {
        filters: filters.collect(),
        documents: documents.collect(),
    }
}

/// `in` of fifty values each, all distinct; a document has one of them.
pub(crate) fn one_of(count: usize, random: &mut Random) -> Workload {
    let filters = (0..count).map(|filter| {
        let values: Vec<String> = (0..50)
            .map(|it| format!("v{}", mix((filter * 50 + it) as u64)))
            .collect();
        json!({"in": {"tag": values}})
    });
    let documents = (0..2000).map(|_| {
        let value = mix(random.below(count as u64 * 50));
        json!({"tag": format!("v{value}"), "text": "something else"}).to_string()
    });
    Workload {
        filters: filters.collect(),
        documents: documents.collect(),
    }
}

/// Documents of two hundred fields; filters ask for ten of them.
pub(crate) fn wide_documents(count: usize, random: &mut Random) -> Workload {
    let pairs = distinct(count, || (random.below(10), random.below(100_000)));
    let filters = pairs
        .iter()
        .map(|(field, value)| json!({"equals": {format!("key{field}"): value}}));
    let filters = filters.collect();
    let documents = (0..500).map(|_| {
        let members = (0..200u64).map(|field| {
            let value = match field {
                0 => {
                    random
                        .pick(&pairs.iter().filter(|it| it.0 == 0).collect::<Vec<_>>())
                        .1
                }
                _ => 100_000 + random.below(100_000),
            };
            (format!("key{field}"), json!(value))
        });
        Value::Object(members.collect()).to_string()
    });
    Workload {
        filters,
        documents: documents.collect(),
    }
}
