//! The model: documents in a row, each looked at for each question.

use std::cell::RefCell;
use std::collections::HashMap;

use serde_json::Value;

use super::field::{Field, values};

/// A collection.
pub(crate) struct Model {
    pub(crate) mapping: Value,
    /// By id, in the order of the ids.
    documents: Vec<(String, Value)>,
    pub(crate) knows_scores: bool,
    /// What was counted for a field and a term.
    counted: RefCell<HashMap<(String, String), Counts>>,
}

#[derive(Clone, Copy)]
struct Counts {
    /// Elements that have a value in the field.
    elements: f64,
    /// Those of them that have the term.
    having: f64,
    /// The words of all of them.
    words: f64,
}

impl Counts {
    fn idf(&self) -> f64 {
        (1.0 + (self.elements - self.having + 0.5) / (self.having + 0.5)).ln()
    }
}

impl Model {
    pub(crate) fn new(mapping: Value, documents: Vec<(String, Value)>) -> Self {
        Self {
            mapping,
            documents,
            knows_scores: true,
            counted: RefCell::default(),
        }
    }

    /// Writes a document anew, or deletes it.
    pub(crate) fn put(&mut self, id: &str, document: Option<Value>) {
        let place = self.documents.iter().position(|it| it.0 == id).unwrap();
        match document {
            Some(document) => self.documents[place].1 = document,
            None => drop(self.documents.remove(place)),
        }
    }

    pub(crate) fn document(&self, id: &str) -> &Value {
        &self.documents.iter().find(|it| it.0 == id).unwrap().1
    }

    /// The documents that satisfy a query, with their scores, in the order of
    /// their ids. A score that the model does not know is NaN.
    pub(crate) fn search(&self, query: &Value) -> Vec<(String, f64)> {
        let hits = self.documents.iter().filter_map(|(id, source)| {
            let element = Element { id, value: source };
            let score = self.score(query, &element, "")?;
            let score = if self.knows_scores { score } else { f64::NAN };
            Some((id.clone(), score))
        });
        hits.collect()
    }

    pub(crate) fn hits(&self, query: &Value) -> Vec<(&str, &Value)> {
        let all = self.documents.iter().map(|(id, it)| (&**id, it));
        all.filter(|(id, value)| self.score(query, &Element { id, value }, "").is_some())
            .collect()
    }

    pub(crate) fn all(&self) -> Vec<(&str, &Value)> {
        self.documents.iter().map(|(id, it)| (&**id, it)).collect()
    }

    pub(crate) fn field(&self, path: &str) -> Option<Field> {
        Field::find(&self.mapping, path)
    }

    /// All elements of a scope, of all documents.
    pub(crate) fn elements(&self, scope: &str) -> Vec<Element<'_>> {
        let of = |(id, source)| elements(id, source, "", scope);
        self.documents
            .iter()
            .map(|(id, source)| (id.as_str(), source))
            .flat_map(of)
            .collect()
    }

    /// BM25 as Lucene computes it, of one term in one field of one element.
    pub(crate) fn term_score(&self, field: &Field, term: &str, element: &Value) -> Option<f64> {
        let terms = field.terms(element);
        let frequency = terms.iter().filter(|it| it.0 == term).count() as f64;
        if frequency == 0.0 {
            return None;
        }
        let counts = self.counts(field, term, |it| {
            field.terms(it).into_iter().map(|it| it.0).collect()
        });
        if !field.is_text() {
            return Some(counts.idf());
        }
        let average = counts.words / counts.elements;
        let length = 0.25 + 0.75 * terms.len() as f64 / average;
        Some(counts.idf() * 2.2 * frequency / (frequency + 1.2 * length))
    }

    /// Looks at all elements of the field's scope.
    fn counts(&self, field: &Field, term: &str, terms: impl Fn(&Value) -> Vec<String>) -> Counts {
        let key = (format!("{} {}", field.source, field.of), term.to_owned());
        if let Some(counts) = self.counted.borrow().get(&key) {
            return *counts;
        }
        let elements = self.elements(&field.scope);
        let all: Vec<Vec<String>> = elements.iter().map(|it| terms(it.value)).collect();
        let counts = Counts {
            elements: all.iter().filter(|it| !it.is_empty()).count() as f64,
            having: all
                .iter()
                .filter(|it| it.iter().any(|it| it == term))
                .count() as f64,
            words: all.iter().map(Vec::len).sum::<usize>() as f64,
        };
        self.counted.borrow_mut().insert(key, counts);
        counts
    }

    /// The score of a value, of fields that are not analysed.
    pub(crate) fn value_score(&self, field: &Field, value: &Value, element: &Value) -> Option<f64> {
        if field.is_text() || field.is_keyword() {
            let text = match value {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            return self.term_score(field, &text, element);
        }
        let held = field.hold(value)?;
        if !field.held(element).contains(&held) {
            return None;
        }
        if field.of != "boolean" {
            return Some(1.0);
        }
        let held = format!("{held:?}");
        let counts = self.counts(field, &held, |it| {
            field.held(it).iter().map(|it| format!("{it:?}")).collect()
        });
        Some(counts.idf())
    }
}

/// A document, or an element of a nested array.
#[derive(Clone, Copy)]
pub(crate) struct Element<'m> {
    pub(crate) id: &'m str,
    pub(crate) value: &'m Value,
}

/// The elements of a scope that lie in an element of an outer one.
pub(crate) fn elements<'m>(
    id: &'m str,
    value: &'m Value,
    outer: &str,
    scope: &str,
) -> Vec<Element<'m>> {
    if scope == outer {
        return vec![Element { id, value }];
    }
    let path = match outer {
        "" => scope,
        outer => &scope[outer.len() + 1..],
    };
    let found = values(value, path).into_iter().filter(|it| it.is_object());
    found.map(|value| Element { id, value }).collect()
}
