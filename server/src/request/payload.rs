//! JSON → Request.
