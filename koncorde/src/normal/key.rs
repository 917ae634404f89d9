//! Canonical bytes: equal for equivalent filters.
//!
//! Four levels, the first that fits:
//!  1. a chain: a conjunction or a disjunction of fields, each with a set of
//!     values. Most filters are seen to be chains without further ado;
//!  2. the decision diagram, canonical for all that filters say about values, and
//!     written as a chain if it is one;
//!  3. the sorted and absorbed disjunctive normal form, within
//!     `limits::SUBFILTERS_MAX`;
//!  4. the sorted tree itself.
//!
//! With up to `limits::CONDITIONS_EXACT` distinct conditions one of the first two
//! always fits. No two filters that differ on a document have the same bytes:
//! each level writes down the whole function, self-delimiting, behind its own
//! mark.

use super::Form;
use super::chain::Chain;
use super::diagram::{Diagram, FALSE, TRUE};
use super::dnf::{Subfilter, subfilters};
use super::layout;
use super::writer::Writer;

/// The form, a constant if it always or never holds, and its key.
pub(super) fn canonical(form: Form) -> (Form, Vec<u8>) {
    let mut writer = Writer::new();
    let constant = match Chain::of_form(&form) {
        Some(chain) => write_chain(chain, &mut writer),
        None => write_function(&form, &mut writer),
    };
    let form = constant.unwrap_or(form);
    if matches!(form, Form::Everything | Form::Nothing) {
        writer.form(&form);
    }
    (form, writer.bytes)
}

/// Writes a chain, unless it is a constant. One link is a conjunction.
fn write_chain(mut chain: Chain<'_>, writer: &mut Writer) -> Option<Form> {
    if let Some(constant) = chain.simplify() {
        return Some(constant);
    }
    let is_or = !chain.is_and && chain.links.len() > 1;
    writer.mark(if is_or { b'A' } else { b'C' });
    writer.count(chain.links.len());
    for (field, values) in &chain.links {
        writer.text(field.as_str());
        values.write(&mut writer.bytes);
    }
    None
}

/// Writes a form that is not flat, unless it is a constant.
fn write_function(form: &Form, writer: &mut Writer) -> Option<Form> {
    match Diagram::of(form) {
        Ok((_, FALSE)) => return Some(Form::Nothing),
        Ok((_, TRUE)) => return Some(Form::Everything),
        Ok((diagram, root)) => match Chain::of_diagram(&diagram, root) {
            Some(chain) => return write_chain(chain, writer),
            None => layout::write(&diagram, root, writer),
        },
        Err(_) => match subfilters(form) {
            Some(subfilters) => match Chain::of_subfilters(&subfilters) {
                Some(chain) => return write_chain(chain, writer),
                None => write_subfilters(&subfilters, writer),
            },
            None => writer.form(form),
        },
    }
    None
}

fn write_subfilters(subfilters: &[Subfilter<'_>], writer: &mut Writer) {
    writer.mark(b'S');
    writer.count(subfilters.len());
    for subfilter in subfilters {
        writer.count(subfilter.len());
        subfilter.iter().for_each(|it| writer.literal(it));
    }
}
