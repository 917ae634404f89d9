//! HTTP, byte by byte: routing, the mapping to requests, bodies, headers, and what
//! hostile clients get.

#![allow(
    clippy::unwrap_used,
    unreachable_pub,
    reason = "a test may panic, and nobody else sees its modules"
)]

#[path = "../harness/mod.rs"]
mod harness;

mod requests;
mod answers;
mod bodies;
mod connections;
