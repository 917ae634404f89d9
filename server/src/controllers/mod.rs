//! Tables: a line is an action.
