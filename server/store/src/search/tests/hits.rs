//! Pages, orders, parts of documents.

use super::*;

fn people() -> Reader {
    collection(
        json!({
            "name": {"type": "keyword"},
            "age": {"type": "integer"},
            "height": {"type": "double"},
            "born": {"type": "date"},
            "is_here": {"type": "boolean"},
            "address": {"type": "ip"},
            "big": {"type": "unsigned_long"},
            "home": {"type": "geo_point"},
            "about": {"type": "text"},
            "pets": {"type": "nested", "properties": {
                "name": {"type": "keyword"}, "age": {"type": "integer"}}},
        }),
        &[
            json!({"_id": "a", "name": "Ann", "age": 30, "height": 1.5, "born": "1990-01-01",
                "is_here": true, "address": "10.0.0.9", "big": 18_446_744_073_709_551_615_u64,
                "home": {"lat": 48.85, "lon": 2.35},
                "pets": [{"name": "z", "age": 9}, {"name": "b", "age": 1}]}),
            json!({"_id": "b", "name": ["Bob", "Zoe"], "age": [5, 40, 41], "height": 2,
                "born": "1980-01-01", "is_here": false, "address": "9.0.0.10", "big": 1,
                "home": [{"lat": 0, "lon": 0}, {"lat": 43.6, "lon": 3.9}],
                "pets": {"name": "c", "age": 4}}),
            json!({"_id": "c", "age": null, "name": []}),
            json!({"_id": "d", "name": "Cyd", "age": 30, "height": 1.75, "born": 0,
                "address": "::1", "big": 0, "home": "51.5,0"}),
        ],
    )
}

#[test]
fn hits_come_in_the_order_of_the_sort() {
    let people = [people()];
    for (sort, expected) in [
        (json!([]), "a b c d"),
        (json!("_doc"), "a b c d"),
        (json!([{"_doc": "desc"}]), "d c b a"),
        (json!("_score"), "a b c d"),
        (json!("name"), "a b d c"),
        (json!({"name": "desc"}), "b d a c"),
        (json!({"name": {"order": "desc", "mode": "min"}}), "d b a c"),
        (json!({"name": {"missing": "_first"}}), "c a b d"),
        (json!({"name": {"missing": "Bo"}}), "a c b d"),
        (json!({"name": {"missing": "Cyd"}}), "a b c d"),
        (json!(["age", {"_id": "desc"}]), "b d a c"),
        (json!({"age": "desc"}), "b a d c"),
        (json!({"age": {"mode": "sum"}}), "a d b c"),
        (json!({"age": {"mode": "avg"}}), "b a d c"),
        (json!({"age": {"mode": "median"}}), "a d b c"),
        (json!({"age": {"missing": 31, "order": "desc"}}), "b c a d"),
        (json!({"age": {"missing": 30.5, "mode": "max"}}), "a d c b"),
        (json!("height"), "a d b c"),
        (json!({"height": {"missing": 1.6}}), "a c d b"),
        (json!([{"born": {"format": "yyyy"}}]), "d b a c"),
        (json!({"born": {"missing": "1985-06-01"}}), "d b c a"),
        (json!({"is_here": "desc"}), "a b c d"),
        (json!("is_here"), "b a c d"),
        (json!("address"), "d b a c"),
        (json!("big"), "d b a c"),
        (json!({"big": "desc"}), "a b d c"),
        (json!({"_id": "desc"}), "d c b a"),
        (json!({"nothing": {"unmapped_type": "long"}}), "a b c d"),
        (json!("pets.age"), "a b c d"),
        (json!({"pets.age": {"order": "desc"}}), "a b c d"),
        (
            json!({"pets.age": {"order": "desc", "nested": {"path": "pets"}, "mode": "min"}}),
            "b a c d",
        ),
        (
            json!({"_geo_distance": {"home": {"lat": 48, "lon": 2}}}),
            "a d b c",
        ),
        (
            json!({"_geo_distance": {"home": [[2, 48]], "order": "desc", "unit": "km"}}),
            "c b d a",
        ),
        (
            json!({"_geo_distance": {"home": "0,0", "mode": "min"}}),
            "b a d c",
        ),
        (
            json!({"_geo_distance": {"home": "0,0", "mode": "max", "distance_type": "plane"}}),
            "b a d c",
        ),
    ] {
        let result = run(&people, &json!({"sort": sort})).unwrap();
        assert_eq!(ids(&result), expected, "{sort}");
        assert_eq!(result.total, 4);
    }
}

#[test]
fn search_after_goes_on_behind_the_values() {
    let people = [people()];
    for (sort, after, expected) in [
        (json!(["name", "_id"]), json!(["Ann", "a"]), "b d c"),
        (json!(["name", "_id"]), json!(["Ann", "Z"]), "a b d c"),
        (json!(["name", "_id"]), json!(["B", "a"]), "b d c"),
        (json!(["name", "_id"]), json!([null, "b"]), "c"),
        (json!([{"age": "desc"}, "_id"]), json!([30, "a"]), "d c"),
        (json!([{"age": "desc"}, "_id"]), json!([40.5, "a"]), "a d c"),
        (json!(["height"]), json!([1.6]), "d b c"),
        (json!(["height"]), json!([1.5]), "d b c"),
        (json!(["height"]), json!([2]), "c"),
        (json!(["born"]), json!(["1980-01-01"]), "a c"),
        (json!(["born"]), json!([0]), "b a c"),
        (json!(["big"]), json!([1]), "a c"),
        (json!(["address"]), json!(["9.0.0.10"]), "a c"),
        (json!(["_id"]), json!(["c"]), "d"),
        (json!([{"_doc": "desc"}]), json!([3]), "b a"),
    ] {
        let body = json!({"sort": sort, "search_after": after});
        assert_eq!(ids(&run(&people, &body).unwrap()), expected, "{body}");
    }
}

#[test]
fn pages_follow_each_other() {
    let documents: Vec<Value> = (0..200).map(|it| json!({"n": it % 7})).collect();
    let many = [collection(json!({}), &documents)];
    for sort in [json!([]), json!("n"), json!({"n": "desc"})] {
        let all = run(&many, &json!({"sort": sort, "size": 200})).unwrap();
        assert_eq!(all.hits.len(), 200);
        let mut paged = Vec::new();
        for from in (0..200).step_by(30) {
            let page = run(&many, &json!({"sort": sort, "from": from, "size": 30})).unwrap();
            assert_eq!(page.total, 200);
            paged.extend(page.hits);
        }
        assert_eq!(paged, all.hits);
    }
}

#[test]
fn several_collections_are_one_list() {
    let a = collection(
        json!({"n": {"type": "long"}}),
        &[json!({"_id": "1", "n": 1}), json!({"_id": "3", "n": 3})],
    );
    let b = collection(
        json!({"n": {"type": "double"}}),
        &[json!({"_id": "2", "n": 2.5}), json!({"_id": "4", "n": 4})],
    );
    let both = [a, b];
    let result = run(&both, &json!({"sort": "n"})).unwrap();
    assert_eq!((ids(&result).as_str(), result.total), ("1 2 3 4", 4));
    let result = run(&both, &json!({"sort": "n", "from": 1, "size": 2})).unwrap();
    assert_eq!((ids(&result).as_str(), result.total), ("2 3", 4));
    let result = run(&both, &json!({"sort": "n", "search_after": [2.5]})).unwrap();
    assert_eq!(ids(&result), "3 4");
    assert_eq!(count(&both, &SearchQuery::All, &WAITING).unwrap(), 4);
}

#[test]
fn scores_are_null_when_something_else_sorts() {
    let people = [people()];
    for (sort, has_score) in [
        (json!([]), true),
        (json!(["age"]), false),
        (json!(["age", "_score"]), true),
    ] {
        let result = run(&people, &json!({"sort": sort, "_source": false})).unwrap();
        assert_eq!(result.hits[0].score, has_score.then_some(1.0), "{sort}");
        assert_eq!(*result.hits[0].document.source, Value::Null);
        assert_eq!(result.hits[0].document.version, 1);
    }
}

#[test]
fn documents_come_as_they_were_sent() {
    let people = [people()];
    let result = run(&people, &json!({"sort": "_id", "size": 1})).unwrap();
    assert_eq!(result.hits[0].document.source["pets"][0]["name"], "z");
    let body = json!({"sort": "_id", "size": 1, "_source": ["name", "pets.age"]});
    let result = run(&people, &body).unwrap();
    let expected = json!({"name": "Ann", "pets": [{"age": 9}, {"age": 1}]});
    assert_eq!(*result.hits[0].document.source, expected);
}

#[test]
fn what_is_wrong_is_told() {
    let people = [people()];
    for (body, part) in [
        (json!({"sort": "nothing"}), "No mapping found for [nothing]"),
        (json!({"sort": "about"}), "is a text"),
        (json!({"sort": "home"}), "_geo_distance"),
        (json!({"sort": {"age": "up"}}), "asc or desc"),
        (json!({"sort": {"age": {"mode": "most"}}}), "min, max, sum"),
        (json!({"sort": {"name": {"mode": "avg"}}}), "min or max"),
        (
            json!({"sort": {"age": {"missing": "x"}}}),
            "no value of its type",
        ),
        (
            json!({"sort": {"age": {"modus": "min"}}}),
            "unknown field [modus]",
        ),
        (json!({"sort": 5}), "names of fields"),
        (json!({"sort": {"_script": {}}}), "no scripts"),
        (
            json!({"sort": {"_geo_distance": {"age": "0,0"}}}),
            "is none",
        ),
        (
            json!({"sort": {"_geo_distance": {"home": "nowhere at all"}}}),
            "points",
        ),
        (
            json!({"sort": {"pets.age": {"nested": {"path": "home"}}}}),
            "stands in [pets]",
        ),
        (json!({"from": 9_999, "size": 2}), "window is too large"),
        (json!({"sort": "age", "search_after": [1, 2]}), "2 values"),
        (json!({"search_after": [1]}), "one for each"),
        (
            json!({"sort": "age", "search_after": ["x"]}),
            "none of its type",
        ),
        (
            json!({"sort": "age", "search_after": [1], "from": 1}),
            "[from]",
        ),
        (json!({"sort": "age", "search_after": 1}), "takes a list"),
        (json!({"highlight": {}}), "no [highlight]"),
        (json!({"colour": {}}), "[colour]"),
        (json!({"aggs": {}, "aggregations": {}}), "the same"),
        (json!({"_source": 5}), "_source"),
    ] {
        let error = run(&people, &body)
            .err()
            .unwrap_or_else(|| panic!("{body}"));
        assert!(error.message.contains(part), "{body}: {error}");
    }
    let abandoned = AtomicBool::new(true);
    assert!(search(&people, &request(&json!({})), &abandoned).is_err());
    let body = json!({"search_timeout": "0ms"});
    assert!(
        run(&people, &body)
            .unwrap_err()
            .message
            .contains("search_timeout")
    );
}

#[test]
fn queries_choose_and_filters_narrow() {
    let people = [people()];
    for (body, expected, total) in [
        (json!({"query": {"term": {"name": "Zoe"}}}), "b", 1),
        (
            json!({"query": {"range": {"age": {"gte": 30}}}, "sort": {"_id": "desc"}}),
            "d b a",
            3,
        ),
        (
            json!({"query": {"bool": {"filter": {"exists": {"field": "age"}}, "must_not": {"term": {"name": "Cyd"}}}}, "sort": "_id"}),
            "a b",
            2,
        ),
        (json!({"query": {"match_none": {}}}), "", 0),
        (
            json!({"query": {"exists": {"field": "name"}}, "post_filter": {"term": {"is_here": true}}}),
            "a",
            1,
        ),
        (
            json!({"query": {"nested": {"path": "pets", "query": {"range": {"pets.age": {"lt": 5}}}}}, "sort": "_id"}),
            "a b",
            2,
        ),
        (json!({"query": {"term": {"pets.age": 9}}}), "", 0),
        (
            json!({"sort": {"pets.age": {"order": "desc", "nested": {"path": "pets", "filter": {"range": {"pets.age": {"lt": 5}}}}}}}),
            "b a c d",
            4,
        ),
    ] {
        let result = run(&people, &body).unwrap();
        assert_eq!(
            (ids(&result).as_str(), result.total),
            (expected, total),
            "{body}"
        );
        if let (Some(query), None) = (body.get("query"), body.get("post_filter")) {
            let query = SearchQuery::Elasticsearch(query.clone());
            assert_eq!(count(&people, &query, &WAITING).unwrap(), total, "{body}");
        }
    }
    let error = run(&people, &json!({"query": {"tem": {"name": "x"}}})).unwrap_err();
    assert!(error.message.contains("tem"), "{error}");
}

#[test]
fn the_best_score_comes_first() {
    let texts = [collection(
        json!({"text": {"type": "text"}}),
        &[
            json!({"_id": "long", "text": "one two three four five six fox"}),
            json!({"_id": "none", "text": "dog"}),
            json!({"_id": "short", "text": "fox"}),
            json!({"_id": "twice", "text": "fox fox and more"}),
        ],
    )];
    let body = json!({"query": {"match": {"text": "fox"}}});
    let result = run(&texts, &body).unwrap();
    assert_eq!(
        (ids(&result).as_str(), result.total),
        ("short twice long", 3)
    );
    let scores: Vec<f64> = result.hits.iter().map(|it| it.score.unwrap()).collect();
    assert!(
        scores.is_sorted_by(|a, b| a > b) && scores[2] > 0.0,
        "{scores:?}"
    );
    let body = json!({"query": {"match": {"text": "fox"}}, "sort": ["_score"], "search_after": [scores[0]]});
    assert_eq!(ids(&run(&texts, &body).unwrap()), "twice long");
    let body = json!({"query": {"match": {"text": "fox"}}, "size": 1, "from": 1});
    assert_eq!(ids(&run(&texts, &body).unwrap()), "twice");
}
