//! Bulk: documents written as they are sent, without metadata of the server,
//! without limits, and silently unless asked otherwise.

mod import; // a list of mixed operations
mod write; // one document, or many
mod by_query; // all documents that a query finds

pub(super) use import::import;

use crate::app::Place::{Body, Query};
use crate::app::{Action, action, controller};

pub(super) fn actions() -> Vec<Action> {
    controller(
        "bulk",
        [
            waiting(action("deleteByQuery", by_query::delete))
                .about("Deletes all documents that a query finds. `{deleted}`")
                .delete("/:index/:collection/_bulk/_query")
                .required(Body, "query", "object"),
            waiting(action("import", import::handle))
                .about(
                    "Runs operations in their order: lines `{index|create|update|delete: \
                     {_id?}}`, each but `delete` followed by its document. `{successes: \
                     [{<operation>: {_id, status}}], errors: [{<operation>: {_id, status, \
                     _source, error}}]}`",
                )
                .post("/:index/:collection/_bulk")
                .required(Body, "bulkData", "array")
                .optional(Query, "strict", "flag"),
            waiting(action("mWrite", write::write_many))
                .about(
                    "Writes documents just as they are, each for itself. `{successes: \
                     [{_id, _source, _version, created, result, status}], errors: \
                     [{document, reason, status}]}`",
                )
                .post("/:index/:collection/_mWrite")
                .required(Body, "documents", "array<{_id?,body}>")
                .optional(Query, "notify", "flag")
                .optional(Query, "strict", "flag"),
            waiting(action("updateByQuery", by_query::update))
                .about("Changes all documents that a query finds. `{updated}`")
                .patch("/:index/:collection/_bulk/_query")
                .required(Body, "query", "object")
                .required(Body, "changes", "object"),
            waiting(action("write", write::write))
                .about("Writes a document just as it is. `{_id, _source, _version, created}`")
                .post("/:index/:collection/_write")
                .required(Body, "body", "object")
                .optional(Query, "_id", "string")
                .optional(Query, "notify", "flag"),
        ],
    )
}

fn waiting(action: Action) -> Action {
    action.optional(Query, "refresh", "enum(wait_for,false)")
}
