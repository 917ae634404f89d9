//! Answers that are sent piece by piece, while they are still being made.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use tokio::sync::mpsc;

/// Pieces that wait for a slow client; then their maker waits.
const PIECES_MAX: usize = 16;

/// The receiving end of a stream.
pub(crate) type Pieces = mpsc::Receiver<Bytes>;

/// A stream that an action gives as its answer. Clones are the same stream: the
/// protocol takes it once.
#[derive(Clone, Debug)]
pub struct ByteStream(Arc<Mutex<Option<Pieces>>>);

/// Where the pieces of a stream come from.
#[derive(Debug)]
pub struct ByteSender(mpsc::Sender<Bytes>);

impl ByteStream {
    /// A stream and what fills it; it ends when the sender is dropped.
    pub fn new() -> (ByteSender, Self) {
        let (sender, receiver) = mpsc::channel(PIECES_MAX);
        (
            ByteSender(sender),
            Self(Arc::new(Mutex::new(Some(receiver)))),
        )
    }

    pub(crate) fn take(&self) -> Option<Pieces> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl ByteSender {
    /// Waits for a slow client; `false` when the client is gone.
    pub async fn send(&self, piece: impl Into<Bytes>) -> bool {
        self.0.send(piece.into()).await.is_ok()
    }
}
