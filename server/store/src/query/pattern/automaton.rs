//! From bytes to letters: dictionaries hold UTF-8, automata read letters. The
//! terms of a JSON field have their path before them.

use tantivy_fst::Automaton;

use super::Table;
use super::edits::{EditState, Edits};

/// What reads letters.
pub(crate) trait Letters {
    type State: Clone;

    fn start(&self) -> Self::State;
    fn step(&self, state: &Self::State, letter: char) -> Self::State;
    fn is_match(&self, state: &Self::State) -> bool;
    fn can_match(&self, state: &Self::State) -> bool;
    fn will_always_match(&self, state: &Self::State) -> bool;
}

impl Letters for Table {
    type State = u32;

    fn start(&self) -> u32 {
        self.start()
    }

    fn step(&self, state: &u32, letter: char) -> u32 {
        self.step(*state, letter)
    }

    fn is_match(&self, state: &u32) -> bool {
        self.is_match(*state)
    }

    fn can_match(&self, state: &u32) -> bool {
        self.can_match(*state)
    }

    fn will_always_match(&self, state: &u32) -> bool {
        self.will_always_match(*state)
    }
}

impl Letters for Edits {
    type State = EditState;

    fn start(&self) -> EditState {
        self.start()
    }

    fn step(&self, state: &EditState, letter: char) -> EditState {
        self.step(state, letter)
    }

    fn is_match(&self, state: &EditState) -> bool {
        self.edits(state).is_some()
    }

    fn can_match(&self, state: &EditState) -> bool {
        self.can_match(state)
    }

    fn will_always_match(&self, _: &EditState) -> bool {
        false
    }
}

/// Reads bytes, letter by letter.
#[derive(Debug)]
pub(crate) struct ByLetters<L>(pub(crate) L);

/// Between letters, or inside of one.
#[derive(Clone, Debug)]
pub(crate) struct ByteState<S> {
    state: S,
    code: u32,
    /// Bytes of the letter that are still to come.
    left: u8,
    is_broken: bool,
}

impl<L: Letters> Automaton for ByLetters<L> {
    type State = ByteState<L::State>;

    fn start(&self) -> Self::State {
        ByteState {
            state: self.0.start(),
            code: 0,
            left: 0,
            is_broken: false,
        }
    }

    fn is_match(&self, at: &Self::State) -> bool {
        !at.is_broken && at.left == 0 && self.0.is_match(&at.state)
    }

    fn can_match(&self, at: &Self::State) -> bool {
        !at.is_broken && self.0.can_match(&at.state)
    }

    fn will_always_match(&self, at: &Self::State) -> bool {
        !at.is_broken && at.left == 0 && self.0.will_always_match(&at.state)
    }

    fn accept(&self, at: &Self::State, byte: u8) -> Self::State {
        let mut next = at.clone();
        (next.code, next.left) = match (byte, at.left) {
            (0..=0x7F, 0) => (byte.into(), 0),
            (0xC0..=0xDF, 0) => ((byte & 0x1F).into(), 1),
            (0xE0..=0xEF, 0) => ((byte & 0x0F).into(), 2),
            (0xF0..=0xF7, 0) => ((byte & 0x07).into(), 3),
            (0x80..=0xBF, 1..) => (at.code << 6 | u32::from(byte & 0x3F), at.left - 1),
            _ => {
                next.is_broken = true;
                return next;
            }
        };
        if next.left == 0 {
            match char::from_u32(next.code) {
                Some(letter) => next.state = self.0.step(&at.state, letter),
                None => next.is_broken = true,
            }
        }
        next
    }
}

/// What comes after some bytes.
#[derive(Debug)]
pub(crate) struct Prefixed<A> {
    pub(crate) prefix: Box<[u8]>,
    pub(crate) then: A,
}

#[derive(Clone, Debug)]
pub(crate) enum PrefixedState<S> {
    /// So many bytes of the prefix were read.
    Before(usize),
    After(S),
    Other,
}

impl<A: Automaton> Automaton for Prefixed<A> {
    type State = PrefixedState<A::State>;

    fn start(&self) -> Self::State {
        match self.prefix.is_empty() {
            true => PrefixedState::After(self.then.start()),
            false => PrefixedState::Before(0),
        }
    }

    fn is_match(&self, state: &Self::State) -> bool {
        matches!(state, PrefixedState::After(it) if self.then.is_match(it))
    }

    fn can_match(&self, state: &Self::State) -> bool {
        match state {
            PrefixedState::Before(_) => true,
            PrefixedState::After(it) => self.then.can_match(it),
            PrefixedState::Other => false,
        }
    }

    fn will_always_match(&self, state: &Self::State) -> bool {
        matches!(state, PrefixedState::After(it) if self.then.will_always_match(it))
    }

    fn accept(&self, state: &Self::State, byte: u8) -> Self::State {
        match state {
            PrefixedState::Before(read) if self.prefix[*read] == byte => {
                match read + 1 == self.prefix.len() {
                    true => PrefixedState::After(self.then.start()),
                    false => PrefixedState::Before(read + 1),
                }
            }
            PrefixedState::After(it) => PrefixedState::After(self.then.accept(it, byte)),
            _ => PrefixedState::Other,
        }
    }
}
