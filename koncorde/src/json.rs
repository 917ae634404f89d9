//! JSON values: parsed by serde_json, or read into a tape.
//!
//! A tape is a list of entries in the order of the text. It is filled again and
//! again without allocation, unlike a tree of values.
//!
//! Cost: a member of a tape's object is looked for one by one.

use serde_json::{Map, Value};

/// A value, wherever it stands.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Json<'v> {
    Object(&'v Map<String, Value>),
    Value(&'v Value),
    Entry(&'v Tape, usize),
}

/// What a value is. The insides of arrays and objects have to be asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind<'v> {
    Null,
    Bool(bool),
    Number(f64),
    String(&'v str),
    Array,
    Object,
}

impl<'v> Json<'v> {
    #[inline]
    pub(crate) fn kind(self) -> Kind<'v> {
        match self {
            Self::Object(_) | Self::Value(Value::Object(_)) => Kind::Object,
            Self::Value(Value::Null) => Kind::Null,
            Self::Value(Value::Bool(it)) => Kind::Bool(*it),
            Self::Value(Value::Number(it)) => it.as_f64().map_or(Kind::Null, Kind::Number),
            Self::Value(Value::String(it)) => Kind::String(it),
            Self::Value(Value::Array(_)) => Kind::Array,
            Self::Entry(tape, at) => tape.kind(at),
        }
    }

    /// The elements of an array; none of anything else.
    pub(crate) fn elements(self) -> Elements<'v> {
        match self {
            Self::Value(Value::Array(elements)) => Elements::Values(elements.iter()),
            Self::Entry(tape, at) => match tape.entries[at] {
                Entry::Array { end, count } => Elements::Entries {
                    tape,
                    at: at + 1,
                    end,
                    count,
                },
                _ => Elements::none(),
            },
            _ => Elements::none(),
        }
    }

    /// The value of a key of an object.
    pub(crate) fn member(self, key: &str) -> Option<Self> {
        match self {
            Self::Object(object) | Self::Value(Value::Object(object)) => {
                object.get(key).map(Self::Value)
            }
            Self::Value(_) => None,
            Self::Entry(tape, at) => tape.member(at, key).map(|it| Self::Entry(tape, it)),
        }
    }
}

/// The elements of an array, in their order.
#[derive(Clone, Debug)]
pub(crate) enum Elements<'v> {
    Values(std::slice::Iter<'v, Value>),
    Entries {
        tape: &'v Tape,
        at: usize,
        end: usize,
        count: usize,
    },
}

impl Elements<'_> {
    pub(crate) fn none() -> Self {
        Self::Values([].iter())
    }
}

impl<'v> Iterator for Elements<'v> {
    type Item = Json<'v>;

    fn next(&mut self) -> Option<Json<'v>> {
        match self {
            Self::Values(values) => values.next().map(Json::Value),
            Self::Entries {
                tape,
                at,
                end,
                count,
            } => {
                if at == end {
                    return None;
                }
                let element = Json::Entry(tape, *at);
                *at = tape.behind(*at);
                *count -= 1;
                Some(element)
            }
        }
    }

    fn nth(&mut self, place: usize) -> Option<Json<'v>> {
        if let Self::Values(values) = self {
            return values.nth(place).map(Json::Value);
        }
        (0..place).try_for_each(|_| self.next().map(drop))?;
        self.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let len = match self {
            Self::Values(values) => values.len(),
            Self::Entries { count, .. } => *count,
        };
        (len, Some(len))
    }
}

impl ExactSizeIterator for Elements<'_> {}

/// Values in the order of their text.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tape {
    entries: Vec<Entry>,
    texts: String,
}

#[derive(Clone, Copy, Debug)]
enum Entry {
    Null,
    Bool(bool),
    Number(f64),
    /// Where its text stands.
    String {
        start: usize,
        end: usize,
    },
    /// The place behind all that is inside, and how many elements that are.
    Array {
        end: usize,
        count: usize,
    },
    /// Keys and values by turns.
    Object {
        end: usize,
    },
}

impl Tape {
    pub(crate) fn clear(&mut self) {
        self.entries.clear();
        self.texts.clear();
    }

    /// Where the next entry will stand.
    pub(crate) fn end(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn push_null(&mut self) {
        self.entries.push(Entry::Null);
    }

    pub(crate) fn push_bool(&mut self, value: bool) {
        self.entries.push(Entry::Bool(value));
    }

    pub(crate) fn push_number(&mut self, value: f64) {
        self.entries.push(Entry::Number(value));
    }

    /// A string, or the key of a member: `write` appends its text.
    pub(crate) fn push_string<E>(
        &mut self,
        write: impl FnOnce(&mut String) -> Result<(), E>,
    ) -> Result<(), E> {
        let start = self.texts.len();
        write(&mut self.texts)?;
        let end = self.texts.len();
        self.entries.push(Entry::String { start, end });
        Ok(())
    }

    /// Begins an array or an object: what is pushed until it is closed lies inside.
    pub(crate) fn open(&mut self) -> usize {
        self.entries.push(Entry::Null);
        self.entries.len() - 1
    }

    pub(crate) fn close_array(&mut self, start: usize, count: usize) {
        let end = self.entries.len();
        self.entries[start] = Entry::Array { end, count };
    }

    pub(crate) fn close_object(&mut self, start: usize) {
        let end = self.entries.len();
        self.entries[start] = Entry::Object { end };
    }

    fn kind(&self, at: usize) -> Kind<'_> {
        match self.entries[at] {
            Entry::Null => Kind::Null,
            Entry::Bool(it) => Kind::Bool(it),
            Entry::Number(it) => Kind::Number(it),
            Entry::String { start, end } => Kind::String(&self.texts[start..end]),
            Entry::Array { .. } => Kind::Array,
            Entry::Object { .. } => Kind::Object,
        }
    }

    /// The place behind a value.
    fn behind(&self, at: usize) -> usize {
        match self.entries[at] {
            Entry::Array { end, .. } | Entry::Object { end } => end,
            _ => at + 1,
        }
    }

    /// Of a key that stands there twice, the last value counts.
    fn member(&self, at: usize, key: &str) -> Option<usize> {
        let Entry::Object { end } = self.entries[at] else {
            return None;
        };
        let mut found = None;
        let mut at = at + 1;
        while at < end {
            if self.kind(at) == Kind::String(key) {
                found = Some(at + 1);
            }
            at = self.behind(at + 1);
        }
        found
    }
}
