//! A WebSocket client of a scenario: calls, and what arrives without being asked for.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::{PATIENCE, WebSocket};

/// How long a notification may take that will surely come.
const NOTIFICATION_PATIENCE: Duration = Duration::from_secs(5);

/// The key of published fences: a client that got one has got all that was sent before.
pub const FENCE: &str = "the fence of the scenario";

pub struct Client {
    socket: WebSocket,
    /// Notifications nobody has looked at yet, fences apart.
    inbox: Vec<Value>,
    /// The highest fence seen.
    fence: u64,
}

impl Client {
    pub fn connect(port: u16, headers: &[(&'static str, &str)]) -> Self {
        Self {
            socket: WebSocket::connect(port, headers),
            inbox: Vec::new(),
            fence: 0,
        }
    }

    /// Waits for a fence when it comes.
    pub fn subscribe_to_fences(&mut self, index: &str, collection: &str) -> Result<(), String> {
        let reply = self.call(&json!({
            "controller": "realtime",
            "action": "subscribe",
            "index": index,
            "collection": collection,
            "requestId": "fence",
            "body": { "exists": FENCE },
        }))?;
        match &reply["error"] {
            Value::Null => Ok(()),
            error => Err(format!("cannot subscribe to the fence: {error}")),
        }
    }

    /// Sends a request and returns its reply.
    pub fn call(&mut self, request: &Value) -> Result<Value, String> {
        self.socket.send_text(&request.to_string());
        let deadline = Instant::now() + PATIENCE;
        loop {
            let message = self.next(deadline).ok_or("no reply")?;
            // An answer to an envelope that is wrong has no room.
            let is_roomless = message.get("room").is_none() && message.get("controller").is_some();
            if message["room"] == request["requestId"] || is_roomless {
                return Ok(message);
            }
            self.keep(message);
        }
    }

    /// Sends a text that nothing answers.
    pub fn send(&mut self, text: &str) {
        self.socket.send_text(text);
    }

    /// Sends a text and returns the next message, whatever it is.
    pub fn exchange(&mut self, text: &str) -> Result<Value, String> {
        self.socket.send_text(text);
        let answer = self.next(Instant::now() + NOTIFICATION_PATIENCE);
        answer.ok_or_else(|| "no answer".to_owned())
    }

    /// Takes all notifications up to this fence (without one: up to the reply of a
    /// request), after waiting for `count` of them.
    pub fn notifications(
        &mut self,
        count: usize,
        fence: Option<u64>,
    ) -> Result<Vec<Value>, String> {
        let deadline = Instant::now() + NOTIFICATION_PATIENCE;
        while self.inbox.len() < count {
            match self.next(deadline) {
                Some(message) => self.keep(message),
                None => break,
            }
        }
        match fence {
            None => {
                let request = json!({
                    "controller": "server", "action": "now", "requestId": "round trip",
                });
                self.call(&request)?;
            }
            Some(fence) => {
                let deadline = Instant::now() + PATIENCE;
                while self.fence < fence {
                    let message = self.next(deadline).ok_or("the fence did not arrive")?;
                    self.keep(message);
                }
            }
        }
        Ok(std::mem::take(&mut self.inbox))
    }

    fn next(&mut self, deadline: Instant) -> Option<Value> {
        let left = deadline.saturating_duration_since(Instant::now());
        self.socket.next_message(left)
    }

    fn keep(&mut self, message: Value) {
        match message["result"]["_source"].get(FENCE) {
            Some(fence) => self.fence = self.fence.max(fence.as_u64().unwrap()),
            None => self.inbox.push(message),
        }
    }
}
