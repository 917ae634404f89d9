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

/// The elements of nested arrays in one document, as in Elasticsearch: each is
/// a document of its own in the search index.
pub(crate) const NESTED_OBJECTS_MAX: usize = 10_000;

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

/// The buckets of one answer, of all its aggregations, as in Elasticsearch
/// (`search.max_buckets`): each is written out as JSON.
pub(crate) const BUCKETS_MAX: usize = 65_536;

/// The buckets that the aggregations of one request distinguish in a segment
/// while they compute, some 100 bytes each.
pub(crate) const AGGREGATION_STATES_MAX: usize = 5_000_000;

/// How deep aggregations nest.
pub(crate) const AGGREGATION_DEPTH_MAX: usize = 20;

/// The aggregations beside each other: each is a pass over its column.
pub(crate) const AGGREGATIONS_MAX: usize = 256;

/// Ranges, filters, percents of one aggregation: documents are tried on each.
pub(crate) const AGGREGATION_RANGES_MAX: usize = 1024;

/// The values of one `include` or `exclude`, as many as a terms query takes.
pub(crate) const AGGREGATION_PICKED_MAX: usize = 65_536;

/// The pattern of an `include` or `exclude`.
pub(crate) const AGGREGATION_PATTERN_BYTES_MAX: usize = 1000;

/// The hits of a bucket, as in Elasticsearch: each is read from the disk.
pub(crate) const TOP_HITS_MAX: u64 = 100;

/// The documents of a sample; they are kept until a segment is done.
pub(crate) const SAMPLE_DOCS_MAX: u64 = 10_000;

/// The points that one sort measures distances from.
pub(crate) const DISTANCE_POINTS_MAX: usize = 100;

/// Scrolls that are open at the same time, as in Elasticsearch: each holds a
/// state of its collections, and with it files that would be deleted.
pub(crate) const SCROLLS_MAX: usize = 500;

/// The hits that a scroll finds ahead: each pass over the documents serves so
/// many, at 60 bytes.
pub(crate) const SCROLL_AHEAD_HITS: usize = 4096;

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

/// The cells of its table: states times the letters it tells apart.
pub(crate) const REGEXP_TRANSITIONS_MAX: usize = 1_000_000;

/// The points of the shapes in one query: each is tested against each
/// candidate.
pub(crate) const SHAPE_POINTS_MAX: usize = 100_000;

/// Search sees a write about so long after it, when nobody asks for more haste.
/// Each commit of an index makes a segment: more of them would be merged for
/// longer than they are searched.
pub(crate) const INDEX_DELAY: Duration = Duration::from_millis(100);

/// So many writes are worth a commit of their own at once.
pub(crate) const INDEX_WRITES: usize = 5_000;

/// The writes of a collection that wait for its index, at first; then as many
/// as it takes in a second. The next writers wait.
pub(crate) const BACKLOG_WRITES_MAX: usize = 10_000;

/// Fewer than these never wait for room, however slow the index is.
pub(crate) const BACKLOG_WRITES_MIN: usize = 500;

/// Writers wait while search lacks a write for longer: so it never lags five
/// seconds behind, the time of one commit included.
pub(crate) const BACKLOG_AGE_MAX: Duration = Duration::from_secs(2);

/// The memory of the segment that is being written, for each thread.
pub(crate) const INDEX_SEGMENT_BYTES_MAX: usize = 48 << 20;

/// Blocks of 16 KiB of stored documents that a searcher keeps of each segment.
pub(crate) const INDEX_BLOCKS_CACHED: usize = 16;

/// Threads that write indexes. More would only take the cores from searches.
pub(crate) const INDEX_THREADS_MAX: usize = 4;

/// So many segments of about the same size become one.
pub(crate) const MERGE_SEGMENTS_MIN: usize = 8;

/// Larger segments stay as they are: merging one takes minutes.
pub(crate) const MERGE_DOCUMENTS_MAX: usize = 5_000_000;

/// A segment is written anew when more of its documents are deleted.
pub(crate) const MERGE_DELETED_RATIO: f32 = 0.3;

/// Merges of so many documents take part of a turn; larger ones go to a thread
/// of their own.
pub(crate) const MERGE_INLINE_DOCUMENTS_MAX: u32 = 12_000;

/// Search indexes that are open at a time: each has some files mapped, or is in
/// memory. The one that was not used for longest is closed.
pub(crate) const INDEXES_OPEN_MAX: usize = 256;

/// An index that nobody uses for so long is closed.
pub(crate) const INDEX_IDLE: Duration = Duration::from_secs(60);

/// The bytes of an index whose checksums are computed when it is opened: a
/// tenth of a second.
pub(crate) const INDEX_CHECKED_BYTES_MAX: usize = 128 << 20;

/// The index of a collection of so many documents, and bytes, is in memory and
/// has no files: to build it takes milliseconds.
pub(crate) const SMALL_DOCUMENTS_MAX: u64 = 256;
pub(crate) const SMALL_BYTES_MAX: u64 = 256 << 10;

/// An index that lacks more writes than these is built from the documents: it
/// is not much slower, and shows how far it is.
pub(crate) const REPLAY_WRITES_MAX: u64 = 100_000;

/// How long an index is built in one go; then others have their turn.
pub(crate) const BUILD_STEP: Duration = Duration::from_millis(200);

/// Rows that a build reads from one snapshot of the documents.
pub(crate) const BUILD_ROWS: usize = 1000;

/// After an index has failed it is opened again so much later, then twice as
/// much, up to a minute.
pub(crate) const INDEX_RETRY: Duration = Duration::from_secs(2);
pub(crate) const INDEX_RETRY_MAX: Duration = Duration::from_secs(60);

/// How long a search waits for an index that is being opened or built, and a
/// write for search to see it.
pub(crate) const INDEX_WAIT: Duration = Duration::from_secs(30);
