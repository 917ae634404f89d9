//! Searches: queries, orders, pages, over one collection and several.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod support;

use koncorde_store::{Collection, SearchQuery, SearchRequest, Store, StoreErrorKind, WriteKind};
use serde_json::{Map, Value, json};

use support::*;

fn request(body: Value) -> SearchRequest {
    SearchRequest {
        query: SearchQuery::All,
        body: object(body),
        from: 0,
        size: 100,
        scroll: None,
    }
}

async fn ids(store: &Store, at: &[Collection], request: SearchRequest) -> Vec<String> {
    let found = search(store, at, request).await.unwrap();
    found.hits.into_iter().map(|it| it.document.id).collect()
}

async fn refusal(store: &Store, at: &Collection, request: SearchRequest) -> StoreErrorKind {
    let found = search(store, std::slice::from_ref(at), request).await;
    found.unwrap_err().kind
}

#[tokio::test]
async fn orders_are_those_of_elasticsearch() {
    let (_folder, store, at) = store().await;
    let mappings = json!({"properties": {
        "small": {"type": "byte"},
        "big": {"type": "unsigned_long"},
        "half": {"type": "float"},
        "day": {"type": "date", "format": "dd/MM/yyyy||epoch_millis"},
        "tag": {"type": "keyword", "ignore_above": 3},
        "or": {"type": "keyword", "null_value": "m"},
        "ip": {"type": "ip"},
        "point": {"type": "geo_point"},
    }});
    store
        .update_collection(&at, &mappings, &Value::Null)
        .await
        .unwrap();
    let documents = [
        (
            "c",
            json!({"n": 2, "s": "b", "small": 3, "big": u64::MAX, "half": 0.5, "b": true, "d": "2024-01-02", "day": "03/01/2024", "tag": "b", "ip": "10.0.0.2", "o": {"x": [5, 1]}, "m": [3, 9], "or": "a", "words": "z", "l": i64::MAX}),
        ),
        (
            "a",
            json!({"n": 10, "s": "a", "small": "2", "big": 1, "half": -1, "b": false, "d": "2024-01-01T10:00:00Z", "day": 0, "tag": "long", "ip": "9.0.0.1", "o": [{"x": 3}, {"x": 4}], "m": [4, 5], "or": null, "words": "a", "l": i64::MAX - 1}),
        ),
        (
            "d",
            json!({"n": 2, "s": "a", "tag": ["c", "a"], "ip": "::1", "o": {}, "m": [], "or": "z"}),
        ),
        ("b", json!({"s": "B", "tag": [], "m": null})),
    ];
    for (id, document) in documents {
        one(&store, &at, create(id, document)).await.unwrap();
    }
    let cases = [
        (json!(null), "c a d b"),
        (json!([]), "c a d b"),
        (json!("n"), "c d a b"),
        (json!(["n"]), "c d a b"),
        (json!({"n": "desc"}), "a c d b"),
        (json!({"n": {"order": "desc"}}), "a c d b"),
        (json!({"n": {"missing": "_first"}}), "b c d a"),
        (
            json!({"n": {"order": "desc", "missing": "_first"}}),
            "b a c d",
        ),
        (json!({"n": {"missing": 5}}), "c d b a"),
        (json!(["n", "_id"]), "c d a b"),
        (json!(["n", {"_id": "desc"}]), "d c a b"),
        (json!([{"n": "asc"}, {"s.keyword": "asc"}]), "d c a b"),
        (json!("_id"), "a b c d"),
        (json!({"_id": "desc"}), "d c b a"),
        (json!("_doc"), "c a d b"),
        (json!({"_doc": "desc"}), "b d a c"),
        (json!("_score"), "c a d b"),
        (json!("s.keyword"), "b a d c"),
        (json!("small"), "a c d b"),
        (json!("big"), "a c d b"),
        (json!("l"), "a c d b"),
        (json!("half"), "a c d b"),
        (json!("b"), "a c d b"),
        (json!("d"), "a c d b"),
        (json!({"day": "desc"}), "c a d b"),
        (json!("tag"), "d c a b"),
        (json!({"tag": "desc"}), "d c a b"),
        (json!("or"), "c a d b"),
        (json!("ip"), "d a c b"),
        (json!("o.x"), "c a d b"),
        (json!({"o.x": "desc"}), "c a d b"),
        (json!({"o.x": {"order": "desc", "mode": "min"}}), "a c d b"),
        (json!("m"), "c a d b"),
        (json!({"m": {"mode": "max"}}), "a c d b"),
        (json!({"m": {"mode": "sum"}}), "a c d b"),
        (json!({"m": {"mode": "avg"}}), "a c d b"),
        (json!({"m": {"mode": "median"}}), "a c d b"),
        (json!({"q": {"unmapped_type": "long"}}), "c a d b"),
    ];
    for (sort, expected) in cases {
        let request = request(json!({ "sort": sort }));
        let found = ids(&store, std::slice::from_ref(&at), request).await;
        assert_eq!(found.join(" "), expected, "{sort}");
    }
    let wrong = [
        json!("q"),
        json!("s"),
        json!("o"),
        json!({"n": "up"}),
        json!({"n": {"mode": "mean"}}),
        json!(5),
        json!(vec!["n"; 65]),
    ];
    for sort in wrong {
        let kind = refusal(&store, &at, request(json!({ "sort": sort }))).await;
        assert_eq!(kind, StoreErrorKind::InvalidQuery, "{sort}");
    }
}

#[tokio::test]
async fn pages_follow_each_other() {
    let (_folder, store, at) = store().await;
    let writes = (0..250).map(|n| create(&format!("d{n:03}"), json!({ "n": n % 10 })));
    store.write(&at, writes.collect()).await.unwrap();
    let at = std::slice::from_ref(&at);
    for sort in [json!(null), json!("n"), json!([{"n": "desc"}, "_id"])] {
        let whole = SearchRequest {
            size: 1000,
            ..request(json!({ "sort": sort }))
        };
        let whole = ids(&store, at, whole).await;
        assert_eq!(whole.len(), 250);
        let mut paged = Vec::new();
        for from in (0..300).step_by(60) {
            let page = SearchRequest {
                from,
                size: 60,
                ..request(json!({ "sort": sort }))
            };
            let page = search(&store, at, page).await.unwrap();
            assert_eq!(page.total, 250);
            paged.extend(page.hits.into_iter().map(|it| it.document.id));
        }
        assert_eq!(paged, whole, "{sort}");
    }
    for (from, size, is_fine) in [
        (0, 0, true),
        (9_990, 10, true),
        (9_991, 10, false),
        (u64::MAX, 1, false),
    ] {
        let page = SearchRequest {
            from,
            size,
            ..request(json!({}))
        };
        let found = search(&store, at, page).await;
        assert_eq!(found.is_ok(), is_fine, "{from} {size}");
        assert!(found.map_or(true, |it| it.hits.is_empty() && it.total == 250));
    }
}

#[tokio::test]
async fn queries_find_what_they_say() {
    let (_folder, store, at) = store().await;
    for n in 0..20 {
        let document = json!({"n": n, "s": format!("text {n}"), "p": {"lat": n, "lon": 0}});
        one(&store, &at, create(&format!("d{n}"), document))
            .await
            .unwrap();
    }
    one(&store, &at, write("d7", WriteKind::Delete))
        .await
        .unwrap();
    let elastic = SearchQuery::Elasticsearch;
    let cases = [
        (SearchQuery::All, 19),
        (elastic(json!({"match_all": {}})), 19),
        (elastic(json!({"match_none": {}})), 0),
        (
            elastic(json!({"ids": {"values": ["d1", "d7", "d19", "other"]}})),
            2,
        ),
        (elastic(json!({"term": {"n": 3}})), 1),
        (elastic(json!({"range": {"n": {"gte": 5, "lt": 10}}})), 4),
        (elastic(json!({"match": {"s": "3"}})), 1),
        (elastic(json!({"exists": {"field": "p"}})), 19),
        (elastic(json!({"exists": {"field": "other"}})), 0),
    ];
    for (query, expected) in cases {
        let slice = std::slice::from_ref(&at);
        let shown = format!("{query:?}");
        store.refresh(&at).await.unwrap();
        let counted = store.count(slice, &query).await.unwrap();
        assert_eq!(counted, expected, "{shown}");
        let request = SearchRequest {
            query,
            size: 5,
            ..SearchRequest::default()
        };
        let found = search(&store, slice, request).await.unwrap();
        assert_eq!(found.total, expected, "{shown}");
        assert_eq!(found.hits.len() as u64, expected.min(5), "{shown}");
    }
    let unknown = StoreErrorKind::UnknownQueryKeyword {
        keyword: "equals".into(),
    };
    let request = SearchRequest {
        query: elastic(json!({"equals": {"n": 1}})),
        ..SearchRequest::default()
    };
    assert_eq!(refusal(&store, &at, request).await, unknown);
}

#[tokio::test]
async fn hits_carry_what_was_asked_for() {
    let (_folder, store, at) = store().await;
    one(&store, &at, create("a", json!({"n": 1, "s": "x"})))
        .await
        .unwrap();
    one(&store, &at, update("a", json!({"n": 2})))
        .await
        .unwrap();
    let cases = [
        (json!({}), json!({"n": 2, "s": "x"}), Some(1.0)),
        (json!({"sort": "n"}), json!({"n": 2, "s": "x"}), None),
        (
            json!({"sort": ["n", "_score"]}),
            json!({"n": 2, "s": "x"}),
            Some(1.0),
        ),
        (json!({"_source": false}), json!(null), Some(1.0)),
        (
            json!({"_source": ["n"], "explain": false}),
            json!({"n": 2}),
            Some(1.0),
        ),
    ];
    for (body, source, score) in cases {
        let found = search(&store, std::slice::from_ref(&at), request(body.clone()))
            .await
            .unwrap();
        let hit = &found.hits[0];
        assert_eq!(
            (&*hit.document.source, hit.score),
            (&source, score),
            "{body}"
        );
        assert_eq!((&hit.at, hit.document.version), (&at, 2));
    }
    for key in ["query", "explain", "other"] {
        let body = Map::from_iter([(key.to_owned(), json!({}))]);
        let kind = refusal(&store, &at, request(body.into())).await;
        assert_eq!(kind, StoreErrorKind::InvalidQuery, "{key}");
    }
}

#[tokio::test]
async fn several_collections_are_searched_as_one() {
    let (_folder, store, first) = store().await;
    let second = place("j", "c");
    let empty = place("i", "empty");
    for at in [&second, &empty] {
        store
            .create_collection(at, &Value::Null, &Value::Null)
            .await
            .unwrap();
    }
    for (at, id, n) in [
        (&second, "a", 3),
        (&first, "a", 2),
        (&second, "b", 1),
        (&first, "b", 4),
    ] {
        one(&store, at, create(id, json!({ "n": n })))
            .await
            .unwrap();
    }
    let both = [first.clone(), second.clone(), first.clone()];
    let found = search(&store, &both, request(json!({"sort": "n"})))
        .await
        .unwrap();
    let seen: Vec<_> = found
        .hits
        .iter()
        .map(|it| (&*it.at.index, &*it.document.id))
        .collect();
    assert_eq!(seen, [("j", "b"), ("i", "a"), ("j", "a"), ("i", "b")]);
    assert_eq!(
        (
            found.total,
            store.count(&both, &SearchQuery::All).await.unwrap()
        ),
        (4, 4)
    );
    let unsorted = search(&store, &both, request(json!({}))).await.unwrap();
    let seen: Vec<_> = unsorted
        .hits
        .iter()
        .map(|it| (&*it.at.index, &*it.document.id))
        .collect();
    assert_eq!(seen, [("i", "a"), ("i", "b"), ("j", "a"), ("j", "b")]);
    let missing = [first.clone(), place("i", "missing")];
    assert!(search(&store, &missing, request(json!({}))).await.is_err());
    let unmapped = [first, empty];
    let sort = json!({"sort": {"n": {"unmapped_type": "long"}}});
    assert_eq!(
        search(&store, &unmapped, request(sort))
            .await
            .unwrap()
            .total,
        2
    );
}

#[tokio::test]
async fn searches_see_what_was_written_before_a_refresh() {
    let (_folder, store, at) = store().await;
    let slice = std::slice::from_ref(&at);
    for n in 1..=50 {
        one(&store, &at, create(&format!("d{n}"), json!({ "n": n })))
            .await
            .unwrap();
        assert_eq!(count(&store, &at).await, n);
        let last = request(json!({"sort": {"n": "desc"}}));
        assert_eq!(ids(&store, slice, last).await[0], format!("d{n}"));
    }
}
