//! # The embedded document store
//!
//! JSON documents in collections in indexes, durable in one folder. It knows
//! JSON, mappings, queries and files; it knows no user, no request, no socket.
//!
//! The modules below stand in reading order: a module uses only modules that
//! stand under it. A write goes through `store` to the `committer`, which fits
//! it to the `mapping` and puts it into the `files`; the `index` follows. A
//! search is read by `search` and `query`, and answered from the `index`.
//!
//! ```
//! use koncorde_store::{Collection, Options, Store, Write, WriteKind};
//! use serde_json::{Map, json};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! let store = Store::open(folder.path(), Options::default())?;
//! let rides = Collection {
//!     index: "nyc".into(),
//!     collection: "rides".into(),
//! };
//! store.create_collection(&rides, &json!({}), &json!({})).await?;
//!
//! let source = Map::from_iter([("fare".to_owned(), json!(12.5))]);
//! let write = Write {
//!     id: None,
//!     kind: WriteKind::Create { source },
//! };
//! // When a write is answered it is on disk: no crash takes it back.
//! let written = store.write(&rides, vec![write]).await?.remove(0)?;
//! assert_eq!(written.document.version, 1);
//!
//! let found = store.get(&rides, &[written.document.id]).await?;
//! assert_eq!(*found[0].as_ref().unwrap().source, json!({"fare": 12.5}));
//! # Ok(())
//! # }
//! ```

mod store; // the open store, the face for tokio
mod search; // a search body, answered
mod query; // the query language of Elasticsearch
mod index; // the search index of a collection
mod committer; // the one writer: groups of writes, one fsync each
mod backlog; // what search does not see yet
mod log; // every write in its order
mod files; // the data folder and its tables
mod catalogue; // which indexes and collections exist
mod settings; // settings of collections, kept and shown
mod analysis; // how texts become terms
mod mapping; // which fields a collection has, and of which type
mod shape; // points and shapes on Earth
mod change; // merging, removing, finding parts of documents
mod id; // ids for documents that come without one
mod document; // what is stored, written and found
mod error; // why the store refuses or fails
mod limits; // every bound, with its reason

pub use document::{
    Collection, CollectionSize, Document, Hit, Refresh, Scroll, SearchQuery, SearchRequest,
    SearchResult, Write, WriteKind, Written,
};
pub use error::{StoreError, StoreErrorKind};
pub use index::{IndexState, Progress};
pub use log::{Change, Changes};
pub use mapping::DateFormat;
pub use store::{Options, Store};
