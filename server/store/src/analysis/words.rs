//! Where words begin and end.

use unicode_segmentation::UnicodeSegmentation;

/// From and to, in bytes.
pub(super) type Span = (usize, usize);

/// Words by the rules of Unicode (UAX #29) as Lucene takes them: letters and
/// digits, emoji, and the runs of scripts that write no spaces.
pub(super) fn words(text: &str, chars_max: usize) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    let mut is_run = false;
    for (start, word) in text.split_word_bound_indices() {
        let Some(first) = word.chars().next() else {
            continue;
        };
        let end = start + word.len();
        let is_unspaced = is_unspaced(first);
        if !is_unspaced && !is_emoji(first) && !word.chars().any(char::is_alphanumeric) {
            is_run = false;
            continue;
        }
        match spans.last_mut() {
            Some(last) if is_run && is_unspaced && last.1 == start => last.1 = end,
            _ => push_parts(text, (start, end), chars_max, &mut spans),
        }
        is_run = is_unspaced;
    }
    spans
}

/// Longer words come in parts.
fn push_parts(text: &str, (start, end): Span, chars_max: usize, spans: &mut Vec<Span>) {
    if end - start <= chars_max {
        spans.push((start, end));
        return;
    }
    let places = text[start..end].char_indices().map(|it| start + it.0);
    let starts: Vec<usize> = places.step_by(chars_max.max(1)).collect();
    let ends = starts.iter().skip(1).copied().chain([end]);
    spans.extend(starts.iter().copied().zip(ends));
}

/// Thai, Lao, Khmer and Myanmar.
fn is_unspaced(letter: char) -> bool {
    matches!(letter, '\u{0E00}'..='\u{0EFF}' | '\u{1000}'..='\u{109F}' | '\u{1780}'..='\u{17FF}')
}

fn is_emoji(letter: char) -> bool {
    matches!(letter,
        '\u{1F000}'..='\u{1FAFF}'
        | '\u{2600}'..='\u{2712}'
        | '\u{2714}' | '\u{2716}' | '\u{271D}' | '\u{2721}' | '\u{2728}' | '\u{2733}'..='\u{2734}'
        | '\u{2744}' | '\u{2747}' | '\u{274C}' | '\u{274E}' | '\u{2753}'..='\u{2757}'
        | '\u{2763}'..='\u{2767}' | '\u{2795}'..='\u{2797}' | '\u{27A1}' | '\u{27B0}'
        | '\u{231A}'..='\u{231B}' | '\u{23E9}'..='\u{23F3}' | '\u{2B50}' | '\u{2B55}')
}

/// The longest runs of such characters.
pub(super) fn runs(text: &str, is_part: impl Fn(char) -> bool) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut start = None;
    for (place, letter) in text.char_indices() {
        match (start, is_part(letter)) {
            (None, true) => start = Some(place),
            (Some(from), false) => {
                spans.push((from, place));
                start = None;
            }
            _ => (),
        }
    }
    spans.extend(start.map(|from| (from, text.len())));
    spans
}
