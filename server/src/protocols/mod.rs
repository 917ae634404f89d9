//! Bytes ⇄ requests and responses. Protocols decide nothing: what a request may
//! and does is the lifecycle's matter.
//!
//! HTTP and WebSocket share one port: a connection starts as HTTP/1.1 and may be
//! upgraded.

mod port; // the open port: accepts, counts and ends connections
mod http; // one exchange: request in, answer out
mod websocket; // a connection for many requests and notifications
mod stream; // the bytes under both, with an end to patience
mod limits; // what a client may cost

pub(crate) use port::Port;
