//! A connection for many requests and for notifications.

mod handshake; // HTTP → WebSocket
mod socket; // one socket's life: what is read, what is sent, how it ends
mod message; // one message: request in, reply out

pub(super) use handshake::{asks_for_upgrade, upgrade};
