//! `sort`, read from JSON.

use serde_json::Value;

use super::{By, Distance, Level, Missing, Mode, Nested, Result, Sort};
use crate::error::StoreError;
use crate::limits::{DISTANCE_POINTS_MAX, SORT_FIELDS_MAX};
use crate::search::matching::Matching;
use crate::search::options::Options;
use crate::shape::read_points;

const MODES: &[(&str, Mode)] = &[
    ("min", Mode::Min),
    ("max", Mode::Max),
    ("sum", Mode::Sum),
    ("avg", Mode::Avg),
    ("median", Mode::Median),
];

impl Sort {
    /// Reads a name, `{name: "desc"}`, `{name: {order, …}}`, or a list of them.
    pub(crate) fn parse(value: Option<&Value>) -> Result<Self> {
        let mut levels = Vec::new();
        match value {
            None | Some(Value::Null) => (),
            Some(Value::Array(items)) => {
                for item in items {
                    level(item, &mut levels)?;
                }
            }
            Some(single) => level(single, &mut levels)?,
        }
        if levels.len() > SORT_FIELDS_MAX {
            return Err(StoreError::invalid_query(format!(
                "[sort] has {} levels, more than {SORT_FIELDS_MAX}",
                levels.len()
            )));
        }
        if levels.is_empty() {
            return Ok(Self::by_score());
        }
        Ok(Self {
            levels,
            is_asked: true,
        })
    }
}

fn level(item: &Value, levels: &mut Vec<Level>) -> Result<()> {
    match item {
        Value::String(name) => levels.push(Level::parse(name, &Value::Null)?),
        Value::Object(object) => {
            for (name, options) in object {
                levels.push(Level::parse(name, options)?);
            }
        }
        _ => {
            return Err(StoreError::invalid_query(
                "[sort] takes names of fields and objects such as {\"field\": \"desc\"}",
            ));
        }
    }
    Ok(())
}

impl Level {
    fn parse(name: &str, options: &Value) -> Result<Self> {
        let by = match name {
            "_score" => By::Score,
            "_doc" | "_shard_doc" => By::Sequence,
            "_geo_distance" => return Self::parse_distance(options),
            "_script" => {
                return Err(StoreError::invalid_query(
                    "[sort] has a [_script], and the embedded store runs no scripts",
                ));
            }
            name => By::Field(name.to_owned()),
        };
        let mut level = Self {
            is_descending: matches!(by, By::Score),
            by,
            ..Self::by_score()
        };
        match options {
            Value::Null => (),
            Value::String(order) => {
                level.is_descending = match order.to_ascii_lowercase().as_str() {
                    "asc" => false,
                    "desc" => true,
                    _ => return Err(wrong_order(options)),
                };
            }
            Value::Object(_) => level.set(&Options::new("sort", options)?)?,
            _ => return Err(wrong_order(options)),
        }
        Ok(level)
    }

    fn set(&mut self, options: &Options<'_>) -> Result<()> {
        if let Some(order) = options.word("order", &[("asc", false), ("desc", true)])? {
            self.is_descending = order;
        }
        self.mode = options.word("mode", MODES)?;
        self.missing = match options.value("missing") {
            None => Missing::Last,
            Some(value) => match value.as_str() {
                Some("_first") => Missing::First,
                Some("_last") => Missing::Last,
                _ => Missing::Value(value.clone()),
            },
        };
        self.may_be_unmapped = options.text("unmapped_type")?.is_some()
            || options.flag("ignore_unmapped")?.unwrap_or(false);
        self.nested = nested(options)?;
        // How sort values would be shown, or compared across types.
        options.ignore(&["format", "numeric_type"]);
        options.finish_ref()
    }

    fn parse_distance(options: &Value) -> Result<Self> {
        let object = Options::new("_geo_distance", options)?;
        let fields = object.others(&[
            "order",
            "unit",
            "mode",
            "distance_type",
            "ignore_unmapped",
            "validation_method",
            "nested",
            "nested_path",
            "nested_filter",
        ]);
        let [(field, points)] = fields[..] else {
            return Err(StoreError::invalid_query(
                "[_geo_distance] takes one field of points and the points to measure from",
            ));
        };
        let mut from = Vec::new();
        read_points(points, &mut |it| from.push(it));
        if from.is_empty() || from.len() > DISTANCE_POINTS_MAX {
            return Err(StoreError::invalid_query(format!(
                "[_geo_distance] takes 1 to {DISTANCE_POINTS_MAX} points for [{field}], found {points}"
            )));
        }
        let unit = object.text("unit")?.unwrap_or("m");
        let metres = koncorde::convert_distance(&format!("1{unit}"));
        let metres_per_unit =
            metres.map_err(|_| object.wrong("unit", "m, km, mi, yd, ft, in, cm, mm or nmi"))?;
        let mode = object.word("mode", MODES)?;
        if mode == Some(Mode::Sum) {
            return Err(object.wrong("mode", "min, max, avg or median"));
        }
        let kinds = [("arc", false), ("plane", true), ("sloppy_arc", false)];
        Ok(Self {
            by: By::Distance(Distance {
                field: field.to_owned(),
                from,
                metres_per_unit,
                is_plane: object.word("distance_type", &kinds)?.unwrap_or(false),
            }),
            is_descending: object
                .word("order", &[("asc", false), ("desc", true)])?
                .unwrap_or(false),
            missing: Missing::Last,
            mode,
            may_be_unmapped: object.flag("ignore_unmapped")?.unwrap_or(false),
            nested: nested(&object)?,
        })
    }
}

fn nested(options: &Options<'_>) -> Result<Option<Nested>> {
    let (path, filter) = match options.value("nested") {
        Some(value) => {
            let nested = Options::new("nested", value)?;
            if nested.value("nested").is_some() {
                return Err(StoreError::invalid_query(
                    "[nested] of [sort] takes the path of the innermost nested object, and no \
                     [nested] of its own",
                ));
            }
            nested.ignore(&["max_children"]);
            let path = nested.needed_text("path")?;
            let filter = nested.value("filter");
            nested.finish()?;
            (path, filter)
        }
        None => match options.text("nested_path")? {
            Some(path) => (path, options.value("nested_filter")),
            None => return Ok(None),
        },
    };
    let filter = filter.map(Matching::parse).transpose()?;
    Ok(Some(Nested {
        path: path.to_owned(),
        filter,
    }))
}

fn wrong_order(found: &Value) -> StoreError {
    StoreError::invalid_query(format!(
        "the order of [sort] is asc or desc, or an object with such an [order], found {found}"
    ))
}
