//! Filters come and go.
//!
//! Cost: the conditions of the filter; how many other filters there are does not
//! matter but for logarithms.

use std::sync::Arc;

use super::access::{self, Plan};
use super::datum::{is_costly, needs_tree};
use super::negated::Dense;
use super::program::{Lit, Program};
use super::{Access, Entry, Guard, Index, Posting, Stored, Way, Ways};
use crate::id::FilterId;
use crate::normal::{Form, Literal, Test};

/// An entry has no bits for more filters; their memory would be tens of gigabytes.
const FILTERS_MAX: usize = 1 << 29;

impl Index {
    /// Adds a filter and returns its number.
    pub(crate) fn insert(&mut self, form: &Form, id: FilterId) -> u32 {
        assert!(self.filters.end() < FILTERS_MAX, "half a billion filters");
        let (access, guard, residual) = match self.plan(form) {
            None => (Access::ALWAYS, Guard::NONE, Program::Always),
            Some(plan) => self.compile_plan(&plan),
        };
        let filter = self.filters.insert(Stored {
            id: id.as_u128().to_le_bytes(),
            access,
            guard,
            residual,
        });
        self.post_all(filter);
        self.step();
        filter
    }

    /// Interns all that a plan refers to.
    pub(super) fn compile_plan(&mut self, plan: &Plan<'_>) -> (Access, Guard, Program) {
        let access = self.compile_accesses(plan);
        let residual = self.compile_residual(&plan.residual);
        self.heap_bytes += residual.heap_bytes();
        self.alternatives += usize::from(!matches!(residual, Program::Always));
        (access, self.guard(&residual), residual)
    }

    /// Removes a filter.
    pub(crate) fn remove(&mut self, filter: u32) {
        self.unpost_all(filter);
        if let Some(stored) = self.filters.remove(filter) {
            self.release_all(stored.access, &stored.residual);
        }
        if self.conditions.len() == 0 {
            self.traffic.forget_conditions();
        }
        self.step();
    }

    /// Takes back what a filter without postings refers to.
    pub(super) fn release_all(&mut self, access: Access, residual: &Program) {
        self.heap_bytes -= residual.heap_bytes();
        self.alternatives -= usize::from(!matches!(residual, Program::Always));
        residual.for_each(&mut |it| self.release(it));
        match access.way() {
            Way::None | Way::Always => (),
            Way::One(posting) => self.release(posting.literal),
            Way::Any(place) => {
                let ways = self.ways.remove(place).unwrap_or_default();
                self.heap_bytes -= size_of_val(&*ways.postings);
                ways.postings.iter().for_each(|it| self.release(it.literal));
            }
        }
    }

    pub(super) fn plan<'a>(&self, form: &'a Form) -> Option<Plan<'a>> {
        // A single literal needs no comparing.
        if let Form::Literal(_) = form {
            return access::plan(form, &|_| 0.0);
        }
        access::plan(form, &|literal| {
            let condition = &literal.condition;
            let field = self.fields.find(&condition.field);
            let known = field.and_then(|it| self.conditions.find(it, &condition.test));
            access::cost(&condition.test, literal.negated, |expected| match known {
                Some(id) => self.rate(id, expected),
                None => expected,
            })
        })
    }

    /// The share of documents that satisfy a condition. What many filters ask for
    /// is expected to be common in documents too.
    pub(super) fn rate(&self, id: u32, expected: f64) -> f64 {
        let condition = &self.conditions[id];
        let expected = expected * f64::from(condition.references + 2).log2();
        let is_counted = self.is_counted(id);
        self.traffic.rate(id, is_counted, expected.min(1.0))
    }

    /// Whether samples are known to satisfy a condition or not.
    fn is_counted(&self, id: u32) -> bool {
        let condition = &self.conditions[id];
        condition.accesses > 0 || matches!(condition.test, Test::Equals(_))
    }

    fn compile_accesses(&mut self, plan: &Plan<'_>) -> Access {
        let literals = plan.accesses.iter();
        let mut literals: Vec<Lit> = literals.map(|it| self.intern(it)).collect();
        literals.sort_unstable();
        literals.dedup_by(|a, b| {
            let is_repeated = a == b;
            if is_repeated {
                self.release(*a);
            }
            is_repeated
        });
        let postings = literals.iter();
        let postings = postings.map(|it| Posting {
            literal: *it,
            place: 0,
        });
        let postings: Box<[Posting]> = postings.collect();
        match postings[..] {
            [] => Access::NONE,
            [only] if !plan.is_implied => Access(only),
            _ => {
                self.heap_bytes += size_of_val(&*postings);
                let is_implied = plan.is_implied;
                Access::any(self.ways.insert(Ways {
                    postings,
                    is_implied,
                }))
            }
        }
    }

    fn compile_residual(&mut self, forms: &[&Form]) -> Program {
        match forms {
            [] => Program::Always,
            [only] => self.compile(only),
            _ => self.compile_operands(forms, Program::all, Program::and),
        }
    }

    fn compile(&mut self, form: &Form) -> Program {
        match form {
            Form::Everything => Program::Always,
            Form::Nothing => Program::any(Vec::new()),
            Form::Literal(literal) => Program::One(self.intern(literal)),
            Form::And(forms) => {
                let forms: Vec<&Form> = forms.iter().collect();
                self.compile_operands(&forms, Program::all, Program::and)
            }
            Form::Or(forms) => {
                let forms: Vec<&Form> = forms.iter().collect();
                self.compile_operands(&forms, Program::any, Program::or)
            }
        }
    }

    /// Literals side by side where all are, cheap ones first.
    fn compile_operands(
        &mut self,
        forms: &[&Form],
        flat: fn(Vec<Lit>) -> Program,
        tree: fn(Vec<Program>) -> Program,
    ) -> Program {
        let is_literal = |it: &&Form| matches!(it, Form::Literal(_));
        let mut literals = Vec::new();
        for form in forms {
            if let Form::Literal(literal) = form {
                literals.push(self.intern(literal));
            }
        }
        literals.sort_by_key(|it| is_costly(&self.conditions[it.condition()].test));
        if literals.len() == forms.len() {
            return flat(literals);
        }
        let mut programs = Vec::new();
        if !literals.is_empty() {
            programs.push(flat(literals));
        }
        for form in forms.iter().filter(|it| !is_literal(it)) {
            programs.push(self.compile(form));
        }
        tree(programs)
    }

    /// The rarest `equals` that has to hold.
    fn guard(&self, residual: &Program) -> Guard {
        let guards = residual.required().iter();
        let guards = guards.filter(|it| !it.is_negated());
        let guards = guards.filter_map(|it| {
            let id = it.condition();
            let hash = self.conditions.equals_hash(id)?;
            let item = &self.conditions[id];
            let rate = self.rate(id, access::expected(&item.test));
            Some((rate, item.field, hash))
        });
        let rarest = guards.min_by(|a, b| a.0.total_cmp(&b.0));
        rarest.map_or(Guard::NONE, |(_, field, hash)| Guard { field, hash })
    }

    fn intern(&mut self, literal: &Literal) -> Lit {
        let condition = &literal.condition;
        let field = self.fields.intern(&condition.field);
        let (id, is_new) = self.conditions.intern(field, &condition.test);
        if is_new {
            self.fields
                .add_condition(field, needs_tree(&condition.test));
            self.traffic.add(id);
            if self.is_counted(id) {
                self.begin_counting(id);
            }
        }
        Lit::new(id, literal.negated)
    }

    /// From now on documents find a condition.
    fn begin_counting(&self, id: u32) {
        let expected = access::expected(&self.conditions[id].test);
        self.traffic.begin_counting(id, expected);
    }

    fn release(&mut self, literal: Lit) {
        if let Some(condition) = self.conditions.release(literal.condition()) {
            self.fields
                .remove_condition(condition.field, needs_tree(&condition.test));
        }
    }

    /// A filter as it stands in the lists where it is posted.
    pub(super) fn entry(&self, filter: u32) -> Entry {
        let stored = &self.filters[filter];
        let verify = !matches!(stored.residual, Program::Always);
        Entry::new(filter, verify, matches!(stored.access.way(), Way::Any(_)))
    }

    pub(super) fn post_all(&mut self, filter: u32) {
        let entry = self.entry(filter);
        self.subfilters += self.ways(filter);
        if let Way::Always = self.filters[filter].access.way() {
            self.always.insert(entry.0);
        }
        for number in 0..self.postings(filter).len() {
            let place = self.post(entry, self.postings(filter)[number].literal);
            self.postings_mut(filter)[number].place = place;
        }
    }

    pub(super) fn unpost_all(&mut self, filter: u32) {
        let entry = self.entry(filter);
        self.subfilters -= self.ways(filter);
        if let Way::Always = self.filters[filter].access.way() {
            self.always.remove(entry.0);
        }
        // A posting may move another one of the same filter, so each is read anew.
        for number in 0..self.postings(filter).len() {
            self.unpost(entry, self.postings(filter)[number]);
        }
    }

    /// Posts an entry under a literal; its place, if that is in a dense list.
    fn post(&mut self, entry: Entry, literal: Lit) -> u32 {
        let id = literal.condition();
        if self.conditions[id].accesses == 0 {
            if !self.is_counted(id) {
                self.begin_counting(id);
            }
            self.index_condition(id);
        }
        self.conditions[id].accesses += 1;
        let field = self.conditions[id].field;
        if let Some(list) = self.dense(literal) {
            let place = list.insert(entry.0, id);
            self.absences.insert(field);
            return place;
        }
        self.conditions.want(id, entry.0);
        0
    }

    fn unpost(&mut self, entry: Entry, posting: Posting) {
        let literal = posting.literal;
        let id = literal.condition();
        let field = self.conditions[id].field;
        match self.dense(literal) {
            None => self.conditions.unwant(id, entry.0),
            Some(list) => {
                let moved = list.remove(posting.place);
                if self.fields.kinds_mut(field).negated.is_empty() {
                    self.absences.remove(field);
                }
                if let Some((entry, condition)) = moved {
                    self.move_posting(entry, condition, posting);
                }
            }
        }
        let condition = &mut self.conditions[id];
        condition.accesses -= 1;
        if condition.accesses == 0 {
            if !self.is_counted(id) {
                self.traffic.end_counting(id);
            }
            self.unindex_condition(id);
        }
    }

    /// An entry took the place of a removed posting in the same list.
    fn move_posting(&mut self, entry: u32, condition: u32, removed: Posting) {
        let literal = Lit::new(condition, removed.literal.is_negated());
        for posting in self.postings_mut(Entry(entry).filter()) {
            if posting.literal == literal {
                posting.place = removed.place;
            }
        }
    }

    /// The dense list for literals that hold by absence.
    fn dense(&mut self, literal: Lit) -> Option<&mut Dense> {
        let condition = &self.conditions[literal.condition()];
        let (field, is_negated) = (condition.field, literal.is_negated());
        let is_exists = matches!(condition.test, Test::Exists);
        let is_outside = matches!(condition.test, Test::Outside(_));
        if !is_negated && !is_outside {
            return None;
        }
        let negated = &mut self.fields.kinds_mut(field).negated;
        Some(match (is_exists, is_outside) {
            (true, _) => &mut negated.missing,
            (_, true) => &mut negated.outside,
            _ => &mut negated.others,
        })
    }

    /// Makes a condition one that values find.
    fn index_condition(&mut self, id: u32) {
        if let Test::Equals(_) = self.conditions[id].test {
            self.conditions.index_equals(id, true);
        }
        let condition = &self.conditions[id];
        let (field, hasher) = (condition.field, self.conditions.hasher());
        let kinds = self.fields.kinds_mut(field);
        match &condition.test {
            Test::Exists => kinds.exists = Some(id),
            Test::Equals(_) => kinds.equals += 1,
            Test::In(values) => {
                kinds.one_of += 1;
                self.one_of.insert(hasher, field, values, id);
            }
            Test::Contains(value) => {
                kinds.contains += 1;
                let values = Arc::from([value.clone()]);
                self.contained.insert(hasher, field, &values, id);
            }
            Test::Range(span) => kinds.ranges.insert(*span, id),
            Test::Regexp(pattern) => kinds.regexps.insert(pattern, id),
            Test::Inside(shape) | Test::Outside(shape) => kinds.shapes.insert(shape, id),
            test @ (Test::Select(_) | Test::Like(_)) => kinds.inner.insert(hasher, test, id),
        }
    }

    fn unindex_condition(&mut self, id: u32) {
        if let Test::Equals(_) = self.conditions[id].test {
            self.conditions.index_equals(id, false);
        }
        let condition = &self.conditions[id];
        let (field, hasher) = (condition.field, self.conditions.hasher());
        let kinds = self.fields.kinds_mut(field);
        match &condition.test {
            Test::Exists => kinds.exists = None,
            Test::Equals(_) => kinds.equals -= 1,
            Test::In(values) => {
                kinds.one_of -= 1;
                self.one_of.remove(hasher, field, values, id);
            }
            Test::Contains(value) => {
                kinds.contains -= 1;
                let values = std::slice::from_ref(value);
                self.contained.remove(hasher, field, values, id);
            }
            Test::Range(span) => {
                let conditions = &self.conditions;
                let span_of = |it: u32| match conditions[it].test {
                    Test::Range(span) => span,
                    _ => *span,
                };
                kinds.ranges.remove(*span, id, &span_of);
            }
            Test::Regexp(pattern) => kinds.regexps.remove(pattern, id),
            Test::Inside(shape) | Test::Outside(shape) => kinds.shapes.remove(shape, id),
            test @ (Test::Select(_) | Test::Like(_)) => kinds.inner.remove(hasher, test, id),
        }
    }
}
