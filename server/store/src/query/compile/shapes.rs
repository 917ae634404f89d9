//! Shapes against shapes: boxes in columns narrow the candidates, the stored
//! document decides.

use std::sync::Arc;

use geo::{Geometry, GeometryCollection, LineString, MultiLineString, MultiPoint, MultiPolygon};
use geo::{Polygon, Rect, Relate};
use serde_json::Value;
use tantivy::columnar::{Column, DynamicColumn, NumericalType};
use tantivy::query::{EmptyScorer, Scorer};
use tantivy::schema::{Field, Value as _};
use tantivy::store::StoreReader;
use tantivy::{DocId, Score, SegmentReader, TantivyDocument};

use super::Boxed;
use super::points::nothing;
use super::segment::{Own, Segmented};
use super::tested::{Near, Tested, Tests};
use crate::index::{Layout, Place, columns};
use crate::query::tree::Relation;
use crate::shape::{Bounds, Point, Shape, read_shape};

/// A part of a shape, as it is compared.
#[derive(Clone, Debug)]
pub(super) enum Area {
    Exact(Geometry),
    /// For points; between shapes it is a polygon of many corners.
    Circle {
        center: Point,
        radius_m: f64,
    },
}

/// The corners of a circle as a polygon.
const CIRCLE_CORNERS: usize = 128;

impl Area {
    pub(super) fn of(shape: &Shape) -> Vec<Self> {
        match shape {
            Shape::Circle { center, radius_m } => vec![Self::Circle {
                center: *center,
                radius_m: *radius_m,
            }],
            Shape::Collection(shapes) => shapes.iter().flat_map(Self::of).collect(),
            shape => vec![Self::Exact(geometry(shape))],
        }
    }
}

fn coordinate(point: &Point) -> geo::Coord {
    geo::Coord {
        x: point.lon,
        y: point.lat,
    }
}

fn line(points: &[Point]) -> LineString {
    points.iter().map(coordinate).collect()
}

fn geometry(shape: &Shape) -> Geometry {
    match shape {
        Shape::Points(points) => {
            let points = points.iter().map(|it| geo::Point::from(coordinate(it)));
            Geometry::MultiPoint(MultiPoint(points.collect()))
        }
        Shape::Lines(lines) => {
            let lines = lines.iter().map(|it| line(it));
            Geometry::MultiLineString(MultiLineString(lines.collect()))
        }
        Shape::Polygons(polygons) => {
            let polygon = |rings: &Vec<Vec<Point>>| {
                let mut rings = rings.iter().map(|it| line(it));
                let outer = rings.next().unwrap_or_else(|| LineString(Vec::new()));
                Polygon::new(outer, rings.collect())
            };
            Geometry::MultiPolygon(MultiPolygon(polygons.iter().map(polygon).collect()))
        }
        Shape::Envelope {
            top,
            left,
            bottom,
            right,
        } => {
            let side = |west: f64, east: f64| Rect::new((west, *bottom), (east, *top)).to_polygon();
            let sides = match left > right {
                false => vec![side(*left, *right)],
                true => vec![side(*left, 180.0), side(-180.0, *right)],
            };
            Geometry::MultiPolygon(MultiPolygon(sides))
        }
        Shape::Circle { center, radius_m } => {
            let polygon = Polygon::new(circle(*center, *radius_m), Vec::new());
            Geometry::MultiPolygon(MultiPolygon(vec![polygon]))
        }
        Shape::Collection(shapes) => {
            let shapes = shapes.iter().map(geometry).collect();
            Geometry::GeometryCollection(GeometryCollection(shapes))
        }
    }
}

/// The corners of a circle; it may reach over the edges of the map.
fn circle(center: Point, radius_m: f64) -> LineString {
    const METRES_PER_DEGREE: f64 = 111_195.08;
    let lat_degrees = radius_m / METRES_PER_DEGREE;
    let lon_degrees = lat_degrees / center.lat.to_radians().cos().max(1e-6);
    let corner = |number: usize| {
        let angle = number as f64 / CIRCLE_CORNERS as f64 * std::f64::consts::TAU;
        geo::Coord {
            x: center.lon + lon_degrees * angle.cos(),
            y: center.lat + lat_degrees * angle.sin(),
        }
    };
    (0..=CIRCLE_CORNERS)
        .map(|it| corner(it % CIRCLE_CORNERS))
        .collect()
}

/// Documents whose shapes stand in this relation to the shape.
pub(super) fn query(place: &Place<'_>, shape: &Shape, relation: Relation) -> Boxed {
    Own::query(Shapes {
        path: place.source_path.clone(),
        columns: columns::shape_box(&place.path).map(|it| Layout::column(&it)),
        bounds: shape.bounds(),
        shape: Arc::new(geometry(shape)),
        relation,
    })
}

#[derive(Debug)]
struct Shapes {
    /// In the document.
    path: String,
    columns: [String; 4],
    bounds: Option<Bounds>,
    shape: Arc<Geometry>,
    relation: Relation,
}

impl Shapes {
    fn open(&self, segment: &SegmentReader) -> tantivy::Result<Option<Found>> {
        let mut sides = Vec::new();
        for column in &self.columns {
            let Some(handle) = segment.fast_fields().dynamic_column_handles(column)?.pop() else {
                return Ok(None);
            };
            // Whole degrees stand in a column of integers.
            let column = handle.open()?.coerce_numerical(NumericalType::F64);
            if let Some(DynamicColumn::F64(column)) = column {
                sides.push(column);
            }
        }
        let Ok(sides) = <[Column<f64>; 4]>::try_from(sides) else {
            return Ok(None);
        };
        Ok(Some(Found {
            sides,
            documents: segment.get_store_reader(8)?,
            source: segment.schema().get_field("_source")?,
            path: self.path.clone(),
            bounds: self.bounds,
            shape: self.shape.clone(),
            relation: self.relation,
        }))
    }
}

impl Segmented for Shapes {
    fn scorer(&self, segment: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        Ok(match self.open(segment)? {
            Some(found) => Tested::scorer(found, segment.max_doc(), boost),
            None => Box::new(EmptyScorer),
        })
    }

    fn scorer_near(
        &self,
        segment: &SegmentReader,
        target: DocId,
        boost: Score,
    ) -> tantivy::Result<Near> {
        Ok(match self.open(segment)? {
            Some(found) => Tested::near(found, segment.max_doc(), target, boost),
            None => nothing(),
        })
    }
}

struct Found {
    /// West, east, south, north.
    sides: [Column<f64>; 4],
    documents: StoreReader,
    source: Field,
    path: String,
    bounds: Option<Bounds>,
    shape: Arc<Geometry>,
    relation: Relation,
}

impl Tests for Found {
    fn passes(&self, document: DocId) -> bool {
        let side = |it: usize| self.sides[it].first(document);
        let (Some(west), Some(east), Some(south), Some(north)) =
            (side(0), side(1), side(2), side(3))
        else {
            return false;
        };
        let Some(bounds) = self.bounds else {
            return self.relation == Relation::Disjoint;
        };
        let touches = west <= bounds.east
            && bounds.west <= east
            && south <= bounds.north
            && bounds.south <= north;
        match touches {
            false => self.relation == Relation::Disjoint,
            true => self.stored_passes(document),
        }
    }
}

impl Found {
    fn stored_passes(&self, document: DocId) -> bool {
        let shapes = self.stored(document);
        let mut relations = shapes.iter().map(|it| it.relate(&*self.shape));
        match self.relation {
            _ if shapes.is_empty() => false,
            Relation::Intersects => relations.any(|it| it.is_intersects()),
            Relation::Disjoint => relations.all(|it| it.is_disjoint()),
            Relation::Within => relations.all(|it| it.is_coveredby()),
            Relation::Contains => relations.any(|it| it.is_covers()),
        }
    }

    fn stored(&self, document: DocId) -> Vec<Geometry> {
        let read: Option<Value> = (|| {
            let document: TantivyDocument = self.documents.get(document).ok()?;
            let source = document.get_first(self.source)?.as_bytes()?.to_vec();
            serde_json::from_slice(&source).ok()
        })();
        let mut shapes = Vec::new();
        if let Some(source) = &read {
            values_at(source, &self.path, &mut |value| {
                shapes.extend(read_shape(value).ok().map(|it| geometry(&it)));
            });
        }
        shapes
    }
}

/// The values at a dotted path, those inside of arrays too; a key may have dots
/// of its own.
fn values_at(value: &Value, path: &str, found: &mut impl FnMut(&Value)) {
    match value {
        Value::Array(items) => items.iter().for_each(|it| values_at(it, path, found)),
        value if path.is_empty() => found(value),
        Value::Object(object) => {
            for (key, value) in object {
                let rest = path.strip_prefix(key.as_str());
                let below = |it: &'_ str| it.is_empty() || it.starts_with('.');
                if let Some(rest) = rest.filter(|it| below(it)) {
                    values_at(value, rest.strip_prefix('.').unwrap_or(rest), found);
                }
            }
        }
        _ => (),
    }
}
