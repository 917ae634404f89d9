//! The face for people who embed the server.
