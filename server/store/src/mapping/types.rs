//! The types of fields, and what a user may set for each.

use serde_json::Value;

macro_rules! data_types {
    ($($variant:ident $name:literal)*) => {
        /// What the values of a field are.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum DataType { $($variant),* }

        impl DataType {
            pub(crate) fn parse(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$variant),)*
                    _ => None,
                }
            }

            pub(crate) fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name),*
                }
            }
        }
    };
}

data_types! {
    Text "text"
    MatchOnlyText "match_only_text"
    SearchAsYouType "search_as_you_type"
    Keyword "keyword"
    ConstantKeyword "constant_keyword"
    Wildcard "wildcard"
    Version "version"
    Completion "completion"
    TokenCount "token_count"
    Long "long"
    Integer "integer"
    Short "short"
    Byte "byte"
    UnsignedLong "unsigned_long"
    Double "double"
    Float "float"
    HalfFloat "half_float"
    ScaledFloat "scaled_float"
    Date "date"
    DateNanos "date_nanos"
    Boolean "boolean"
    Binary "binary"
    Ip "ip"
    GeoPoint "geo_point"
    GeoShape "geo_shape"
    Point "point"
    Shape "shape"
    IntegerRange "integer_range"
    LongRange "long_range"
    FloatRange "float_range"
    DoubleRange "double_range"
    DateRange "date_range"
    IpRange "ip_range"
    Flattened "flattened"
    Alias "alias"
    Join "join"
    Percolator "percolator"
    RankFeature "rank_feature"
    RankFeatures "rank_features"
    DenseVector "dense_vector"
    Histogram "histogram"
}

impl DataType {
    /// The parameters that the type takes beside `COMMON_PARAMETERS`; `None`:
    /// they are not checked.
    pub(crate) fn parameters(self) -> Option<&'static [&'static str]> {
        match self {
            Self::Text => Some(TEXT_PARAMETERS),
            Self::Keyword => Some(KEYWORD_PARAMETERS),
            Self::Long
            | Self::Integer
            | Self::Short
            | Self::Byte
            | Self::UnsignedLong
            | Self::Double
            | Self::Float
            | Self::HalfFloat
            | Self::ScaledFloat => Some(NUMBER_PARAMETERS),
            Self::Date | Self::DateNanos => Some(DATE_PARAMETERS),
            Self::Boolean => Some(&["null_value", "ignore_malformed"]),
            Self::Binary => Some(&[]),
            Self::Ip => Some(&["ignore_malformed", "null_value"]),
            Self::GeoPoint => Some(&["ignore_malformed", "ignore_z_value", "null_value"]),
            Self::GeoShape => Some(SHAPE_PARAMETERS),
            Self::IntegerRange
            | Self::LongRange
            | Self::FloatRange
            | Self::DoubleRange
            | Self::IpRange => Some(&["coerce"]),
            Self::DateRange => Some(&["coerce", "format", "locale"]),
            Self::Wildcard => Some(&["ignore_above", "null_value"]),
            Self::TokenCount => Some(&["analyzer", "enable_position_increments", "null_value"]),
            Self::SearchAsYouType => Some(SEARCH_AS_YOU_TYPE_PARAMETERS),
            Self::ConstantKeyword => Some(&["value"]),
            Self::Alias => Some(&["path"]),
            _ => None,
        }
    }

    /// Numbers without fraction: the smallest and the largest one.
    pub(crate) fn integer_bounds(self) -> Option<(i128, i128)> {
        match self {
            Self::Long => Some((i64::MIN.into(), i64::MAX.into())),
            Self::Integer => Some((i32::MIN.into(), i32::MAX.into())),
            Self::Short => Some((i16::MIN.into(), i16::MAX.into())),
            Self::Byte => Some((i8::MIN.into(), i8::MAX.into())),
            Self::UnsignedLong => Some((0, u64::MAX.into())),
            _ => None,
        }
    }

    /// Whether values or their bounds are dates, under a format.
    pub(crate) fn has_dates(self) -> bool {
        matches!(self, Self::Date | Self::DateNanos | Self::DateRange)
    }

    /// Numbers with a fraction: the largest one.
    pub(crate) fn float_bound(self) -> Option<f64> {
        match self {
            Self::Double | Self::ScaledFloat => Some(f64::MAX),
            Self::Float => Some(f32::MAX.into()),
            Self::HalfFloat => Some(65_504.0),
            _ => None,
        }
    }
}

/// Parameters that every type takes.
pub(crate) const COMMON_PARAMETERS: &[&str] = &[
    "type",
    "fields",
    "meta",
    "copy_to",
    "boost",
    "store",
    "index",
    "doc_values",
];

const TEXT_PARAMETERS: &[&str] = &[
    "analyzer",
    "eager_global_ordinals",
    "fielddata",
    "fielddata_frequency_filter",
    "index_options",
    "index_phrases",
    "index_prefixes",
    "norms",
    "position_increment_gap",
    "search_analyzer",
    "search_quote_analyzer",
    "similarity",
    "term_vector",
];

const SEARCH_AS_YOU_TYPE_PARAMETERS: &[&str] = &[
    "analyzer",
    "index_options",
    "max_shingle_size",
    "norms",
    "search_analyzer",
    "search_quote_analyzer",
    "similarity",
    "term_vector",
];

const KEYWORD_PARAMETERS: &[&str] = &[
    "eager_global_ordinals",
    "ignore_above",
    "index_options",
    "norms",
    "normalizer",
    "null_value",
    "similarity",
    "split_queries_on_whitespace",
];

const NUMBER_PARAMETERS: &[&str] = &["coerce", "ignore_malformed", "null_value", "scaling_factor"];

const DATE_PARAMETERS: &[&str] = &["format", "ignore_malformed", "locale", "null_value"];

const SHAPE_PARAMETERS: &[&str] = &[
    "coerce",
    "distance_error_pct",
    "ignore_malformed",
    "ignore_z_value",
    "orientation",
    "points_only",
    "precision",
    "strategy",
    "tree",
    "tree_levels",
];

/// Parameters of objects and nested objects.
pub(crate) const OBJECT_PARAMETERS: &[&str] = &[
    "type",
    "properties",
    "dynamic",
    "enabled",
    "include_in_parent",
    "include_in_root",
    "subobjects",
];

/// Parameters that a mapping may change after creation; the others decide how
/// values were written.
pub(crate) const CHANGEABLE_PARAMETERS: &[&str] = &[
    "boost",
    "coerce",
    "eager_global_ordinals",
    "fielddata",
    "fielddata_frequency_filter",
    "ignore_above",
    "ignore_malformed",
    "ignore_z_value",
    "meta",
    "search_analyzer",
    "search_quote_analyzer",
    "split_queries_on_whitespace",
];

/// Names at the root of a document that Elasticsearch keeps for itself.
pub(crate) const METADATA_FIELDS: &[&str] = &[
    "_data_stream_timestamp",
    "_doc_count",
    "_field_names",
    "_id",
    "_ignored",
    "_index",
    "_nested_path",
    "_primary_term",
    "_routing",
    "_seq_no",
    "_source",
    "_tier",
    "_type",
    "_version",
];

/// What becomes of fields that a mapping does not know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Dynamic {
    /// They are added.
    #[default]
    True,
    /// They are stored, and that is all.
    False,
    /// The document is refused.
    Strict,
}

impl Dynamic {
    pub(crate) const NAMES: [&str; 3] = ["true", "false", "strict"];

    pub(crate) fn parse(value: &Value) -> Option<Self> {
        match value {
            Value::Bool(true) => Some(Self::True),
            Value::Bool(false) => Some(Self::False),
            Value::String(text) => match text.as_str() {
                "true" => Some(Self::True),
                "false" => Some(Self::False),
                "strict" => Some(Self::Strict),
                _ => None,
            },
            _ => None,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::True => "true",
            Self::False => "false",
            Self::Strict => "strict",
        }
    }
}
