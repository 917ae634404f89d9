//! A WebSocket client that keeps replies and notifications apart.

use std::collections::VecDeque;
use std::io;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tungstenite::client::IntoClientRequest;
use tungstenite::http::HeaderValue;
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::{Error, Message};

use super::PATIENCE;

pub struct WebSocket {
    socket: tungstenite::WebSocket<TcpStream>,
    /// Came while something else was waited for.
    notifications: VecDeque<Value>,
    replies: Vec<Value>,
    sent: u64,
}

impl WebSocket {
    /// Connects with these handshake headers.
    pub fn connect(port: u16, headers: &[(&'static str, &str)]) -> Self {
        Self::connect_to(port, "/", headers)
    }

    /// Connects to this path.
    pub fn connect_to(port: u16, path: &str, headers: &[(&'static str, &str)]) -> Self {
        let mut request = format!("ws://localhost:{port}{path}")
            .into_client_request()
            .unwrap();
        for (name, value) in headers {
            let value = HeaderValue::from_str(value).unwrap();
            request.headers_mut().insert(*name, value);
        }
        let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        let (socket, _) = tungstenite::client(request, stream).unwrap();
        Self {
            socket,
            notifications: VecDeque::new(),
            replies: Vec::new(),
            sent: 0,
        }
    }

    /// Sends a request (with a `requestId`, if it has none) and returns its reply.
    pub fn query(&mut self, request: Value) -> Value {
        let id = self.send_query(request);
        self.reply(&id)
    }

    /// Sends a request without waiting; for its [`Self::reply`].
    pub fn send_query(&mut self, mut request: Value) -> String {
        self.sent += 1;
        if request.get("requestId").is_none() {
            request["requestId"] = json!(format!("request-{}", self.sent));
        }
        let id = request["requestId"].as_str().unwrap().to_owned();
        self.send_text(&request.to_string());
        id
    }

    /// The reply to a request sent before.
    pub fn reply(&mut self, id: &str) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(found) = self.replies.iter().position(|it| it["requestId"] == id) {
                return self.replies.swap_remove(found);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            let message = self.next_message(left);
            self.sort(message.unwrap_or_else(|| panic!("no reply to {id}")));
        }
    }

    /// The `result` of the reply to a request; panics on an error.
    pub fn result(&mut self, request: Value) -> Value {
        let mut reply = self.query(request);
        assert!(reply["error"].is_null(), "{reply}");
        reply["result"].take()
    }

    /// The next notification, `None` if none came in time.
    pub fn next_notification(&mut self, timeout: Duration) -> Option<Value> {
        let deadline = Instant::now() + timeout;
        loop {
            if let Some(notification) = self.notifications.pop_front() {
                return Some(notification);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            let message = self.next_message(left)?;
            self.sort(message);
        }
    }

    /// The next notification; panics if none comes.
    pub fn notification(&mut self) -> Value {
        self.next_notification(PATIENCE).expect("no notification")
    }

    /// Replies come with `room` equal to `requestId`; all else was not asked for.
    fn sort(&mut self, message: Value) {
        let is_reply = message.get("error").is_some() && message.get("requestId").is_some();
        match is_reply {
            true => self.replies.push(message),
            false => self.notifications.push_back(message),
        }
    }

    pub fn send_text(&mut self, text: &str) {
        self.send(Message::text(text));
    }

    /// Sends one message or control frame.
    pub fn send(&mut self, message: Message) {
        self.socket.send(message).unwrap();
    }

    pub fn try_send(&mut self, message: Message) -> Result<(), Error> {
        self.socket.send(message)
    }

    /// The next JSON message as it comes, whatever it is; `None` if none came in time.
    pub fn next_message(&mut self, timeout: Duration) -> Option<Value> {
        match self.next_frame(timeout)? {
            Message::Text(text) => Some(serde_json::from_str(&text).unwrap()),
            other => panic!("not a text message: {other:?}"),
        }
    }

    /// The next message or control frame; `None` if none came in time.
    pub fn next_frame(&mut self, timeout: Duration) -> Option<Message> {
        match self.try_next_frame(timeout) {
            Ok(message) => message,
            Err(error) => panic!("{error}"),
        }
    }

    pub fn try_next_frame(&mut self, timeout: Duration) -> Result<Option<Message>, Error> {
        let timeout = timeout.max(Duration::from_millis(1)); // zero means for ever
        let stream = self.socket.get_ref();
        stream.set_read_timeout(Some(timeout)).unwrap();
        match self.socket.read() {
            Ok(message) => Ok(Some(message)),
            Err(Error::Io(error)) if is_timeout(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Reads to the end of the connection: the code and reason of the server's
    /// close frame, `None` if it just went away.
    pub fn closed(&mut self) -> Option<(CloseCode, String)> {
        let deadline = Instant::now() + PATIENCE;
        let mut told = None;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.try_next_frame(left) {
                // Reading on confirms it.
                Ok(Some(Message::Close(frame))) => {
                    told = frame.map(|it| (it.code, it.reason.to_string()));
                }
                Ok(Some(_)) => {}
                Ok(None) => panic!("not closed"),
                Err(_) => return told,
            }
        }
    }

    /// The stream under it, for bytes that are no frames.
    pub fn stream(&mut self) -> &mut TcpStream {
        self.socket.get_mut()
    }
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
    )
}
