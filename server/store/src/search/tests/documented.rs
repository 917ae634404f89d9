//! The page about searching: its examples run, and it names every aggregation.

use super::*;

const PAGE: &str = include_str!("../../../../../docs/search.md");

/// The lines of the section under a heading.
fn section(heading: &str) -> impl Iterator<Item = &'static str> {
    let lines = PAGE.lines().skip_while(move |it| *it != heading).skip(1);
    lines.take_while(|it| !it.starts_with("## "))
}

/// The JSON in the last column of the tables of a section.
fn examples(heading: &str) -> Vec<Value> {
    let rows = section(heading).filter(|it| it.starts_with("| "));
    let last = rows.filter_map(|it| it.trim_end_matches('|').rsplit_once("| "));
    let spans = last.filter_map(|(_, it)| it.trim().strip_prefix('`')?.strip_suffix('`'));
    spans
        .map(|it| serde_json::from_str(it).unwrap_or_else(|error| panic!("{it}: {error}")))
        .collect()
}

fn sales() -> Reader {
    let mapping = PAGE
        .split("```json")
        .nth(1)
        .unwrap()
        .split("```")
        .next()
        .unwrap();
    let mapping: Value = serde_json::from_str(mapping).unwrap();
    collection(
        mapping["properties"].clone(),
        &[
            json!({"shop": "north", "price": 10, "count": 1, "day": "2024-01-15", "is_new": true,
                "place": "48.85,2.35", "parts": [{"colour": "red", "size": 1}]}),
            json!({"shop": "south", "price": 20, "count": 2, "day": "2024-02-15", "is_new": false}),
        ],
    )
}

#[test]
fn examples_of_the_page_run() {
    let sales = [sales()];
    let sorts = examples("## Sorting");
    assert!(sorts.len() >= 7);
    for sort in sorts {
        let found = run(&sales, &json!({"sort": sort}));
        assert_eq!(
            found
                .unwrap_or_else(|error| panic!("{sort}: {error}"))
                .total,
            2
        );
    }
    let aggregations = examples("## Aggregations");
    assert!(aggregations.len() >= 37);
    for example in aggregations {
        let found = aggregate(&sales, &json!({"x": example}));
        assert!(
            found["x"].as_object().is_some_and(|it| !it.is_empty()),
            "{example}: {found}"
        );
    }
}

#[test]
fn the_page_names_every_aggregation() {
    for kind in aggs::kinds() {
        let name = format!("`{kind}`");
        assert!(
            section("## Aggregations").any(|it| it.contains(&name)),
            "{kind}"
        );
    }
}
