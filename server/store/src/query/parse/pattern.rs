//! Clauses on terms that look like something: prefix, wildcard, regexp, fuzzy.

use std::str::FromStr;

use serde_json::Value;

use super::parameters::Parameters;
use super::{Result, field_and_value};
use crate::error::StoreError;
use crate::limits::{PATTERN_CHARS_MAX, QUERY_EXPANSIONS_MAX};
use crate::query::tree::{Case, Clause, Fuzziness, Fuzzy, Query, RegexpFlags, Test};

pub(super) fn prefix(name: &str, content: &Value) -> Result<Query> {
    let (field, value, parameters) = field_and_value(name, content, &["value", "prefix"])?;
    parameters.rewrite("rewrite")?;
    let test = Test::Prefix {
        value: bounded(name, value.to_text())?,
        case: case(&parameters)?,
    };
    parameters.finish(Clause::Field { field, test })
}

pub(super) fn wildcard(name: &str, content: &Value) -> Result<Query> {
    let (field, value, parameters) = field_and_value(name, content, &["value", "wildcard"])?;
    parameters.rewrite("rewrite")?;
    let test = Test::Wildcard {
        pattern: bounded(name, value.to_text())?,
        case: case(&parameters)?,
    };
    parameters.finish(Clause::Field { field, test })
}

pub(super) fn regexp(name: &str, content: &Value) -> Result<Query> {
    let (field, value, parameters) = field_and_value(name, content, &["value"])?;
    parameters.rewrite("rewrite")?;
    // The bound is ours; a lower one would only refuse more.
    parameters.ignore(&["max_determinized_states", "flags_value"]);
    let flags = parameters.text("flags")?;
    let flags = flags.map_or(Ok(RegexpFlags::ALL), |it| regexp_flags(&parameters, &it))?;
    let test = Test::Regexp {
        pattern: bounded(name, value.to_text())?,
        flags,
        ignore_case: parameters.flag("case_insensitive", false)?,
    };
    parameters.finish(Clause::Field { field, test })
}

fn case(parameters: &Parameters<'_>) -> Result<Case> {
    Ok(match parameters.flag("case_insensitive", false)? {
        true => Case::Ignored,
        false => Case::AsTyped,
    })
}

fn regexp_flags(parameters: &Parameters<'_>, text: &str) -> Result<RegexpFlags> {
    let mut flags = RegexpFlags::NONE;
    for word in text.split('|').filter(|it| !it.is_empty()) {
        match word.trim().to_ascii_uppercase().as_str() {
            "ALL" => flags = RegexpFlags::ALL,
            "NONE" => (),
            "COMPLEMENT" => flags.complement = true,
            "INTERVAL" => flags.interval = true,
            "INTERSECTION" => flags.intersection = true,
            "ANYSTRING" => flags.any_string = true,
            "EMPTY" => flags.empty = true,
            _ => {
                let expected = "words of ALL, NONE, COMPLEMENT, INTERVAL, INTERSECTION, \
                                ANYSTRING, EMPTY with `|` between them";
                return Err(parameters.wrong("flags", expected, &text.into()));
            }
        }
    }
    Ok(flags)
}

pub(super) fn fuzzy(name: &str, content: &Value) -> Result<Query> {
    let (field, value, parameters) = field_and_value(name, content, &["value", "term"])?;
    parameters.rewrite("rewrite")?;
    let fuzziness = parameters.parsed("fuzziness")?.unwrap_or_default();
    let fuzzy = Fuzzy {
        transpositions: parameters.flag("transpositions", true)?,
        ..fuzzy_options(&parameters, fuzziness)?
    };
    let case = Case::AsTyped;
    let test = Test::Fuzzy { value, fuzzy, case };
    parameters.finish(Clause::Field { field, test })
}

/// What `fuzzy` and the clauses with `fuzziness` have in common.
pub(super) fn fuzzy_options(parameters: &Parameters<'_>, fuzziness: Fuzziness) -> Result<Fuzzy> {
    Ok(Fuzzy {
        fuzziness,
        prefix_length: parameters.count("prefix_length", 0)?,
        max_expansions: expansions(parameters)?,
        transpositions: true,
    })
}

pub(super) fn expansions(parameters: &Parameters<'_>) -> Result<usize> {
    match parameters.count("max_expansions", Fuzzy::EXPANSIONS)? {
        0 => Err(StoreError::invalid_query(format!(
            "[{}] expects [max_expansions] to be greater than 0",
            parameters.clause
        ))),
        count => Ok(count.min(QUERY_EXPANSIONS_MAX)),
    }
}

/// A pattern becomes an automaton: a long one a large one.
fn bounded(clause: &str, pattern: String) -> Result<String> {
    match pattern.chars().nth(PATTERN_CHARS_MAX) {
        None => Ok(pattern),
        Some(_) => Err(StoreError::invalid_query(format!(
            "[{clause}] takes patterns of at most {PATTERN_CHARS_MAX} characters"
        ))),
    }
}

impl FromStr for Fuzziness {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let expected = || {
            format!("expects [fuzziness] to be `AUTO`, `AUTO:low,high`, 0, 1 or 2, found `{text}`")
        };
        let upper = text.trim().to_ascii_uppercase();
        if upper == "AUTO" {
            return Ok(Self::default());
        }
        if let Some(bounds) = upper.strip_prefix("AUTO:") {
            let (low, high) = bounds.split_once(',').ok_or_else(expected)?;
            let number = |it: &str| it.trim().parse::<usize>().map_err(|_| expected());
            let (low, high) = (number(low)?, number(high)?);
            return if low <= high {
                Ok(Self::Auto { low, high })
            } else {
                Err(expected())
            };
        }
        match upper.parse::<f64>() {
            Ok(number) if [0.0, 1.0, 2.0].contains(&number) => Ok(Self::Edits(number as u8)),
            _ => Err(expected()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fuzziness_is_read() {
        let cases = [
            ("AUTO", Some(Fuzziness::Auto { low: 3, high: 6 })),
            ("auto:2,5", Some(Fuzziness::Auto { low: 2, high: 5 })),
            ("1", Some(Fuzziness::Edits(1))),
            ("2.0", Some(Fuzziness::Edits(2))),
            ("3", None),
            ("AUTO:5,2", None),
            ("AUTO:x", None),
            ("-1", None),
        ];
        for (text, expected) in cases {
            assert_eq!(text.parse().ok(), expected, "{text}");
        }
    }
}
