//! Terms at a small edit distance: inserting, removing or replacing a letter,
//! or swapping two neighbours.

/// Counts edits letter by letter.
#[derive(Debug)]
pub(crate) struct Edits {
    letters: Vec<char>,
    most: u8,
    swaps: bool,
}

/// The distances between what was read and each beginning of the term; the
/// same before the last letter, for swaps.
#[derive(Clone, Debug)]
pub(crate) struct EditState {
    row: Vec<u8>,
    before: Vec<u8>,
    last: Option<char>,
}

impl Edits {
    pub(crate) fn new(term: &str, most: u8, swaps: bool) -> Self {
        Self {
            letters: term.chars().collect(),
            most,
            swaps,
        }
    }

    pub(super) fn start(&self) -> EditState {
        let far = self.most + 1;
        let row = (0..=self.letters.len()).map(|it| u8::try_from(it).unwrap_or(far).min(far));
        EditState {
            row: row.collect(),
            before: Vec::new(),
            last: None,
        }
    }

    pub(super) fn step(&self, state: &EditState, letter: char) -> EditState {
        let far = self.most + 1;
        let mut row = Vec::with_capacity(state.row.len());
        row.push((state.row[0] + 1).min(far));
        for (place, own) in self.letters.iter().enumerate() {
            let replaced = state.row[place] + u8::from(*own != letter);
            let removed = state.row[place + 1] + 1;
            let inserted = row[place] + 1;
            let mut least = replaced.min(removed).min(inserted).min(far);
            let is_swap = self.swaps
                && place > 0
                && state.last == Some(*own)
                && self.letters[place - 1] == letter;
            if is_swap && let Some(before) = state.before.get(place - 1) {
                least = least.min(before + 1);
            }
            row.push(least);
        }
        EditState {
            row,
            before: state.row.clone(),
            last: Some(letter),
        }
    }

    pub(super) fn edits(&self, state: &EditState) -> Option<u8> {
        state.row.last().copied().filter(|it| *it <= self.most)
    }

    pub(super) fn can_match(&self, state: &EditState) -> bool {
        let is_near = |it: &u8| *it <= self.most;
        // A swap may still take back an edit.
        state.row.iter().any(is_near) || self.swaps && state.before.iter().any(|it| *it < self.most)
    }

    /// How many edits away the text is, when it is near enough.
    pub(crate) fn distance(&self, text: &str) -> Option<u8> {
        let mut state = self.start();
        for letter in text.chars() {
            if !self.can_match(&state) {
                return None;
            }
            state = self.step(&state, letter);
        }
        self.edits(&state)
    }
}
