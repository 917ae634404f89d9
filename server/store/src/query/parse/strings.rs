//! `query_string` and `simple_query_string`: their options; the text itself is
//! read by `lucene`.

use serde_json::Value;

use super::full_text::{Kind, all_fields, asks_all, fields, operator, slop, weighted};
use super::parameters::Parameters;
use super::pattern::fuzzy_options;
use super::{Reader, Result};
use crate::error::StoreError;
use crate::limits::{QUERY_EXPANSIONS_MAX, QUERY_STRING_CHARS_MAX};
use crate::query::lucene::{Flags, Options, Words, read_classic, read_simple};
use crate::query::minimum::Minimum;
use crate::query::tree::{Clause, Combine, Fuzzy, Query, Test};

pub(super) fn query_string(reader: &mut Reader, name: &str, content: &Value) -> Result<Query> {
    let parameters = Parameters::of(name, content)?;
    // Deprecated, or without a meaning here.
    parameters.ignore(&[
        "analyze_wildcard",
        "auto_generate_synonyms_phrase_query",
        "enable_position_increments",
        "locale",
        "max_determinized_states",
        "split_on_whitespace",
    ]);
    parameters.rewrite("rewrite")?;
    parameters.rewrite("fuzzy_rewrite")?;
    let text = text(&parameters)?;
    let options = classic_options(&parameters)?;
    let text = match parameters.flag("escape", false)? {
        true => escaped(&text),
        false => text,
    };
    let read = read_classic(&text, &options);
    let query = read
        .map_err(|it| StoreError::invalid_query(format!("[{name}] cannot read `{text}`: {it}")))?;
    finish(reader, parameters, query)
}

fn classic_options(parameters: &Parameters<'_>) -> Result<Options> {
    let given = given_fields(parameters)?;
    let lenient = parameters.flag("lenient", asks_all(given.as_deref()))?;
    let kind = parameters.choice("type", &Kind::NAMES)?;
    let kind = kind.unwrap_or(Kind::BestFields);
    let tie_breaker = parameters.number("tie_breaker")?.map(|it| it as f32);
    let fuzziness = parameters.parsed("fuzziness")?.unwrap_or_default();
    Ok(Options {
        fields: given.unwrap_or_else(all_fields),
        words: words(kind),
        operator: operator(parameters, "default_operator")?,
        combine: kind.combine(tie_breaker),
        combine_phrases: kind.combine(tie_breaker),
        analyzer: parameters.text("analyzer")?,
        quote_analyzer: parameters.text("quote_analyzer")?,
        quote_suffix: parameters.text("quote_field_suffix")?,
        phrase_slop: slop(parameters, "phrase_slop")?,
        fuzzy: Fuzzy {
            fuzziness,
            ..string_fuzzy(parameters)?
        },
        allow_leading_wildcard: parameters.flag("allow_leading_wildcard", true)?,
        time_zone: parameters.text("time_zone")?,
        lenient,
    })
}

fn words(kind: Kind) -> Words {
    match kind {
        Kind::BestFields | Kind::MostFields => Words::Match,
        Kind::CrossFields => Words::CrossFields,
        Kind::Phrase => Words::Phrase,
        Kind::PhrasePrefix => Words::PhrasePrefix,
        Kind::BoolPrefix => Words::BoolPrefix,
    }
}

/// The options of fuzzy words, which have names of their own here.
fn string_fuzzy(parameters: &Parameters<'_>) -> Result<Fuzzy> {
    let usual = fuzzy_options(&Parameters::none(parameters.clause), Default::default())?;
    let expansions = parameters.count("fuzzy_max_expansions", Fuzzy::EXPANSIONS)?;
    Ok(Fuzzy {
        prefix_length: parameters.count("fuzzy_prefix_length", 0)?,
        max_expansions: expansions.clamp(1, QUERY_EXPANSIONS_MAX),
        transpositions: parameters.flag("fuzzy_transpositions", true)?,
        ..usual
    })
}

pub(super) fn simple_query_string(
    reader: &mut Reader,
    name: &str,
    content: &Value,
) -> Result<Query> {
    let parameters = Parameters::of(name, content)?;
    parameters.ignore(&[
        "all_fields",
        "analyze_wildcard",
        "auto_generate_synonyms_phrase_query",
        "locale",
        "lowercase_expanded_terms",
    ]);
    let text = text(&parameters)?;
    let flags = match parameters.get("flags") {
        None => Flags::ALL,
        Some(Value::Number(number)) if number.as_i64() == Some(-1) => Flags::ALL,
        Some(value) => {
            let flags = value.as_str().and_then(Flags::parse);
            let expected = "names like `AND|OR|PREFIX`";
            flags.ok_or_else(|| parameters.wrong("flags", expected, value))?
        }
    };
    let given = fields(&parameters)?;
    let options = Options {
        lenient: parameters.flag("lenient", asks_all(given.as_deref()))?,
        fields: given.unwrap_or_else(all_fields),
        words: Words::Match,
        operator: operator(&parameters, "default_operator")?,
        combine: Combine::Sum,
        combine_phrases: Combine::Best { tie_breaker: 0.0 },
        analyzer: parameters.text("analyzer")?,
        quote_analyzer: None,
        quote_suffix: parameters.text("quote_field_suffix")?,
        phrase_slop: 0,
        fuzzy: string_fuzzy(&parameters)?,
        allow_leading_wildcard: true,
        time_zone: None,
    };
    let query = read_simple(&text, &options, flags);
    finish(reader, parameters, query)
}

fn text(parameters: &Parameters<'_>) -> Result<String> {
    let text = parameters.required("query")?.to_text();
    match text.chars().nth(QUERY_STRING_CHARS_MAX) {
        None => Ok(text),
        Some(_) => Err(StoreError::invalid_query(format!(
            "[{}] takes texts of at most {QUERY_STRING_CHARS_MAX} characters",
            parameters.clause
        ))),
    }
}

fn given_fields(
    parameters: &Parameters<'_>,
) -> Result<Option<Vec<crate::query::tree::WeightedField>>> {
    if let Some(fields) = fields(parameters)? {
        return Ok(Some(fields));
    }
    let Some(field) = parameters.text("default_field")? else {
        return Ok(None);
    };
    let all = field == "*";
    let field = weighted(&field);
    let field = field
        .ok_or_else(|| parameters.wrong("default_field", "the name of a field", &Value::Null))?;
    Ok((!all).then(|| vec![field]))
}

/// Every letter that means something, escaped.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        if "\\+-!():^[]\"{}~*?|&/".contains(letter) {
            escaped.push('\\');
        }
        escaped.push(letter);
    }
    escaped
}

fn finish(reader: &mut Reader, parameters: Parameters<'_>, mut query: Query) -> Result<Query> {
    let minimum: Option<Minimum> = parameters.parsed("minimum_should_match")?;
    match (&mut query.clause, minimum) {
        (Clause::Bool(parts), Some(minimum)) => parts.minimum_should_match = Some(minimum),
        (
            Clause::Field {
                test: Test::Match(search),
                ..
            },
            Some(minimum),
        ) => search.minimum_should_match = Some(minimum),
        // One field is as good as no list of them.
        (
            Clause::Fields {
                fields,
                test: Test::Match(search),
                ..
            },
            Some(minimum),
        ) if fields.len() == 1 && !fields[0].pattern.contains('*') => {
            search.minimum_should_match = Some(minimum);
        }
        _ => (),
    }
    reader.count(clauses(&query))?;
    let boost = query.boost;
    Ok(parameters.finish(query.clause)?.boosted(boost))
}

fn clauses(query: &Query) -> usize {
    match &query.clause {
        Clause::Bool(parts) => [&parts.must, &parts.should, &parts.must_not]
            .into_iter()
            .flatten()
            .map(clauses)
            .sum(),
        _ => 1,
    }
}
