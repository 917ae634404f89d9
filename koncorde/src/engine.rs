//! One index of filters: register, remove, test.
//!
//! An engine is a plain value: `&mut self` to register and remove, `&self` to
//! test. It knows no threads and no clock; the memory that a test needs is lent
//! by the caller, or kept by the thread for its next test.

use std::fmt;

use ahash::RandomState;
use serde_json::Value;

use crate::error::FilterError;
use crate::explain::{Explanation, explain};
use crate::filter::Filter;
use crate::id::FilterId;
use crate::index::{DocumentError, Index, Scratch, Table};
use crate::normal::{Normal, conditions_max, restore};
use crate::statistics::Statistics;

/// How an engine counts and names.
///
/// ```
/// use koncorde::{Engine, Options};
///
/// let engine = Engine::with_options(Options {
///     max_conditions: 10,
///     ..Options::default()
/// });
/// assert!(engine.is_empty());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// How many conditions a filter may have at most; 0 for any number. An `in`
    /// or `ids` is one condition, whatever the number of its values. The query of
    /// a `select` is counted by itself.
    pub max_conditions: usize,
    /// The key of all ids: a filter has the same id in two engines if they have
    /// the same seed. Choose one at random where nobody may guess ids.
    pub seed: [u8; 32],
}

/// 50 conditions, and a seed of zeros.
impl Default for Options {
    fn default() -> Self {
        Self {
            max_conditions: 50,
            seed: [0; 32],
        }
    }
}

/// A filter in its reduced form, with its id: what `normalize` makes and `store`
/// takes.
#[derive(Clone, Debug)]
pub struct NormalizedFilter {
    pub(crate) normal: Normal,
    pub(crate) id: FilterId,
    pub(crate) index: Option<Box<str>>,
}

impl NormalizedFilter {
    /// The id that the filter has or will have.
    pub fn id(&self) -> FilterId {
        self.id
    }

    /// The name of the index that it belongs to; `None` is the default one.
    pub fn index(&self) -> Option<&str> {
        self.index.as_deref()
    }
}

/// A filter inside one engine: a small number, at once usable as a key.
///
/// It is valid until the filter is removed; a filter registered later may get
/// the same number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FilterHandle(u32);

impl FilterHandle {
    /// The number: below the greatest count of filters that the engine ever held
    /// at once, so that it serves as an index into a list.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// One index of filters.
///
/// ```
/// use koncorde::Engine;
/// use serde_json::json;
///
/// let mut engine = Engine::new();
/// let adults = engine.register(&json!({"range": {"age": {"gte": 18}}}))?;
/// assert_eq!(engine.test(&json!({"age": 42})), [adults]);
/// assert_eq!(engine.test(&json!({"age": 7})), []);
/// # Ok::<(), koncorde::FilterError>(())
/// ```
#[derive(Clone, Default)]
pub struct Engine {
    options: Options,
    index: Index,
    /// By the hash of their id.
    handles: Table,
    /// Nobody can choose filters whose ids collide here.
    hasher: RandomState,
}

impl Engine {
    /// An empty engine with the default options.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty engine.
    pub fn with_options(options: Options) -> Self {
        Self {
            options,
            ..Self::default()
        }
    }

    /// Checks a filter: an error here is an error of [`register`](Self::register),
    /// and nothing else is.
    ///
    /// # Errors
    ///
    /// If the filter is not in the language, beyond one of its limits, or has more
    /// conditions than the options allow. The error says where and what to do.
    ///
    /// Cost: linear in the filter, and the compilation of its patterns.
    ///
    /// ```
    /// use koncorde::Engine;
    /// use serde_json::json;
    ///
    /// let filter = json!({"range": {"age": {"gt": "18"}}});
    /// let error = Engine::new().validate(&filter).unwrap_err();
    /// assert_eq!(error.path(), Some("range.age.gt"));
    /// ```
    pub fn validate(&self, filter: &Value) -> Result<(), FilterError> {
        self.options.parse(filter).map(drop)
    }

    /// Reduces a filter and computes its id; nothing is stored. So a filter can be
    /// prepared while others use the engine.
    ///
    /// # Errors
    ///
    /// As for [`validate`](Self::validate).
    ///
    /// Cost: linear for plain filters, bounded by some milliseconds for others.
    ///
    /// ```
    /// use koncorde::Engine;
    /// use serde_json::json;
    ///
    /// let mut engine = Engine::new();
    /// let normalized = engine.normalize(&json!({"in": {"size": ["S", "M"]}}))?;
    /// let id = normalized.id();
    /// assert!(!engine.has_filter_id(&id));
    /// assert_eq!(engine.store(normalized), id);
    /// # Ok::<(), koncorde::FilterError>(())
    /// ```
    pub fn normalize(&self, filter: &Value) -> Result<NormalizedFilter, FilterError> {
        self.options.normalize(filter, None)
    }

    /// Stores a filter that [`normalize`](Self::normalize) has made, of an engine
    /// with the same options. One that is known already is not stored twice.
    ///
    /// Cost: linear in its conditions, whatever the number of filters.
    pub fn store(&mut self, normalized: NormalizedFilter) -> FilterId {
        let id = normalized.id;
        if self.handle(&id).is_none() {
            let handle = self.index.insert(&normalized.normal.form, id);
            let (index, hasher) = (&self.index, &self.hasher);
            let hash = hasher.hash_one(id);
            self.handles
                .insert(hash, handle, |it| hasher.hash_one(index.id(it)));
        }
        id
    }

    /// Adds a filter and returns its id; equivalent filters are one and the same.
    ///
    /// # Errors
    ///
    /// As for [`validate`](Self::validate). An error leaves nothing behind.
    ///
    /// Cost: that of [`normalize`](Self::normalize) and [`store`](Self::store).
    ///
    /// ```
    /// use koncorde::Engine;
    /// use serde_json::json;
    ///
    /// let mut engine = Engine::new();
    /// let id = engine.register(&json!({"and": [{"exists": "a"}, {"equals": {"b": 1}}]}))?;
    /// let same = json!({"not": {"or": [{"not": {"match": {"b": 1}}}, {"missing": "a"}]}});
    /// assert_eq!(engine.register(&same)?, id);
    /// assert_eq!(engine.len(), 1);
    /// # Ok::<(), koncorde::FilterError>(())
    /// ```
    pub fn register(&mut self, filter: &Value) -> Result<FilterId, FilterError> {
        let normalized = self.normalize(filter)?;
        Ok(self.store(normalized))
    }

    /// The same for a filter that was built or read before.
    ///
    /// # Errors
    ///
    /// If it has more conditions than the options allow.
    ///
    /// ```
    /// use koncorde::{Engine, Filter};
    /// use serde_json::json;
    ///
    /// let mut engine = Engine::new();
    /// let filter = Filter::equals("topic", "rust").and(Filter::exists("text"));
    /// let id = engine.register_filter(filter)?;
    /// assert_eq!(engine.test(&json!({"topic": "rust", "text": "hello"})), [id]);
    /// # Ok::<(), koncorde::FilterError>(())
    /// ```
    pub fn register_filter(&mut self, filter: Filter) -> Result<FilterId, FilterError> {
        self.options.check(&filter)?;
        let normalized = self.options.normalize_filter(filter, None);
        Ok(self.store(normalized))
    }

    /// Removes a filter; `false` if it is unknown.
    ///
    /// Cost: linear in its conditions, whatever the number of filters.
    ///
    /// ```
    /// use koncorde::Engine;
    /// use serde_json::json;
    ///
    /// let mut engine = Engine::new();
    /// let id = engine.register(&json!({"exists": "name"}))?;
    /// assert!(engine.remove(&id));
    /// assert!(!engine.remove(&id));
    /// # Ok::<(), koncorde::FilterError>(())
    /// ```
    pub fn remove(&mut self, id: &FilterId) -> bool {
        let Some(handle) = self.handle(id) else {
            return false;
        };
        let (index, hasher) = (&self.index, &self.hasher);
        let hash_of = |it| hasher.hash_one(index.id(it));
        self.handles.remove(hash_of(handle.0), handle.0, hash_of);
        self.index.remove(handle.0);
        true
    }

    /// The ids of all filters that a document matches, in no particular order.
    /// What is no object matches nothing.
    ///
    /// Cost: a look-up for each field that filters ask for, then the filters whose
    /// rarest condition holds; others cost nothing. The answer is the only thing
    /// allocated, and [`visit`](Self::visit) does without.
    pub fn test(&self, document: &Value) -> Vec<FilterId> {
        let mut ids = Vec::new();
        Scratch::with(|scratch| {
            self.visit(document, scratch, |handle| ids.push(self.id(handle)));
        });
        ids
    }

    /// The same for a document in bytes, read in one pass: what no filter asks
    /// for is checked and skipped.
    ///
    /// # Errors
    ///
    /// If the bytes are no JSON object, or nest deeper than 127 levels. The error
    /// says at which byte.
    ///
    /// ```
    /// use koncorde::Engine;
    /// use serde_json::json;
    ///
    /// let mut engine = Engine::new();
    /// let id = engine.register(&json!({"range": {"age": {"gte": 18}}}))?;
    /// assert_eq!(engine.test_slice(br#"{"name": "Ada", "age": 36}"#)?, [id]);
    /// assert_eq!(engine.test_slice(br#"{"age": }"#).unwrap_err().offset(), 8);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn test_slice(&self, json: &[u8]) -> Result<Vec<FilterId>, DocumentError> {
        let mut ids = Vec::new();
        Scratch::with(|scratch| {
            self.visit_slice(json, scratch, |handle| ids.push(self.id(handle)))
        })?;
        Ok(ids)
    }

    /// Calls `found` once with each filter that a document matches. With a
    /// scratch that was used before, nothing is allocated.
    ///
    /// ```
    /// use koncorde::{Engine, Scratch};
    /// use serde_json::json;
    ///
    /// let mut engine = Engine::new();
    /// let id = engine.register(&json!({"exists": "name"}))?;
    /// let mut scratch = Scratch::new();
    /// engine.visit(&json!({"name": null}), &mut scratch, |handle| {
    ///     assert_eq!(engine.id(handle), id);
    /// });
    /// # Ok::<(), koncorde::FilterError>(())
    /// ```
    pub fn visit(
        &self,
        document: &Value,
        scratch: &mut Scratch,
        mut found: impl FnMut(FilterHandle),
    ) {
        if let Value::Object(document) = document {
            self.index
                .visit(document, scratch, &mut |it| found(FilterHandle(it)));
        }
    }

    /// The same for a document in bytes. On an error `found` was not called.
    ///
    /// # Errors
    ///
    /// As for [`test_slice`](Self::test_slice).
    ///
    /// ```
    /// use koncorde::{Engine, Scratch};
    /// use serde_json::json;
    ///
    /// let mut engine = Engine::new();
    /// engine.register(&json!({"exists": "name"}))?;
    /// let (mut scratch, mut count) = (Scratch::new(), 0);
    /// for document in [&br#"{"name": "Ada"}"#[..], br#"{"nick": "Ada"}"#] {
    ///     engine.visit_slice(document, &mut scratch, |_| count += 1)?;
    /// }
    /// assert_eq!(count, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn visit_slice(
        &self,
        json: &[u8],
        scratch: &mut Scratch,
        mut found: impl FnMut(FilterHandle),
    ) -> Result<(), DocumentError> {
        self.index
            .visit_slice(json, scratch, &mut |it| found(FilterHandle(it)))
    }

    /// The id of a filter.
    ///
    /// # Panics
    ///
    /// If this engine has no filter with this handle.
    pub fn id(&self, handle: FilterHandle) -> FilterId {
        self.index.id(handle.0)
    }

    /// The handle of a filter, if it is known.
    pub fn handle(&self, id: &FilterId) -> Option<FilterHandle> {
        let is_it = |handle: u32| self.index.id(handle) == *id;
        let hash = self.hasher.hash_one(id);
        self.handles.find(hash, is_it).map(FilterHandle)
    }

    /// Whether a filter is registered.
    pub fn has_filter_id(&self, id: &FilterId) -> bool {
        self.handle(id).is_some()
    }

    /// Why a filter matches a document or does not, condition by condition with the
    /// values found; `None` if the filter is unknown.
    ///
    /// Cost: every condition of the filter is evaluated, slowly.
    ///
    /// ```
    /// use koncorde::Engine;
    /// use serde_json::json;
    ///
    /// let mut engine = Engine::new();
    /// let filter = json!({"and": [{"exists": "name"}, {"range": {"age": {"gte": 18}}}]});
    /// let id = engine.register(&filter)?;
    /// let document = json!({"name": "Ada", "age": 7});
    /// let why = engine.explain(&id, &document).unwrap();
    /// assert!(!why.is_match());
    /// assert_eq!(
    ///     why.to_string(),
    ///     r#"✗ all of
    ///   ✗ {"range":{"age":{"gte":18}}}: age is 7
    ///   ✓ {"exists":"name"}: name is "Ada""#
    /// );
    /// # Ok::<(), koncorde::FilterError>(())
    /// ```
    pub fn explain<'d>(&self, id: &FilterId, document: &'d Value) -> Option<Explanation<'d>> {
        let form = self.index.form(self.handle(id)?.0);
        Some(explain(&form, document))
    }

    /// A registered filter in its reduced form; `None` if it is unknown.
    ///
    /// ```
    /// use koncorde::Engine;
    /// use serde_json::json;
    ///
    /// let mut engine = Engine::new();
    /// let id = engine.register(&json!({"or": [{"equals": {"a": 2}}, {"equals": {"a": 1}}]}))?;
    /// assert_eq!(engine.filter(&id).unwrap().to_json(), json!({"in": {"a": [1, 2]}}));
    /// # Ok::<(), koncorde::FilterError>(())
    /// ```
    pub fn filter(&self, id: &FilterId) -> Option<Filter> {
        Some(restore(&self.index.form(self.handle(id)?.0)))
    }

    /// The ids of all filters, in no particular order.
    pub fn filter_ids(&self) -> impl Iterator<Item = FilterId> {
        self.index.filters().map(|handle| self.index.id(handle))
    }

    /// Follows the traffic: looks at up to `budget` filters and lets those that
    /// documents find too often be found through another of their conditions.
    /// Returns how many it looked at; 0 when there is nothing to do.
    ///
    /// A filter is found through the condition that documents satisfied least
    /// often when it came. The engine samples the documents that it tests, and each
    /// registration and removal looks at a few filters; so this is for engines
    /// whose filters stay while their traffic changes, to be called now and then.
    /// What filters match never changes. Cost: at most that of registering as many
    /// filters.
    ///
    /// ```
    /// use koncorde::Engine;
    /// use serde_json::json;
    ///
    /// let mut engine = Engine::new();
    /// engine.register(&json!({"and": [{"equals": {"a": 1}}, {"equals": {"b": 2}}]}))?;
    /// while engine.optimize(1000) > 0 {}
    /// # Ok::<(), koncorde::FilterError>(())
    /// ```
    pub fn optimize(&mut self, budget: usize) -> usize {
        self.index.optimize(budget)
    }

    /// How much the engine holds. Cost: linear in the fields that conditions ask
    /// for, and a thousandth of the filters.
    pub fn statistics(&self) -> Statistics {
        let statistics = self.index.statistics();
        Statistics {
            bytes: statistics.bytes + self.handles.bytes(),
            ..statistics
        }
    }

    /// How many filters there are.
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// Whether there is no filter.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Walks through all structures and panics where they contradict each other:
    /// for tests. Cost: linear in everything.
    #[doc(hidden)]
    pub fn check_invariants(&self) {
        assert_eq!(self.handles.len(), self.index.len());
        for handle in self.index.filters() {
            let id = self.index.id(handle);
            assert_eq!(self.handle(&id), Some(FilterHandle(handle)));
        }
        self.index.check_invariants();
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("options", &self.options)
            .field("filters", &self.len())
            .finish_non_exhaustive()
    }
}

impl Options {
    /// Reads a filter and checks how many conditions it has.
    pub(crate) fn parse(&self, filter: &Value) -> Result<Filter, FilterError> {
        let filter = Filter::parse(filter)?;
        self.check(&filter)?;
        Ok(filter)
    }

    fn check(&self, filter: &Filter) -> Result<(), FilterError> {
        match self.max_conditions {
            0 => Ok(()),
            max => match conditions_max(filter) {
                count if count <= max => Ok(()),
                count => Err(FilterError::new(format!(
                    "Filter too complex: exceeds the configured maximum number of \
                     conditions (conditions: {count}, max: {max})"
                ))),
            },
        }
    }

    pub(crate) fn normalize(
        &self,
        filter: &Value,
        index: Option<&str>,
    ) -> Result<NormalizedFilter, FilterError> {
        Ok(self.normalize_filter(self.parse(filter)?, index))
    }

    fn normalize_filter(&self, filter: Filter, index: Option<&str>) -> NormalizedFilter {
        let normal = Normal::new(filter);
        let id = FilterId::new(&self.seed, index, &normal.key);
        NormalizedFilter {
            normal,
            id,
            index: index.map(Into::into),
        }
    }
}

const _: () = {
    const fn is_send_and_sync<T: Send + Sync>() {}
    is_send_and_sync::<Engine>();
};
