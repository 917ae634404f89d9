//! One socket's life: what is read, what is sent, how it ends.
//!
//! Reading, sending and watching for idleness are three loops in one task; each
//! request runs in a task of its own, so that a slow one holds up nobody. An idle
//! socket costs its 4 KiB buffer and little else.

use std::future::pending;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use hyper::body::Bytes;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{CloseCode, Data, OpCode};
use tokio_tungstenite::tungstenite::protocol::frame::{CloseFrame, Frame};
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};

use super::message;
use crate::app::App;
use crate::config::WebSocketProtocol;
use crate::connection::{Connection, Inbox, Outgoing, STALLED_MESSAGES_MAX};
use crate::lifecycle;
use crate::protocols::limits::{
    CLOSE_PATIENCE, SOCKET_REQUEST_BYTES, SOCKET_REQUESTS_MAX, SOCKET_STALL,
};
use crate::protocols::port::Server;

type Socket = WebSocketStream<TcpStream>;

/// Why a socket's life is over.
enum End {
    /// The client left, or the line broke.
    Gone,
    Closed(CloseCode, String),
}

/// Lives until the client leaves or is disconnected. Whatever happens, the rest
/// of the server hears that the connection is closed.
pub(super) async fn live(
    server: Arc<Server>,
    stream: TcpStream,
    early: Vec<u8>,
    connection: Arc<Connection>,
    inbox: Inbox,
) {
    let app = &server.app;
    lifecycle::connection_opened(app, &connection);
    let departure = Departure(Arc::clone(app), Arc::clone(&connection));
    let config = buffers(app.config.server.max_request_size.0);
    let socket = WebSocketStream::from_partially_read(stream, early, Role::Server, Some(config));
    let (mut sink, mut stream) = socket.await.split();
    let signs = Signs::new(&app.config.server.protocols.websocket);
    let places = Arc::new(Semaphore::new(SOCKET_REQUESTS_MAX));
    let end = tokio::select! {
        end = read(app, &mut stream, &connection, &places, &signs) => end,
        end = send(&mut sink, &inbox, &signs) => end,
        end = watch(&connection, &signs) => end,
        end = leave(&server, &connection, &places) => end,
    };
    drop(inbox);
    drop(departure); // before the farewell: nothing must wait for a slow client
    if let (End::Closed(code, reason), Ok(socket)) = (end, sink.reunite(stream)) {
        match code {
            CloseCode::Away => tracing::debug!(connection = %connection.id, reason, "disconnected"),
            _ => tracing::info!(connection = %connection.id, %code, reason, "disconnected"),
        }
        let farewell = farewell(socket, code, reason);
        let _ = timeout(CLOSE_PATIENCE, farewell).await;
    }
}

fn buffers(message_bytes_max: usize) -> WebSocketConfig {
    // The default of 128 KiB to read into would be what an idle socket costs.
    // What is to be sent is kept back until it fills a few packets, or until
    // nothing else waits.
    WebSocketConfig::default()
        .read_buffer_size(4096)
        .write_buffer_size(4096)
        .max_message_size(Some(message_bytes_max))
        .max_frame_size(Some(message_bytes_max))
}

/// Tells of the end of a connection when it is dropped, on a panic too.
struct Departure(Arc<App>, Arc<Connection>);

impl Drop for Departure {
    fn drop(&mut self) {
        let (app, connection) = (Arc::clone(&self.0), Arc::clone(&self.1));
        tokio::spawn(async move { lifecycle::connection_closed(&app, &connection).await });
    }
}

/// Reads messages and starts a task for each.
async fn read(
    app: &Arc<App>,
    stream: &mut SplitStream<Socket>,
    connection: &Arc<Connection>,
    places: &Arc<Semaphore>,
    signs: &Signs,
) -> End {
    let mut rate = Rate::new(app.config.server.protocols.websocket.rate_limit);
    loop {
        let message = match stream.next().await {
            Some(Ok(message)) => message,
            Some(Err(error)) => return explain(error, app.config.server.max_request_size.0),
            None => return End::Gone,
        };
        signs.see();
        let payload = match message {
            Message::Text(text) => Bytes::from(text),
            Message::Binary(bytes) => bytes,
            // Pings were answered already; a close is confirmed by reading on.
            _ => continue,
        };
        if payload.is_empty() {
            continue;
        }
        if rate.is_exceeded(app.started.elapsed().as_secs()) {
            message::refuse_rate(app, connection);
            continue;
        }
        if message::is_ping(&payload) {
            message::pong(connection);
            continue;
        }
        let weight = 1 + payload.len() / SOCKET_REQUEST_BYTES;
        let weight = u32::try_from(weight.min(SOCKET_REQUESTS_MAX)).unwrap_or(1);
        // Nobody closes the semaphore.
        let Ok(place) = Arc::clone(places).acquire_many_owned(weight).await else {
            return End::Gone;
        };
        signs.see(); // the wait was ours
        let (app, connection) = (Arc::clone(app), Arc::clone(connection));
        tokio::spawn(async move {
            message::answer(&app, &connection, payload).await;
            drop(place);
        });
    }
}

/// Why the client is disconnected that sent this.
fn explain(error: Error, bytes_max: usize) -> End {
    match error {
        Error::Capacity(_) => {
            let reason = format!("message over server.maxRequestSize ({bytes_max} bytes)");
            End::Closed(CloseCode::Size, reason)
        }
        Error::Utf8(_) => End::Closed(CloseCode::Invalid, "text is not UTF-8".into()),
        Error::Protocol(error) => End::Closed(CloseCode::Protocol, error.to_string()),
        _ => End::Gone,
    }
}

/// Sends what is in the inbox. A client that takes nothing for a while is called
/// stalled, and the inbox then decides how much may wait; so is one that takes fewer
/// messages in that time than may wait then.
async fn send(sink: &mut SplitSink<Socket, Message>, inbox: &Inbox, signs: &Signs) -> End {
    let taken = AtomicUsize::new(0);
    while let Some(first) = inbox.recv().await {
        let mut sending = pin!(send_burst(sink, inbox, first, &taken));
        let mut is_stalled = false;
        taken.store(0, Ordering::Relaxed);
        let sent = loop {
            tokio::select! {
                biased; // most bursts are taken at once, and need no timer
                sent = sending.as_mut() => break sent,
                // Why is what the inbox holds then.
                () = inbox.closed(), if is_stalled => break Ok(None),
                // A burst without end is no stall, as long as it moves on well.
                () = sleep(SOCKET_STALL) => {
                    is_stalled = taken.swap(0, Ordering::Relaxed) < STALLED_MESSAGES_MAX;
                    inbox.set_stalled(is_stalled);
                }
            }
        };
        if is_stalled {
            inbox.set_stalled(false);
        }
        match sent {
            Ok(None) => signs.note_sent(),
            Ok(Some(end)) => return end,
            Err(_) => return End::Gone,
        }
    }
    End::Gone
}

/// Sends a message and all that wait behind it, in as few packets as they fit in;
/// counts those that are on their way.
async fn send_burst(
    sink: &mut SplitSink<Socket, Message>,
    inbox: &Inbox,
    first: Outgoing,
    taken: &AtomicUsize,
) -> Result<Option<End>, Error> {
    let mut next = Some(first);
    while let Some(outgoing) = next {
        let message = match outgoing {
            Outgoing::Message(text) => text_frame(text),
            Outgoing::Notification(it) => text_frame(it.content_with_room.clone()),
            Outgoing::Ping => Message::Ping(Bytes::new()),
            Outgoing::Close { code, reason } => {
                // Saying goodbye sends what was said before, too.
                return Ok(Some(End::Closed(code.into(), reason.to_string())));
            }
        };
        sink.feed(message).await?;
        taken.fetch_add(1, Ordering::Relaxed);
        next = inbox.try_recv();
    }
    sink.flush().await?;
    Ok(None)
}

/// A frame of text that is known to be UTF-8.
fn text_frame(text: Bytes) -> Message {
    Message::Frame(Frame::message(text, OpCode::Data(Data::Text), true))
}

/// When the server stops: lets what was asked for be answered, then says goodbye
/// behind the last answer.
async fn leave(server: &Server, connection: &Connection, places: &Semaphore) -> End {
    server.stopped().await;
    let all = u32::try_from(SOCKET_REQUESTS_MAX).unwrap_or(u32::MAX);
    let _answered = places.acquire_many(all).await;
    if let Some(outbox) = &connection.outbox {
        outbox.push(Outgoing::Close {
            code: CloseCode::Away.into(),
            reason: "the server stops".into(),
        });
    }
    pending().await // sending it is the end
}

/// Ends a socket that has been silent for too long; before, if it is to be done,
/// asks it for a sign of life.
async fn watch(connection: &Connection, signs: &Signs) -> End {
    let mut pinged = None;
    loop {
        let expiry = signs.expiry();
        if expiry <= Instant::now() {
            let reason = format!("no sign of life for {} ms", signs.patience.as_millis());
            return End::Closed(CloseCode::Away, reason);
        }
        if !signs.sends_pings || pinged == Some(expiry) {
            sleep_until(expiry).await;
            continue;
        }
        let reminder = expiry - signs.patience / 2;
        if reminder > Instant::now() {
            sleep_until(reminder).await;
        } else if let Some(outbox) = &connection.outbox {
            outbox.push(Outgoing::Ping);
            pinged = Some(expiry);
        }
    }
}

/// Says goodbye and waits until the client has confirmed it.
async fn farewell(mut socket: Socket, code: CloseCode, reason: String) {
    let frame = CloseFrame {
        code,
        reason: shortened(reason).into(),
    };
    if socket.close(Some(frame)).await.is_ok() {
        while let Some(Ok(_)) = socket.next().await {}
    }
}

/// A close frame carries 123 bytes of reason.
fn shortened(mut reason: String) -> String {
    reason.truncate(reason.floor_char_boundary(123));
    reason
}

/// When the client was last heard of.
struct Signs {
    born: Instant,
    /// Milliseconds since then.
    last_ms: AtomicU64,
    patience: Duration,
    sends_pings: bool,
    counts_sent: bool,
}

impl Signs {
    fn new(settings: &WebSocketProtocol) -> Self {
        Self {
            born: Instant::now(),
            last_ms: AtomicU64::new(0),
            patience: Duration::from_millis(settings.idle_timeout_ms),
            sends_pings: settings.send_pings_automatically,
            counts_sent: settings.reset_idle_timeout_on_send,
        }
    }

    fn see(&self) {
        let elapsed = u64::try_from(self.born.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last_ms.store(elapsed, Ordering::Relaxed);
    }

    fn note_sent(&self) {
        if self.counts_sent {
            self.see();
        }
    }

    fn expiry(&self) -> Instant {
        self.born + Duration::from_millis(self.last_ms.load(Ordering::Relaxed)) + self.patience
    }
}

/// Messages of one socket in the current second of the server's clock.
struct Rate {
    limit: u32,
    second: u64,
    count: u32,
}

impl Rate {
    fn new(limit: u32) -> Self {
        Self {
            limit,
            second: 0,
            count: 0,
        }
    }

    fn is_exceeded(&mut self, second: u64) -> bool {
        if self.second != second {
            (self.second, self.count) = (second, 0);
        }
        self.count = self.count.saturating_add(1);
        self.limit > 0 && self.count > self.limit
    }
}
