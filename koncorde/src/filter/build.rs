//! Filters without JSON.
//!
//! Whatever is built here can be written as JSON and read back. Only what is
//! itself a small language, or can lie outside of the globe, may fail.

use std::ops::{Bound, RangeBounds};

use serde_json::{Value, json};

use super::parse::check_depth;
use super::place::Place;
use super::{Filter, Node, Term, area, term};
use crate::error::FilterError;
use crate::field::Field;
use crate::geo::{GeoPoint, Shape};
use crate::interval::Interval;
use crate::limits;
use crate::scalar::{Number, Scalar};

/// Terms: questions about a field, which is a path of keys joined with dots.
impl Filter {
    /// Matches every document: `{}`.
    pub fn everything() -> Self {
        Self(Node::Everything)
    }

    /// Matches no document: `nothing`.
    pub fn nothing() -> Self {
        Self(Node::Nothing)
    }

    /// The field has this value: `equals`.
    ///
    /// Values of different types are different. Nothing equals an array or an
    /// object.
    ///
    /// ```
    /// use koncorde::{Filter, matches};
    /// use serde_json::json;
    ///
    /// let filter = Filter::equals("user.age", 42);
    /// assert!(matches(&filter, &json!({"user": {"age": 42.0}})));
    /// assert!(!matches(&filter, &json!({"user": {"age": "42"}})));
    /// ```
    pub fn equals(field: impl Into<String>, value: impl Into<Value>) -> Self {
        Self(match Scalar::new(&value.into()) {
            Some(value) => Node::Term(Term::Equals {
                field: Field::new(field.into()),
                value,
            }),
            None => Node::Nothing,
        })
    }

    /// The field has one of these values: `in`.
    ///
    /// ```
    /// use koncorde::{Filter, matches};
    /// use serde_json::json;
    ///
    /// let filter = Filter::one_of("size", ["S", "M"]);
    /// assert!(matches(&filter, &json!({"size": "M"})));
    /// ```
    pub fn one_of<V: Into<Value>>(
        field: impl Into<String>,
        values: impl IntoIterator<Item = V>,
    ) -> Self {
        let values = values.into_iter().filter_map(|it| Scalar::new(&it.into()));
        let values: Vec<_> = values.collect();
        if values.is_empty() {
            return Self::nothing();
        }
        Self(Node::Term(Term::In {
            field: Field::new(field.into()),
            values,
        }))
    }

    /// The field is there, be it null: `exists`. Its complement is `missing`.
    ///
    /// ```
    /// use koncorde::{Filter, matches};
    /// use serde_json::json;
    ///
    /// let missing = Filter::exists("name").not();
    /// assert!(matches(&missing, &json!({"age": 42})));
    /// assert!(!matches(&missing, &json!({"name": null})));
    /// ```
    pub fn exists(field: impl Into<String>) -> Self {
        let field = field.into();
        if field.is_empty() {
            return exists_under_the_empty_key();
        }
        Self(Node::Term(Term::Exists {
            field: Field::new(field),
        }))
    }

    /// The field is an array with this element: `exists` with a value in
    /// brackets. Nothing equals an array or an object.
    ///
    /// ```
    /// use koncorde::{Filter, matches};
    /// use serde_json::json;
    ///
    /// let filter = Filter::contains("tags", "rust");
    /// assert_eq!(filter.to_json(), json!({"exists": "tags[\"rust\"]"}));
    /// assert!(matches(&filter, &json!({"tags": ["fast", "rust"]})));
    /// ```
    pub fn contains(field: impl Into<String>, value: impl Into<Value>) -> Self {
        let field = field.into();
        Self(match Scalar::new(&value.into()) {
            None => Node::Nothing,
            Some(value) if !field.is_empty() => Node::Term(Term::Contains {
                field: Field::new(field),
                value,
            }),
            // A path cannot be empty, the key of a partial document can.
            Some(value) => partial(json!({"": [value.to_json()]})).0,
        })
    }

    /// The field is a number in a range: `range`.
    ///
    /// No number is in an inverted range or beside a NaN.
    ///
    /// ```
    /// use koncorde::{Filter, matches};
    /// use serde_json::json;
    ///
    /// let teens = Filter::range("age", 13.0..20.0);
    /// assert_eq!(teens.to_json(), json!({"range": {"age": {"gte": 13, "lt": 20}}}));
    /// assert!(matches(&teens, &json!({"age": 19.9})));
    /// ```
    pub fn range(field: impl Into<String>, range: impl RangeBounds<f64>) -> Self {
        let (Some(mut lower), Some(upper)) = (
            finite_bound(range.start_bound(), f64::NEG_INFINITY),
            finite_bound(range.end_bound(), f64::INFINITY),
        ) else {
            return Self::nothing();
        };
        if (lower, upper) == (Bound::Unbounded, Bound::Unbounded) {
            // JSON asks for a bound, and knows no number below this one.
            lower = Number::new(f64::MIN).map_or(lower, Bound::Included);
        }
        let interval = Interval { lower, upper };
        if interval.is_empty() {
            return Self::nothing();
        }
        Self(Node::Term(Term::Range {
            field: Field::new(field.into()),
            interval,
        }))
    }

    /// The field is a string in which the pattern is found: `regexp`.
    ///
    /// Flags are `i`, `m` and `s`, or none.
    ///
    /// # Errors
    ///
    /// If the pattern is not in RE2's syntax or beyond a limit.
    ///
    /// ```
    /// use koncorde::{Filter, matches};
    /// use serde_json::json;
    ///
    /// let filter = Filter::regexp("title", r"^\w+ quake", "i")?;
    /// assert!(matches(&filter, &json!({"title": "Strong Quake off the coast"})));
    /// assert!(Filter::regexp("title", "(?=a)", "").is_err());
    /// # Ok::<(), koncorde::FilterError>(())
    /// ```
    pub fn regexp(
        field: impl Into<String>,
        pattern: &str,
        flags: &str,
    ) -> Result<Self, FilterError> {
        let value = json!({field.into(): {"value": pattern, "flags": flags}});
        built(term::parse_regexp(&value, &Place::ROOT.keyword("regexp")))
    }

    /// The document contains this one: `match`.
    ///
    /// Each key must be there with a matching value, each element of an array
    /// must have a matching one of its own, in any order. The keys at the top are
    /// paths.
    ///
    /// # Errors
    ///
    /// If the partial document is not an object, is empty, or beyond a limit.
    ///
    /// ```
    /// use koncorde::{Filter, matches};
    /// use serde_json::json;
    ///
    /// let filter = Filter::like(json!({"items": [{"id": 1}, {"id": 2}]}))?;
    /// assert!(matches(&filter, &json!({"items": [{"id": 2, "n": 7}, {"id": 3}, {"id": 1}]})));
    /// # Ok::<(), koncorde::FilterError>(())
    /// ```
    pub fn like(partial: impl Into<Value>) -> Result<Self, FilterError> {
        built(term::parse_match(
            &partial.into(),
            &Place::ROOT.keyword("match"),
            0,
        ))
    }

    /// The field is an array whose element at `index`, as the field `value`,
    /// satisfies the query: `select`. A negative index counts from the end.
    ///
    /// # Errors
    ///
    /// If the field is empty or the query nests too deep.
    ///
    /// ```
    /// use koncorde::{Filter, matches};
    /// use serde_json::json;
    ///
    /// let last_is_loud = Filter::select("levels", -1, Filter::range("value", 80.0..))?;
    /// assert!(matches(&last_is_loud, &json!({"levels": [20, 90]})));
    /// # Ok::<(), koncorde::FilterError>(())
    /// ```
    pub fn select(field: impl Into<String>, index: i64, query: Self) -> Result<Self, FilterError> {
        let field = field.into();
        let place = Place::ROOT.keyword("select");
        if field.is_empty() {
            return Err(place.key("field").error("cannot be empty").with_pointer(""));
        }
        let query = Box::new(query.operand());
        let node = Node::Term(Term::Select {
            field: Field::new(field),
            index,
            query,
        });
        check_depth(node.depth(), &place).map_err(|it| it.with_pointer(""))?;
        Ok(Self(node))
    }
}

/// Terms about places: the field is a point inside of a shape, border included.
impl Filter {
    /// Within a distance of a point: `geoDistance`.
    ///
    /// # Errors
    ///
    /// If the distance cannot be read (see [`convert_distance`]), the point is not
    /// on the globe, or the field has a name that JSON could not tell from the
    /// other properties.
    ///
    /// ```
    /// use koncorde::{Filter, matches};
    /// use serde_json::json;
    ///
    /// let near_tokyo = Filter::geo_distance("epicentre", (35.68, 139.69), "500 km")?;
    /// assert!(matches(&near_tokyo, &json!({"epicentre": [38.3, 142.4]})));
    /// # Ok::<(), koncorde::FilterError>(())
    /// ```
    ///
    /// [`convert_distance`]: crate::convert_distance
    pub fn geo_distance(
        field: impl Into<String>,
        center: impl Into<GeoPoint>,
        distance: &str,
    ) -> Result<Self, FilterError> {
        let place = Place::ROOT.keyword("geoDistance");
        let radius = area::read_distance(distance, &place.key("distance"));
        let shape = |metres| Shape::ring(center.into(), 0.0, metres);
        built(radius.and_then(|it| area::term(field.into(), &["distance"], shape(it), &place)))
    }

    /// Between two distances from a point: `geoDistanceRange`.
    ///
    /// # Errors
    ///
    /// As for [`geo_distance`](Self::geo_distance), and if the first distance is
    /// not the smaller one.
    ///
    /// ```
    /// use koncorde::{Filter, matches};
    /// use serde_json::json;
    ///
    /// let suburb = Filter::geo_distance_range("home", (48.85, 2.35), "5 km", "20 km")?;
    /// assert!(matches(&suburb, &json!({"home": [48.8, 2.48]})));
    /// # Ok::<(), koncorde::FilterError>(())
    /// ```
    pub fn geo_distance_range(
        field: impl Into<String>,
        center: impl Into<GeoPoint>,
        from: &str,
        to: &str,
    ) -> Result<Self, FilterError> {
        let place = Place::ROOT.keyword("geoDistanceRange");
        let distances = area::read_distances(from, to, &place);
        let shape = |(from, to)| Shape::ring(center.into(), from, to);
        built(distances.and_then(|it| area::term(field.into(), &["from", "to"], shape(it), &place)))
    }

    /// Between two parallels and two meridians: `geoBoundingBox`. From the left
    /// to the right one goes east, over the antimeridian if need be.
    ///
    /// # Errors
    ///
    /// If a corner is not on the globe or the top is not north of the bottom.
    ///
    /// ```
    /// use koncorde::{Filter, matches};
    /// use serde_json::json;
    ///
    /// let fiji = Filter::geo_bounding_box("position", (-15.0, 176.0), (-20.0, -178.0))?;
    /// assert!(matches(&fiji, &json!({"position": [-17.8, 179.9]})));
    /// # Ok::<(), koncorde::FilterError>(())
    /// ```
    pub fn geo_bounding_box(
        field: impl Into<String>,
        top_left: impl Into<GeoPoint>,
        bottom_right: impl Into<GeoPoint>,
    ) -> Result<Self, FilterError> {
        let (top_left, bottom_right) = (top_left.into(), bottom_right.into());
        let shape = Shape::rectangle(
            top_left.lat,
            top_left.lon,
            bottom_right.lat,
            bottom_right.lon,
        );
        built(area::term(
            field.into(),
            &[],
            shape,
            &Place::ROOT.keyword("geoBoundingBox"),
        ))
    }

    /// Inside a closed line of geodesics: `geoPolygon`.
    ///
    /// # Errors
    ///
    /// If there are fewer than three points, more than the limit of the language,
    /// 10 000, or one is not on the globe.
    ///
    /// ```
    /// use koncorde::{Filter, matches};
    /// use serde_json::json;
    ///
    /// let triangle = [(25.8, -80.2), (32.3, -64.8), (18.4, -66.1)];
    /// let filter = Filter::geo_polygon("position", triangle)?;
    /// assert!(matches(&filter, &json!({"position": "25.5, -70"})));
    /// # Ok::<(), koncorde::FilterError>(())
    /// ```
    pub fn geo_polygon<P: Into<GeoPoint>>(
        field: impl Into<String>,
        points: impl IntoIterator<Item = P>,
    ) -> Result<Self, FilterError> {
        let points: Vec<GeoPoint> = points.into_iter().map(Into::into).collect();
        let shape = Shape::polygon(&points);
        built(area::term(
            field.into(),
            &[],
            shape,
            &Place::ROOT.keyword("geoPolygon"),
        ))
    }
}

/// Operands. They panic if the filter then nests deeper than the limit of the
/// language, 120 levels of JSON; chains of one operand do not nest.
impl Filter {
    /// Both filters match: `and`.
    ///
    /// ```
    /// use koncorde::Filter;
    ///
    /// let filter = Filter::equals("a", 1).and(Filter::equals("b", 2)).and(Filter::exists("c"));
    /// assert_eq!(
    ///     filter.to_string(),
    ///     r#"{"and":[{"equals":{"a":1}},{"equals":{"b":2}},{"exists":"c"}]}"#
    /// );
    /// ```
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self.0, other.0) {
            (Node::Everything, only) | (only, Node::Everything) => Self(only),
            (Node::And(mut nodes), Node::And(more)) => {
                nodes.extend(more);
                Self(Node::And(nodes))
            }
            (Node::And(mut nodes), last) => {
                nodes.push(last);
                Self(Node::And(nodes)).checked()
            }
            (first, last) => Self(Node::And(vec![first, last])).checked(),
        }
    }

    /// At least one of the filters matches: `or`.
    ///
    /// ```
    /// use koncorde::Filter;
    ///
    /// let filter = Filter::equals("a", 1).or(Filter::exists("b"));
    /// assert_eq!(filter.to_string(), r#"{"or":[{"equals":{"a":1}},{"exists":"b"}]}"#);
    /// ```
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        match (self.0, other.0) {
            (Node::Everything, _) | (_, Node::Everything) => Self::everything(),
            (Node::Or(mut nodes), Node::Or(more)) => {
                nodes.extend(more);
                Self(Node::Or(nodes))
            }
            (Node::Or(mut nodes), last) => {
                nodes.push(last);
                Self(Node::Or(nodes)).checked()
            }
            (first, last) => Self(Node::Or(vec![first, last])).checked(),
        }
    }

    /// The filter does not match: `not`, also written `!filter`.
    ///
    /// A field that is there and no point is neither inside nor outside of a
    /// shape; in all other cases exactly one of a filter and its `not` matches.
    ///
    /// ```
    /// use koncorde::Filter;
    ///
    /// let filter = Filter::equals("a", 1);
    /// assert_eq!(filter.clone().not().to_string(), r#"{"not":{"equals":{"a":1}}}"#);
    /// assert_eq!(!!filter.clone(), filter);
    /// ```
    #[must_use]
    #[allow(clippy::should_implement_trait)] // It does, and this name needs no import.
    pub fn not(self) -> Self {
        match self.0 {
            Node::Everything => Self::nothing(),
            Node::Nothing => Self::everything(),
            Node::Not(inner) => Self(*inner),
            node => Self(Node::Not(Box::new(node))).checked(),
        }
    }

    /// The filter as part of another one, where `{}` cannot stand.
    fn operand(self) -> Node {
        match self.0 {
            Node::Everything => Node::Not(Box::new(Node::Nothing)),
            node => node,
        }
    }

    fn checked(self) -> Self {
        let (most, found) = (limits::FILTER_DEPTH, self.0.depth());
        assert!(
            found <= most,
            "filters may nest {most} levels of JSON at most, not {found}"
        );
        self
    }
}

impl std::ops::Not for Filter {
    type Output = Self;

    fn not(self) -> Self {
        self.not()
    }
}

impl Node {
    /// Levels of the JSON form above the deepest term.
    fn depth(&self) -> usize {
        let deepest = |nodes: &[Self]| nodes.iter().map(Self::depth).max().unwrap_or(0);
        match self {
            Self::Everything | Self::Nothing => 0,
            Self::And(nodes) | Self::Or(nodes) => 2 + deepest(nodes),
            Self::Not(inner) => 1 + inner.depth(),
            Self::Term(Term::Select { query, .. }) => 2 + query.depth(),
            Self::Term(Term::Match { partial }) => {
                1 + partial.values().map(value_depth).max().unwrap_or(0)
            }
            Self::Term(_) => 0,
        }
    }
}

/// Levels of arrays and objects. The value is part of a filter, so it is not deep.
fn value_depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(value_depth).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(value_depth).max().unwrap_or(0),
        _ => 0,
    }
}

/// One end of a range: infinite ends are none. `None` where no number can be.
fn finite_bound(bound: Bound<&f64>, infinity: f64) -> Option<Bound<Number>> {
    let number = |it: f64| Number::new(it).filter(|it| it.get().is_finite());
    match bound {
        Bound::Included(it) | Bound::Excluded(it) if *it == infinity => Some(Bound::Unbounded),
        Bound::Included(it) => number(*it).map(Bound::Included),
        Bound::Excluded(it) => number(*it).map(Bound::Excluded),
        Bound::Unbounded => Some(Bound::Unbounded),
    }
}

fn built(term: Result<Term, FilterError>) -> Result<Filter, FilterError> {
    // Nobody wrote the JSON that the error points into.
    term.map(|it| Filter(Node::Term(it)))
        .map_err(|it| it.with_pointer(""))
}

fn partial(value: Value) -> Filter {
    match value {
        Value::Object(partial) => Filter(Node::Term(Term::Match { partial })),
        _ => Filter::nothing(),
    }
}

/// `exists` cannot name the key `""`, but each type of value can be asked for.
fn exists_under_the_empty_key() -> Filter {
    let scalars = Filter::one_of("", [Value::Null, json!(true), json!(false)]);
    let strings = Filter::regexp("", "", "").unwrap_or_else(|_| Filter::nothing());
    scalars
        .or(Filter::range("", ..))
        .or(strings)
        .or(partial(json!({"": {}})))
        .or(partial(json!({"": []})))
}
