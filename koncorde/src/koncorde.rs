//! Named indexes, the front door.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::engine::{Engine, NormalizedFilter, Options};
use crate::error::FilterError;
use crate::explain::Explanation;
use crate::id::FilterId;
use crate::index::DocumentError;
use crate::statistics::Statistics;

/// Named indexes of filters; `None` is the default one.
///
/// Indexes are apart from each other: a document is tested against the filters
/// of one, and the same filter has another id in another one. An index begins
/// with its first filter and ends with its last; the default one is always there.
///
/// ```
/// use koncorde::Koncorde;
/// use serde_json::json;
///
/// let mut koncorde = Koncorde::new();
/// let rust = koncorde.register(&json!({"equals": {"topic": "rust"}}), Some("rooms"))?;
/// let document = json!({"topic": "rust", "text": "hello"});
/// assert_eq!(koncorde.test(&document, Some("rooms")), [rust]);
/// assert_eq!(koncorde.test(&document, None), []);
/// assert!(koncorde.remove(&rust, Some("rooms")));
/// # Ok::<(), koncorde::FilterError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Koncorde {
    options: Options,
    default: Engine,
    /// None of them is empty.
    named: BTreeMap<Box<str>, Engine>,
}

impl Koncorde {
    /// No filters, the default options.
    pub fn new() -> Self {
        Self::default()
    }

    /// No filters.
    pub fn with_options(options: Options) -> Self {
        Self {
            default: Engine::with_options(options.clone()),
            options,
            named: BTreeMap::new(),
        }
    }

    /// Checks a filter: an error here is an error of [`register`](Self::register),
    /// and nothing else is.
    ///
    /// # Errors
    ///
    /// If the filter is not in the language, beyond one of its limits, or has more
    /// conditions than the options allow. The error says where and what to do.
    pub fn validate(&self, filter: &Value) -> Result<(), FilterError> {
        self.options.parse(filter).map(drop)
    }

    /// Reduces a filter and computes the id that it has in an index; nothing is
    /// stored. See [`Engine::normalize`].
    ///
    /// # Errors
    ///
    /// As for [`validate`](Self::validate).
    ///
    /// ```
    /// use koncorde::Koncorde;
    /// use serde_json::json;
    ///
    /// let mut koncorde = Koncorde::new();
    /// let filter = json!({"equals": {"topic": "rust"}});
    /// let here = koncorde.normalize(&filter, Some("here"))?;
    /// let there = koncorde.normalize(&filter, Some("there"))?;
    /// assert_ne!(here.id(), there.id());
    /// assert_eq!(here.index(), Some("here"));
    /// koncorde.store(here);
    /// assert_eq!(koncorde.indexes().collect::<Vec<_>>(), [None, Some("here")]);
    /// # Ok::<(), koncorde::FilterError>(())
    /// ```
    pub fn normalize(
        &self,
        filter: &Value,
        index: Option<&str>,
    ) -> Result<NormalizedFilter, FilterError> {
        self.options.normalize(filter, index)
    }

    /// Stores a filter in its index. One that is known already is not stored
    /// twice.
    pub fn store(&mut self, normalized: NormalizedFilter) -> FilterId {
        let engine = match &normalized.index {
            None => &mut self.default,
            Some(name) => self
                .named
                .entry(name.clone())
                .or_insert_with(|| Engine::with_options(self.options.clone())),
        };
        engine.store(normalized)
    }

    /// Adds a filter to an index and returns its id; equivalent filters are one
    /// and the same. See [`Engine::register`].
    ///
    /// # Errors
    ///
    /// As for [`validate`](Self::validate). An error leaves nothing behind.
    pub fn register(
        &mut self,
        filter: &Value,
        index: Option<&str>,
    ) -> Result<FilterId, FilterError> {
        let normalized = self.normalize(filter, index)?;
        Ok(self.store(normalized))
    }

    /// The ids of all filters of an index that a document matches, in no
    /// particular order. What is no object matches nothing, and an unknown index
    /// has no filters. See [`Engine::test`].
    pub fn test(&self, document: &Value, index: Option<&str>) -> Vec<FilterId> {
        let engine = self.engine(index);
        engine.map_or_else(Vec::new, |engine| engine.test(document))
    }

    /// The same for a document in bytes, read in one pass: what no filter asks
    /// for is checked and skipped.
    ///
    /// # Errors
    ///
    /// If the bytes are no JSON object, or nest deeper than 127 levels; whether the
    /// index has filters or not.
    pub fn test_slice(
        &self,
        json: &[u8],
        index: Option<&str>,
    ) -> Result<Vec<FilterId>, DocumentError> {
        match self.engine(index) {
            Some(engine) => engine.test_slice(json),
            // The document is refused or not, whether there are filters or not.
            None => Engine::new().test_slice(json),
        }
    }

    /// Removes a filter from an index; `false` if it is unknown there. Cost: linear
    /// in its conditions, whatever the number of filters.
    pub fn remove(&mut self, id: &FilterId, index: Option<&str>) -> bool {
        let Some(name) = index else {
            return self.default.remove(id);
        };
        let Some(engine) = self.named.get_mut(name) else {
            return false;
        };
        let is_removed = engine.remove(id);
        if engine.is_empty() {
            self.named.remove(name);
        }
        is_removed
    }

    /// Lets filters follow the traffic, in all indexes together; see
    /// [`Engine::optimize`].
    pub fn optimize(&mut self, budget: usize) -> usize {
        let mut looked = self.default.optimize(budget);
        for engine in self.named.values_mut() {
            looked += engine.optimize(budget - looked);
        }
        looked
    }

    /// Why a filter of an index matches a document or does not, see
    /// [`Engine::explain`]; `None` if the filter is unknown there.
    ///
    /// ```
    /// use koncorde::Koncorde;
    /// use serde_json::json;
    ///
    /// let mut koncorde = Koncorde::new();
    /// let id = koncorde.register(&json!({"range": {"age": {"gte": 18}}}), None)?;
    /// let document = json!({"age": "42"});
    /// let why = koncorde.explain(&id, &document, None).unwrap();
    /// assert_eq!(
    ///     why.to_string(),
    ///     r#"✗ {"range":{"age":{"gte":18}}}: age is "42", which is no number"#
    /// );
    /// # Ok::<(), koncorde::FilterError>(())
    /// ```
    pub fn explain<'d>(
        &self,
        id: &FilterId,
        document: &'d Value,
        index: Option<&str>,
    ) -> Option<Explanation<'d>> {
        self.engine(index)?.explain(id, document)
    }

    /// Whether a filter is registered in an index.
    pub fn has_filter_id(&self, id: &FilterId, index: Option<&str>) -> bool {
        let engine = self.engine(index);
        engine.is_some_and(|engine| engine.has_filter_id(id))
    }

    /// The ids of all filters of an index, in no particular order.
    pub fn filter_ids(&self, index: Option<&str>) -> impl Iterator<Item = FilterId> {
        self.engine(index).into_iter().flat_map(Engine::filter_ids)
    }

    /// The default index, then the others by name.
    pub fn indexes(&self) -> impl Iterator<Item = Option<&str>> {
        let named = self.named.keys().map(|name| Some(&**name));
        std::iter::once(None).chain(named)
    }

    /// How much all indexes hold together; [`engine`](Self::engine) has the figures
    /// of one.
    pub fn statistics(&self) -> Statistics {
        let named = self.named.values().map(Engine::statistics);
        self.default.statistics() + named.sum()
    }

    /// One index, for what is only there: visiting matches without allocation,
    /// reduced filters. `None` if no filter is in it.
    ///
    /// ```
    /// use koncorde::{Koncorde, Scratch};
    /// use serde_json::json;
    ///
    /// let mut koncorde = Koncorde::new();
    /// koncorde.register(&json!({"exists": "name"}), Some("people"))?;
    /// let people = koncorde.engine(Some("people")).unwrap();
    /// let mut count = 0;
    /// people.visit(&json!({"name": "Ada"}), &mut Scratch::new(), |_| count += 1);
    /// assert_eq!(count, 1);
    /// assert!(koncorde.engine(Some("cars")).is_none());
    /// # Ok::<(), koncorde::FilterError>(())
    /// ```
    pub fn engine(&self, index: Option<&str>) -> Option<&Engine> {
        match index {
            None => Some(&self.default),
            Some(name) => self.named.get(name),
        }
    }
}
