//! A query string, cut into tokens as Lucene's classic parser does.

/// A token and where it begins, in bytes.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) at: usize,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    And,
    Or,
    Not,
    Plus,
    Minus,
    Open,
    Close,
    Colon,
    /// As it was typed, with its escapes.
    Term(String),
    /// Ends in its only `*`; without it.
    Prefix(String),
    /// `*` alone.
    Star,
    Wildcard(String),
    Quoted(String),
    Regexp(String),
    Range(RangeToken),
    /// `~`, with a number or without.
    Tilde(String),
    Boost(f32),
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct RangeToken {
    pub(super) includes_lower: bool,
    pub(super) includes_upper: bool,
    pub(super) lower: String,
    pub(super) upper: String,
}

pub(super) type Result<T> = std::result::Result<T, String>;

pub(super) fn tokens(text: &str) -> Result<Vec<Token>> {
    let mut cursor = Cursor { text, at: 0 };
    let mut tokens = Vec::new();
    loop {
        cursor.skip_spaces();
        let at = cursor.at;
        match cursor.token()? {
            Some(kind) => tokens.push(Token { kind, at }),
            None => return Ok(tokens),
        }
    }
}

/// What was typed, without the escapes.
pub(super) fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        if letter != '\\' {
            plain.push(letter);
            continue;
        }
        let rest = letters.as_str();
        let code = rest.strip_prefix('u').and_then(|it| it.get(..4));
        let code = code.and_then(|it| u32::from_str_radix(it, 16).ok());
        match code.and_then(char::from_u32) {
            Some(letter) => {
                plain.push(letter);
                letters = rest[5..].chars();
            }
            None => plain.extend(letters.next()),
        }
    }
    plain
}

pub(super) fn is_space(letter: char) -> bool {
    matches!(letter, ' ' | '\t' | '\n' | '\r' | '\u{3000}')
}

struct Cursor<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Cursor<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn skip_spaces(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches(is_space).len();
    }

    fn take(&mut self, token: &str) -> bool {
        let is_here = self.rest().starts_with(token);
        if is_here {
            self.at += token.len();
        }
        is_here
    }

    fn token(&mut self) -> Result<Option<Kind>> {
        let Some(letter) = self.rest().chars().next() else {
            return Ok(None);
        };
        let start = self.at;
        self.at += letter.len_utf8();
        Ok(Some(match letter {
            '+' => Kind::Plus,
            '-' => Kind::Minus,
            '!' => Kind::Not,
            '(' => Kind::Open,
            ')' => Kind::Close,
            ':' => Kind::Colon,
            '&' if self.take("&") => Kind::And,
            '|' if self.take("|") => Kind::Or,
            '"' => Kind::Quoted(self.until('"', start)?),
            '/' => Kind::Regexp(self.until('/', start)?),
            '~' => Kind::Tilde(self.number()),
            '^' => {
                let number = self.number();
                let boost = number.parse().ok().filter(|it: &f32| it.is_finite());
                Kind::Boost(boost.ok_or_else(|| format!("expected a number after `^` at {start}"))?)
            }
            '[' | '{' => Kind::Range(self.range(letter == '[', start)?),
            ']' | '}' => return Err(format!("found `{letter}` without its opening at {start}")),
            _ => {
                self.at = start;
                self.word()?
            }
        }))
    }

    /// Up to a letter that is not escaped, with its escapes.
    fn until(&mut self, end: char, start: usize) -> Result<String> {
        let from = self.at;
        let mut letters = self.rest().char_indices();
        while let Some((place, letter)) = letters.next() {
            if letter == '\\' {
                letters.next();
            } else if letter == end {
                self.at = from + place + end.len_utf8();
                return Ok(self.text[from..from + place].to_owned());
            }
        }
        Err(format!("found `{end}` without its end at {start}"))
    }

    fn number(&mut self) -> String {
        let is_number = |it: char| it.is_ascii_digit() || it == '.';
        let rest = self.rest();
        let length = rest.len() - rest.trim_start_matches(is_number).len();
        self.at += length;
        rest[..length].to_owned()
    }

    fn word(&mut self) -> Result<Kind> {
        let from = self.at;
        let mut stars = 0;
        let mut is_wild = false;
        let mut letters = self.rest().char_indices();
        let end = loop {
            let Some((place, letter)) = letters.next() else {
                break self.text.len();
            };
            match letter {
                '\\' if letters.next().is_none() => {
                    return Err(format!("expected a letter after `\\` at {}", from + place));
                }
                '\\' => (),
                '*' => stars += 1,
                '?' => is_wild = true,
                '!' | '(' | ')' | ':' | '^' | '[' | ']' | '"' | '{' | '}' | '~' => {
                    break from + place;
                }
                letter if is_space(letter) => break from + place,
                _ => (),
            }
        };
        self.at = end;
        let word = &self.text[from..end];
        Ok(match word {
            "AND" => Kind::And,
            "OR" => Kind::Or,
            "NOT" => Kind::Not,
            "*" => Kind::Star,
            word if stars == 1 && !is_wild && word.ends_with('*') => {
                Kind::Prefix(word[..word.len() - 1].to_owned())
            }
            word if is_wild || stars > 0 => Kind::Wildcard(word.to_owned()),
            word => Kind::Term(word.to_owned()),
        })
    }

    /// `lower TO upper` and the end.
    fn range(&mut self, includes_lower: bool, start: usize) -> Result<RangeToken> {
        let lower = self.bound()?;
        self.skip_spaces();
        let has_to = self.take("TO");
        self.skip_spaces();
        let upper = self.bound()?;
        self.skip_spaces();
        let includes_upper = match self.rest().chars().next() {
            Some(']') => true,
            Some('}') => false,
            _ => {
                return Err(format!(
                    "the range at {start} has no end: expected `]` or `}}`"
                ));
            }
        };
        self.at += 1;
        if !has_to || lower.is_empty() || upper.is_empty() {
            return Err(format!("expected a range like `[1 TO 5]` at {start}"));
        }
        Ok(RangeToken {
            includes_lower,
            includes_upper,
            lower,
            upper,
        })
    }

    fn bound(&mut self) -> Result<String> {
        self.skip_spaces();
        let start = self.at;
        if self.take("\"") {
            return Ok(unescape(&self.until('"', start)?));
        }
        let is_end = |it: char| is_space(it) || it == ']' || it == '}';
        let rest = self.rest();
        let length = rest.find(is_end).unwrap_or(rest.len());
        self.at += length;
        Ok(unescape(&rest[..length]))
    }
}
