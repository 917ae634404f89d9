//! Why a filter does not match a document: the conditions that fail.
//!
//! Cost: every condition of the filter is evaluated, slowly; this is for people.

use std::fmt;

use serde_json::Value;

use crate::document::View;
use crate::evaluate::matches;
use crate::filter::Filter;
use crate::normal::{Form, restore};

/// Why a filter does or does not match a document, see
/// [`Engine::explain`](crate::Engine::explain).
///
/// It displays as one line per condition that fails.
#[derive(Clone, Debug)]
pub struct Explanation {
    matches: bool,
    failed: Vec<(Filter, Option<Value>)>,
}

impl Explanation {
    /// Whether the filter matches.
    pub fn is_match(&self) -> bool {
        self.matches
    }

    /// The conditions that fail, in the reduced form of the filter, each with
    /// the value of its field; `None` if the document has no such field. Of an
    /// `and` those operands that fail, of an `or` all, as none holds; nothing if
    /// the filter matches.
    pub fn failed(&self) -> impl Iterator<Item = (&Filter, Option<&Value>)> {
        let failed = self.failed.iter();
        failed.map(|(condition, value)| (condition, value.as_ref()))
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.matches {
            return f.write_str("the filter matches");
        }
        if self.failed.is_empty() {
            return f.write_str("the filter matches no document");
        }
        for (place, (condition, value)) in self.failed().enumerate() {
            let separator = if place == 0 { "" } else { "\n" };
            match value {
                Some(value) => write!(f, "{separator}{condition} fails: found {value}")?,
                None => write!(f, "{separator}{condition} fails: no such field")?,
            }
        }
        Ok(())
    }
}

pub(crate) fn explain(form: &Form, document: &Value) -> Explanation {
    let mut failed = Vec::new();
    let matches = document.is_object() && explain_form(form, document, &mut failed);
    Explanation { matches, failed }
}

/// Whether a form holds; if not, what fails is added.
fn explain_form(form: &Form, document: &Value, failed: &mut Vec<(Filter, Option<Value>)>) -> bool {
    match form {
        Form::Everything => true,
        Form::Nothing => false,
        Form::And(operands) => operands
            .iter()
            .fold(true, |all, it| explain_form(it, document, failed) & all),
        Form::Or(operands) => {
            let first = failed.len();
            let holds = operands.iter().any(|it| explain_form(it, document, failed));
            if holds {
                failed.truncate(first);
            }
            holds
        }
        Form::Literal(literal) => {
            let condition = restore(form);
            let holds = matches(&condition, document);
            if let (false, Some(object)) = (holds, document.as_object()) {
                let value = View::Document(object).get(literal.condition.field.as_str());
                failed.push((condition, value.cloned()));
            }
            holds
        }
    }
}
