//! The life of a request, one function, one line per step.
