//! Shapes on the earth: disks, rings, boxes and polygons all over the world.
//! Points of documents are anywhere, too, but for one in ten that is made to
//! match.

use serde_json::{Value, json};

use crate::{Random, Workload};

/// Latitude and longitude, far enough from the edges of the map for a shape of a
/// few degrees.
type Place = (f64, f64);

fn place(random: &mut Random) -> Place {
    let lat = random.fraction() * 158.0 - 79.0;
    (lat, random.fraction() * 338.0 - 169.0)
}

/// Points anywhere; one in ten lies `north` degrees from a known place.
fn points(known: &[Place], north: f64, random: &mut Random) -> Vec<Value> {
    let point = |it| {
        let (lat, lon) = match it % 10 {
            0 => {
                let (lat, lon) = *random.pick(known);
                (lat + north, lon)
            }
            _ => place(random),
        };
        json!({"point": [lat, lon]})
    };
    (0..1000).map(point).collect()
}

fn places(count: usize, random: &mut Random) -> Vec<Place> {
    (0..count).map(|_| place(random)).collect()
}

/// Boxes of half a degree.
pub(crate) fn own_boxes(count: usize, random: &mut Random) -> Workload {
    let known = places(count, random);
    let filters = known.iter().map(|(lat, lon)| {
        json!({"geoBoundingBox": {"point":
            {"top": lat, "left": lon, "bottom": lat - 0.5, "right": lon + 0.5}}})
    });
    Workload::new(filters, points(&known, -0.25, random).into_iter().map(east))
}

/// The same point, a quarter of a degree to the east.
fn east(document: Value) -> Value {
    let (lat, lon) = (&document["point"][0], document["point"][1].as_f64());
    json!({"point": [lat, lon.unwrap_or(0.0) + 0.25]})
}

/// Disks of 500 metres.
pub(crate) fn own_disks(count: usize, random: &mut Random) -> Workload {
    let known = places(count, random);
    let filters = known
        .iter()
        .map(|(lat, lon)| json!({"geoDistance": {"point": [lat, lon], "distance": "500m"}}));
    Workload::new(filters, points(&known, 0.002, random))
}

/// Rings from 500 metres to a kilometre.
pub(crate) fn own_rings(count: usize, random: &mut Random) -> Workload {
    let known = places(count, random);
    let filters = known.iter().map(|(lat, lon)| {
        json!({"geoDistanceRange": {"point": [lat, lon], "from": "500m", "to": "1km"}})
    });
    Workload::new(filters, points(&known, 0.0067, random))
}

/// Stars of ten points within ten degrees.
pub(crate) fn own_polygons(count: usize, random: &mut Random) -> Workload {
    let known = places(count, random);
    let filters = known.iter().map(|(lat, lon)| {
        let mut angles: Vec<f64> = (0..10)
            .map(|_| random.fraction() * std::f64::consts::TAU)
            .collect();
        angles.sort_by(f64::total_cmp);
        let corners = angles.iter().map(|angle| {
            let length = random.fraction() * 10.0;
            json!([lat + angle.sin() * length, lon + angle.cos() * length])
        });
        let corners: Vec<_> = corners.collect();
        json!({"geoPolygon": {"point": {"points": corners}}})
    });
    let filters: Vec<_> = filters.collect();
    Workload::new(filters, points(&known, 0.0, random))
}

/// Disks of a few kilometres all over the world; documents are at their centres.
pub(crate) fn geofence(count: usize, random: &mut Random) -> Workload {
    let centre = |random: &mut Random| {
        let lat = random.fraction() * 170.0 - 85.0;
        (lat, random.fraction() * 360.0 - 180.0)
    };
    let centres: Vec<(f64, f64)> = (0..count).map(|_| centre(random)).collect();
    let filters = centres.iter().map(|(lat, lon)| {
        let distance = format!("{} m", 1000 + random.below(20_000));
        json!({"geoDistance": {"at": {"lat": lat, "lon": lon}, "distance": distance}})
    });
    let filters = filters.collect();
    let documents = (0..2000).map(|_| {
        let (lat, lon) = random.pick(&centres);
        json!({"vehicle": random.below(1000), "at": {"lat": lat, "lon": lon}}).to_string()
    });
    Workload {
        filters,
        documents: documents.collect(),
    }
}
