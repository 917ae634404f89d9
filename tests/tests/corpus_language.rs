//! The language against the recorded cases: what is read, what is refused and
//! why, what matches.
//!
//! Everything here goes through the public face and the evaluator; the engine has
//! a runner of its own.

use koncorde::{Filter, convert_distance, convert_geopoint, matches};
use koncorde_tests::{Case, Report, corpus, run};
use serde_json::{Value, json};

#[test]
fn match_small() {
    run("match.jsonl.gz", &corpus("match.jsonl.gz"), check_matches);
}

#[test]
fn match_large() {
    run(
        "match-large.jsonl",
        &corpus("match-large.jsonl"),
        check_matches,
    );
}

fn check_matches(case: &Case, report: &Report) {
    let filters = case.list("filters");
    let parsed: Vec<_> = filters.iter().map(Filter::parse).collect();
    for (document, expected) in case.list("docs").iter().zip(case.list("matches")) {
        let expected: Vec<_> = expected
            .as_array()
            .into_iter()
            .flatten()
            .map(Value::as_u64)
            .collect();
        for (at, filter) in parsed.iter().enumerate() {
            let expected = expected.contains(&Some(at as u64));
            let found = filter.as_ref().map(|it| matches(it, document));
            report.check(found == Ok(expected), || {
                format!(
                    "line {}: found {found:?}, expected {expected}\n  filter   {}\n  document {document}",
                    case.line, filters[at]
                )
            });
        }
    }
}

#[test]
fn parse() {
    run("parse.jsonl", &corpus("parse.jsonl"), |case, report| {
        let filter = case.get("filter");
        let found = Filter::parse(filter);
        let error = found.as_ref().err();
        let is_right = match error {
            None => case.get("valid") == true,
            Some(_) if case.get("valid") == true => false,
            // The original names neither keyword nor path for these.
            Some(error) if case.get("error")["keyword"].is_null() => {
                error.keyword().is_some() && error.path().is_some()
            }
            Some(error) => {
                case.get("error")["keyword"] == json!(error.keyword())
                    && case.get("error")["path"] == json!(error.path())
            }
        };
        report.check(is_right, || {
            let expected = &case.value["error"];
            format!(
                "line {}: found {error:?}, expected {expected}\n  filter {filter}",
                case.line
            )
        });
        if let Some(error) = error {
            let place = filter.pointer(error.pointer());
            report.check(place.is_some(), || {
                format!("line {}: {error:?} is nowhere", case.line)
            });
        }
        // What was read can be written, and read again as the same.
        if let Ok(filter) = found {
            let again = filter.to_string().parse::<Filter>();
            report.check(again.as_ref() == Ok(&filter), || {
                format!("line {}: {filter} is read as {again:?}", case.line)
            });
        }
    });
}

#[test]
fn distance() {
    run(
        "distance.jsonl",
        &corpus("distance.jsonl"),
        |case, report| {
            let found = convert_distance(case.text("input").unwrap_or_default()).ok();
            let expected = case.get("metres").as_f64();
            report.same(&found, &expected, case.get("input"));
        },
    );
}

#[test]
fn geopoint() {
    run(
        "geopoint.jsonl",
        &corpus("geopoint.jsonl"),
        |case, report| {
            let found = convert_geopoint(case.get("input"));
            let found = found.map_or(Value::Null, |it| json!({"lat": it.lat, "lon": it.lon}));
            let (found, expected) = (as_doubles(&found), as_doubles(case.get("output")));
            report.same(&found, &expected, case.get("input"));
        },
    );
}

/// 1 and 1.0 are the same number.
fn as_doubles(point: &Value) -> [Option<f64>; 2] {
    ["lat", "lon"].map(|it| point[it].as_f64())
}

#[test]
fn regexp() {
    run("regexp.jsonl", &corpus("regexp.jsonl"), |case, report| {
        let source = case.text("value").unwrap_or_default();
        let is_valid = case.get("valid") == true;
        let filter = json!({"regexp": {"f": {"value": source, "flags": case.get("flags")}}});
        let found = Filter::parse(&filter);
        report.check(found.is_ok() == is_valid, || {
            format!("line {}: {filter}: {found:?}", case.line)
        });
        let Ok(found) = found else { return };
        for (key, expected) in [("matches", true), ("non_matches", false)] {
            for text in case.list(key) {
                let answer = matches(&found, &json!({"f": text}));
                report.check(answer == expected, || {
                    format!("line {}: {filter} on {text}: {answer}", case.line)
                });
            }
        }
    });
}

#[test]
fn quirks() {
    run("quirks.jsonl", &corpus("quirks.jsonl"), |case, report| {
        let what = format!("line {}, {}", case.line, case.get("category"));
        match case.get("sane") {
            // Documents and the filters that match each of them.
            Value::Array(expected) => {
                let filters = case.list("filters").iter().map(Filter::parse);
                let filters: Result<Vec<_>, _> = filters.collect();
                report.check(filters.is_ok(), || format!("{what}: {filters:?}"));
                let Ok(filters) = filters else { return };
                for (document, expected) in case.list("docs").iter().zip(expected) {
                    let found = (0..filters.len()).filter(|it| matches(&filters[*it], document));
                    let found = json!(found.collect::<Vec<_>>());
                    report.same(&found, expected, format!("{what}: {document}"));
                }
            }
            Value::String(sane) => check_sane(case, sane, &what, report),
            _ => (),
        }
    });
}

/// Quirks whose right answer is told in words.
fn check_sane(case: &Case, sane: &str, what: &str, report: &Report) {
    let filters = case.list("filters").iter().chain(case.value.get("filter"));
    let is_refused = sane.starts_with("reject")
        || sane.contains("parse error")
        || sane.contains("KoncordeParseError");
    let are_read = matches!(
        sane,
        "accept scalars" | "in is one condition" | "free" | "document it"
    ) || sane.starts_with("all within")
        || sane.starts_with("nonzero winding");
    for filter in filters {
        let found = Filter::parse(filter);
        if is_refused
            && !case
                .get("category")
                .as_str()
                .unwrap_or_default()
                .starts_with("test-")
        {
            report.check(found.is_err(), || format!("{what}: {filter} is read"));
            let has_path = found
                .as_ref()
                .is_err_and(|it| it.keyword().is_some() && it.path().is_some());
            let is_object = filter.as_object().is_some();
            report.check(has_path || !is_object, || {
                format!("{what}: {found:?} has no path")
            });
        } else if are_read {
            report.check(found.is_ok(), || format!("{what}: {found:?}"));
        }
    }
}

/// Where a quirk's note leaves a choice, this is what was chosen.
#[test]
fn choices() {
    let check = |filter: Value, document: Value, expected: bool| {
        let parsed = Filter::parse(&filter).unwrap();
        assert_eq!(
            matches(&parsed, &document),
            expected,
            "{filter} on {document}"
        );
    };
    for document in [
        json!({"a.b": 1, "a": {"b": 2}}),
        json!({"a": {"b": 2}, "a.b": 1}),
    ] {
        check(json!({"equals": {"a.b": 2}}), document.clone(), true);
        check(json!({"equals": {"a.b": 1}}), document.clone(), false);
        check(json!({"match": {"a": {"b": 2}}}), document, true);
    }
    let circle = json!({"geoDistance": {"p": [70, 0], "distance": "1100km"}});
    // The last one is 1 133 km away.
    for (point, expected) in [
        ([75.0, 28.0], true),
        ([74.0, 28.0], true),
        ([76.0, 28.9], false),
    ] {
        check(circle.clone(), json!({"p": point}), expected);
    }
    for point in [
        json!([91, 0]),
        json!([0, "1e999"]),
        json!({"latLon": null}),
        json!("hello"),
        json!(""),
    ] {
        check(circle.clone(), json!({"p": point}), false);
        check(json!({"not": circle}), json!({"p": point}), false);
    }
    check(json!({"not": circle}), json!({}), true);
    for document in [
        json!(5),
        json!("abc"),
        json!([]),
        json!([1, 2]),
        json!(null),
    ] {
        check(json!({}), document.clone(), false);
        check(json!({"missing": "a"}), document, false);
    }
    for filter in [
        "{\"and\": [{}]}",
        "{\"bool\": {\"must_not\": {\"equals\": {\"a\": 1}}}}",
    ] {
        assert!(filter.parse::<Filter>().is_err(), "{filter}");
    }
    assert!(
        "{\"bool\": {\"must\": {\"equals\": {\"a\": 1}}}}"
            .parse::<Filter>()
            .is_ok()
    );
}
