//! Documents: read, written, searched; every write is told to subscribers.

mod read; // get, exists and their many-fold forms
mod write; // one document
mod many; // many documents, each of which may fail on its own
mod by_query; // all documents that a query finds
mod item; // the items of a write of many
mod search; // search, scroll and count
mod export; // all that a query finds, as a stream of lines
mod pages; // all that a query finds
pub(super) mod query; // what a request looks for
mod writing; // from a write to its notification
mod metadata; // what the server itself writes into documents

pub(super) use item::{Item, Kind as ItemKind};
pub(super) use many::{check_items, conclude, sort_failures};
pub(super) use metadata::{Metadata, put as put_metadata};
pub(super) use pages::Pages;
pub(super) use search::to_json;
pub(super) use write::{created_or, whole};
pub(super) use writing::{Writing, check_content, origin};

use crate::app::Place::{Body, PathOrQuery, Query};
use crate::app::{Action, Verb, action, controller};

const ID: &str = "_id";
const SOURCE: &str = "_source";
const METADATA: &str = "_kuzzle_info";

/// The ids by which reads that take many of them are asked.
const MANY_IDS: (&str, &str) = ("ids", "array<string>");

pub(super) fn actions() -> Vec<Action> {
    controller(
        "document",
        [
            action("count", search::count)
                .about("How many documents a query finds. `{count}`")
                .post("/:index/:collection/_count")
                .optional(Query, "lang", LANGUAGES)
                .optional(Body, "query", "object"),
            waiting(action("create", write::create))
                .about(
                    "Creates a document; without `_id` it gets a new one. `{_id, \
                     _source, _version}`",
                )
                .post("/:index/:collection/_create")
                .post("/:index/:collection/:_id/_create")
                .optional(PathOrQuery, ID, "string")
                .required(Body, "body", "object"),
            waiting(action("createOrReplace", write::create_or_replace))
                .about(
                    "Creates a document, or replaces the one that is there. `{_id, \
                     _source, _version, created}`",
                )
                .put("/:index/:collection/:_id")
                .required(Body, "body", "object"),
            waiting(action("delete", write::delete))
                .about("Deletes a document. `{_id}`, with `source` the whole document")
                .delete("/:index/:collection/:_id")
                .optional(Query, "source", "flag"),
            waiting(action("deleteByQuery", by_query::delete_by_query))
                .about(
                    "Deletes the documents that a query finds. `{documents: [{_id}], ids: \
                     [id]}`, with `source` also their `_source`",
                )
                .delete("/:index/:collection/_query")
                .optional(Body, "query", "object")
                .optional(Query, "lang", LANGUAGES)
                .optional(Query, "source", "flag"),
            waiting(action("deleteFields", write::delete_fields))
                .about(
                    "Takes fields, given as dotted paths, out of a document; unknown \
                     ones are passed over. `{_id, _version}`, with `source` also \
                     `_source`",
                )
                .delete("/:index/:collection/:_id/_fields")
                .required(Body, "fields", "array<string>")
                .optional(Query, "source", "flag"),
            action("exists", read::exists)
                .about("Whether there is such a document. `true` or `false`")
                .get("/:index/:collection/:_id/_exists"),
            action("export", export::export)
                .about(
                    "Sends all documents that a query finds as lines of JSON, or as CSV; over \
                     HTTP only. With GET the parts of the body come as JSON in the query \
                     string. A stream",
                )
                .get("/:index/:collection/_export")
                .post("/:index/:collection/_export")
                .optional(Query, "format", "enum(jsonl,csv)")
                .optional(Query, "separator", "string")
                .optional(Query, "lang", LANGUAGES)
                .optional(Query, "size", "integer")
                .optional(Query, "scroll", "string")
                .optional(Body, "query", "object")
                .optional(Body, "fields", "array")
                .optional(Body, "fieldsName", "object")
                .optional(Body, "collapse", "object"),
            action("get", read::get)
                .about("A document. `{_id, _source, _version}`")
                .get("/:index/:collection/:_id"),
            many(action("mCreate", many::m_create))
                .about(
                    "Creates documents, each for itself. `{successes: [{_id, _source, \
                     _version, created, result, status}], errors: [{document, reason, \
                     status}]}`",
                )
                .post("/:index/:collection/_mCreate")
                .required(Body, "documents", "array<{_id?,body}>"),
            many(action("mCreateOrReplace", many::m_create_or_replace))
                .about(
                    "Creates or replaces documents, each for itself; `source=false` \
                     leaves the sources out. The answer is like that of mCreate",
                )
                .put("/:index/:collection/_mCreateOrReplace")
                .required(Body, "documents", "array<{_id?,body}>")
                .optional(Query, "source", "boolean"),
            many(action("mDelete", many::m_delete))
                .about(
                    "Deletes documents, each for itself. `{successes: [id], errors: \
                     [{_id, reason, status}]}`",
                )
                .delete("/:index/:collection/_mDelete")
                .required(Body, MANY_IDS.0, MANY_IDS.1),
            action("mExists", read::m_exists)
                .about("Which of these documents exist. `{successes: [id], errors: [id]}`")
                .post("/:index/:collection/_mExists")
                .required(Query, MANY_IDS.0, "csv|array<string>")
                .optional(Body, MANY_IDS.0, MANY_IDS.1)
                .optional(Query, "strict", "flag"),
            action("mGet", read::m_get)
                .about(
                    "Documents in the order of their ids. `{successes: [{_id, _source, \
                     _version}], errors: [id]}`",
                )
                .get("/:index/:collection/_mGet")
                .post("/:index/:collection/_mGet")
                .required(Query, MANY_IDS.0, "csv|array<string>")
                .optional(Body, MANY_IDS.0, MANY_IDS.1)
                .optional(Query, "strict", "flag"),
            many(action("mReplace", many::m_replace))
                .about(
                    "Replaces documents that exist, each for itself. The answer is like \
                     that of mCreate",
                )
                .put("/:index/:collection/_mReplace")
                .required(Body, "documents", "array<{_id,body}>"),
            many(action("mUpdate", many::m_update))
                .about(
                    "Changes documents, each for itself: objects are merged, all else \
                     replaced. `{successes: [{_id, _source, _version, status, \
                     _updatedFields}], errors: [{document, reason, status}]}`",
                )
                .deprecated(Verb::Put, "/:index/:collection/_mUpdate", "2.11.0")
                .patch("/:index/:collection/_mUpdate")
                .required(Body, "documents", "array<{_id,body}>")
                .optional(Query, "retryOnConflict", "integer"),
            many(action("mUpsert", many::m_upsert))
                .about(
                    "Changes documents, or creates those that do not exist from \
                     `default` and `changes`. The answer is like that of mUpdate, with \
                     `created`",
                )
                .post("/:index/:collection/_mUpsert")
                .required(Body, "documents", "array<{_id,changes,default?}>")
                .optional(Query, "retryOnConflict", "integer"),
            waiting(action("replace", write::replace))
                .about("Replaces a document that exists. `{_id, _source, _version}`")
                .put("/:index/:collection/:_id/_replace")
                .required(Body, "body", "object"),
            action("scroll", search::scroll)
                .about(
                    "The next page of a search that asked for `scroll`, of the documents \
                     as they were then. `{hits, remaining, scrollId, total}`",
                )
                .get("/_scroll/:scrollId")
                .optional(Query, "scroll", "string"),
            action("search", search::search)
                .about(
                    "Finds documents. `{hits: [{_id, _score, _source, index, \
                     collection}], total}`, with `scroll` also `{remaining, scrollId}`, and \
                     `aggregations` when there are any",
                )
                .get("/:index/:collection/_search")
                .post("/:index/:collection/_search")
                .optional(Query, "targets", "array<{index,collections}>")
                .optional(Query, "from", "integer")
                .optional(Query, "size", "integer")
                .optional(Query, "scroll", "string")
                .optional(Query, "lang", LANGUAGES)
                .optional(Query, "searchBody", "object(GET only)")
                .optional(Body, "body", "search body"),
            waiting(action("update", write::update))
                .about(
                    "Changes a document: objects are merged, all else replaced. `{_id, \
                     _source, _version}` with what was sent and the metadata, with \
                     `source` the whole document",
                )
                .deprecated(Verb::Put, "/:index/:collection/:_id/_update", "2.11.0")
                .patch("/:index/:collection/:_id/_update")
                .required(Body, "body", "object")
                .optional(Query, "source", "flag")
                .optional(Query, "retryOnConflict", "integer"),
            waiting(action("updateByQuery", by_query::update_by_query))
                .about(
                    "Changes the documents that a query finds, each for itself. \
                     `{successes: [{_id, _version, status}], errors: [{document, reason, \
                     status}]}`, with `source` also their `_source`",
                )
                .put("/:index/:collection/_query")
                .required(Body, "query", "object")
                .required(Body, "changes", "object")
                .optional(Query, "lang", LANGUAGES)
                .optional(Query, "source", "flag"),
            waiting(action("upsert", write::upsert))
                .about(
                    "Changes a document, or creates it from `default` and `changes`. \
                     `{_id, _version, created}`, with `source` also `_source`",
                )
                .post("/:index/:collection/:_id/_upsert")
                .deprecated(Verb::Put, "/:index/:collection/:_id/_upsert", "2.11.0")
                .required(Body, "changes", "object")
                .optional(Body, "default", "object")
                .optional(Query, "source", "flag")
                .optional(Query, "retryOnConflict", "integer"),
            action("validate", read::validate)
                .about(
                    "Whether a document follows the specifications of its collection. \
                     `{valid, errorMessages}`",
                )
                .post("/:index/:collection/_validate")
                .required(Body, "body", "object"),
        ],
    )
}

const LANGUAGES: &str = "enum(elasticsearch,koncorde)";

/// What every write takes.
fn waiting(action: Action) -> Action {
    action
        .optional(Query, "refresh", "enum(wait_for,false)")
        .optional(Query, "silent", "flag")
}

/// What every write of many documents takes.
fn many(action: Action) -> Action {
    waiting(action).optional(Query, "strict", "flag")
}
