//! `minimum_should_match`: how many of the optional clauses must match, in all
//! the ways to say it.
//!
//! `3`, `-1` (all but one), `75%`, `-25%` (all but a quarter) and steps by the
//! number of clauses: `2<-25% 9<-3` asks for all up to two clauses, for all but
//! a quarter up to nine, for all but three beyond.

use std::str::FromStr;

/// How many of some optional clauses must match.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Minimum {
    /// Negative: all but so many.
    Count(i64),
    /// Negative: all but this part, rounded down.
    Percent(i64),
    /// With more than the first number of clauses, what stands beside it; the
    /// last step that applies counts, and all clauses before the first one.
    Steps(Vec<(usize, Minimum)>),
}

impl Minimum {
    /// How many of `clauses` must match. More than there are is possible: then
    /// nothing matches.
    pub(crate) fn of(&self, clauses: usize) -> usize {
        let all = i64::try_from(clauses).unwrap_or(i64::MAX);
        let required = match self {
            Self::Count(count) if *count < 0 => all.saturating_add(*count),
            Self::Count(count) => *count,
            Self::Percent(percent) => {
                let part = all.saturating_mul(*percent) / 100;
                if *percent < 0 { all + part } else { part }
            }
            Self::Steps(steps) => {
                let step = steps.iter().take_while(|it| clauses > it.0).last();
                return step.map_or(clauses, |it| it.1.of(clauses));
            }
        };
        usize::try_from(required).unwrap_or(0)
    }
}

impl FromStr for Minimum {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || {
            format!(
                "`{text}` is no [minimum_should_match]: expected a number, a percentage or steps \
                 like `2<75% 5<-2`"
            )
        };
        if !text.contains('<') {
            return single(text.trim()).ok_or_else(expected);
        }
        let spaced = text.trim().replace(" <", "<").replace("< ", "<");
        let steps = spaced.split_whitespace().map(|step| {
            let (above, then) = step.split_once('<')?;
            Some((above.parse().ok()?, single(then)?))
        });
        let mut steps: Vec<_> = steps.collect::<Option<_>>().ok_or_else(expected)?;
        steps.sort_by_key(|it: &(usize, _)| it.0);
        Ok(Self::Steps(steps))
    }
}

fn single(text: &str) -> Option<Minimum> {
    match text.strip_suffix('%') {
        Some(percent) => percent.trim().parse().ok().map(Minimum::Percent),
        None => text.parse().ok().map(Minimum::Count),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_how_many_clauses_must_match() {
        let cases = [
            ("2", 5, 2),
            ("2", 1, 2),
            ("0", 3, 0),
            ("-1", 5, 4),
            ("-7", 5, 0),
            ("75%", 4, 3),
            ("75%", 3, 2),
            ("75%", 1, 0),
            ("100%", 7, 7),
            ("-25%", 4, 3),
            ("-25%", 3, 3),
            ("-25%", 9, 7),
            (" 50% ", 3, 1),
            ("3<90%", 3, 3),
            ("3<90%", 4, 3),
            ("3<90%", 10, 9),
            ("2<-25% 9<-3", 2, 2),
            ("2<-25% 9<-3", 9, 7),
            ("2<-25% 9<-3", 10, 7),
            ("9<-3 2<-25%", 10, 7),
            ("2 < 50%", 4, 2),
        ];
        for (text, clauses, expected) in cases {
            let minimum: Minimum = text.parse().unwrap();
            assert_eq!(minimum.of(clauses), expected, "{text} of {clauses}");
        }
        for text in ["", "many", "3<", "<3", "3<x%", "%", "1.5"] {
            assert!(text.parse::<Minimum>().is_err(), "{text}");
        }
    }
}
