//! Scrolls: pages of one moment.

use std::time::{Duration, Instant};

use super::*;
use crate::error::StoreErrorKind;
use crate::limits::SCROLLS_MAX;

const MINUTE: Duration = Duration::from_secs(60);

fn many(count: u64) -> Vec<Reader> {
    let documents: Vec<Value> = (0..count).map(|it| json!({"n": it % 7})).collect();
    vec![collection(json!({}), &documents)]
}

fn open(scrolls: &Scrolls, readers: &[Reader], body: &Value) -> Result<SearchResult, StoreError> {
    let request = SearchRequest {
        scroll: Some(MINUTE),
        ..request(body)
    };
    scrolls.open(readers.to_vec(), &request, MINUTE, &WAITING)
}

#[test]
fn a_scroll_gives_every_hit_once() {
    let many = many(5_000);
    let all = run(&many, &json!({"sort": "n", "size": 5_000})).unwrap();
    for (size, sort) in [(7, json!("n")), (2_500, json!("n")), (5_000, json!("n"))] {
        let scrolls = Scrolls::default();
        let body = json!({"sort": sort, "size": size, "aggs": {"most": {"max": {"field": "n"}}}});
        let mut page = open(&scrolls, &many, &body).unwrap();
        assert_eq!(page.aggregations, Some(json!({"most": {"value": 6}})));
        let mut found = Vec::new();
        loop {
            let place = page.scroll.clone().unwrap();
            found.append(&mut page.hits);
            assert_eq!(place.remaining, 5_000 - found.len() as u64);
            assert_eq!(page.total, 5_000);
            if place.remaining == 0 && scrolls.len() == 0 {
                break;
            }
            page = scrolls.next(&place.id, MINUTE, &WAITING).unwrap();
            assert_eq!(page.aggregations, None);
        }
        assert_eq!(found, all.hits, "{size}");
    }
}

#[test]
fn a_scroll_ends_with_its_last_page() {
    let (scrolls, many) = (Scrolls::default(), many(3));
    let first = open(&scrolls, &many, &json!({"size": 2})).unwrap();
    let id = first.scroll.unwrap().id;
    let last = scrolls.next(&id, MINUTE, &WAITING).unwrap();
    assert_eq!(
        (ids(&last).as_str(), last.scroll.unwrap().remaining),
        ("3", 0)
    );
    let error = scrolls.next(&id, MINUTE, &WAITING).unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::UnknownScroll);
    assert_eq!(scrolls.len(), 0);
}

#[test]
fn a_scroll_that_nobody_asks_for_is_forgotten() {
    let (scrolls, many) = (Scrolls::default(), many(3));
    let first = open(&scrolls, &many, &json!({"size": 1})).unwrap();
    let id = first.scroll.unwrap().id;
    scrolls.sweep(Instant::now());
    assert_eq!(scrolls.len(), 1);
    assert!(scrolls.next(&id, Duration::ZERO, &WAITING).is_ok());
    assert!(scrolls.next(&id, MINUTE, &WAITING).is_err());
    open(&scrolls, &many, &json!({"size": 1})).unwrap();
    scrolls.sweep(Instant::now() + 2 * MINUTE);
    assert_eq!(scrolls.len(), 0);
}

#[test]
fn there_are_so_many_scrolls_at_most() {
    let (scrolls, many) = (Scrolls::default(), many(3));
    for _ in 0..SCROLLS_MAX {
        open(&scrolls, &many, &json!({"size": 1})).unwrap();
    }
    let error = open(&scrolls, &many, &json!({"size": 1})).unwrap_err();
    assert!(
        error.message.contains("too many scroll contexts"),
        "{error}"
    );
}

#[test]
fn a_scroll_begins_at_the_first_hit() {
    let (scrolls, many) = (Scrolls::default(), many(3));
    for body in [
        json!({"from": 1}),
        json!({"size": 0}),
        json!({"sort": "n", "search_after": [1]}),
    ] {
        assert!(open(&scrolls, &many, &body).is_err(), "{body}");
    }
}
