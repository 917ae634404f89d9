//! Alerting rules in the shapes that the strongest other engine publishes numbers
//! for: a hundred thousand of them, small events, a constant number of matches.

use serde_json::{Value, json};

use crate::{Random, Workload};

fn equals(field: &str, value: impl Into<Value>) -> Value {
    json!({"equals": {field: value.into()}})
}

fn workload(
    filters: impl Iterator<Item = Value>,
    random: &mut Random,
    groups: usize,
    document: impl Fn(usize) -> Value,
) -> Workload {
    let documents = (0..1000).map(|_| document(random.below(groups as u64) as usize));
    Workload::new(filters, documents)
}

/// A service and an environment; one matches.
pub(crate) fn service(count: usize, random: &mut Random) -> Workload {
    const ENVIRONMENTS: [&str; 4] = ["prod", "stage", "dev", "test"];
    let filters = (0..count).map(|it| {
        let service = format!("svc-{}", it / 4);
        json!({"and": [equals("service", service), equals("env", ENVIRONMENTS[it % 4])]})
    });
    workload(filters, random, count / 4, |group| {
        json!({"service": format!("svc-{group}"), "env": "prod", "host": "host-42",
            "message": "disk usage above threshold", "team": "platform", "severity": "critical"})
    })
}

/// A literal head and a method; one matches.
pub(crate) fn head(count: usize, random: &mut Random) -> Workload {
    let filters = (0..count).map(|it| {
        let head = format!("^/api/v1/r{it}/");
        json!({"and": [{"regexp": {"url": {"value": head}}}, {"in": {"method": ["get", "post"]}}]})
    });
    workload(
        filters,
        random,
        count,
        |rule| json!({"url": format!("/api/v1/r{rule}/items/42"), "method": "get"}),
    )
}

/// A service and ten limits of a number; six match.
pub(crate) fn limits(count: usize, random: &mut Random) -> Workload {
    let filters = (0..count).map(|it| {
        let limit = json!({"range": {"latency": {"gt": it % 10 * 100}}});
        json!({"and": [equals("service", format!("svc-{}", it / 10)), limit]})
    });
    workload(
        filters,
        random,
        count / 10,
        |group| json!({"service": format!("svc-{group}"), "latency": 550}),
    )
}

/// A service and a region to avoid, a hundred of each: 99 match.
pub(crate) fn avoid(count: usize, random: &mut Random) -> Workload {
    let filters = (0..count).map(|it| {
        let avoided = equals("region", format!("r{}", it % 100));
        json!({"and": [{"not": avoided}, equals("service", format!("svc-{}", it / 100))]})
    });
    workload(
        filters,
        random,
        count / 100,
        |group| json!({"region": format!("r{}", group % 100), "service": format!("svc-{group}")}),
    )
}

/// Seven conditions, all of which but one are satisfied by every event; ten
/// match, told apart by a type that no event has.
pub(crate) fn mixed(count: usize, random: &mut Random) -> Workload {
    let groups = count / 10;
    let filters = (0..count).map(|it| {
        json!({"and": [
            {"regexp": {"name": {"value": "^.*-myapp-.*$"}}},
            equals("env", "prod"),
            equals("number", (it % groups).to_string()),
            equals("tag1", "a"),
            equals("tag2", "b"),
            {"not": equals("region", "moon")},
            {"in": {"type": ["app", "database", format!("type-{}", it / groups)]}},
        ]})
    });
    workload(filters, random, groups, |group| {
        json!({"name": format!("app-myapp-{group}"), "env": "prod", "number": group.to_string(),
            "tag1": "a", "tag2": "b", "region": "earth", "type": "app"})
    })
}
