//! Words as the standard analyser cuts them, of the simple texts in the tests:
//! letters and digits, with anything else between them.

/// The words of a text.
pub(crate) fn words(text: &str) -> Vec<String> {
    let parts = text.split(|it: char| !it.is_ascii_alphanumeric());
    parts
        .filter(|it| !it.is_empty())
        .map(str::to_ascii_lowercase)
        .collect()
}

/// Edits from one word to the other: letters added, dropped, changed, and
/// neighbours swapped.
pub(crate) fn edits(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut table = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            if i == 0 || j == 0 {
                table[i][j] = i + j;
                continue;
            }
            let change = usize::from(a[i - 1] != b[j - 1]);
            let mut least = (table[i - 1][j] + 1).min(table[i][j - 1] + 1);
            least = least.min(table[i - 1][j - 1] + change);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(table[i - 2][j - 2] + 1);
            }
            table[i][j] = least;
        }
    }
    table[a.len()][b.len()]
}

/// `AUTO`: none below three letters, one below six, else two.
pub(crate) fn auto_edits(word: &str) -> usize {
    match word.chars().count() {
        0..3 => 0,
        3..6 => 1,
        _ => 2,
    }
}

/// `*` is any text, `?` one letter.
pub(crate) fn is_wildcard(pattern: &str, text: &str) -> bool {
    let mut letters = pattern.chars();
    match letters.next() {
        None => text.is_empty(),
        Some('*') => {
            let mut ends = text.char_indices().map(|it| it.0).chain([text.len()]);
            ends.any(|it| is_wildcard(letters.as_str(), &text[it..]))
        }
        Some(letter) => {
            let mut rest = text.chars();
            let is_one = rest.next().is_some_and(|it| letter == '?' || letter == it);
            is_one && is_wildcard(letters.as_str(), rest.as_str())
        }
    }
}
