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
mod hits; // lists of conditions found
mod inner; // select; match
mod insert; // filters come and go
mod lex; // the grammar of JSON
mod literal; // what a text must hold for a pattern
mod map; // values by key
mod members; // in; exists path[value]
mod memory; // how much of it
mod negated; // what a field does not say
mod predict; // the keys of a document
mod program; // what has to be verified
mod range; // ranges
mod regexp; // patterns
mod rehome; // filters move to where they are found at less cost
mod scan; // from bytes to values
mod scratch; // what one test needs to remember
mod set; // sets of small numbers
mod slab; // numbered places
mod table; // numbers by hash
mod traffic; // how often documents satisfy conditions
mod tree; // arrays and objects from bytes
mod visit; // from values to filters
mod walk; // from parsed documents to values

pub use lex::DocumentError;
pub use scratch::Scratch;
pub(crate) use table::Table;

use condition::Conditions;
use field::Fields;
use members::Members;
use program::{Lit, Program, Tree};
use rehome::Survey;
use set::Set;
use slab::Slab;
use traffic::Traffic;

use crate::id::FilterId;
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
    /// The postings of filters with more than one.
    ways: Slab<Ways>,
    /// In how many ways all filters are found.
    subfilters: usize,
    /// How many filters have a residual, so that they could be found otherwise.
    alternatives: usize,
    traffic: Traffic,
    survey: Survey,
    /// The memory of residuals and postings that stands elsewhere.
    heap_bytes: usize,
}

/// A filter: one of its accesses holds, and so does the residual.
#[derive(Clone, Debug)]
struct Stored {
    /// The bytes of its `FilterId`.
    id: [u8; 16],
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

/// Where a filter is found: a posting, or something else marked by its literal.
#[derive(Clone, Copy, Debug)]
struct Access(Posting);

#[derive(Clone, Copy, Debug)]
enum Way {
    /// It matches no document.
    None,
    /// It is in `always`.
    Always,
    One(Posting),
    /// The postings at this place of `ways`.
    Any(u32),
}

impl Access {
    const NONE: Self = Self::marked(Lit::MAX[0], 0);
    const ALWAYS: Self = Self::marked(Lit::MAX[1], 0);

    const fn any(place: u32) -> Self {
        Self::marked(Lit::MAX[2], place)
    }

    const fn marked(literal: Lit, place: u32) -> Self {
        Self(Posting { literal, place })
    }

    #[inline]
    fn way(self) -> Way {
        match self.0.literal {
            it if it == Lit::MAX[0] => Way::None,
            it if it == Lit::MAX[1] => Way::Always,
            it if it == Lit::MAX[2] => Way::Any(self.0.place),
            _ => Way::One(self.0),
        }
    }
}

/// The postings of a filter that has several, or whose residual says it all.
#[derive(Clone, Debug, Default)]
struct Ways {
    postings: Box<[Posting]>,
    /// When the residual holds, one of the accesses does.
    is_implied: bool,
}

/// Where a filter is posted.
#[derive(Clone, Copy, Debug)]
struct Posting {
    literal: Lit,
    /// In a dense list: where.
    place: u32,
}

/// A filter as it stands in posting lists: its number, and what is to be done
/// with it.
#[derive(Clone, Copy)]
struct Entry(u32);

impl Entry {
    /// Another bit marks lists of entries.
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

    /// The name of a filter.
    #[inline]
    pub(crate) fn id(&self, filter: u32) -> FilterId {
        FilterId::from_u128(u128::from_le_bytes(self.filters[filter].id))
    }

    /// Where a filter is posted.
    fn postings(&self, filter: u32) -> &[Posting] {
        let access = &self.filters[filter].access;
        match access.way() {
            Way::None | Way::Always => &[],
            Way::One(_) => std::slice::from_ref(&access.0),
            Way::Any(place) => &self.ways[place].postings,
        }
    }

    fn postings_mut(&mut self, filter: u32) -> &mut [Posting] {
        let access = &mut self.filters[filter].access;
        match access.way() {
            Way::None | Way::Always => &mut [],
            Way::One(_) => std::slice::from_mut(&mut access.0),
            Way::Any(place) => &mut self.ways[place].postings,
        }
    }

    /// A filter as it is found and verified.
    pub(crate) fn form(&self, filter: u32) -> Form {
        let stored = &self.filters[filter];
        if let Way::Any(place) = stored.access.way()
            && self.ways[place].is_implied
        {
            return self.program_form(&stored.residual);
        }
        let accesses = self.postings(filter).iter();
        let mut accesses: Vec<Form> = accesses.map(|it| self.literal_form(it.literal)).collect();
        let access = match (accesses.len(), stored.access.way()) {
            (1, _) => accesses.remove(0),
            (_, Way::None) => return Form::Nothing,
            (_, Way::Always) => return Form::Everything,
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
            Program::One(it) => self.literal_form(*it),
            Program::Two(its) => Form::And(literals(its)),
            Program::Three(its) => Form::And(literals(its)),
            Program::Tree(tree) => match &**tree {
                Tree::All(its) => Form::And(literals(its)),
                Tree::Any(its) => Form::Or(literals(its)),
                Tree::And(its) => Form::And(programs(its)),
                Tree::Or(its) => Form::Or(programs(its)),
            },
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
