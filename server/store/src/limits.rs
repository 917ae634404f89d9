//! Every bound of the store, with its reason.

use std::time::Duration;

/// Elasticsearch refuses longer document ids, in bytes.
pub(crate) const ID_BYTES_MAX: usize = 512;

/// Names are part of keys in several tables; longer ones serve nobody.
pub(crate) const NAME_BYTES_MAX: usize = 512;

/// The fields of one collection, objects and multi-fields included: as many as
/// Elasticsearch allows. Dynamic mappings would otherwise grow with each key of
/// a document used as a dictionary.
pub(crate) const MAPPED_FIELDS_MAX: usize = 1000;

/// How deep mapped objects may nest, as in Elasticsearch.
pub(crate) const MAPPING_DEPTH_MAX: usize = 20;

/// How deep a document may nest. The JSON reader gives up at 128: what is
/// stored must be readable again.
pub(crate) const DOCUMENT_DEPTH_MAX: usize = 100;

/// The size of one document as JSON. Updates could grow one for ever.
pub(crate) const DOCUMENT_BYTES_MAX: usize = 64 << 20;

/// The longest text a keyword takes without `ignore_above`, as in Elasticsearch.
pub(crate) const KEYWORD_BYTES_MAX: usize = 32_766;

/// `from + size` of a search, as in Elasticsearch: every page is found from
/// the first hit on, and the hits before it are held meanwhile.
pub(crate) const SEARCH_WINDOW_MAX: u64 = 10_000;

/// The levels of one sort; each costs memory for every hit of the window.
pub(crate) const SORT_FIELDS_MAX: usize = 64;

/// The patterns of one `_source` filter; each is tried on each field of each hit.
pub(crate) const SOURCE_PATTERNS_MAX: usize = 256;

/// The compiled form of one pattern of an analyser.
pub(crate) const PATTERN_BYTES_MAX: usize = 1 << 20;

/// How far the lengths of n-grams may differ unless a setting says otherwise, as
/// in Elasticsearch: each word becomes so many terms per letter.
pub(crate) const NGRAM_DIFFERENCE_MAX: usize = 1;

/// The same of shingles.
pub(crate) const SHINGLE_DIFFERENCE_MAX: usize = 3;

/// The parts of a setting's name.
pub(crate) const SETTING_DEPTH_MAX: usize = 20;

/// The stored bytes that one answer may carry; as values they take several
/// times as much memory.
pub(crate) const ANSWER_BYTES_MAX: usize = 64 << 20;

/// Searches that walk a collection at the same time. More of them would only
/// share the cores, and each holds a page of hits.
pub(crate) const SCANS_MAX: usize = 8;

/// The documents that are read on the caller's own thread: a point read costs
/// a few microseconds, a trip to another thread more than that.
pub(crate) const DIRECT_READS_MAX: usize = 32;

/// The writes that are prepared on the caller's own thread.
pub(crate) const DIRECT_WRITES_MAX: usize = 64;

/// Requests that wait for the committer; the next ones wait outside.
pub(crate) const QUEUE_JOBS_MAX: usize = 4096;

/// The memory of what waits for the committer, in KiB.
pub(crate) const QUEUE_KIB_MAX: usize = 128 << 10;

/// The writes of one transaction. Beyond this a larger group saves nothing,
/// and the first writer waits for the last.
pub(crate) const COMMIT_WRITES_MAX: usize = 4096;

/// The memory of the writes of one transaction, for the same reason.
pub(crate) const COMMIT_BYTES_MAX: usize = 16 << 20;

/// The entries of the sequence log, about 60 bytes each. Who reads the log and
/// falls further behind must start again from the documents. Deleted documents
/// are remembered (for their version) as long as their entry lasts.
pub(crate) const LOG_ENTRIES_MAX: u64 = 1_000_000;

/// The rows of dropped collections that one transaction removes: a few
/// milliseconds, the longest that a writer waits for it.
pub(crate) const SWEEP_ROWS_MAX: usize = 1000;

/// While others write, one sweep comes after so many of their transactions.
pub(crate) const SWEEP_EVERY_COMMITS: u32 = 8;

/// After the disk refused a write, writers are told so at once for this long;
/// then the next write tries again.
pub(crate) const WRITE_RETRY: Duration = Duration::from_secs(2);

/// The clauses of one query, as many as Elasticsearch allows; each of them
/// walks through postings of its own.
pub(crate) const QUERY_CLAUSES_MAX: usize = 1024;

/// How deep clauses may stand in clauses: reading and compiling them takes the
/// stack.
pub(crate) const QUERY_DEPTH_MAX: usize = 30;

/// The values of one `terms` clause, as in Elasticsearch.
pub(crate) const QUERY_TERMS_MAX: usize = 65_536;

/// The values of one `ids` clause; as many as `terms` has.
pub(crate) const QUERY_IDS_MAX: usize = QUERY_TERMS_MAX;

/// The fields, or patterns of them, that one clause names.
pub(crate) const QUERY_FIELDS_MAX: usize = 1024;

/// The terms that a prefix at the end of a phrase, or a fuzzy term, may stand
/// for: each is a clause of its own.
pub(crate) const QUERY_EXPANSIONS_MAX: usize = 1024;

/// The letters of a wildcard, a prefix or a regular expression, as in
/// Elasticsearch.
pub(crate) const PATTERN_CHARS_MAX: usize = 1000;

/// The letters of a `query_string`: it becomes at most so many clauses before
/// they are counted.
pub(crate) const QUERY_STRING_CHARS_MAX: usize = 32_000;

/// The states of one regular expression: memory and time grow with them, and
/// `(a*b*){10}{10}` would otherwise take both.
pub(crate) const REGEXP_STATES_MAX: usize = 10_000;

/// The points of the shapes in one query: each is tested against each
/// candidate.
pub(crate) const SHAPE_POINTS_MAX: usize = 100_000;

/// How deep collections of shapes may stand in each other.
pub(crate) const SHAPE_DEPTH_MAX: usize = 16;
