//! Aggregations, each with the answer that Elasticsearch gives.

use super::*;

pub(super) fn sales() -> Reader {
    collection(
        json!({
            "shop": {"type": "keyword"},
            "price": {"type": "double"},
            "count": {"type": "long"},
            "day": {"type": "date"},
            "is_new": {"type": "boolean"},
            "tags": {"type": "keyword"},
            "title": {"type": "text"},
        }),
        &[
            json!({"shop": "north", "price": 10, "count": 1, "day": "2024-01-15T10:00:00Z", "is_new": true, "tags": ["a", "b", "a"]}),
            json!({"shop": "south", "price": 20.5, "count": 2, "day": "2024-01-31T23:30:00Z", "is_new": false, "tags": ["b"]}),
            json!({"shop": "north", "price": 30, "count": 3, "day": "2024-03-01T00:00:00Z", "is_new": true}),
            json!({"shop": "east", "price": -5, "count": [4, 6], "day": "2024-03-31T12:00:00Z", "tags": "c"}),
            json!({"price": 10, "count": 1}),
        ],
    )
}

#[test]
fn metrics() {
    let sales = [sales()];
    for (aggregation, expected) in [
        (json!({"avg": {"field": "price"}}), json!({"value": 13.1})),
        (json!({"sum": {"field": "price"}}), json!({"value": 65.5})),
        (json!({"min": {"field": "price"}}), json!({"value": -5})),
        (
            json!({"max": {"field": "price", "format": "0.00"}}),
            json!({"value": 30, "value_as_string": "30.00"}),
        ),
        (
            json!({"max": {"field": "day"}}),
            json!({"value": 1_711_886_400_000_i64, "value_as_string": "2024-03-31T12:00:00.000Z"}),
        ),
        (
            json!({"min": {"field": "day", "format": "yyyy"}}),
            json!({"value": 1_705_312_800_000_i64, "value_as_string": "2024"}),
        ),
        (
            json!({"max": {"field": "is_new"}}),
            json!({"value": 1, "value_as_string": "true"}),
        ),
        (json!({"avg": {"field": "nothing"}}), json!({"value": null})),
        (json!({"sum": {"field": "nothing"}}), json!({"value": 0})),
        (
            json!({"sum": {"field": "nothing", "missing": 2}}),
            json!({"value": 10}),
        ),
        (
            json!({"min": {"field": "count", "missing": 0}}),
            json!({"value": 1}),
        ),
        (
            json!({"value_count": {"field": "count"}}),
            json!({"value": 6}),
        ),
        (
            json!({"value_count": {"field": "tags"}}),
            json!({"value": 4}),
        ),
        (
            json!({"value_count": {"field": "shop", "missing": "x"}}),
            json!({"value": 5}),
        ),
        (
            json!({"stats": {"field": "count"}}),
            json!({"count": 6, "min": 1, "max": 6, "avg": 17.0 / 6.0, "sum": 17}),
        ),
        (
            json!({"stats": {"field": "nothing"}}),
            json!({"count": 0, "min": null, "max": null, "avg": null, "sum": 0}),
        ),
        (
            json!({"extended_stats": {"field": "count", "missing": 9}, "meta": {"x": 1}}),
            json!({
            "count": 6, "min": 1, "max": 6, "avg": 17.0 / 6.0, "sum": 17, "sum_of_squares": 67,
            "variance": 3.1388888888888893, "variance_population": 3.1388888888888893, "variance_sampling": 3.766666666666667,
            "std_deviation": 1.7716909687891083, "std_deviation_population": 1.7716909687891083, "std_deviation_sampling": 1.9407902170679516,
            "std_deviation_bounds": {
                "upper": 6.37671527091155, "lower": -0.710048604244883,
                "upper_population": 6.37671527091155, "lower_population": -0.710048604244883,
                "upper_sampling": 6.714913767469237, "lower_sampling": -1.0482471008025698},
            "meta": {"x": 1}}),
        ),
        (
            json!({"cardinality": {"field": "shop"}}),
            json!({"value": 3}),
        ),
        (
            json!({"cardinality": {"field": "shop", "missing": "x", "precision_threshold": 10}}),
            json!({"value": 4}),
        ),
        (
            json!({"cardinality": {"field": "price"}}),
            json!({"value": 4}),
        ),
        (
            json!({"percentiles": {"field": "price", "percents": [50, 100]}}),
            json!({"values": {"50.0": 10, "100.0": 30}}),
        ),
        (
            json!({"percentiles": {"field": "price", "percents": [25], "keyed": false}}),
            json!({"values": [{"key": 25, "value": 10}]}),
        ),
        (
            json!({"percentiles": {"field": "nothing", "percents": [25]}}),
            json!({"values": {"25.0": null}}),
        ),
        (
            json!({"percentile_ranks": {"field": "price", "values": [100, -100]}}),
            json!({"values": {"100.0": 100, "-100.0": 0}}),
        ),
        (
            json!({"median_absolute_deviation": {"field": "price"}}),
            json!({"value": 10.5}),
        ),
        (
            json!({"weighted_avg": {"value": {"field": "price"}, "weight": {"field": "is_new", "missing": 1}}}),
            json!({"value": 11.25}),
        ),
        (
            json!({"string_stats": {"field": "tags"}}),
            json!({"count": 4, "min_length": 1, "max_length": 1, "avg_length": 1, "entropy": 1.5}),
        ),
    ] {
        assert_eq!(
            aggregate(&sales, &json!({"x": aggregation}))["x"],
            expected,
            "{aggregation}"
        );
    }
}

#[test]
fn buckets() {
    let sales = [sales()];
    let terms = |other: u64, buckets: Value| json!({"doc_count_error_upper_bound": 0, "sum_other_doc_count": other, "buckets": buckets});
    for (aggregation, expected) in [
        (
            json!({"terms": {"field": "shop"}}),
            terms(
                0,
                json!([
            {"key": "north", "doc_count": 2}, {"key": "east", "doc_count": 1}, {"key": "south", "doc_count": 1}]),
            ),
        ),
        (
            json!({"terms": {"field": "shop", "size": 1}}),
            terms(2, json!([{"key": "north", "doc_count": 2}])),
        ),
        (
            json!({"terms": {"field": "shop", "order": {"_key": "desc"}, "missing": "zero"}}),
            terms(
                0,
                json!([
            {"key": "zero", "doc_count": 1}, {"key": "south", "doc_count": 1}, {"key": "north", "doc_count": 2}, {"key": "east", "doc_count": 1}]),
            ),
        ),
        (
            json!({"terms": {"field": "shop", "missing": "north"}}),
            terms(
                0,
                json!([
            {"key": "north", "doc_count": 3}, {"key": "east", "doc_count": 1}, {"key": "south", "doc_count": 1}]),
            ),
        ),
        (
            json!({"terms": {"field": "tags", "min_doc_count": 2}}),
            terms(0, json!([{"key": "b", "doc_count": 2}])),
        ),
        (
            json!({"terms": {"field": "tags", "exclude": ["b"]}}),
            terms(
                0,
                json!([{"key": "a", "doc_count": 1}, {"key": "c", "doc_count": 1}]),
            ),
        ),
        (
            json!({"terms": {"field": "tags", "include": "[ab]", "order": [{"_count": "asc"}, {"_key": "asc"}]}}),
            terms(
                0,
                json!([
            {"key": "a", "doc_count": 1}, {"key": "b", "doc_count": 2}]),
            ),
        ),
        (
            json!({"terms": {"field": "count"}}),
            terms(
                0,
                json!([
            {"key": 1, "doc_count": 2}, {"key": 2, "doc_count": 1}, {"key": 3, "doc_count": 1}, {"key": 4, "doc_count": 1}, {"key": 6, "doc_count": 1}]),
            ),
        ),
        (
            json!({"terms": {"field": "count", "include": [2, 6], "show_term_doc_count_error": true}}),
            terms(
                0,
                json!([
            {"key": 2, "doc_count": 1, "doc_count_error_upper_bound": 0}, {"key": 6, "doc_count": 1, "doc_count_error_upper_bound": 0}]),
            ),
        ),
        (
            json!({"terms": {"field": "price", "missing": 7.5}}),
            terms(
                0,
                json!([
            {"key": 10, "doc_count": 2}, {"key": -5, "doc_count": 1}, {"key": 20.5, "doc_count": 1}, {"key": 30, "doc_count": 1}]),
            ),
        ),
        (
            json!({"terms": {"field": "is_new"}}),
            terms(
                0,
                json!([
            {"key": 1, "key_as_string": "true", "doc_count": 2}, {"key": 0, "key_as_string": "false", "doc_count": 1}]),
            ),
        ),
        (
            json!({"terms": {"field": "day", "format": "yyyy-MM-dd", "size": 1}}),
            terms(
                3,
                json!([
            {"key": 1_705_312_800_000_i64, "key_as_string": "2024-01-15", "doc_count": 1}]),
            ),
        ),
        (json!({"terms": {"field": "nothing"}}), terms(0, json!([]))),
        (
            json!({"rare_terms": {"field": "shop"}}),
            json!({"buckets": [{"key": "east", "doc_count": 1}, {"key": "south", "doc_count": 1}]}),
        ),
        (
            json!({"histogram": {"field": "price", "interval": 20}}),
            json!({"buckets": [
            {"key": -20, "doc_count": 1}, {"key": 0, "doc_count": 2}, {"key": 20, "doc_count": 2}]}),
        ),
        (
            json!({"histogram": {"field": "price", "interval": 10, "offset": 5, "min_doc_count": 1, "keyed": true}}),
            json!({"buckets": {
            "-5.0": {"key": -5, "doc_count": 1}, "5.0": {"key": 5, "doc_count": 2}, "15.0": {"key": 15, "doc_count": 1}, "25.0": {"key": 25, "doc_count": 1}}}),
        ),
        (
            json!({"histogram": {"field": "price", "interval": 100, "extended_bounds": {"min": -100, "max": 250}, "hard_bounds": {"min": 0}}}),
            json!({"buckets": [
            {"key": -100, "doc_count": 0}, {"key": 0, "doc_count": 4}, {"key": 100, "doc_count": 0}, {"key": 200, "doc_count": 0}]}),
        ),
        (
            json!({"date_histogram": {"field": "day", "calendar_interval": "month"}}),
            json!({"buckets": [
            {"key_as_string": "2024-01-01T00:00:00.000Z", "key": 1_704_067_200_000_i64, "doc_count": 2},
            {"key_as_string": "2024-02-01T00:00:00.000Z", "key": 1_706_745_600_000_i64, "doc_count": 0},
            {"key_as_string": "2024-03-01T00:00:00.000Z", "key": 1_709_251_200_000_i64, "doc_count": 2}]}),
        ),
        (
            json!({"date_histogram": {"field": "day", "interval": "1M", "time_zone": "Europe/Paris", "format": "yyyy-MM-dd XXX", "min_doc_count": 1}}),
            json!({"buckets": [
            {"key_as_string": "2024-01-01 +01:00", "key": 1_704_063_600_000_i64, "doc_count": 1},
            {"key_as_string": "2024-02-01 +01:00", "key": 1_706_742_000_000_i64, "doc_count": 1},
            {"key_as_string": "2024-03-01 +01:00", "key": 1_709_247_600_000_i64, "doc_count": 2}]}),
        ),
        (
            json!({"date_histogram": {"field": "day", "fixed_interval": "30d", "keyed": true, "format": "yyyy-MM-dd", "offset": "1d"}}),
            json!({"buckets": {
            "2023-12-20": {"key_as_string": "2023-12-20", "key": 1_703_030_400_000_i64, "doc_count": 1},
            "2024-01-19": {"key_as_string": "2024-01-19", "key": 1_705_622_400_000_i64, "doc_count": 1},
            "2024-02-18": {"key_as_string": "2024-02-18", "key": 1_708_214_400_000_i64, "doc_count": 1},
            "2024-03-19": {"key_as_string": "2024-03-19", "key": 1_710_806_400_000_i64, "doc_count": 1}}}),
        ),
        (
            json!({"date_histogram": {"field": "day", "calendar_interval": "year", "extended_bounds": {"min": "2023", "max": "2024"}}}),
            json!({"buckets": [
            {"key_as_string": "2023-01-01T00:00:00.000Z", "key": 1_672_531_200_000_i64, "doc_count": 0},
            {"key_as_string": "2024-01-01T00:00:00.000Z", "key": 1_704_067_200_000_i64, "doc_count": 4}]}),
        ),
        (
            json!({"range": {"field": "price", "ranges": [{"from": 20}, {"to": 10}, {"key": "mid", "from": 10, "to": 20}]}}),
            json!({"buckets": [
            {"key": "*-10.0", "to": 10, "doc_count": 1}, {"key": "mid", "from": 10, "to": 20, "doc_count": 2}, {"key": "20.0-*", "from": 20, "doc_count": 2}]}),
        ),
        (
            json!({"range": {"field": "count", "keyed": true, "ranges": [{"from": 4, "to": 7}]}}),
            json!({"buckets": {"4.0-7.0": {"from": 4, "to": 7, "doc_count": 1}}}),
        ),
        (
            json!({"date_range": {"field": "day", "format": "yyyy-MM", "ranges": [{"to": "2024-03"}, {"from": "2024-01||+2M"}]}}),
            json!({"buckets": [
            {"key": "*-2024-03", "to": 1_709_251_200_000_i64, "to_as_string": "2024-03", "doc_count": 2},
            {"key": "2024-03-*", "from": 1_709_251_200_000_i64, "from_as_string": "2024-03", "doc_count": 2}]}),
        ),
        (
            json!({"missing": {"field": "shop"}}),
            json!({"doc_count": 1}),
        ),
        (
            json!({"missing": {"field": "nothing"}}),
            json!({"doc_count": 5}),
        ),
        (json!({"global": {}}), json!({"doc_count": 5})),
    ] {
        assert_eq!(
            aggregate(&sales, &json!({"x": aggregation}))["x"],
            expected,
            "{aggregation}"
        );
    }
}

#[test]
fn levels_below_levels() {
    let sales = [sales()];
    let found = aggregate(
        &sales,
        &json!({
            "shops": {
                "terms": {"field": "shop", "order": {"prices.avg": "desc"}},
                "meta": {"colour": "red"},
                "aggs": {
                    "prices": {"stats": {"field": "price"}},
                    "months": {
                        "date_histogram": {"field": "day", "calendar_interval": "month", "format": "MM", "min_doc_count": 1},
                        "aggs": {"counts": {"terms": {"field": "count", "size": 1}}},
                    },
                },
            },
        }),
    );
    let north = &found["shops"]["buckets"][0];
    assert_eq!(found["shops"]["meta"], json!({"colour": "red"}));
    let shops = found["shops"]["buckets"].as_array().unwrap();
    let order: Vec<&Value> = shops.iter().map(|it| &it["key"]).collect();
    assert_eq!(order, ["south", "north", "east"]);
    assert_eq!(
        shops[1]["prices"],
        json!({"count": 2, "min": 10, "max": 30, "avg": 20, "sum": 40})
    );
    assert_eq!(
        shops[1]["months"]["buckets"],
        json!([
            {"key_as_string": "01", "key": 1_704_067_200_000_i64, "doc_count": 1, "counts":
                {"doc_count_error_upper_bound": 0, "sum_other_doc_count": 0, "buckets": [{"key": 1, "doc_count": 1}]}},
            {"key_as_string": "03", "key": 1_709_251_200_000_i64, "doc_count": 1, "counts":
                {"doc_count_error_upper_bound": 0, "sum_other_doc_count": 0, "buckets": [{"key": 3, "doc_count": 1}]}},
        ])
    );
    assert_eq!(north["doc_count"], 1);
}

#[test]
fn the_best_hits_of_buckets() {
    let sales = [sales()];
    let found = aggregate(
        &sales,
        &json!({"shops": {"terms": {"field": "shop", "size": 1}, "aggs": {
            "dearest": {"top_hits": {"sort": [{"price": "desc"}], "size": 1, "_source": ["price"]}},
            "first": {"top_hits": {"size": 1, "_source": false}},
        }}}),
    );
    let north = &found["shops"]["buckets"][0];
    assert_eq!(
        north["dearest"],
        json!({"hits": {
        "total": {"value": 2, "relation": "eq"}, "max_score": null,
        "hits": [{"_index": "&index.collection", "_type": "_doc", "_id": "3", "_score": null, "_source": {"price": 30}, "sort": [30]}]}})
    );
    assert_eq!(
        north["first"],
        json!({"hits": {
        "total": {"value": 2, "relation": "eq"}, "max_score": 1,
        "hits": [{"_index": "&index.collection", "_type": "_doc", "_id": "1", "_score": 1}]}})
    );
}

#[test]
fn pipelines() {
    let sales = [sales()];
    let found = aggregate(
        &sales,
        &json!({
            "months": {
                "date_histogram": {"field": "day", "calendar_interval": "month"},
                "aggs": {
                    "sales": {"sum": {"field": "price"}},
                    "change": {"derivative": {"buckets_path": "sales"}},
                    "so_far": {"cumulative_sum": {"buckets_path": "sales"}},
                    "documents": {"cumulative_sum": {"buckets_path": "_count"}},
                },
            },
            "best": {"max_bucket": {"buckets_path": "months>sales"}},
            "least": {"min_bucket": {"buckets_path": "months._count"}},
            "all": {"stats_bucket": {"buckets_path": "months>sales"}},
            "middle": {"percentiles_bucket": {"buckets_path": "months>sales", "percents": [50]}},
        }),
    );
    let months = found["months"]["buckets"].as_array().unwrap();
    let column =
        |name: &str| -> Vec<Value> { months.iter().map(|it| it[name]["value"].clone()).collect() };
    assert_eq!(column("sales"), [json!(30.5), json!(0), json!(25)]);
    assert_eq!(column("change"), [json!(null), json!(null), json!(-5.5)]);
    assert_eq!(column("so_far"), [json!(30.5), json!(30.5), json!(55.5)]);
    assert_eq!(column("documents"), [json!(2), json!(2), json!(4)]);
    assert_eq!(
        found["best"],
        json!({"value": 30.5, "keys": ["2024-01-01T00:00:00.000Z"]})
    );
    assert_eq!(found["least"]["value"], 0);
    assert_eq!(
        found["all"],
        json!({"count": 2, "min": 25, "max": 30.5, "avg": 27.75, "sum": 55.5})
    );
    assert_eq!(found["middle"], json!({"values": {"50.0": 30.5}}));
    let found = aggregate(
        &sales,
        &json!({"shops": {"terms": {"field": "shop"}, "aggs": {
            "total": {"sum": {"field": "price"}},
            "order": {"bucket_sort": {"sort": [{"total": {"order": "desc"}}], "size": 2}},
        }}}),
    );
    let shops = found["shops"]["buckets"].as_array().unwrap();
    let order: Vec<&Value> = shops.iter().map(|it| &it["key"]).collect();
    assert_eq!(order, ["north", "south"]);
}

#[test]
fn several_collections_are_aggregated_together() {
    let both = [sales(), sales()];
    let found = aggregate(
        &both,
        &json!({
            "shops": {"terms": {"field": "shop"}, "aggs": {"p": {"avg": {"field": "price"}}}},
            "names": {"cardinality": {"field": "shop"}},
            "prices": {"histogram": {"field": "price", "interval": 100}},
        }),
    );
    assert_eq!(
        found["shops"]["buckets"][0],
        json!({"key": "north", "doc_count": 4, "p": {"value": 20}})
    );
    assert_eq!(found["names"], json!({"value": 3}));
    assert_eq!(
        found["prices"]["buckets"],
        json!([{"key": -100, "doc_count": 2}, {"key": 0, "doc_count": 8}])
    );
}

#[test]
fn what_is_wrong_is_told() {
    let sales = [sales()];
    let deep = (0..30).fold(
        json!({"x": {"global": {}}}),
        |below, _| json!({"x": {"missing": {"field": "shop"}, "aggs": below}}),
    );
    for (aggs, part) in [
        (
            json!({"x": {"tems": {"field": "shop"}}}),
            "Unknown aggregation type [tems]",
        ),
        (json!({"x": {}}), "no kind"),
        (
            json!({"x": {"avg": {"field": "price"}, "max": {"field": "price"}}}),
            "two kinds",
        ),
        (json!({"x": {"avg": {}}}), "needs [field]"),
        (json!({"x": {"avg": {"field": "shop"}}}), "takes numbers"),
        (
            json!({"x": {"avg": {"field": "price", "size": 5}}}),
            "unknown field [size]",
        ),
        (
            json!({"x": {"avg": {"field": "price", "script": "1"}}}),
            "no scripts",
        ),
        (json!({"x": {"terms": {"field": "title"}}}), "is a text"),
        (
            json!({"x": {"terms": {"field": "shop", "size": 0}}}),
            "above 0",
        ),
        (
            json!({"x": {"terms": {"field": "shop", "order": {"nothing": "asc"}}}}),
            "leads to no number",
        ),
        (
            json!({"x": {"histogram": {"field": "price", "interval": 0}}}),
            "above 0",
        ),
        (
            json!({"x": {"histogram": {"field": "price", "interval": 0.0001}}}),
            "too many buckets",
        ),
        (
            json!({"x": {"date_histogram": {"field": "day"}}}),
            "needs [calendar_interval]",
        ),
        (
            json!({"x": {"date_histogram": {"field": "day", "calendar_interval": "2d"}}}),
            "one unit",
        ),
        (
            json!({"x": {"date_histogram": {"field": "day", "fixed_interval": "month"}}}),
            "a length",
        ),
        (
            json!({"x": {"date_histogram": {"field": "day", "fixed_interval": "1ms"}}}),
            "too many buckets",
        ),
        (
            json!({"x": {"date_histogram": {"field": "day", "interval": "1d", "time_zone": "Moon"}}}),
            "no time zone",
        ),
        (
            json!({"x": {"avg": {"field": "price"}, "aggs": {"y": {"avg": {"field": "price"}}}}}),
            "no buckets",
        ),
        (
            json!({"x": {"missing": {"field": "shop"}, "aggs": {"y": {"global": {}}}}}),
            "at the top",
        ),
        (json!({"x": {"scripted_metric": {}}}), "no scripts"),
        (json!({"x": {"children": {}}}), "yet"),
        (
            json!({"x": {"max_bucket": {"buckets_path": "y>z"}}}),
            "leads to no number",
        ),
        (
            json!({"x": {"range": {"field": "price", "ranges": []}}}),
            "one range",
        ),
        (
            json!({"x": {"percentiles": {"field": "price", "percents": [101]}}}),
            "from 0 to 100",
        ),
        (json!({"x>y": {"avg": {"field": "price"}}}), "invalid name"),
        (json!({"x": {"filter": {"tem": {}}}}), "tem"),
        (deep, "deeper"),
    ] {
        let error = run(&sales, &json!({"size": 0, "aggs": aggs})).unwrap_err();
        assert!(error.message.contains(part), "{aggs}: {error}");
    }
}
