//! Which names indexes and collections may have.
//!
//! The rules are those of the storage engines that a server can be moved to, so
//! that no name is ever in the way of moving.

use std::sync::Arc;

use crate::error::{
    ApiError, SERVICES_STORAGE_COLLECTION_RESERVED, SERVICES_STORAGE_INDEX_ALREADY_EXISTS,
    SERVICES_STORAGE_INVALID_COLLECTION_NAME, SERVICES_STORAGE_INVALID_INDEX_NAME,
    SERVICES_STORAGE_UNKNOWN_INDEX,
};
use crate::request::Request;
use crate::storage::Collection;

/// Bytes of a name.
const NAME_BYTES_MAX: usize = 126;

const FORBIDDEN: &[char] = &[
    '\\', '/', '*', '?', '"', '<', '>', '|', ' ', '\t', '\r', '\n', ',', '+', '#', ':', '.', '&',
    '%',
];

/// The index that the server keeps for itself; the data API never reaches it.
const PRIVATE_INDEX: &str = "kuzzle";

/// The names of private indexes begin with it, and no name that a client may
/// give holds it: the server's own documents cannot be reached by the data API.
const PRIVATE_MARK: char = '%';

/// The collection that other servers use to keep an index without collections.
const RESERVED_COLLECTION: &str = "_kuzzle_keep";

/// Whether a new index or collection may be called so.
pub(super) fn is_valid(name: &str) -> bool {
    let is_lower_case = !name.chars().any(char::is_uppercase);
    let is_allowed = is_lower_case && !name.contains(FORBIDDEN) && name != "_all";
    is_allowed && !name.is_empty() && name.len() <= NAME_BYTES_MAX
}

/// Refuses the name of a new index.
pub(super) fn check_index(name: &str) -> Result<(), ApiError> {
    match name {
        PRIVATE_INDEX => Err(SERVICES_STORAGE_INDEX_ALREADY_EXISTS.with(["private", name])),
        _ if is_valid(name) => Ok(()),
        _ => Err(SERVICES_STORAGE_INVALID_INDEX_NAME.with([name])),
    }
}

/// Refuses the name of a new collection, or that of its index.
pub(super) fn check_collection(at: &Collection) -> Result<(), ApiError> {
    check_index(&at.index)?;
    match &*at.collection {
        RESERVED_COLLECTION => {
            Err(SERVICES_STORAGE_COLLECTION_RESERVED.with([RESERVED_COLLECTION]))
        }
        name if is_valid(name) => Ok(()),
        name => Err(SERVICES_STORAGE_INVALID_COLLECTION_NAME.with([name])),
    }
}

/// Private indexes are as if they were not there.
pub(super) fn check_public(index: &str) -> Result<(), ApiError> {
    match is_private(index) {
        true => Err(SERVICES_STORAGE_UNKNOWN_INDEX.with([index])),
        false => Ok(()),
    }
}

/// A collection of the server itself.
pub(super) fn private(collection: &str) -> Collection {
    Collection {
        index: format!("{PRIVATE_MARK}{PRIVATE_INDEX}").into(),
        collection: collection.into(),
    }
}

/// Whether the storage keeps the index for the server and its plugins.
pub(super) fn is_private(index: &str) -> bool {
    index.starts_with(PRIVATE_MARK)
}

/// The name of an index as clients see it.
pub(super) fn public(index: &str) -> &str {
    index.strip_prefix(PRIVATE_MARK).unwrap_or(index)
}

/// The place of a collection that a request wants to be there, once its names
/// are found to be allowed.
pub(super) fn new_place(request: &Request) -> Result<Collection, ApiError> {
    let at = Collection {
        index: Arc::from(request.index()?),
        collection: Arc::from(request.collection()?),
    };
    check_collection(&at)?;
    Ok(at)
}

/// The place that a request names with `index` and `collection`.
pub(super) fn place(request: &Request) -> Result<Collection, ApiError> {
    check_public(request.index()?)?;
    Ok(Collection {
        index: Arc::from(request.index()?),
        collection: Arc::from(request.collection()?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let cases = [
            ("nyc-open-data", true),
            ("été_2@x", true),
            ("_all", false),
            ("", false),
            ("Upper", false),
            ("É", false),
            ("a b", false),
            ("a.b", false),
            ("a%b", false),
            ("a\nb", false),
            ("_kuzzle_keep", true),
        ];
        for (name, valid) in cases {
            assert_eq!(is_valid(name), valid, "{name:?}");
        }
        assert!(is_valid(&"x".repeat(126)) && !is_valid(&"x".repeat(127)));
        assert!(!is_valid(&"é".repeat(64)));
    }

    #[test]
    fn refusals_name_the_reason() {
        let at = |index: &str, collection: &str| Collection {
            index: index.into(),
            collection: collection.into(),
        };
        let cases = [
            (at("i", "c"), None),
            (
                at("kuzzle", "c"),
                Some("services.storage.index_already_exists"),
            ),
            (at("I", "C"), Some("services.storage.invalid_index_name")),
            (
                at("i", "C"),
                Some("services.storage.invalid_collection_name"),
            ),
            (
                at("i", "_kuzzle_keep"),
                Some("services.storage.collection_reserved"),
            ),
        ];
        for (at, expected) in cases {
            let id = check_collection(&at).err().and_then(|it| it.id);
            assert_eq!(id.as_deref(), expected, "{at:?}");
        }
    }
}
