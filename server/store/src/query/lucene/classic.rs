//! `query_string`: the syntax of Lucene's classic parser.
//!
//! `AND` and `OR` are not the operators of Boolean algebra but marks on the
//! clauses beside them: `a OR b AND c` requires `b` and `c`, and `a` is
//! optional. Words side by side are analysed as one text.

use std::ops::Bound;

use super::super::tree::{
    Bool, Case, Clause, Fuzziness, Operator, Query, Range, Relation, Scalar, Test,
};
use super::Options;
use super::token::{Kind, RangeToken, Result, Token, tokens, unescape};
use crate::query::tree::RegexpFlags;

pub(in crate::query) fn read(text: &str, options: &Options) -> Result<Query> {
    let mut parser = Parser {
        options,
        tokens: tokens(text)?,
        at: 0,
        depth: 0,
    };
    if parser.tokens.is_empty() {
        return Ok(Query::none());
    }
    let query = parser.query(None)?;
    match parser.peek(0) {
        None => Ok(query),
        Some(_) => Err(format!(
            "found `)` without its opening at {}",
            parser.place()
        )),
    }
}

/// Groups in groups; reading them takes the stack.
const DEPTH_MAX: usize = 64;

struct Parser<'o> {
    options: &'o Options,
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    None,
    Required,
    Prohibited,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Join {
    None,
    And,
    Or,
}

struct Marked {
    query: Query,
    mark: Mark,
}

impl Parser<'_> {
    fn peek(&self, ahead: usize) -> Option<&Kind> {
        self.tokens.get(self.at + ahead).map(|it| &it.kind)
    }

    fn place(&self) -> String {
        match self.tokens.get(self.at) {
            Some(token) => format!("{}", token.at),
            None => "the end".to_owned(),
        }
    }

    fn take(&mut self, kind: &Kind) -> bool {
        let is_here = self.peek(0) == Some(kind);
        self.at += usize::from(is_here);
        is_here
    }

    /// Clauses up to the end or a `)`.
    fn query(&mut self, field: Option<&str>) -> Result<Query> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(format!("more than {DEPTH_MAX} groups stand in each other"));
        }
        let mut clauses: Vec<Marked> = Vec::new();
        while !matches!(self.peek(0), None | Some(Kind::Close)) {
            let join = self.join();
            let mark = self.mark();
            if clauses.is_empty() && join != Join::None {
                return Err(format!("expected a clause before {}", self.place()));
            }
            let is_plain = join == Join::None && mark == Mark::None;
            let words = if is_plain { self.words(field) } else { None };
            let query = match words {
                Some(words) => words,
                None => self.clause(field)?,
            };
            self.add(&mut clauses, join, mark, query);
        }
        self.depth -= 1;
        Ok(combined(clauses))
    }

    fn join(&mut self) -> Join {
        match self.peek(0) {
            Some(Kind::And) => self.at += 1,
            Some(Kind::Or) => {
                self.at += 1;
                return Join::Or;
            }
            _ => return Join::None,
        }
        Join::And
    }

    fn mark(&mut self) -> Mark {
        let mark = match self.peek(0) {
            Some(Kind::Plus) => Mark::Required,
            Some(Kind::Minus | Kind::Not) => Mark::Prohibited,
            _ => return Mark::None,
        };
        self.at += 1;
        mark
    }

    /// Marks the clause, and the one before it, as the operators say.
    fn add(&self, clauses: &mut Vec<Marked>, join: Join, mark: Mark, query: Query) {
        let all = self.options.operator == Operator::And;
        if let Some(last) = clauses.last_mut()
            && last.mark != Mark::Prohibited
        {
            match join {
                Join::And => last.mark = Mark::Required,
                Join::Or if all => last.mark = Mark::None,
                _ => (),
            }
        }
        let mark = match mark {
            Mark::None if all && join != Join::Or => Mark::Required,
            Mark::None if !all && join == Join::And => Mark::Required,
            mark => mark,
        };
        clauses.push(Marked { query, mark });
    }

    /// Two or more plain words side by side; they are analysed together.
    fn words(&mut self, field: Option<&str>) -> Option<Query> {
        let stands_alone = |after: Option<&Kind>| {
            !matches!(
                after,
                Some(
                    Kind::Colon
                        | Kind::Star
                        | Kind::Tilde(_)
                        | Kind::Boost(_)
                        | Kind::And
                        | Kind::Or
                )
            )
        };
        let mut words = Vec::new();
        while let Some(Kind::Term(word)) = self.peek(words.len())
            && stands_alone(self.peek(words.len() + 1))
            && !(field.is_some() && comparison(word).is_some())
        {
            words.push(unescape(word));
        }
        if words.len() < 2 {
            return None;
        }
        self.at += words.len();
        Some(self.options.words(field, &words.join(" ")))
    }

    fn clause(&mut self, field: Option<&str>) -> Result<Query> {
        let own = match (self.peek(0), self.peek(1)) {
            (Some(Kind::Term(name) | Kind::Wildcard(name)), Some(Kind::Colon)) => {
                Some(unescape(name))
            }
            (Some(Kind::Prefix(name)), Some(Kind::Colon)) => Some(format!("{}*", unescape(name))),
            (Some(Kind::Star), Some(Kind::Colon)) => Some("*".to_owned()),
            _ => None,
        };
        if own.is_some() {
            self.at += 2;
        }
        let field = own.as_deref().or(field);
        let query = match self.take(&Kind::Open) {
            true => {
                let query = self.query(field)?;
                if !self.take(&Kind::Close) {
                    return Err(format!("expected `)` at {}", self.place()));
                }
                query
            }
            false => self.term(field)?,
        };
        Ok(query.boosted(self.boost()))
    }

    fn boost(&mut self) -> f32 {
        match self.peek(0) {
            Some(Kind::Boost(boost)) => {
                let boost = *boost;
                self.at += 1;
                boost
            }
            _ => 1.0,
        }
    }

    fn tilde(&mut self) -> Option<String> {
        match self.peek(0) {
            Some(Kind::Tilde(number)) => {
                let number = number.clone();
                self.at += 1;
                Some(number)
            }
            _ => None,
        }
    }

    fn term(&mut self, field: Option<&str>) -> Result<Query> {
        let place = self.place();
        let Some(token) = self.peek(0).cloned() else {
            return Err("expected a clause at the end".to_owned());
        };
        self.at += 1;
        let options = self.options;
        match token {
            Kind::Term(word) => {
                let word = unescape(&word);
                // Both orders are allowed: `word~^2`, `word^2~`.
                let early = self.boost();
                let query = match self.tilde() {
                    Some(number) => options.fuzzy(field, &word, fuzziness(&number, &place)?),
                    None => self.word(field, &word),
                };
                Ok(query.boosted(early))
            }
            Kind::Quoted(text) => {
                let slop = self
                    .tilde()
                    .map(|it| it.parse::<f32>().unwrap_or(0.0) as u32);
                Ok(options.phrase(field, &unescape(&text), slop))
            }
            Kind::Star => Ok(match field {
                None | Some("*") => Query::all(),
                Some(field) => Clause::Exists(field.to_owned()).into(),
            }),
            Kind::Prefix(prefix) => Ok(options.prefix(field, &unescape(&prefix))),
            Kind::Wildcard(pattern) => {
                if pattern.starts_with(['*', '?']) && !options.allow_leading_wildcard {
                    return Err(format!(
                        "`{pattern}` begins with a wildcard, which is not allowed"
                    ));
                }
                let test = Test::Wildcard {
                    pattern,
                    case: Case::Normalized,
                };
                Ok(options.on(field, test))
            }
            Kind::Regexp(pattern) => {
                let test = Test::Regexp {
                    pattern: pattern.replace("\\/", "/"),
                    flags: RegexpFlags::ALL,
                    ignore_case: false,
                };
                Ok(options.on(field, test))
            }
            Kind::Range(range) => Ok(options.range(field, range_of(range))),
            _ => Err(format!("expected a clause at {place}")),
        }
    }

    fn word(&self, field: Option<&str>, word: &str) -> Query {
        if field == Some("_exists_") {
            return Clause::Exists(word.to_owned()).into();
        }
        match comparison(word).filter(|_| field.is_some()) {
            Some((lower, upper)) => self.options.range(field, between(lower, upper)),
            None => self.options.words(field, word),
        }
    }
}

fn fuzziness(number: &str, place: &str) -> Result<Option<Fuzziness>> {
    if number.is_empty() {
        return Ok(None);
    }
    match number.parse::<f32>() {
        // Up to 1, once a similarity: as one edit.
        Ok(edits) if edits < 3.0 => Ok(Some(Fuzziness::Edits(edits.ceil() as u8))),
        _ => Err(format!("`~{number}` at {place} is beyond two edits")),
    }
}

type Bounds = (Bound<Scalar>, Bound<Scalar>);

/// `>5`, `>=5`, `<5`, `<=5`
fn comparison(word: &str) -> Option<Bounds> {
    let value = |text: &str| (!text.is_empty()).then(|| Scalar::Text(text.to_owned()));
    let bounds = if let Some(text) = word.strip_prefix(">=") {
        (Bound::Included(value(text)?), Bound::Unbounded)
    } else if let Some(text) = word.strip_prefix('>') {
        (Bound::Excluded(value(text)?), Bound::Unbounded)
    } else if let Some(text) = word.strip_prefix("<=") {
        (Bound::Unbounded, Bound::Included(value(text)?))
    } else {
        let text = word.strip_prefix('<')?;
        (Bound::Unbounded, Bound::Excluded(value(text)?))
    };
    Some(bounds)
}

fn range_of(range: RangeToken) -> Range {
    let bound = |text: String, is_included: bool| match text.as_str() {
        "*" => Bound::Unbounded,
        _ if is_included => Bound::Included(Scalar::Text(text)),
        _ => Bound::Excluded(Scalar::Text(text)),
    };
    between(
        bound(range.lower, range.includes_lower),
        bound(range.upper, range.includes_upper),
    )
}

fn between(lower: Bound<Scalar>, upper: Bound<Scalar>) -> Range {
    Range {
        lower,
        upper,
        format: None,
        time_zone: None,
        relation: Relation::Intersects,
    }
}

fn combined(mut clauses: Vec<Marked>) -> Query {
    if let [Marked { mark, .. }] = &clauses[..]
        && *mark != Mark::Prohibited
        && let Some(only) = clauses.pop()
    {
        return only.query;
    }
    let mut parts = Bool::default();
    for Marked { query, mark } in clauses {
        match mark {
            Mark::None => parts.should.push(query),
            Mark::Required => parts.must.push(query),
            Mark::Prohibited => parts.must_not.push(query),
        }
    }
    Clause::Bool(parts).into()
}
