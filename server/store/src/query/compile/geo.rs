//! Clauses on places: which points and shapes lie where.

use std::ops::Bound;
use std::sync::Arc;

use geo::Intersects;

use super::fields::refused;
use super::{Boxed, Compiler, Result, constant, nothing, points, shapes};
use crate::error::StoreError;
use crate::index::{Layout, Place, Values, columns};
use crate::query::tree::{GeoBox, GeoDistance, Relation};
use crate::shape::{Bounds, Point, Shape, decode_cell, encode_cell};

/// The mean radius of the Earth, as Lucene has it.
const EARTH_RADIUS_M: f64 = 6_371_008.771_4;

impl Compiler<'_> {
    /// The field of a geo clause; `None` when it may be missing.
    fn place_of(&self, field: &str, ignore_unmapped: bool) -> Result<Option<Place<'_>>> {
        match self.layout.place(field) {
            Some(place) => Ok(Some(place)),
            None if ignore_unmapped => Ok(None),
            None => Err(StoreError::invalid_query(format!(
                "there is no geo field [{field}]: map it as geo_point or geo_shape, or set \
                 [ignore_unmapped]"
            ))),
        }
    }

    /// The column of its points.
    fn points_of(&self, field: &str, ignore_unmapped: bool) -> Result<Option<String>> {
        let Some(place) = self.place_of(field, ignore_unmapped)? else {
            return Ok(None);
        };
        match place.values {
            Values::Point => Ok(Some(Layout::column(&columns::point(&place.path)))),
            _ => Err(refused(&place, "this clause needs a geo_point")),
        }
    }

    pub(super) fn geo_distance(&self, distance: &GeoDistance) -> Result<Boxed> {
        let Some(column) = self.points_of(&distance.field, distance.ignore_unmapped)? else {
            return Ok(nothing());
        };
        let (center, nearest, farthest) = (distance.center, distance.nearest, distance.farthest);
        let boxes = match farthest {
            Bound::Unbounded => vec![EARTH],
            Bound::Included(radius_m) | Bound::Excluded(radius_m) => {
                // A hair more, for the cells.
                let radius_m = radius_m * 1.001 + 1.0;
                around(center, radius_m)
            }
        };
        let test = move |point: Point| {
            let metres = metres_between(center, point);
            let is_far_enough = match nearest {
                Bound::Unbounded => true,
                Bound::Included(it) => metres >= it,
                Bound::Excluded(it) => metres > it,
            };
            is_far_enough
                && match farthest {
                    Bound::Unbounded => true,
                    Bound::Included(it) => metres <= it,
                    Bound::Excluded(it) => metres < it,
                }
        };
        Ok(points::query(column, boxes, Arc::new(test)))
    }

    pub(super) fn geo_box(&self, sides: &GeoBox) -> Result<Boxed> {
        let Some(column) = self.points_of(&sides.field, sides.ignore_unmapped)? else {
            return Ok(nothing());
        };
        // Points are cells: so are the corners, so that edges are inside.
        let cell = |lat, lon| decode_cell(encode_cell(Point { lat, lon }));
        let low = cell(sides.bottom, sides.left);
        let high = cell(sides.top, sides.right);
        let whole = Bounds {
            west: low.lon,
            east: high.lon,
            south: low.lat,
            north: high.lat,
        };
        let boxes = match sides.left > sides.right {
            false => vec![whole],
            true => vec![
                Bounds {
                    east: 180.0,
                    ..whole
                },
                Bounds {
                    west: -180.0,
                    ..whole
                },
            ],
        };
        Ok(points::query(column, boxes, Arc::new(|_| true)))
    }

    pub(super) fn geo_polygon(
        &self,
        field: &str,
        corners: &[Point],
        ignore_unmapped: bool,
    ) -> Result<Boxed> {
        let Some(column) = self.points_of(field, ignore_unmapped)? else {
            return Ok(nothing());
        };
        let mut ring = corners.to_vec();
        ring.extend(corners.first());
        let shape = Shape::Polygons(vec![vec![ring]]);
        Ok(points_in(column, &shape))
    }

    pub(super) fn geo_shape(
        &self,
        field: &str,
        shape: &Shape,
        relation: Relation,
        ignore_unmapped: bool,
    ) -> Result<Boxed> {
        let Some(place) = self.place_of(field, ignore_unmapped)? else {
            return Ok(nothing());
        };
        match place.values {
            Values::Point => {
                let column = Layout::column(&columns::point(&place.path));
                let inside = points_in(column, shape);
                match relation {
                    Relation::Intersects | Relation::Within => Ok(inside),
                    Relation::Disjoint => Ok(self.without(&place.path, inside)),
                    Relation::Contains => Err(refused(&place, "a point contains no shape")),
                }
            }
            Values::Shape if place.nested.is_empty() => Ok(shapes::query(&place, shape, relation)),
            Values::Shape => Err(refused(
                &place,
                "shapes inside of nested objects cannot be searched",
            )),
            _ => Err(refused(
                &place,
                "this clause needs a geo_shape or a geo_point",
            )),
        }
    }

    /// Documents with the field that are none of these.
    fn without(&self, path: &str, query: Boxed) -> Boxed {
        use tantivy::query::{BooleanQuery, Occur};
        let clauses = vec![(Occur::Must, self.named(path)), (Occur::MustNot, query)];
        constant(Box::new(BooleanQuery::new(clauses)))
    }
}

const EARTH: Bounds = Bounds {
    west: -180.0,
    east: 180.0,
    south: -90.0,
    north: 90.0,
};

fn points_in(column: String, shape: &Shape) -> Boxed {
    let Some(bounds) = shape.bounds() else {
        return nothing();
    };
    let areas = shapes::Area::of(shape);
    let test = move |point: Point| areas.iter().any(|it| it.holds(point));
    points::query(column, vec![widened(bounds)], Arc::new(test))
}

/// By the width of a cell, for points are in the middle of theirs.
fn widened(bounds: Bounds) -> Bounds {
    const CELL: f64 = 1e-7;
    Bounds {
        west: bounds.west - CELL,
        east: bounds.east + CELL,
        south: bounds.south - CELL,
        north: bounds.north + CELL,
    }
}

/// Boxes around a circle; two where it crosses the date line.
fn around(center: Point, radius_m: f64) -> Vec<Bounds> {
    let circle = Shape::Circle { center, radius_m };
    circle.bounds().into_iter().map(widened).collect()
}

/// On a sphere, as Elasticsearch computes it.
pub(super) fn metres_between(a: Point, b: Point) -> f64 {
    let (lat_a, lat_b) = (a.lat.to_radians(), b.lat.to_radians());
    let lat = ((lat_b - lat_a) / 2.0).sin();
    let lon = ((b.lon - a.lon).to_radians() / 2.0).sin();
    let chord = lat * lat + lat_a.cos() * lat_b.cos() * lon * lon;
    2.0 * EARTH_RADIUS_M * chord.sqrt().min(1.0).asin()
}

impl shapes::Area {
    /// Whether the point lies in it or on its edge.
    fn holds(&self, point: Point) -> bool {
        match self {
            Self::Circle { center, radius_m } => metres_between(*center, point) <= *radius_m,
            Self::Exact(geometry) => match geometry {
                // Points are cells: equal ones are as near as a cell is wide.
                geo::Geometry::MultiPoint(points) => points.0.iter().any(|it| {
                    let at = decode_cell(encode_cell(Point {
                        lat: it.y(),
                        lon: it.x(),
                    }));
                    at == point
                }),
                geometry => geometry.intersects(&geo::Point::new(point.lon, point.lat)),
            },
        }
    }
}
