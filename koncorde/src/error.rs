//! What was expected, what was found, where.

use std::fmt;

/// A filter that cannot be used, and why.
///
/// The message says what was expected and what was found. Three answers say
/// where, each made for another reader:
///
/// - [`keyword`](Self::keyword) and [`path`](Self::path) are those of the
///   original Koncorde, for clients that compare them. The path is joined with
///   dots and shows `bool` in its rewriting, such as `bool.and.not.or` for
///   `must_not`;
/// - [`pointer`](Self::pointer) is the place that the user typed, as a JSON
///   pointer (RFC 6901).
///
/// ```
/// use koncorde::Filter;
/// use serde_json::json;
///
/// let filter = json!({"bool": {"must_not": [{"range": {"age": {"gt": "18"}}}]}});
/// let error = Filter::parse(&filter).unwrap_err();
/// assert_eq!(error.keyword(), Some("range"));
/// assert_eq!(error.path(), Some("bool.and.not.or.range.age.gt"));
/// assert_eq!(error.pointer(), "/bool/must_not/0/range/age/gt");
/// assert_eq!(
///     error.to_string(),
///     r#""bool.and.not.or.range.age.gt": must be a number, found the string "18""#
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilterError(Box<Inner>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Inner {
    message: String,
    keyword: Option<String>,
    path: Option<String>,
    pointer: String,
}

impl FilterError {
    /// An error of the filter as a whole.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            message: message.into(),
            keyword: None,
            path: None,
            pointer: String::new(),
        }))
    }

    pub(crate) fn with_keyword(mut self, keyword: impl Into<String>) -> Self {
        self.0.keyword = Some(keyword.into());
        self
    }

    pub(crate) fn with_path(mut self, path: impl Into<String>) -> Self {
        self.0.path = Some(path.into());
        self
    }

    pub(crate) fn with_pointer(mut self, pointer: impl Into<String>) -> Self {
        self.0.pointer = pointer.into();
        self
    }

    /// The keyword that is used wrongly, or the unknown one, or several joined
    /// with commas where one was expected. `None` when the error concerns no
    /// keyword, such as a filter that is not an object.
    pub fn keyword(&self) -> Option<&str> {
        self.0.keyword.as_deref()
    }

    /// The dotted path of the error as the original Koncorde writes it: keywords
    /// from the root, the field, the attribute; `None` at the root.
    pub fn path(&self) -> Option<&str> {
        self.0.path.as_deref()
    }

    /// The JSON pointer of the place in the filter that the user wrote; empty at
    /// the root, and for filters that were not read from JSON.
    pub fn pointer(&self) -> &str {
        &self.0.pointer
    }

    /// What was expected and what was found, without the path.
    pub fn message(&self) -> &str {
        &self.0.message
    }
}

/// The path in quotes if there is one, then the message.
impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.path {
            Some(path) => write!(f, "\"{path}\": {}", self.0.message),
            None => f.write_str(&self.0.message),
        }
    }
}

impl std::error::Error for FilterError {}
