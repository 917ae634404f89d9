//! Where words begin and end.

use unicode_segmentation::UnicodeSegmentation;

/// Words by the rules of Unicode (UAX #29), without what is no word.
pub(super) fn words(text: &str) -> Vec<(usize, usize)> {
    text.unicode_word_indices()
        .map(|(start, word)| (start, start + word.len()))
        .collect()
}

/// The longest runs of such characters.
pub(super) fn runs(text: &str, is_part: impl Fn(char) -> bool) -> Vec<(usize, usize)> {
    let mut spans = Vec::new();
    let mut start = None;
    for (place, letter) in text.char_indices().chain([(text.len(), '\0')]) {
        match (start, place < text.len() && is_part(letter)) {
            (None, true) => start = Some(place),
            (Some(from), false) => {
                spans.push((from, place));
                start = None;
            }
            _ => (),
        }
    }
    spans
}
