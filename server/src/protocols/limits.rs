//! What a client may cost, besides the limits that are settings.

use std::time::Duration;

/// Request line and headers together. Tokens and cookies are some hundred bytes;
/// beyond it the answer is 431.
pub(super) const HEAD_BYTES_MAX: usize = 64 * 1024;

/// For the whole body of a request, however slowly it drips: five minutes carry a
/// megabyte over the slowest line.
pub(super) const BODY_PATIENCE: Duration = Duration::from_secs(300);

/// Without a byte taken by a client that is being sent something over HTTP.
pub(super) const SEND_PATIENCE: Duration = Duration::from_secs(60);

/// Of a body that was refused, bytes still read so that the client gets to see
/// the answer instead of a broken connection.
pub(super) const REFUSED_BYTES_READ: usize = 16 << 20;

/// For reading them.
pub(super) const REFUSED_PATIENCE: Duration = Duration::from_secs(10);

/// Larger answers are compressed on a thread of their own: a megabyte takes tens
/// of milliseconds, in which others would wait.
pub(super) const INLINE_COMPRESSION_BYTES: usize = 32 * 1024;

/// Requests of one WebSocket under way; beyond it, its next message is read when
/// one of them is answered.
pub(super) const SOCKET_REQUESTS_MAX: usize = 64;

/// A message counts as one more request for each of these many bytes, so that one
/// WebSocket cannot hold gigabytes by sending large requests at once.
pub(super) const SOCKET_REQUEST_BYTES: usize = 64 * 1024;

/// Messages for one WebSocket that wait for its task to run: a burst of that many
/// between two turns of the scheduler is a flood.
pub(super) const SOCKET_MESSAGES_MAX: usize = 10_000;

/// How long a WebSocket client may take next to nothing until its messages are
/// counted strictly.
pub(super) const SOCKET_STALL: Duration = Duration::from_millis(500);

/// For a WebSocket client to take the reason why it is disconnected and to
/// confirm.
pub(super) const CLOSE_PATIENCE: Duration = Duration::from_secs(5);

/// For the connections that are left when the server stops.
pub(super) const DRAIN_PATIENCE: Duration = Duration::from_secs(10);

/// What a failed accept costs: when file descriptors are used up, trying again at
/// once would only burn the processor.
pub(super) const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
