//! RE2's syntax → a tree of regex-syntax.
//!
//! The parser is RE2's: a stack of finished expressions, with marks for open
//! groups and alternatives. A repetition takes what lies on top of the stack,
//! which decides all the odd cases: `a(?i)*` repeats `a`, `\Qab\E*` repeats `b`.
//!
//! Only whether a text matches is ever asked, so groups capture nothing and
//! reluctant repetitions are eager ones.

use regex_syntax::hir::{Class, ClassBytes, ClassBytesRange, Hir, Look, Repetition};

use super::Flags;
use super::class::{self, Budget};
use super::escape::{self, Escape};
use crate::limits;

/// Reads a pattern; the error says what is wrong with it.
pub(crate) fn parse(source: &str, flags: Flags) -> Result<Hir, String> {
    let mut parser = Parser {
        rest: source,
        flags,
        stack: Vec::new(),
        names: Vec::new(),
        groups: 0,
        budget: Budget::new(),
    };
    parser.run()?;
    Ok(parser.close_group().hir)
}

struct Parser<'s> {
    rest: &'s str,
    flags: Flags,
    stack: Vec<Item<'s>>,
    /// Names of groups seen so far.
    names: Vec<&'s str>,
    /// Groups that are open.
    groups: usize,
    budget: Budget,
}

enum Item<'s> {
    Expression(Expression),
    /// `|`
    Bar,
    /// `(`, with the flags to go back to and the source from here on.
    Group(Flags, &'s str),
}

struct Expression {
    hir: Hir,
    /// The greatest product of nested counts of repetition.
    count: u32,
    /// Levels of nested repetitions and groups.
    depth: usize,
}

impl Expression {
    fn new(hir: Hir) -> Self {
        Self {
            hir,
            count: 1,
            depth: 0,
        }
    }
}

impl<'s> Parser<'s> {
    fn run(&mut self) -> Result<(), String> {
        let mut last_repetition = None;
        while let Some(c) = self.rest.chars().next() {
            last_repetition = match self.parse_repetition(c) {
                Some((min, max, source)) => Some(self.repeat(min, max, source, last_repetition)?),
                None => {
                    self.parse_other(c)?;
                    None
                }
            };
        }
        let open = self.stack.iter().rev().find_map(|it| match it {
            Item::Group(_, from) => Some(*from),
            _ => None,
        });
        match open {
            Some(from) => Err(format!("missing ): {}", excerpt(from))),
            None => Ok(()),
        }
    }

    /// Reads a repetition: its counts, and the source from there on. A brace that
    /// counts nothing is none.
    fn parse_repetition(&mut self, c: char) -> Option<(u32, Option<u32>, &'s str)> {
        let from = self.rest;
        let (min, max) = match c {
            '*' => (0, None),
            '+' => (1, None),
            '?' => (0, Some(1)),
            '{' => {
                let (min, max, rest) = parse_counts(from)?;
                self.rest = rest;
                return Some((min, max, from));
            }
            _ => return None,
        };
        self.skip(1);
        Some((min, max, from))
    }

    /// Reads anything but a repetition.
    fn parse_other(&mut self, c: char) -> Result<(), String> {
        match c {
            '(' => self.open_group()?,
            '|' => {
                self.skip(1);
                self.stack.push(Item::Bar);
            }
            ')' if self.groups == 0 => {
                return Err(format!("unexpected ): {}", excerpt(self.rest)));
            }
            ')' => {
                self.skip(1);
                self.close_parenthesis();
            }
            '^' => self.push_look(Look::Start, Look::StartLF),
            '$' => self.push_look(Look::End, Look::EndLF),
            '.' => {
                self.skip(1);
                self.push_class(class::dot(self.flags.dot_all));
            }
            '[' => {
                let ignore_case = self.flags.ignore_case;
                let (class, rest) =
                    class::parse_bracketed(self.rest, ignore_case, &mut self.budget)?;
                self.rest = rest;
                self.push_class(class);
            }
            '\\' => self.escape()?,
            c => {
                self.skip(c.len_utf8());
                self.push_literal(c);
            }
        }
        Ok(())
    }

    fn skip(&mut self, bytes: usize) {
        self.rest = &self.rest[bytes..];
    }

    fn push(&mut self, hir: Hir) {
        self.stack.push(Item::Expression(Expression::new(hir)));
    }

    fn push_class(&mut self, class: class::Set) {
        self.push(Hir::class(Class::Unicode(class)));
    }

    fn push_literal(&mut self, c: char) {
        if self.flags.ignore_case {
            self.push_class(class::folded(c));
        } else {
            self.push(Hir::literal(c.encode_utf8(&mut [0; 4]).as_bytes()));
        }
    }

    fn push_look(&mut self, text: Look, line: Look) {
        self.skip(1);
        self.push(Hir::look(if self.flags.multi_line { line } else { text }));
    }

    fn escape(&mut self) -> Result<(), String> {
        let (escape, rest) = escape::parse(self.rest)?;
        self.rest = rest;
        match escape {
            Escape::Char(c) => self.push_literal(c),
            Escape::Surrogate => self.push(Hir::fail()),
            Escape::Class(set, negated) => {
                self.budget.spend(&set)?;
                self.push_class(class::finish(set, self.flags.ignore_case, negated));
            }
            Escape::Look(look) => self.push(Hir::look(look)),
            Escape::Byte => {
                let any = ClassBytes::new([ClassBytesRange::new(0, u8::MAX)]);
                self.push(Hir::class(Class::Bytes(any)));
            }
            Escape::Quote(text) => text.chars().for_each(|it| self.push_literal(it)),
        }
        Ok(())
    }

    /// Applies a repetition to the top of the stack; gives back its source.
    fn repeat(
        &mut self,
        min: u32,
        max: Option<u32>,
        from: &'s str,
        last: Option<&str>,
    ) -> Result<&'s str, String> {
        if self.rest.starts_with('?') {
            self.skip(1);
        }
        let source = &from[..from.len() - self.rest.len()];
        if let Some(last) = last {
            return Err(format!(
                "bad repetition operator: {last}{source}; put the inner one into (?:…)"
            ));
        }
        let limit = limits::PATTERN_REPEAT;
        if min > limit || max.is_some_and(|max| max > limit || max < min) {
            return Err(format!(
                "invalid repetition size: {source}; counts go up to {limit}, the smaller first"
            ));
        }
        let Some(Item::Expression(top)) = self.stack.last_mut() else {
            return Err(format!("no argument for repetition operator: {source}"));
        };
        top.count = top.count.saturating_mul(max.unwrap_or(min).max(1));
        top.depth += 1;
        if top.count > limit {
            return Err(format!(
                "invalid repetition size: {source}; nested counts may multiply to {limit} at most"
            ));
        }
        check_depth(top.depth)?;
        let sub = std::mem::replace(&mut top.hir, Hir::empty());
        top.hir = Hir::repetition(Repetition {
            min,
            max,
            greedy: true,
            sub: Box::new(sub),
        });
        Ok(source)
    }

    fn open_group(&mut self) -> Result<(), String> {
        let from = self.rest;
        let saved = self.flags;
        if from.starts_with("(?P<") || is_named_group(from) {
            self.read_name()?;
        } else if from.starts_with("(?") {
            self.skip(2);
            if self.read_flags(from)? == ')' {
                return Ok(());
            }
        } else {
            self.skip(1);
        }
        self.groups += 1;
        check_depth(self.groups)?;
        self.stack.push(Item::Group(saved, from));
        Ok(())
    }

    /// Reads `(?P<name>` or `(?<name>`.
    fn read_name(&mut self) -> Result<(), String> {
        let from = self.rest;
        let start = from.find('<').map_or(0, |it| it + 1);
        let end = from
            .find('>')
            .ok_or_else(|| format!("missing >: {}", excerpt(from)))?;
        let name = &from[start..end];
        let is_name = !name.is_empty() && name.chars().all(|it| it.is_alphanumeric() || it == '_');
        if !is_name {
            return Err(format!(
                "invalid named capture group: {}; names are letters, digits and _",
                &from[..=end]
            ));
        }
        if self.names.contains(&name) {
            return Err(format!("duplicate capture group name: {name}"));
        }
        self.names.push(name);
        self.skip(end + 1);
        Ok(())
    }

    /// Reads flags up to `:` or `)`, which it gives back.
    fn read_flags(&mut self, from: &str) -> Result<char, String> {
        let (mut value, mut is_complete) = (true, true);
        while let Some(c) = self.rest.chars().next() {
            self.skip(c.len_utf8());
            match c {
                'i' => self.flags.ignore_case = value,
                'm' => self.flags.multi_line = value,
                's' => self.flags.dot_all = value,
                // Whether repetitions prefer few or many does not change what matches.
                'U' => (),
                '-' if value => {
                    (value, is_complete) = (false, false);
                    continue;
                }
                ':' | ')' if is_complete => return Ok(c),
                _ => {
                    let operator = &from[..from.len() - self.rest.len()];
                    return Err(format!(
                        "invalid perl operator: {operator}; there is no lookaround, and the \
                         flags are i, m, s and U"
                    ));
                }
            }
            is_complete = true;
        }
        Err(format!("missing ): {}", excerpt(from)))
    }

    fn close_parenthesis(&mut self) {
        let mut group = self.close_group();
        group.depth += 1;
        if let Some(Item::Group(flags, _)) = self.stack.pop() {
            self.flags = flags;
            self.groups -= 1;
        }
        self.stack.push(Item::Expression(group));
    }

    /// Takes everything above the last open group off the stack.
    fn close_group(&mut self) -> Expression {
        let is_group = |it: &Item<'_>| matches!(it, Item::Group(..));
        let start = self.stack.iter().rposition(is_group).map_or(0, |it| it + 1);
        let (mut count, mut depth) = (1, 0);
        let mut alternatives = vec![Vec::new()];
        for item in self.stack.drain(start..) {
            match item {
                Item::Expression(it) => {
                    count = count.max(it.count);
                    depth = depth.max(it.depth);
                    if let Some(last) = alternatives.last_mut() {
                        last.push(it.hir);
                    }
                }
                Item::Bar | Item::Group(..) => alternatives.push(Vec::new()),
            }
        }
        let alternatives = alternatives.into_iter().map(Hir::concat).collect();
        Expression {
            hir: Hir::alternation(alternatives),
            count,
            depth,
        }
    }
}

fn is_named_group(from: &str) -> bool {
    from.strip_prefix("(?<")
        .is_some_and(|it| !it.starts_with(['=', '!']))
}

fn check_depth(depth: usize) -> Result<(), String> {
    let most = limits::PATTERN_DEPTH;
    if depth > most {
        return Err(format!(
            "groups and repetitions may nest {most} levels deep at most"
        ));
    }
    Ok(())
}

/// Reads `{2}`, `{2,}` or `{2,5}`; anything else is not a repetition.
fn parse_counts(from: &str) -> Option<(u32, Option<u32>, &str)> {
    let from = from.strip_prefix('{')?;
    let len = from.find(|it: char| !it.is_ascii_digit() && it != ',')?;
    let (counts, rest) = from.split_at(len);
    let rest = rest.strip_prefix('}')?;
    match counts.split_once(',') {
        None => parse_count(counts).map(|count| (count, Some(count), rest)),
        Some((min, "")) => Some((parse_count(min)?, None, rest)),
        Some((min, max)) => Some((parse_count(min)?, Some(parse_count(max)?), rest)),
    }
}

/// Digits without a leading zero; great numbers become the greatest one.
fn parse_count(text: &str) -> Option<u32> {
    let is_count = !text.is_empty()
        && text.bytes().all(|it| it.is_ascii_digit())
        && (text.len() == 1 || !text.starts_with('0'));
    is_count.then(|| text.parse().unwrap_or(u32::MAX))
}

/// The beginning of a text, for messages.
pub(super) fn excerpt(text: &str) -> String {
    text.chars().take(30).collect()
}
