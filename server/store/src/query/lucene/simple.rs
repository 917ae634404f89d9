//! `simple_query_string`: a syntax in which nothing is an error.
//!
//! Operators bind what stands around them from left to right; what makes no
//! sense is passed over.

use super::super::tree::{Bool, Clause, Fuzziness, Operator, Query};
use super::Options;
use super::token::is_space;

/// The operators that are switched on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::query) struct Flags(u32);

impl Flags {
    pub(in crate::query) const ALL: Self = Self(u32::MAX);
    const AND: Self = Self(1);
    const NOT: Self = Self(1 << 1);
    const OR: Self = Self(1 << 2);
    const PREFIX: Self = Self(1 << 3);
    const PHRASE: Self = Self(1 << 4);
    const PRECEDENCE: Self = Self(1 << 5);
    const ESCAPE: Self = Self(1 << 6);
    const WHITESPACE: Self = Self(1 << 7);
    const FUZZY: Self = Self(1 << 8);
    const NEAR: Self = Self(1 << 9);

    /// Names with `|` between them.
    pub(in crate::query) fn parse(text: &str) -> Option<Self> {
        let mut flags = Self(0);
        for name in text.split('|').filter(|it| !it.is_empty()) {
            flags.0 |= match name.trim().to_ascii_uppercase().as_str() {
                "ALL" => Self::ALL,
                "NONE" => return Some(Self(0)),
                "AND" => Self::AND,
                "NOT" => Self::NOT,
                "OR" => Self::OR,
                "PREFIX" => Self::PREFIX,
                "PHRASE" => Self::PHRASE,
                "PRECEDENCE" => Self::PRECEDENCE,
                "ESCAPE" => Self::ESCAPE,
                "WHITESPACE" => Self::WHITESPACE,
                "FUZZY" => Self::FUZZY,
                "NEAR" | "SLOP" => Self::NEAR,
                _ => return None,
            }
            .0;
        }
        Some(flags)
    }

    fn has(self, flag: Self) -> bool {
        self.0 & flag.0 != 0
    }
}

pub(in crate::query) fn read(text: &str, options: &Options, flags: Flags) -> Query {
    let parser = Parser { options, flags };
    let letters: Vec<char> = text.chars().collect();
    parser.group(&letters, 0).unwrap_or_else(Query::none)
}

/// Deeper groups are passed over.
const DEPTH_MAX: usize = 64;

struct Parser<'o> {
    options: &'o Options,
    flags: Flags,
}

/// What was read so far of a group.
#[derive(Default)]
struct State {
    top: Option<Query>,
    /// The operator that made `top`.
    previous: Option<Operator>,
    /// The one that was just read.
    current: Option<Operator>,
    is_negated: bool,
}

impl Parser<'_> {
    fn group(&self, letters: &[char], depth: usize) -> Option<Query> {
        let mut state = State::default();
        let mut at = 0;
        while let Some(letter) = letters.get(at) {
            let is = |it: char, flag| *letter == it && self.flags.has(flag);
            at += 1;
            if is('(', Flags::PRECEDENCE) {
                let end = self.closing(letters, at);
                if let Some(end) = end
                    && depth < DEPTH_MAX
                {
                    let group = self.group(&letters[at..end], depth + 1);
                    self.add(&mut state, group);
                    at = end + 1;
                }
            } else if is(')', Flags::PRECEDENCE) {
            } else if is('"', Flags::PHRASE) {
                at = self.phrase(letters, at, &mut state);
            } else if is('+', Flags::AND) {
                state.operator(Operator::And);
            } else if is('|', Flags::OR) {
                state.operator(Operator::Or);
            } else if is('-', Flags::NOT) {
                state.is_negated = !state.is_negated;
            } else if is_space(*letter) && self.flags.has(Flags::WHITESPACE) {
                // A minus before a space negates nothing.
                state.is_negated = false;
            } else {
                at = self.word(letters, at - 1, &mut state);
            }
        }
        state.top
    }

    /// The place of the `)` of a group that has begun.
    fn closing(&self, letters: &[char], mut at: usize) -> Option<usize> {
        let mut open = 1;
        while let Some(letter) = letters.get(at) {
            match letter {
                '\\' if self.flags.has(Flags::ESCAPE) => at += 1,
                '(' => open += 1,
                ')' => open -= 1,
                _ => (),
            }
            if open == 0 {
                return Some(at);
            }
            at += 1;
        }
        None
    }

    /// Reads up to the closing quote; where there is none, the quote is nothing.
    fn phrase(&self, letters: &[char], start: usize, state: &mut State) -> usize {
        let mut text = String::new();
        let mut at = start;
        while let Some(letter) = letters.get(at) {
            at += 1;
            match letter {
                '\\' if self.flags.has(Flags::ESCAPE) => {
                    text.extend(letters.get(at));
                    at += 1;
                }
                '"' => {
                    let (slop, end) = self.number(letters, at, Flags::NEAR);
                    if !text.is_empty() {
                        let query = self.options.phrase(None, &text, slop);
                        self.add(state, Some(query));
                    }
                    return end;
                }
                letter => text.push(*letter),
            }
        }
        start
    }

    /// `~2` after a word or a phrase.
    fn number(&self, letters: &[char], at: usize, flag: Flags) -> (Option<u32>, usize) {
        if letters.get(at) != Some(&'~') || !self.flags.has(flag) {
            return (None, at);
        }
        let digits = letters[at + 1..]
            .iter()
            .take_while(|it| it.is_ascii_digit());
        let digits: String = digits.collect();
        (digits.parse().ok(), at + 1 + digits.len())
    }

    fn word(&self, letters: &[char], start: usize, state: &mut State) -> usize {
        let mut text = String::new();
        let mut at = start;
        let mut is_prefix = false;
        while let Some(letter) = letters.get(at) {
            let is_escape = *letter == '\\' && self.flags.has(Flags::ESCAPE);
            if is_escape {
                text.extend(letters.get(at + 1));
                at += 2;
                is_prefix = false;
                continue;
            }
            if self.ends_word(*letter) {
                break;
            }
            let (edits, end) = self.number(letters, at, Flags::FUZZY);
            if end > at && self.is_end(letters.get(end)) && !text.is_empty() {
                // Words without a number are at most two edits away.
                let edits = Fuzziness::Edits(edits.unwrap_or(2).min(2) as u8);
                let query = self.options.fuzzy(None, &text, Some(edits));
                self.add(state, Some(query));
                return end;
            }
            is_prefix = *letter == '*' && self.flags.has(Flags::PREFIX);
            text.push(*letter);
            at += 1;
        }
        if is_prefix && text.len() > 1 {
            text.pop();
            self.add(state, Some(self.options.prefix(None, &text)));
        } else if text == "*" && is_prefix {
            self.add(state, Some(Query::all()));
        } else if !text.is_empty() {
            self.add(state, Some(self.options.words(None, &text)));
        }
        // A lone escape at the end leaves the text.
        at.min(letters.len()).max(start + 1)
    }

    fn is_end(&self, letter: Option<&char>) -> bool {
        letter.is_none_or(|it| self.ends_word(*it))
    }

    fn ends_word(&self, letter: char) -> bool {
        let flag = match letter {
            '(' | ')' => Flags::PRECEDENCE,
            '"' => Flags::PHRASE,
            '+' => Flags::AND,
            '|' => Flags::OR,
            letter if is_space(letter) => Flags::WHITESPACE,
            _ => return false,
        };
        self.flags.has(flag)
    }

    fn add(&self, state: &mut State, branch: Option<Query>) {
        let Some(branch) = branch else {
            return;
        };
        let branch = match std::mem::take(&mut state.is_negated) {
            true => Clause::Bool(Bool {
                must_not: vec![branch],
                should: vec![Query::all()],
                ..Bool::default()
            })
            .into(),
            false => branch,
        };
        let operator = state.current.take().unwrap_or(self.options.operator);
        let Some(top) = state.top.take() else {
            state.top = Some(branch);
            return;
        };
        let mut parts = match top {
            Query {
                clause: Clause::Bool(parts),
                ..
            } if state.previous == Some(operator) => parts,
            top => joined(operator, top),
        };
        side(operator, &mut parts).push(branch);
        state.top = Some(Clause::Bool(parts).into());
        state.previous = Some(operator);
    }
}

impl State {
    /// The first operator between two clauses counts, and none before the first.
    fn operator(&mut self, operator: Operator) {
        if self.current.is_none() && self.top.is_some() {
            self.current = Some(operator);
        }
    }
}

fn joined(operator: Operator, query: Query) -> Bool {
    let mut parts = Bool::default();
    side(operator, &mut parts).push(query);
    parts
}

fn side(operator: Operator, parts: &mut Bool) -> &mut Vec<Query> {
    match operator {
        Operator::And => &mut parts.must,
        Operator::Or => &mut parts.should,
    }
}
