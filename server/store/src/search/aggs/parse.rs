//! The tree of aggregations, read from JSON.

use serde_json::{Map, Value};

use super::metrics::Which;
use super::{
    Aggregation, Kind, Level, Result, cardinality, date_histogram, date_range, filters, geo,
    global, histogram, metrics, nested, percentiles, pipeline, ranges, sampler, significant,
    string_stats, terms, top_hits, tuples, weighted_avg,
};
use crate::error::StoreError;
use crate::limits::{AGGREGATION_DEPTH_MAX, AGGREGATIONS_MAX};

type Parse = fn(&Value) -> Result<Box<dyn Kind>>;

/// All kinds by name.
const KINDS: &[(&str, Parse)] = &[
    ("avg", |it| metrics::parse(Which::Avg, it)),
    ("cardinality", cardinality::parse),
    ("composite", tuples::parse_composite),
    ("date_histogram", date_histogram::parse),
    ("date_range", date_range::parse),
    ("extended_stats", |it| {
        metrics::parse(Which::ExtendedStats, it)
    }),
    ("filter", filters::parse_one),
    ("filters", filters::parse),
    ("geo_bounds", geo::parse_bounds),
    ("geo_centroid", geo::parse_centroid),
    ("geo_distance", geo::parse_distance),
    ("geohash_grid", geo::parse_geohash),
    ("geotile_grid", geo::parse_tile),
    ("global", global::parse),
    ("histogram", histogram::parse),
    ("max", |it| metrics::parse(Which::Max, it)),
    ("median_absolute_deviation", percentiles::parse_deviation),
    ("min", |it| metrics::parse(Which::Min, it)),
    ("missing", global::parse_missing),
    ("multi_terms", tuples::parse_multi_terms),
    ("nested", nested::parse),
    ("percentile_ranks", percentiles::parse_ranks),
    ("percentiles", percentiles::parse),
    ("range", ranges::parse),
    ("rare_terms", terms::parse_rare),
    ("reverse_nested", nested::parse_reverse),
    ("sampler", sampler::parse),
    ("significant_terms", significant::parse),
    ("stats", |it| metrics::parse(Which::Stats, it)),
    ("string_stats", string_stats::parse),
    ("sum", |it| metrics::parse(Which::Sum, it)),
    ("terms", terms::parse),
    ("top_hits", top_hits::parse),
    ("value_count", |it| metrics::parse(Which::ValueCount, it)),
    ("weighted_avg", weighted_avg::parse),
];

/// The names of all kinds, pipelines too.
#[cfg(test)]
pub(crate) fn kinds() -> impl Iterator<Item = &'static str> {
    let kinds = KINDS.iter().map(|it| it.0);
    kinds.chain(pipeline::kinds())
}

/// Kinds of Elasticsearch that run scripts.
const SCRIPTED: &[&str] = &[
    "scripted_metric",
    "bucket_script",
    "bucket_selector",
    "moving_fn",
];

/// Kinds of Elasticsearch that are not there: calling them unknown would send
/// their users after a typing error.
const NOT_BUILT: &[&str] = &[
    "adjacency_matrix",
    "auto_date_histogram",
    "boxplot",
    "children",
    "diversified_sampler",
    "geo_line",
    "inference",
    "ip_range",
    "matrix_stats",
    "moving_percentiles",
    "normalize",
    "parent",
    "rate",
    "significant_text",
    "t_test",
    "top_metrics",
    "variable_width_histogram",
];

/// `{name: {kind: {…}, aggs: {…}, meta: {…}}}`.
pub(super) fn level(value: &Value, depth: usize) -> Result<Level> {
    let wrong = |what: &str| StoreError::invalid_query(format!("[aggs] {what}"));
    let object = value
        .as_object()
        .ok_or_else(|| wrong("takes an object of named aggregations"))?;
    if depth >= AGGREGATION_DEPTH_MAX {
        return Err(wrong(&format!(
            "nests deeper than {AGGREGATION_DEPTH_MAX} levels"
        )));
    }
    if object.len() > AGGREGATIONS_MAX {
        return Err(wrong(&format!(
            "names more than {AGGREGATIONS_MAX} beside each other"
        )));
    }
    let mut level = Level::default();
    for (name, body) in object {
        if name.is_empty() || name.contains(['[', ']', '>']) {
            return Err(wrong(&format!(
                "has the invalid name [{name}]: names have no brackets and no [>]"
            )));
        }
        let body = body
            .as_object()
            .ok_or_else(|| wrong(&format!("takes an object for [{name}]")))?;
        one(name, body, depth, &mut level)?;
    }
    pipeline::check(&level.pipelines)?;
    Ok(level)
}

fn one(name: &str, body: &Map<String, Value>, depth: usize, into: &mut Level) -> Result<()> {
    let refuse =
        |what: String| StoreError::invalid_query(format!("the aggregation [{name}] {what}"));
    let mut meta = None;
    let mut below = Level::default();
    let mut kinds = Vec::new();
    for (key, value) in body {
        match key.as_str() {
            "meta" => meta = Some(value.clone()),
            "aggs" | "aggregations" => below = level(value, depth + 1)?,
            kind => kinds.push((kind, value)),
        }
    }
    let (kind, value) = match kinds[..] {
        [one] => one,
        [] => return Err(refuse("has no kind such as [terms]".into())),
        [(a, _), (b, _), ..] => {
            return Err(refuse(format!(
                "has two kinds, [{a}] and [{b}]: give it one"
            )));
        }
    };
    if let Some(pipeline) = pipeline::parse(name, kind, value, meta.as_ref())? {
        if !below.is_empty() {
            return Err(refuse(format!(
                "of the kind [{kind}] cannot have others below it"
            )));
        }
        into.pipelines.push(pipeline);
        return Ok(());
    }
    let parse = KINDS.iter().find(|(it, _)| *it == kind).map(|it| it.1);
    let parse = parse.ok_or_else(|| unknown(name, kind))?;
    let kind = parse(value)?;
    if !kind.has_buckets() && !below.is_empty() {
        return Err(refuse(
            "makes no buckets, so that none can stand below it".into(),
        ));
    }
    if kind.is_global() && depth > 0 {
        return Err(refuse(
            "is [global], and that stands at the top only".into(),
        ));
    }
    into.aggregations.push(Aggregation {
        name: name.to_owned(),
        kind,
        below,
        meta,
    });
    Ok(())
}

fn unknown(name: &str, kind: &str) -> StoreError {
    let message = if SCRIPTED.contains(&kind) {
        format!("the aggregation [{name}] is a [{kind}], and the embedded store runs no scripts")
    } else if NOT_BUILT.contains(&kind) {
        format!("the embedded store has no [{kind}] aggregations yet ([{name}])")
    } else {
        format!("Unknown aggregation type [{kind}] of [{name}]")
    };
    StoreError::invalid_query(message)
}

impl Level {
    fn is_empty(&self) -> bool {
        self.aggregations.is_empty() && self.pipelines.is_empty()
    }
}
