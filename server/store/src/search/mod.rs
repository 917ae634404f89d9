//! A search body, answered.
//!
//! `body` reads it into types, `execute` runs it in one pass over what the query
//! finds: the best hits (`sort`, `top`), their number, the aggregations (`aggs`).
//! `fetch` reads the documents of the page, `scroll` keeps a search open for the
//! pages after it. What both need to know of fields is in `fields` and
//! `columns`.

mod scroll;
mod execute;
mod fetch;
mod body;
mod aggs;
mod sort;
mod nested;
mod matching;
mod source;
mod columns;
mod fields;
mod top;
mod format;
mod options;

#[cfg(test)]
mod tests;

pub(crate) use execute::{count, search};
pub(crate) use scroll::Scrolls;
