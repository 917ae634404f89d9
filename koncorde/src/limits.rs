//! Every bound on user input, with its reason.
//!
//! What goes beyond a limit is refused with an error that names the limit; it is
//! never cut off in silence.

/// How deep a filter may nest, in levels of arrays and objects of its shortest
/// JSON form.
///
/// serde_json reads 127 levels of text, and a term has up to five of its own. So
/// a filter within this limit can always be written and read back, and every walk
/// over it fits in a small stack.
pub(crate) const FILTER_DEPTH: usize = 120;

/// How many bytes a regular expression may have.
///
/// Nobody writes more by hand, and each pattern is parsed, compiled and kept.
pub(crate) const PATTERN_BYTES: usize = 32 * 1024;

/// How many bytes the compiled form of a regular expression may take.
///
/// Counted repetition multiplies: without a bound, `((\pL{100}){10})` and its
/// like would take hundreds of megabytes.
pub(crate) const PATTERN_COMPILED_BYTES: usize = 10 * 1024 * 1024;

/// How deep groups of a regular expression may nest: the compiler recurses.
pub(crate) const PATTERN_DEPTH: usize = 250;

/// The greatest count of a repetition such as `a{1000}`, and the greatest product
/// of nested ones. RE2 has the same limit.
pub(crate) const PATTERN_REPEAT: u32 = 1000;

/// How many points a polygon may have: every test walks along its border.
pub(crate) const POLYGON_POINTS: usize = 10_000;

/// How many values the partial document of `match` may hold: each of them may be
/// compared with each of an array's elements.
pub(crate) const MATCH_VALUES: usize = 1_000;
