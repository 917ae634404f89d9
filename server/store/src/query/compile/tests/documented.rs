//! The page about searching: its queries run, and it names every clause.

use serde_json::json;

use super::*;
use crate::query::parse::CLAUSES;

const PAGE: &str = include_str!("../../../../../../docs/search.md");

fn section() -> impl Iterator<Item = &'static str> {
    let lines = PAGE.lines().skip_while(|it| *it != "## Queries").skip(1);
    lines.take_while(|it| !it.starts_with("## "))
}

#[test]
fn examples_of_the_page_find_something() {
    let mapping = PAGE
        .split("```json")
        .nth(1)
        .and_then(|it| it.split("```").next());
    let mapping: Value = serde_json::from_str(mapping.unwrap()).unwrap();
    let sale = json!({"_id": "a", "shop": "north", "price": 10, "count": 1, "day": "2024-01-15",
        "title": "quick fox", "place": "48.85,2.35", "parts": [{"colour": "red", "size": 1}]});
    let reader = collection(&mapping["properties"], &[sale]);
    let mut examples = 0;
    for row in section().filter(|it| it.starts_with("| ")) {
        let last = row.trim_end_matches(" |").rsplit_once(" | `");
        let Some(example) = last.and_then(|it| it.1.strip_suffix('`')) else {
            continue;
        };
        // A table has to escape its bars.
        let query: Value = serde_json::from_str(&example.replace("\\|", "|")).unwrap();
        assert_eq!(ids(&reader, &query), "a", "{query}");
        examples += 1;
    }
    assert_eq!(
        examples,
        CLAUSES.len() - 1,
        "match_none stands beside match_all"
    );
}

#[test]
fn the_page_names_every_clause() {
    for clause in CLAUSES {
        let name = format!("`{clause}`");
        assert!(section().any(|it| it.contains(&name)), "{clause}");
    }
}
