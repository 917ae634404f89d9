//! Clauses on analysed text: the `match` family.

use serde_json::Value;

use super::parameters::{Parameters, scalar};
use super::pattern::{expansions, fuzzy_options};
use super::{Result, field_and_value};
use crate::error::StoreError;
use crate::limits::QUERY_FIELDS_MAX;
use crate::query::tree::{
    Clause, Combine, Fuzzy, Match, Operator, Phrase, Query, Scalar, Test, WeightedField, ZeroTerms,
};

pub(super) fn matches(name: &str, content: &Value) -> Result<Query> {
    let (field, text, parameters) = field_and_value(name, content, &["query"])?;
    let test = Test::Match(match_options(&parameters, text)?);
    parameters.finish(Clause::Field { field, test })
}

pub(super) fn bool_prefix(name: &str, content: &Value) -> Result<Query> {
    let (field, text, parameters) = field_and_value(name, content, &["query"])?;
    let test = Test::MatchBoolPrefix(match_options(&parameters, text)?);
    parameters.finish(Clause::Field { field, test })
}

pub(super) fn phrase(name: &str, content: &Value) -> Result<Query> {
    let (field, text, parameters) = field_and_value(name, content, &["query"])?;
    let test = Test::Phrase(phrase_options(&parameters, text)?);
    parameters.finish(Clause::Field { field, test })
}

pub(super) fn phrase_prefix(name: &str, content: &Value) -> Result<Query> {
    let (field, text, parameters) = field_and_value(name, content, &["query"])?;
    let test = Test::Phrase(Phrase {
        prefix_expansions: Some(expansions(&parameters)?),
        ..phrase_options(&parameters, text)?
    });
    parameters.finish(Clause::Field { field, test })
}

fn match_options(parameters: &Parameters<'_>, text: Scalar) -> Result<Match> {
    // Never asked for: synonyms of several words, and a deprecated heuristic.
    parameters.ignore(&["auto_generate_synonyms_phrase_query", "cutoff_frequency"]);
    parameters.rewrite("fuzzy_rewrite")?;
    let transpositions = parameters.flag("fuzzy_transpositions", true)?;
    let options = |fuzziness| {
        Ok::<_, StoreError>(Fuzzy {
            transpositions,
            ..fuzzy_options(parameters, fuzziness)?
        })
    };
    let fuzziness = parameters.parsed("fuzziness")?;
    // Their names are known without fuzziness too.
    parameters.ignore(&["prefix_length", "max_expansions"]);
    Ok(Match {
        text,
        operator: operator(parameters, "operator")?,
        minimum_should_match: parameters.parsed("minimum_should_match")?,
        fuzzy: fuzziness.map(options).transpose()?,
        analyzer: parameters.text("analyzer")?,
        zero_terms: zero_terms(parameters)?,
        lenient: parameters.flag("lenient", false)?,
    })
}

pub(super) fn operator<'q>(parameters: &Parameters<'q>, name: &'q str) -> Result<Operator> {
    let operators = [("or", Operator::Or), ("and", Operator::And)];
    Ok(parameters.choice(name, &operators)?.unwrap_or_default())
}

fn zero_terms(parameters: &Parameters<'_>) -> Result<ZeroTerms> {
    let choices = [("none", ZeroTerms::None), ("all", ZeroTerms::All)];
    let choice = parameters.choice("zero_terms_query", &choices)?;
    Ok(choice.unwrap_or_default())
}

fn phrase_options(parameters: &Parameters<'_>, text: Scalar) -> Result<Phrase> {
    Ok(Phrase {
        text,
        slop: slop(parameters, "slop")?,
        prefix_expansions: None,
        analyzer: parameters.text("analyzer")?,
        zero_terms: zero_terms(parameters)?,
        lenient: false,
    })
}

/// Beyond this no phrase in any document is.
const SLOP_MAX: usize = 1 << 24;

pub(super) fn slop<'q>(parameters: &Parameters<'q>, name: &'q str) -> Result<u32> {
    Ok(parameters.count(name, 0)?.min(SLOP_MAX) as u32)
}

/// How `multi_match` and the query strings ask several fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    BestFields,
    MostFields,
    CrossFields,
    Phrase,
    PhrasePrefix,
    BoolPrefix,
}

impl Kind {
    pub(super) const NAMES: [(&'static str, Self); 6] = [
        ("best_fields", Self::BestFields),
        ("most_fields", Self::MostFields),
        ("cross_fields", Self::CrossFields),
        ("phrase", Self::Phrase),
        ("phrase_prefix", Self::PhrasePrefix),
        ("bool_prefix", Self::BoolPrefix),
    ];

    pub(super) fn combine(self, tie_breaker: Option<f32>) -> Combine {
        match (self, tie_breaker) {
            (_, Some(tie_breaker)) => Combine::Best { tie_breaker },
            (Self::MostFields | Self::BoolPrefix, None) => Combine::Sum,
            (_, None) => Combine::Best { tie_breaker: 0.0 },
        }
    }
}

pub(super) fn multi_match(name: &str, content: &Value) -> Result<Query> {
    let parameters = Parameters::of(name, content)?;
    let text = parameters.required("query")?;
    let fields = fields(&parameters)?;
    let kind = parameters.choice("type", &Kind::NAMES)?;
    let kind = kind.unwrap_or(Kind::BestFields);
    let tie_breaker = parameters.number("tie_breaker")?.map(|it| it as f32);
    let combine = kind.combine(tie_breaker);
    let mut options = match_options(&parameters, text.clone())?;
    let lenient = parameters.flag("lenient", asks_all(fields.as_deref()))?;
    options.lenient = lenient;
    if options.fuzzy.is_some() && matches!(kind, Kind::CrossFields | Kind::Phrase) {
        return Err(StoreError::invalid_query(format!(
            "[{name}] has no [fuzziness] with this [type]"
        )));
    }
    let phrase = Phrase {
        lenient,
        ..phrase_options(&parameters, text)?
    };
    let test = match kind {
        Kind::CrossFields => {
            let clause = Clause::CrossFields {
                fields: fields.unwrap_or_else(all_fields),
                search: options,
                tie_breaker: tie_breaker.unwrap_or(0.0),
            };
            return parameters.finish(clause);
        }
        Kind::BestFields | Kind::MostFields => Test::Match(options),
        Kind::BoolPrefix => Test::MatchBoolPrefix(options),
        Kind::Phrase => Test::Phrase(phrase),
        Kind::PhrasePrefix => Test::Phrase(Phrase {
            prefix_expansions: Some(expansions(&parameters)?),
            ..phrase
        }),
    };
    parameters.finish(Clause::Fields {
        fields: fields.unwrap_or_else(all_fields),
        test,
        combine,
        lenient,
    })
}

/// `fields`: patterns with boosts, `title^3`; also a single one.
pub(super) fn fields(parameters: &Parameters<'_>) -> Result<Option<Vec<WeightedField>>> {
    let Some(value) = parameters.get("fields") else {
        return Ok(None);
    };
    let field = |value: &Value| {
        let text = value.as_str().filter(|it| !it.is_empty());
        let field = text.and_then(weighted);
        field.ok_or_else(|| parameters.wrong("fields", "names like `title` or `title^3`", value))
    };
    let fields = match value {
        Value::Array(values) => values.iter().map(field).collect::<Result<Vec<_>>>()?,
        single if scalar(single).is_some() => vec![field(single)?],
        other => return Err(parameters.wrong("fields", "an array of names", other)),
    };
    if fields.len() > QUERY_FIELDS_MAX {
        return Err(StoreError::invalid_query(format!(
            "[{}] takes at most {QUERY_FIELDS_MAX} [fields]",
            parameters.clause
        )));
    }
    // None at all: those that the collection asks by default.
    Ok((!fields.is_empty()).then_some(fields))
}

/// Among all fields there is always one that takes no texts: then that is no
/// error.
pub(super) fn asks_all(fields: Option<&[WeightedField]>) -> bool {
    fields.is_none_or(|all| all.iter().any(|it| it.pattern == "*"))
}

pub(super) fn weighted(text: &str) -> Option<WeightedField> {
    let (pattern, boost) = match text.split_once('^') {
        None => (text, 1.0),
        Some((pattern, boost)) => (pattern, boost.parse().ok()?),
    };
    let is_boost = boost >= 0.0 && f32::is_finite(boost);
    is_boost.then(|| WeightedField {
        pattern: pattern.to_owned(),
        boost,
    })
}

pub(super) fn all_fields() -> Vec<WeightedField> {
    let pattern = "*".to_owned();
    vec![WeightedField {
        pattern,
        boost: 1.0,
    }]
}
