//! Points, shapes, distances.
//!
//! Distances are lengths of geodesics on the WGS84 ellipsoid, in metres; angles
//! are degrees. A shape is made once and never changes: what a test needs is
//! computed in advance, so that most tests are a few multiplications and only
//! points near a border cost an exact distance.

mod convert; // "10 km" → metres
mod corners; // one order of corners
mod geohash; // cells of a grid, written as text
mod grid; // a polygon on squared paper
mod point; // JSON → points
mod polygon; // inside a closed line of geodesics
mod rectangle; // between parallels and meridians
mod ring; // between two distances from a centre
mod vector; // directions from the centre of the earth
mod window; // the envelope of a shape

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use serde_json::Value;

pub use convert::convert_distance;
pub(crate) use convert::read_distance;
pub use point::convert_geopoint;
pub(crate) use point::{PointError, parse_point, read_number};
pub(crate) use ring::distance;
pub(crate) use window::Window;

use crate::json::Json;
use crate::limits;
use crate::scalar::Number;
use polygon::Polygon;
use rectangle::Rectangle;
use ring::Ring;
use vector::Vector;
use window::Windows;

/// A point on the globe, in degrees.
///
/// ```
/// use koncorde::{GeoPoint, convert_geopoint};
/// use serde_json::json;
///
/// let paris = GeoPoint { lat: 48.8566, lon: 2.3522 };
/// assert_eq!(convert_geopoint(&json!("48.8566, 2.3522")), Some(paris));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GeoPoint {
    /// Latitude, -90 to 90 from south to north.
    pub lat: f64,
    /// Longitude, from west to east. Any turn of the globe is accepted: 190 is
    /// the meridian -170.
    pub lon: f64,
}

/// Latitude first.
impl From<(f64, f64)> for GeoPoint {
    fn from((lat, lon): (f64, f64)) -> Self {
        Self { lat, lon }
    }
}

impl GeoPoint {
    /// The same place with a longitude from -180 (included) to 180 (excluded).
    /// `None` if the latitude is beyond the poles or a number is not finite.
    pub(crate) fn canonical(self) -> Option<Self> {
        let is_place = self.lat.abs() <= 90.0 && self.lon.is_finite();
        is_place.then(|| Self {
            lat: self.lat,
            lon: canonical_longitude(self.lon),
        })
    }
}

/// Brings a finite longitude between -180 (included) and 180 (excluded).
fn canonical_longitude(lon: f64) -> f64 {
    if (-180.0..180.0).contains(&lon) {
        return lon;
    }
    let turned = (lon + 180.0).rem_euclid(360.0) - 180.0;
    // Rounding can bring the remainder of a tiny negative number up to 360.
    if turned < 180.0 { turned } else { -180.0 }
}

/// The point that a value of a document is, canonical. `None` if it is none.
pub(crate) fn read_point(value: &Value) -> Option<GeoPoint> {
    find_point(Json::Value(value))
}

/// The same for a value that is not parsed.
pub(crate) fn find_point(value: Json<'_>) -> Option<GeoPoint> {
    point::read(value)?.canonical()
}

/// The same for a string.
pub(crate) fn find_point_in_text(text: &str) -> Option<GeoPoint> {
    point::read_text(text)?.canonical()
}

/// A canonical point, prepared for many shapes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Position {
    point: GeoPoint,
    vector: Vector,
}

/// The point is one that `read_point` gives.
impl From<GeoPoint> for Position {
    fn from(point: GeoPoint) -> Self {
        Self {
            point,
            vector: Vector::new(point),
        }
    }
}

/// An area that a geo condition accepts, border included.
///
/// Shapes are equal when their canonical numbers are, bit by bit: a rectangle
/// with its longitudes brought into one turn, a polygon whatever point of its
/// border comes first and whichever way it is walked. Cloning is cheap.
#[derive(Clone)]
pub(crate) struct Shape(Arc<Inner>);

struct Inner {
    kind: Kind,
    windows: Windows,
}

/// What a shape has of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cover {
    All,
    None,
    /// Perhaps some places: they have to be asked for one by one.
    Unknown,
}

enum Kind {
    Rectangle(Rectangle),
    Ring(Ring),
    Polygon(Polygon),
}

/// A shape as plain numbers: what makes its identity and its JSON form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Outline<'a> {
    Rectangle {
        top: Number,
        left: Number,
        bottom: Number,
        right: Number,
    },
    /// A disk has the inner radius 0.
    Ring {
        lat: Number,
        lon: Number,
        inner: Number,
        outer: Number,
    },
    /// Latitude and longitude of each corner.
    Polygon(&'a [[Number; 2]]),
}

impl Shape {
    /// The area between two parallels and two meridians, eastward from `left` to
    /// `right`. The error is a sentence without subject.
    pub(crate) fn rectangle(top: f64, left: f64, bottom: f64, right: f64) -> Result<Self, String> {
        let rectangle = Rectangle::new(top, left, bottom, right)?;
        let windows = rectangle.windows();
        Ok(Self::new(Kind::Rectangle(rectangle), windows))
    }

    /// All places whose distance from the centre, in metres, is between `inner`
    /// and `outer`.
    pub(crate) fn ring(center: GeoPoint, inner: f64, outer: f64) -> Result<Self, String> {
        let ring = Ring::new(check_point(center)?, inner, outer)?;
        let windows = ring.windows();
        Ok(Self::new(Kind::Ring(ring), windows))
    }

    /// The area inside a closed line of geodesics. The first point may be
    /// repeated at the end.
    pub(crate) fn polygon(points: &[GeoPoint]) -> Result<Self, String> {
        let (found, most) = (points.len(), limits::POLYGON_POINTS);
        if found < 3 {
            return Err("at least 3 points are required to build a polygon".to_owned());
        }
        if found > most {
            return Err(format!(
                "at most {most} points can build a polygon, found {found}; simplify it"
            ));
        }
        let points = points.iter().copied().map(check_point);
        let polygon = Polygon::new(&points.collect::<Result<Vec<_>, _>>()?);
        let windows = polygon.windows();
        Ok(Self::new(Kind::Polygon(polygon), windows))
    }

    fn new(kind: Kind, windows: Windows) -> Self {
        Self(Arc::new(Inner { kind, windows }))
    }

    /// Whether a point, as `read_point` gives it, lies in the shape.
    pub(crate) fn contains(&self, position: impl Into<Position>) -> bool {
        let position = position.into();
        match &self.0.kind {
            Kind::Rectangle(rectangle) => rectangle.contains(position.point),
            // Faster than its windows.
            Kind::Polygon(polygon) if polygon.knows_cover() => polygon.contains(position.vector),
            _ if !self.0.windows.iter().any(|it| it.contains(position.point)) => false,
            Kind::Ring(ring) => ring.contains(&position),
            Kind::Polygon(polygon) => polygon.contains(position.vector),
        }
    }

    /// Windows that together contain every point of the shape, slightly larger
    /// than it. Their longitudes are canonical ones.
    pub(crate) fn envelope(&self) -> &[Window] {
        &self.0.windows
    }

    /// What the shape has of a window, as far as that is easy to tell.
    pub(crate) fn cover(&self, window: &Window) -> Cover {
        match &self.0.kind {
            Kind::Polygon(polygon) => polygon.cover(window),
            Kind::Rectangle(_) | Kind::Ring(_) => Cover::Unknown,
        }
    }

    /// Whether `cover` can say more than that it does not know.
    pub(crate) fn knows_cover(&self) -> bool {
        matches!(&self.0.kind, Kind::Polygon(polygon) if polygon.knows_cover())
    }

    pub(crate) fn outline(&self) -> Outline<'_> {
        match &self.0.kind {
            Kind::Rectangle(rectangle) => rectangle.outline(),
            Kind::Ring(ring) => ring.outline(),
            Kind::Polygon(polygon) => Outline::Polygon(polygon.corners()),
        }
    }

    /// The memory that it holds elsewhere, more or less: corners are kept with
    /// what their edges are tested by.
    pub(crate) fn heap_bytes(&self) -> usize {
        let corners = match &self.0.kind {
            Kind::Rectangle(_) | Kind::Ring(_) => 0,
            Kind::Polygon(polygon) => polygon.corners().len(),
        };
        size_of::<Inner>() + corners * 8 * size_of::<Number>()
    }
}

/// The canonical form of a point that a filter names.
pub(crate) fn check_point(point: GeoPoint) -> Result<GeoPoint, String> {
    point.canonical().ok_or_else(|| {
        let GeoPoint { lat, lon } = point;
        if lon.is_finite() {
            format!("latitudes go from -90 to 90, found {lat}")
        } else {
            format!("longitudes are finite numbers, found {lon}")
        }
    })
}

impl std::fmt::Debug for Shape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.outline().fmt(f)
    }
}

impl PartialEq for Shape {
    fn eq(&self, other: &Self) -> bool {
        self.outline() == other.outline()
    }
}

impl Eq for Shape {}

impl PartialOrd for Shape {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Shape {
    fn cmp(&self, other: &Self) -> Ordering {
        self.outline().cmp(&other.outline())
    }
}

impl Hash for Shape {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.outline().hash(state);
    }
}
