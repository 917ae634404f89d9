//! Aggregations of points: geohash_grid, geotile_grid, geo_distance, geo_bounds,
//! geo_centroid.

use ahash::AHashMap;
use serde_json::{Map, Value, json};

use super::buckets::Buckets;
use super::collect::{Block, Collector, Segment};
use super::keys::Order;
use super::metrics::Sum;
use super::outcome::{BucketList, Metric, OneBucket, Outcome};
use super::partial::{Key, Partial};
use super::ranges::{Range, empty_slots, finish, in_slots, parse_list};
use super::source::Source;
use super::{Answering, Kind, Level, Result};
use crate::error::StoreError;
use crate::limits::BUCKETS_MAX;
use crate::search::columns::{Reading, Values};
use crate::search::fields::FieldKind;
use crate::search::format::{ValueFormat, json_number};
use crate::search::options::Options;
use crate::search::sort::arc_metres;
use crate::shape::{Point, decode_cell, read_point};

/// Reads the points of a block.
struct Points {
    values: Option<Values>,
    reading: Reading,
}

impl Points {
    fn open(source: &Source, segment: &Segment<'_>) -> Result<Self> {
        let opened = source.open(segment)?;
        match opened.info {
            Some(info) if info.kind != FieldKind::Point => Err(source.wrong_type("points")),
            _ => Ok(Self {
                values: opened.values,
                reading: Reading::default(),
            }),
        }
    }

    fn each(&mut self, docs: &[u32], mut visit: impl FnMut(usize, Point)) {
        let Some(values) = &self.values else { return };
        values.read(docs, &mut self.reading);
        let code = values.code();
        self.reading
            .each(|position, raw| visit(position, decode_cell(code.integer(raw))));
    }
}

#[derive(Debug)]
struct Grid {
    source: Source,
    how: How,
    size: usize,
}

#[derive(Clone, Copy, Debug)]
enum How {
    /// So many letters.
    Geohash(u32),
    /// At this zoom.
    Tile(u32),
}

pub(super) fn parse_geohash(body: &Value) -> Result<Box<dyn Kind>> {
    let options = Options::new("geohash_grid", body)?;
    let precision = options.count("precision")?.unwrap_or(5);
    if !(1..=12).contains(&precision) {
        return Err(options.wrong("precision", "a number of letters from 1 to 12"));
    }
    grid(&options, "geohash_grid", How::Geohash(precision as u32))
}

pub(super) fn parse_tile(body: &Value) -> Result<Box<dyn Kind>> {
    let options = Options::new("geotile_grid", body)?;
    let precision = options.count("precision")?.unwrap_or(7);
    if precision > 29 {
        return Err(options.wrong("precision", "a zoom from 0 to 29"));
    }
    grid(&options, "geotile_grid", How::Tile(precision as u32))
}

fn grid(options: &Options<'_>, of: &'static str, how: How) -> Result<Box<dyn Kind>> {
    let size = options.count("size")?.unwrap_or(10_000);
    if size == 0 || size > BUCKETS_MAX as u64 {
        return Err(options.wrong("size", &format!("a number from 1 to {BUCKETS_MAX}")));
    }
    let grid = Grid {
        source: Source::parse(of, options)?,
        how,
        size: size as usize,
    };
    options.ignore(&["shard_size"]);
    options.finish_ref()?;
    Ok(Box::new(grid))
}

const LETTERS: &[u8; 32] = b"0123456789bcdefghjkmnpqrstuvwxyz";

/// The latitude at which a map of Mercator is square.
const LAT_MAX: f64 = 85.051_128_779_806_6;

impl How {
    fn key(self, point: Point) -> u64 {
        match self {
            Self::Geohash(letters) => {
                let part = |degrees: f64, span: f64| {
                    let part = (degrees / span + 0.5) * 2f64.powi(32);
                    (part as u64).min(u64::from(u32::MAX))
                };
                let (lon, lat) = (part(point.lon, 360.0), part(point.lat, 180.0));
                let bits = letters * 5;
                (0..bits).fold(0, |hash, bit| {
                    let (of, place) = if bit % 2 == 0 {
                        (lon, bit / 2)
                    } else {
                        (lat, bit / 2)
                    };
                    hash << 1 | of >> (31 - place) & 1
                })
            }
            Self::Tile(zoom) => {
                let tiles = f64::from(zoom).exp2();
                let lat = point.lat.clamp(-LAT_MAX, LAT_MAX).to_radians().sin();
                let x = (point.lon + 180.0) / 360.0 * tiles;
                let y =
                    (0.5 - ((1.0 + lat) / (1.0 - lat)).ln() / (4.0 * std::f64::consts::PI)) * tiles;
                let whole = |it: f64| it.floor().clamp(0.0, tiles - 1.0) as u64;
                whole(x) << 32 | whole(y)
            }
        }
    }

    fn text(self, key: u64) -> String {
        match self {
            Self::Geohash(letters) => {
                let each = (0..letters).rev().map(|it| key >> (5 * it) & 31);
                each.map(|it| char::from(LETTERS[it as usize])).collect()
            }
            Self::Tile(zoom) => format!("{zoom}/{}/{}", key >> 32, key & 0xffff_ffff),
        }
    }
}

impl Kind for Grid {
    fn collector<'s>(
        &'s self,
        segment: &Segment<'s>,
        below: &'s Level,
    ) -> Result<Box<dyn Collector + 's>> {
        Ok(Box::new(InCells {
            how: self.how,
            points: Points::open(&self.source, segment)?,
            buckets: Buckets::new(segment, below, None)?,
        }))
    }

    fn empty(&self, _below: &Level) -> Partial {
        Partial::Buckets(AHashMap::new())
    }

    fn finish(&self, partial: Partial, below: &Level, at: &Answering<'_>) -> Result<Outcome> {
        let Partial::Buckets(buckets) = partial else {
            return Ok(Outcome::Buckets(BucketList::default()));
        };
        let buckets = buckets.into_iter().collect();
        let chosen = Order::by_count().choose(buckets, self.size, below, at)?;
        at.budget.take_buckets(chosen.len())?;
        let list = chosen.into_iter().map(|(key, count, below)| {
            let text = match key {
                Key::Int(cell) => self.how.text(cell.cast_unsigned()),
                _ => String::new(),
            };
            OneBucket {
                json: Map::from_iter([("key".to_owned(), text.into())]),
                count,
                below,
                ..OneBucket::default()
            }
        });
        Ok(Outcome::Buckets(BucketList {
            list: list.collect(),
            ..BucketList::default()
        }))
    }
}

struct InCells<'s> {
    how: How,
    points: Points,
    buckets: Buckets<'s>,
}

impl Collector for InCells<'_> {
    fn collect(&mut self, block: &Block<'_>) -> Result<()> {
        let (how, mut keys) = (self.how, Vec::new());
        self.points.each(block.docs, |position, point| {
            keys.push((position, how.key(point)));
        });
        // A document counts once in a cell.
        keys.sort_unstable();
        keys.dedup();
        for (position, key) in keys {
            self.buckets
                .push(block.docs[position], block.owner(position), key)?;
        }
        self.buckets.flush(block)
    }

    fn harvest(self: Box<Self>, owners: usize) -> Result<Vec<Partial>> {
        let found = self.buckets.harvest(owners)?;
        Ok(super::histogram::by_index(found, u64::cast_signed))
    }
}

#[derive(Debug)]
struct Distances {
    source: Source,
    origin: Point,
    metres_per_unit: f64,
    ranges: Vec<Range>,
    is_keyed: bool,
}

pub(super) fn parse_distance(body: &Value) -> Result<Box<dyn Kind>> {
    let options = Options::new("geo_distance", body)?;
    let origin = options
        .value("origin")
        .ok_or_else(|| options.lacks("origin"))?;
    let unit = options.text("unit")?.unwrap_or("m");
    let metres = koncorde::convert_distance(&format!("1{unit}"));
    let distances = Distances {
        source: Source::parse("geo_distance", &options)?,
        origin: read_point(origin).ok_or_else(|| options.wrong("origin", "a point"))?,
        metres_per_unit: metres.map_err(|_| options.wrong("unit", "a unit such as m or km"))?,
        ranges: parse_list(&options, |range, key| range.number(key))?,
        is_keyed: options.flag("keyed")?.unwrap_or(false),
    };
    options.ignore(&["distance_type"]);
    options.finish()?;
    Ok(Box::new(distances))
}

impl Kind for Distances {
    fn collector<'s>(
        &'s self,
        segment: &Segment<'s>,
        below: &'s Level,
    ) -> Result<Box<dyn Collector + 's>> {
        let width = Some(self.ranges.len() as u64);
        Ok(Box::new(InRings {
            of: self,
            points: Points::open(&self.source, segment)?,
            buckets: Buckets::new(segment, below, width)?,
        }))
    }

    fn empty(&self, _below: &Level) -> Partial {
        empty_slots(self.ranges.len())
    }

    fn finish(&self, partial: Partial, below: &Level, at: &Answering<'_>) -> Result<Outcome> {
        finish(
            &self.ranges,
            partial,
            &ValueFormat::Plain,
            self.is_keyed,
            below,
            at,
        )
    }
}

struct InRings<'s> {
    of: &'s Distances,
    points: Points,
    buckets: Buckets<'s>,
}

impl Collector for InRings<'_> {
    fn collect(&mut self, block: &Block<'_>) -> Result<()> {
        let (of, mut keys) = (self.of, Vec::new());
        self.points.each(block.docs, |position, point| {
            let distance = arc_metres(of.origin, point) / of.metres_per_unit;
            for (key, range) in (0..).zip(&of.ranges) {
                if range.contains(distance) {
                    keys.push((position, key));
                }
            }
        });
        keys.sort_unstable();
        keys.dedup();
        for (position, key) in keys {
            self.buckets
                .push(block.docs[position], block.owner(position), key)?;
        }
        self.buckets.flush(block)
    }

    fn harvest(self: Box<Self>, owners: usize) -> Result<Vec<Partial>> {
        let found = self.buckets.harvest(owners)?;
        Ok(in_slots(found, self.of.ranges.len()))
    }
}

#[derive(Debug)]
struct Extent {
    source: Source,
    what: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Bounds { wraps: bool },
    Centroid,
}

pub(super) fn parse_bounds(body: &Value) -> Result<Box<dyn Kind>> {
    let options = Options::new("geo_bounds", body)?;
    let extent = Extent {
        source: Source::parse("geo_bounds", &options)?,
        what: What::Bounds {
            wraps: options.flag("wrap_longitude")?.unwrap_or(true),
        },
    };
    options.finish()?;
    Ok(Box::new(extent))
}

pub(super) fn parse_centroid(body: &Value) -> Result<Box<dyn Kind>> {
    let options = Options::new("geo_centroid", body)?;
    let source = Source::parse("geo_centroid", &options)?;
    options.finish()?;
    Ok(Box::new(Extent {
        source,
        what: What::Centroid,
    }))
}

/// Where the points of a bucket are.
#[derive(Clone, Debug)]
pub(super) struct Spread {
    count: u64,
    lat: Sum,
    lon: Sum,
    /// South, north.
    lats: (f64, f64),
    /// West and east of the points west of Greenwich, and of those east of it.
    western: (f64, f64),
    eastern: (f64, f64),
}

const NOWHERE: (f64, f64) = (f64::INFINITY, f64::NEG_INFINITY);

impl Default for Spread {
    fn default() -> Self {
        Self {
            count: 0,
            lat: Sum::default(),
            lon: Sum::default(),
            lats: NOWHERE,
            western: NOWHERE,
            eastern: NOWHERE,
        }
    }
}

fn union(a: (f64, f64), b: (f64, f64)) -> (f64, f64) {
    (a.0.min(b.0), a.1.max(b.1))
}

impl Spread {
    fn add(&mut self, point: Point) {
        self.count += 1;
        self.lat.add(point.lat);
        self.lon.add(point.lon);
        self.lats = union(self.lats, (point.lat, point.lat));
        let half = match point.lon < 0.0 {
            true => &mut self.western,
            false => &mut self.eastern,
        };
        *half = union(*half, (point.lon, point.lon));
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.lat.merge(other.lat);
        self.lon.merge(other.lon);
        self.lats = union(self.lats, other.lats);
        self.western = union(self.western, other.western);
        self.eastern = union(self.eastern, other.eastern);
    }

    /// The narrower box of the two that hold all points: across Greenwich or
    /// across the date line.
    fn longitudes(&self, wraps: bool) -> (f64, f64) {
        let (west, east) = union(self.western, self.eastern);
        if self.western.0.is_infinite() || self.eastern.0.is_infinite() || !wraps {
            return (west, east);
        }
        let across = 360.0 + self.western.1 - self.eastern.0;
        match across < east - west {
            true => (self.eastern.0, self.western.1),
            false => (west, east),
        }
    }
}

impl Kind for Extent {
    fn collector<'s>(
        &'s self,
        segment: &Segment<'s>,
        _below: &'s Level,
    ) -> Result<Box<dyn Collector + 's>> {
        Ok(Box::new(Spreading {
            points: Points::open(&self.source, segment)?,
            found: Vec::new(),
        }))
    }

    fn empty(&self, _below: &Level) -> Partial {
        Partial::Spread(Spread::default())
    }

    fn finish(&self, partial: Partial, _below: &Level, _at: &Answering<'_>) -> Result<Outcome> {
        let Partial::Spread(spread) = partial else {
            return Err(StoreError::internal("points without places"));
        };
        let mut metric = Metric::default();
        let count = spread.count as f64;
        match self.what {
            What::Centroid => {
                if spread.count > 0 {
                    let (lat, lon) = (spread.lat.value() / count, spread.lon.value() / count);
                    let place = json!({"lat": json_number(lat), "lon": json_number(lon)});
                    metric.json.insert("location".into(), place);
                    metric.numbers.push(("lat".into(), lat));
                    metric.numbers.push(("lon".into(), lon));
                }
                metric.number("count", count);
            }
            What::Bounds { wraps } if spread.count > 0 => {
                let (west, east) = spread.longitudes(wraps);
                let corner =
                    |lat: f64, lon: f64| json!({"lat": json_number(lat), "lon": json_number(lon)});
                let bounds = json!({
                    "top_left": corner(spread.lats.1, west),
                    "bottom_right": corner(spread.lats.0, east),
                });
                metric.json.insert("bounds".into(), bounds);
            }
            What::Bounds { .. } => (),
        }
        Ok(Outcome::Metric(metric))
    }

    fn has_buckets(&self) -> bool {
        false
    }
}

struct Spreading {
    points: Points,
    found: Vec<Spread>,
}

impl Collector for Spreading {
    fn collect(&mut self, block: &Block<'_>) -> Result<()> {
        let found = &mut self.found;
        self.points.each(block.docs, |position, point| {
            let owner = block.owner(position) as usize;
            if owner >= found.len() {
                found.resize_with(owner + 1, Spread::default);
            }
            found[owner].add(point);
        });
        Ok(())
    }

    fn harvest(mut self: Box<Self>, owners: usize) -> Result<Vec<Partial>> {
        self.found.resize_with(owners, Spread::default);
        Ok(self.found.into_iter().map(Partial::Spread).collect())
    }
}
