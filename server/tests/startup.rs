//! Starting and stopping the binary.

mod harness;
