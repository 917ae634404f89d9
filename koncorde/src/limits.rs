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

/// How many ranges of characters all classes of a regular expression may have
/// together: each takes time before the size of the compiled form is known.
///
/// `\pL` has 650 of them.
pub(crate) const PATTERN_RANGES: usize = 500_000;

/// How deep groups of a regular expression may nest: the compiler recurses.
pub(crate) const PATTERN_DEPTH: usize = 250;

/// The greatest count of a repetition such as `a{1000}`, and the greatest product
/// of nested ones. RE2 has the same limit.
pub(crate) const PATTERN_REPEAT: u32 = 1000;

/// A pattern that is found in no more texts than this is a list of them.
pub(crate) const PATTERN_TEXTS: usize = 64;

/// How many points a polygon may have: every test walks along its border.
pub(crate) const POLYGON_POINTS: usize = 10_000;

/// How many bytes the text of a distance may have: longer than any that makes
/// sense.
pub(crate) const DISTANCE_BYTES: usize = 1_000;

/// How many values the partial document of `match` may hold: each of them may be
/// compared with each of an array's elements.
pub(crate) const MATCH_VALUES: usize = 1_000;

/// How deep a document may nest, in levels of arrays and objects: what
/// `serde_json` reads.
pub(crate) const DOCUMENT_DEPTH: usize = 127;

/// Up to this many distinct conditions all equivalent filters have one id,
/// however they are written: `DIAGRAM_NODES_MAX` is enough for any function of
/// them. Beyond it they mostly have.
#[cfg(test)]
pub(crate) const CONDITIONS_EXACT: usize = 10;

/// How many nodes the decision diagram of a filter may have while it is built.
/// More is a function that has no small diagram in this order of its fields;
/// giving up early keeps registration in the range of a millisecond.
pub(crate) const DIAGRAM_NODES_MAX: usize = 4_096;

/// How often two nodes may be joined while it is built.
pub(crate) const DIAGRAM_JOINS_MAX: usize = 16_384;

/// How many children all its nodes may have together: a node has one for each
/// class of a field's values.
pub(crate) const DIAGRAM_EDGES_MAX: usize = 65_536;

/// How many answers it may take to cut the values of a field into classes: each
/// of its conditions is asked about each value that one of them names.
pub(crate) const DOMAIN_TRUTHS_MAX: usize = 1_000_000;

/// How many distinct conditions a diagram is tried for: cutting the values of a
/// field into classes costs the square of its conditions.
pub(crate) const DIAGRAM_CONDITIONS_MAX: usize = 64;

/// How many subfilters the disjunctive normal form may have that names a filter
/// without a diagram.
pub(crate) const SUBFILTERS_MAX: usize = 128;

/// How many operands of one operator are compared with each other to find those
/// that make others superfluous: the comparison costs their square.
pub(crate) const ABSORBED_MAX: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_on_filters_tells_the_limits() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/filters.md");
        let Ok(page) = std::fs::read_to_string(path) else {
            // A packed crate comes without the page.
            return;
        };
        let row = |text: &str| {
            page.lines()
                .find(|it| it.starts_with(&format!("| {text} |")))
        };
        for (text, limit) in [
            ("nesting of a filter", FILTER_DEPTH),
            ("length of a regular expression", PATTERN_BYTES),
            ("its compiled form", PATTERN_COMPILED_BYTES),
            ("ranges of characters in its classes", PATTERN_RANGES),
            ("nesting of its groups and repetitions", PATTERN_DEPTH),
            (
                "counts of repetition, and their product when nested",
                PATTERN_REPEAT as usize,
            ),
            ("points of a polygon", POLYGON_POINTS),
            ("values in a `match`", MATCH_VALUES),
            ("text of a distance", DISTANCE_BYTES),
        ] {
            let row = row(text).unwrap_or_else(|| panic!("no row {text:?}"));
            let cell = row.split('|').nth(2).unwrap_or_default();
            let digits: String = cell.chars().filter(char::is_ascii_digit).collect();
            assert_eq!(digits, limit.to_string(), "{row}");
        }
    }
}
