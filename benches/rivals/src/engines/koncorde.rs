//! Ourselves, through both entrances: a list of ids, which is what one writes
//! first, and a visitor of handles with memory that is used again.

use std::cell::RefCell;

use koncorde::{Engine, Scratch};
use serde_json::Value;

use super::{Document, Rival};

#[derive(Default)]
struct Numbered {
    engine: Engine,
    /// By handle.
    numbers: Vec<u32>,
    is_parsed: bool,
}

impl Numbered {
    fn add(&mut self, number: u32, filter: &Value) -> Result<(), String> {
        let id = self.engine.register(filter).map_err(|it| it.to_string())?;
        let handle = self.engine.handle(&id).expect("it was just registered");
        if self.numbers.len() <= handle.index() {
            self.numbers.resize(handle.index() + 1, 0);
        }
        self.numbers[handle.index()] = number;
        Ok(())
    }
}

/// With a list of ids.
#[derive(Default)]
pub struct Test(Numbered);

impl Test {
    pub fn parsed() -> Self {
        let mut it = Self::default();
        it.0.is_parsed = true;
        it
    }

    fn ids(&self, document: &Document) -> Vec<koncorde::FilterId> {
        if self.0.is_parsed {
            self.0.engine.test(&document.value)
        } else {
            let ids = self.0.engine.test_slice(document.text.as_bytes());
            ids.expect("the document is JSON")
        }
    }
}

impl Rival for Test {
    fn add(&mut self, number: u32, filter: &Value) -> Result<(), String> {
        self.0.add(number, filter)
    }

    fn test(&self, document: &Document, found: &mut Vec<u32>) {
        let ids = self.ids(document);
        let handles = ids.iter().filter_map(|it| self.0.engine.handle(it));
        found.extend(handles.map(|it| self.0.numbers[it.index()]));
    }

    fn count(&self, document: &Document) -> u64 {
        self.ids(document).len() as u64
    }
}

/// With a visitor.
#[derive(Default)]
pub struct Visit(Numbered, RefCell<Scratch>);

impl Visit {
    pub fn parsed() -> Self {
        let mut it = Self::default();
        it.0.is_parsed = true;
        it
    }

    fn visit(&self, document: &Document, mut found: impl FnMut(koncorde::FilterHandle)) {
        let scratch = &mut self.1.borrow_mut();
        if self.0.is_parsed {
            self.0.engine.visit(&document.value, scratch, &mut found);
        } else {
            let json = document.text.as_bytes();
            let done = self.0.engine.visit_slice(json, scratch, &mut found);
            done.expect("the document is JSON");
        }
    }
}

impl Rival for Visit {
    fn add(&mut self, number: u32, filter: &Value) -> Result<(), String> {
        self.0.add(number, filter)
    }

    fn test(&self, document: &Document, found: &mut Vec<u32>) {
        self.visit(document, |it| found.push(self.0.numbers[it.index()]));
    }

    fn count(&self, document: &Document) -> u64 {
        let mut count = 0;
        self.visit(document, |_| count += 1);
        count
    }
}
