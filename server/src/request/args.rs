//! Typed readers of arguments, with the error a client can act on.

/// How fast a write must be searchable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refresh {
    No,
    WaitFor,
}

/// The language of a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    Elasticsearch,
    Koncorde,
}
