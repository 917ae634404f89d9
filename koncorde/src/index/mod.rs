//! Conditions, found from a document instead of one by one.
//!
//! Each filter is posted under the few conditions that give access to it
//! (`access`). A document is walked along the fields that filters ask for
//! (`walk`, `scan`); for each value found, the index of each kind of condition
//! gives those that hold, and their filters are candidates. What else a
//! candidate asks for is verified then (`program`): cheap tests at once, costly
//! ones remembered, so that each is run once per document at most.
//!
//! Cost: the fields of the document that are asked for, plus candidates.

mod access; // through which conditions a filter is found
mod check; // what must be true of it all
mod condition; // conditions, each of them once; equals
mod datum; // the value of a field
mod field; // the fields that conditions ask for
mod geo; // inside and outside of shapes
mod gram; // literals in a text
mod insert; // filters come and go
mod lex; // the grammar of JSON
mod literal; // what a text must hold for a pattern
mod members; // in; exists path[value]
mod negated; // what a field does not say
mod predict; // the keys of a document
mod program; // what has to be verified
mod range; // ranges
mod regexp; // patterns
mod scan; // from bytes to values
mod scratch; // what one test needs to remember
mod select; // one element of an array
mod set; // sets of small numbers
mod slab; // numbered places
mod table; // numbers by hash
mod visit; // from values to filters
mod walk; // from parsed documents to values

pub use lex::DocumentError;
pub use scratch::Scratch;
pub(crate) use table::Table;

use condition::Conditions;
use field::Fields;
use members::Members;
use program::{Lit, Program};
use set::Set;
use slab::Slab;

use crate::normal::{Condition, Form, Literal};

/// Filters, found by documents. They are known by number.
#[derive(Clone, Debug, Default)]
pub(crate) struct Index {
    fields: Fields,
    conditions: Conditions,
    /// The values of `in` conditions that give access.
    one_of: Members,
    /// The values of `exists path[value]` conditions that give access.
    contained: Members,
    /// The fields with filters that are found by absence.
    absences: Set,
    /// Filters that every document is a candidate for, as `Entry` numbers.
    always: Set,
    filters: Slab<Stored>,
}

/// A filter: one of its accesses holds, and so does the residual.
#[derive(Clone, Debug)]
struct Stored {
    access: Access,
    guard: Guard,
    residual: Program,
}

/// One `equals` of the residual, as the hash of its field and value: most
/// candidates fail it, and need no look at anything else.
#[derive(Clone, Copy, Debug)]
struct Guard {
    /// `NO_FIELD` if there is nothing to check.
    field: u32,
    hash: u32,
}

impl Guard {
    const NO_FIELD: u32 = u32::MAX;
    const NONE: Self = Self {
        field: Self::NO_FIELD,
        hash: 0,
    };
}

#[derive(Clone, Debug)]
enum Access {
    /// It matches no document.
    None,
    /// It is in `always`.
    Always,
    One(Posting),
    Any(Box<[Posting]>),
}

/// Where a filter is posted.
#[derive(Clone, Copy, Debug)]
struct Posting {
    literal: Lit,
    /// In a dense list: where.
    place: u32,
}

impl Access {
    fn postings(&self) -> &[Posting] {
        match self {
            Self::None | Self::Always => &[],
            Self::One(posting) => std::slice::from_ref(posting),
            Self::Any(postings) => postings,
        }
    }

    fn postings_mut(&mut self) -> &mut [Posting] {
        match self {
            Self::None | Self::Always => &mut [],
            Self::One(posting) => std::slice::from_mut(posting),
            Self::Any(postings) => postings,
        }
    }
}

/// A filter as it stands in posting lists: its number, and what is to be done
/// with it.
#[derive(Clone, Copy)]
struct Entry(u32);

impl Entry {
    const VERIFY: u32 = 1 << 31;
    const REPEATED: u32 = 1 << 30;

    fn new(filter: u32, verify: bool, repeated: bool) -> Self {
        let verify = if verify { Self::VERIFY } else { 0 };
        let repeated = if repeated { Self::REPEATED } else { 0 };
        Self(filter | verify | repeated)
    }

    #[inline]
    fn filter(self) -> u32 {
        self.0 & !(Self::VERIFY | Self::REPEATED)
    }

    /// It is the number of the filter and nothing else.
    fn is_plain(self) -> bool {
        self.0 == self.filter()
    }

    /// The residual has to be verified.
    #[inline]
    fn is_to_verify(self) -> bool {
        self.0 & Self::VERIFY != 0
    }

    /// The filter has more than one access.
    #[inline]
    fn is_repeated(self) -> bool {
        self.0 & Self::REPEATED != 0
    }
}

impl Index {
    /// How many filters there are.
    pub(crate) fn len(&self) -> usize {
        self.filters.len()
    }

    /// A filter as it is found and verified.
    pub(crate) fn form(&self, filter: u32) -> Form {
        let stored = &self.filters[filter];
        let accesses = stored.access.postings().iter();
        let mut accesses: Vec<Form> = accesses.map(|it| self.literal_form(it.literal)).collect();
        let access = match (accesses.len(), &stored.access) {
            (1, _) => accesses.remove(0),
            (_, Access::None) => return Form::Nothing,
            (_, Access::Always) => return Form::Everything,
            _ => Form::Or(accesses),
        };
        match self.program_form(&stored.residual) {
            Form::Everything => access,
            Form::And(mut operands) => {
                operands.push(access);
                Form::And(operands)
            }
            residual => Form::And(vec![access, residual]),
        }
    }

    fn program_form(&self, program: &Program) -> Form {
        let literals = |literals: &[Lit]| -> Vec<Form> {
            literals.iter().map(|it| self.literal_form(*it)).collect()
        };
        let programs = |programs: &[Program]| -> Vec<Form> {
            programs.iter().map(|it| self.program_form(it)).collect()
        };
        match program {
            Program::Always => Form::Everything,
            Program::All(its) if its.len() == 1 => self.literal_form(its[0]),
            Program::All(its) => Form::And(literals(its)),
            Program::Any(its) => Form::Or(literals(its)),
            Program::And(its) => Form::And(programs(its)),
            Program::Or(its) => Form::Or(programs(its)),
        }
    }

    fn literal_form(&self, literal: Lit) -> Form {
        let condition = &self.conditions[literal.condition()];
        Form::Literal(Literal {
            condition: Condition {
                field: self.fields.path(condition.field),
                test: condition.test.clone(),
            },
            negated: literal.is_negated(),
        })
    }

    /// The numbers of all filters.
    pub(crate) fn filters(&self) -> impl Iterator<Item = u32> {
        self.filters.iter().map(|(number, _)| number)
    }
}
