//! Alerts on earthquakes: filters wait, events stream by, each event names the
//! alerts it sets off.
//!
//! With a sample of real events that comes with the source:
//!
//! ```sh
//! cargo run --example geofence -p koncorde -- koncorde/examples/sample/earthquakes.json
//! ```
//!
//! With all 1 707 of that week, fetched once:
//!
//! ```sh
//! koncorde/examples/fetch-data
//! cargo run --example geofence -p koncorde
//! ```
//!
//! An alert is a place, a size, or both. Adding one more does not make an event
//! more expensive unless the event has something to do with it.

#![expect(clippy::print_stdout, reason = "an example talks")]

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::ExitCode;

use koncorde::{FilterId, Koncorde};
use serde_json::{Value, json};

const FETCHED: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/examples/data/earthquakes.json"
);

/// Who wants to be told of what.
fn alerts() -> Vec<(&'static str, Value)> {
    let taipei = json!({ "lat": 25.033, "lon": 121.5654 });
    let tokyo = json!([35.6762, 139.6503]);
    vec![
        (
            "large anywhere",
            json!({ "range": { "magnitude": { "gte": 6 } } }),
        ),
        ("deep", json!({ "range": { "depth": { "gt": 300 } } })),
        ("tsunami warning", json!({ "equals": { "tsunami": 1 } })),
        (
            "not an earthquake",
            json!({ "not": { "equals": { "type": "earthquake" } } }),
        ),
        (
            "above 5 within 1000 km of Tokyo",
            json!({ "and": [
                { "range": { "magnitude": { "gt": 5 } } },
                { "geoDistance": { "position": tokyo, "distance": "1000 km" } }
            ] }),
        ),
        (
            "above 5 within 100 miles of Taipei",
            json!({ "and": [
                { "range": { "magnitude": { "gt": 5 } } },
                { "geoDistance": { "position": taipei, "distance": "100 miles" } }
            ] }),
        ),
        (
            // Far enough to be safe, near enough to look out of the window.
            "50 to 200 km from Anchorage",
            json!({ "and": [
                { "geoDistanceRange": { "position": "61.2181,-149.9003", "from": "50km", "to": "200km" } },
                { "range": { "magnitude": { "gte": 2 } } }
            ] }),
        ),
        (
            // A box over the date line is written with a longitude beyond 180.
            "Fiji to Samoa",
            json!({ "geoBoundingBox": {
                "position": { "top": -10, "left": 175, "bottom": -25, "right": 190 }
            } }),
        ),
        (
            "felt in California",
            json!({ "and": [
                { "geoPolygon": { "position": { "points": [
                    [42, -124.4], [42, -120], [39, -120], [35, -114.6], [32.5, -114.5], [32.5, -117.3], [34.4, -120.7]
                ] } } },
                { "range": { "magnitude": { "gte": 3 } } },
                { "exists": "felt" }
            ] }),
        ),
        (
            "Mid-Atlantic Ridge, by name",
            json!({ "regexp": { "place": { "value": "reykjanes|mid-atlantic", "flags": "i" } } }),
        ),
    ]
}

/// The document that the filters look at, from an event of the feed.
fn document(event: &Value) -> Value {
    let [longitude, latitude, depth] = [0, 1, 2].map(|i| &event["geometry"]["coordinates"][i]);
    let about = &event["properties"];
    let mut document = json!({
        "magnitude": about["mag"],
        "place": about["place"],
        "type": about["type"],
        "tsunami": about["tsunami"],
        "depth": depth,
        "position": { "lat": latitude, "lon": longitude },
    });
    // A filter can ask whether a field exists; `null` would be there.
    if !about["felt"].is_null() {
        document["felt"] = about["felt"].clone();
    }
    document
}

fn run(path: &PathBuf) -> Result<(), Box<dyn std::error::Error>> {
    let mut koncorde = Koncorde::new();
    let mut names: HashMap<FilterId, &str> = HashMap::new();
    for (name, filter) in alerts() {
        names.insert(koncorde.register(&filter, None)?, name);
    }

    let feed: Value = serde_json::from_slice(&std::fs::read(path)?)?;
    let events = feed["features"]
        .as_array()
        .ok_or("no `features` in the feed")?;
    let mut fired: HashMap<&str, usize> = HashMap::new();
    let mut quiet = 0;
    for event in events {
        let mut alerts: Vec<&str> = koncorde
            .test(&document(event), None)
            .iter()
            .map(|id| names[id])
            .collect();
        alerts.sort_unstable();
        if alerts.is_empty() {
            quiet += 1;
            continue;
        }
        println!(
            "{}: {}",
            event["properties"]["title"].as_str().unwrap_or("?"),
            alerts.join(", ")
        );
        for alert in alerts {
            *fired.entry(alert).or_default() += 1;
        }
    }

    println!("\n{} events, {quiet} of them quiet", events.len());
    for (name, _) in alerts() {
        println!("{:>5}  {name}", fired.get(name).unwrap_or(&0));
    }
    Ok(())
}

fn main() -> ExitCode {
    let path = std::env::args_os()
        .nth(1)
        .map_or_else(|| FETCHED.into(), PathBuf::from);
    if !path.exists() {
        eprintln!("geofence: {} is not there", path.display());
        eprintln!("  fetch the events with   koncorde/examples/fetch-data");
        eprintln!(
            "  or use the sample:      cargo run --example geofence -p koncorde -- koncorde/examples/sample/earthquakes.json"
        );
        return ExitCode::FAILURE;
    }
    match run(&path) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("geofence: {error}");
            ExitCode::FAILURE
        }
    }
}
