//! What clients are told when the store refuses: each kind has its line in the
//! table of errors.

use koncorde_store::{StoreError, StoreErrorKind as Kind};

use crate::error::{self, ApiError};

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        let StoreError { kind, message } = error;
        match kind {
            Kind::UnknownIndex { index } => error::SERVICES_STORAGE_UNKNOWN_INDEX.with([index]),
            Kind::UnknownCollection { index, collection } => {
                error::SERVICES_STORAGE_UNKNOWN_COLLECTION.with([index, collection])
            }
            Kind::IndexExists { index } => {
                error::SERVICES_STORAGE_INDEX_ALREADY_EXISTS.with(["public".into(), index])
            }
            Kind::DocumentExists { .. } => error::SERVICES_STORAGE_DOCUMENT_ALREADY_EXISTS.bare(),
            Kind::DocumentNotFound {
                id,
                index,
                collection,
            } => error::SERVICES_STORAGE_NOT_FOUND.with([id, index, collection]),
            Kind::InvalidMapping { path, hint } => {
                error::SERVICES_STORAGE_INVALID_MAPPING.with([path, hint])
            }
            Kind::CannotChangeMapping { field } => {
                error::SERVICES_STORAGE_CANNOT_CHANGE_MAPPING.with([field])
            }
            Kind::UnknownFieldType { field, data_type } => {
                error::SERVICES_STORAGE_INVALID_MAPPING_TYPE.with([field, data_type])
            }
            Kind::UnknownFieldParameter { parameter, field } => {
                error::SERVICES_STORAGE_UNEXPECTED_PROPERTIES.with([parameter, field])
            }
            Kind::MalformedMapping { property } => {
                error::SERVICES_STORAGE_WRONG_MAPPING_PROPERTY.with([property])
            }
            Kind::StrictMapping {
                field,
                index,
                collection,
            } => error::SERVICES_STORAGE_STRICT_MAPPING_REJECTION.with([field, index, collection]),
            Kind::UnknownQueryKeyword { keyword } => {
                error::SERVICES_STORAGE_UNKNOWN_QUERY_KEYWORD.with([keyword])
            }
            Kind::UnknownScroll => error::SERVICES_STORAGE_UNKNOWN_SCROLL_ID.bare(),
            Kind::InvalidQuery | Kind::Refused => {
                error::SERVICES_STORAGE_UNEXPECTED_BAD_REQUEST.with([message])
            }
            Kind::Unavailable | Kind::Internal => {
                error::SERVICES_STORAGE_UNEXPECTED_ERROR.with([message])
            }
        }
    }
}
