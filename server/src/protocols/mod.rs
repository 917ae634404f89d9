//! Bytes ⇄ requests and responses. Protocols decide nothing.
