//! Why the store refuses or fails: a kind for programs, a sentence for people.

use std::fmt;

/// Why the store refused or failed.
#[derive(Clone, Debug, PartialEq)]
pub struct StoreError {
    pub kind: StoreErrorKind,
    /// What was expected, what was found: a sentence for a person.
    pub message: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreErrorKind {
    UnknownIndex {
        index: String,
    },
    UnknownCollection {
        index: String,
        collection: String,
    },
    IndexExists {
        index: String,
    },
    DocumentExists {
        id: String,
    },
    DocumentNotFound {
        id: String,
        index: String,
        collection: String,
    },
    /// With the path of the wrong key and a hint.
    InvalidMapping {
        path: String,
        hint: String,
    },
    /// The field has another type already.
    CannotChangeMapping {
        field: String,
    },
    UnknownFieldType {
        field: String,
        data_type: String,
    },
    UnknownFieldParameter {
        parameter: String,
        field: String,
    },
    /// A part of a mapping that has the wrong shape.
    MalformedMapping {
        property: String,
    },
    /// A field that a strict mapping does not know.
    StrictMapping {
        field: String,
        index: String,
        collection: String,
    },
    /// A clause or a keyword that no query has.
    UnknownQueryKeyword {
        keyword: String,
    },
    InvalidQuery,
    /// A scroll that never was, has expired, or has served its last page.
    UnknownScroll,
    /// A value that does not fit the mapping, a limit, an id that is not allowed…
    Refused,
    /// The disk is full or failing, or the store is closed: nothing was written,
    /// later it may work.
    Unavailable,
    /// A corrupt file, a bug.
    Internal,
}

impl StoreError {
    pub(crate) fn new(kind: StoreErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
        }
    }

    pub(crate) fn refused(message: impl Into<String>) -> Self {
        Self::new(StoreErrorKind::Refused, message)
    }

    pub(crate) fn invalid_query(message: impl Into<String>) -> Self {
        Self::new(StoreErrorKind::InvalidQuery, message)
    }

    pub(crate) fn unavailable(message: impl Into<String>) -> Self {
        Self::new(StoreErrorKind::Unavailable, message)
    }

    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self::new(StoreErrorKind::Internal, message)
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for StoreError {}
