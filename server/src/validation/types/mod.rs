//! The types of fields: which options each takes, and the rule that follows.

mod date; // dates under formats, within bounds
mod geo; // points and shapes
mod scalar; // booleans, numbers, texts
mod text; // addresses: email, URL, IP

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::error::{ApiError, VALIDATION_ASSERT_INVALID_RANGE, VALIDATION_ASSERT_INVALID_TYPE};

/// Says why a value is refused.
pub(super) type Rule = Arc<dyn Fn(&Value) -> Result<(), String> + Send + Sync>;

/// A type that fields of specifications may have.
pub(super) trait FieldType: Send + Sync {
    fn name(&self) -> &str;

    /// The keys that its `typeOptions` may have.
    fn options(&self) -> &[&str] {
        &[]
    }

    /// Whether other fields may stand below fields of this type.
    fn allows_children(&self) -> bool {
        false
    }

    /// The rule for values under these options, or what is wrong with them.
    fn rule(&self, options: &Map<String, Value>) -> Result<Rule, ApiError>;
}

/// A type of the server itself: a line of the table below.
struct Builtin {
    name: &'static str,
    options: &'static [&'static str],
    rule: fn(&Map<String, Value>) -> Result<Rule, ApiError>,
}

const BUILTIN: &[Builtin] = &[
    Builtin {
        name: "anything",
        options: &[],
        rule: scalar::anything,
    },
    Builtin {
        name: "boolean",
        options: &[],
        rule: scalar::boolean,
    },
    Builtin {
        name: "date",
        options: &["formats", "range"],
        rule: date::date,
    },
    Builtin {
        name: "email",
        options: &["notEmpty"],
        rule: text::email,
    },
    Builtin {
        name: "enum",
        options: &["values"],
        rule: scalar::one_of,
    },
    Builtin {
        name: "geo_point",
        options: &[],
        rule: geo::point,
    },
    Builtin {
        name: "geo_shape",
        options: &["shapeTypes"],
        rule: geo::shape,
    },
    Builtin {
        name: "integer",
        options: &["range"],
        rule: scalar::integer,
    },
    Builtin {
        name: "ip_address",
        options: &["notEmpty"],
        rule: text::ip_address,
    },
    Builtin {
        name: "numeric",
        options: &["range"],
        rule: scalar::numeric,
    },
    Builtin {
        name: OBJECT,
        options: &["strict"],
        rule: scalar::object,
    },
    Builtin {
        name: "string",
        options: &["length"],
        rule: scalar::string,
    },
    Builtin {
        name: "url",
        options: &["notEmpty"],
        rule: text::url,
    },
];

const OBJECT: &str = "object";

pub(super) fn all() -> Vec<Arc<dyn FieldType>> {
    let types = BUILTIN.iter().map(|it| Arc::new(it) as Arc<dyn FieldType>);
    types.collect()
}

impl FieldType for &'static Builtin {
    fn name(&self) -> &str {
        self.name
    }

    fn options(&self) -> &[&str] {
        self.options
    }

    fn allows_children(&self) -> bool {
        self.name == OBJECT
    }

    fn rule(&self, options: &Map<String, Value>) -> Result<Rule, ApiError> {
        (self.rule)(options)
    }
}

/// A rule from a test and what is said when it fails.
fn rule_of(reason: &'static str, test: impl Fn(&Value) -> bool + Send + Sync + 'static) -> Rule {
    Arc::new(move |value| match test(value) {
        true => Ok(()),
        false => Err(reason.into()),
    })
}

/// `{min, max}`, either of them or both.
#[derive(Clone, Copy, Debug, Default)]
struct Bounds {
    min: Option<f64>,
    max: Option<f64>,
}

impl Bounds {
    fn read(
        options: &Map<String, Value>,
        name: &str,
        number: impl Fn(&Value) -> Option<f64>,
        wanted: &str,
    ) -> Result<Self, ApiError> {
        let bounds = match options.get(name) {
            None | Some(Value::Null) => return Ok(Self::default()),
            Some(Value::Object(bounds)) => bounds,
            Some(_) => return Err(VALIDATION_ASSERT_INVALID_TYPE.with([name, "object"])),
        };
        let bound = |key: &str| match bounds.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => number(value).map(Some).ok_or_else(|| {
                let name = format!("{name}.{key}");
                VALIDATION_ASSERT_INVALID_TYPE.with([name.as_str(), wanted])
            }),
        };
        if let Some(key) = bounds.keys().find(|it| *it != "min" && *it != "max") {
            let name = format!("{name}.{key}");
            return Err(VALIDATION_ASSERT_INVALID_TYPE.with([name.as_str(), "min or max"]));
        }
        let (min, max) = (bound("min")?, bound("max")?);
        match (min, max) {
            (Some(least), Some(most)) if least > most => {
                Err(VALIDATION_ASSERT_INVALID_RANGE.with([name, "min", "max"]))
            }
            _ => Ok(Self { min, max }),
        }
    }

    /// Why a number is out of bounds.
    fn refusal(self, number: f64, what: &str) -> Result<(), String> {
        match (self.min, self.max) {
            (Some(min), _) if number < min => Err(format!("{what} is less than {min}")),
            (_, Some(max)) if number > max => Err(format!("{what} is greater than {max}")),
            _ => Ok(()),
        }
    }
}
