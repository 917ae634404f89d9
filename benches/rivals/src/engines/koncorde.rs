//! Ourselves: a list of ids, which is what one writes first, and a visitor of
//! handles with memory that is used again; documents in bytes and parsed.

use std::cell::RefCell;

use koncorde::{Engine, FilterHandle, FilterId, Scratch};
use serde_json::Value;

use super::{Document, Rival, Way};

#[derive(Default)]
pub struct Ours {
    engine: Engine,
    /// By handle.
    numbers: Vec<u32>,
    scratch: RefCell<Scratch>,
}

impl Ours {
    fn ids(&self, way: Way, document: &Document) -> Vec<FilterId> {
        match way {
            Way::Parsed => self.engine.test(&document.value),
            _ => {
                let ids = self.engine.test_slice(document.text.as_bytes());
                ids.expect("the document is JSON")
            }
        }
    }

    fn visit(&self, way: Way, document: &Document, found: impl FnMut(FilterHandle)) {
        let scratch = &mut self.scratch.borrow_mut();
        if way == Way::ParsedVisit {
            self.engine.visit(&document.value, scratch, found);
        } else {
            let json = document.text.as_bytes();
            let done = self.engine.visit_slice(json, scratch, found);
            done.expect("the document is JSON");
        }
    }

    fn number(&self, handle: FilterHandle) -> u32 {
        self.numbers[handle.index()]
    }
}

impl Rival for Ours {
    fn add(&mut self, number: u32, filter: &Value) -> Result<(), String> {
        let id = self.engine.register(filter).map_err(|it| it.to_string())?;
        let handle = self.engine.handle(&id).expect("it was just registered");
        if self.numbers.len() <= handle.index() {
            self.numbers.resize(handle.index() + 1, 0);
        }
        self.numbers[handle.index()] = number;
        Ok(())
    }

    fn test(&self, way: Way, document: &Document, found: &mut Vec<u32>) {
        match way {
            Way::Visit | Way::ParsedVisit => {
                self.visit(way, document, |it| found.push(self.number(it)));
            }
            _ => {
                let ids = self.ids(way, document);
                let handles = ids.iter().filter_map(|it| self.engine.handle(it));
                found.extend(handles.map(|it| self.number(it)));
            }
        }
    }

    fn count(&self, way: Way, document: &Document) -> u64 {
        match way {
            Way::Visit | Way::ParsedVisit => {
                let mut count = 0;
                self.visit(way, document, |_| count += 1);
                count
            }
            _ => self.ids(way, document).len() as u64,
        }
    }
}
